//! File Transfer Protocol, control connection: greeting, system, logins, and what is done to files.
//!
//! Follows RFC 959 4-5 (commands and replies), RFC 2389 (FEAT), RFC 4217 (AUTH TLS). A reply is three digits, then a blank for
//! the last line or `-` where more lines follow.
//!
//! Says, of the server: the greeting and the answer to SYST (facts for the catalogue), features. Activity: login with
//! outcome and whether it was anonymous; files stored, read, deleted, renamed, directories made, with outcome.
//!
//! Left out: user names, passwords, and names of files and directories, which may be patients'; only the ending of a
//! name, its directory depth, and what `file_name` of TFTP knows to be firmware or configuration are kept. After
//! AUTH TLS the connection is TLS.

use medward_model::{Field, Outcome, Verb};

use crate::credentials::{MAX_CREDENTIAL, known_default};
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, OPEN_LOGIN, clear_login};
use crate::protocols::infrastructure::tftp::file_name;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

pub(super) static FTP: Dissector = Dissector {
    name: "ftp",
    title: "FTP",
    label: "FTP",
    group: Group::Remote,
    specification: &["RFC 959 4-5", "RFC 2389", "RFC 4217"],
    ports: &[21],
    carrier: Carrier::Stream { probe, session: || Box::new(Ftp::default()) },
    fields: &[&BANNER, &SYSTEM, &FEATURES, &CLEAR_LOGIN, &DEFAULT_LOGIN, &OPEN_LOGIN],
    basis: Basis::RealPeers,
};

static BANNER: Field = Field::fact("banner", "Greeting, reply 220 (RFC 959 5.4)");
static SYSTEM: Field = Field::fact("system", "Reply 215 to SYST (RFC 959 4.1.3)");
static FEATURES: Field = Field::fact("features", "Names in the answer to FEAT, in order (RFC 2389 3.2)");

const MAX_LINE: usize = 1024;
const COMMANDS: [&str; 12] =
    ["USER", "AUTH", "FEAT", "SYST", "OPTS", "PASV", "EPSV", "PORT", "TYPE", "CWD", "PWD", "HOST"];

fn probe(head: &Head<'_>) -> Probe {
    let greeting = head.responder;
    let command = std::str::from_utf8(head.originator.get(..4).unwrap_or(head.originator)).unwrap_or("?");
    let commands = COMMANDS.iter().any(|c| command.trim_end().eq_ignore_ascii_case(c));
    match greeting {
        [b'2', b'2', b'0', b' ' | b'-', rest @ ..] => {
            let text = String::from_utf8_lossy(rest.get(..512).unwrap_or(rest)).to_ascii_lowercase();
            // A mail server greets with 220 too; then the client's first word decides.
            if text.contains("smtp") {
                Probe::NoMatch
            } else if text.contains("ftp") || commands {
                Probe::Match
            } else if head.originator.len() >= 4 {
                Probe::NoMatch
            } else {
                Probe::NeedMore
            }
        }
        [] if head.originator.is_empty() => Probe::NeedMore,
        [] if command.eq_ignore_ascii_case("USER") && head.responder_port == 21 => Probe::Match,
        [] if head.originator.len() < 4 => Probe::NeedMore,
        short if b"220".starts_with(short.get(..3).unwrap_or(short)) && short.len() < 4 => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

#[derive(Default)]
struct Ftp {
    begun: bool,
    greeted: bool,
    /// The code of a reply of several lines until its last line.
    within: Option<[u8; 3]>,
    text: String,
    last: Option<Command>,
    anonymous: bool,
    /// Kept until the password comes, to compare the pair; told nowhere.
    user: String,
    /// A password was given, and the factory default that it is with the user, if one.
    password: Option<Option<&'static str>>,
}

#[derive(Clone)]
struct Command {
    word: String,
    name: String,
    depth: usize,
}

impl Session for Ftp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !std::mem::replace(&mut self.begun, true) {
            cx.asks(Side::Originator, Verb::Connect, "session", "", &[]);
        }
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            if bytes.len() >= MAX_LINE {
                return Progress::GiveUp("ftp_long_line");
            }
            return Progress::Need(bytes.len() + 1);
        };
        let line = String::from_utf8_lossy(bytes.get(..end.min(MAX_LINE)).unwrap_or_default()).into_owned();
        let consumed = end as u64 + 1;
        let line = line.trim_end_matches(['\r', '\n']);
        if cx.side() == Side::Originator {
            self.command(line);
            if let Some(last) = &self.last {
                cx.asks(Side::Originator, asked_for(&last.word), &last.word, &last.name, &[]);
            }
        } else if self.reply(line, cx) {
            return Progress::Become { consumed, dissector: "tls" };
        }
        Progress::Consumed(consumed)
    }

    fn gap(&mut self, _: u64, _: &mut Context<'_>) -> Resync {
        self.last = None;
        self.within = None;
        Resync::GiveUp
    }
}

