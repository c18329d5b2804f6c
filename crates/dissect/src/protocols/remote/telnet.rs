//! Telnet: what a device says before anybody logs in, and that a login was tried.
//!
//! Follows RFC 854 (commands: IAC 255, SB 250 … SE 240, WILL 251, WONT 252, DO 253, DONT 254), RFC 1091 (terminal type) and
//! the assigned option numbers. Recognised by option negotiation in the first bytes, or on port 23 by a printable
//! greeting with a login prompt.
//!
//! Says: the banner up to the login prompt, at most 256 bytes and only before the first byte of user input (facts for
//! the catalogue); the server's and the client's option requests in order (a fingerprint); the terminal type. Activity: login tried.
//!
//! Left out: everything typed, and everything shown after the first user input. User names and passwords are never kept.

use medward_model::{Field, Outcome, Verb};

use crate::credentials::{MAX_CREDENTIAL, known_default};
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, clear_login};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

pub(super) static TELNET: Dissector = Dissector {
    name: "telnet",
    title: "Telnet",
    label: "Telnet",
    group: Group::Remote,
    specification: &["RFC 854", "RFC 1091"],
    ports: &[23, 2323],
    carrier: Carrier::Stream { probe, session: || Box::new(Telnet::default()) },
    fields: &[&BANNER, &SERVER_OPTIONS, &CLIENT_OPTIONS, &TERMINAL, &CLEAR_LOGIN, &DEFAULT_LOGIN],
    basis: Basis::RealPeers,
};

static BANNER: Field =
    Field::fact("banner", "Text of the server before any user input (RFC 854), at most 256 bytes");
static SERVER_OPTIONS: Field =
    Field::fact("server-options", "Negotiation that the server opens with, in order (RFC 854, RFC 855)");
static CLIENT_OPTIONS: Field =
    Field::fact("client-options", "Negotiation that the client opens with, in order (RFC 854, RFC 855)");
static TERMINAL: Field = Field::fact("terminal-type", "TERMINAL-TYPE IS of the client (RFC 1091)");

const IAC: u8 = 255;
const SE: u8 = 240;
const SB: u8 = 250;
const TERMINAL_TYPE: u8 = 24;
const MAX_BANNER: usize = 256;
const MAX_OPTIONS: usize = 16;
const MAX_SUBNEGOTIATION: usize = 512;

