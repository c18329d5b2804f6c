//! One connection or pipe: what is bound, what is called.

use hashbrown::HashMap;
use medward_model::{Outcome, Verb};

use super::super::at::{self, byte, slice};
use super::super::ntlmssp;
use super::interfaces::{by_uuid, creates, operation, verb};
use super::{INTERFACE, Pdu};
use crate::pending::{Asked, Pending};
use crate::{Context, Side};

/// Interfaces of one connection that are remembered.
const MAX_BOUND: usize = 32;
/// Operations that are counted.
const MAX_COUNTED: usize = 64;
/// Longest name of a service or task that is kept, in characters.
const MAX_NAME: usize = 64;

/// Key of a counted operation: interface and number.
type Called = (u16, u16);

#[derive(Debug, Default)]
pub(in super::super) struct Calls {
    /// Presentation context, UUID shown.
    bound: Vec<(u16, String)>,
    pending: Pending<u32, 64>,
    counts: HashMap<Called, u64, foldhash::fast::FixedState>,
    /// How the client authenticates, whose account it uses, and whether arguments are encrypted.
    mechanism: &'static str,
    account: &'static str,
    sealed: bool,
    login_open: bool,
}

impl Calls {
    /// Reads the PDUs in what one side wrote into a pipe. Cut PDUs are read as far as they go.
    pub(in super::super) fn pipe(&mut self, mut bytes: &[u8], cx: &mut Context<'_>) {
        for _ in 0..16 {
            let Some(pdu) = Pdu::read(bytes) else { return };
            self.pdu(&pdu, cx);
            bytes = bytes.get(pdu.length..).unwrap_or(&[]);
        }
    }

    /// Reads one PDU of the sender.
    pub(super) fn pdu(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        match pdu.kind {
            0 => self.request(pdu, cx),
            2 | 3 => self.response(pdu, cx),
            11 | 14 => self.bind(pdu, cx),
            12 | 15 => self.bound(pdu, cx),
            13 => {
                if let Some(asked) = self.pending.answer(&bind_key(pdu.call)) {
                    asked.detail("status", "bind_nak").report(Outcome::Failure, cx);
                }
            }
            16 => self.verifier(pdu, cx),
            _ => {}
        }
    }

