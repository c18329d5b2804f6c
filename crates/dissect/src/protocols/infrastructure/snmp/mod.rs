//! Simple Network Management Protocol: what an agent answers of itself, and who asks, sets or is notified.
//!
//! Follows RFC 1157 (version 1 and its trap), RFC 3416 (version 2 operations), RFC 1901 (version 2c), RFC 3412 6 and
//! RFC 3414 (version 3 message and user-based security), RFC 3411 5 (engine id); objects of RFC 3418 (system), RFC 6933
//! (entity), RFC 2790 (host resources), RFC 3805 (printer), RFC 1628 (UPS), RFC 2863 (interfaces) and some published
//! MIBs of makers. A message is a BER sequence of version, community (or the version 3 headers) and one operation.
//!
//! Says of the agent (who answers, or sends a notification): system description, object id, name, location, installed
//! software, interface addresses; serial, maker, model and revisions of the *only* chassis in the entity table, never of a
//! module; engine id (unique identifier) with the enterprise number in it. Activity: each kind of read with the subtree
//! and its outcome once per flow, every SET with its objects, every trap and inform, version 3 users with level and outcome.
//!
//! Left out: sysContact (a person), community strings (only whether it is a well-known default), all values of a SET.
//! Limits: of encrypted version 3 messages only the header is read. SNMP over TCP is not read. An answer through a proxy
//! (context engine other than the security engine) is not evidence.

mod ber;
mod objects;

use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use super::octets::{Octets, ip, is_owned};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};
use ber::{IP_ADDRESS, OBJECT_IDENTIFIER, OCTET_STRING, Oid, SEQUENCE, element, expect, integer};
use objects::{Agent, ENTERPRISES, engine_id};

pub(super) static SNMP: Dissector = Dissector {
    name: "snmp",
    title: "SNMP",
    label: "SNMP",
    group: Group::Infrastructure,
    specification: &["RFC 1157", "RFC 1901", "RFC 3416", "RFC 3412 6", "RFC 3414", "RFC 6933", "RFC 3805"],
    ports: &[161, 162],
    carrier: Carrier::Datagram { probe, session: || Box::new(Snmp::default()) },
    fields: &[
        &objects::DESCRIPTION,
        &objects::OBJECT_ID,
        &objects::NAME,
        &objects::LOCATION,
        &objects::SERIAL,
        &objects::MODEL,
        &objects::VENDOR,
        &objects::FIRMWARE,
        &objects::HARDWARE,
        &objects::PART,
        &objects::HOST_DEVICE,
        &objects::INSTALLED,
        &objects::INTERFACE_MAC,
        &objects::CHASSIS,
        &objects::ENTERPRISE,
        &objects::DEVICE_ID,
        &objects::PRINTER_NAME,
        &ENGINE,
        &ENGINE_ENTERPRISE,
        &ENGINE_FORM,
        &ENGINE_BOOTS,
        &VERSION,
        &COMMUNITY,
        &TRAP_ENTERPRISE,
        &SERVICE_COMMUNITY,
    ],
    basis: Basis::RealPeers,
};

static ENGINE: Field = Field::states(
    "engine-id",
    Attribute::UniqueId,
    92,
    "msgAuthoritativeEngineID of the agent (RFC 3414 2.4)",
);
static ENGINE_ENTERPRISE: Field =
    Field::fact("engine-enterprise", "Private enterprise number in the engine id (RFC 3411 5, SnmpEngineID)");
static ENGINE_FORM: Field =
    Field::fact("engine-form", "What the engine id is made from (RFC 3411 5, SnmpEngineID)");
static ENGINE_BOOTS: Field = Field::fact("engine-boots", "msgAuthoritativeEngineBoots (RFC 3414 2.4)");
static VERSION: Field =
    Field::fact("version", "SNMP version that the agent answers (RFC 1157, RFC 1901, RFC 3412)");