fn probe(head: &Head<'_>) -> Probe {
    for bytes in [head.responder, head.originator] {
        match bytes {
            [IAC, 251..=254, option, ..] if is_option(*option) => return Probe::Match,
            [IAC] | [IAC, 251..=254] => return Probe::NeedMore,
            _ => {}
        }
    }
    // Embedded devices that negotiate nothing: a prompt on the usual port.
    if !TELNET.ports.contains(&head.responder_port) {
        let undecided = head.responder.is_empty() && head.originator.is_empty();
        return if undecided { Probe::NeedMore } else { Probe::NoMatch };
    }
    if head.responder.is_empty() {
        return if head.originator.len() < 64 { Probe::NeedMore } else { Probe::NoMatch };
    }
    let text =
        head.responder.iter().all(|b| matches!(b, b'\r' | b'\n' | b'\t' | 0 | 7 | 8 | 27) || *b >= 0x20);
    match (text, has_prompt(head.responder)) {
        (true, true) => Probe::Match,
        (true, false) if head.responder.len() < 1024 => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

/// Options of the IANA registry "Telnet Options", and the extended list.
fn is_option(option: u8) -> bool {
    option <= 49 || (138..=140).contains(&option) || option == 255
}

/// Ends with a question for a name or password.
fn has_prompt(text: &[u8]) -> bool {
    let tail = text.get(text.len().saturating_sub(64)..).unwrap_or(text).to_ascii_lowercase();
    let tail = tail.trim_ascii_end();
    let asks = tail.ends_with(b":") || tail.ends_with(b">") || tail.ends_with(b"?");
    const WORDS: [&[u8]; 4] = [b"login", b"user", b"password", b"passwort"];
    let tail = tail.rsplit(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or(tail);
    asks && WORDS.iter().any(|word| tail.windows(word.len()).any(|w| w == *word))
}

#[derive(Default)]
struct Telnet {
    begun: bool,
    banner: Vec<u8>,
    told: bool,
    options: [Vec<(u8, u8)>; 2],
    /// The client typed something: nothing that the server shows from here on is kept.
    typed: bool,
    /// The login prompt was shown.
    asked: bool,
    login: bool,
    terminal: bool,
    dialogue: Dialogue,
}

/// The login after the prompt: what is typed is compared with factory defaults and told nowhere.
#[derive(Default)]
struct Dialogue {
    /// The line being typed, then the user while the password is typed.
    line: Vec<u8>,
    user: Vec<u8>,
    lines: u8,
    default: Option<&'static str>,
    /// What the server shows after the password; only how it ends counts.
    answer: Vec<u8>,
    seen: usize,
    /// The server has asked for the password.
    asked: bool,
    over: bool,
}

/// Bytes of both sides that are read after the prompt.
const MAX_DIALOGUE: usize = 2048;
/// Bytes of the server's answer to a password that are looked at.
const MAX_ANSWER: usize = 256;
/// Words of a refusal, in lower case.
const REFUSALS: [&[u8]; 7] = [b"incorrect", b"invalid", b"fail", b"denied", b"wrong", b"bad ", b"error"];

impl Session for Telnet {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !std::mem::replace(&mut self.begun, true) {
            cx.asks(Side::Originator, Verb::Connect, "session", "", &[]);
        }
        let server = cx.side() == Side::Responder;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match rest {
                [IAC, 251..=254, option, ..] => {
                    let command = rest.get(1).copied().unwrap_or(0);
                    let list = self.options.get_mut(cx.side().index());
                    if let Some(list) = list.filter(|l| l.len() < MAX_OPTIONS) {
                        list.push((command, *option));
                    }
                    at += 3;
                }
                [IAC, SB, ..] => {
                    let end = rest.windows(2).skip(2).position(|w| w == [IAC, SE]);
                    match end {
                        Some(end) => {
                            self.negotiated(rest.get(2..end + 2).unwrap_or_default(), cx);
                            at += end + 4;
                        }
                        None if rest.len() > MAX_SUBNEGOTIATION => {
                            return Progress::GiveUp("telnet_long_subnegotiation");
                        }
                        None if at == 0 => return Progress::Need(bytes.len() + 1),
                        None => return Progress::Consumed(at as u64),
                    }
                }
                [IAC] | [IAC, 251..=254] if at == 0 => return Progress::Need(rest.len() + 1),
                [IAC] | [IAC, 251..=254] => return Progress::Consumed(at as u64),
                [IAC, _, ..] => at += 2,
                [byte, ..] => {
                    if server {
                        self.shown(*byte);
                        self.dialogue.shown(*byte);
                    } else {
                        self.typed = true;
                        if self.asked {
                            self.dialogue.typed(*byte);
                        }
                    }
                    at += 1;
                }
                [] => break,
            }
        }
        self.decide(cx);
        // Nothing is read of what follows the first input, but for how a login goes.
        let over = !self.asked || self.dialogue.is_over(bytes.len());
        if self.told && self.typed && over {
            self.told_login(cx);
            return Progress::Quiet;
        }
        Progress::Consumed(bytes.len() as u64)
    }

    fn gap(&mut self, _: u64, cx: &mut Context<'_>) -> Resync {
        // What was typed may be lost: nothing more is shown.
        self.typed = true;
        self.decide(cx);
        self.told_login(cx);
        Resync::GiveUp
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.finish(cx);
        self.told_login(cx);
    }
}

impl Dialogue {
    /// A byte from the client.
    fn typed(&mut self, byte: u8) {
        match byte {
            b'\r' | b'\n' if self.line.is_empty() && self.lines == 0 => {}
            b'\n' | 0 if self.line.is_empty() && !self.asked => {}
            b'\r' | b'\n' => self.entered(),
            0 => {}
            8 | 127 => {
                self.line.pop();
            }
            _ if self.line.len() <= MAX_CREDENTIAL => self.line.push(byte),
            _ => {}
        }
    }

    /// A line is whole: the user, then the password.
    fn entered(&mut self) {
        let line = std::mem::take(&mut self.line);
        match self.lines {
            0 => self.user = line,
            1 if self.asked => {
                self.default = known_default(TELNET.name, &self.user, &line);
                self.user = Vec::new();
                self.answer.clear();
            }
            _ => return,
        }
        self.lines += 1;
    }

    /// A byte from the server.
    fn shown(&mut self, byte: u8) {
        if self.lines == 0 || self.answer.len() >= MAX_ANSWER {
            return;
        }
        self.answer.push(byte.to_ascii_lowercase());
        if self.lines == 1 && byte == b':' && has_prompt(&self.answer) {
            self.asked = true;
        }
    }

    /// The outcome is known, or will not be: `more` bytes were read.
    fn is_over(&mut self, more: usize) -> bool {
        self.seen = self.seen.saturating_add(more);
        self.over |= self.seen > MAX_DIALOGUE || self.lines == 2 && self.outcome() != Outcome::Unknown;
        self.over
    }

    /// By what the server shows after the password: words of refusal or another prompt to log in, or a shell's prompt.
    fn outcome(&self) -> Outcome {
        let answer = self.answer.as_slice();
        if self.lines < 2 || answer.trim_ascii().is_empty() {
            return Outcome::Unknown;
        }
        let has = |word: &[u8]| answer.windows(word.len()).any(|window| window == word);
        let ends = answer.trim_ascii_end().last().copied();
        if REFUSALS.iter().any(|word| has(word)) || has_prompt(answer) {
            Outcome::Failure
        } else if matches!(ends, Some(b'$' | b'#' | b'>' | b'%')) || has(b"last login") {
            Outcome::Success
        } else {
            Outcome::Unknown
        }
    }
}

impl Telnet {
    /// Says once that a login was typed in clear, as far as it was seen.
    fn told_login(&mut self, cx: &mut Context<'_>) {
        let dialogue = std::mem::take(&mut self.dialogue);
        if dialogue.lines > 0 || !dialogue.line.is_empty() {
            clear_login(Side::Responder, "typed at a prompt", dialogue.default, dialogue.outcome(), cx);
        }
        self.dialogue.over = true;
    }

    fn shown(&mut self, byte: u8) {
        // What follows the prompt may echo what the client sent in a negotiation.
        if !self.typed && !self.asked && self.banner.len() < MAX_BANNER && byte != 0 {
            self.banner.push(byte);
            self.asked = matches!(byte, b':' | b'>' | b'?') && has_prompt(&self.banner);
        }
    }

    fn negotiated(&mut self, value: &[u8], cx: &mut Context<'_>) {
        if let [TERMINAL_TYPE, 0, name @ ..] = value
            && cx.side() == Side::Originator
            && !self.terminal
            && name.len() <= 40
        {
            self.terminal = true;
            let sender = cx.sender();
            cx.evidence(sender, &TERMINAL, &clean_bytes(name));
        }
    }

    fn decide(&mut self, cx: &mut Context<'_>) {
        if self.typed && !self.told {
            self.finish(cx);
        }
        if self.typed && !self.login && self.asked {
            self.login = true;
            cx.activity_by(Side::Originator, Verb::Login, "login", "");
        }
    }

    fn finish(&mut self, cx: &mut Context<'_>) {
        if self.told {
            return;
        }
        self.told = true;
        let server = cx.host(Side::Responder);
        let client = cx.host(Side::Originator);
        cx.evidence(server.clone(), &BANNER, &plain(&self.banner));
        let [from_client, from_server] = &self.options;
        cx.evidence(server, &SERVER_OPTIONS, &listed(from_server));
        cx.evidence(client, &CLIENT_OPTIONS, &listed(from_client));
    }
}

/// Without terminal control sequences (ECMA-48: escape, `[`, parameters, a final byte from `@` to `~`).
fn plain(bytes: &[u8]) -> String {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail) {
            (0x1b, [b'[', sequence @ ..]) => {
                let end =
                    sequence.iter().position(|b| (0x40..=0x7e).contains(b)).map_or(sequence.len(), |e| e + 1);
                sequence.get(end..).unwrap_or_default()
            }
            (0x1b, [_, tail @ ..]) => tail,
            _ => {
                kept.push(*byte);
                tail
            }
        };
    }
    clean_bytes(&kept)
}

