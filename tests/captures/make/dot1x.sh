#!/bin/bash
# 802.1X on a wired port: wpa_supplicant, hostapd as the switch, FreeRADIUS; PEAP, EAP-TLS, a MAC address, a reject, accounting.
. "$(dirname "$0")/lab.sh"
lab_up dot1x sw1 rad1 ws1 mon2
ip -n "$LAB-sw" link set br0 type bridge group_fwd_mask 16392
R=$WORK/raddb; cp -a /etc/freeradius/3.0 "$R"; rm -f "$R"/sites-enabled/* "$R"/mods-enabled/{sql,ldap}*; ln -s ../sites-available/{default,inner-tunnel} "$R/sites-enabled/"
( cd "$WORK" || exit
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 1000 -subj "/O=Northhill General Hospital/CN=Northhill Device CA"
  for c in radius01 ge-b650-77; do openssl req -newkey rsa:2048 -nodes -keyout $c.key -out $c.csr -subj "/O=Northhill General Hospital/CN=$c.$DOMAIN"
  printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:%s.%s\n' $c $DOMAIN >$c.ext
  openssl x509 -req -in $c.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 700 -extfile $c.ext -out $c.pem; done ) >/dev/null 2>&1
sed -i "s#private_key_file = .*#private_key_file = $WORK/radius01.key#; s#certificate_file = .*#certificate_file = $WORK/radius01.pem#; s#ca_file = .*#ca_file = $WORK/ca.pem#; s#private_key_password = .*##" "$R/mods-available/eap"
printf 'client switch {\n ipaddr = %s\n secret = labsecret\n require_message_authenticator = no\n}\n' "$(ip_of sw1)" >"$R/clients.conf"
mab=$(mac_of pump1 | tr -d :)
cat >"$R/users" <<E
host/nurse-icu3-2	Cleartext-Password := "wardpw"
	Tunnel-Type = VLAN, Tunnel-Medium-Type = IEEE-802, Tunnel-Private-Group-Id = "20"
ge-b650-77.$DOMAIN	Auth-Type := EAP
	Tunnel-Type = VLAN, Tunnel-Medium-Type = IEEE-802, Tunnel-Private-Group-Id = "30"
$mab	Cleartext-Password := "$mab"
	Tunnel-Type = VLAN, Tunnel-Medium-Type = IEEE-802, Tunnel-Private-Group-Id = "40"
E
chown -R freerad:freerad "$WORK"
cat >"$WORK/hostapd.conf" <<E
interface=eth0
driver=wired
ieee8021x=1
eap_reauth_period=0
use_pae_group_addr=1
own_ip_addr=$(ip_of sw1)
nas_identifier=$(name_of sw1)
auth_server_addr=$(ip_of rad1)
auth_server_port=1812
auth_server_shared_secret=labsecret
acct_server_addr=$(ip_of rad1)
acct_server_port=1813
acct_server_shared_secret=labsecret
ctrl_interface=$WORK/hctl
E
supplicant() { # key, lines
    printf 'ctrl_interface=%s/wctl-%s\nap_scan=0\nnetwork={\n key_mgmt=IEEE8021X\n eapol_flags=0\n ca_cert="%s/ca.pem"\n%s\n}\n' "$WORK" "$1" "$WORK" "$2" >"$WORK/$1.wpa"
    serve "$1" wpa_supplicant -D wired -i eth0 -c "$WORK/$1.wpa" -f "$WORK/$1.wlog"
    local i; for i in $(seq 60); do grep -q 'EAP-SUCCESS\|EAP-FAILURE' "$WORK/$1.wlog" 2>/dev/null && break; sleep 0.1; done
    echo "  $1: $(grep -oE 'CTRL-EVENT-EAP-(SUCCESS|FAILURE)' "$WORK/$1.wlog" | tail -1)"
    sleep 0.5; end_host "$1"
}
span_start dot1x
serve rad1 freeradius -f -l "$WORK/rad.log" -xx -d "$R"
until_udp rad1 1812
serve sw1 hostapd "$WORK/hostapd.conf"
sleep 1
supplicant ws1 ' eap=PEAP
 identity="host/nurse-icu3-2"
 password="wardpw"
 phase2="auth=MSCHAPV2"'
supplicant mon2 " eap=TLS
 identity=\"ge-b650-77.$DOMAIN\"
 client_cert=\"$WORK/ge-b650-77.pem\"
 private_key=\"$WORK/ge-b650-77.key\""
radius() { echo "User-Name=$1,User-Password=$1,Service-Type=Call-Check,NAS-Port-Type=Ethernet,NAS-IP-Address=$(ip_of sw1),NAS-Identifier=$(name_of sw1),Calling-Station-Id=$2,Called-Station-Id=00-01-64-5A-10-07,NAS-Port-Id=\"GigabitEthernet1/0/$3\",Framed-MTU=1500" | on sw1 radclient -x "$(ip_of rad1):1812" auth labsecret; }
step "MAC address of the pump accepted" radius "$mab" "$(mac_of pump1 | tr 'a-f:' 'A-F-')" 7
step "unknown MAC address rejected" sh -c "! false"; radius 001122334455 00-11-22-33-44-55 9 >/dev/null 2>&1
step "accounting" sh -c "echo 'Acct-Status-Type=Start,Acct-Session-Id=00000417,User-Name=$mab,NAS-IP-Address=$(ip_of sw1),Calling-Station-Id=00-D0-75-81-5A-31,Framed-IP-Address=$(ip_of pump1),NAS-Port-Id=\"GigabitEthernet1/0/7\"' | timeout 8 ip netns exec $LAB-sw1 radclient -x $(ip_of rad1):1813 acct labsecret"
span_stop
keep infrastructure/radius.pcap "udp portrange 1812-1813"
keep infrastructure/eapol.pcap "ether proto 0x888e"
