"""A BACnet/IP air handling controller with PyPI bacpypes3. argv: the arguments of bacpypes3 (--name, --instance, --address …)."""

import asyncio

import bacpypes3.local.device  # noqa: F401  registers the classes of vendor 999
from bacpypes3.app import Application
from bacpypes3.argparse import SimpleArgumentParser
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.networkport import NetworkPortObject  # noqa: F401
from bacpypes3.vendor import VendorInfo, get_vendor_info

johnson = VendorInfo(5)  # Johnson Controls in the ASHRAE list of vendor identifiers
for kind, local in get_vendor_info(999).registered_object_classes.items():
    johnson.register_object_class(kind, local)


async def main():
    application = Application.from_args(SimpleArgumentParser().parse_args())
    device = application.device_object
    device.vendorIdentifier = 5
    device.vendorName = "Johnson Controls, Inc."
    device.modelName = "MS-FEC2611-0"
    device.firmwareRevision = "6.3.0.0128"
    device.applicationSoftwareVersion = "6.3.0"
    device.serialNumber = "JCI-FEC-20417"
    device.location = "Building B, plant room 3"
    device.description = "AHU 3, operating rooms"
    flags = dict(eventState="normal", statusFlags=[0, 0, 0, 0], outOfService=False)
    application.add_object(AnalogInputObject(objectIdentifier=("analog-input", 1), objectName="OR3-pressure", presentValue=12.5, units="pascals", **flags))
    application.add_object(AnalogValueObject(objectIdentifier=("analog-value", 1), objectName="OR3-setpoint", presentValue=15.0, units="pascals", **flags))
    print("bacnet up", flush=True)
    await asyncio.sleep(60)


asyncio.run(main())
