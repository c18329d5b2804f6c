//! Ledgers and memories as bytes: what a sensor sends to the core, and what the core writes down.
//!
//! Postcard inside. Names of dissectors, fields and protocols travel as text and are looked up again when read
//! ([`Names`]), since a later version may know others; what is not known is left out and counted.

use std::net::IpAddr;

use medward_model::{Field, HostKey, Mac, Subject, Timestamp, Transport, Value, Verb};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ledger::{Asked, Key, Presence, Served, Span};
use crate::ledger::{Deed, DeedSum, FlowKey, FlowSum, Holding, Ledger, Limits, Memory, Observation, Part};

/// Looks up what is compiled in by its name.
pub trait Names {
    /// A dissector (or other source) and one of its fields.
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)>;
    /// A protocol's name.
    fn protocol(&self, name: &str) -> Option<&'static str>;
}

/// Why bytes could not be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    #[error("not a ledger of this form (version {0}; this program reads version {VERSION})")]
    Version(u8),
    #[error("cut off or damaged: {0}")]
    Damaged(#[from] postcard::Error),
    #[error("a piece of memory of table {0}, which this program does not know")]
    Table(u8),
}

/// A piece of memory: table, key, body; `None` removes it.
pub type WrittenEntry = (u8, Vec<u8>, Option<Vec<u8>>);

/// Form of an encoded ledger.
const VERSION: u8 = 1;

type WireHost = (IpAddr, [u8; 6], u16);

fn host_out(host: &HostKey) -> WireHost {
    (host.ip, host.mac.0, host.vlan)
}

fn host_in(host: WireHost) -> HostKey {
    HostKey { ip: host.0, mac: Mac(host.1), vlan: host.2 }
}

#[derive(Serialize, Deserialize)]
enum WireSubject {
    Mac([u8; 6], u16),
    Host(WireHost),
    Ip(IpAddr),
    Behind(WireHost, Box<str>),
}

impl From<&Subject> for WireSubject {
    fn from(subject: &Subject) -> WireSubject {
        match subject {
            Subject::Mac { mac, vlan } => WireSubject::Mac(mac.0, *vlan),
            Subject::Host(host) => WireSubject::Host(host_out(host)),
            Subject::Ip(ip) => WireSubject::Ip(*ip),
            Subject::Behind { via, key } => WireSubject::Behind(host_out(via), key.clone()),
        }
    }
}

impl From<WireSubject> for Subject {
    fn from(subject: WireSubject) -> Subject {
        match subject {
            WireSubject::Mac(mac, vlan) => Subject::Mac { mac: Mac(mac), vlan },
            WireSubject::Host(host) => Subject::Host(host_in(host)),
            WireSubject::Ip(ip) => Subject::Ip(ip),
            WireSubject::Behind(via, key) => Subject::Behind { via: host_in(via), key },
        }
    }
}

#[derive(Serialize, Deserialize)]
enum WireValue {
    Text(Box<str>),
    Software(Box<str>, Option<Box<str>>),
}

impl From<&Value> for WireValue {
    fn from(value: &Value) -> WireValue {
        match value {
            Value::Text(text) => WireValue::Text(text.clone()),
            Value::Software { name, version } => WireValue::Software(name.clone(), version.clone()),
        }
    }
}

impl From<WireValue> for Value {
    fn from(value: WireValue) -> Value {
        match value {
            WireValue::Text(text) => Value::Text(text),
            WireValue::Software(name, version) => Value::Software { name, version },
        }
    }
}

/// Nanoseconds.
type Time = i64;

fn time(at: Time) -> Timestamp {
    Timestamp::from_nanos(at)
}

#[derive(Serialize, Deserialize)]
struct WireObservation {
    source: String,
    field: String,
    value: WireValue,
    count: u64,
    packet: u64,
    first: Time,
    last: Time,
}

impl WireObservation {
    fn of(o: &Observation) -> WireObservation {
        WireObservation {
            source: o.source.to_owned(),
            field: o.field.name.to_owned(),
            value: (&o.value).into(),
            count: o.count,
            packet: o.packet,
            first: o.first.as_nanos(),
            last: o.last.as_nanos(),
        }
    }

