"""An SDC (IEEE 11073) service provider with PyPI sdc11073. argv: address, seconds, [folder with TLS files]."""

import sys
import time
import uuid
from decimal import Decimal
from pathlib import Path

from sdc11073 import certloader
from sdc11073.location import SdcLocation
from sdc11073.mdib import ProviderMdib
from sdc11073.provider import SdcProvider
from sdc11073.wsdiscovery import WSDiscovery
from sdc11073.xml_types import pm_types
from sdc11073.xml_types.dpws_types import ThisDeviceType, ThisModelType

address, seconds, *tls = sys.argv[1:]
contexts = certloader.mk_ssl_contexts_from_folder(tls[0], cyphers_file=None) if tls else None
discovery = WSDiscovery(address)
discovery.start()
mdib = ProviderMdib.from_mdib_file(str(Path(__file__).with_name("sdc_mdib.xml")))
provider = SdcProvider(
    discovery,
    ThisModelType(manufacturer="Draeger", manufacturer_url="http://draeger.example", model_name="Evita V800", model_number="8422300", model_url="http://draeger.example/v800", presentation_url="http://draeger.example"),
    ThisDeviceType(friendly_name="Evita ICU3 bed 4", firmware_version="2.51.0", serial_number="ASNH-0042"),
    mdib,
    epr=uuid.uuid5(uuid.NAMESPACE_DNS, "evita-icu3-04.northhill.example"),
    ssl_context_container=contexts,
)
provider.start_all(start_rtsample_loop=False)
provider.set_location(SdcLocation(fac="NORTHHILL", poc="ICU3", bed="BED4"))
print("provider up", flush=True)
end, rate = time.time() + float(seconds), Decimal(14)
while time.time() < end:
    with mdib.metric_state_transaction() as transaction:
        state = transaction.get_state("rate")
        if not state.MetricValue:
            state.mk_metric_value()
        state.MetricValue.Value = rate
        state.MetricValue.MetricQuality.Validity = pm_types.MeasurementValidity.VALID
        rate += 1
    time.sleep(1)
provider.stop_all()
discovery.stop()
