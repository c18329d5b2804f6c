#!/bin/bash
# WS-Discovery: wsdd as a Windows-like file server, an ONVIF camera, and clients that probe for both.
. "$(dirname "$0")/lab.sh"
lab_up wsd nas1 cam1 mgr1
span_start wsd
serve_named nas1 wsdd -i eth0 -n NAS-RAD -w RADIOLOGY -4
serve cam1 "$PY" "$PEERS/onvif_camera.py" "$(ip_of cam1)" AXIS%20P3245-LV P3245-LV
sleep 2
step "probe" on mgr1 "$PY" "$PEERS/wsd_probe.py"
sed 's/^/       /' "$WORK/step.log"
on_named mgr1 timeout -s INT 5 wsdd -D -o -i eth0 -4 -v >"$WORK/probe.log" 2>&1
grep -iE 'discovered' "$WORK/probe.log" | head -3 | sed 's/^/       /'
span_stop
keep naming/ws-discovery.pcap "arp or udp port 3702 or tcp port 5357"
