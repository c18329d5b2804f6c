#!/bin/bash
# HL7 v2 over MLLP: a monitor gateway with four monitors behind it (IHE PCD-01), admissions, orders, results, ACK/AE/AR.
. "$(dirname "$0")/lab.sh"
lab_up hl7 eng1 gw1 ehr1 lis1
span_start hl7
serve eng1 "$PY" "$PEERS/hl7_engine.py" 2575 HL7ENG NORTHHILL
serve lis1 "$PY" "$PEERS/hl7_engine.py" 2576 LIS NORTHHILL
serve ehr1 "$PY" "$PEERS/hl7_ehr.py" 6661
until_tcp eng1 2575; until_tcp lis1 2576; until_tcp ehr1 6661
step "PCD-01 vitals, gateway to engine" on gw1 "$PY" "$PEERS/hl7_send.py" "$(ip_of eng1)" 2575 vitals
step "ADT^A01, engine to record" on eng1 "$PY" "$PEERS/hl7_send.py" "$(ip_of ehr1)" 6661 admit
step "ORM^O01 refused by record" on eng1 "$PY" "$PEERS/hl7_send.py" "$(ip_of ehr1)" 6661 order
step "ORM^O01, record to laboratory" on ehr1 "$PY" "$PEERS/hl7_send.py" "$(ip_of lis1)" 2576 order
step "ORU^R01, laboratory to engine" on lis1 "$PY" "$PEERS/hl7_send.py" "$(ip_of eng1)" 2575 lab_result
span_stop
keep clinical/hl7.pcap "arp or tcp"
