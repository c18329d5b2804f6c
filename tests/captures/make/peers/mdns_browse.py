"""Browse DNS-SD with PyPI zeroconf. argv: own address, seconds, service types…"""

import sys
import time

from zeroconf import ServiceBrowser, Zeroconf


class Listener:
    def add_service(self, zeroconf, kind, name):
        info = zeroconf.get_service_info(kind, name, 1500)
        print(name, info and (info.server, info.port, info.properties), flush=True)

    def update_service(self, *_):
        pass

    remove_service = update_service


address, seconds, *kinds = sys.argv[1:]
zeroconf = Zeroconf(interfaces=[address])
ServiceBrowser(zeroconf, kinds, Listener())
time.sleep(float(seconds))
zeroconf.close()
