//! Tests of the hl7 dissector, on bytes laid out by its standard.

use medward_model::{Outcome, Transport, Verb};

use super::HL7;
use crate::{Exercise, Side, exercise};

fn framed(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x0B];
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(b"\x1c\r");
    bytes
}

fn run(chunks: &[(Side, Vec<u8>)]) -> Exercise {
    let chunks: Vec<(Side, &[u8])> = chunks.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    exercise(&HL7, Transport::Tcp, &chunks)
}

fn detail<'a>(result: &'a Exercise, name: &str) -> Option<&'a str> {
    let activity = result.activity.first()?;
    activity.details.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_ref())
}

/// PCD-01 of a gateway: one monitor as MDS with its attributes, one numeric.
const VITALS: &str = "MSH|^~\\&|WARDGATE^00A0370000000001^EUI-64|ICU|EMR|HOSP|20240101||ORU^R01^ORU_R01|4711|P|2.6|||NE|AL|||||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO\r\
PID|||999^^^HOSP^MR||DOE^JANE||19700101|F\r\
PV1||I|ICU^101^2\r\
OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC\r\
OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||00A037FFFE123456^^00A037FFFE123456^EUI-64\r\
OBX|2|ST|531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.1|Draeger||||||R\r\
OBX|3|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|Infinity Delta\\S\\XL||||||R\r\
OBX|4|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.3|5402913||||||R\r\
OBX|5|ST|531976^MDC_ID_PROD_SPEC_FW^MDC|1.0.0.4|VF9.1||||||R\r\
OBX|6|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.3.0.3|MODULE-77||||||R\r\
OBX|7|NM|147842^MDC_ECG_HEART_RATE^MDC|1.6.1.1|72|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R\r";

#[test]
fn a_monitor_behind_a_gateway_is_told_by_its_mds() {
    let ack = "MSH|^~\\&|EMR|HOSP|WARDGATE|ICU|20240101||ACK^R01|1|P|2.6\rMSA|AA|4711\r";
    let result = run(&[(Side::Originator, framed(VITALS)), (Side::Responder, framed(ack))]);
    let about = |field: &str| {
        result
            .evidence
            .iter()
            .filter(|e| e.field.name == field)
            .map(|e| (e.subject.to_string(), e.value.shown()))
            .collect::<Vec<_>>()
    };
    let monitor = "hl7 00A037FFFE123456 behind 10.0.0.1".to_owned();
    assert_eq!(about("device-serial"), [(monitor.clone(), "5402913".to_owned())]);
    assert_eq!(about("device-model"), [(monitor.clone(), "Infinity Delta^XL".to_owned())]);
    assert_eq!(about("assigned-location"), [(monitor, "ICU/101/2".to_owned())]);
    assert_eq!(result.values("sending-application"), ["WARDGATE", "EMR"]);
    assert_eq!(result.activity.len(), 1);
    assert_eq!(result.activity[0].verb, Verb::Result);
    assert_eq!(result.activity[0].operation.as_ref(), "ORU^R01");
    assert_eq!(result.activity[0].outcome, Outcome::Success);
    assert_eq!(detail(&result, "observations"), Some("7"));
    let said = format!("{result:?}");
    for patient in ["DOE", "JANE", "19700101", "4711", "999"] {
        assert!(!said.contains(patient), "{patient}");
    }
}

#[test]
fn a_monitor_that_names_itself_in_msh_is_the_sender() {
    let direct = VITALS.replace("WARDGATE^00A0370000000001^EUI-64", "DELTA^00A037FFFE123456^EUI-64");
    let result = run(&[(Side::Originator, framed(&direct))]);
    let serial =
        result.evidence.iter().find(|e| e.field.name == "device-serial").map(|e| e.subject.to_string());
    assert_eq!(serial.as_deref(), Some("10.0.0.1"));
    assert_eq!(result.activity[0].outcome, Outcome::Unknown);
}

