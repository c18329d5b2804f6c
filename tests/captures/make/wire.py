"""One DICOM association on every kind of wire: wrapped by mirrors and networks, on other link types, in fragments, damaged.

The association is that of an ultrasound machine (10.20.30.13) storing an image in an archive, taken from
clinical/dicom.pcap, so what is seen must be the same each time. Layouts: IEEE 802.1Q and 802.1ad, RFC 3032 (MPLS), RFC 2516
(PPPoE), RFC 2784 (GRE) with draft-foschiano-erspan, RFC 7348 (VXLAN), RFC 8926 (Geneve), IEEE 802.11 with radiotap,
LINKTYPE_LINUX_SLL and _SLL2. Python 3 standard library only: `python3 wire.py`.
"""

import struct

from frames import (
    CAPTURES, COOKED, COOKED2, RADIOTAP, RAW_IP, Capture, Host, Segment, conversation, ethernet, fragments, ipv4, mac, udp, vlan,
)  # fmt: skip

MACHINE = Host("00:09:5c:7e:13:13", "10.20.30.13")
ARCHIVE = Host("00:25:90:b1:60:14", "10.20.30.14")
# The two ends of a tunnel between a switch and the sensor.
MIRROR = Host("00:01:64:5a:10:01", "192.0.2.1")
SENSOR = Host("00:06:5b:22:41:02", "192.0.2.2")
MACHINE_PORT, ARCHIVE_PORT = 42451, 11112


def association() -> list[tuple[str, bytes]]:
    """What both ends said, in turn."""
    data = (CAPTURES / "clinical/dicom.pcap").read_bytes()
    at, said = 24, []
    while at < len(data):
        length = struct.unpack("<I", data[at + 8 : at + 12])[0]
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        packet = frame[14:]
        segment = packet[(packet[0] & 15) * 4 : struct.unpack("!H", packet[2:4])[0]]
        ports = struct.unpack("!HH", segment[:4])
        payload = segment[(segment[12] >> 4) * 4 :]
        if MACHINE_PORT not in ports or ARCHIVE_PORT not in ports or not payload:
            continue
        who = "c" if ports[0] == MACHINE_PORT else "s"
        if said and said[-1][0] == who:
            said[-1] = (who, said[-1][1] + payload)
        else:
            said.append((who, payload))
    assert len(said) > 3, "the association is not in clinical/dicom.pcap"
    return said


def segments(size: int = 1460) -> list[Segment]:
    return conversation(MACHINE, ARCHIVE, MACHINE_PORT, ARCHIVE_PORT, association(), size)


def plain(segment: Segment, number: int) -> bytes:
    return ethernet(segment.sender.mac, segment.receiver.mac, 0x0800, segment.packet(number))


def wrapped(name: str, wrap, link=None, size: int = 1400) -> None:
    """Every frame passed through `wrap(segment, its Ethernet frame, number)`."""
    capture = Capture() if link is None else Capture(link)
    for number, segment in enumerate(segments(size), 1):
        capture.add(wrap(segment, plain(segment, number), number))
    capture.write(f"wire/{name}.pcap")


def tunnelled(protocol: int, payload: bytes, number: int) -> bytes:
    """Inside an IPv4 packet from the switch to the sensor."""
    return ethernet(MIRROR.mac, SENSOR.mac, 0x0800, ipv4(MIRROR.ip, SENSOR.ip, protocol, payload, ident=number))


def over_udp(port: int, payload: bytes, number: int) -> bytes:
    return tunnelled(17, udp(MIRROR.ip, SENSOR.ip, 49152 + number % 512, port, payload), number)


def qinq(segment, frame, _number):
    inner = vlan(0x2000 | 130, 0x0800, frame[14:])
    return ethernet(segment.sender.mac, segment.receiver.mac, 0x88A8, vlan(7, 0x8100, inner))


def mpls(segment, frame, _number):
    """Two labels, the second one the bottom of the stack."""
    labels = struct.pack("!II", 16001 << 12 | 64, 299776 << 12 | 0x100 | 64)
    return ethernet(segment.sender.mac, segment.receiver.mac, 0x8847, labels + frame[14:])


def pppoe(segment, frame, _number):
    packet = segment.packet(_number)
    return ethernet(segment.sender.mac, segment.receiver.mac, 0x8864, struct.pack("!BBHHH", 0x11, 0, 0x00C7, len(packet) + 2, 0x0021) + packet)


def erspan2(_segment, frame, number):
    """GRE with a sequence number; version 1, VLAN 30, session 9, index."""
    gre = struct.pack("!HHI", 0x1000, 0x88BE, number)
    head = struct.pack("!HHI", 1 << 12 | 30, 9, 5)
    return tunnelled(47, gre + head + frame, number)


def erspan3(_segment, frame, number):
    """GRE with a sequence number; version 2, VLAN 30, session 9, time stamp, security group, no sub-header."""
    gre = struct.pack("!HHI", 0x1000, 0x22EB, number)
    head = struct.pack("!HHIHH", 2 << 12 | 30, 9, number * 20000, 0, 0)
    return tunnelled(47, gre + head + frame, number)


def vxlan(_segment, frame, number):
    return over_udp(4789, struct.pack("!II", 0x08000000, 5030 << 8) + frame, number)


