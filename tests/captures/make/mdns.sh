#!/bin/bash
# mDNS/DNS-SD with avahi: a printer, a media player that speaks as AirPlay devices do, a file server; zeroconf browses.
. "$(dirname "$0")/lab.sh"
lab_up mdns prn1 atv1 nas1 mgr1
service() { # key, type, port, TXT…
    local key=$1 kind=$2 port=$3; shift 3
    printf '<service><type>%s</type><port>%s</port>' "$kind" "$port" >>"$WORK/$key/main.service"
    local t; for t in "$@"; do printf '<txt-record>%s</txt-record>' "$t" >>"$WORK/$key/main.service"; done
    echo '</service>' >>"$WORK/$key/main.service"
}
open_() { mkdir -p "$WORK/$1"; printf '<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd"><service-group><name>%s</name>\n' "$2" >"$WORK/$1/main.service"; }
open_ prn1 "Zebra ZD620 ICU3"
service prn1 _ipp._tcp 631 txtvers=1 qtotal=1 rp=ipp/print "ty=Zebra ZTC ZD620-203dpi ZPL" "product=(ZTC ZD620-203dpi ZPL)" "note=ICU 3 desk" usb_MFG=Zebra usb_MDL=ZD620 UUID=5f0c7a10-2b1e-4c1a-9a55-00074d521943 pdl=application/vnd.zebra-zpl
service prn1 _pdl-datastream._tcp 9100 "ty=Zebra ZTC ZD620-203dpi ZPL" usb_MFG=Zebra usb_MDL=ZD620
service prn1 _http._tcp 80
open_ atv1 "Waiting Room"
service atv1 _airplay._tcp 7000 deviceid=00:0D:93:70:15:48 features=0x4A7FCA00,0xBC356BD0 flags=0x244 model=AppleTV11,1 protovers=1.1 srcvers=715.2.1 osvers=17.2 pi=6a3e6f0f-7c2b-4a0a-8e3a-000d93701548
service atv1 _raop._tcp 7000 am=AppleTV11,1 vs=715.2.1 ov=17.2
open_ nas1 NAS-RAD
service nas1 _smb._tcp 445
service nas1 _http._tcp 5000 vendor=Synology model=DS920+ serial=2140QWR1904XX version_major=7 version_minor=2 version_build=64570 admin_port=5000 secure_admin_port=5001 "mac_address=00:11:32:7c:90:04"
service nas1 _device-info._tcp 9 model=RackMac
span_start mdns
for key in prn1 atv1 nas1; do
    echo '</service-group>' >>"$WORK/$key/main.service"
    printf '[server]\nhost-name=%s\nuse-ipv4=yes\nuse-ipv6=yes\nenable-dbus=no\nallow-interfaces=eth0\n[publish]\npublish-hinfo=yes\npublish-workstation=no\n' "$(name_of $key)" >"$WORK/$key.conf"
    serve_private $key "mkdir -p /run/avahi-daemon; mount --bind $WORK/$key /etc/avahi/services; exec avahi-daemon -f $WORK/$key.conf --no-drop-root --no-chroot --no-rlimits"
done
sleep 3
step "browse" on mgr1 "$PY" "$PEERS/mdns_browse.py" "$(ip_of mgr1)" 4 _ipp._tcp.local. _airplay._tcp.local. _raop._tcp.local. _smb._tcp.local. _http._tcp.local. _device-info._tcp.local.
cat "$WORK/step.log" | cut -c1-120 | sed 's/^/       /'
for key in prn1 atv1 nas1; do end_host $key; done
span_stop
keep naming/mdns.pcap "udp port 5353"
