"""Find KNXnet/IP interfaces and tunnel a group write with PyPI xknx. argv: own address, address of the interface."""

import asyncio
import sys

from xknx import XKNX
from xknx.dpt import DPTArray
from xknx.io import ConnectionConfig, ConnectionType, GatewayScanner
from xknx.telegram import GroupAddress, Telegram
from xknx.telegram.apci import GroupValueRead, GroupValueWrite


async def main():
    own, interface = sys.argv[1:]
    xknx = XKNX(connection_config=ConnectionConfig(connection_type=ConnectionType.TUNNELING, gateway_ip=interface, local_ip=own))
    scanner = GatewayScanner(xknx, local_ip=own, timeout_in_seconds=2)
    for found in await scanner.scan():
        print(found)
    await xknx.start()
    xknx.telegrams.put_nowait(Telegram(destination_address=GroupAddress("1/2/3"), payload=GroupValueWrite(DPTArray((1,)))))
    xknx.telegrams.put_nowait(Telegram(destination_address=GroupAddress("1/2/4"), payload=GroupValueRead()))
    await asyncio.sleep(1.5)
    await xknx.stop()


asyncio.run(main())
