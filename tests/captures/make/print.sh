#!/bin/bash
# IPP with ippeveprinter: printer attributes, one job, and its own DNS-SD announcement.
. "$(dirname "$0")/lab.sh"
lab_up print prn1 ws1
mkdir "$WORK/spool"; printf '[server]\nhost-name=%s\nallow-interfaces=eth0\n' "$(name_of prn1)" >"$WORK/avahi.conf"; chmod -R a+rwX "$WORK"
span_start ipp
serve_private prn1 "mkdir -p /run/dbus /run/avahi-daemon; dbus-daemon --system --fork; avahi-daemon -D -f $WORK/avahi.conf --no-drop-root --no-chroot --no-rlimits; sleep 1; exec ippeveprinter -v -d $WORK/spool -p 631 -M Zebra -m ZD620 -s 10,5 -f application/pdf,text/plain 'Zebra ZD620 ICU3'"
until_tcp prn1 631
sleep 1
step "printer attributes" on ws1 env "$(stock_kernel)" ipptool -tv "ipp://$(ip_of prn1):631/ipp/print" get-printer-attributes.test
grep -E 'printer-make-and-model|printer-device-id|printer-uuid|printer-dns-sd|printer-info ' "$WORK/step.log" | cut -c1-150 | sed 's/^/       /'
echo "ZZTEST^ANNA wristband ZZPAT0001" >"$WORK/label.txt"
step "print a job" on ws1 env "$(stock_kernel)" ipptool -tv -f "$WORK/label.txt" -d filetype=text/plain "ipp://$(ip_of prn1):631/ipp/print" print-job.test
end_host prn1
span_stop
keep remote/ipp.pcap "arp or tcp port 631 or udp port 5353"
