#!/bin/bash
# SIP and RTP with sipp: a telephone registers at the nurse call server and calls it.
. "$(dirname "$0")/lab.sh"
lab_up voice phone1 call1
mkdir "$WORK/pcap"; editcap -r /usr/share/sip-tester/g711a.pcap "$WORK/pcap/g711a.pcap" 1-30; cd "$WORK"
span_start sip
serve call1 sipp -sf "$PEERS/sip_server.xml" -i "$(ip_of call1)" -mi "$(ip_of call1)" -rtp_echo -m 1 -timeout 15 -nostdin
until_udp call1 5060
step "register, call, talk" on phone1 sipp -sf "$PEERS/sip_phone.xml" -i "$(ip_of phone1)" -mi "$(ip_of phone1)" -m 1 -timeout 12 -nostdin "$(ip_of call1)"
span_stop
keep remote/sip-rtp.pcap "arp or udp"
