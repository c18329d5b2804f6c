#!/bin/bash
# IEEE 11073 SDC: a ventilator and a central station; discovery, metadata, MDIB, reports; in the clear and over TLS.
. "$(dirname "$0")/lab.sh"
lab_up sdc vent1 cent1
mkdir "$WORK/tls"
( cd "$WORK/tls" || exit
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out cacert.pem -days 730 -subj "/O=Northhill General Hospital/CN=Northhill Device CA"
  openssl req -newkey rsa:2048 -nodes -keyout userkey.pem -out user.csr -subj "/O=Draeger/OU=Evita V800/CN=ASNH-0042"
  printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:%s,IP:%s\n' "$(ip_of vent1)" "$(ip_of cent1)" >ext
  openssl x509 -req -in user.csr -CA cacert.pem -CAkey ca.key -CAcreateserial -days 365 -extfile ext -out usercert.pem ) >/dev/null 2>&1
for mode in plain tls; do
    folder=; [ $mode = tls ] && folder=$WORK/tls
    span_start $mode
    : >"$WORK/vent1.log"
    serve vent1 "$PY" "$PEERS/sdc_ventilator.py" "$(ip_of vent1)" 8 $folder
    for i in $(seq 100); do grep -q 'provider up' "$WORK/vent1.log" && break; sleep 0.1; done
    step "consumer ($mode)" on cent1 "$PY" "$PEERS/sdc_central.py" "$(ip_of cent1)" $folder
    for i in $(seq 100); do [ -z "$(ip netns pids "$LAB-vent1")" ] && break; sleep 0.1; done
    span_stop
    keep clinical/sdc-$mode.pcap "arp or tcp or udp port 3702 or igmp"
done
