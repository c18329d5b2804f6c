#!/bin/bash
# DHCP: four kinds of clients named as monitors, pumps and a workstation; three servers; DHCPv6 with router advertisements.
. "$(dirname "$0")/lab.sh"
lab_up dhcp net1
NO_ADDRESS=1
for key in pump1 pump2 mon1 mon2 ws1; do lab_host $key; done
NO_ADDRESS=
server=$(ip_of net1)
mkdir "$WORK/dhcpcd4" "$WORK/dhcpcd6"

cat >"$WORK/setip" <<'E'
#!/bin/sh
# Sets the address for dhclient (-sf) and udhcpc (-s); touches nothing else of the machine.
[ "${reason:-}" = PREINIT ] && ip link set "$interface" up
[ -n "${new_ip_address:-}" ] && ip addr replace "$new_ip_address/24" dev "$interface"
[ "${1:-}" = bound ] && ip addr replace "$ip/24" dev "$interface"
exit 0
E
chmod +x "$WORK/setip"
cat >"$WORK/dhclient.conf" <<E
send host-name "$(name_of mon1)";
send vendor-class-identifier "Philips IntelliVue MX450";
send user-class "patient-monitor";
request subnet-mask, broadcast-address, time-offset, routers, domain-name, domain-name-servers, host-name, ntp-servers;
timeout 8;
E
mkdir -p "$WORK/run/systemd/network" "$WORK/run/systemd/netif"
cat >"$WORK/run/systemd/network/10.network" <<E
[Match]
Name=eth0
[Network]
DHCP=ipv4
[DHCPv4]
Hostname=$(name_of ws1)
UseDNS=no
E
chmod -R a+rwX "$WORK"

