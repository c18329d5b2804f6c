#!/bin/bash
# Make every capture anew (about four minutes), then the ward and PROVENANCE.tsv. Run as root after install.sh.
here=$(cd "$(dirname "$0")" && pwd)
for script in dicom hl7 astm sdc fhir dhcp mdns llmnr ssdp wsd smb lldp snmp services dot1x web shell files mail voice telemetry directory desktop database print building ward; do
    echo "== $script"
    timeout -k 5 200 bash "$here/$script.sh" || echo "  FAIL $script.sh"
done
for script in documents wire; do python3 "$here/$script.py"; done
"${VENV:-$here/.venv}/bin/python" "$here/provenance.py"
