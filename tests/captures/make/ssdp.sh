#!/bin/bash
# SSDP/UPnP: minidlna announces, gssdp-discover searches, curl and gupnp fetch the device description.
. "$(dirname "$0")/lab.sh"
lab_up ssdp tv1 mgr1
mkdir -p "$WORK/media" "$WORK/db"; chmod -R a+rwX "$WORK"
cat >"$WORK/dlna.conf" <<E
port=8200
network_interface=eth0
media_dir=$WORK/media
db_dir=$WORK/db
log_dir=$WORK/db
friendly_name=Bedside Media ICU3
model_name=HG43EJ690
model_number=T-NKLAKUC
serial=0A1B3HCN700247
uuid=4d696e69-444c-164e-9d41-0012473a7047
notify_interval=3
E
span_start ssdp
serve_named tv1 minidlnad -S -f "$WORK/dlna.conf" -P "$WORK/dlna.pid"
until_tcp tv1 8200
step "search" on mgr1 env "$(stock_kernel)" gssdp-discover -i eth0 -n 3
step "description" on mgr1 curl -sf -A "Medientechnik/1.0 UPnP/1.0" "http://$(ip_of tv1):8200/rootDesc.xml"
grep -oE '<(friendlyName|modelName|serialNumber|manufacturer|modelNumber)>[^<]*' "$WORK/step.log" | sed 's/^/       /'
sleep 2
end_host tv1
span_stop
keep naming/ssdp.pcap "arp or udp port 1900 or tcp port 8200"
