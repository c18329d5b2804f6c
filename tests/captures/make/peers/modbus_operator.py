"""A Modbus/TCP client: reads, identifies, writes. argv: address of the meter."""

import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest

client = ModbusTcpClient(sys.argv[1], port=502)
client.connect()
print(client.read_holding_registers(0, count=4).registers, client.read_input_registers(0, count=2).registers)
for code in (1, 2):
    print(client.execute(False, ReadDeviceInformationRequest(read_code=code)).information)
print(client.write_register(5, 99), client.write_coil(2, True), client.write_registers(8, [1, 2, 3]))
print(client.read_holding_registers(900, count=2))
client.close()
