"""A blood gas analyser with PyPI astm: sends one result. argv: host, port."""

import collections
import collections.abc
import sys
import warnings

warnings.filterwarnings("ignore")
collections.Iterable = collections.abc.Iterable  # astm 0.5.0 is older than Python 3.10
from astm.client import Client


def results():
    yield ["H", [[None], [None, "&"]], None, None, ["ABL90 FLEX", "3.4.1", "393-090R0158N0031"], None, None, None, None, None, None, "P", "LIS2-A2", "20261122102000"]
    yield ["P", 1, None, "ZZPAT0102", None, ["ZZTEST", "GEORG"]]
    yield ["O", 1, "SPC0042", None, [None, None, None, "BG"]]
    yield ["R", 1, [None, None, None, "pH", "M"], "7.38", None, None, "N", None, "F"]
    yield ["R", 2, [None, None, None, "pO2", "M"], "92", "mmHg", None, "N", None, "F"]
    yield ["R", 3, [None, None, None, "cLac", "M"], "1.4", "mmol/L", None, "N", None, "F"]
    yield ["L", 1, "N"]


Client(results, host=sys.argv[1], port=int(sys.argv[2])).run(timeout=4)
