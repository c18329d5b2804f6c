//! Niagara Fox: stations and workbenches of the Niagara framework (building automation controllers and servers).
//!
//! Tridium publishes no specification; the greeting is in the clear and is what public scanners read (Nmap's
//! `fox-info`). Messages are text: `fox a SEQUENCE REPLY-TO CHANNEL COMMAND`, a line `{`, lines `key=type:value`, a line
//! `};;`. Both sides begin with a `fox hello`. TCP 1911; 4911 carries the same inside TLS.
//!
//! What it can identify: both ends: host name, Niagara version, operating system, Java machine, station name, brand, host
//! id (the licence's worldwide unique id).
//!
//! Limits: only the greeting and the beginning of the login are read; credentials and what follows are not. Checked
//! against a capture of one workbench and one station.

use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Verb};

use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

const MAX_MESSAGE: usize = 32 * 1024;

static HOST: Field =
    Field::states("host-name", Attribute::Hostname, 90, "hostName in fox hello, where it is no address");
static STATION: Field = Field::states("station-name", Attribute::Alias, 93, "station.name in fox hello");
static OS: Field = Field::states(
    "os-name",
    Attribute::Os,
    92,
    "os.name in fox hello, as Java names it, without version words",
);
static OS_VERSION: Field = Field::states(
    "os-version",
    Attribute::OsVersion,
    85,
    "os.version in fox hello; of Windows the words after its name in os.name",
);
static APPLICATION: Field =
    Field::states("app", Attribute::Software, 95, "app.name and app.version in fox hello");
static MACHINE: Field = Field::states("vm", Attribute::Software, 93, "vm.name and vm.version in fox hello");
static HOST_ID: Field =
    Field::states("host-id", Attribute::UniqueId, 95, "hostId in fox hello: the Niagara licence host id");
static BRAND: Field = Field::fact("brand", "brandId in fox hello: whose product it is sold as");
static PROTOCOL: Field = Field::fact("fox-version", "fox.version in fox hello");
static ROLE: Field = Field::fact("app-name", "app.name in fox hello: \"Station\" or \"Workbench\"");
static AGENTS: Field = Field::fact("auth-agents", "authAgentTypeSpecs in fox hello: ways to log in");

pub(super) static FOX: Dissector = Dissector {
    name: "fox",
    title: "Niagara Fox",
    label: "Niagara Fox",
    group: Group::Building,
    specification: &["No public standard; greeting as published with Nmap's fox-info"],
    ports: &[1911],
    carrier: Carrier::Stream { probe, session: || Box::new(Talk::default()) },
    fields: &[
        &HOST,
        &STATION,
        &OS,
        &OS_VERSION,
        &APPLICATION,
        &MACHINE,
        &HOST_ID,
        &BRAND,
        &PROTOCOL,
        &ROLE,
        &AGENTS,
    ],
    basis: Basis::RealPeers,
};

const GREETING: &[u8] = b"fox a ";

fn probe(head: &Head<'_>) -> Probe {
    let mut answer = Probe::NeedMore;
    for bytes in [head.originator, head.responder] {
        answer = match Probe::magic(bytes, GREETING) {
            Probe::Match => match bytes.get(GREETING.len()..).and_then(header) {
                Some(_) => return Probe::Match,
                None if bytes.len() > 80 || bytes.contains(&b'{') => return Probe::NoMatch,
                None => Probe::NeedMore,
            },
            Probe::NoMatch => return Probe::NoMatch,
            Probe::NeedMore => answer,
        };
    }
    answer
}

/// The words of a first line, after `fox a `: channel and command.
fn header(bytes: &[u8]) -> Option<(&str, &str)> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let line = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let mut words = line.trim_end().split(' ');
    let _sequence: i64 = words.next()?.parse().ok()?;
    let _reply: i64 = words.next()?.parse().ok()?;
    Some((words.next()?, words.next()?))
}

#[derive(Default)]
struct Talk {
    greeted: [bool; 2],
    searched: [usize; 2],
    messages: [u16; 2],
    login: bool,
}

impl Session for Talk {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side().index();
        let from = self.searched.get(side).copied().unwrap_or(0).saturating_sub(4);
        let Some(at) = bytes.get(from..).and_then(|b| b.windows(4).position(|w| w == b"\n};;")) else {
            if bytes.len() > MAX_MESSAGE {
                return Progress::Finished;
            }
            if let Some(searched) = self.searched.get_mut(side) {
                *searched = bytes.len();
            }
            return Progress::Need(bytes.len() + 1);
        };
        if let Some(searched) = self.searched.get_mut(side) {
            *searched = 0;
        }
        let end = from + at + 4;
        let message = bytes.get(..end).unwrap_or(bytes);
        let start = message.windows(GREETING.len()).position(|w| w == GREETING);
        if let Some(message) = start.and_then(|start| message.get(start + GREETING.len()..))
            && let Some((_, command)) = header(message)
        {
            match command {
                "hello" => self.hello(message, cx),
                "challenge" if !self.login => {
                    // The side that opened the connection is asked to log in.
                    self.login = true;
                    cx.activity_by(Side::Originator, Verb::Login, "fox challenge", "")
                        .detail("method", &value(message, "method").unwrap_or_default());
                }
                "rejected" => {
                    cx.activity_by(Side::Originator, Verb::Login, "fox rejected", "")
                        .outcome(Outcome::Failure);
                }
                _ => {}
            }
        }
        let said = self.messages.get_mut(side).map_or(u16::MAX, |count| {
            *count = count.saturating_add(1);
            *count
        });
        if said >= 8 { Progress::Finished } else { Progress::Consumed(end as u64) }
    }

    fn gap(&mut self, _length: u64, _cx: &mut Context<'_>) -> Resync {
        Resync::GiveUp
    }
}