clients() {
    local tag=$1 p
    ( on mon1 timeout 8 dhclient -4 -1 -d -cf "$WORK/dhclient.conf" -sf "$WORK/setip" -lf "$WORK/leases.$tag" -pf "$WORK/dhclient.pid" eth0 ) >"$WORK/mon1.$tag" 2>&1 &
    ( on pump1 busybox udhcpc -f -q -n -t 4 -T 1 -i eth0 -s "$WORK/setip" -V "Alaris PCU" -x "hostname:$(name_of pump1)" -O ntpsrv ) >"$WORK/pump1.$tag" 2>&1 &
    ( on pump2 busybox udhcpc -f -q -n -t 4 -T 1 -i eth0 -s "$WORK/setip" -V "Baxter Spectrum IQ WBM" -x "hostname:$(name_of pump2)" -C ) >"$WORK/pump2.$tag" 2>&1 &
    ( on mon2 timeout 9 unshare -m sh -c "mount --bind $WORK/dhcpcd4 /var/lib/dhcpcd; exec dhcpcd -4 -1 -B -t 8 --script /bin/true --noipv4ll -h $(name_of mon2) -i 'GE Healthcare CARESCAPE' eth0" ) >"$WORK/mon2.$tag" 2>&1 &
    sleep 9
    echo "  $tag: $(grep -ohE '(bound to|lease of|leased) [0-9.]+' "$WORK"/*."$tag" | tr '\n' ' ')"
    [ -n "${DEBUG:-}" ] && tail -n 4 "$WORK"/*."$tag" "$WORK/net1.log"
    for p in mon1 pump1 pump2 mon2; do end_host $p; ip -n "$LAB-$p" addr flush dev eth0 scope global; done
}
reservations() { local k; for k in pump1 pump2 mon1 mon2 ws1; do printf "$1\n" "$(mac_of $k)" "$(ip_of $k)"; done; }

span_start dnsmasq
reservations '%s,%s' >"$WORK/hosts"
serve net1 dnsmasq -d -C /dev/null --no-ping --dhcp-authoritative --port=0 -i eth0 --dhcp-range=10.20.30.100,10.20.30.150,255.255.255.0,8h \
    --dhcp-hostsfile="$WORK/hosts" --dhcp-ignore-names --domain=$DOMAIN --dhcp-option=3,10.20.30.1 --dhcp-option=42,$server --dhcp-leasefile="$WORK/dnsmasq.leases"
until_udp net1 67
( on ws1 unshare -m sh -c "mount -o remount,ro /sys; mount --bind $WORK/run /run; SYSTEMD_LOG_LEVEL=info SYSTEMD_LOG_TARGET=console timeout 6 /lib/systemd/systemd-networkd" ) >"$WORK/ws1.log" 2>&1 &
clients dnsmasq
grep -o 'DHCPv4 address.*' "$WORK/ws1.log"
span_stop; end_host net1
keep naming/dhcp.pcap "udp port 67 or arp"

cat >"$WORK/dhcpd.conf" <<E
authoritative;
subnet 10.20.30.0 netmask 255.255.255.0 { range 10.20.30.100 10.20.30.150; option routers 10.20.30.1; option domain-name "$DOMAIN"; default-lease-time 600; }
$(for k in pump1 pump2 mon1 mon2; do echo "host $k { hardware ethernet $(mac_of $k); fixed-address $(ip_of $k); }"; done)
E
touch "$WORK/isc.leases"
span_start isc
serve net1 dhcpd -4 -d -cf "$WORK/dhcpd.conf" -lf "$WORK/isc.leases" -pf "$WORK/isc.pid" --no-pid eth0
sleep 1
clients isc
span_stop; end_host net1
keep naming/dhcp-isc.pcap "udp port 67 or arp"

mkdir -p "$WORK/kea"
cat >"$WORK/kea.json" <<E
{"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"}, "lease-database": {"type": "memfile", "persist": false},
 "subnet4": [{"subnet": "10.20.30.0/24", "pools": [{"pool": "10.20.30.100-10.20.30.150"}], "reservations": [
 $(reservations '{"hw-address": "%s", "ip-address": "%s"},' | sed '$ s/,$//') ]}]}}
E
chmod -R a+rwX "$WORK"
span_start kea
serve net1 env KEA_PIDFILE_DIR="$WORK/kea" KEA_LOCKFILE_DIR="$WORK/kea" kea-dhcp4 -c "$WORK/kea.json"
sleep 1.5
clients kea
span_stop; end_host net1
keep naming/dhcp-kea.pcap "udp port 67 or arp"

ip -n "$LAB-net1" addr add fd20:30::2/64 dev eth0 nodad
span_start v6
serve net1 dnsmasq -d -C /dev/null --port=0 -i eth0 --enable-ra --dhcp-range=fd20:30::100,fd20:30::1ff,64,8h --domain=$DOMAIN --dhcp-leasefile="$WORK/v6.leases" --ra-param=eth0,4,60
sleep 1.5
cat >"$WORK/dhclient6.conf" <<E
send fqdn.fqdn "$(name_of mon1).$DOMAIN.";
send fqdn.encoded on;
send fqdn.server-update on;
also request dhcp6.fqdn, dhcp6.sntp-servers;
E
sed -i 's/DHCP=ipv4/DHCP=ipv6/; s/^\[DHCPv4\]/[DHCPv6]/; /UseDNS/d' "$WORK/run/systemd/network/10.network"
( on ws1 unshare -m sh -c "mount -o remount,ro /sys; mount --bind $WORK/run /run; SYSTEMD_LOG_LEVEL=info SYSTEMD_LOG_TARGET=console timeout 8 /lib/systemd/systemd-networkd" ) >"$WORK/ws1.v6" 2>&1 &
on mon1 timeout 8 dhclient -6 -1 -d -cf "$WORK/dhclient6.conf" -sf /bin/true -lf "$WORK/leases6" -pf "$WORK/p6" eth0 >"$WORK/mon1.v6" 2>&1 &
on mon2 timeout 8 unshare -m sh -c "mount --bind $WORK/dhcpcd6 /var/lib/dhcpcd; exec dhcpcd -6 -1 -B -t 8 -F both --script /bin/true -h $(name_of mon2) eth0" >"$WORK/mon2.v6" 2>&1 &
sleep 8.5
[ -n "${DEBUG:-}" ] && cat "$WORK"/*.v6
grep -hE 'IAADDR|leased|Error|not' "$WORK"/mon?.v6 | head -6 | sed 's/^/  /'
span_stop
keep naming/dhcpv6.pcap "udp port 546 or udp port 547 or icmp6"