    fn bind(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        let count = byte(pdu.bytes, 24).unwrap_or(0);
        let mut place = 28_usize;
        let mut names: Vec<String> = Vec::new();
        for _ in 0..count.min(32) {
            let (Some(id), Some(transfers)) = (pdu.u16(place), byte(pdu.bytes, place + 2)) else { break };
            let (Some(uuid), Some(version)) = (pdu.uuid(place + 4), pdu.u16(place + 20)) else { break };
            place = place.saturating_add(24).saturating_add(usize::from(transfers) * 20);
            let name = by_uuid(&uuid).map_or_else(|| format!("{uuid} v{version}"), |i| i.name.to_owned());
            if let Some(slot) = self.bound.iter_mut().find(|(context, _)| *context == id) {
                slot.1 = uuid;
            } else if self.bound.len() < MAX_BOUND {
                self.bound.push((id, uuid));
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        self.verifier(pdu, cx);
        let operation = if pdu.kind == 11 { "bind" } else { "alter_context" };
        let asked = Asked::new(cx.side(), Verb::Connect, operation, &names.join(", "))
            .detail("authentication", self.mechanism)
            .detail("account", self.account);
        if pdu.kind == 11 {
            self.pending.ask(bind_key(pdu.call), asked, cx);
        }
    }

    fn bound(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        self.verifier(pdu, cx);
        let Some(asked) = self.pending.answer(&bind_key(pdu.call)) else { return };
        let address = usize::from(pdu.u16(24).unwrap_or(0));
        // The secondary address is padded to four octets; results of 24 octets follow their count.
        let results = (26_usize.saturating_add(address)).next_multiple_of(4);
        let count = usize::from(byte(pdu.bytes, results).unwrap_or(0)).min(32);
        let accepted =
            (0..count).any(|n| pdu.u16(results.saturating_add(4).saturating_add(n * 24)) == Some(0));
        if accepted {
            for name in asked.object.split(", ").filter(|name| !name.is_empty()) {
                cx.evidence(cx.sender(), &INTERFACE, name);
            }
        }
        asked.report(if accepted { Outcome::Success } else { Outcome::Failure }, cx);
    }

    /// The security trailer (MS-RPCE 2.2.2.11).
    fn verifier(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        let Some((kind, level, token)) = pdu.verifier() else { return };
        self.mechanism = match kind {
            9 => "SPNEGO",
            10 => "NTLM",
            16 => "Kerberos",
            68 => "Netlogon",
            _ => "other",
        };
        self.sealed = level >= 6;
        let Some(message) = ntlmssp::read(token) else { return };
        ntlmssp::report(&message, &cx.sender(), cx);
        self.mechanism = "NTLM";
        if message.kind == ntlmssp::Kind::Authenticate {
            self.account = message.account.name();
            self.login_open = true;
        }
    }

    fn request(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        // Later fragments of a call repeat its head.
        if pdu.flags & 1 == 0 {
            return;
        }
        let (Some(context), Some(number)) = (pdu.u16(20), pdu.u16(22)) else { return };
        let first = self.count((context, number));
        let Some((_, uuid)) = self.bound.iter().find(|(id, _)| *id == context) else { return };
        let known = by_uuid(uuid);
        let name = operation(known, number);
        let interface = known.map_or(&**uuid, |i| i.name);
        let verb = verb(&name);
        // Logins and creations are told one by one; of the others the first, and how many in the end.
        if !first && verb != Verb::Login && verb != Verb::CreateService && verb != Verb::Set {
            return;
        }
        let mut asked = Asked::new(cx.side(), verb, &name, interface);
        if creates(&name) && !self.sealed && pdu.little {
            let stub = pdu.bytes.get(if pdu.flags & 0x80 != 0 { 40 } else { 24 }..).unwrap_or(&[]);
            if let Some(object) = created(&name, stub) {
                asked = asked.detail("name", object);
            }
        }
        if self.sealed {
            asked = asked.detail("protection", "sealed");
        }
        self.pending.ask(pdu.call, asked, cx);
    }

    /// Counts a call; true the first time.
    fn count(&mut self, called: Called) -> bool {
        if let Some(count) = self.counts.get_mut(&called) {
            *count = count.saturating_add(1);
            return false;
        }
        if self.counts.len() >= MAX_COUNTED {
            return false;
        }
        self.counts.insert(called, 1);
        true
    }

    fn response(&mut self, pdu: &Pdu<'_>, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.login_open) {
            cx.activity_by(cx.side().other(), Verb::Login, "bind", "")
                .outcome(if pdu.kind == 2 { Outcome::Success } else { Outcome::Unknown })
                .detail("mechanism", self.mechanism)
                .detail("account", self.account);
        }
        let Some(asked) = self.pending.answer(&pdu.call) else { return };
        if pdu.kind == 3 {
            let status = pdu.u32(24).unwrap_or(0);
            asked.detail("fault", format!("0x{status:08x}")).report(Outcome::Failure, cx);
            return;
        }
        // The last four octets of these answers are a status; sealed ones cannot be read.
        let stub = pdu.stub_end().and_then(|end| end.checked_sub(4)).and_then(|at| pdu.u32(at));
        match stub {
            Some(code)
                if !self.sealed && matches!(asked.verb, Verb::Login | Verb::CreateService | Verb::Set) =>
            {
                let outcome = if code == 0 { Outcome::Success } else { Outcome::Failure };
                asked.detail("status", format!("0x{code:08x}")).report(outcome, cx);
            }
            _ => asked.report(if self.sealed { Outcome::Unknown } else { Outcome::Success }, cx),
        }
    }

    /// The connection or pipe is over: how often was called what.
    pub(in super::super) fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
        let mut counts: Vec<(Called, u64)> = self.counts.drain().filter(|(_, count)| *count > 1).collect();
        counts.sort_unstable();
        for ((context, number), count) in counts {
            let uuid = self.bound.iter().find(|(id, _)| *id == context).map_or("", |(_, uuid)| uuid);
            let known = by_uuid(uuid);
            cx.activity_by(
                Side::Originator,
                Verb::Command,
                &operation(known, number),
                known.map_or(uuid, |i| i.name),
            )
            .detail("calls", &count.to_string());
        }
    }
}

/// Calls and binds may use the same numbers.
const fn bind_key(call: u32) -> u32 {
    !call
}

/// The name of a service or task in the arguments that create it: NDR strings (C706 14.3.4).
fn created(operation: &str, stub: &[u8]) -> Option<String> {
    let name = match operation {
        // A context handle, then the service name (MS-SCMR 3.1.4.12).
        "RCreateServiceW" | "RCreateServiceWOW64W" => at::utf16(string(stub, 20, 2)?),
        "RCreateServiceA" | "RCreateServiceWOW64A" => {
            String::from_utf8(string(stub, 20, 1)?.to_vec()).ok()?
        }
        // A pointer to the path of the task (MS-TSCH 3.2.5.4.2).
        "SchRpcRegisterTask" => at::utf16(string(stub, 4, 2)?),
        _ => return None,
    };
    let name = name.trim_end_matches('\0');
    let printable =
        !name.is_empty() && name.chars().all(|c| c == ' ' || (!c.is_control() && !c.is_whitespace()));
    (printable && name.chars().count() <= MAX_NAME).then(|| name.to_owned())
}

/// A conformant and varying string at `place`: three counts, then characters of `width` octets.
fn string(stub: &[u8], place: usize, width: usize) -> Option<&[u8]> {
    let count = usize::try_from(at::le32(stub, place.checked_add(8)?)?).ok()?;
    (at::le32(stub, place + 4)? == 0 && count <= 260).then_some(())?;
    slice(stub, place + 12, count * width)
}

#[cfg(test)]
pub(super) fn known(uuid: &str) -> bool {
    by_uuid(uuid).is_some()
}
