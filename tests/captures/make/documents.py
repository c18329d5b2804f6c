"""Captures of protocols for which no free peer exists, built from their documents.

Each message follows the layout that the named document gives; devices are invented, addresses continue plan.tsv, and
every patient is one of planted-patients.txt. Python 3 standard library only: `python3 documents.py`.
"""

import struct

from frames import BROADCAST, QNX, WINDOWS, Capture, Host, conversation

MONITOR = Host("00:09:fb:46:08:71", "10.20.30.71")  # Philips IntelliVue
COLLECTOR = Host("00:50:56:a1:30:72", "10.20.30.72")
BEDSIDE = Host("44:4b:5d:77:c0:73", "10.20.30.73")  # GE bedside monitor
CENTRAL = Host("44:4b:5d:70:11:74", "10.20.30.74")  # GE central station
METER = Host("00:80:a3:9c:42:75", "10.20.30.75")  # glucose meter's dock, Lantronix interface
MANAGER = Host("00:50:56:a1:30:76", "10.20.30.76")  # point-of-care data manager
STATION = Host("00:01:f0:91:20:77", "10.20.30.77", QNX)  # Tridium controller
OFFICE = Host("00:06:5b:4d:08:79", "10.20.30.79", WINDOWS)  # facility management's workbench
ROUTER = Host("4c:5e:0c:2b:19:78", "10.20.30.78")  # MikroTik
EVERYONE = Host(BROADCAST, "10.20.30.255")
ALL = Host(BROADCAST, "255.255.255.255")


def words(*values: int) -> bytes:
    return struct.pack(f"!{len(values)}H", *values)


def counted(body: bytes) -> bytes:
    """A 16-bit length and what it counts."""
    return words(len(body)) + body


# --- Philips IntelliVue Data Export Interface Programming Guide (4535 642 59271) -----------------------------------

MDS, DEMOGRAPHICS, NUMERIC = 33, 42, 6
MDDL = "2a8648ce14020100000001"


def attribute(code: int, value: bytes) -> bytes:
    """AVAType: attribute id, length, value."""
    return words(code) + counted(value)


def attribute_list(*attributes: bytes) -> bytes:
    """AttributeList: count, length, attributes."""
    return words(len(attributes)) + counted(b"".join(attributes))


def label(text: bytes) -> bytes:
    """VariableLabel: length and text, padded to an even number of bytes."""
    return counted(text + b"\0" * (len(text) % 2))


def string(text: str) -> bytes:
    """String: length and 16-bit characters, the last one 0."""
    return counted((text + "\0").encode("utf-16-be"))


def remote_operation(kind: int, invoke: int, command: int, body: bytes) -> bytes:
    """ROapdus around ROIVapdu (1) or RORSapdu (2)."""
    return words(kind) + counted(words(invoke, command) + counted(body))


def exported(apdu: bytes) -> bytes:
    """SPpdu: session id 0xE100, presentation context 2."""
    return words(0xE100, 2) + apdu


def specification(kind: int, component: int, text: bytes) -> bytes:
    """ProdSpecEntry."""
    return words(kind, component) + label(text)


def monitor_attributes() -> list[bytes]:
    specifications = [
        specification(1, 0x0008, b"DE46110815"),
        specification(2, 0x0008, b"865241"),
        specification(3, 0x0008, b"A.00.12"),
        specification(3, 0x0050, b"C.00.07"),
        specification(4, 0x0058, b"L.00.95"),
        specification(4, 0x0018, b"F.01.04"),
        specification(6, 0x0058, b"D.00.01"),
    ]
    return [
        attribute(0x0986, words(1, 0x114D)),  # System Type: NOM_PART_OBJ, monitor
        attribute(0x0928, label(b"Philips\0") + label(b"865241\0")),  # System Model: manufacturer, model number
        attribute(0x092D, words(len(specifications)) + counted(b"".join(specifications))),  # Production Specification
        attribute(0x0984, counted(bytes.fromhex("0009fb") + bytes.fromhex("fffe460871"))),  # System Id: EUI-64
    ]