impl Talk {
    fn hello(&mut self, message: &[u8], cx: &mut Context<'_>) {
        match self.greeted.get_mut(cx.side().index()) {
            Some(greeted) if !*greeted => *greeted = true,
            _ => return,
        }
        let get = |key: &str| value(message, key).filter(|text| !text.is_empty() && text != "null");
        if cx.side() == Side::Originator {
            let station = get("station.name").unwrap_or_default();
            cx.activity(Verb::Connect, "fox hello", &station)
                .detail("app", &get("app.name").unwrap_or_default());
        }
        let subject = cx.sender();
        if let Some(host) = get("hostName")
            && host.parse::<IpAddr>().is_err()
            && !host.eq_ignore_ascii_case("localhost")
        {
            cx.evidence(subject.clone(), &HOST, &host);
        }
        for (field, key) in [
            (&STATION, "station.name"),
            (&HOST_ID, "hostId"),
            (&BRAND, "brandId"),
            (&PROTOCOL, "fox.version"),
            (&ROLE, "app.name"),
            (&AGENTS, "authAgentTypeSpecs"),
        ] {
            if let Some(text) = get(key) {
                cx.evidence(subject.clone(), field, &text);
            }
        }
        if let Some(name) = get("app.name") {
            cx.software(
                subject.clone(),
                &APPLICATION,
                &format!("Niagara {name}"),
                get("app.version").as_deref(),
            );
        }
        if let Some(name) = get("vm.name") {
            cx.software(subject.clone(), &MACHINE, &name, get("vm.version").as_deref());
        }
        if let Some(name) = get("os.name") {
            let (family, version) = match name.strip_prefix("Windows ") {
                Some(edition) => ("Windows", Some(edition.to_owned())),
                None => (name.as_str(), get("os.version")),
            };
            cx.evidence(subject.clone(), &OS, family);
            if let Some(version) = version {
                cx.evidence(subject, &OS_VERSION, &version);
            }
        }
    }
}

/// The value of `key=t:value` on a line of its own.
fn value(message: &[u8], key: &str) -> Option<String> {
    message.split(|b| *b == b'\n').find_map(|line| {
        let typed = line.strip_prefix(key.as_bytes())?.strip_prefix(b"=")?;
        match typed {
            [_, b':', text @ ..] => Some(clean_bytes(text)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::FOX;
    use crate::{Side, exercise};
    use medward_model::{Transport, Verb};

    const WORKBENCH: &[u8] = b"fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\nhostName=s:FM-OFFICE-2\n\
        hostAddress=s:10.0.0.1\napp.name=s:Workbench\napp.version=s:3.7.44\nvm.name=s:Java HotSpot(TM) Server VM\n\
        vm.version=s:20.4-b02\nos.name=s:Windows XP\nos.version=s:5.1\nlang=s:en\n\
        hostId=s:Win-99CB-D49D-5442-0000\nbrandId=s:vykon\n};;\n";
    const STATION: &[u8] = b"fox a 0 -1 fox hello\n{\nfox.version=s:1.0\nid=i:2\nhostName=s:10.0.0.2\n\
        app.name=s:Station\napp.version=s:3.5.41.1\nvm.name=s:J9\nvm.version=s:2.3\nos.name=s:QNX\nos.version=s:6.3.2\n\
        station.name=s:Theatre_AHU\nhostId=s:Qnx-NPM6-0000-1490-0000\nbrandId=s:vykon\n\
        sysInfo=o:bog 61[<bog version=\"1.0\">\n<p m=\"b=baja\" t=\"b:Facets\" v=\"\"/>\n</bog>\n]\n};;\n\
        fox a 1 -1 fox challenge\n{\nmethod=s:digest-md5\nnonce=b:4[\xc8\0};]\n};;\n";

    #[test]
    fn both_ends_say_who_they_are() {
        let seen =
            exercise(&FOX, Transport::Tcp, &[(Side::Originator, WORKBENCH), (Side::Responder, STATION)]);
        assert_eq!(seen.values("host-name"), ["FM-OFFICE-2"]);
        assert_eq!(seen.values("station-name"), ["Theatre_AHU"]);
        assert_eq!(seen.values("os-name"), ["Windows", "QNX"]);
        assert_eq!(seen.values("os-version"), ["XP", "6.3.2"]);
        assert_eq!(seen.values("app"), ["Niagara Workbench 3.7.44", "Niagara Station 3.5.41.1"]);
        assert_eq!(seen.values("host-id"), ["Win-99CB-D49D-5442-0000", "Qnx-NPM6-0000-1490-0000"]);
        let verbs: Vec<Verb> = seen.activity.iter().map(|a| a.verb).collect();
        assert_eq!(verbs, [Verb::Connect, Verb::Login]);
        assert!(!seen.evidence.is_empty() && seen.weirds.is_empty());
    }

    #[test]
    fn text_that_only_begins_like_it_does_not_match() {
        for foreign in [&b"fox a terrier\n{\n"[..], b"fox", b"GET / HTTP/1.1\r\n"] {
            assert!(exercise(&FOX, Transport::Tcp, &[(Side::Originator, foreign)]).unmatched);
        }
    }

    #[test]
    fn bytes_one_by_one_say_the_same() {
        let whole = exercise(&FOX, Transport::Tcp, &[(Side::Responder, STATION)]);
        let single: Vec<(Side, &[u8])> = STATION.chunks(1).map(|byte| (Side::Responder, byte)).collect();
        let split = exercise(&FOX, Transport::Tcp, &single);
        assert_eq!(whole.evidence.len(), split.evidence.len());
        assert_eq!(whole.activity.len(), split.activity.len());
    }
}
