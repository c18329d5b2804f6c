"""A Modbus/TCP power meter with PyPI pymodbus: registers and device identification (function 43/14)."""

import asyncio

from pymodbus import ModbusDeviceIdentification
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer

identity = ModbusDeviceIdentification(
    info_name={"VendorName": "Schneider Electric", "ProductCode": "METSEPM5560", "MajorMinorRevision": "002.004.001", "VendorUrl": "http://www.se.com", "ProductName": "PowerLogic PM5000", "ModelName": "PM5560", "UserApplicationName": "ICU3 feeder"}
)
block = ModbusSequentialDataBlock
context = ModbusServerContext(ModbusDeviceContext(di=block(1, [1] * 20), co=block(1, [0] * 20), hr=block(1, [230] * 50), ir=block(1, [50] * 50)), True)
asyncio.run(StartAsyncTcpServer(context, identity=identity, address=("0.0.0.0", 502)))