def connect_indication() -> bytes:
    """Nomenclature, ROapdus, ROIVapdu, EventReportArgument (NOM_NOTI_MDS_CONNECT_INDIC), attributes."""
    address = bytes.fromhex("0009fb460871") + bytes([10, 20, 30, 71, 255, 255, 255, 0])
    support = words(2, 16) + words(1, 1, 24105, 0) + words(5, 1, 24105, 0)
    attributes = attribute_list(
        attribute(0x091D, struct.pack("!I", 0x00010000)),  # Nomenclature Version
        *monitor_attributes(),
        attribute(0xF101, support),  # Protocol Support: association control and data export over UDP
        attribute(0xF102, struct.pack("!IHH", 0x00010000, 1, 11)),  # System Localization
        attribute(0xF100, address),  # Network Address Information
        attribute(0xF135, string("ICU3 B12")),  # Bed Label
    )
    event = words(MDS, 0, 0) + struct.pack("!I", 0x00012C00) + words(0x0D17) + counted(attributes)
    return bytes.fromhex("00000100") + remote_operation(1, 1, 0, event)


def association(session_type: int, user_data: bytes) -> bytes:
    """Session, presentation and ACSE headers with their fixed parts, then MDSEUserInfoStd, then the trailer."""
    session_data = bytes.fromhex("0508130100160102800014020002")
    fixed = bytes.fromhex(
        "3180a0808001010000a280a003000001a480308002010106045201000130800602510100000000"
        f"3080020102060c{MDDL}0130800 60c{MDDL}020000000000006180308002010 1a0806080a180060c{MDDL}030000be802880060c{MDDL}010102010281".replace(" ", "")
    )
    user = bytes([len(user_data)]) + user_data
    trailer = bytes(16)
    presentation_length = len(fixed) + len(user) + len(trailer)
    presentation = b"\xc1" + (bytes([presentation_length]) if presentation_length < 255 else b"\xff" + words(presentation_length))
    body = session_data + presentation + fixed + user + trailer
    return bytes([session_type]) + (bytes([len(body)]) if len(body) < 255 else b"\xff" + words(len(body))) + body


def user_information(system_type: int, startup: int) -> bytes:
    """MDSEUserInfoStd with the poll profile."""
    packages = attribute_list(attribute(0xF001, struct.pack("!II", 0x80000000, 0)))
    profile = struct.pack("!IIIIII", 0x80000000, 32000, 1456, 1456, 0xFFFFFFFF, 0x60000000) + packages
    supported = attribute_list(attribute(0x0001, profile))
    return struct.pack("!IIIII", 0x80000000, 0x40000000, 0, system_type, startup) + attribute_list() + supported


def poll(invoke: int, code: int) -> bytes:
    """Single poll: ActionArgument (NOM_ACT_POLL_MDIB_DATA), PollMdibDataReq."""
    return exported(remote_operation(1, invoke, 7, words(MDS, 0, 0, 0, 0, 0x0C16) + counted(words(invoke, 1, code, 0))))


def polled(invoke: int, code: int, observations: list[bytes]) -> bytes:
    """ActionResult, PollMdibDataReply with one context; observations are ObservationPoll structures."""
    observation_list = words(len(observations)) + counted(b"".join(observations))
    contexts = words(1) + counted(words(0) + observation_list)
    reply = words(invoke) + struct.pack("!I", 0x00012F00) + bytes.fromhex("2026112210000600") + words(1, code, 0) + contexts
    return exported(remote_operation(2, invoke, 7, words(MDS, 0, 0, 0x0C16) + counted(reply)))