impl Ftp {
    fn command(&mut self, line: &str) {
        // Telnet synch before ABOR and the like.
        let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
        let word = word.trim().to_ascii_uppercase();
        if word.len() > 4 || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
            self.last = None;
            return;
        }
        let (mut name, mut depth) = (String::new(), 0);
        match word.as_str() {
            "USER" => {
                let user = argument.trim();
                self.anonymous = user.eq_ignore_ascii_case("anonymous") || user.eq_ignore_ascii_case("ftp");
                self.user = user.chars().take(MAX_CREDENTIAL).collect();
                self.password = None;
            }
            "PASS" => {
                let user = std::mem::take(&mut self.user);
                self.password = Some(known_default(FTP.name, user.as_bytes(), argument.as_bytes()));
            }
            "AUTH" => name = argument.trim().to_ascii_uppercase(),
            "STOR" | "STOU" | "APPE" | "RETR" | "DELE" | "RNFR" | "RNTO" => {
                (name, depth) = file_name(argument.trim())
            }
            "MKD" | "XMKD" | "RMD" | "XRMD" | "CWD" | "LIST" | "NLST" | "MLSD" => depth = depth_of(argument),
            _ => {}
        }
        self.last = Some(Command { word, name, depth });
    }

    /// One line of a reply; true where TLS follows.
    fn reply(&mut self, line: &str, cx: &mut Context<'_>) -> bool {
        let code = line.as_bytes().first_chunk::<3>().copied().filter(|c| c.iter().all(u8::is_ascii_digit));
        let rest = line.get(4..).unwrap_or("");
        match (self.within, code, line.as_bytes().get(3)) {
            (None, Some(code), Some(b'-')) => {
                self.within = Some(code);
                self.text.clear();
                self.note(rest);
                return false;
            }
            (Some(open), Some(code), None | Some(b' ')) if open == code => {
                self.within = None;
                self.note(rest);
            }
            (Some(_), _, _) => {
                self.note(line.trim());
                return false;
            }
            (None, Some(_), _) => {
                self.text.clear();
                self.note(rest);
            }
            (None, None, _) => return false,
        }
        let code = code.and_then(|c| std::str::from_utf8(&c).ok()?.parse::<u16>().ok()).unwrap_or(0);
        self.whole(code, cx)
    }

    fn note(&mut self, text: &str) {
        if self.text.len() + text.len() < MAX_LINE {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(text);
        }
    }

    fn whole(&mut self, code: u16, cx: &mut Context<'_>) -> bool {
        let server = cx.host(Side::Responder);
        if code == 220 && !self.greeted {
            self.greeted = true;
            cx.evidence(server, &BANNER, &self.text);
            return false;
        }
        // Preliminary replies: the end comes with another (RFC 959 4.2).
        if code < 200 {
            return false;
        }
        let Some(last) = self.last.clone() else { return false };
        let outcome = if code < 400 { Outcome::Success } else { Outcome::Failure };
        let number = code.to_string();
        let verb = match last.word.as_str() {
            "AUTH" => return code == 234 && last.name.starts_with("TLS"),
            "SYST" if code == 215 => {
                cx.evidence(server, &SYSTEM, &self.text);
                return false;
            }
            "FEAT" if code == 211 => {
                let known = |w: &&str| {
                    w.len() >= 3 && w.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                };
                let words: Vec<&str> = self.text.split_whitespace().filter(known).take(32).collect();
                cx.evidence(server, &FEATURES, &words.join(" "));
                return false;
            }
            "USER" | "PASS" if matches!(code, 230 | 232 | 530 | 331 | 421) => {
                if code != 331 {
                    let outcome = if code < 400 { Outcome::Success } else { Outcome::Failure };
                    match self.password.take() {
                        _ if self.anonymous && outcome == Outcome::Success => {
                            cx.of_service(Side::Responder, &OPEN_LOGIN, "anonymous");
                        }
                        Some(default) if !self.anonymous => {
                            clear_login(Side::Responder, "USER and PASS", default, outcome, cx);
                        }
                        _ => {}
                    }
                    cx.activity_by(Side::Originator, Verb::Login, "login", "")
                        .outcome(outcome)
                        .detail("anonymous", if self.anonymous { "yes" } else { "no" })
                        .detail("code", &number);
                    self.last = None;
                }
                return false;
            }
            "STOR" | "STOU" | "APPE" | "MKD" | "XMKD" => Verb::Write,
            "RETR" => Verb::Read,
            "DELE" | "RMD" | "XRMD" => Verb::Delete,
            "RNTO" => Verb::Rename,
            "LIST" | "NLST" | "MLSD" => Verb::Query,
            "SITE" => Verb::Command,
            _ => return false,
        };
        self.last = None;
        cx.activity_by(Side::Originator, verb, &last.word, &last.name)
            .outcome(outcome)
            .detail("depth", &last.depth.to_string())
            .detail("code", &number);
        false
    }
}

