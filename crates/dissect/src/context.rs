//! What a dissector may know of the flow, and where it reports.

use std::net::IpAddr;

use medward_model::{
    Activity, Endpoint, Evidence, Field, HostKey, Link, LinkKind, Mac, Outcome, Subject, Timestamp,
    Transport, Value, Verb, Weirds,
};

use crate::text::{MAX_TEXT, clean};
use crate::{Dissector, HttpMessage};

/// One of the two ends of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Opened the flow (sent the SYN, or the first packet seen).
    Originator,
    /// Was spoken to first.
    Responder,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Side {
        match self {
            Side::Originator => Side::Responder,
            Side::Responder => Side::Originator,
        }
    }

    /// 0 for the originator, 1 for the responder.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub host: HostKey,
    pub port: u16,
}

/// The flow that a session follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowInfo {
    pub originator: Peer,
    pub responder: Peer,
    pub transport: Transport,
}

impl FlowInfo {
    /// That end of it.
    pub const fn peer(&self, side: Side) -> &Peer {
        match side {
            Side::Originator => &self.originator,
            Side::Responder => &self.responder,
        }
    }
}

/// What dissectors report.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Evidence(Evidence),
    Activity(Activity),
    Link(Link),
    /// In line only (`Limits::in_line`): what is being asked for, at the packet that completes the request. The same act
    /// comes as `Activity` once its outcome is known, as it does without.
    Asked(Activity),
}

/// Where events gather until the driver's owner takes them.
#[derive(Debug, Default)]
pub struct Outbox {
    pub events: Vec<Event>,
    pub weirds: Weirds,
    /// Requests are told before their answers.
    in_line: bool,
    /// In line: places of activities that their actor completed with the packet at hand.
    at_once: Vec<usize>,
}

impl Outbox {
    /// One that is told requests before their answers, or not.
    pub fn new(in_line: bool) -> Outbox {
        Outbox { in_line, ..Outbox::default() }
    }

    /// Tells as asked what was reported at once with the packet at hand; `keep` is false for what belongs to other packets.
    pub(crate) fn tell_at_once(&mut self, keep: bool) {
        for at in std::mem::take(&mut self.at_once) {
            if keep && let Some(Event::Activity(activity)) = self.events.get(at) {
                let asked = Event::Asked(activity.clone());
                self.events.push(asked);
            }
        }
    }
}

/// What a dissector may know, and where it reports. Time is `now`; there is no other clock.
pub struct Context<'a> {
    pub now: Timestamp,
    /// Number of the packet at hand, from 1.
    pub packet: u64,
    flow: &'a FlowInfo,
    side: Side,
    dissector: &'static Dissector,
    outbox: &'a mut Outbox,
    label: Option<&'static str>,
}

