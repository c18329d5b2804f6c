"""Probe for WS-Discovery services with PyPI WSDiscovery."""

from wsdiscovery.discovery import ThreadedWSDiscovery

client = ThreadedWSDiscovery()
client.start()
for found in client.searchServices(timeout=3):
    print(found.getEPR(), [str(t) for t in found.getTypes()], found.getXAddrs())
client.stop()