static COMMUNITY: Field =
    Field::fact("community", "Whether the agent answers to a well-known community: public, private, other");
static TRAP_ENTERPRISE: Field = Field::fact(
    "trap-enterprise",
    "Enterprise of a version 1 trap (RFC 1157 4.1.6), or snmpTrapEnterprise.0",
);

static SERVICE_COMMUNITY: Field = Field::fact(
    "service-community",
    "Agent: the well-known default community that it answers to, and whether it takes a SET with it (RFC 1157 3.2.5)",
);

/// Communities that makers ship, as named in the test of default communities of several scanners; no other is ever told.
const KNOWN_COMMUNITIES: [&str; 16] = [
    "public",
    "private",
    "community",
    "snmp",
    "snmpd",
    "cisco",
    "admin",
    "manager",
    "monitor",
    "read",
    "write",
    "default",
    "internal",
    "secret",
    "ILMI",
    "cable-docsis",
];

const GET: u8 = 0xa0;
const GET_NEXT: u8 = 0xa1;
const RESPONSE: u8 = 0xa2;
const SET: u8 = 0xa3;
const TRAP_V1: u8 = 0xa4;
const GET_BULK: u8 = 0xa5;
const INFORM: u8 = 0xa6;
const TRAP_V2: u8 = 0xa7;
const REPORT: u8 = 0xa8;

const TRAP_OID: [u32; 11] = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];
const TRAP_ENTERPRISE_OID: [u32; 11] = [1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0];
const TRAP_ADDRESS: [u32; 10] = [1, 3, 6, 1, 6, 3, 18, 1, 3, 0];
const USM_STATS: [u32; 9] = [1, 3, 6, 1, 6, 3, 15, 1, 1];

const MAX_PENDING: usize = 16;
const MAX_TOLD: usize = 128;
const MAX_BINDINGS: usize = 256;
const MAX_USERS: usize = 8;

fn probe(head: &Head<'_>) -> Probe {
    Probe::when(Message::read(head.any()).is_some())
}

/// A message up to its operation.
struct Message<'a> {
    version: &'static str,
    community: &'static str,
    /// The community, where it is a well-known one.
    known: Option<&'static str>,
    security: Option<Security<'a>>,
    /// Operation and contents; `None` where it is encrypted.
    operation: Option<(u8, &'a [u8])>,
}

struct Security<'a> {
    engine: &'a [u8],
    boots: i64,
    user: &'a [u8],
    /// Sent to the authoritative engine rather than by it (RFC 3412 6.4, reportableFlag).
    reportable: bool,
    level: &'static str,
    /// The context is on another engine than the one that secures the message: a proxy.
    foreign: bool,
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Option<Message<'a>> {
        let mut whole = Octets::new(bytes);
        let mut octets = Octets::new(expect(&mut whole, SEQUENCE)?);
        let version = match integer(&mut octets)? {
            0 => "1",
            1 => "2c",
            3 => return Message::version_3(octets),
            _ => return None,
        };
        let stated = expect(&mut octets, OCTET_STRING)?;
        let known = KNOWN_COMMUNITIES.into_iter().find(|known| known.as_bytes() == stated);
        let community = match stated {
            b"public" => "public",
            b"private" => "private",
            _ => "other",
        };
        let operation = element(&mut octets).filter(|(tag, _)| (GET..=REPORT).contains(tag))?;
        Some(Message { version, community, known, security: None, operation: Some(operation) })
    }

    fn version_3(mut octets: Octets<'a>) -> Option<Message<'a>> {
        let mut header = Octets::new(expect(&mut octets, SEQUENCE)?);
        integer(&mut header)?;
        integer(&mut header)?;
        let flags = *expect(&mut header, OCTET_STRING)?.first()?;
        let model = integer(&mut header)?;
        let parameters = expect(&mut octets, OCTET_STRING)?;
        let mut security = None;
        if model == 3 {
            let mut outer = Octets::new(parameters);
            let mut usm = Octets::new(expect(&mut outer, SEQUENCE)?);
            let engine = expect(&mut usm, OCTET_STRING)?;
            let boots = integer(&mut usm)?;
            integer(&mut usm)?;
            let user = expect(&mut usm, OCTET_STRING)?;
            let level = match flags & 3 {
                0 => "noAuthNoPriv",
                1 => "authNoPriv",
                _ => "authPriv",
            };
            let reportable = flags & 4 != 0;
            security = Some(Security { engine, boots, user, reportable, level, foreign: false });
        }
        let operation = match element(&mut octets)? {
            (SEQUENCE, scoped) => {
                let mut scoped = Octets::new(scoped);
                let context = expect(&mut scoped, OCTET_STRING)?;
                expect(&mut scoped, OCTET_STRING)?;
                if let Some(security) = &mut security {
                    security.foreign = !context.is_empty() && context != security.engine;
                }
                Some(element(&mut scoped).filter(|(tag, _)| (GET..=REPORT).contains(tag))?)
            }
            (OCTET_STRING, _) => None,
            _ => return None,
        };
        Some(Message { version: "3", community: "", known: None, security, operation })
    }
}

