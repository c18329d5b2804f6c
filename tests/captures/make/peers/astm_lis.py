"""A laboratory system with PyPI astm: receives ASTM E1381/E1394 (LIS1-A/LIS2-A2) on argv[1]."""

import collections
import collections.abc
import sys
import warnings

warnings.filterwarnings("ignore")
collections.Iterable = collections.abc.Iterable  # astm 0.5.0 is older than Python 3.10
from astm.server import BaseRecordsDispatcher, Server


class Records(BaseRecordsDispatcher):
    def _seen(self, record):
        print(record[0], flush=True)

    on_header = on_patient = on_order = on_result = on_comment = on_terminator = _seen


Server(host="0.0.0.0", port=int(sys.argv[1]), dispatcher=Records).serve_forever()
