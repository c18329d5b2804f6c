#!/bin/bash
# ASTM LIS1-A/LIS2-A2 over TCP: an analyser sends results to the laboratory system.
. "$(dirname "$0")/lab.sh"
lab_up astm abl1 lis1
span_start astm
serve lis1 "$PY" "$PEERS/astm_lis.py" 15200
until_tcp lis1 15200
PATIENCE=6 step "results, analyser to laboratory" on abl1 "$PY" "$PEERS/astm_analyzer.py" "$(ip_of lis1)" 15200
span_stop
keep clinical/astm.pcap "arp or tcp"
