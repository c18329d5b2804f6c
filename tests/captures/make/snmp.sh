#!/bin/bash
# SNMP v1, v2c and v3 with snmpd as agents: a switch with ENTITY-MIB, a printer with Printer-MIB, a ventilator with SNMPv3 only.
. "$(dirname "$0")/lab.sh"
lab_up snmp sw1 prn1 vent1 mgr1
agent() { serve_private "$1" "mount -t tmpfs t /var/lib/snmp; exec snmpd -f -Lo -C -c $WORK/$1.conf -p $WORK/$1.pid"; }
entity() { # index, class, description, name, hardware, firmware, software, serial, maker, model
    local b=.1.3.6.1.2.1.47.1.1.1.1
    printf 'override %s.2.%s octet_str "%s"\noverride %s.5.%s integer %s\noverride %s.7.%s octet_str "%s"\n' $b "$1" "$3" $b "$1" "$2" $b "$1" "$4"
    printf 'override %s.8.%s octet_str "%s"\noverride %s.9.%s octet_str "%s"\noverride %s.10.%s octet_str "%s"\n' $b "$1" "$5" $b "$1" "$6" $b "$1" "$7"
    printf 'override %s.11.%s octet_str "%s"\noverride %s.12.%s octet_str "%s"\noverride %s.13.%s octet_str "%s"\n' $b "$1" "$8" $b "$1" "$9" $b "$1" "${10}"
}
cat >"$WORK/sw1.conf" <<E
agentAddress udp:161
rocommunity wardro 10.20.30.0/24
sysDescr Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E6, RELEASE SOFTWARE (fc1)
sysObjectID .1.3.6.1.4.1.9.1.1208
sysName $(name_of sw1).$DOMAIN
sysLocation Northhill, building B, floor 3, closet 2
sysContact network@$DOMAIN
sysServices 6
$(entity 1001 3 "WS-C2960X-48FPD-L" "1" V05 "15.2(6r)E" "15.2(7)E6" FOC2231X0KD "Cisco Systems, Inc." WS-C2960X-48FPD-L)
E
cat >"$WORK/prn1.conf" <<E
agentAddress udp:161
rocommunity public 10.20.30.0/24
sysDescr ZTC ZD620-203dpi ZPL
sysObjectID .1.3.6.1.4.1.10642.1.1
sysName $(name_of prn1)
sysLocation ICU 3 desk
sysServices 72
override .1.3.6.1.2.1.25.3.2.1.3.1 octet_str "Zebra ZD620 wristband printer"
override .1.3.6.1.2.1.43.5.1.1.17.1 octet_str "D2J194201177"
override .1.3.6.1.2.1.43.5.1.1.16.1 octet_str "ZD620-203dpi"
E
cat >"$WORK/vent1.conf" <<E
agentAddress udp:161
sysDescr Draeger Evita V800, software 2.51.0
sysObjectID .1.3.6.1.4.1.4970.1
sysName $(name_of vent1)
sysLocation ICU 3 bed 4
createUser biomed SHA-256 ventauthpass AES ventprivpass
rouser biomed priv
E
span_start snmp
for key in sw1 prn1 vent1; do agent $key; done
for key in sw1 prn1 vent1; do until_udp $key 161; done
step "walk system of the switch (v2c)" on mgr1 snmpwalk -v2c -c wardro -On "$(ip_of sw1)" .1.3.6.1.2.1.1
step "walk ENTITY-MIB of the switch" on mgr1 snmpbulkwalk -v2c -c wardro -On "$(ip_of sw1)" .1.3.6.1.2.1.47.1.1.1.1
step "get system of the printer (v1)" on mgr1 snmpget -v1 -c public -On "$(ip_of prn1)" .1.3.6.1.2.1.1.1.0 .1.3.6.1.2.1.1.2.0 .1.3.6.1.2.1.1.5.0
step "get Printer-MIB serial" on mgr1 snmpget -v2c -c public -On "$(ip_of prn1)" .1.3.6.1.2.1.43.5.1.1.17.1 .1.3.6.1.2.1.43.5.1.1.16.1 .1.3.6.1.2.1.25.3.2.1.3.1
step "get from the ventilator (v3 authPriv)" on mgr1 snmpget -v3 -l authPriv -u biomed -a SHA-256 -A ventauthpass -x AES -X ventprivpass -On "$(ip_of vent1)" .1.3.6.1.2.1.1.1.0
on mgr1 snmpget -v2c -c private -t 1 -r 0 "$(ip_of sw1)" .1.3.6.1.2.1.1.1.0 >/dev/null 2>&1 && echo "  FAIL a wrong community was answered" || echo "  ok   wrong community unanswered"
step "set refused" sh -c "! timeout 4 ip netns exec $LAB-mgr1 snmpset -v2c -c wardro -t 1 -r 0 $(ip_of sw1) .1.3.6.1.2.1.1.6.0 s nowhere"
step "trap of the printer" on prn1 snmptrap -v2c -c public "$(ip_of mgr1)" '' .1.3.6.1.6.3.1.1.5.3 .1.3.6.1.2.1.2.2.1.1 i 1
span_stop
keep infrastructure/snmp.pcap "arp or udp port 161 or udp port 162"
