"""Write PROVENANCE.tsv: one row for each capture, with the versions of the software installed here."""

import hashlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

CAPTURES = Path(__file__).resolve().parent.parent
# file: script, Debian packages, PyPI packages, what it shows
ROWS = {
    "clinical/dicom.pcap": ("dicom.sh", "dcmtk orthanc", "pydicom pynetdicom", "C-ECHO, C-STORE of CT, MR and US, C-FIND, C-MOVE with sub-associations, modality worklist, rejected association; synthetic images"),
    "clinical/dicomweb.pcap": ("dicom.sh", "orthanc orthanc-dicomweb curl", "pydicom", "QIDO-RS, WADO-RS, WADO-URI, STOW-RS, Orthanc REST"),
    "clinical/dicom-tls.pcap": ("dicom.sh", "dcmtk", "", "C-STORE over TLS 1.3"),
    "clinical/hl7.pcap": ("hl7.sh", "", "hl7 hl7apy", "MLLP: IHE PCD-01 ORU^R01 of four monitors behind a gateway (PRT, OBX-18, UDI), ADT^A01, ORM^O01, ORU^R01, AA, AR"),
    "clinical/astm.pcap": ("astm.sh", "", "astm", "ASTM LIS1-A/LIS2-A2 over TCP: results of a blood gas analyser"),
    "clinical/sdc-plain.pcap": ("sdc.sh", "", "sdc11073", "IEEE 11073 SDC in the clear: WS-Discovery, DPWS metadata, GetMdib, Subscribe, reports (gzip bodies)"),
    "clinical/sdc-tls.pcap": ("sdc.sh", "", "sdc11073", "IEEE 11073 SDC over mutual TLS 1.3: only discovery is in the clear"),
    "clinical/fhir.pcap": ("fhir.sh", "curl", "fhirsnake", "CapabilityStatement, Device with UDI and serial, search, PUT, Patient (/metadata and the media type are added by fhir_server.py)"),
    "naming/dhcp.pcap": ("dhcp.sh", "dnsmasq-base isc-dhcp-client busybox-static dhcpcd-base systemd", "", "dhclient, udhcpc, dhcpcd, systemd-networkd with a dnsmasq server"),
    "naming/dhcp-isc.pcap": ("dhcp.sh", "isc-dhcp-server isc-dhcp-client busybox-static dhcpcd-base", "", "dhclient, udhcpc, dhcpcd with ISC dhcpd"),
    "naming/dhcp-kea.pcap": ("dhcp.sh", "kea-dhcp4-server isc-dhcp-client busybox-static dhcpcd-base", "", "dhclient, udhcpc, dhcpcd with Kea"),
    "naming/dhcpv6.pcap": ("dhcp.sh", "dnsmasq-base isc-dhcp-client dhcpcd-base", "", "router advertisement, dhclient -6 and dhcpcd -6"),
    "naming/dns.pcap": ("services.sh", "dnsmasq-base bind9-dnsutils", "", "A, AAAA, SRV, TXT, PTR, missing name, over TCP"),
    "naming/mdns.pcap": ("mdns.sh", "avahi-daemon", "zeroconf", "a printer, a media player, a file server; goodbye"),
    "naming/llmnr.pcap": ("llmnr.sh", "llmnrd", "", "LLMNR: a name that is answered, one that is not"),
    "naming/netbios.pcap": ("smb.sh", "samba nbtscan", "", "NetBIOS names registered, browser announcements, node status"),
    "naming/ssdp.pcap": ("ssdp.sh", "minidlna gupnp-tools curl", "", "NOTIFY, M-SEARCH, device description"),
    "naming/ws-discovery.pcap": ("wsd.sh", "wsdd", "WSDiscovery", "a file server with DPWS metadata, a camera with ONVIF scopes, probes"),
    "infrastructure/lldp.pcap": ("lldp.sh", "lldpd", "", "LLDP with LLDP-MED inventories of a switch, a telephone, a monitor; CDPv2"),
    "infrastructure/snmp.pcap": ("snmp.sh", "snmpd snmp", "", "v1, v2c, v3 authPriv; ENTITY-MIB and Printer-MIB serials; wrong community; refused set; trap"),
    "infrastructure/ntp.pcap": ("services.sh", "chrony", "", "server and two clients"),
    "infrastructure/syslog.pcap": ("services.sh", "rsyslog bsdutils", "", "RFC 3164 and RFC 5424 over UDP, RFC 5424 over TCP"),
    "infrastructure/radius.pcap": ("dot1x.sh", "freeradius hostapd freeradius-utils", "", "PEAP, EAP-TLS, MAC address accepted and rejected, accounting"),
    "infrastructure/eapol.pcap": ("dot1x.sh", "wpasupplicant hostapd", "", "802.1X on a wired port: PEAP and EAP-TLS"),
    "remote/http.pcap": ("web.sh", "nginx-light curl wget", "", "pages with titles, basic-auth realm, 404, proxy-style request"),
    "remote/tls.pcap": ("web.sh", "nginx-light curl wget openssl", "", "TLS 1.2 and 1.3, SNI, self-signed and expired certificates, refused certificate; OpenSSL, GnuTLS, Python clients"),
    "remote/h2c.pcap": ("web.sh", "nghttp2-server nghttp2-client curl", "", "HTTP/2 in the clear with prior knowledge; an upgrade that the server ignores"),
    "remote/ssh.pcap": ("shell.sh", "openssh-server openssh-client dropbear-bin", "", "OpenSSH and dropbear on both ends, accepted and refused keys"),
    "remote/telnet.pcap": ("shell.sh", "busybox-static inetutils-telnetd inetutils-telnet", "", "log-in at a pump module and at a switch"),
    "remote/ftp.pcap": ("files.sh", "vsftpd curl", "pyftpdlib", "anonymous listing, refused upload, log-in, upload, active-mode download, wrong password"),
    "remote/tftp.pcap": ("files.sh", "tftpd-hpa tftp-hpa", "", "get, put, missing file"),
    "remote/smb.pcap": ("smb.sh", "samba smbclient", "", "SMB1, SMB2, SMB3 with NTLMSSP; upload, delete, wrong password"),
    "remote/smtp.pcap": ("mail.sh", "", "aiosmtpd", "mail in the clear and after STARTTLS"),
    "remote/sip-rtp.pcap": ("voice.sh", "sip-tester", "", "REGISTER, INVITE, RTP (G.711 A-law), BYE"),
    "remote/mqtt.pcap": ("telemetry.sh", "mosquitto mosquitto-clients", "", "MQTT 3.1.1 and 5, user names, refused log-in, retained message"),
    "remote/ldap.pcap": ("directory.sh", "slapd ldap-utils", "", "root DSE, simple bind, search, wrong password"),
    "remote/kerberos.pcap": ("directory.sh", "krb5-kdc krb5-user", "", "AS and TGS exchanges of a person and of a host, unknown name, wrong password"),
    "remote/rdp.pcap": ("desktop.sh", "xrdp freerdp2-x11", "", "RDP with TLS and with its own encryption (client name in the clear)"),
    "remote/vnc.pcap": ("desktop.sh", "tigervnc-standalone-server xtightvncviewer", "", "VNC without and with a password"),
    "remote/postgresql.pcap": ("database.sh", "postgresql-15 postgresql-client-15", "", "SCRAM log-in, query, wrong user"),
    "remote/mysql.pcap": ("database.sh", "mariadb-server mariadb-client", "", "log-in, query, wrong password"),
    "remote/tds.pcap": ("database.sh", "freetds-bin", "", "FreeTDS client against tds_responder.py (written from MS-TDS: there is no free TDS server): PRELOGIN, LOGIN7, refused"),
    "remote/ipp.pcap": ("print.sh", "cups-ipp-utils avahi-daemon", "", "printer attributes, one job, DNS-SD announcement"),
    "building/bacnet.pcap": ("building.sh", "", "bacpypes3", "Who-Is, I-Am, ReadProperty of the Device object, errors, WriteProperty"),
    "building/modbus.pcap": ("building.sh", "mbpoll", "pymodbus", "reads, device identification 43/14, writes, an exception"),
    "building/knx.pcap": ("building.sh", "knxd", "xknx", "KNXnet/IP search, description, tunnel, group write"),
    "building/opcua.pcap": ("building.sh", "", "asyncua", "OPC UA endpoints and build information"),
    "ward/ward.pcap": ("ward.sh", "wireshark-common", "", "one ward: the captures of most topics, moved in time and merged; software as in their rows"),
}