def intellivue() -> None:
    capture = Capture()
    for _ in range(2):
        capture.datagram(MONITOR, EVERYONE, 24005, 24005, connect_indication(), 10.0)
    ports = (24106, 24105)

    def ask(payload: bytes):
        capture.datagram(COLLECTOR, MONITOR, *ports, payload)

    def answer(payload: bytes):
        capture.datagram(MONITOR, COLLECTOR, ports[1], ports[0], payload)

    ask(association(0x0D, user_information(0x80000000, 0x20000000)))
    answer(association(0x0E, user_information(0x00800000, 0x40000000)))
    created = words(MDS, 0, 0) + attribute_list(*monitor_attributes(), attribute(0x091E, string("ICU3 B12")))
    event = words(MDS, 0, 0) + struct.pack("!I", 0x00012D00) + words(0x0D06) + counted(created)
    answer(exported(remote_operation(1, 1, 1, event)))
    ask(exported(remote_operation(2, 1, 1, words(MDS, 0, 0) + struct.pack("!I", 0) + words(0x0D06, 0))))
    ask(poll(2, MDS))
    answer(polled(2, MDS, [words(0) + attribute_list(*monitor_attributes(), attribute(0x091E, string("ICU3 B12")))]))
    ask(poll(3, DEMOGRAPHICS))
    person = attribute_list(
        attribute(0x0957, words(2)),  # Patient Demographic State: admitted
        attribute(0x095A, string("ZZPAT0201")),  # Patient Id
        attribute(0x095C, string("ZZTEST")),  # Family Name
        attribute(0x095D, string("KURT")),  # Given Name
        attribute(0x0958, bytes.fromhex("1901020300000000")),  # Date of Birth
    )
    answer(polled(3, DEMOGRAPHICS, [words(0x0101) + person]))
    ask(poll(4, NUMERIC))
    heart_rate = attribute_list(attribute(0x0950, words(0x4182, 0, 0x0AA0) + struct.pack("!I", 0xFD0124F8)))
    answer(polled(4, NUMERIC, [words(0x0201) + heart_rate]))
    ask(bytes.fromhex("0918c116618030800201 01a08062808001000000000000000000".replace(" ", "")))
    answer(bytes.fromhex("0a18c116618030800201 01a08063808001000000000000000000".replace(" ", "")))
    capture.write("documents/intellivue.pcap")


# --- GE CARESCAPE Network: discovery and time synchronisation, as two public descriptions give them ----------------


def discovery(host: Host, place: bytes, patient: bytes, services: list[tuple[int, int]], counter: int) -> bytes:
    """Head, address, counter, unit|bed (16), patient's name (16), services (number, port), filled to 88 bytes."""
    body = bytes([1, 4, 0, 0]) + bytes(map(int, host.ip.split("."))) + struct.pack("!I", counter)
    body += place.ljust(16, b"\0") + patient.ljust(16, b"\0") + b"".join(words(*service) for service in services)
    return body.ljust(88, b"\0")


def carescape() -> None:
    capture = Capture()
    for round_ in range(3):
        services = [(3, 2000), (17, 32), (9, 2000)]
        capture.datagram(BEDSIDE, EVERYONE, 7000, 7000, discovery(BEDSIDE, b"ICU3|BED9", b"ZZTEST,LENA", services, 0x5A40CD00 + round_), 5.0)
        capture.datagram(CENTRAL, EVERYONE, 7000, 7000, discovery(CENTRAL, b"ICU3|CIC1", b"", [(5, 2010)], 0x11AA0200 + round_), 0.3)
    seconds = 1795341620 + 2208988800
    time = bytes(6) + bytes([10, 20, 30, 74]) + bytes(14) + b"ICU3|CIC1".ljust(14, b"\0") + bytes(22) + struct.pack("!I", seconds)
    capture.datagram(CENTRAL, EVERYONE, 2000, 2000, time)
    capture.write("documents/carescape.pcap")


# --- CLSI POCT1-A2, Appendix B: messages and objects of the device messaging layer ----------------------------------


def element(name: str, value: str) -> str:
    return f'<{name} V="{value}"/>'


