//! PostgreSQL: the server's version, the client's program, logins.
//!
//! Follows the PostgreSQL documentation, Frontend/Backend Protocol 3.0: 55.2.1 (start-up), 55.2.10 (SSL), 55.7 (message
//! formats), 55.8 (error fields).
//!
//! Of the server: its version, how it authenticates. Of the client: application_name. Users, databases, passwords and
//! statements are never kept.

use medward_model::{Attribute, Field, Outcome, Verb};

use crate::exposure::{CLEAR_LOGIN, OPEN_LOGIN, clear_login};
use crate::pending::Asked;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

/// Longest start-up packet (the server's own limit), and the longest message before the session is ready.
const MAX_MESSAGE: usize = 16 * 1024;
const SSL_REQUEST: u32 = 80_877_103;
const CANCEL_REQUEST: u32 = 80_877_102;
const GSS_REQUEST: u32 = 80_877_104;
const VERSION_3: u32 = 3 << 16;

static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    93,
    "Server: ParameterStatus server_version (PostgreSQL protocol 3.0, 55.2.7)",
);
static AUTHENTICATION: Field = Field::fact(
    "authentication",
    "Server: kind of its Authentication request (PostgreSQL protocol 3.0, 55.7)",
);
static APPLICATION: Field = Field::fact(
    "application",
    "Client: application_name of its StartupMessage (PostgreSQL protocol 3.0, 55.7)",
);

pub(super) static POSTGRESQL: Dissector = Dissector {
    name: "postgresql",
    title: "PostgreSQL",
    label: "PostgreSQL",
    group: Group::Remote,
    specification: &["PostgreSQL Frontend/Backend Protocol 3.0"],
    ports: &[5432],
    carrier: Carrier::Stream { probe, session: || Box::new(PostgresSession::default()) },
    fields: &[&SOFTWARE, &AUTHENTICATION, &APPLICATION, &CLEAR_LOGIN, &OPEN_LOGIN],
    basis: Basis::RealPeers,
};

/// A start-up packet of version 3 with a "user" parameter, or one of the requests of fixed length and code.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.originator;
    if bytes.is_empty() {
        return if head.responder.is_empty() { Probe::NeedMore } else { Probe::NoMatch };
    }
    if !bytes.starts_with(&[0]) || matches!(bytes.get(1), Some(1..)) {
        return Probe::NoMatch;
    }
    let (Some(length), Some(code)) = (word(bytes, 0), word(bytes, 4)) else { return Probe::NeedMore };
    match code {
        SSL_REQUEST | GSS_REQUEST => Probe::when(length == 8),
        CANCEL_REQUEST => Probe::when((16..=272).contains(&length)),
        version
            if version >> 16 == 3
                && version & 0xffff <= 2
                && (9..=MAX_MESSAGE).contains(&(length as usize)) =>
        {
            let parameters = bytes.get(8..).unwrap_or(&[]);
            let whole = bytes.len() >= length as usize;
            if super::at::find(parameters, b"user\0").is_some() {
                Probe::Match
            } else if whole {
                Probe::NoMatch
            } else {
                Probe::NeedMore
            }
        }
        _ => Probe::NoMatch,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    super::at::array(bytes, at).map(u32::from_be_bytes)
}

#[derive(Default)]
struct PostgresSession {
    /// A request for encryption waits for its answer of one octet.
    wants_tls: bool,
    started: bool,
    asked: Option<Asked>,
    mechanism: &'static str,
    admitted: bool,
    versioned: bool,
}

impl PostgresSession {
    fn client(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if self.started {
            return Progress::Finished;
        }
        let (Some(length), Some(code)) = (word(bytes, 0), word(bytes, 4)) else { return Progress::Need(8) };
        let length = length as usize;
        if !(8..=MAX_MESSAGE).contains(&length) {
            return Progress::GiveUp("postgresql_bad_length");
        }
        let Some(packet) = bytes.get(8..length) else { return Progress::Need(length) };
        match code {
            SSL_REQUEST | GSS_REQUEST => {
                self.wants_tls = true;
                Progress::Consumed(length as u64)
            }
            CANCEL_REQUEST => {
                cx.activity(Verb::Command, "CancelRequest", "");
                Progress::Quiet
            }
            version if version & 0xffff_0000 == VERSION_3 => {
                self.started = true;
                let application = parameter(packet, b"application_name");
                cx.evidence(cx.sender(), &APPLICATION, &application);
                self.asked = Some(
                    Asked::new(Side::Originator, Verb::Login, "StartupMessage", "")
                        .detail("application", application),
                );
                Progress::Consumed(length as u64)
            }
            _ => Progress::GiveUp("postgresql_bad_version"),
        }
    }

