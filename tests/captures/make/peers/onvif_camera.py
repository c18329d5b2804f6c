"""A WS-Discovery target service with PyPI WSDiscovery that announces itself as an ONVIF camera. argv: address, name, hardware."""

import sys
import time

from wsdiscovery import QName, Scope
from wsdiscovery.publishing import ThreadedWSPublishing

address, name, hardware = sys.argv[1:]
service = ThreadedWSPublishing()
service.start()
scopes = [Scope("onvif://www.onvif.org/" + s) for s in ("type/video_encoder", "type/Network_Video_Transmitter", f"hardware/{hardware}", f"name/{name}", "location/ICU3", "Profile/Streaming")]
kind = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter", "dn")
service.publishService(types=[kind], scopes=scopes, xAddrs=[f"http://{address}/onvif/device_service"])
time.sleep(12)
service.stop()
