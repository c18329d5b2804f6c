#!/bin/bash
# LLMNR with llmnrd: a workstation asks for names that one desktop answers and nobody else has.
. "$(dirname "$0")/lab.sh"
lab_up llmnr adm1 ws1
span_start llmnr
serve_named adm1 llmnrd -6 -H "$(name_of adm1)" -i eth0
sleep 1
step "name that is answered" on ws1 llmnr-query -I eth0 -c 1 -T A "$(name_of adm1)"
step "name that is not" on ws1 llmnr-query -I eth0 -c 1 -T A wpad
span_stop
keep naming/llmnr.pcap "arp or port 5355"
