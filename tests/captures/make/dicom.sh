#!/bin/bash
# DICOM with DCMTK, Orthanc and pynetdicom: echo, store, find, move, worklist, a rejected association, TLS, DICOMweb.
. "$(dirname "$0")/lab.sh"
lab_up dicom ct1 mr1 us1 pacs1 arch1 read1 ris1
"$PY" "$PEERS/dicom_images.py" "$WORK/images" || exit 1
I=$WORK/images

mkdir -p "$WORK"/{arch,read,wl/RIS_WL,orthanc}
cat >"$WORK/archive.cfg" <<E
NetworkTCPPort  = 104
MaxPDUSize      = 16384
MaxAssociations = 16
HostTable BEGIN
read1 = (READ1, $(ip_of read1), 11112)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
VNA1 $WORK/arch RW (200, 1024mb) ANY
AETable END
E
cat >"$WORK/orthanc.json" <<E
{"Name": "PACS Northhill", "StorageDirectory": "$WORK/orthanc", "IndexDirectory": "$WORK/orthanc", "HttpPort": 8042, "DicomPort": 11112,
 "DicomAet": "PACS1", "RemoteAccessAllowed": true, "AuthenticationEnabled": false, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true,
 "DicomAlwaysAllowMove": true, "Plugins": ["/usr/share/orthanc/plugins"], "DicomModalities": {"read1": ["READ1", "$(ip_of read1)", 11112]},
 "DicomWeb": {"Enable": true}}
E
cp "$I/worklist.wl" "$WORK/wl/RIS_WL/"; touch "$WORK/wl/RIS_WL/lockfile"
chmod -R a+rwX "$WORK"

span_start dicom
serve arch1 dcmqrscp -c "$WORK/archive.cfg"
serve read1 storescp -aet READ1 -od "$WORK/read" 11112
serve ris1 wlmscpfs -dfr -dfp "$WORK/wl" 1105
serve pacs1 Orthanc "$WORK/orthanc.json"
until_tcp pacs1 8042; until_tcp arch1 104; until_tcp ris1 1105; until_tcp read1 11112
pacs=$(ip_of pacs1) arch=$(ip_of arch1)
step "echo CT1 to PACS1" on ct1 echoscu -aet CT1 -aec PACS1 "$pacs" 11112
step "worklist CT1 at RIS_WL" on ct1 findscu -aet CT1 -aec RIS_WL -W -k "(0040,0100)[0].Modality=CT" -k "(0040,0100)[0].ScheduledStationAETitle=CT1" -k PatientName -k PatientID "$(ip_of ris1)" 1105
step "store CT1 to PACS1" on ct1 storescu -aet CT1 -aec PACS1 "$pacs" 11112 "$I/ct1.dcm" "$I/ct2.dcm"
step "store MR1 to VNA1" on mr1 storescu -aet MR1 -aec VNA1 "$arch" 104 "$I/mr1.dcm"
step "store MR1 to VNA1, implicit VR" on mr1 storescu -xi -aet MR1 -aec VNA1 "$arch" 104 "$I/mr2.dcm"
step "store US3 to PACS1 (pynetdicom)" on us1 "$PY" "$PEERS/dicom_modality.py" US3 PACS1 "$pacs" 11112 "$I/us1.dcm"
step "find studies READ1 at PACS1" on read1 findscu -aet READ1 -aec PACS1 -S -k QueryRetrieveLevel=STUDY -k PatientName= -k StudyInstanceUID= -k ModalitiesInStudy= "$pacs" 11112
step "find patients READ1 at VNA1" on read1 findscu -aet READ1 -aec VNA1 -P -k QueryRetrieveLevel=PATIENT -k PatientName= -k PatientID= "$arch" 104
step "move READ1 from VNA1" on read1 movescu -aet READ1 -aec VNA1 -aem READ1 -P -k QueryRetrieveLevel=PATIENT -k PatientID=ZZPAT0002 "$arch" 104
step "move READ1 from PACS1" on read1 movescu -aet READ1 -aec PACS1 -aem READ1 -P -k QueryRetrieveLevel=PATIENT -k PatientID=ZZPAT0001 "$pacs" 11112
on read1 storescu -aet READ1 -aec NOSUCH "$arch" 104 "$I/ct1.dcm" >/dev/null 2>&1 && echo "  FAIL a wrong AE title was accepted" || echo "  ok   association to NOSUCH rejected"
span_stop
keep clinical/dicom.pcap "arp or tcp port 104 or tcp port 11112 or tcp port 1105"

span_start dicomweb
url=http://$pacs:8042
step "QIDO-RS studies" on read1 curl -sf -A "NorthView/4.2 (workstation)" -H "Accept: application/dicom+json" "$url/dicom-web/studies?ModalitiesInStudy=CT&limit=5"
study=1.2.826.0.1.3680043.10.99001.119482.1
step "WADO-RS metadata" on read1 curl -sf -A "NorthView/4.2 (workstation)" "$url/dicom-web/studies/$study/metadata"
step "WADO-RS study" on read1 curl -sf -A "NorthView/4.2 (workstation)" -o /dev/null "$url/dicom-web/studies/$study"
step "WADO-URI" on read1 curl -sf -A "NorthView/4.2 (workstation)" -o /dev/null "$url/wado?requestType=WADO&studyUID=$study&seriesUID=$study.1&objectUID=$study.1.1&contentType=application/dicom"
{ printf -- '--edge\r\nContent-Type: application/dicom\r\n\r\n'; cat "$I/us1.dcm"; printf '\r\n--edge--\r\n'; } >"$WORK/stow"
step "STOW-RS" on us1 curl -sf -X POST -H 'Content-Type: multipart/related; type="application/dicom"; boundary=edge' --data-binary "@$WORK/stow" "$url/dicom-web/studies"
step "REST system" on read1 curl -sf "$url/system"
span_stop
keep clinical/dicomweb.pcap "arp or tcp port 8042"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/k.pem" -out "$WORK/c.pem" -days 365 -subj "/O=Northhill General Hospital/OU=Radiology/CN=readroom-1.$DOMAIN" 2>/dev/null
span_start tls
serve read1 storescp +tls "$WORK/k.pem" "$WORK/c.pem" -ic -aet READ1 -od "$WORK/read" 2762
until_tcp read1 2762
step "store over TLS" on ct1 storescu +tls "$WORK/k.pem" "$WORK/c.pem" -ic -aet CT1 -aec READ1 "$(ip_of read1)" 2762 "$I/ct1.dcm"
span_stop
keep clinical/dicom-tls.pcap "arp or tcp port 2762"
