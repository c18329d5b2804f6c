//! MQTT: which device publishes and subscribes to what at which broker.
//!
//! Follows MQTT 3.1.1 (OASIS 2014) and MQTT 5.0 (OASIS 2019), sections 2.1 (fixed header), 3.1 (CONNECT), 3.2 (CONNACK), 3.3 (PUBLISH), 3.8
//! (SUBSCRIBE), 3.14 (DISCONNECT); the 3.1 name `MQIsdp` is accepted. A packet is type and flags, a length of one to four bytes of seven bits each, and
//! the rest. Recognised by the CONNECT packet that must come first.
//!
//! Says: the client identifier and protocol version of the client (facts), the broker's role. Activity: login with outcome, whether
//! a user name was given, keep-alive and will; each topic published or subscribed once for each direction.
//!
//! Left out: user names, passwords, payloads, user properties, and of a topic all levels beyond the third, since
//! deeper levels often hold identifiers of single persons or readings.

use medward_model::{Field, Outcome, Verb};

use crate::credentials::known_default;
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, OPEN_LOGIN, clear_login};
use crate::protocols::infrastructure::octets::{Octets, says_something};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

pub(super) static MQTT: Dissector = Dissector {
    name: "mqtt",
    title: "MQTT",
    label: "MQTT",
    group: Group::Remote,
    specification: &["MQTT 3.1.1 (OASIS) 2-3", "MQTT 5.0 (OASIS) 2-3"],
    ports: &[1883],
    carrier: Carrier::Stream { probe, session: || Box::new(Mqtt::default()) },
    fields: &[&CLIENT_ID, &VERSION, &ROLE, &CLEAR_LOGIN, &DEFAULT_LOGIN, &OPEN_LOGIN],
    basis: Basis::RealPeers,
};

static CLIENT_ID: Field = Field::fact("client-id", "Client Identifier of CONNECT (MQTT 3.1.1 3.1.3.1)");
static VERSION: Field = Field::fact("version", "Protocol level of CONNECT (MQTT 3.1.1 3.1.2.2)");
static ROLE: Field = Field::fact("role", "Answers CONNECT: a broker (MQTT 3.1.1 3.2)");

const CONNECT: u8 = 1;
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;
const MAX_TOPICS: usize = 64;
/// Bytes read of one packet: enough for any CONNECT or SUBSCRIBE of a device.
const MAX_READ: usize = 4096;

/// Type, flags, length of the head, length of the rest.
fn fixed_header(bytes: &[u8]) -> Result<(u8, u8, usize, usize), Progress> {
    let Some(first) = bytes.first() else { return Err(Progress::Need(2)) };
    let mut length = 0_usize;
    for at in 1..=4_usize {
        let Some(byte) = bytes.get(at) else { return Err(Progress::Need(at + 1)) };
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            return Ok((first >> 4, first & 15, at + 1, length));
        }
    }
    Err(Progress::GiveUp("mqtt_bad_length"))
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.originator;
    if bytes.is_empty() {
        return if head.responder.is_empty() { Probe::NeedMore } else { Probe::NoMatch };
    }
    if bytes.first() != Some(&0x10) {
        return Probe::NoMatch;
    }
    match fixed_header(bytes) {
        Ok((_, _, head, length)) => {
            let name = bytes.get(head..).unwrap_or_default();
            if length < 12 {
                return Probe::NoMatch;
            }
            match Probe::magic(name, b"\0\x04MQTT") {
                Probe::NoMatch => Probe::magic(name, b"\0\x06MQIsdp"),
                answer => answer,
            }
        }
        Err(Progress::Need(_)) => Probe::NeedMore,
        Err(_) => Probe::NoMatch,
    }
}

#[derive(Default)]
struct Mqtt {
    version: u8,
    login: Option<Login>,
    told: Vec<u64>,
}

struct Login {
    user: bool,
    password: bool,
    default: Option<&'static str>,
    keep_alive: u16,
    will: bool,
}