fn listed(options: &[(u8, u8)]) -> String {
    let names = options.iter().map(|(command, option)| {
        let word = match command {
            251 => "will",
            252 => "wont",
            253 => "do",
            _ => "dont",
        };
        format!("{word} {option}")
    });
    names.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use medward_model::{Transport, Verb};

    use super::TELNET;
    use crate::{Side, exercise};

    const SERVER: Side = Side::Responder;
    const CLIENT: Side = Side::Originator;

    #[test]
    fn the_banner_is_kept_until_somebody_types() {
        let said = exercise(
            &TELNET,
            Transport::Tcp,
            &[
                (SERVER, b"\xff\xfd\x18\xff\xfb\x01\r\nSpectrum WBM 8.2\x1b[0m\r\nlogin: "),
                (CLIENT, b"\xff\xfb\x18\xff\xfa\x18\0xterm\xff\xf0jane\r\n"),
                (SERVER, b"Password: "),
                (CLIENT, b"s3cret\r\n"),
                (SERVER, b"Patient Doe\r\n"),
            ],
        );
        assert_eq!(said.values("banner"), ["Spectrum WBM 8.2 login:"]);
        assert_eq!(said.values("server-options"), ["do 24,will 1"]);
        assert_eq!(said.values("terminal-type"), ["xterm"]);
        assert_eq!(said.activity[0].verb, Verb::Login);
        let shown = format!("{said:?}");
        assert!(!shown.contains("jane") && !shown.contains("s3cret") && !shown.contains("Doe"));
    }

    #[test]
    fn an_echo_behind_the_prompt_is_not_kept() {
        let chunks = [(SERVER, &b"\xff\xfb\x01User name: "[..]), (SERVER, b"USER -fadm"), (CLIENT, b"x")];
        let said = exercise(&TELNET, Transport::Tcp, &chunks);
        assert_eq!(said.values("banner"), ["User name:"]);
    }

    #[test]
    fn splits_change_nothing() {
        let bytes = b"\xff\xfd\x18\xff\xfb\x01\r\nPump 1\r\nlogin: ";
        for at in 1..bytes.len() {
            let (a, b) = bytes.split_at(at);
            let said = exercise(&TELNET, Transport::Tcp, &[(SERVER, a), (SERVER, b), (CLIENT, b"x")]);
            assert_eq!(said.values("banner"), ["Pump 1 login:"], "{at}");
            assert_eq!(said.values("server-options"), ["do 24,will 1"], "{at}");
        }
    }
}
