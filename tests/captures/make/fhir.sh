#!/bin/bash
# FHIR R4 over HTTP: CapabilityStatement, Device resources with UDI and serial, search, create, a Patient.
. "$(dirname "$0")/lab.sh"
lab_up fhir ehr1 eng1 mgr1
mkdir -p "$WORK/resources"/{Device,Patient}
cat >"$WORK/capability.json" <<'E'
{"resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-01", "publisher": "Northhill General Hospital", "kind": "instance",
 "software": {"name": "fhirsnake", "version": "1.1.0"}, "implementation": {"description": "Northhill FHIR endpoint", "url": "http://ehr01.northhill.example:8080"},
 "fhirVersion": "4.0.1", "format": ["json"], "rest": [{"mode": "server", "resource": [{"type": "Device"}, {"type": "Patient"}]}]}
E
cat >"$WORK/resources/Device/pump-14398812.json" <<'E'
{"identifier": [{"system": "urn:northhill:biomed", "value": "BIO-20417"}], "status": "active", "manufacturer": "BD", "modelNumber": "8015", "serialNumber": "14398812",
 "udiCarrier": [{"deviceIdentifier": "10885403801518", "carrierHRF": "(01)10885403801518(11)190211(21)14398812"}],
 "deviceName": [{"name": "Alaris PC Unit", "type": "user-friendly-name"}], "type": {"coding": [{"system": "http://snomed.info/sct", "code": "182722004", "display": "Infusion pump"}]},
 "version": [{"value": "12.1.2"}], "patient": {"reference": "Patient/zzpat0103"}}
E
cat >"$WORK/resources/Patient/zzpat0103.json" <<'E'
{"identifier": [{"system": "urn:northhill:mrn", "value": "ZZPAT0103"}], "name": [{"family": "ZZTEST", "given": ["HANNE"]}], "birthDate": "1901-02-03"}
E
cat >"$WORK/new.json" <<'E'
{"resourceType": "Device", "id": "vent-0042", "status": "active", "manufacturer": "Draeger", "modelNumber": "Evita V800", "serialNumber": "ASNH-0042",
 "udiCarrier": [{"deviceIdentifier": "04049098012348", "carrierHRF": "(01)04049098012348(11)220509(21)ASNH-0042"}], "version": [{"value": "2.51.0"}]}
E
cd "$WORK"
span_start fhir
serve ehr1 "$PY" "$PEERS/fhir_server.py" 8080
until_tcp ehr1 8080
url=http://$(ip_of ehr1):8080
agent="NorthEngine/3.12.0 FHIR client"
step "capability statement" on eng1 curl -sf -A "$agent" -H "Accept: application/fhir+json" "$url/metadata"
step "search devices" on eng1 curl -sf -A "$agent" "$url/Device"
step "read device" on eng1 curl -sf -A "$agent" "$url/Device/pump-14398812"
step "read patient" on eng1 curl -sf -A "$agent" "$url/Patient/zzpat0103"
step "create device" on eng1 curl -sf -A "$agent" -X PUT -H "Content-Type: application/fhir+json" -d @"$WORK/new.json" "$url/Device/vent-0042"
span_stop
keep clinical/fhir.pcap "arp or tcp"
