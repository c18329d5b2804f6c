"""Send messages over MLLP with PyPI hl7. argv: host, port, then names: vitals, admit, order, lab_result."""

import sys

import hl7.client

import hl7_messages as ward

host, port, *names = sys.argv[1:]
with hl7.client.MLLPClient(host, int(port)) as client:
    for name in names:
        batch = [ward.vitals(m, n) for n, m in enumerate(ward.MONITORS, 1)] if name == "vitals" else [getattr(ward, name)()]
        for message in batch:
            print(client.send_message(message).replace(b"\r", b"\n").decode())
