"""An SDC consumer with PyPI sdc11073: finds a provider, reads its description, subscribes. argv: address, [folder with TLS files]."""

import sys
import time

from sdc11073 import certloader
from sdc11073.consumer.consumerimpl import SdcConsumer
from sdc11073.definitions_sdc import SdcV1Definitions
from sdc11073.mdib import ConsumerMdib
from sdc11073.wsdiscovery import WSDiscovery

address, *tls = sys.argv[1:]
contexts = certloader.mk_ssl_contexts_from_folder(tls[0], cyphers_file=None) if tls else None
discovery = WSDiscovery(address)
discovery.start()
found = []
for _ in range(8):
    found = discovery.search_services(types=SdcV1Definitions.MedicalDeviceTypesFilter, timeout=1)
    if found:
        break
consumer = SdcConsumer.from_wsd_service(found[0], ssl_context_container=contexts)
consumer.start_all()
print(consumer.host_description.this_model.ModelName[0].text, consumer.host_description.this_device.SerialNumber)
ConsumerMdib(consumer).init_mdib()
time.sleep(2.5)
consumer.stop_all()
discovery.stop()