    fn server(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if std::mem::take(&mut self.wants_tls) {
            return match bytes.first() {
                Some(b'S') => {
                    cx.activity_by(Side::Originator, Verb::Connect, "SSLRequest", "")
                        .outcome(Outcome::Success);
                    Progress::Become { consumed: 1, dissector: "tls" }
                }
                Some(b'G') => Progress::Quiet,
                _ => Progress::Consumed(1),
            };
        }
        let (Some(kind), Some(length)) = (bytes.first(), word(bytes, 1)) else { return Progress::Need(5) };
        let total = (length as usize).saturating_add(1);
        if length < 4 || total > MAX_MESSAGE {
            return Progress::GiveUp("postgresql_bad_length");
        }
        let Some(content) = bytes.get(5..total) else { return Progress::Need(total) };
        match kind {
            b'R' => self.authentication(content, cx),
            b'S' if !self.versioned => {
                let shown = parameter(content, b"server_version");
                self.versioned = !shown.is_empty();
                let number = shown.split(' ').next().unwrap_or("");
                if self.versioned {
                    cx.software(cx.sender(), &SOFTWARE, "PostgreSQL", Some(number));
                }
            }
            b'E' => {
                if let Some(asked) = self.asked.take() {
                    self.told(Outcome::Failure, cx);
                    let code = fields(content).find(|f| f.starts_with(b"C")).and_then(|f| f.get(1..));
                    asked
                        .detail("mechanism", self.mechanism)
                        .detail("error", clean_bytes(code.unwrap_or(&[])))
                        .report(Outcome::Failure, cx);
                }
                return Progress::Quiet;
            }
            b'Z' => {
                self.done(Outcome::Success, cx);
                return Progress::Quiet;
            }
            _ => {}
        }
        Progress::Consumed(total as u64)
    }

    fn authentication(&mut self, content: &[u8], cx: &mut Context<'_>) {
        let mechanism = match word(content, 0) {
            Some(0) => {
                self.admitted = true;
                if !self.mechanism.is_empty() {
                    return;
                }
                "trust"
            }
            Some(2) => "kerberos",
            Some(3) => "password",
            Some(5) => "md5",
            Some(7) => "gss",
            Some(9) => "sspi",
            Some(10) => "scram",
            _ => return,
        };
        self.mechanism = mechanism;
        cx.evidence(cx.sender(), &AUTHENTICATION, mechanism);
    }

    /// How the login was made, where it was with a password in clear or without any.
    fn told(&self, outcome: Outcome, cx: &mut Context<'_>) {
        match self.mechanism {
            "password" => clear_login(Side::Responder, "AuthenticationCleartextPassword", None, outcome, cx),
            "trust" if outcome == Outcome::Success => {
                cx.of_service(Side::Responder, &OPEN_LOGIN, "AuthenticationOk without a proof");
            }
            _ => {}
        }
    }

    fn done(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        if let Some(asked) = self.asked.take() {
            self.told(outcome, cx);
            asked.detail("mechanism", self.mechanism).report(outcome, cx);
        }
    }
}

fn fields(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|b| *b == 0)
}

/// The value of a parameter in a list of names and values that end in NUL.
fn parameter(content: &[u8], name: &[u8]) -> String {
    let mut list = fields(content);
    while let (Some(key), Some(value)) = (list.next(), list.next()) {
        if key == name {
            return clean_bytes(value);
        }
    }
    String::new()
}

impl Session for PostgresSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        match cx.side() {
            Side::Originator => self.client(bytes, cx),
            Side::Responder => self.server(bytes, cx),
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        let outcome = if self.admitted { Outcome::Success } else { Outcome::Unknown };
        self.done(outcome, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::POSTGRESQL;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport};

    fn startup() -> Vec<u8> {
        let parameters = b"user\0jdoe\0database\0ris\0application_name\0psql\0\0";
        [&(parameters.len() as u32 + 8).to_be_bytes()[..], &[0, 3, 0, 0], parameters].concat()
    }

    #[test]
    fn a_login_tells_the_server_and_no_user() {
        let answer =
            [&b"R\0\0\0\x08\0\0\0\0S\0\0\0\x27server_version\x0015.6 (Debian 15.6-0)"[..], b"\0Z\0\0\0\x05I"]
                .concat();
        let at = answer.iter().position(|b| *b == b'S').expect("a status");
        let mut answer = answer;
        answer[at + 4] = 4 + 15 + 20;
        let said = exercise(
            &POSTGRESQL,
            Transport::Tcp,
            &[(Side::Originator, &startup()), (Side::Responder, &answer)],
        );
        assert_eq!(said.values("software"), ["PostgreSQL 15.6"]);
        assert_eq!(said.values("application"), ["psql"]);
        assert_eq!(said.values("authentication"), ["trust"]);
        assert_eq!(said.activity[0].outcome, Outcome::Success);
        assert!(!format!("{said:?}").contains("jdoe"));
    }

    #[test]
    fn tls_takes_over_when_the_server_agrees() {
        let request = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
        let said =
            exercise(&POSTGRESQL, Transport::Tcp, &[(Side::Originator, &request), (Side::Responder, b"S")]);
        assert_eq!(said.became, Some("tls"));
        let refusal = b"E\0\0\0\x16SFATAL\0C28P01\0Mno\0\0";
        let said = exercise(
            &POSTGRESQL,
            Transport::Tcp,
            &[
                (Side::Originator, &request),
                (Side::Responder, b"N"),
                (Side::Originator, &startup()),
                (Side::Responder, refusal),
            ],
        );
        assert!(said.activity[0].details.contains(&("error", "28P01".into())));
    }
}
