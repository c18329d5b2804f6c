//! Simple Mail Transfer Protocol: which software sends and takes mail, never who writes to whom.
//!
//! Follows RFC 5321 3-4 (session, commands, replies), RFC 4954 (AUTH), RFC 3207 (STARTTLS), RFC 3030 (BDAT).
//!
//! Says: the server's greeting and its extensions (facts), the client's name in EHLO or HELO (a host name when it is one).
//! Activity: login with mechanism and outcome, each message handed over with outcome and number of recipients.
//!
//! Left out: addresses, user names, passwords and content. Content is skipped up to the line with a single dot.
//! After STARTTLS the connection is TLS.

use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Verb};

use crate::credentials::{from_base64, known_default};
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, clear_login};
use crate::protocols::infrastructure::octets::says_something;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side};

pub(super) static SMTP: Dissector = Dissector {
    name: "smtp",
    title: "SMTP",
    label: "SMTP",
    group: Group::Remote,
    specification: &["RFC 5321 3-4", "RFC 4954", "RFC 3207", "RFC 3030"],
    ports: &[25, 587],
    carrier: Carrier::Stream { probe, session: || Box::new(Smtp::default()) },
    fields: &[&BANNER, &CLIENT_NAME, &EXTENSIONS, &CLEAR_LOGIN, &DEFAULT_LOGIN],
    basis: Basis::DocumentOnly,
};

static BANNER: Field = Field::fact("banner", "Greeting, reply 220 (RFC 5321 4.2)");
static CLIENT_NAME: Field =
    Field::states("client-name", Attribute::Hostname, 75, "Domain of EHLO or HELO (RFC 5321 4.1.1.1)");
static EXTENSIONS: Field =
    Field::fact("extensions", "Keywords of the answer to EHLO, in order (RFC 5321 4.1.1.1)");

const MAX_LINE: usize = 2048;

fn probe(head: &Head<'_>) -> Probe {
    let word = head.originator.get(..5).map(|w| w.to_ascii_uppercase());
    let hello = matches!(word.as_deref(), Some(b"EHLO " | b"HELO "));
    match head.responder {
        [b'2', b'2', b'0', b' ' | b'-', rest @ ..] => {
            let text = String::from_utf8_lossy(rest.get(..512).unwrap_or(rest)).to_ascii_lowercase();
            match word {
                _ if hello || text.contains("smtp") => Probe::Match,
                Some(_) => Probe::NoMatch,
                None => Probe::NeedMore,
            }
        }
        [] if hello && head.originator.contains(&b'\n') => Probe::Match,
        [] if head.originator.len() < 5 || hello => Probe::NeedMore,
        short if short.len() < 4 && b"220".starts_with(short.get(..3).unwrap_or(short)) => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Waiting {
    #[default]
    Nothing,
    Hello,
    Auth,
    StartTls,
    /// The answer to DATA itself.
    Data,
    /// The answer to the message.
    Message,
}

#[derive(Default)]
struct Smtp {
    greeted: bool,
    waiting: Waiting,
    /// The client sends a message's content.
    content: bool,
    recipients: u32,
    messages: u32,
    mechanism: String,
    /// The factory default that an AUTH PLAIN is, if one (RFC 4616 2).
    default: Option<&'static str>,
    extensions: Vec<String>,
    told: bool,
}

impl Session for Smtp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let client = cx.side() == Side::Originator;
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            if bytes.len() >= MAX_LINE {
                // Content may have long lines; nothing is kept of them.
                return if client {
                    Progress::Consumed(bytes.len() as u64)
                } else {
                    Progress::GiveUp("smtp_long_line")
                };
            }
            return Progress::Need(bytes.len() + 1);
        };
        let consumed = end as u64 + 1;
        let line = bytes.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if client {
            if self.content {
                self.content = line != b".";
                return Progress::Consumed(consumed);
            }
            return Progress::Consumed(consumed + self.command(line, cx));
        }
        if self.reply(line, cx) {
            return Progress::Become { consumed, dissector: "tls" };
        }
        Progress::Consumed(consumed)
    }
}

impl Smtp {
    /// Reads a command; the length of the chunk that follows it (BDAT).
    fn command(&mut self, line: &[u8], cx: &mut Context<'_>) -> u64 {
        let text = String::from_utf8_lossy(line.get(..512).unwrap_or(line));
        let mut words = text.split_whitespace();
        let word = words.next().unwrap_or("").to_ascii_uppercase();
        match word.as_str() {
            "EHLO" | "HELO" => {
                self.waiting = Waiting::Hello;
                self.extensions.clear();
                let name = words.next().unwrap_or("");
                if is_host_name(name) {
                    let client = cx.sender();
                    cx.evidence(client, &CLIENT_NAME, name);
                }
            }
            "AUTH" => {
                self.waiting = Waiting::Auth;
                let name = words.next().unwrap_or("").to_ascii_uppercase();
                let known = name.len() <= 20
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
                self.mechanism = if known { name } else { String::new() };
                self.default =
                    if self.mechanism == "PLAIN" { words.next().and_then(plain_default) } else { None };
            }
            "STARTTLS" => self.waiting = Waiting::StartTls,
            "MAIL" => self.recipients = 0,
            "RCPT" => self.recipients = self.recipients.saturating_add(1),
            "DATA" => self.waiting = Waiting::Data,
            "BDAT" => {
                let length = words.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
                if words.next().is_some_and(|w| w.eq_ignore_ascii_case("LAST")) {
                    self.waiting = Waiting::Message;
                }
                return u64::from(length);
            }
            _ if self.waiting == Waiting::Auth && self.mechanism == "PLAIN" && self.default.is_none() => {
                self.default = plain_default(text.trim());
            }
            _ => {}
        }
        0
    }