def geneve(_segment, frame, number):
    """One option of 8 bytes, Ethernet inside."""
    option = struct.pack("!HBBI", 0x0102, 1, 1, 0xCAFE)
    return over_udp(6081, struct.pack("!BBHI", 2, 0, 0x6558, 5030 << 8) + option + frame, number)


def radiotap(segment, frame, number):
    """To the access point as a data frame, from it as a QoS data frame; unencrypted, LLC and SNAP before IP."""
    access_point = mac("00:0b:86:44:10:01")
    source, destination = mac(segment.sender.mac), mac(segment.receiver.mac)
    snap = bytes.fromhex("aaaa030000000800") + segment.packet(number)
    sequence = struct.pack("<H", number << 4)
    if segment.sender is MACHINE:
        body = bytes([0x08, 0x01, 0x2C, 0]) + access_point + source + destination + sequence + snap
    else:
        body = bytes([0x88, 0x02, 0x2C, 0]) + destination + access_point + source + sequence + b"\0\0" + snap
    # Flags, rate, channel; no frame check sequence.
    head = struct.pack("<BBHIBBHH", 0, 0, 14, 0x0000000E, 0, 0x6C, 5180, 0x0140)
    return head + body


def cooked(segment, _frame, number):
    kind = 0 if segment.sender is MACHINE else 4
    return struct.pack("!HHH", kind, 1, 6) + mac(segment.sender.mac) + b"\0\0" + struct.pack("!H", 0x0800) + segment.packet(number)


def cooked2(segment, _frame, number):
    kind = 0 if segment.sender is MACHINE else 4
    return struct.pack("!HHIHBB", 0x0800, 0, 3, 1, kind, 6) + mac(segment.sender.mac) + b"\0\0" + segment.packet(number)


def in_fragments() -> None:
    """TCP segments in IPv4 fragments: in order, backwards, with one sent twice; and a syslog datagram likewise."""
    capture = Capture()
    for number, segment in enumerate(segments(), 1):
        if len(segment.payload) < 600:
            capture.packets([(segment.sender, segment.receiver, segment.packet(number))])
            continue
        pieces = fragments(segment.sender.ip, segment.receiver.ip, 6, segment.segment(), number, 256)
        order = [pieces, pieces[::-1], pieces[1:] + pieces[:1] + pieces[1:2]][number % 3]
        capture.packets([(segment.sender, segment.receiver, piece) for piece in order], 0.0005)
    text = "<134>1 2026-11-22T10:00:02Z us-epiq-3 export 311 ID7 - " + "export queue is empty; " * 60
    pieces = fragments(MACHINE.ip, ARCHIVE.ip, 17, udp(MACHINE.ip, ARCHIVE.ip, 5140, 514, text.encode()), 900, 512)
    capture.packets([(MACHINE, ARCHIVE, piece) for piece in pieces[::-1]])
    capture.write("wire/fragments.pcap")


def damaged() -> None:
    """Small segments: every third pair swapped, every fifth sent twice, every seventh again with more before and behind it."""
    capture = Capture()
    whole = segments(300)
    order = list(range(len(whole)))
    for at in range(3, len(order) - 4, 3):
        if whole[order[at]].payload and whole[order[at + 1]].payload and whole[order[at]].sender is whole[order[at + 1]].sender:
            order[at], order[at + 1] = order[at + 1], order[at]
    for count, at in enumerate(order):
        segment = whole[at]
        capture.packets([(segment.sender, segment.receiver, segment.packet(count + 1))])
        if segment.payload and count % 5 == 0:
            capture.packets([(segment.sender, segment.receiver, segment.packet(count + 1))])
        before = whole[at - 1]
        if segment.payload and before.payload and before.sender is segment.sender and count % 7 == 0:
            again = Segment(
                segment.sender, segment.receiver, segment.sport, segment.dport, before.sequence + 50, segment.acknowledged, segment.flags,
                before.payload[50:] + segment.payload,
            )  # fmt: skip
            capture.packets([(again.sender, again.receiver, again.packet(count + 500))])
    capture.write("wire/disorder.pcap")


def lossy() -> None:
    """The capture lost one segment in the middle of the image; the receiver has it, as its acknowledgements show."""
    capture = Capture()
    whole = segments(300)
    bulk = [at for at, segment in enumerate(whole) if len(segment.payload) == 300 and segment.sender is MACHINE]
    lost = bulk[len(bulk) * 2 // 3]
    for number, segment in enumerate(whole, 1):
        if number - 1 != lost:
            capture.packets([(segment.sender, segment.receiver, segment.packet(number))])
    capture.write("wire/loss.pcap")


def started_late() -> None:
    """The capture began after the handshake."""
    capture = Capture()
    for number, segment in enumerate(segments(), 1):
        if number > 3:
            capture.packets([(segment.sender, segment.receiver, segment.packet(number))])
    capture.write("wire/midstream.pcap")


if __name__ == "__main__":
    wrapped("plain", lambda _segment, frame, _number: frame, size=1460)
    for wrap in (qinq, mpls, pppoe, erspan2, erspan3, vxlan, geneve):
        wrapped(wrap.__name__, wrap)
    wrapped("radiotap", radiotap, RADIOTAP)
    wrapped("cooked", cooked, COOKED)
    wrapped("cooked2", cooked2, COOKED2)
    wrapped("rawip", lambda segment, _frame, number: segment.packet(number), RAW_IP)
    in_fragments()
    damaged()
    lossy()
    started_late()
