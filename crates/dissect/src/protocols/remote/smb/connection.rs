//! What both versions of SMB share: logins, requests that wait, what is said of the two ends.

use std::collections::VecDeque;

use medward_model::{Outcome, Verb};

use super::super::at::find;
use super::super::{kerberos, ntlmssp, ntstatus};
use super::ledger::{Key, Ledger, Opened};
use super::{KERBEROS_REALM, KERBEROS_SERVICE};
use crate::pending::Said;
use crate::{Context, Side};

/// Requests that wait for their answers; the oldest is forgotten when one more comes.
const MAX_PENDING: usize = 256;
/// Kerberos 5 (RFC 4121 4.1) as an object identifier in DER.
const KERBEROS: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00];

/// A request whose answer matters.
#[derive(Debug)]
pub(super) enum Request {
    Login,
    Tree { share: String },
    Open { opened: Opened },
    Read { key: Key },
    Write { key: Key },
    Transceive { key: Key },
    Close { key: Key },
    Delete { key: Key, on: bool },
    DeletePath { extension: String },
    Rename { key: Option<Key>, from: String, to: String },
    Transaction { name: String },
    Leave,
}

/// What an answer says of its request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer<'a> {
    pub(super) status: u32,
    pub(super) tree: u32,
    /// The handle that an open gave.
    pub(super) key: Option<Key>,
    /// The open made new content.
    pub(super) made: bool,
    /// Bytes that were read.
    pub(super) length: u64,
    /// The bytes read from or answered by a pipe, as far as they are there.
    pub(super) bytes: &'a [u8],
    /// Guest or null session.
    pub(super) guest: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) ledger: Ledger,
    pub(super) said: Said<256>,
    pub(super) dialect: String,
    pub(super) signing: &'static str,
    pending: VecDeque<(u64, u32, Request)>,
    /// Dialects of SMB 1 that the client offered.
    offered: Vec<String>,
    mechanism: &'static str,
    account: &'static str,
}

impl Connection {
    /// Keeps a request until its answer.
    pub(super) fn ask(&mut self, id: u64, tree: u32, request: Request) {
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back((id, tree, request));
    }

    /// The token of a session setup, from either end.
    pub(super) fn token(&mut self, blob: &[u8], cx: &mut Context<'_>) {
        if let Some(message) = ntlmssp::read(blob) {
            self.mechanism = "NTLM";
            if message.kind == ntlmssp::Kind::Authenticate {
                self.account = message.account.name();
            }
            if self.said.first(("ntlm", &message.computer, &message.workstation, message.kind as u8)) {
                ntlmssp::report(&message, &cx.sender(), cx);
            }
        } else if cx.side() == Side::Originator
            && let Some(at) = find(blob, KERBEROS)
        {
            self.mechanism = "Kerberos";
            let request = blob.get(at.saturating_add(KERBEROS.len())..).unwrap_or(&[]);
            if let Some((realm, service)) = kerberos::ticket_service(request)
                && self.said.first(("ticket", &realm, &service))
            {
                cx.evidence(cx.receiver(), &KERBEROS_REALM, &realm);
                cx.evidence(cx.receiver(), &KERBEROS_SERVICE, &service);
            }
        }
    }

    /// A login with names in clear (SMB 1 without extended security).
    pub(super) fn plain_login(&mut self, anonymous: bool) {
        self.mechanism = "plain";
        self.account = if anonymous { "anonymous" } else { "user" };
    }

    pub(super) fn offered(&mut self, dialects: Vec<String>) {
        self.offered = dialects;
    }

    /// The dialect of SMB 1 that the server chose by its place in the offer.
    pub(super) fn chosen(&self, index: usize) -> Option<String> {
        self.offered.get(index).cloned()
    }

    /// A request that has no answer; the first of its kind is told.
    pub(super) fn unanswered(&mut self, name: &str, cx: &mut Context<'_>) {
        if self.said.first(("unanswered", name)) {
            cx.activity(Verb::Command, name, "");
        }
    }

    /// The two ends agreed on a dialect.
    pub(super) fn agreed(&mut self, dialect: &str, signing: &'static str, cx: &mut Context<'_>) {
        self.dialect = dialect.to_owned();
        self.signing = signing;
        if self.said.first(("agreed", dialect)) {
            cx.activity_by(Side::Originator, Verb::Connect, "negotiate", "")
                .outcome(Outcome::Success)
                .detail("dialect", dialect)
                .detail("signing", signing);
        }
    }

