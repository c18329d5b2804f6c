"""HL7 v2 messages of the ward, with invented and marked patients. Segments end with CR."""

MONITORS = [
    # bed, model, serial, firmware, EUI-64, UDI (HRI form of GS1)
    ("BED1", "MX750 866471", "DE76240231", "N.01.10", "00095CFFFE760231", "(01)00884838093324(11)240315(21)DE76240231"),
    ("BED2", "MX750 866471", "DE76240232", "N.01.10", "00095CFFFE760232", "(01)00884838093324(11)240315(21)DE76240232"),
    ("BED3", "MX550 866066", "DE55111873", "M.04.02", "00095CFFFE551873", "(01)00884838038752(11)210602(21)DE55111873"),
    ("BED4", "X3 867030", "DE91203377", "N.01.10", "00095CFFFE913377", "(01)00884838088436(11)230911(21)DE91203377"),
]
PATIENTS = {"BED1": ("ZZPAT0101", "ZZTEST^FRIDA"), "BED2": ("ZZPAT0102", "ZZTEST^GEORG"), "BED3": ("ZZPAT0103", "ZZTEST^HANNE"), "BED4": ("ZZPAT0104", "ZZTEST^IVAN")}


def segments(*lines: str) -> bytes:
    return ("\r".join(lines) + "\r").encode()


def pid(bed: str) -> str:
    number, name = PATIENTS[bed]
    return f"PID|1||{number}^^^NORTHHILL^MR||{name}^^^^^L||19010203|U|||1 ZZTESTSTREET^^ZZTESTTOWN||ZZTESTPHONE"


def vitals(monitor, number: int) -> bytes:
    """ORU^R01 as IHE PCD-01: the containment tree of the device, its PRT with UDI and serial, then measurements."""
    bed, model, serial, firmware, eui, udi = monitor
    device = f"{serial}^^{eui}^EUI-64"
    return segments(
        f"MSH|^~\\&|IBE_GATEWAY^00095CFFFE2A1121^EUI-64|NORTHHILL^1.3.6.1.4.1.99001^ISO|HL7ENG|NORTHHILL|202611221015{number:02}+0100||ORU^R01^ORU_R01|IBE{number:08}|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
        pid(bed),
        f"PV1|1|I|ICU3^{bed}^1^NORTHHILL",
        f"OBR|1|{number}^IBE_GATEWAY^00095CFFFE2A1121^EUI-64|{number}^IBE_GATEWAY^00095CFFFE2A1121^EUI-64|182777000^monitoring of patient^SCT|||202611221015{number:02}+0100",
        f"PRT|1|UC||EQUIP^Equipment^HL70912||||||{udi}^GS1^2.51^ISO||||||{udi[4:18]}|20240315|||{serial}||{model}",
        f"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||202611221015{number:02}+0100||||{device}",
        f"OBX|2|ST|531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.1|Philips||||||R|||||||{device}",
        f"OBX|3|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|{model}||||||R|||||||{device}",
        f"OBX|4|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.3|{serial}||||||R|||||||{device}",
        f"OBX|5|ST|531975^MDC_ID_PROD_SPEC_SW^MDC|1.0.0.4|{firmware}||||||R|||||||{device}",
        f"OBX|6|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|{70 + number}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||202611221015{number:02}+0100||||{device}",
        f"OBX|7|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|97|262688^MDC_DIM_PERCENT^MDC|||||R|||202611221015{number:02}+0100||||{device}",
    )


def admit(number: int = 1) -> bytes:
    return segments(
        f"MSH|^~\\&|ADM|NORTHHILL|HL7ENG|NORTHHILL|20261122100000||ADT^A01^ADT_A01|ADM{number:06}|P|2.5",
        "EVN|A01|20261122100000",
        pid("BED1"),
        "NK1|1|ZZTEST^JUTTA|SPO|2 ZZTESTSTREET|ZZTESTPHONE",
        "PV1|1|I|ICU3^BED1^1^NORTHHILL||||1001^ZZTESTDOC^KARL",
    )


def order(number: int = 1) -> bytes:
    return segments(
        f"MSH|^~\\&|EHR|NORTHHILL|LIS|NORTHHILL|20261122100500||ORM^O01^ORM_O01|EHR{number:06}|P|2.3.1",
        pid("BED2"),
        "PV1|1|I|ICU3^BED2^1^NORTHHILL",
        f"ORC|NW|ORD{number:05}|||||^^^20261122100500||20261122100500|1002^ZZTESTNURSE^LENA",
        f"OBR|1|ORD{number:05}||24336-0^Gas panel - Arterial blood^LN|||20261122100500",
    )


def lab_result(number: int = 1) -> bytes:
    return segments(
        f"MSH|^~\\&|LIS^1.3.6.1.4.1.99001.7^ISO|NORTHHILL|EHR|NORTHHILL|20261122103000||ORU^R01|LIS{number:06}|P|2.3.1",
        pid("BED2"),
        f"OBR|1|ORD00001|{number}|24336-0^Gas panel - Arterial blood^LN|||20261122102000",
        "OBX|1|NM|2744-1^pH of Arterial blood^LN||7.38||7.35-7.45|N|||F|||20261122102000|||RADIOMETER^ABL90 FLEX^393-090R0158N0031",
    )