    /// One line of a reply; true where TLS follows.
    fn reply(&mut self, line: &[u8], cx: &mut Context<'_>) -> bool {
        let Some((code, rest)) = line.split_first_chunk::<3>() else { return false };
        let Some(code) = std::str::from_utf8(code).ok().and_then(|c| c.parse::<u16>().ok()) else {
            return false;
        };
        let last = rest.first() != Some(&b'-');
        let text = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
        let server = cx.host(Side::Responder);
        if code == 220 && !self.greeted && self.waiting != Waiting::StartTls {
            self.greeted = true;
            cx.evidence(server, &BANNER, &text);
            return false;
        }
        match self.waiting {
            Waiting::Hello if code == 250 => {
                if self.extensions.len() < 32 {
                    self.extensions.push(text);
                }
                if last {
                    self.waiting = Waiting::Nothing;
                    self.extended(cx);
                }
            }
            Waiting::Auth if matches!(code, 235 | 432 | 454 | 500..=538) => {
                self.waiting = Waiting::Nothing;
                let outcome = if code == 235 { Outcome::Success } else { Outcome::Failure };
                if matches!(self.mechanism.as_str(), "PLAIN" | "LOGIN") {
                    let mechanism = format!("AUTH {}", self.mechanism);
                    clear_login(Side::Responder, &mechanism, self.default.take(), outcome, cx);
                }
                cx.activity_by(Side::Originator, Verb::Login, "AUTH", "")
                    .outcome(outcome)
                    .detail("mechanism", &self.mechanism)
                    .detail("code", &code.to_string());
            }
            Waiting::StartTls if last => {
                self.waiting = Waiting::Nothing;
                return code == 220;
            }
            Waiting::Data if last => {
                self.content = code == 354;
                self.waiting = if self.content { Waiting::Message } else { Waiting::Nothing };
            }
            Waiting::Message if last => {
                self.waiting = Waiting::Nothing;
                self.content = false;
                self.messages = self.messages.saturating_add(1);
                let outcome = if code < 400 { Outcome::Success } else { Outcome::Failure };
                cx.activity_by(Side::Originator, Verb::Write, "message", "")
                    .outcome(outcome)
                    .detail("recipients", &self.recipients.to_string())
                    .detail("number", &self.messages.to_string());
            }
            _ => {}
        }
        false
    }

    /// The first line names the server and greets the client by name; the others are keywords.
    fn extended(&mut self, cx: &mut Context<'_>) {
        if self.told {
            return;
        }
        self.told = true;
        let words: Vec<&str> =
            self.extensions.iter().skip(1).filter(|e| e.is_ascii()).map(String::as_str).collect();
        let server = cx.host(Side::Responder);
        cx.evidence(server, &EXTENSIONS, &words.join(", "));
    }
}

/// The factory default in an initial response: authorization identity, user and password apart by NUL, in base64.
fn plain_default(response: &str) -> Option<&'static str> {
    let bytes = from_base64(response)?;
    let mut parts = bytes.split(|b| *b == 0).skip(1);
    known_default(SMTP.name, parts.next()?, parts.next()?)
}

fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text.parse::<IpAddr>().is_err()
        && says_something(text)
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport, Verb};

    use super::SMTP;
    use crate::{Side, exercise};

    const SERVER: Side = Side::Responder;
    const CLIENT: Side = Side::Originator;

    #[test]
    fn a_message_is_counted_and_its_people_are_dropped() {
        let said = exercise(
            &SMTP,
            Transport::Tcp,
            &[
                (SERVER, b"220 mx1.hospital.org ESMTP Postfix\r\n"),
                (CLIENT, b"EHLO scanner-2\r\n"),
                (SERVER, b"250-mx1 hello\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n"),
                (CLIENT, b"AUTH PLAIN amFuZQ==\r\n"),
                (SERVER, b"535 no\r\n"),
                (CLIENT, b"MAIL FROM:<jane@hospital.org>\r\n"),
                (SERVER, b"250 ok\r\n"),
                (CLIENT, b"RCPT TO:<doe@hospital.org>\r\n"),
                (SERVER, b"250 ok\r\n"),
                (CLIENT, b"DATA\r\n"),
                (SERVER, b"354 go\r\n"),
                (CLIENT, b"Subject: Doe\r\n\r\nSTARTTLS\r\n.\r\nQUIT\r\n"),
                (SERVER, b"250 queued\r\n221 bye\r\n"),
            ],
        );
        assert_eq!(said.values("banner"), ["mx1.hospital.org ESMTP Postfix"]);
        assert_eq!(said.values("client-name"), ["scanner-2"]);
        assert_eq!(said.values("extensions"), ["SIZE 1000, AUTH PLAIN"]);
        let verbs: Vec<_> = said.activity.iter().map(|a| (a.verb, a.outcome)).collect();
        assert_eq!(verbs, [(Verb::Login, Outcome::Failure), (Verb::Write, Outcome::Success)]);
        let shown = format!("{said:?}");
        assert!(!shown.contains("jane") && !shown.contains("Doe") && !shown.contains("amFu"));
    }

    #[test]
    fn starttls_becomes_tls() {
        let said = exercise(
            &SMTP,
            Transport::Tcp,
            &[(SERVER, b"220 mx ESMTP\r\n"), (CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go\r\n")],
        );
        assert_eq!(said.became, Some("tls"));
    }
}