    /// Whether a request of that number waits for its answer.
    pub(super) fn is_waiting(&self, id: u64) -> bool {
        self.pending.iter().any(|(waiting, ..)| *waiting == id)
    }

    /// The connection is over: what was tried without an answer is told.
    pub(super) fn end(&mut self, cx: &mut Context<'_>) {
        for (_, _, request) in std::mem::take(&mut self.pending) {
            let (verb, operation, object) = match request {
                Request::Transaction { name } if self.said.first(("transaction", &name)) => {
                    (Verb::Command, name, String::new())
                }
                Request::Login => (Verb::Login, "session setup".to_owned(), String::new()),
                Request::Tree { share } => (Verb::Connect, "tree connect".to_owned(), share),
                _ => continue,
            };
            cx.activity_by(Side::Originator, verb, &operation, &object);
        }
        self.ledger.end(cx);
    }

    /// The answer to a request; those that were not seen are left alone.
    pub(super) fn answer(&mut self, id: u64, answer: &Answer<'_>, cx: &mut Context<'_>) {
        // An answer to come: the request still waits.
        if answer.status == 0x103 {
            return;
        }
        let Some(at) = self.pending.iter().position(|(waiting, ..)| *waiting == id) else { return };
        let Some((_, tree, request)) = self.pending.remove(at) else { return };
        // STATUS_BUFFER_OVERFLOW still carries data.
        let good = answer.status == 0 || answer.status == 0x8000_0005;
        let outcome = if good { Outcome::Success } else { Outcome::Failure };
        let status = if good { String::new() } else { ntstatus::name(answer.status) };
        match request {
            Request::Login if answer.status == 0xc000_0016 => {}
            Request::Login => {
                cx.activity_by(Side::Originator, Verb::Login, "session setup", "")
                    .outcome(outcome)
                    .detail("mechanism", self.mechanism)
                    .detail("account", self.account)
                    .detail("granted", answer.guest)
                    .detail("status", &status)
                    .detail("dialect", &self.dialect)
                    .detail("signing", self.signing);
            }
            Request::Tree { share } => {
                cx.activity_by(Side::Originator, Verb::Connect, "tree connect", &share)
                    .outcome(outcome)
                    .detail("status", &status);
                if good {
                    self.ledger.connect(answer.tree, &share, cx);
                }
            }
            Request::Open { mut opened } => match answer.key {
                Some(key) if good => {
                    opened.tree = tree;
                    opened.made = answer.made;
                    self.ledger.open(key, opened, cx);
                }
                _ if good => {}
                _ => {
                    opened.tree = tree;
                    self.ledger.refused(&opened, answer.status, cx);
                }
            },
            Request::Read { key } | Request::Transceive { key } => {
                if good {
                    self.ledger.read(&key, answer.length);
                    self.ledger.pipe(&key, answer.bytes, cx);
                }
            }
            Request::Write { key } => {
                if good {
                    self.ledger.written(&key, answer.length);
                }
            }
            Request::Close { key } => self.ledger.close(&key, cx),
            Request::Delete { key, on } => {
                if good && let Some(file) = self.ledger.file(&key) {
                    file.delete = on;
                }
            }
            Request::DeletePath { extension } => {
                self.ledger.changed(tree, Verb::Delete, ("delete", &extension, ""), outcome, cx);
            }
            Request::Rename { key, from, to } => {
                let from = match key.and_then(|key| self.ledger.file(&key)) {
                    Some(file) if good => std::mem::replace(&mut file.name, to.clone()),
                    Some(file) => file.name.clone(),
                    None => from,
                };
                self.ledger.changed(tree, Verb::Rename, ("rename", &from, &to), outcome, cx);
            }
            Request::Transaction { name } => {
                if self.said.first(("transaction", &name, answer.status)) {
                    cx.activity_by(Side::Originator, Verb::Command, &name, "")
                        .outcome(outcome)
                        .detail("status", &status);
                }
            }
            Request::Leave => self.ledger.disconnect(tree, cx),
        }
    }
}

/// Names of CreateDisposition (MS-SMB2 2.2.13, MS-CIFS 2.2.4.64.1).
pub(super) const fn disposition(number: u32) -> &'static str {
    match number {
        0 => "supersede",
        1 => "open",
        2 => "create",
        3 => "open-if",
        4 => "overwrite",
        5 => "overwrite-if",
        _ => "",
    }
}

/// Whether CreateAction says that there is new content (superseded, created, overwritten).
pub(super) const fn made(action: u32) -> bool {
    matches!(action, 0 | 2 | 3)
}