impl Session for Mqtt {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let (kind, flags, head, length) = match fixed_header(bytes) {
            Ok(header) => header,
            Err(progress) => return progress,
        };
        let whole = head.saturating_add(length);
        // Of a publication only the topic is read; its payload is skipped when it comes.
        let wanted = if kind == PUBLISH {
            match bytes.get(head..head + 2) {
                Some([high, low]) => {
                    let topic = usize::from(u16::from_be_bytes([*high, *low]));
                    (head + 2 + topic.min(1024)).min(whole)
                }
                _ => (head + 2).min(whole),
            }
        } else if matches!(kind, CONNECT | CONNACK | SUBSCRIBE) {
            whole.min(MAX_READ)
        } else {
            head
        };
        let Some(body) = bytes.get(head..wanted) else { return Progress::Need(wanted) };
        if kind == PUBLISH && length >= 2 && body.len() < 2 {
            return Progress::Need(wanted);
        }
        let octets = Octets::new(body);
        let client = cx.side() == Side::Originator;
        let read = match kind {
            CONNECT if client => self.connect(octets, cx),
            CONNACK if !client => self.accepted(octets, cx),
            PUBLISH => self.publish(flags, octets, cx),
            SUBSCRIBE if client => self.subscribe(octets, cx),
            4..=7 | 9..=13 | 15 => Some(()),
            14 => {
                cx.activity(Verb::Disconnect, "DISCONNECT", "");
                Some(())
            }
            _ => return Progress::GiveUp("mqtt_bad_packet"),
        };
        if read.is_none() && whole <= MAX_READ {
            cx.weird("mqtt_malformed");
        }
        Progress::Consumed(whole as u64)
    }

    fn gap(&mut self, _: u64, _: &mut Context<'_>) -> Resync {
        Resync::GiveUp
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.log_in(Outcome::Unknown, None, cx);
    }
}

/// A length of two bytes and as many bytes.
fn text<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let length = octets.u16()?;
    octets.take(usize::from(length))
}

/// Properties of version 5: a length of seven bits a byte, and as many bytes.
fn skip_properties(octets: &mut Octets<'_>) -> Option<()> {
    let mut length = 0_usize;
    for at in 0..4_u32 {
        let byte = octets.u8()?;
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            octets.take(length)?;
            return Some(());
        }
    }
    None
}

impl Mqtt {
    fn connect(&mut self, mut octets: Octets<'_>, cx: &mut Context<'_>) -> Option<()> {
        text(&mut octets)?;
        self.version = octets.u8()?;
        let flags = octets.u8()?;
        let keep_alive = octets.u16()?;
        if self.version >= 5 {
            skip_properties(&mut octets)?;
        }
        let client = String::from_utf8_lossy(text(&mut octets)?).into_owned();
        let sender = cx.sender();
        let version = match self.version {
            3 => "3.1",
            4 => "3.1.1",
            5 => "5.0",
            _ => "other",
        };
        cx.evidence(sender.clone(), &VERSION, version);
        if says_something(&client) {
            cx.evidence(sender, &CLIENT_ID, &client);
        }
        let (user, password, will) = (flags & 0x80 != 0, flags & 0x40 != 0, flags & 0x04 != 0);
        let default = if user && password { self.factory_default(octets, will) } else { None };
        self.login = Some(Login { user, password, default, keep_alive, will });
        Some(())
    }

