#!/bin/bash
# Remote desktops: RDP (xrdp, xfreerdp) and VNC (TigerVNC with and without a password).
. "$(dirname "$0")/lab.sh"
lab_up desktop read1 cent1 mgr1
"$PY" "$PEERS/certificates.py" "$WORK"
sed -e "s|^certificate=.*|certificate=$WORK/portal.pem|; s|^key_file=.*|key_file=$WORK/portal.key|; s|^LogFile=.*|LogFile=$WORK/xrdp.log|; s|^#\?rsakeys_ini=.*|rsakeys_ini=$WORK/rsakeys.ini|" /etc/xrdp/xrdp.ini >"$WORK/xrdp.ini"
xrdp-keygen xrdp "$WORK/rsakeys.ini" 2048 >/dev/null 2>&1; chmod 644 "$WORK"/*
span_start rdp
serve_private read1 "mkdir -p /run/xrdp; exec xrdp --nodaemon --config $WORK/xrdp.ini"
until_tcp read1 3389
rdp() { on_named mgr1 timeout 8 xvfb-run -a xfreerdp "/v:$(ip_of read1)" /u:service /p:wrong /cert:ignore "$@" >"$WORK/rdp.log" 2>&1; true; }
step "RDP with TLS" rdp /sec:tls
step "RDP with its own encryption" rdp /sec:rdp
span_stop
keep remote/rdp.pcap "arp or tcp port 3389"
span_start vnc
printf 'monitor\n' | vncpasswd -f >"$WORK/pw" 2>/dev/null
serve_named cent1 Xtigervnc :1 -rfbport 5900 -SecurityTypes None -desktop "Central ICU3" -geometry 64x48 -depth 16 -localhost=0
serve_named read1 Xtigervnc :2 -rfbport 5901 -SecurityTypes VncAuth -PasswordFile "$WORK/pw" -desktop "readroom-1:2" -geometry 64x48 -depth 16 -localhost=0
until_tcp cent1 5900; until_tcp read1 5901
vnc() { on mgr1 timeout 4 xvfb-run -a vncviewer "$@" >"$WORK/vnc.log" 2>&1; true; }
step "VNC without a password" vnc "$(ip_of cent1)::5900"
step "VNC with a password" vnc -passwd "$WORK/pw" "$(ip_of read1)::5901"
span_stop
keep remote/vnc.pcap "arp or tcp portrange 5900-5901"
