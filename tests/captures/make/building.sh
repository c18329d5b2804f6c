#!/bin/bash
# Building and operational technology: BACnet/IP, Modbus/TCP, KNXnet/IP, OPC UA.
. "$(dirname "$0")/lab.sh"
lab_up building ahu1 pm1 knx1 mgr1
span_start bacnet
serve ahu1 "$PY" "$PEERS/bacnet_controller.py" --name AHU-OR3 --instance 20417 --vendoridentifier 5 --address "$(ip_of ahu1)/24"
for i in $(seq 80); do grep -q 'bacnet up' "$WORK/ahu1.log" && break; sleep 0.1; done
step "BACnet: who is, read, write" on mgr1 "$PY" "$PEERS/bacnet_operator.py" "$(ip_of ahu1)" --name operator --instance 3999 --address "$(ip_of mgr1)/24"
sed 's/^/       /' "$WORK/step.log" | head -20; grep -v 'bacnet up' "$WORK/ahu1.log" | tail -3
span_stop
keep building/bacnet.pcap "arp or udp port 47808"
span_start modbus
serve pm1 "$PY" "$PEERS/modbus_meter.py"
until_tcp pm1 502
step "Modbus: read, identify, write" on mgr1 "$PY" "$PEERS/modbus_operator.py" "$(ip_of pm1)"
sed 's/^/       /' "$WORK/step.log" | cut -c1-150
step "Modbus: mbpoll" on mgr1 mbpoll -m tcp -a 1 -r 1 -c 4 -1 "$(ip_of pm1)"
span_stop
keep building/modbus.pcap "arp or tcp port 502"
span_start knx
serve_private knx1 "exec knxd -e 1.0.1 -E 1.0.2:4 -n KNX-GW-ICU3 -D -T -R -S -u /run/knx -b dummy:"
sleep 1.5
step "KNXnet/IP: search, tunnel" on mgr1 "$PY" "$PEERS/knx_visitor.py" "$(ip_of mgr1)" "$(ip_of knx1)"
sed 's/^/       /' "$WORK/step.log" | cut -c1-200; tail -3 "$WORK/knx1.log"
span_stop
keep building/knx.pcap "arp or udp port 3671 or igmp"
span_start opcua
serve pm1 "$VENV/bin/uaserver" -u "opc.tcp://$(ip_of pm1):4840/" --populate
until_tcp pm1 4840; sleep 1
step "OPC UA: endpoints" on mgr1 timeout 12 "$VENV/bin/uadiscover" -u "opc.tcp://$(ip_of pm1):4840"
step "OPC UA: build information" on mgr1 timeout 12 "$VENV/bin/uaread" -u "opc.tcp://$(ip_of pm1):4840" -n i=2261
span_stop
keep building/opcua.pcap "arp or tcp port 4840"
