//! What a session may know of what it reads, and where it reports.

use std::net::{IpAddr, SocketAddr};

use medward_dissect::{clean, clean_bytes};
use medward_model::{Evidence, Field, FlowRecord, Link, LinkKind, Mac, Subject, Timestamp, Value, Weirds};

use crate::Source;

/// What sources report.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Evidence(Evidence),
    Link(Link),
    Flow(FlowRecord),
}

/// Where events gather until the owner takes them.
#[derive(Debug, Default)]
pub struct Sink {
    pub events: Vec<Event>,
    pub weirds: Weirds,
}

/// What a session may know, and where it reports. Time is `now`; there is no other clock.
pub struct Report<'a> {
    /// When what is read was received.
    pub now: Timestamp,
    /// Who sent it; unspecified for files.
    pub from: SocketAddr,
    /// Number of the datagram or line, from 1.
    pub number: u64,
    source: &'static Source,
    sink: &'a mut Sink,
}

impl<'a> Report<'a> {
    pub fn new(
        now: Timestamp,
        from: SocketAddr,
        number: u64,
        source: &'static Source,
        sink: &'a mut Sink,
    ) -> Report<'a> {
        Report { now, from, number, source, sink }
    }

    /// Says something about `subject`. Text is cleaned (controls out, trimmed, at most 512 bytes); empty text says nothing.
    pub(crate) fn evidence(&mut self, subject: Subject, field: &'static Field, text: &str) {
        let text = clean(text);
        if !text.is_empty() {
            self.push(subject, field, Value::Text(text.into()));
        }
    }

    /// The same for bytes of unknown encoding, and of an earlier moment.
    pub(crate) fn bytes(&mut self, subject: Subject, field: &'static Field, bytes: &[u8], time: Timestamp) {
        let text = clean_bytes(bytes);
        if !text.is_empty() {
            self.push_at(subject, field, Value::Text(text.into()), time.min(self.now));
        }
    }

    /// Says that `subject` has a software component.
    pub(crate) fn software(&mut self, subject: Subject, field: &'static Field, name: &str) {
        let name = clean(name);
        if !name.is_empty() {
            self.push(subject, field, Value::Software { name: name.into(), version: None });
        }
    }

    fn push(&mut self, subject: Subject, field: &'static Field, value: Value) {
        self.push_at(subject, field, value, self.now);
    }

    fn push_at(&mut self, subject: Subject, field: &'static Field, value: Value, time: Timestamp) {
        debug_assert!(
            self.source.fields.iter().any(|declared| std::ptr::eq(*declared, field)),
            "{} does not declare its field {}",
            self.source.name,
            field.name
        );
        self.sink.events.push(Event::Evidence(Evidence {
            subject,
            source: self.source.name,
            field,
            value,
            packet: self.number,
            time,
        }));
    }

    /// Says that `ip` belonged to `mac` from `time` on, now at the latest. Says nothing for addresses that no one station can own.
    pub(crate) fn link(&mut self, mac: Mac, ip: IpAddr, kind: LinkKind, time: Timestamp) {
        if mac.is_station() && is_owned(ip) {
            self.sink.events.push(Event::Link(Link {
                mac,
                ip,
                vlan: 0,
                kind,
                packet: self.number,
                time: time.min(self.now),
            }));
        }
    }

    pub(crate) fn flow(&mut self, flow: FlowRecord) {
        self.sink.events.push(Event::Flow(flow));
    }

    /// Counts something odd. The name is `source_what` in snake case.
    pub(crate) fn weird(&mut self, name: &'static str) {
        self.sink.weirds.note(name);
    }
}

/// An address that one station can own: not unspecified, loopback, multicast or broadcast.
fn is_owned(ip: IpAddr) -> bool {
    !ip.is_unspecified()
        && !ip.is_loopback()
        && !ip.is_multicast()
        && !matches!(ip, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[0] == 0)
}

/// About a MAC address whose VLAN is not known.
pub(crate) fn station(mac: Mac) -> Subject {
    Subject::Mac { mac, vlan: 0 }
}
