"""Frames built by hand: Ethernet, IP, UDP, TCP with right lengths, checksums and sequence numbers, written as pcap.

Python 3 standard library only. Used by documents.py and wire.py. Numbers are big-endian; times are fixed, so a fresh run
gives the same bytes.
"""

import socket
import struct
from pathlib import Path

CAPTURES = Path(__file__).resolve().parent.parent
# 2026-11-22 10:00:00 UTC
START = 1795341600_000000  # in microseconds
ETHERNET, RAW_IP, COOKED, RADIOTAP, COOKED2 = 1, 101, 113, 127, 276
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BROADCAST = "ff:ff:ff:ff:ff:ff"


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def ip(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(source: str, destination: str, kind: int, payload: bytes) -> bytes:
    frame = mac(destination) + mac(source) + struct.pack("!H", kind) + payload
    return frame + bytes(max(0, 60 - len(frame)))


def vlan(tag: int, kind: int, payload: bytes) -> bytes:
    """What follows the EtherType of an 802.1Q or 802.1ad tag."""
    return struct.pack("!HH", tag, kind) + payload


def ipv4(source: str, destination: str, protocol: int, payload: bytes, ident=0, ttl=64, fragment=0x4000) -> bytes:
    """`fragment`: flags and offset; 0x4000 is Don't Fragment."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, ttl, protocol, 0) + ip(source) + ip(destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def fragments(source: str, destination: str, protocol: int, payload: bytes, ident: int, size: int) -> list[bytes]:
    """The packet in pieces of `size` bytes (a multiple of 8)."""
    pieces = []
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        pieces.append(ipv4(source, destination, protocol, payload[at : at + size], ident=ident, fragment=more | at // 8))
    return pieces


def pseudo(source: str, destination: str, protocol: int, length: int) -> bytes:
    return ip(source) + ip(destination) + struct.pack("!BBH", 0, protocol, length)


def udp(source: str, destination: str, sport: int, dport: int, payload: bytes) -> bytes:
    """The UDP datagram without its IP header."""
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    check = checksum(pseudo(source, destination, 17, 8 + len(payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", check) + payload


# Options of a SYN: maximum segment size, then what follows in the system's order.
LINUX = (64, bytes.fromhex("020405b40402080a000000010000000001030307"))
WINDOWS = (128, bytes.fromhex("020405b40103030801010402"))
QNX = (64, bytes.fromhex("020405b40103030004020101"))


class Host:
    """A station: its MAC and IPv4 address, the time to live and SYN options of its system."""

    def __init__(self, hardware: str, address: str, system=LINUX):
        self.mac, self.ip = hardware, address
        self.ttl, self.options = system


class Capture:
    """Frames with times, of one link type."""

    def __init__(self, link: int = ETHERNET):
        self.link, self.now, self.frames, self.ident = link, START, [], 1

    def add(self, frame: bytes, after: float = 0.002):
        self.now += round(after * 1_000_000)
        self.frames.append((self.now, frame))

    def datagram(self, sender: Host, receiver: Host, sport: int, dport: int, payload: bytes, after=0.05):
        self.ident += 1
        packet = ipv4(sender.ip, receiver.ip, 17, udp(sender.ip, receiver.ip, sport, dport, payload), ident=self.ident)
        self.add(ethernet(sender.mac, receiver.mac, 0x0800, packet), after)

    def packets(self, packets, after: float = 0.002):
        """Ethernet frames around (sender, receiver, IPv4 packet)."""
        for sender, receiver, packet in packets:
            self.add(ethernet(sender.mac, receiver.mac, 0x0800, packet), after)

    def write(self, name: str):
        path = CAPTURES / name
        path.parent.mkdir(exist_ok=True)
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, self.link))
            for micro, frame in self.frames:
                out.write(struct.pack("<IIII", micro // 1_000_000, micro % 1_000_000, len(frame), len(frame)) + frame)
        print(f"{name}: {len(self.frames)} frames, {path.stat().st_size} bytes")


class Segment:
    """One TCP segment of a conversation, before it is put on a wire."""

    def __init__(self, sender: Host, receiver: Host, sport, dport, sequence, acknowledged, flags, payload=b"", options=b""):
        self.sender, self.receiver, self.sport, self.dport = sender, receiver, sport, dport
        self.sequence, self.acknowledged, self.flags, self.payload, self.options = sequence, acknowledged, flags, payload, options

    def packet(self, ident: int = 0) -> bytes:
        return ipv4(self.sender.ip, self.receiver.ip, 6, self.segment(), ident=ident, ttl=self.sender.ttl)

    def segment(self) -> bytes:
        offset = (20 + len(self.options)) // 4
        head = struct.pack("!HHIIBBHHH", self.sport, self.dport, self.sequence, self.acknowledged, offset << 4, self.flags, 64240, 0, 0)
        whole = head + self.options + self.payload
        check = checksum(pseudo(self.sender.ip, self.receiver.ip, 6, len(whole)) + whole)
        return whole[:16] + struct.pack("!H", check) + whole[18:]


def conversation(client: Host, server: Host, sport: int, dport: int, said: list[tuple[str, bytes]], size: int = 1460) -> list[Segment]:
    """A connection from handshake to close. `said`: ("c" or "s", bytes) in turn; cut into segments of `size` bytes."""
    ends = {"c": (client, server, sport, dport), "s": (server, client, dport, sport)}
    at = {"c": 0x10000000, "s": 0x20000000}
    segments = []

    def say(who: str, flags: int, payload: bytes = b"", options: bytes = b""):
        other = "s" if who == "c" else "c"
        acknowledged = at[other] if flags & ACK else 0
        segments.append(Segment(*ends[who], at[who], acknowledged, flags, payload, options))
        at[who] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    say("c", SYN, options=client.options)
    say("s", SYN | ACK, options=server.options)
    say("c", ACK)
    for who, payload in said:
        for start in range(0, len(payload), size):
            say(who, PSH | ACK, payload[start : start + size])
        say("s" if who == "c" else "c", ACK)
    say("c", FIN | ACK)
    say("s", FIN | ACK)
    say("c", ACK)
    return segments