# Built from documents by our own scripts, without a peer. file: script, what it shows, document
BUILT = {
    "documents/intellivue.pcap": ("documents.py", "Philips IntelliVue connect indication, association, MDS create event, polls of the MDS, of demographics and of a numeric", "Philips IntelliVue Data Export Interface Programming Guide 4535 642 59271"),
    "documents/carescape.pcap": ("documents.py", "GE CARESCAPE Network discovery of a monitor and a central station, time synchronisation", "two public descriptions of the network, see the dissector"),
    "documents/poct1a.pcap": ("documents.py", "POCT1-A hello, status, a result, operator and patient lists, clock directive, end", "CLSI POCT1-A2, Appendix B"),
    "documents/fox.pcap": ("documents.py", "Niagara Fox greetings of a workbench and a station, challenge", "the greeting as published with Nmap's fox-info"),
    "documents/mndp.pcap": ("documents.py", "MikroTik neighbour discovery: three announcements, a request", "MikroTik RouterOS documentation, Neighbor discovery"),
    "wire/plain.pcap": ("wire.py", "a DICOM C-STORE association as it was", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/qinq.pcap": ("wire.py", "a DICOM C-STORE association in 802.1ad and 802.1Q tags", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/mpls.pcap": ("wire.py", "a DICOM C-STORE association under two MPLS labels", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/pppoe.pcap": ("wire.py", "a DICOM C-STORE association in PPPoE", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/erspan2.pcap": ("wire.py", "a DICOM C-STORE association in ERSPAN type II", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/erspan3.pcap": ("wire.py", "a DICOM C-STORE association in ERSPAN type III", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/vxlan.pcap": ("wire.py", "a DICOM C-STORE association in VXLAN", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/geneve.pcap": ("wire.py", "a DICOM C-STORE association in Geneve with an option", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/radiotap.pcap": ("wire.py", "a DICOM C-STORE association in 802.11 data and QoS data frames with radiotap", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/cooked.pcap": ("wire.py", "a DICOM C-STORE association on link type LINUX_SLL", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/cooked2.pcap": ("wire.py", "a DICOM C-STORE association on link type LINUX_SLL2", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/rawip.pcap": ("wire.py", "a DICOM C-STORE association on link type RAW", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/fragments.pcap": ("wire.py", "a DICOM C-STORE association in IPv4 fragments out of order and repeated, with a fragmented syslog datagram", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/disorder.pcap": ("wire.py", "a DICOM C-STORE association in small segments out of order, repeated and overlapping", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/loss.pcap": ("wire.py", "a DICOM C-STORE association with one segment missing from the capture", "the layouts named in make/wire.py around clinical/dicom.pcap"),
    "wire/midstream.pcap": ("wire.py", "a DICOM C-STORE association without its handshake", "the layouts named in make/wire.py around clinical/dicom.pcap"),
}


def debian(package: str) -> str:
    out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return f"{package} {out.stdout.strip()}" if out.returncode == 0 and out.stdout else f"{package} (not installed)"


def main() -> int:
    present = {str(p.relative_to(CAPTURES)) for p in CAPTURES.glob("*/*.pcap")}
    lines = ["file\tscript\tsoftware\tshows\tlicence\tsha256"]
    for file in sorted(present & ROWS.keys()):
        script, packages, wheels, shows = ROWS[file]
        software = [debian(p) for p in packages.split()] + [f"PyPI {w} {version(w)}" for w in wheels.split()]
        digest = hashlib.sha256((CAPTURES / file).read_bytes()).hexdigest()
        lines.append("\t".join([file, f"make/{script}", ", ".join(software), shows, "Apache-2.0, made by this project", digest]))
    for file in sorted(present & BUILT.keys()):
        script, shows, document = BUILT[file]
        digest = hashlib.sha256((CAPTURES / file).read_bytes()).hexdigest()
        software = f"built from {document}, no real peer"
        lines.append("\t".join([file, f"make/{script}", software, shows, "Apache-2.0, made by this project", digest]))
    (CAPTURES / "PROVENANCE.tsv").write_text("\n".join(lines) + "\n")
    for odd in sorted(present ^ (ROWS.keys() | BUILT.keys())):
        print("no row" if odd in present else "not made", odd)
    return 1 if present - ROWS.keys() - BUILT.keys() else 0


sys.exit(main())
