#!/bin/bash
# FTP (vsftpd and pyftpdlib; login, upload, refused) and TFTP.
. "$(dirname "$0")/lab.sh"
lab_up files pump2 nas1 vent1 mgr1 ct1
mkdir -p "$WORK/nas" "$WORK/tftp"; chmod -R a+rwX "$WORK"
head -c 3000 /dev/urandom >"$WORK/wbm_8.00.01.bin"
cat >"$WORK/vsftpd.conf" <<E
listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=NO
ftpd_banner=SIGMA Spectrum WBM 20D29 FTP server ready.
anon_root=$WORK/tftp
secure_chroot_dir=$WORK/tftp
seccomp_sandbox=NO
E
chmod 644 "$WORK/vsftpd.conf"; chmod 555 "$WORK/tftp"; echo readme >"$WORK/tftp/README" 
cat >"$WORK/ftpd.py" <<E
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
a = DummyAuthorizer(); a.add_user("ctservice", "service", "$WORK/nas", perm="elradfmwMT")
FTPHandler.authorizer = a
FTPServer(("0.0.0.0", 21), FTPHandler).serve_forever()
E
span_start ftp
serve pump2 vsftpd "$WORK/vsftpd.conf"
serve nas1 "$PY" "$WORK/ftpd.py"
until_tcp pump2 21; until_tcp nas1 21
step "anonymous listing of the pump" on mgr1 curl -sf "ftp://$(ip_of pump2)/"
step "anonymous upload refused" sh -c "! timeout 8 ip netns exec $LAB-mgr1 curl -sf -T $WORK/wbm_8.00.01.bin ftp://$(ip_of pump2)/"
step "login and upload to the file server" on ct1 curl -sf -T "$WORK/wbm_8.00.01.bin" -u ctservice:service "ftp://$(ip_of nas1)/backup/" --ftp-create-dirs
step "login and download, active mode" on ct1 curl -sf -P - -o /dev/null -u ctservice:service "ftp://$(ip_of nas1)/backup/wbm_8.00.01.bin"
step "wrong password" sh -c "! timeout 8 ip netns exec $LAB-ct1 curl -sf -u ctservice:wrong ftp://$(ip_of nas1)/"
span_stop
keep remote/ftp.pcap "arp or tcp"
echo firmware >"$WORK/nas/vvx411-5.9.6.ld"; chmod 666 "$WORK/nas/vvx411-5.9.6.ld"; : >"$WORK/nas/vent-0042.log"; chmod 666 "$WORK/nas/vent-0042.log"
span_start tftp
serve nas1 in.tftpd -L -s "$WORK/nas" -u nobody
until_udp nas1 69
cd "$WORK"
step "TFTP get" on mgr1 tftp -m octet "$(ip_of nas1)" -c get vvx411-5.9.6.ld
echo log >vent-0042.log
step "TFTP put" on vent1 tftp -m octet "$(ip_of nas1)" -c put vent-0042.log
step "TFTP of a missing file" on mgr1 tftp "$(ip_of nas1)" -c get nosuch.cfg
span_stop
keep remote/tftp.pcap "arp or udp"
