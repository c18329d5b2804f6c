#!/bin/sh
# Install the real software that the captures are made with: Debian 12 packages and PyPI packages in a venv.
# Run as root. VENV chooses where the venv goes (default: .venv beside this file; not committed).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${VENV:=$here/.venv}"
export DEBIAN_FRONTEND=noninteractive

# No daemon may start on the machine itself: they run only inside the namespaces of lab.sh.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi

install_packages() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"; }

apt-get update
# The laboratory itself.
install_packages iproute2 ethtool tcpdump tshark wireshark-common procps curl openssl socat ncat gcc libc6-dev python3-venv
# Clinical.
install_packages dcmtk orthanc orthanc-dicomweb
# Naming, addressing, discovery.
install_packages isc-dhcp-client isc-dhcp-server busybox-static dhcpcd-base dnsmasq-base kea-dhcp4-server \
    bind9-dnsutils avahi-daemon avahi-utils dbus minidlna gupnp-tools wsdd llmnrd lldpd snmpd snmp nbtscan
# Servers and management.
install_packages samba smbclient nginx-light nghttp2-client nghttp2-server chrony rsyslog openssh-server openssh-client dropbear-bin \
    inetutils-telnet inetutils-telnetd vsftpd tftpd-hpa tftp-hpa slapd ldap-utils krb5-kdc krb5-admin-server krb5-user postgresql-15 \
    mariadb-server mariadb-client freetds-bin freeradius freeradius-utils hostapd wpasupplicant
# Remote desktops, voice, print, building, telemetry.
install_packages xrdp freerdp2-x11 tigervnc-standalone-server xtightvncviewer xvfb xauth sip-tester cups-ipp-utils mosquitto mosquitto-clients mbpoll knxd wget

python3 -m venv "$VENV"
"$VENV/bin/pip" install --quiet pydicom==3.0.2 pynetdicom==3.0.4 hl7==0.4.5 hl7apy==1.3.5 sdc11073==3.0.0 pymodbus==3.16.1 \
    bacpypes3==0.0.110 asyncua==2.1.0 zeroconf==0.154.0 aiosmtpd==1.4.6 pyftpdlib==2.2.0 fhirsnake==1.1.0 xknx==4.0.0 WSDiscovery
# astm 0.5.0 dates from 2013: its set-up needs an old setuptools and a name that Python 3.10 removed.
old=$(mktemp -d)
python3 -m venv "$old/venv"
"$old/venv/bin/pip" install --quiet 'setuptools==57.5.0' wheel
echo 'import collections, collections.abc; collections.Iterable = collections.abc.Iterable' >"$old/sitecustomize.py"
PYTHONPATH=$old "$old/venv/bin/pip" install --quiet --no-build-isolation --no-deps \
    --target "$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" astm==0.5.0
rm -rf "$old"
