#!/bin/bash
# SSH (OpenSSH and dropbear on both ends) and Telnet (inetutils and busybox).
. "$(dirname "$0")/lab.sh"
lab_up shell nas1 pump2 arch1 sw1 mgr1 ws1
ssh-keygen -q -t ed25519 -N '' -f "$WORK/host"; ssh-keygen -q -t ed25519 -N '' -f "$WORK/user"; ssh-keygen -q -t rsa -b 2048 -N '' -f "$WORK/rsa"
dropbearkey -t ed25519 -f "$WORK/db" >/dev/null 2>&1; dropbearconvert openssh dropbear "$WORK/user" "$WORK/userdb" >/dev/null 2>&1
mkdir -p "$WORK/auth"; cat "$WORK/user.pub" >"$WORK/auth/authorized_keys"; chmod 700 "$WORK/auth"
span_start ssh
serve_private nas1 "mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e -f /dev/null -h $WORK/host -h $WORK/rsa -o PidFile=none -o UsePAM=no -o StrictModes=no -o AuthorizedKeysFile=$WORK/auth/authorized_keys"
serve pump2 dropbear -F -E -r "$WORK/db" -p 22
until_tcp nas1 22; until_tcp pump2 22
options="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -i $WORK/user"
step "OpenSSH to OpenSSH, key accepted" on mgr1 ssh $options root@"$(ip_of nas1)" true
step "OpenSSH to OpenSSH, refused" sh -c "! ip netns exec $LAB-mgr1 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -i $WORK/rsa admin@$(ip_of nas1) true"
step "dropbear to OpenSSH" on ws1 dbclient -y -y -i "$WORK/userdb" root@"$(ip_of nas1)" true
step "OpenSSH to dropbear, refused" sh -c "! ip netns exec $LAB-mgr1 ssh $options root@$(ip_of pump2) true"
step "keyscan of dropbear" on mgr1 ssh-keyscan "$(ip_of pump2)"
span_stop
keep remote/ssh.pcap "arp or tcp port 22"
cat >"$WORK/login" <<'E'
#!/bin/sh
# The login of a device that asks for a name and a password and then shows a menu.
printf 'WBM login: '; read -r user; printf 'Password: '; read -r password
printf '\r\nSpectrum Wireless Battery Module 20D29\r\nSoftware 8.00.01\r\n> '; read -r line; printf 'bye\r\n'
E
printf 'SIGMA Spectrum WBM\n' >"$WORK/issue"
cat >"$WORK/switch" <<'E'
#!/bin/sh
printf '\r\nUser Access Verification\r\n\r\nUsername: '; read -r user; printf 'Password: '; read -r password; printf '\r\n%% Login invalid\r\n'
E
chmod +x "$WORK/login" "$WORK/switch"
span_start telnet
serve pump2 busybox telnetd -F -p 23 -f "$WORK/issue" -l "$WORK/login"
serve sw1 socat TCP-LISTEN:23,reuseaddr,fork EXEC:"telnetd -h -E $WORK/switch",nofork
until_tcp pump2 23; until_tcp sw1 23
talk() { local host=$1; shift; ( sleep 0.7; for line in "$@"; do printf '%s\r\n' "$line"; sleep 0.5; done ) | on mgr1 timeout 5 inetutils-telnet "$(ip_of "$host")"; true; }
step "pump (busybox telnetd)" talk pump2 root secret exit
step "switch (inetutils telnetd)" talk sw1 admin wrong
cat "$WORK/step.log" | head -5
span_stop
keep remote/telnet.pcap "arp or tcp port 23"