/// What a command asks for, before its reply.
fn asked_for(word: &str) -> Verb {
    match word {
        "USER" | "PASS" | "AUTH" => Verb::Login,
        "STOR" | "STOU" | "APPE" | "MKD" | "XMKD" => Verb::Write,
        "RETR" => Verb::Read,
        "DELE" | "RMD" | "XRMD" => Verb::Delete,
        "RNFR" | "RNTO" => Verb::Rename,
        "LIST" | "NLST" | "MLSD" => Verb::Query,
        _ => Verb::Command,
    }
}

fn depth_of(path: &str) -> usize {
    path.split(['/', '\\']).filter(|part| !part.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport, Verb};

    use super::FTP;
    use crate::{Side, exercise};

    const SERVER: Side = Side::Responder;
    const CLIENT: Side = Side::Originator;

    #[test]
    fn logins_and_files_without_names() {
        let said = exercise(
            &FTP,
            Transport::Tcp,
            &[
                (SERVER, b"220-Welcome\r\n220 ProFTPD 1.3.5 Server\r\n"),
                (CLIENT, b"USER jane\r\n"),
                (SERVER, b"331 Password required for jane\r\n"),
                (CLIENT, b"PASS s3cret\r\n"),
                (SERVER, b"230 User jane logged in\r\n"),
                (CLIENT, b"SYST\r\n"),
                (SERVER, b"215 UNIX Type: L8\r\n"),
                (CLIENT, b"STOR /reports/Doe_Jane.pdf\r\n"),
                (SERVER, b"150 Opening\r\n226 Done\r\n"),
                (CLIENT, b"DELE Doe_Jane.pdf\r\n"),
                (SERVER, b"550 Denied\r\n"),
            ],
        );
        assert_eq!(said.values("banner"), ["Welcome ProFTPD 1.3.5 Server"]);
        assert_eq!(said.values("system"), ["UNIX Type: L8"]);
        let verbs: Vec<_> = said.activity.iter().map(|a| (a.verb, a.outcome)).collect();
        let expected = [
            (Verb::Login, Outcome::Success),
            (Verb::Write, Outcome::Success),
            (Verb::Delete, Outcome::Failure),
        ];
        assert_eq!(verbs, expected);
        assert_eq!(&*said.activity[1].object, "*.pdf");
        let shown = format!("{said:?}").to_lowercase();
        assert!(!shown.contains("jane") && !shown.contains("s3cret"));
    }

    #[test]
    fn auth_tls_becomes_tls() {
        let said = exercise(
            &FTP,
            Transport::Tcp,
            &[(SERVER, b"220 FTP ready\r\n"), (CLIENT, b"AUTH TLS\r\n"), (SERVER, b"234 go\r\n")],
        );
        assert_eq!(said.became, Some("tls"));
        let mail = exercise(&FTP, Transport::Tcp, &[(SERVER, b"220 mx ESMTP\r\n"), (CLIENT, b"EHLO a\r\n")]);
        assert!(mail.unmatched);
    }
}
