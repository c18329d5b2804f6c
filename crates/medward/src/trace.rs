//! Everything the dissectors said, as JSON lines in packet order: for goldens, and for people who want to see it all.

use std::io::Write;

use medward_dissect::Event;
use medward_model::{Link, LinkKind, Subject};
use serde_json::{Value, json};

/// Writes events to a sink. A failed write is remembered and told once.
pub struct Trace {
    sink: Box<dyn Write>,
    held: Vec<(u64, Value)>,
    failed: Option<std::io::Error>,
}

impl Trace {
    pub fn new(sink: Box<dyn Write>) -> Trace {
        Trace { sink, held: Vec::new(), failed: None }
    }

    /// Notes an event; it is written at the next `flush`.
    pub fn note(&mut self, event: &Event) {
        let (packet, value) = match event {
            Event::Evidence(evidence) => (
                evidence.packet,
                json!({
                    "type": "evidence",
                    "packet": evidence.packet,
                    "time": evidence.time,
                    "subject": subject(&evidence.subject),
                    "source": evidence.source,
                    "field": evidence.field.name,
                    "value": evidence.value.shown(),
                }),
            ),
            Event::Link(link) => (link.packet, link_value(link)),
            Event::Activity(activity) => {
                let mut value = serde_json::to_value(activity).unwrap_or(Value::Null);
                if let Some(object) = value.as_object_mut() {
                    object.insert("type".into(), "activity".into());
                }
                (activity.packet, value)
            }
            // Nothing is read in line here.
            Event::Asked(_) => return,
        };
        self.held.push((packet, value));
    }

    /// Writes what was noted, in packet order.
    pub fn flush(&mut self) {
        self.held.sort_by_key(|(packet, _)| *packet);
        for (_, value) in self.held.drain(..) {
            if self.failed.is_none()
                && let Err(error) = writeln!(self.sink, "{value}")
            {
                self.failed = Some(error);
            }
        }
    }

    /// Ends the trace.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.flush();
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.sink.flush(),
        }
    }
}

fn subject(subject: &Subject) -> Value {
    match subject {
        Subject::Mac { mac, vlan } => json!({"mac": mac, "vlan": vlan}),
        Subject::Host(host) => json!({"ip": host.ip, "mac": host.mac, "vlan": host.vlan}),
        Subject::Ip(ip) => json!({"ip": ip}),
        Subject::Behind { via, key } => json!({"via": via.ip, "key": key}),
    }
}

fn link_value(link: &Link) -> Value {
    let kind = match link.kind {
        LinkKind::Neighbour => json!("neighbour"),
        LinkKind::Lease { seconds } => json!({"lease": seconds}),
    };
    json!({
        "type": "link", "packet": link.packet, "time": link.time,
        "mac": link.mac, "ip": link.ip, "vlan": link.vlan, "kind": kind,
    })
}