    fn read(self, names: &dyn Names) -> Option<Observation> {
        let (source, field) = names.field(&self.source, &self.field)?;
        Some(Observation {
            source,
            field,
            value: self.value.into(),
            count: self.count,
            packet: self.packet,
            first: time(self.first),
            last: time(self.last),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct WireDeed {
    actor: bool,
    protocol: String,
    verb: Verb,
    operation: Box<str>,
    object: Box<str>,
    count: u64,
    packet: u64,
    first: Time,
    last: Time,
}

impl WireDeed {
    fn of(deed: &Deed, sum: &DeedSum) -> WireDeed {
        WireDeed {
            actor: deed.part == Part::Actor,
            protocol: deed.protocol.to_owned(),
            verb: deed.verb,
            operation: deed.operation.clone(),
            object: deed.object.clone(),
            count: sum.count,
            packet: sum.packet,
            first: sum.time.as_nanos(),
            last: sum.last.as_nanos(),
        }
    }

    fn read(self, names: &dyn Names) -> Option<(Deed, DeedSum)> {
        let protocol = names.protocol(&self.protocol)?;
        let part = if self.actor { Part::Actor } else { Part::Target };
        let deed = Deed { part, protocol, verb: self.verb, operation: self.operation, object: self.object };
        let (first, last) = (time(self.first), time(self.last));
        Some((deed, DeedSum { count: self.count, packet: self.packet, time: first, last }))
    }
}

type WireHolding = (Vec<(Time, Time)>, u64, Time);

fn holding_out(holding: &Holding) -> WireHolding {
    (
        holding.intervals.iter().map(|(a, b)| (a.as_nanos(), b.as_nanos())).collect(),
        holding.packet,
        holding.said.as_nanos(),
    )
}

fn holding_in((intervals, packet, said): WireHolding) -> Holding {
    let intervals = intervals.into_iter().map(|(a, b)| (time(a), time(b))).collect();
    Holding { intervals, packet, said: time(said), later: false }
}

#[derive(Serialize, Deserialize)]
struct WireFlow {
    originator: WireHost,
    responder: WireHost,
    transport: Transport,
    port: u16,
    protocol: Option<String>,
    flows: u64,
    packets: [u64; 2],
    bytes: [u64; 2],
    first: Time,
    last: Time,
    packet: u64,
    serves: bool,
    most_sent: u64,
}

impl WireFlow {
    fn of(key: &FlowKey, sum: &FlowSum) -> WireFlow {
        WireFlow {
            originator: host_out(&key.originator),
            responder: host_out(&key.responder),
            transport: key.transport,
            port: key.port,
            protocol: key.protocol.map(str::to_owned),
            flows: sum.flows,
            packets: sum.packets,
            bytes: sum.bytes,
            first: sum.first.as_nanos(),
            last: sum.last.as_nanos(),
            packet: sum.packet,
            serves: sum.serves,
            most_sent: sum.most_sent,
        }
    }

    fn read(self, names: &dyn Names) -> (FlowKey, FlowSum) {
        let key = FlowKey {
            originator: host_in(self.originator),
            responder: host_in(self.responder),
            transport: self.transport,
            port: self.port,
            // A protocol that is not known here is an unknown one.
            protocol: self.protocol.and_then(|name| names.protocol(&name)),
        };
        let sum = FlowSum {
            flows: self.flows,
            packets: self.packets,
            bytes: self.bytes,
            first: time(self.first),
            last: time(self.last),
            packet: self.packet,
            serves: self.serves,
            most_sent: self.most_sent,
        };
        (key, sum)
    }
}

#[derive(Serialize, Deserialize)]
struct WireLedger {
    observations: Vec<(WireSubject, Vec<WireObservation>)>,
    links: Vec<([u8; 6], IpAddr, u16, WireHolding)>,
    deeds: Vec<(IpAddr, Vec<WireDeed>)>,
    flows: Vec<WireFlow>,
}

/// A ledger as bytes; the same ledger gives the same bytes.
pub fn encode_ledger(ledger: &Ledger) -> Vec<u8> {
    let wire = WireLedger {
        observations: ledger
            .observations
            .sorted()
            .into_iter()
            .map(|(subject, list)| (subject.into(), list.into_iter().map(WireObservation::of).collect()))
            .collect(),
        links: ledger
            .links
            .sorted()
            .into_iter()
            .map(|((mac, ip, vlan), holding)| (mac.0, ip, vlan, holding_out(holding)))
            .collect(),
        deeds: ledger
            .deeds
            .sorted()
            .into_iter()
            .map(|(ip, list)| (ip, list.into_iter().map(|(deed, sum)| WireDeed::of(deed, &sum)).collect()))
            .collect(),
        flows: ledger.flows.sorted().iter().map(|(key, sum)| WireFlow::of(key, sum)).collect(),
    };
    // Writing to a vector does not fail.
    postcard::to_extend(&wire, vec![VERSION]).unwrap_or_default()
}

/// Reads a ledger; answers how many statements named something that is not known here.
pub fn decode_ledger(
    bytes: &[u8],
    limits: &Limits,
    names: &dyn Names,
) -> Result<(Ledger, usize), DecodeError> {
    let (version, rest) = bytes.split_first().ok_or(DecodeError::Version(0))?;
    if *version != VERSION {
        return Err(DecodeError::Version(*version));
    }
    let wire: WireLedger = postcard::from_bytes(rest)?;
    let mut ledger = Ledger::new(limits);
    let mut unknown = 0;
    for (subject, list) in wire.observations {
        let all = list.len();
        let known: Vec<Observation> = list.into_iter().filter_map(|o| o.read(names)).collect();
        unknown += all - known.len();
        ledger.observations.restore(subject.into(), known);
    }
    for (mac, ip, vlan, holding) in wire.links {
        ledger.links.restore((Mac(mac), ip, vlan), holding_in(holding));
    }
    for (ip, list) in wire.deeds {
        let all = list.len();
        let known: Vec<(Deed, DeedSum)> = list.into_iter().filter_map(|deed| deed.read(names)).collect();
        unknown += all - known.len();
        ledger.deeds.restore(ip, known);
    }
    for flow in wire.flows {
        let (key, sum) = flow.read(names);
        ledger.flows.restore(key, sum);
    }
    Ok((ledger, unknown))
}

const SUBJECT: u8 = 1;
const LINK: u8 = 2;
const DEEDS: u8 = 3;
const HOST: u8 = 4;
const GROUP: u8 = 5;
const STATION: u8 = 6;
const SERVED: u8 = 7;
const ASKED: u8 = 8;
/// Traffic and deeds that wait for their device.
pub(crate) const PENDING: u8 = 9;

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    // Writing to a vector does not fail.
    postcard::to_allocvec(value).unwrap_or_default()
}

impl Memory {
    /// Takes out what is to be written down.
    pub(crate) fn unwritten(&mut self, times: bool) -> Vec<WrittenEntry> {
        self.take_unwritten(times).iter().map(|key| self.written(key)).collect()
    }

    fn written(&self, key: &Key) -> WrittenEntry {
        let presences = &self.presences;
        match key {
            Key::Subject(subject) => {
                let body = self
                    .statements
                    .get(subject)
                    .map(|list| bytes(&list.iter().map(WireObservation::of).collect::<Vec<_>>()));
                (SUBJECT, bytes(&WireSubject::from(subject)), body)
            }
            Key::Link(key) => {
                let body = self.links.get(key).map(|holding| bytes(&holding_out(holding)));
                (LINK, bytes(&(key.0.0, key.1, key.2)), body)
            }
            Key::Deeds(ip) => {
                let body = self.doings.get(ip).map(|list| {
                    bytes(&list.iter().map(|(deed, sum)| WireDeed::of(deed, sum)).collect::<Vec<_>>())
                });
                (DEEDS, bytes(ip), body)
            }
            Key::Host(host) => {
                let body = presences.hosts.get(host).map(|known| {
                    let peers: Vec<WireHost> = known.peers.iter().map(host_out).collect();
                    let (first, last) = (known.span.first.as_nanos(), known.span.last.as_nanos());
                    bytes(&(first, last, known.exists, peers, known.among_private))
                });
                (HOST, bytes(&host_out(host)), body)
            }
            Key::Group(ip) => {
                let body = presences.groups.get(ip).map(|span| bytes(&span_out(span)));
                (GROUP, bytes(ip), body)
            }
            Key::Station(station) => {
                let body = presences.stations.get(station).map(|span| bytes(&span_out(span)));
                (STATION, bytes(&(station.0.0, station.1)), body)
            }
            Key::Served(key) => {
                let body =
                    presences.served_by(key).map(|served| bytes(&(span_out(&served.span), served.packet)));
                (SERVED, bytes(&(host_out(&key.0), key.1, key.2, key.3)), body)
            }
            Key::Asked(key) => {
                let body = presences.asked_by(key).map(|asked| {
                    let to = asked.to.as_deref().map_or(host_out(&key.0), host_out);
                    bytes(&(asked.first.as_nanos(), asked.packet, asked.heard, to))
                });
                (ASKED, bytes(&(host_out(&key.0), key.1, key.2, key.3)), body)
            }
        }
    }

    /// Takes up what was written down.
    pub(crate) fn restore(
        &mut self,
        entries: impl IntoIterator<Item = (u8, Vec<u8>, Vec<u8>)>,
        names: &dyn Names,
    ) -> Result<usize, DecodeError> {
        let mut left_out = 0;
        for (table, key, body) in entries {
            match table {
                SUBJECT => {
                    let subject: WireSubject = postcard::from_bytes(&key)?;
                    let list: Vec<WireObservation> = postcard::from_bytes(&body)?;
                    let all = list.len();
                    let known: Vec<Observation> = list.into_iter().filter_map(|o| o.read(names)).collect();
                    left_out += all - known.len();
                    self.statements.restore(subject.into(), &known);
                }
                LINK => {
                    let (mac, ip, vlan) = postcard::from_bytes(&key)?;
                    self.links.restore((Mac(mac), ip, vlan), holding_in(postcard::from_bytes(&body)?));
                }
                DEEDS => {
                    let list: Vec<WireDeed> = postcard::from_bytes(&body)?;
                    let all = list.len();
                    let known: Vec<_> = list.into_iter().filter_map(|deed| deed.read(names)).collect();
                    left_out += all - known.len();
                    self.doings.restore(postcard::from_bytes(&key)?, &known);
                }
                HOST => {
                    let host = host_in(postcard::from_bytes(&key)?);
                    let ((first, last, exists, peers), rest): ((Time, Time, bool, Vec<WireHost>), _) =
                        postcard::take_from_bytes(&body)?;
                    let mut presence = Presence::new(span_in((first, last)), exists);
                    for peer in peers {
                        presence.meet(&host, &host_in(peer));
                    }
                    // Older forms end before this.
                    presence.among_private |= rest.first() == Some(&1);
                    self.presences.restore_host(host, presence);
                }
                GROUP => {
                    let span = span_in(postcard::from_bytes(&body)?);
                    self.presences.groups.insert(postcard::from_bytes(&key)?, span);
                }
                STATION => {
                    let (mac, vlan) = postcard::from_bytes(&key)?;
                    let span = span_in(postcard::from_bytes(&body)?);
                    self.presences.stations.insert((Mac(mac), vlan), span);
                }
                SERVED | ASKED => {
                    let (host, transport, port, protocol): (WireHost, Transport, u16, String) =
                        postcard::from_bytes(&key)?;
                    let Some(protocol) = names.protocol(&protocol) else {
                        left_out += 1;
                        continue;
                    };
                    let key = (host_in(host), transport, port, protocol);
                    if table == SERVED {
                        let (span, packet) = postcard::from_bytes(&body)?;
                        let served = Served { span: span_in(span), packet, later: false };
                        self.presences.restore_served(key, served);
                    } else {
                        let (first, packet, heard, to): (Time, u64, bool, WireHost) =
                            postcard::from_bytes(&body)?;
                        let (first, to) = (time(first), (!heard).then(|| Box::new(host_in(to))));
                        self.presences.restore_asked(key, Asked { first, packet, heard, to });
                    }
                }
                other => return Err(DecodeError::Table(other)),
            }
        }
        Ok(left_out)
    }
}

/// Flows that wait, each with how long already, and deeds, by address.
pub(crate) type Pending = (Vec<(FlowKey, FlowSum, u8)>, Vec<(IpAddr, Vec<(Deed, DeedSum)>)>);

type WirePending = (Vec<(WireFlow, u8)>, Vec<(IpAddr, Vec<WireDeed>)>);

/// What waits, as bytes.
pub(crate) fn pending_out(
    flows: &[(FlowKey, FlowSum, u8)],
    deeds: &[(IpAddr, Vec<(Deed, DeedSum)>)],
) -> Vec<u8> {
    let flows: Vec<_> = flows.iter().map(|(key, sum, waited)| (WireFlow::of(key, sum), *waited)).collect();
    let deeds: Vec<_> = deeds
        .iter()
        .map(|(ip, list)| (*ip, list.iter().map(|(deed, sum)| WireDeed::of(deed, sum)).collect::<Vec<_>>()))
        .collect();
    bytes(&(flows, deeds))
}

/// Reads [`pending_out`].
pub(crate) fn pending_in(body: &[u8], names: &dyn Names) -> Result<Pending, DecodeError> {
    let (flows, deeds): WirePending = postcard::from_bytes(body)?;
    let flows = flows
        .into_iter()
        .map(|(flow, waited)| {
            let (key, sum) = flow.read(names);
            (key, sum, waited)
        })
        .collect();
    let deeds = deeds
        .into_iter()
        .map(|(ip, list)| (ip, list.into_iter().filter_map(|deed| deed.read(names)).collect()))
        .collect();
    Ok((flows, deeds))
}

fn span_out(span: &Span) -> (Time, Time) {
    (span.first.as_nanos(), span.last.as_nanos())
}

fn span_in((first, last): (Time, Time)) -> Span {
    Span { first: time(first), last: time(last) }
}