impl<'a> Context<'a> {
    /// For the driver and for tests.
    pub fn new(
        now: Timestamp,
        packet: u64,
        flow: &'a FlowInfo,
        side: Side,
        dissector: &'static Dissector,
        outbox: &'a mut Outbox,
    ) -> Context<'a> {
        Context { now, packet, flow, side, dissector, outbox, label: None }
    }

    /// The flow. For `Carrier::Frame` the originator is the sender, the responder the destination.
    pub fn flow(&self) -> &FlowInfo {
        self.flow
    }

    /// Who sent the bytes at hand.
    pub fn side(&self) -> Side {
        self.side
    }

    /// TCP rather than UDP.
    pub fn is_stream(&self) -> bool {
        self.flow.transport == Transport::Tcp
    }

    /// Who sent the bytes at hand, as a subject.
    pub fn sender(&self) -> Subject {
        self.host(self.side)
    }

    /// Whom they were sent to.
    pub fn receiver(&self) -> Subject {
        self.host(self.side.other())
    }

    /// That end of the flow, as a subject. Where the flow has no IP address (link-layer protocols): the MAC.
    pub fn host(&self, side: Side) -> Subject {
        let host = self.flow.peer(side).host;
        if self.flow.transport == Transport::Link {
            Subject::Mac { mac: host.mac, vlan: host.vlan }
        } else {
            Subject::Host(host)
        }
    }

    /// A device behind an end of the flow, by a key that is stable and unique there.
    pub fn behind(&self, side: Side, key: &str) -> Subject {
        Subject::Behind { via: self.flow.peer(side).host, key: clean(key).into() }
    }

    /// A MAC address, on the VLAN of the flow.
    pub fn mac(&self, mac: Mac) -> Subject {
        Subject::Mac { mac, vlan: self.flow.originator.host.vlan }
    }

    /// An address that is spoken of.
    pub fn ip(&self, ip: IpAddr) -> Subject {
        Subject::Ip(ip)
    }

    /// Says something about `subject`. Text is cleaned (controls out, trimmed, at most 512 bytes); empty text says nothing.
    pub fn evidence(&mut self, subject: Subject, field: &'static Field, value: &str) {
        let text = clean(value);
        if !text.is_empty() {
            self.push(subject, field, Value::Text(text.into()));
        }
    }

    /// Says that `subject` has a software component.
    pub fn software(&mut self, subject: Subject, field: &'static Field, name: &str, version: Option<&str>) {
        let name = clean(name);
        if !name.is_empty() {
            let version = version.map(clean).filter(|v| !v.is_empty()).map(Into::into);
            self.push(subject, field, Value::Software { name: name.into(), version });
        }
    }

    /// Says how the service that `server` gives in this flow is used.
    pub fn of_service(&mut self, server: Side, field: &'static Field, value: &str) {
        self.evidence(self.host(server), field, value);
    }

    fn push(&mut self, subject: Subject, field: &'static Field, value: Value) {
        debug_assert!(
            self.dissector.fields.iter().any(|declared| std::ptr::eq(*declared, field)),
            "{} does not declare its field {}",
            self.dissector.name,
            field.name
        );
        self.outbox.events.push(Event::Evidence(Evidence {
            subject,
            source: self.dissector.name,
            field,
            value,
            packet: self.packet,
            time: self.now,
        }));
    }

    /// Says that `ip` belongs to `mac` (on the VLAN of the flow). Only for what the owner or a server itself states.
    pub fn link(&mut self, mac: Mac, ip: IpAddr, kind: LinkKind) {
        if mac.is_station() && !ip.is_unspecified() && !ip.is_multicast() {
            self.outbox.events.push(Event::Link(Link {
                mac,
                ip,
                vlan: self.flow.originator.host.vlan,
                kind,
                packet: self.packet,
                time: self.now,
            }));
        }
    }

    /// Reports what the sender did to the receiver. `operation` and `object` are cleaned like evidence.
    /// Returns the activity, to add an outcome or details.
    pub fn activity(&mut self, verb: Verb, operation: &str, object: &str) -> ActivityEntry<'_> {
        if self.outbox.in_line {
            self.outbox.at_once.push(self.outbox.events.len());
        }
        self.activity_by(self.side, verb, operation, object)
    }

    /// Whether requests are told before their answers: for what costs something to put together.
    pub(crate) fn in_line(&self) -> bool {
        self.outbox.in_line
    }

    /// In line: tells a request before its answer. `details` are cleaned like those of an activity.
    pub(crate) fn asks(
        &mut self,
        actor: Side,
        verb: Verb,
        operation: &str,
        object: &str,
        details: &[(&'static str, &str)],
    ) {
        if !self.outbox.in_line {
            return;
        }
        let entry = self.activity_by(actor, verb, operation, object);
        details.iter().fold(entry, |entry, (name, value)| entry.detail(name, value));
        if let Some(Event::Activity(activity)) = self.outbox.events.pop() {
            self.outbox.events.push(Event::Asked(activity));
        }
    }

    /// The same, by an end of the flow that is not the sender (a response that completes a request).
    pub fn activity_by(
        &mut self,
        actor: Side,
        verb: Verb,
        operation: &str,
        object: &str,
    ) -> ActivityEntry<'_> {
        let at = |peer: &Peer| Endpoint { ip: peer.host.ip, port: peer.port };
        self.outbox.events.push(Event::Activity(Activity {
            time: self.now,
            packet: self.packet,
            protocol: self.dissector.name,
            actor: at(self.flow.peer(actor)),
            target: at(self.flow.peer(actor.other())),
            verb,
            operation: clean(operation).into(),
            object: clean(object).into(),
            outcome: Outcome::Unknown,
            details: Vec::new(),
        }));
        let index = self.outbox.events.len() - 1;
        ActivityEntry { entry: self.outbox.events.get_mut(index) }
    }

    /// Counts something odd. The name is `dissector_what` in snake case.
    pub fn weird(&mut self, name: &'static str) {
        self.outbox.weirds.note(name);
    }

    /// Names the flow's protocol more precisely than the dissector's own name (an HTTP flow that carries DICOMweb).
    pub fn label(&mut self, name: &'static str) {
        self.label = Some(name);
    }

    /// For the driver: the label, when one was given.
    pub fn take_label(&mut self) -> Option<&'static str> {
        self.label.take()
    }

    /// Hands an HTTP message to every dissector that reads inside HTTP and wants it. For the HTTP dissectors.
    pub fn http_message(&mut self, message: &HttpMessage<'_>) {
        crate::http::deliver(message, self);
    }

    /// Runs `body` as if `side` had sent the bytes at hand (what is left at the end of a flow).
    pub(crate) fn as_side(&mut self, side: Side, body: impl FnOnce(&mut Context<'_>)) {
        let own = std::mem::replace(&mut self.side, side);
        body(self);
        self.side = own;
    }

    /// Runs `body` as another dissector: its name stands as the source.
    pub(crate) fn as_dissector<R>(
        &mut self,
        dissector: &'static Dissector,
        body: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        let own = std::mem::replace(&mut self.dissector, dissector);
        let result = body(self);
        self.dissector = own;
        result
    }
}

/// An activity just reported, to be completed.
pub struct ActivityEntry<'a> {
    entry: Option<&'a mut Event>,
}

impl ActivityEntry<'_> {
    /// How it went.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        if let Some(Event::Activity(activity)) = self.entry.as_deref_mut() {
            activity.outcome = outcome;
        }
        self
    }

    /// One more detail; at most 16, each cleaned like evidence; empty values are left out.
    pub fn detail(mut self, name: &'static str, value: &str) -> Self {
        if let Some(Event::Activity(activity)) = self.entry.as_deref_mut() {
            let value = clean(value);
            if !value.is_empty() && activity.details.len() < 16 {
                debug_assert!(value.len() <= MAX_TEXT);
                activity.details.push((name, value.into()));
            }
        }
        self
    }
}