/// A request without its answer yet.
struct Pending {
    id: i64,
    from: Side,
    operation: u8,
    /// First object, cut to its subtree for reads.
    object: Box<str>,
    /// All objects of a SET, in full.
    objects: Box<str>,
    count: usize,
    level: &'static str,
}

#[derive(Default)]
struct Snmp {
    agents: [Agent; 2],
    subjects: [Option<Subject>; 2],
    pending: Vec<Pending>,
    /// Hashes of what was told once.
    told: Vec<u64>,
    logins: usize,
}

impl Session for Snmp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(message) = Message::read(bytes) else {
            cx.weird("snmp_malformed");
            return done;
        };
        if let Some(security) = &message.security {
            self.engine(security, cx);
        }
        let Some((operation, body)) = message.operation else {
            self.encrypted(&message, cx);
            return done;
        };
        let read = match operation {
            TRAP_V1 => self.trap_v1(body, &message, cx),
            TRAP_V2 | INFORM => self.notification(operation, body, &message, cx),
            RESPONSE | REPORT => self.answer(operation, body, &message, cx),
            _ => self.request(operation, body, &message, cx),
        };
        if read.is_none() {
            cx.weird("snmp_malformed");
        }
        done
    }

    fn gap(&mut self, _: u64, _: &mut Context<'_>) -> Resync {
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            self.tell(&pending, Outcome::Unknown, "", cx);
        }
        for (agent, subject) in self.agents.iter_mut().zip(&self.subjects) {
            if let Some(subject) = subject {
                agent.finish(subject, cx);
            }
        }
    }
}

impl Snmp {
    /// Whether this was not told before in this flow.
    fn is_new(&mut self, parts: &[&str]) -> bool {
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.told.contains(&hash) || self.told.len() >= MAX_TOLD {
            return false;
        }
        self.told.push(hash);
        true
    }

    /// The engine id belongs to whoever sends what is not to be reported on: answers and notifications.
    fn engine(&mut self, security: &Security<'_>, cx: &mut Context<'_>) {
        if security.reportable || security.foreign {
            return;
        }
        let Some(id) = engine_id(security.engine) else { return };
        if self.is_new(&["engine", &id.text]) {
            let sender = cx.sender();
            if id.unique {
                cx.evidence(sender.clone(), &ENGINE, &id.text);
            }
            cx.evidence(sender.clone(), &ENGINE_ENTERPRISE, &id.enterprise.to_string());
            cx.evidence(sender.clone(), &ENGINE_FORM, &id.form);
            if security.boots > 0 {
                cx.evidence(sender, &ENGINE_BOOTS, &security.boots.to_string());
            }
        }
    }