def message(kind: str, number: int, *objects: str) -> bytes:
    head = "".join(
        [
            element("HDR.message_type", kind),
            element("HDR.control_id", str(number)),
            element("HDR.version_id", "POCT1"),
            element("HDR.creation_dttm", "2026-11-22T10:00:00+00:00"),
        ]
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\r\n<{kind}><HDR>{head}</HDR>{"".join(objects)}</{kind}>\r\n'.encode()


def acknowledge(number: int, of: int) -> bytes:
    return message("ACK.R01", number, f"<ACK>{element('ACK.type_cd', 'AA')}{element('ACK.ack_control_id', str(of))}</ACK>")


def poct1a() -> None:
    device = "".join(
        [
            element("DEV.device_id", "00-80-A3-9C-42-75"),
            element("DEV.vendor_id", "NOVABIO"),
            element("DEV.model_id", "StatStrip"),
            element("DEV.serial_id", "0417263318265"),
            element("DEV.manufacturer_name", "Nova Biomedical"),
            element("DEV.hw_version", "4.20"),
            element("DEV.sw_version", "3.10.8.0"),
            element("DEV.device_name", "StatStrip Glucose"),
            "<DCP>" + element("DCP.application_timeout", "60") + "</DCP>",
            "<DSC>" + element("DSC.connection_profile_cd", "SA") + element("DSC.topics_supported_cd", "D_EV") + element("DSC.directives_supported_cd", "SET_TIME") + element("DSC.max_message_sz", "20000") + "</DSC>",
        ]
    )
    status = element("DST.status_dttm", "2026-11-22T10:00:01+00:00") + element("DST.new_observations_qty", "1") + element("DST.condition_cd", "R")
    person = element("PT.patient_id", "ZZPAT0202") + '<PT.name V="ZZTEST^MORITZ"><GIV V="MORITZ"/><FAM V="ZZTEST"/></PT.name>' + element("PT.birth_date", "1901-02-03")
    glucose = element("OBS.observation_id", "2339-0") + '<OBS.value V="118" U="mg/dL"/>' + element("OBS.method_cd", "M") + element("OBS.status_cd", "A")
    result = f"<SVC>{element('SVC.role_cd', 'OBS')}{element('SVC.observation_dttm', '2026-11-22T09:51:00+00:00')}<PT>{person}<OBS>{glucose}</OBS></PT><OPR>{element('OPR.operator_id', 'ZZTESTNURSE')}</OPR></SVC>"
    said = [
        ("c", message("HEL.R01", 10001, f"<DEV>{device}</DEV>")),
        ("s", acknowledge(20001, 10001)),
        ("c", message("DST.R01", 10002, f"<DST>{status}</DST>")),
        ("s", acknowledge(20002, 10002)),
        ("s", message("REQ.R01", 20003, f"<REQ>{element('REQ.request_cd', 'ROBS')}</REQ>")),
        ("c", message("OBS.R01", 10003, result)),
        ("s", acknowledge(20004, 10003)),
        ("c", message("EOT.R01", 10004, f"<EOT>{element('EOT.topic_cd', 'OBS')}</EOT>")),
        ("s", acknowledge(20005, 10004)),
        ("s", message("DTV.R02", 20006, f"<DTV>{element('DTV.command_cd', 'SET_TIME')}<TM>{element('TM.dttm', '2026-11-22T10:00:03+00:00')}</TM></DTV>")),
        ("c", acknowledge(10005, 20006)),
        ("s", message("OPL.R01", 20007, f"<OPR>{element('OPR.operator_id', 'ZZTESTNURSE')}{element('OPR.name', 'ZZTESTDOC')}</OPR>")),
        ("c", acknowledge(10006, 20007)),
        ("s", message("PTL.R01", 20008, f"<PT>{element('PT.patient_id', 'ZZPAT0203')}{element('PT.name', 'ZZTEST^NORA')}</PT>")),
        ("c", acknowledge(10007, 20008)),
        ("s", message("END.R01", 20009, f"<TRM>{element('TRM.reason_cd', 'NRM')}</TRM>")),
        ("c", acknowledge(10008, 20009)),
    ]
    capture = Capture()
    segments = conversation(METER, MANAGER, 49160, 5003, said)
    capture.packets([(s.sender, s.receiver, s.packet(i + 1)) for i, s in enumerate(segments)], 0.02)
    capture.write("documents/poct1a.pcap")


# --- Niagara Fox: greeting as published with Nmap's fox-info --------------------------------------------------------


def fox() -> None:
    def greeting(sequence: int, **values: str) -> bytes:
        lines = [f"fox a {sequence} -1 fox hello", "{"] + [f"{key.replace('_', '.')}={value}" for key, value in values.items()] + ["};;", ""]
        return "\n".join(lines).encode()

    workbench = greeting(
        1, fox_version="s:1.0.1", id="i:1", hostName="s:FM-OFFICE-2", hostAddress="s:10.20.30.79", app_name="s:Workbench",
        app_version="s:4.9.0.198", vm_name="s:Java HotSpot(TM) 64-Bit Server VM", vm_version="s:25.202-b08", os_name="s:Windows 10",
        os_version="s:10.0", lang="s:en", timeZone="s:Europe/London;0;3600000;null;null", hostId="s:Win-4F1A-77D2-90BE-3C11",
        vmUuid="s:11c0ffee-0000-0000-0000-000000000079", brandId="s:Niagara4", sysInfo="o:bog 61[<bog version=\"1.0\">\n<p m=\"b=baja\" t=\"b:Facets\" v=\"\"/>\n</bog>\n]",
    )  # fmt: skip
    station = greeting(
        0, fox_version="s:1.0.1", id="i:42", hostName="s:JACE-TH3", hostAddress="s:10.20.30.77", app_name="s:Station",
        app_version="s:4.9.0.198", vm_name="s:Java HotSpot(TM) Embedded Client VM", vm_version="s:25.141-b07", os_name="s:QNX",
        os_version="s:7.0.0", station_name="s:Theatre3_AHU", lang="s:en", hostId="s:Qnx-TITAN-4C19-0B52-99E0-17A3",
        vmUuid="s:11c0ffee-0000-0000-0000-000000000077", brandId="s:vykon", authAgentTypeSpecs="s:fox:FoxUsernamePasswordAuthAgent",
    )  # fmt: skip
    challenge = b"fox a 1 -1 fox challenge\n{\nmethod=s:scram-sha256\n};;\n"
    capture = Capture()
    segments = conversation(OFFICE, STATION, 50311, 1911, [("c", workbench), ("s", station), ("s", challenge)])
    capture.packets([(s.sender, s.receiver, s.packet(i + 1)) for i, s in enumerate(segments)])
    capture.write("documents/fox.pcap")


# --- MikroTik neighbour discovery: RouterOS documentation, Neighbor discovery ---------------------------------------


def mndp() -> None:
    capture = Capture()
    for number in range(1, 4):
        tlvs = [
            (1, bytes.fromhex("4c5e0c2b1978")), (5, b"clinic-annex-gw"), (7, b"6.49.10 (long-term)"), (8, b"MikroTik"),
            (10, struct.pack("<I", 864000 + 60 * number)), (11, b"Z6TW-LN8F"), (12, b"RB2011UiAS"), (14, b"\0"), (16, b"bridge/ether3"),
            (17, bytes([10, 20, 30, 78])),
        ]  # fmt: skip
        payload = struct.pack("!HH", 0, number) + b"".join(words(kind, len(value)) + value for kind, value in tlvs)
        capture.datagram(ROUTER, ALL, 5678, 5678, payload, 60.0)
    capture.datagram(OFFICE, ALL, 5678, 5678, bytes(4))
    capture.write("documents/mndp.pcap")


if __name__ == "__main__":
    for make in (intellivue, carescape, poct1a, fox, mndp):
        make()
