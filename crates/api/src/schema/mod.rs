//! The shapes of what other crates serialise, for the description of the interface. A test holds each against the real
//! one: they say nothing that is not so.
#![allow(dead_code, reason = "shapes are described, and read in the test")]

mod device;
mod finding;
mod history;
mod upkeep;

pub use device::{Annotation, DeviceSummary, Lifecycle, Status, Whereabouts};
pub use finding::{Finding, FindingTopic};
pub use history::{
    AttributeChange, ConversationRow, DecisionRecord, Event, EventKind, Link, Severity, Stay, UseBucket,
    UseRow, VolumePoint,
};
pub use upkeep::{AuditRecord, Retention, SensorState, Sizes};

#[cfg(test)]
mod tests {
    use medward_model::{Conversation, DeviceId, Timestamp, Transport};
    use medward_monitor as real;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn fits<Shape: DeserializeOwned>(value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        serde_json::from_value::<Shape>(value).map(|_| ()).unwrap();
    }

    fn whereabouts() -> real::Whereabouts {
        let now = Timestamp::from_parts(0, 0);
        real::Whereabouts { place: None, position: String::new(), how: String::new(), since: now, last: now }
    }

    #[test]
    fn the_shape_of_a_device_is_the_real_one() {
        let text = || Some("x".to_owned());
        let now = Some(Timestamp::from_parts(0, 0));
        let (vendor, family, model, serial, category, group) =
            (text(), text(), text(), text(), text(), text());
        let (os, os_version, firmware, role, life_supporting, owner) =
            (text(), text(), text(), text(), text(), text());
        fits::<DeviceSummary>(real::DeviceSummary {
            vendor,
            family,
            model,
            serial,
            category,
            group,
            os,
            os_version,
            firmware,
            role,
            life_supporting,
            owner,
            whereabouts: Some(whereabouts()),
            first_seen: now,
            last_seen: now,
            criticality: Some(3),
            worst_finding: Some(medward_model::Severity::High),
            ..real::DeviceSummary::default()
        });
        fits::<Annotation>(real::Annotation::default());
    }

    #[test]
    fn the_shapes_of_what_happened_are_the_real_ones() {
        let at = Timestamp::from_parts(0, 0);
        let id = DeviceId("dev-1".to_owned());
        for kind in real::EventKind::ALL {
            fits::<EventKind>(kind);
        }
        fits::<Stay>(real::Stay { device: id.clone(), whereabouts: whereabouts() });
        fits::<VolumePoint>(real::VolumePoint { at, flows: 0, packets: 0, bytes: 0 });
        fits::<ConversationRow>(real::ConversationRow {
            conversation: Conversation {
                originator: id.clone(),
                responder: id.clone(),
                transport: Transport::Tcp,
                port: 1,
                protocol: String::new(),
                flows: 0,
                packets: 0,
                bytes: 0,
                first_seen: at,
                last_seen: at,
            },
            originator_name: String::new(),
            responder_name: String::new(),
            originator_scope: String::new(),
            responder_scope: String::new(),
            originator_category: None,
            responder_category: None,
        });
        let decision = real::Decision::Part { node: String::new(), from: Vec::new() };
        let (site, by, reason) = (String::new(), String::new(), String::new());
        fits::<DecisionRecord>(real::DecisionRecord { number: 1, site, decision, by, at, reason });
    }

    #[test]
    fn the_shapes_of_findings_are_the_real_ones() {
        use medward_model::{
            AdvisoryRef, CvssRef, Day, Detail, Exploitation, Finding as Found, FindingKind, Match, Method,
            Severity, Treatment, Verdict,
        };
        let day = Day::read("2026-01-02");
        let detail = Detail {
            attribute: String::new(),
            device_value: String::new(),
            advisory_value: String::new(),
            how: String::new(),
        };
        let advisory = AdvisoryRef {
            cve: vec![String::new()],
            url: Some(String::new()),
            published: day,
            kev: Some(true),
            ransomware: Some(true),
            epss: Some(0.5),
            exploitation: Some(Exploitation::ProofOfConcept),
            cvss: Some(CvssRef { version: String::new(), vector: String::new(), score: 9.8 }),
            class: Some(1),
            ended: day,
            replacement: Some(String::new()),
            also: vec![String::new()],
            ..AdvisoryRef::default()
        };
        let matched = Match {
            method: Method::Udi,
            matched: vec![detail],
            unmatched: Vec::new(),
            would_help: vec![String::new()],
        };
        let found = Timestamp::from_parts(0, 0);
        for kind in FindingKind::ALL {
            for (status, treatment) in Verdict::ALL.into_iter().cycle().zip(Treatment::ALL) {
                let real = Found {
                    id: String::new(),
                    kind,
                    device: DeviceId::default(),
                    title: "".into(),
                    severity: Severity::High,
                    confidence: 0.9,
                    status,
                    advisory: Some(advisory.clone().into()),
                    matched: Some(matched.clone().into()),
                    treatment,
                    reason: "".into(),
                    hidden: None,
                };
                let ruling = real::Ruling::of(&real).unwrap();
                let body: serde_json::Value = serde_json::from_str(&ruling.body).unwrap();
                fits::<Finding>(real::FindingRow {
                    id: String::new(),
                    device: DeviceId::default(),
                    device_name: String::new(),
                    device_category: Some(String::new()),
                    site: String::new(),
                    topic: String::new(),
                    exploited: true,
                    found,
                    ended: Some(found),
                    body: body.clone(),
                });
                let mut body = body;
                let object = body.as_object_mut().unwrap();
                object.remove("match");
                object.remove("severity");
                fits::<FindingTopic>(real::TopicRow {
                    topic: String::new(),
                    devices: 1,
                    severity: Severity::High,
                    exploited: false,
                    first_found: found,
                    last_found: found,
                    body,
                });
            }
        }
    }

    #[test]
    fn the_shapes_of_upkeep_are_the_real_ones() {
        fits::<SensorState>(real::SensorState::default());
        fits::<Retention>(real::Retention::default());
        let tables = vec![real::SizeOf { table: String::new(), rows: 1, bytes: None }];
        fits::<Sizes>(real::Sizes { bytes: 1, tables, devices: 1, conversations: 1, events: 1 });
        let entry = real::AuditEntry {
            at: Timestamp::from_parts(0, 0),
            who: String::new(),
            from: String::new(),
            action: String::new(),
            object: String::new(),
            outcome: String::new(),
            details: serde_json::json!({}),
        };
        fits::<AuditRecord>(real::AuditRecord::chain(real::AuditRecord::ORIGIN, 1, entry));
    }
}
