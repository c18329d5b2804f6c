"""An MLLP receiver with PyPI hl7apy that validates ADT^A01 and rejects every other kind. argv: port."""

import sys

from hl7apy.mllp import AbstractErrorHandler, AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

HEAD = "\x0bMSH|^~\\&|EHR|NORTHHILL|ADM|NORTHHILL|20261122100001||ACK^A01|ACK{0}|P|2.5\r"


class Admission(AbstractHandler):
    def reply(self):
        message = parse_message(self.incoming_message)
        number = message.msh.msh_10.value
        return HEAD.format(1) + f"MSA|AA|{number}\r\x1c\r"


class Unsupported(AbstractErrorHandler):
    def reply(self):
        return HEAD.format(2) + "MSA|AR|0\r\x1c\r"


MLLPServer("0.0.0.0", int(sys.argv[1]), {"ADT^A01^ADT_A01": (Admission,), "ERR": (Unsupported,)}).serve_forever()
