#!/bin/bash
# SMB1, SMB2 and SMB3 with NTLMSSP, NetBIOS names, made with Samba: an ultrasound machine that exports and a file server.
. "$(dirname "$0")/lab.sh"
lab_up smb us2 nas1 mgr1 adm1
samba() { # key, netbios name, workgroup, comment, extra lines
    local w=$WORK/$1; mkdir -p "$w"/{lock,private,state,cache,share}; chmod 777 "$w/share"
    cat >"$w/smb.conf" <<E
[global]
netbios name = $2
workgroup = $3
server string = $4
lock directory = $w/lock
private dir = $w/private
state directory = $w/state
cache directory = $w/cache
pid directory = $w/lock
ncalrpc dir = $w/lock/nc
log file = $w/log
map to guest = Bad User
interfaces = eth0
bind interfaces only = yes
disable spoolss = yes
$5
[export]
path = $w/share
guest ok = yes
read only = no
E
    serve $1 nmbd -F -s "$w/smb.conf"; serve $1 smbd -F -s "$w/smb.conf"
}
span_start smb
samba us2 US-EPIQ7 IMAGING "EPIQ 7 Ultrasound" "server min protocol = NT1"
samba nas1 NAS-RAD RADIOLOGY "Radiology files" "server min protocol = SMB2
announce version = 6.1"
until_tcp us2 445; until_tcp nas1 445
mkdir -p "$WORK/client"; printf '[global]\nnetbios name = BIOMED-LAPTOP\nworkgroup = CLINENG\nclient min protocol = NT1\nprivate dir = %s/client\nlock directory = %s/client\nstate directory = %s/client\ncache directory = %s/client\n' "$WORK" "$WORK" "$WORK" "$WORK" >"$WORK/client.conf"
sed 's/BIOMED-LAPTOP/ADM-DESK-1/; s/CLINENG/NORTHHILL/' "$WORK/client.conf" >"$WORK/adm.conf"
echo report >"$WORK/report.txt"
( echo smbpw; echo smbpw ) | on nas1 smbpasswd -s -a -c "$WORK/nas1/smb.conf" nobody >/dev/null 2>&1
step "SMB1 upload to the ultrasound machine" on mgr1 smbclient -s "$WORK/client.conf" -N -m NT1 "//$(ip_of us2)/export" -c "put $WORK/report.txt report.txt; ls"
step "SMB3 listing of shares" on mgr1 smbclient -s "$WORK/client.conf" -N -L "//$(ip_of nas1)"
step "SMB2 upload to the file server" on adm1 smbclient -s "$WORK/adm.conf" -N -m SMB2 "//$(ip_of nas1)/export" -c "put $WORK/report.txt r.txt; ls; del r.txt"
step "SMB3 with a password" on adm1 smbclient -s "$WORK/adm.conf" -m SMB3 -U "NORTHHILL/nobody%smbpw" "//$(ip_of nas1)/export" -c "ls"
step "SMB3 wrong password" sh -c "! timeout 10 ip netns exec $LAB-adm1 smbclient -s $WORK/adm.conf -U NORTHHILL/nobody%wrong //$(ip_of nas1)/export -c ls"
step "NetBIOS status of the ultrasound machine" on mgr1 nbtscan -q "$(ip_of us2)"
sleep 2
span_stop
keep remote/smb.pcap "arp or tcp port 445 or tcp port 139"
keep naming/netbios.pcap "arp or udp port 137 or udp port 138"
