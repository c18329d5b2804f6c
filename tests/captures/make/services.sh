#!/bin/bash
# NTP (chrony), DNS (dnsmasq; dig, reverse, missing names) and syslog (logger of RFC 3164 and 5424 to rsyslog).
. "$(dirname "$0")/lab.sh"
lab_up svc net1 log1 pump1 mon1 vent1 sw1 ws1 mgr1
span_start ntp
printf 'local stratum 3\nallow 10.20.30.0/24\ncmdport 0\n' >"$WORK/chrony.conf"
serve net1 chronyd -x -d -U -u root -f "$WORK/chrony.conf"
until_udp net1 123
for key in pump1 mon1; do step "$key sets its clock" on $key timeout 12 chronyd -Q -t 8 -u root -f /dev/null "server $(ip_of net1) iburst maxsamples 2" "cmdport 0" "pidfile $WORK/$key.pid"; done
span_stop; end_host net1
keep infrastructure/ntp.pcap "arp or udp port 123"
span_start dns
{ while IFS=$'\t' read -r key _ ip name _; do [ "$key" = "# key" ] || echo "host-record=$name.$DOMAIN,$ip"; done <"$HERE/plan.tsv"; echo "cname=pacs.$DOMAIN,pacs01.$DOMAIN"; echo "srv-host=_ldap._tcp.$DOMAIN,dc01.$DOMAIN,389"; echo "txt-record=$DOMAIN,v=spf1 -all"; } >"$WORK/dns.conf"
serve net1 dnsmasq -d -C "$WORK/dns.conf" --no-resolv --no-hosts --local="/$DOMAIN/" -i eth0 -p 53
until_udp net1 53
for query in "A pacs.$DOMAIN" "AAAA pacs01.$DOMAIN" "SRV _ldap._tcp.$DOMAIN" "TXT $DOMAIN" "A update.vendor.example"; do step "$query" on ws1 dig +tries=1 +time=2 "@$(ip_of net1)" -t ${query}; done
step "reverse" on mon1 dig +tries=1 +time=2 "@$(ip_of net1)" -x "$(ip_of pacs1)"
step "over TCP" on mgr1 dig +tcp +tries=1 +time=2 "@$(ip_of net1)" "evita-icu3-04.$DOMAIN"
span_stop; end_host net1
keep naming/dns.pcap "arp or port 53"
span_start syslog
printf 'module(load="imudp") module(load="imtcp")\ninput(type="imudp" port="514")\ninput(type="imtcp" port="601")\n*.* action(type="omfile" file="%s/out")\n' "$WORK" >"$WORK/rs.conf"
serve log1 rsyslogd -n -f "$WORK/rs.conf" -i "$WORK/rs.pid"
until_udp log1 514; until_tcp log1 601
step "RFC 3164" on_named pump1 logger -n "$(ip_of log1)" -P 514 -d --rfc3164 -p local0.warning -t alarisd "alarm occlusion channel A"
step "RFC 5424" on_named vent1 logger -n "$(ip_of log1)" -P 514 -d --rfc5424 -p local0.info -t evita --sd-id device@32473 --sd-param 'serial="ASNH-0042"' --sd-param 'model="Evita V800"' "self test passed"
step "RFC 5424 over TCP" on_named sw1 logger -n "$(ip_of log1)" -P 601 -T --rfc5424 -p local7.notice -t link "Interface GigabitEthernet1/0/7, changed state to up"
step "service stopped" on_named ws1 logger -n "$(ip_of log1)" -P 514 -d --rfc3164 -p auth.err -t sshd "Failed password for admin from 10.20.30.61 port 50122 ssh2"
span_stop
keep infrastructure/syslog.pcap "arp or port 514 or tcp port 601"
