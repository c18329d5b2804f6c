"""A small TDS responder: answers PRELOGIN (no encryption) and refuses LOGIN7, as a database server would a wrong password.

There is no free TDS server; the client beside it (FreeTDS) is real. MS-TDS 2.2.6.5, 2.2.7.10, 2.2.7.14.
argv: port, server name, number of sessions.
"""

import socket
import struct
import sys

port, name, sessions = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def packet(body):
    return struct.pack(">BBHHBB", 4, 1, 8 + len(body), 0, 1, 0) + body


def receive(connection):
    head = connection.recv(8, socket.MSG_WAITALL)
    if len(head) < 8:
        return None, b""
    return head[0], connection.recv(struct.unpack(">H", head[2:4])[0] - 8, socket.MSG_WAITALL)


def prelogin():
    options = [(0, bytes([15, 0, 0x07, 0xD0, 0, 0])), (1, b"\x02"), (2, b"\x00")]
    offset, heads, values = 5 * len(options) + 1, b"", b""
    for token, value in options:
        heads += struct.pack(">BHH", token, offset + len(values), len(value))
        values += value
    return heads + b"\xff" + values


def refused():
    text, server = "Login failed for user.", name
    data = struct.pack("<IBB", 18456, 1, 14) + struct.pack("<H", len(text)) + text.encode("utf-16le")
    data += bytes([len(server)]) + server.encode("utf-16le") + b"\x00" + struct.pack("<I", 1)
    return b"\xaa" + struct.pack("<H", len(data)) + data + b"\xfd" + struct.pack("<HHQ", 2, 0, 0)


listener = socket.create_server(("0.0.0.0", port))
for _ in range(sessions):
    connection, _peer = listener.accept()
    connection.settimeout(5)
    with connection:
        while True:
            kind, _body = receive(connection)
            if kind == 0x12:
                connection.sendall(packet(prelogin()))
            elif kind == 0x10:
                connection.sendall(packet(refused()))
                break
            else:
                break