    /// Of an encrypted message: who is let in. The answer to a user is not to be reported on.
    fn encrypted(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        if let Some(security) = &message.security
            && !security.reportable
        {
            self.login(security, Outcome::Success, "", cx);
        }
    }

    fn login(&mut self, security: &Security<'_>, outcome: Outcome, reason: &str, cx: &mut Context<'_>) {
        let user = clean_bytes(security.user);
        if user.is_empty() || (outcome == Outcome::Success && self.logins >= MAX_USERS) {
            return;
        }
        if outcome == Outcome::Failure || self.is_new(&["login", &user, security.level]) {
            self.logins += usize::from(outcome == Outcome::Success);
            cx.activity_by(cx.side().other(), Verb::Login, "USM", "")
                .outcome(outcome)
                .detail("user", &user)
                .detail("level", security.level)
                .detail("reason", reason);
        }
    }

    fn request(
        &mut self,
        operation: u8,
        body: &[u8],
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> Option<()> {
        let mut octets = Octets::new(body);
        let id = integer(&mut octets)?;
        integer(&mut octets)?;
        integer(&mut octets)?;
        let mut list = Octets::new(expect(&mut octets, SEQUENCE)?);
        let mut count = 0_usize;
        let (mut object, mut objects) = (String::new(), String::new());
        while let Some(binding) = expect(&mut list, SEQUENCE) {
            let mut binding = Octets::new(binding);
            let oid = Oid::read(expect(&mut binding, OBJECT_IDENTIFIER)?)?;
            count += 1;
            if count == 1 {
                object = if operation == SET { oid.dotted(40) } else { subtree(&oid) };
            }
            if operation == SET && objects.len() < 400 {
                objects.push_str(if objects.is_empty() { "" } else { " " });
                objects.push_str(&oid.dotted(40));
            }
            if count >= MAX_BINDINGS {
                break;
            }
        }
        if operation == GET && count == 0 && message.version == "3" {
            // Discovery of the engine (RFC 3414 4).
            return Some(());
        }
        let level = message.security.as_ref().map_or(message.community, |s| s.level);
        if cx.in_line() {
            let (verb, name) = named(operation);
            let count = count.to_string();
            cx.asks(cx.side(), verb, name, &object, &[("count", count.as_str()), ("objects", &objects)]);
        }
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            self.tell(&oldest, Outcome::Unknown, "", cx);
        }
        self.pending.push(Pending {
            id,
            from: cx.side(),
            operation,
            object: object.into(),
            objects: objects.into(),
            count,
            level,
        });
        Some(())
    }

    /// Reports a request: reads once for each subtree and outcome, changes always.
    fn tell(&mut self, pending: &Pending, outcome: Outcome, error: &str, cx: &mut Context<'_>) {
        let (verb, name) = named(pending.operation);
        let how = if outcome == Outcome::Success { "ok" } else { "not" };
        if verb == Verb::Query && !self.is_new(&[name, &pending.object, how, error]) {
            return;
        }
        let which =
            if matches!(pending.level, "public" | "private" | "other") { "community" } else { "level" };
        cx.activity_by(pending.from, verb, name, &pending.object)
            .outcome(outcome)
            .detail("count", &pending.count.to_string())
            .detail("objects", &pending.objects)
            .detail(which, pending.level)
            .detail("error", error);
    }