#[test]
fn split_anywhere_says_the_same() {
    let bytes = framed(VITALS);
    let whole = run(&[(Side::Originator, bytes.clone())]);
    let split: Vec<(Side, Vec<u8>)> = bytes.iter().map(|b| (Side::Originator, vec![*b])).collect();
    let split = run(&split);
    let told = |r: &Exercise| r.evidence.iter().map(|e| (e.field.name, e.value.shown())).collect::<Vec<_>>();
    assert_eq!(told(&whole), told(&split));
}

#[test]
fn participation_carries_udi_serial_and_type() {
    let text = "MSH|^~\\&|LAB||||20240101||ORU^R01|1|P|2.9\rOBR|1\r\
PRT||UC||EQUIP^Equipment^HL70912||||||(01)00643169007222(21)SN9||||||00643169007222|20230101||LOT7|SN9||36661^Plum A+^GMDN\r\
PRT||UC||OP^Ordering Provider||DOE^JOHN\r";
    let result = run(&[(Side::Originator, framed(text))]);
    assert_eq!(result.values("device-udi"), ["(01)00643169007222(21)SN9"]);
    assert_eq!(result.values("device-serial"), ["SN9"]);
    assert_eq!(result.values("device-type"), ["Plum A+"]);
    assert!(!format!("{result:?}").contains("DOE"));
}

#[test]
fn rejected_orders_and_software() {
    let order = "MSH|^~\\&|CPOE|H|RIS|H|20240101||OMI^O23^OMI_O23|77|P|2.5.1\rSFT|Epic Systems Corporation^L|10.2|EpicCare|1\rPID|1\rORC|NW|1\r";
    let nak = "MSH|^~\\&|RIS|H|CPOE|H|20240101||ORI^O24|1|P|2.5.1\rMSA|AE|77|patient DOE unknown\r";
    let result = run(&[(Side::Originator, framed(order)), (Side::Responder, framed(nak))]);
    assert_eq!(result.values("software"), ["EpicCare 10.2"]);
    assert_eq!(result.activity[0].verb, Verb::Order);
    assert_eq!(result.activity[0].outcome, Outcome::Failure);
    assert_eq!(detail(&result, "order-control"), Some("NW"));
    assert_eq!(detail(&result, "answer"), Some("ORI^O24"));
    assert!(!format!("{result:?}").contains("DOE"));
}

#[test]
fn documents_of_megabytes_pass_unread() {
    let mut bytes =
        b"\x0bMSH|^~\\&|SCAN||||1||MDM^T02|1|P|2.5\rOBX|1|ED|PDF||^application^pdf^Base64^".to_vec();
    bytes.resize(bytes.len() + 3_000_000, b'A');
    bytes.extend_from_slice(b"\rOBX|2|ST|X||y|||||||||||||PLUM^A+\r\x1c\r");
    let chunks: Vec<(Side, &[u8])> = bytes.chunks(1460).map(|c| (Side::Originator, c)).collect();
    let result = exercise(&HL7, Transport::Tcp, &chunks);
    assert_eq!(detail(&result, "observations"), Some("2"));
    assert_eq!(result.values("equipment-instance"), ["PLUM^A+"]);
}

#[test]
fn efficia_serial_opens_the_control_id() {
    let text = "MSH|^~\\&|Monitor^EfficiaCM||||1||ORU^R01|CM0123456720240101123|P|2.6\r";
    let result = run(&[(Side::Originator, framed(text))]);
    assert_eq!(result.values("efficia-serial"), ["CM01234567"]);
    assert!(!format!("{result:?}").contains("20240101123"));
}

#[test]
fn unframed_messages_and_foreign_text() {
    let text = "MSH|^~\\&|PUMP||||1||ORU^R42|1|P|2.6\nOBX|1\nMSH|^~\\&|PUMP||||1||ADT^A08|2|P|2.6\n";
    let result = run(&[(Side::Originator, text.as_bytes().to_vec())]);
    assert_eq!(result.activity.iter().map(|a| a.verb).collect::<Vec<_>>(), [Verb::Alarm, Verb::Admission]);
    assert!(run(&[(Side::Originator, b"GET / HTTP/1.1\r\n\r\n".to_vec())]).unmatched);
    assert!(run(&[(Side::Originator, b"\x0bHello world".to_vec())]).unmatched);
}
