"""A BACnet/IP client: finds the controller, reads who it is, writes a set point. argv: controller address, then those of bacpypes3."""

import asyncio
import sys

from bacpypes3.app import Application
from bacpypes3.argparse import SimpleArgumentParser
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier


async def main():
    target = Address(sys.argv.pop(1))
    application = Application.from_args(SimpleArgumentParser().parse_args())
    for answer in await application.who_is():
        print("i-am", answer.iAmDeviceIdentifier, answer.vendorID)
    device = "device,20417"
    wanted = ["object-name", "vendor-name", "model-name", "firmware-revision", "application-software-version", "serial-number", "location", "description", "object-list"]
    for item, name in [(device, w) for w in wanted] + [("analog-input,1", "present-value"), ("analog-value,1", "present-value"), ("analog-input,9", "present-value")]:
        try:
            print(item, name, await application.read_property(target, ObjectIdentifier(item), name))
        except BaseException as error:
            print(item, name, "error", error)
    print("write", await application.write_property(target, ObjectIdentifier("analog-value,1"), "present-value", 8.0))


asyncio.run(main())
