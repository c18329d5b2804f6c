#!/bin/bash
# One ward: the captures of the topics, moved in time so that they overlap within some minutes, and merged.
# All topics share plan.tsv, so a device has the same addresses everywhere.
. "$(dirname "$0")/lab.sh"
LAB=; WORK=$(mktemp -d /tmp/mwward.XXXX); trap 'rm -rf "$WORK"' EXIT
BASE=$(date -u -d '2026-11-22 09:13:00' +%s)
topics="infrastructure/lldp infrastructure/eapol infrastructure/radius naming/dhcp naming/dhcpv6 infrastructure/ntp naming/dns naming/netbios naming/mdns naming/ssdp
naming/ws-discovery clinical/dicom clinical/hl7 clinical/sdc-plain infrastructure/syslog clinical/astm clinical/dicomweb remote/smb remote/kerberos remote/ldap
remote/sip-rtp building/bacnet remote/mqtt clinical/fhir building/modbus remote/http remote/tls infrastructure/snmp remote/postgresql remote/tds remote/ipp
remote/vnc remote/smtp remote/telnet remote/ftp remote/ssh"
at=0; parts=()
for topic in $topics; do
    first=$(tshark -r "$CAPTURES/$topic.pcap" -c 1 -T fields -e frame.time_epoch 2>/dev/null)
    part=$WORK/${topic//\//-}.pcap
    editcap -t "$(awk -v b="$BASE" -v a=$at -v f="$first" 'BEGIN { printf "%.6f", b + a - f }')" "$CAPTURES/$topic.pcap" "$part"
    parts+=("$part"); at=$((at + 7))
done
mkdir -p "$CAPTURES/ward"
mergecap -F pcap -w "$CAPTURES/ward/ward.pcap" "${parts[@]}"
chmod 644 "$CAPTURES/ward/ward.pcap"
capinfos -c -s -u "$CAPTURES/ward/ward.pcap" | tail -3