    /// The factory default that user and password are, if one (3.1.3: will topic and message, user, password).
    fn factory_default(&self, mut octets: Octets<'_>, will: bool) -> Option<&'static str> {
        if will {
            if self.version >= 5 {
                skip_properties(&mut octets)?;
            }
            text(&mut octets)?;
            text(&mut octets)?;
        }
        known_default(MQTT.name, text(&mut octets)?, text(&mut octets)?)
    }

    fn accepted(&mut self, mut octets: Octets<'_>, cx: &mut Context<'_>) -> Option<()> {
        octets.u8()?;
        let code = octets.u8()?;
        let sender = cx.sender();
        cx.evidence(sender, &ROLE, "broker");
        let outcome = if code == 0 { Outcome::Success } else { Outcome::Failure };
        self.log_in(outcome, Some(code), cx);
        Some(())
    }

    fn log_in(&mut self, outcome: Outcome, code: Option<u8>, cx: &mut Context<'_>) {
        let Some(login) = self.login.take() else { return };
        if login.password {
            clear_login(Side::Responder, "CONNECT", login.default, outcome, cx);
        } else if !login.user && outcome == Outcome::Success {
            cx.of_service(Side::Responder, &OPEN_LOGIN, "CONNECT without a user");
        }
        let yes = |b: bool| if b { "yes" } else { "no" };
        cx.activity_by(Side::Originator, Verb::Login, "CONNECT", "")
            .outcome(outcome)
            .detail("user", yes(login.user))
            .detail("will", yes(login.will))
            .detail("keep-alive", &login.keep_alive.to_string())
            .detail("code", &code.map(|c| c.to_string()).unwrap_or_default());
    }

    fn publish(&mut self, flags: u8, mut octets: Octets<'_>, cx: &mut Context<'_>) -> Option<()> {
        let length = usize::from(octets.u16()?);
        let topic = octets.take(length)?;
        // Version 5 may use an alias in place of the topic.
        if !topic.is_empty() {
            let retain = if flags & 1 != 0 { "yes" } else { "no" };
            self.topic(Verb::Publish, "PUBLISH", topic, retain, cx);
        }
        Some(())
    }

    fn subscribe(&mut self, mut octets: Octets<'_>, cx: &mut Context<'_>) -> Option<()> {
        octets.u16()?;
        if self.version >= 5 {
            skip_properties(&mut octets)?;
        }
        for _ in 0..MAX_TOPICS {
            if octets.is_empty() {
                break;
            }
            let filter = text(&mut octets)?;
            octets.u8()?;
            self.topic(Verb::Subscribe, "SUBSCRIBE", filter, "", cx);
        }
        Some(())
    }

    fn topic(&mut self, verb: Verb, word: &'static str, topic: &[u8], retain: &str, cx: &mut Context<'_>) {
        let topic = String::from_utf8_lossy(topic);
        let mut levels = topic.split('/');
        let mut kept: Vec<&str> = levels.by_ref().take(3).collect();
        if levels.next().is_some() {
            kept.push("…");
        }
        let kept = kept.join("/");
        let bytes = [cx.side().index() as u8].into_iter().chain(word.bytes()).chain(kept.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.told.len() < MAX_TOPICS && !self.told.contains(&hash) {
            self.told.push(hash);
            cx.activity(verb, word, &kept).detail("retain", retain);
        }
    }
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport, Verb};

    use super::MQTT;
    use crate::{Side, exercise};

    const BROKER: Side = Side::Responder;
    const CLIENT: Side = Side::Originator;

    fn text(value: &str) -> Vec<u8> {
        [&(value.len() as u16).to_be_bytes()[..], value.as_bytes()].concat()
    }

    fn packet(first: u8, body: &[u8]) -> Vec<u8> {
        assert!(body.len() < 16384);
        [&[first, (body.len() & 0x7f) as u8 | 0x80, (body.len() >> 7) as u8][..], body].concat()
    }

    fn client(version: u8) -> Vec<u8> {
        let properties: &[u8] = if version == 5 { &[0] } else { &[] };
        let connect = [
            &text("MQTT")[..],
            &[version, 0xc2, 0, 60],
            properties,
            &text("pump-7"),
            &text("jane"),
            &text("s3cret"),
        ]
        .concat();
        let subscribe = [&[0, 1][..], properties, &text("ward/3/#"), &[1]].concat();
        let publish = [&text("ward/3/bed/Jane")[..], &[0x55; 900]].concat();
        [packet(0x10, &connect), packet(0x82, &subscribe), packet(0x30, &publish), vec![0xe0, 0]].concat()
    }

    #[test]
    fn a_device_connects_subscribes_and_publishes_under_any_split() {
        for version in [4, 5] {
            let bytes = client(version);
            for at in 1..bytes.len() {
                let (a, b) = bytes.split_at(at);
                let said =
                    exercise(&MQTT, Transport::Tcp, &[(CLIENT, a), (CLIENT, b), (BROKER, &[0x20, 2, 0, 0])]);
                assert_eq!(said.values("client-id"), ["pump-7"]);
                let mut verbs: Vec<_> = said.activity.iter().map(|a| (a.verb, &*a.object)).collect();
                verbs.sort_unstable();
                let expected = [
                    (Verb::Disconnect, ""),
                    (Verb::Login, ""),
                    (Verb::Subscribe, "ward/3/#"),
                    (Verb::Publish, "ward/3/bed/…"),
                ];
                assert_eq!(verbs, expected, "{at}");
                let login = said.activity.iter().find(|a| a.verb == Verb::Login).unwrap();
                assert_eq!(login.outcome, Outcome::Success);
                let shown = format!("{said:?}").to_lowercase();
                assert!(!shown.contains("jane") && !shown.contains("s3cret"));
            }
        }
    }
}
