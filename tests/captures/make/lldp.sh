#!/bin/bash
# LLDP with LLDP-MED inventories and CDP, made with lldpd: a switch, a telephone and a patient monitor.
. "$(dirname "$0")/lab.sh"
lab_up lldp sw1 phone1 mon1
lldp() { local key=$1; shift; serve_private "$key" "mkdir -p /run/lldpd; exec env $(stock_kernel) lldpd -d $* -u $WORK/$key.sock -I eth0"; }
lldp sw1 -M 4 -ccccc -P "'cisco WS-C2960X-48FPD-L'"
lldp phone1 -M 3
lldp mon1 -M 1
for key in sw1 phone1 mon1; do for i in $(seq 50); do [ -S "$WORK/$key.sock" ] && break; sleep 0.1; done; done
sleep 0.5
set_() { local key=$1; shift; lldpcli -u "$WORK/$key.sock" configure "$@" >"$WORK/lldpcli" 2>&1 || { echo "  FAIL $key: $*"; tail -1 "$WORK/lldpcli"; }; }
inventory() { # key, hardware, firmware, software, serial, manufacturer, model, asset
    set_ "$1" inventory hardware-revision "$2"; set_ "$1" inventory firmware-revision "$3"; set_ "$1" inventory software-revision "$4"
    set_ "$1" inventory serial-number "$5"; set_ "$1" inventory manufacturer "$6"; set_ "$1" inventory model "$7"; set_ "$1" inventory asset "$8"
}
set_ sw1 system hostname "$(name_of sw1)"
set_ sw1 system description "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E6, RELEASE SOFTWARE (fc1)"
inventory sw1 V05 "15.2(6r)E" "15.2(7)E6" FOC2231X0KD "Cisco Systems" WS-C2960X-48FPD-L NET-00417
set_ phone1 system hostname "$(name_of phone1)"
set_ phone1 system description "Polycom;VVX-VVX_411;3111-48450-001,1;SIP/5.9.6.2327/29-Jul-20"
inventory phone1 "VVX 411-1" 5.9.6.2327 5.9.6.2327 0004F26BAA41 Polycom VVX-VVX_411 TEL-02213
set_ phone1 med policy application voice unknown tagged vlan 20 priority voice dscp 46
set_ mon1 system hostname "$(name_of mon1)"
set_ mon1 system description "Philips IntelliVue MX450 Rev L.01"
inventory mon1 A.01.03 L.01.22 L.01.22 DE432K1234 Philips "MX450 866062" BIOMED-00231
set_ mon1 med location elin 911
# The capture begins when all is configured, so no frame carries the defaults of lldpd.
span_start lldp
for key in sw1 phone1 mon1; do set_ $key lldp tx-interval 2; done
sleep 6
span_stop
keep infrastructure/lldp.pcap "ether proto 0x88cc or ether host 01:00:0c:cc:cc:cc"