    fn answer(
        &mut self,
        operation: u8,
        body: &[u8],
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> Option<()> {
        let mut octets = Octets::new(body);
        let id = integer(&mut octets)?;
        let status = integer(&mut octets)?;
        integer(&mut octets)?;
        let list = Octets::new(expect(&mut octets, SEQUENCE)?);
        if operation == REPORT {
            self.report(list, message, cx);
            return Some(());
        }
        let asked = self.pending.iter().position(|p| p.id == id && p.from != cx.side());
        let asked = asked.map(|at| self.pending.remove(at));
        let sender = cx.sender();
        if let Some(asked) = &asked {
            let outcome = if status == 0 { Outcome::Success } else { Outcome::Failure };
            self.tell(asked, outcome, error_name(status), cx);
            if self.is_new(&["answers", message.version, message.community]) {
                cx.evidence(sender.clone(), &VERSION, message.version);
                cx.evidence(sender.clone(), &COMMUNITY, message.community);
            }
            if let Some(known) = message.known {
                let how = if asked.operation == SET && status == 0 { "takes a SET" } else { "answers" };
                if self.is_new(&["known", known, how]) {
                    cx.of_service(cx.side(), &SERVICE_COMMUNITY, &format!("{known}, {how}"));
                }
            }
        }
        if let Some(security) = &message.security {
            self.login(security, Outcome::Success, "", cx);
            if security.foreign {
                return Some(());
            }
        }
        // A SET's answer repeats what the manager wrote.
        let echoes = asked.is_some_and(|asked| asked.operation == SET);
        if status == 0 && !echoes {
            self.bindings(list, &sender, cx)?;
        }
        Some(())
    }

    /// Why a version 3 message was refused (RFC 3414 5, usmStats).
    fn report(&mut self, mut list: Octets<'_>, message: &Message<'_>, cx: &mut Context<'_>) {
        let Some(security) = &message.security else { return };
        let counter = expect(&mut list, SEQUENCE).and_then(|binding| {
            let oid = Oid::read(expect(&mut Octets::new(binding), OBJECT_IDENTIFIER)?)?;
            oid.under(&USM_STATS)?.first().copied()
        });
        let reason = match counter {
            Some(1) => "unsupported security level",
            Some(3) => "unknown user name",
            Some(5) => "wrong digest",
            Some(6) => "decryption error",
            _ => return,
        };
        self.login(security, Outcome::Failure, reason, cx);
    }

    fn bindings(&mut self, mut list: Octets<'_>, subject: &Subject, cx: &mut Context<'_>) -> Option<()> {
        let side = cx.side().index();
        let known = self.subjects.get_mut(side)?;
        if known.as_ref() != Some(subject) {
            if known.is_some() {
                // Notifications of several devices through one forwarder: nothing is gathered across them.
                return Some(());
            }
            *known = Some(subject.clone());
        }
        let agent = self.agents.get_mut(side)?;
        for _ in 0..MAX_BINDINGS {
            let Some(binding) = expect(&mut list, SEQUENCE) else { break };
            let mut binding = Octets::new(binding);
            let oid = Oid::read(expect(&mut binding, OBJECT_IDENTIFIER)?)?;
            let (tag, value) = element(&mut binding)?;
            // Exceptions (noSuchObject and the like) and NULL hold nothing.
            if tag != 0x05 && tag & 0x80 == 0 {
                agent.binding(&oid, tag, value, subject, cx);
            }
        }
        Some(())
    }

    fn trap_v1(&mut self, body: &[u8], message: &Message<'_>, cx: &mut Context<'_>) -> Option<()> {
        let mut octets = Octets::new(body);
        let enterprise = Oid::read(expect(&mut octets, OBJECT_IDENTIFIER)?)?;
        let address = ip(expect(&mut octets, IP_ADDRESS)?);
        let generic = integer(&mut octets)?;
        let specific = integer(&mut octets)?;
        element(&mut octets)?;
        let list = Octets::new(expect(&mut octets, SEQUENCE)?);
        let subject = self.origin(address, cx);
        let object = enterprise.dotted(40);
        if self.is_new(&["trap-enterprise", &object, &subject.to_string()]) {
            cx.evidence(subject.clone(), &TRAP_ENTERPRISE, &object);
        }
        let kind = match generic {
            0 => "coldStart",
            1 => "warmStart",
            2 => "linkDown",
            3 => "linkUp",
            4 => "authenticationFailure",
            5 => "egpNeighborLoss",
            _ => "enterpriseSpecific",
        };
        let specific = if generic == 6 { specific.to_string() } else { String::new() };
        let about = about(&subject, cx);
        cx.activity(Verb::Report, "trap", kind)
            .detail("enterprise", &object)
            .detail("specific", &specific)
            .detail("community", message.community)
            .detail("about", &about);
        self.bindings(list, &subject, cx)
    }

    fn notification(
        &mut self,
        operation: u8,
        body: &[u8],
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) -> Option<()> {
        let mut octets = Octets::new(body);
        integer(&mut octets)?;
        integer(&mut octets)?;
        integer(&mut octets)?;
        let list = Octets::new(expect(&mut octets, SEQUENCE)?);
        let (mut trap, mut enterprise, mut address) = (None, None, None);
        let mut ahead = list;
        for _ in 0..MAX_BINDINGS {
            let Some(binding) = expect(&mut ahead, SEQUENCE) else { break };
            let mut binding = Octets::new(binding);
            let oid = Oid::read(expect(&mut binding, OBJECT_IDENTIFIER)?)?;
            let (tag, value) = element(&mut binding)?;
            match (oid.arcs(), tag) {
                (arcs, OBJECT_IDENTIFIER) if arcs == TRAP_OID => trap = Oid::read(value),
                (arcs, OBJECT_IDENTIFIER) if arcs == TRAP_ENTERPRISE_OID => enterprise = Oid::read(value),
                (arcs, IP_ADDRESS) if arcs == TRAP_ADDRESS => address = ip(value),
                _ => {}
            }
        }
        let subject = self.origin(address, cx);
        if let Some(enterprise) = enterprise.map(|e| e.dotted(40))
            && self.is_new(&["trap-enterprise", &enterprise, &subject.to_string()])
        {
            cx.evidence(subject.clone(), &TRAP_ENTERPRISE, &enterprise);
        }
        let level = message.security.as_ref().map_or("", |s| s.level);
        let about = about(&subject, cx);
        cx.activity(
            Verb::Report,
            if operation == INFORM { "inform" } else { "trap" },
            &trap.map(|t| t.dotted(40)).unwrap_or_default(),
        )
        .detail("community", message.community)
        .detail("level", level)
        .detail("about", &about);
        if message.security.as_ref().is_some_and(|s| s.foreign) {
            return Some(());
        }
        self.bindings(list, &subject, cx)
    }

    /// Whom a notification is about: the sender, unless it names another address (a forwarder).
    fn origin(&self, address: Option<IpAddr>, cx: &Context<'_>) -> Subject {
        match address.filter(|a| is_owned(*a)) {
            Some(address) if address != cx.flow().peer(cx.side()).host.ip => cx.ip(address),
            _ => cx.sender(),
        }
    }
}

fn about(subject: &Subject, cx: &Context<'_>) -> String {
    if *subject == cx.sender() { String::new() } else { subject.to_string() }
}

/// What a request does, and its name (RFC 3416 3).
fn named(operation: u8) -> (Verb, &'static str) {
    match operation {
        GET => (Verb::Query, "GET"),
        GET_NEXT => (Verb::Query, "GETNEXT"),
        GET_BULK => (Verb::Query, "GETBULK"),
        _ => (Verb::Set, "SET"),
    }
}

/// The group that an object stands in: up to the enterprise's product, or the MIB's group.
fn subtree(oid: &Oid) -> String {
    oid.dotted(if oid.under(&ENTERPRISES).is_some() { 9 } else { 7 })
}

/// Names of RFC 3416 3, error-status.
fn error_name(status: i64) -> &'static str {
    match status {
        0 => "",
        1 => "tooBig",
        2 => "noSuchName",
        3 => "badValue",
        4 => "readOnly",
        6 => "noAccess",
        16 => "authorizationError",
        17 => "notWritable",
        _ => "genErr",
    }
}

#[cfg(test)]
mod tests;
