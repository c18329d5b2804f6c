//! DICOM: upper layer, DIMSE and the equipment elements of data sets, over TCP.
//!
//! Follows PS3.8 (upper layer PDUs, 9.3), PS3.7 (DIMSE commands, user information items), PS3.5 (encodings, annex A) and
//! for the elements PS3.3 (general equipment, C.7.5.1) and PS3.4 (query keys). Recognised by an A-ASSOCIATE-RQ with its
//! application context item, on any port; picked up in the middle at a P-DATA-TF whose command set opens with its group
//! length.
//!
//! Identity: AE titles of both ends, implementation class UID and version name (the items of the request are the
//! requester's, those of the acceptance the acceptor's), services offered, accepted, performed and served. Equipment
//! elements of stored objects and performed procedure steps, by the rules of `equipment`. What a printer says of itself
//! (N-GET). Data sets are read in pieces up to group 0040 through an allow-list; patients, studies, people and pixels
//! are never kept.
//!
//! Activity: association asked for (with outcome and reason), user identity given (its type only), every DIMSE request
//! with SOP class, query level, names of the keys asked, wildcards, move destination, counts of sub-operations, status.
//! Runs of C-STORE and C-ECHO with the same SOP class and outcome become one activity with a count.
//!
//! Limits: TLS hides it all. After a loss inside a fragment the fragment is left; after any other loss the next P-DATA-TF
//! with a command is looked for in at most `MAX_SCAN` bytes. Without the association the transfer syntax is told from
//! the first element. Command sets over 16 KiB are not read. Transfer syntaxes that are private are guessed likewise.

mod association;
mod command;
pub(in crate::protocols::clinical) mod dataset;
mod equipment;
pub(in crate::protocols::clinical) mod keywords;
mod operations;
pub(in crate::protocols::clinical) mod reader;
mod uids;

use medward_model::{Attribute, Field, Outcome, Timestamp, Verb};

use crate::exposure::{CLEAR_LOGIN, clear_login};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

use association::{Association, identity_name, rejection};
use command::Command;
use operations::Operations;
use reader::{Encoding, Reader};
use uids::{sop_class, sop_name};

static CALLING_AE: Field = Field::states(
    "calling-ae-title",
    Attribute::Alias,
    93,
    "Calling AE title of the requester (PS3.8 9.3.2)",
);
static CALLED_AE: Field = Field::states(
    "called-ae-title",
    Attribute::Alias,
    90,
    "Called AE title that the acceptor answers to (PS3.8 9.3.2)",
);
static IMPLEMENTATION_UID: Field = Field::fact(
    "implementation-class-uid",
    "Implementation Class UID of the speaker (PS3.7 D.3.3.2, item 52H)",
);
static IMPLEMENTATION_VERSION: Field = Field::fact(
    "implementation-version-name",
    "Implementation Version Name of the speaker (PS3.7 D.3.3.2, item 55H)",
);
static OFFERS: Field = Field::fact(
    "offers",
    "SOP class that the requester proposed, with its role (PS3.8 9.3.2.2; PS3.7 D.3.3.4)",
);
static OFFERS_STORAGE: Field = Field::fact(
    "offers-storage-of",
    "Modalities whose images the requester proposed to store, or \"many\" (PS3.8 9.3.2.2)",
);
static ACCEPTS: Field =
    Field::fact("accepts", "SOP class that the acceptor accepted, with its role (PS3.8 9.3.3.2)");
static ACCEPTS_STORAGE: Field = Field::fact(
    "accepts-storage-of",
    "Modalities whose images the acceptor accepted, or \"many\" (PS3.8 9.3.3.2)",
);

/// The fields of this file, then those of `equipment` and `operations`.
static FIELDS: [&Field; 34] = joined(
    &[
        &CALLING_AE,
        &CALLED_AE,
        &IMPLEMENTATION_UID,
        &IMPLEMENTATION_VERSION,
        &OFFERS,
        &OFFERS_STORAGE,
        &ACCEPTS,
        &ACCEPTS_STORAGE,
        &CLEAR_LOGIN,
    ],
    &equipment::FIELDS,
    &operations::FIELDS,
);

#[allow(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is an error")]
const fn joined<const N: usize>(
    a: &[&'static Field],
    b: &[&'static Field],
    c: &[&'static Field],
) -> [&'static Field; N] {
    assert!(a.len() + b.len() + c.len() == N);
    let mut all = [a[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < a.len() {
            a[at]
        } else if at < a.len() + b.len() {
            b[at - a.len()]
        } else {
            c[at - a.len() - b.len()]
        };
        at += 1;
    }
    all
}

/// DICOM.
pub(super) static DICOM: Dissector = Dissector {
    name: "dicom",
    title: "DICOM",
    label: "DICOM",
    group: Group::Clinical,
    specification: &[
        "DICOM PS3.8 9.3",
        "DICOM PS3.7 9, 10, annex D",
        "DICOM PS3.5 7, annex A",
        "DICOM PS3.3 C.7.5.1",
    ],
    ports: &[104, 11112, 4242],
    carrier: Carrier::Stream { probe, session: || Box::new(Dicom::default()) },
    fields: &FIELDS,
    basis: Basis::RealPeers,
};

/// Longest association PDU that is read: 128 presentation contexts with several transfer syntaxes fit.
const MAX_ASSOCIATION: u32 = 128 * 1024;
/// Longest command set that is read.
const MAX_COMMAND: usize = 16 * 1024;
/// Furthest that a footing is looked for after a loss, in bytes.
const MAX_SCAN: u64 = 4 << 20;
/// P-DATA-TF header, PDV header and the group length element that opens every command set (PS3.7 6.3.1).
const SIGNATURE: usize = 20;
/// Most SOP classes that are named one by one.
const MAX_NAMED: usize = 24;

fn probe(head: &Head<'_>) -> Probe {
    let mut answer = Probe::NoMatch;
    for bytes in [head.originator, head.responder] {
        match probe_side(bytes, head.from_start) {
            Probe::Match => return Probe::Match,
            Probe::NeedMore => answer = Probe::NeedMore,
            Probe::NoMatch => {}
        }
    }
    if head.from_start && !head.originator.is_empty() && probe_side(head.originator, true) == Probe::NoMatch {
        return Probe::NoMatch;
    }
    answer
}

fn probe_side(bytes: &[u8], from_start: bool) -> Probe {
    match bytes {
        [] => Probe::NeedMore,
        [1 | 2, ..] => {
            for (at, expected) in [(1, 0_u8), (2, 0), (7, 1)] {
                if bytes.get(at).is_some_and(|b| *b != expected) {
                    return Probe::NoMatch;
                }
            }
            let Some(front) = bytes.get(..78) else { return Probe::NeedMore };
            let length = be32(front, 2);
            let names = front.get(10..42).unwrap_or_default();
            let context = front.get(74..78).unwrap_or_default();
            let plausible = (72..=MAX_ASSOCIATION).contains(&length)
                && names.iter().all(|b| *b == 0 || (0x20..0x7F).contains(b))
                && matches!(context, [0x10, _, 0, 1..=64]);
            Probe::when(plausible)
        }
        [4, ..] if !from_start => {
            if bytes.len() < SIGNATURE {
                return Probe::NeedMore;
            }
            Probe::when(is_command_pdu(bytes))
        }
        _ => Probe::NoMatch,
    }
}

/// A P-DATA-TF that opens with a command set.
fn is_command_pdu(bytes: &[u8]) -> bool {
    let (pdu, pdv) = (be32(bytes, 2), be32(bytes, 6));
    matches!(bytes, [4, 0, ..])
        && bytes.get(10).is_some_and(|id| id % 2 == 1)
        && bytes.get(11).is_some_and(|control| matches!(control, 1 | 3))
        && bytes.get(12..20) == Some(&[0, 0, 0, 0, 4, 0, 0, 0])
        && (14..=MAX_COMMAND as u32).contains(&pdv)
        && pdu >= pdv.saturating_add(4)
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk::<4>()).map_or(0, |b| u32::from_be_bytes(*b))
}

/// One side's stream.
#[derive(Default)]
struct Direction {
    /// Bytes left of the P-DATA-TF and of the fragment at hand.
    in_pdu: u64,
    in_fragment: u64,
    context: u8,
    /// Message control header: bit 0 command, bit 1 last fragment.
    control: u8,
    command: Vec<u8>,
    /// The command whose data set comes.
    current: Option<Command>,
    reader: Option<Reader>,
    /// Looking for a footing after a loss; how many bytes were looked at.
    lost: Option<u64>,
}

/// What a presentation context stands for.
struct Agreed {
    id: u8,
    encoding: Encoding,
}

/// Where the association stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// The request was not seen (picked up in the middle).
    #[default]
    Unseen,
    Requested,
    Established,
    Over,
}

#[derive(Default)]
struct Dicom {
    directions: [Direction; 2],
    phase: Phase,
    requester: Option<Side>,
    request: Association,
    asked: (u64, Timestamp),
    agreed: Vec<Agreed>,
    release: Option<(Side, u64, Timestamp)>,
    operations: Operations,
}

/// What became of one unit of the stream.
enum Unit {
    Took(u64),
    Need(usize),
    Stop(Progress),
}

impl Session for Dicom {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let mut taken = 0_u64;
        loop {
            let at = usize::try_from(taken).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
                return Progress::Consumed(taken);
            };
            match self.unit(rest, cx) {
                Unit::Took(n) => taken = taken.saturating_add(n),
                Unit::Need(n) if taken == 0 => return Progress::Need(n),
                Unit::Need(_) => return Progress::Consumed(taken),
                Unit::Stop(progress) => return progress,
            }
        }
    }

    fn gap(&mut self, length: u64, cx: &mut Context<'_>) -> Resync {
        let direction = self.direction(cx.side());
        if length == 0 {
            return Resync::Continue;
        }
        direction.command.clear();
        direction.current = None;
        direction.reader = None;
        if length <= direction.in_fragment {
            direction.in_fragment -= length;
            direction.in_pdu = direction.in_pdu.saturating_sub(length);
        } else {
            direction.in_fragment = 0;
            direction.in_pdu = 0;
            direction.lost = Some(0);
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.close(cx);
    }
}

impl Dicom {
    fn direction(&mut self, side: Side) -> &mut Direction {
        let [originator, responder] = &mut self.directions;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    /// Reads one PDU header, association PDU, fragment header or (part of a) fragment.
    fn unit(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Unit {
        let side = cx.side();
        let direction = self.direction(side);
        if let Some(looked) = direction.lost {
            return direction.find_footing(looked, bytes);
        }
        if direction.in_fragment > 0 {
            return self.fragment(bytes, cx);
        }
        if direction.in_pdu > 0 {
            if direction.in_pdu < 6 {
                cx.weird("dicom_pdu_rest");
                return Unit::Took(std::mem::take(&mut direction.in_pdu));
            }
            let Some([a, b, c, d, context, control]) = bytes.first_chunk::<6>().copied() else {
                return Unit::Need(6);
            };
            let length = u64::from(u32::from_be_bytes([a, b, c, d]));
            if length < 2 || length.saturating_add(4) > direction.in_pdu {
                cx.weird("dicom_pdv_length");
                return Unit::Took(std::mem::take(&mut direction.in_pdu));
            }
            direction.in_pdu -= 6;
            direction.in_fragment = length - 2;
            direction.context = context;
            direction.control = control;
            if length == 2 {
                self.fragment_done(cx);
            }
            return Unit::Took(6);
        }
        let Some([kind, _, a, b, c, d]) = bytes.first_chunk::<6>().copied() else { return Unit::Need(6) };
        let length = u32::from_be_bytes([a, b, c, d]);
        if kind == 4 {
            direction.in_pdu = u64::from(length);
            return Unit::Took(6);
        }
        let limit = if kind <= 2 { MAX_ASSOCIATION } else { 64 };
        if !(1..=7).contains(&kind) || length > limit {
            self.close(cx);
            return Unit::Stop(Progress::GiveUp("dicom_unknown_pdu"));
        }
        let whole = usize::try_from(length).unwrap_or(0).saturating_add(6);
        let Some(body) = bytes.get(6..whole) else { return Unit::Need(whole) };
        if self.control_pdu(kind, body, cx) { Unit::Took(whole as u64) } else { Unit::Stop(Progress::Quiet) }
    }

    /// Association control; false where the association is over.
    fn control_pdu(&mut self, kind: u8, body: &[u8], cx: &mut Context<'_>) -> bool {
        let side = cx.side();
        match kind {
            1 => self.requested(Association::read(body), cx),
            2 => self.accepted(&Association::read(body), cx),
            3 => {
                let (result, reason) = rejection(body);
                if self.phase == Phase::Requested {
                    self.connect(Outcome::Failure, &[("result", result), ("reason", reason)], cx);
                }
                self.phase = Phase::Over;
                return false;
            }
            5 => self.release = Some((side, cx.packet, cx.now)),
            6 => {
                self.close(cx);
                return false;
            }
            _ => {
                let [_, _, source, reason] = body.first_chunk::<4>().copied().unwrap_or_default();
                if self.phase == Phase::Requested {
                    self.connect(Outcome::Failure, &[("reason", "aborted")], cx);
                }
                self.release = None;
                self.close(cx);
                let source = if source == 2 { "service provider" } else { "service user" };
                let entry = cx
                    .activity(Verb::Disconnect, "A-ABORT", "")
                    .outcome(Outcome::Success)
                    .detail("source", source);
                if reason != 0 {
                    entry.detail("reason", &reason.to_string());
                }
                return false;
            }
        }
        true
    }

    fn requested(&mut self, request: Association, cx: &mut Context<'_>) {
        if self.phase != Phase::Unseen {
            cx.weird("dicom_second_association");
            return;
        }
        if request.malformed {
            cx.weird("dicom_association_items");
        }
        let sender = cx.sender();
        if is_name(&request.calling) {
            cx.evidence(sender.clone(), &CALLING_AE, &request.calling);
        }
        self.implementation(&request, cx);
        let offered: Vec<&str> =
            request.contexts.iter().map(|context| context.abstract_syntax.as_str()).collect();
        let role = |class: &str| {
            let selected = request.roles.iter().find(|role| role.sop_class == class);
            selected.map_or("SCU", |role| match (role.scu, role.scp) {
                (true, true) => "SCU/SCP",
                (false, true) => "SCP",
                _ => "SCU",
            })
        };
        say_classes(&offered, role, &OFFERS, &OFFERS_STORAGE, cx);
        self.operations.begin(cx.side(), &request.calling, acts_as_modality(&offered));
        let titles = [("calling", request.calling.as_str()), ("called", &request.called)];
        cx.asks(cx.side(), Verb::Connect, "A-ASSOCIATE-RQ", &request.called, &titles);
        self.requester = Some(cx.side());
        self.asked = (cx.packet, cx.now);
        self.request = request;
        self.phase = Phase::Requested;
    }

    fn accepted(&mut self, answer: &Association, cx: &mut Context<'_>) {
        if answer.malformed {
            cx.weird("dicom_association_items");
        }
        self.implementation(answer, cx);
        for (id, result, syntax) in &answer.results {
            if *result == 0 {
                self.agreed.push(Agreed { id: *id, encoding: Encoding::of(syntax) });
                if let Some(context) = self.request.contexts.iter_mut().find(|context| context.id == *id) {
                    context.accepted = Some(syntax.clone());
                }
            }
        }
        if self.phase != Phase::Requested {
            return;
        }
        self.phase = Phase::Established;
        if is_name(&self.request.called) {
            cx.evidence(cx.sender(), &CALLED_AE, &self.request.called);
        }
        let taken: Vec<&str> = (self.request.contexts.iter())
            .filter(|context| context.accepted.is_some())
            .map(|context| context.abstract_syntax.as_str())
            .collect();
        let role = |class: &str| {
            let selected = answer.roles.iter().find(|role| role.sop_class == class);
            selected.map_or("SCP", |role| {
                if role.scp && !role.scu {
                    "SCU"
                } else if role.scp {
                    "SCU/SCP"
                } else {
                    "SCP"
                }
            })
        };
        say_classes(&taken, role, &ACCEPTS, &ACCEPTS_STORAGE, cx);
        let answered = if answer.identity_answered { "answered" } else { "" };
        self.connect(Outcome::Success, &[("identity", answered)], cx);
        // Long associations live on without what was negotiated.
        self.request = Association::default();
    }

    /// Implementation identification of whoever sends this PDU.
    fn implementation(&self, from: &Association, cx: &mut Context<'_>) {
        cx.evidence(cx.sender(), &IMPLEMENTATION_UID, &from.implementation_uid);
        cx.evidence(cx.sender(), &IMPLEMENTATION_VERSION, &from.implementation_version);
    }

    /// Reports the association that was asked for.
    fn connect(&self, outcome: Outcome, more: &[(&'static str, &str)], cx: &mut Context<'_>) {
        let Some(requester) = self.requester else { return };
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = self.asked;
        let request = &self.request;
        let taken = || request.contexts.iter().filter(|context| context.accepted.is_some());
        let mut services: Vec<&str> = taken().map(|context| sop_name(&context.abstract_syntax)).collect();
        services.sort_unstable();
        services.dedup();
        let mut entry = cx
            .activity_by(requester, Verb::Connect, "A-ASSOCIATE-RQ", &request.called)
            .outcome(outcome)
            .detail("calling", &request.calling)
            .detail("called", &request.called)
            .detail("contexts", &request.contexts.len().to_string())
            .detail("accepted", &taken().count().to_string());
        if services.len() <= 8 {
            entry = entry.detail("services", &services.join("; "));
        }
        if let Some(length) = request.max_length {
            entry = entry.detail("max-length", &length.to_string());
        }
        if let Some((invoked, performed)) = request.asynchronous {
            entry = entry.detail("asynchronous", &format!("{invoked}/{performed}"));
        }
        for (name, value) in more {
            entry = entry.detail(name, value);
        }
        if let Some(kind) = request.identity_type {
            // With a passcode (PS3.7 D.3.3.7.1, type 2).
            if kind == 2 {
                clear_login(requester.other(), "User Identity", None, outcome, cx);
            }
            cx.activity_by(requester, Verb::Login, "User Identity", identity_name(kind)).outcome(outcome);
        }
        (cx.packet, cx.now) = stands;
    }

    /// Takes (a part of) the fragment at hand.
    fn fragment(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Unit {
        let direction = self.direction(cx.side());
        let is_command = direction.control & 1 == 1;
        let unread = if is_command {
            direction.command.len() > MAX_COMMAND
        } else {
            direction.reader.as_ref().is_none_or(Reader::is_finished)
        };
        let left = direction.in_fragment;
        let taken = if unread { left } else { left.min(bytes.len() as u64) };
        if !unread {
            let part = bytes.get(..usize::try_from(taken).unwrap_or(0)).unwrap_or_default();
            if is_command {
                direction.command.extend_from_slice(part);
            } else if let Some(reader) = &mut direction.reader {
                reader.push(part);
            }
        }
        direction.in_fragment = left.saturating_sub(taken);
        direction.in_pdu = direction.in_pdu.saturating_sub(taken);
        if direction.in_fragment == 0 {
            self.fragment_done(cx);
        }
        Unit::Took(taken)
    }

    fn fragment_done(&mut self, cx: &mut Context<'_>) {
        let direction = self.direction(cx.side());
        if direction.control & 2 == 0 {
            return;
        }
        if direction.control & 1 == 1 {
            let bytes = std::mem::take(&mut direction.command);
            let context = direction.context;
            direction.reader = None;
            direction.current = None;
            let Some(command) = Command::read(&bytes) else {
                cx.weird("dicom_command_set");
                return;
            };
            let wanted = self.operations.command(&command, cx);
            if command.has_data {
                let encoding = self.agreed.iter().find(|agreed| agreed.id == context);
                let encoding = encoding.map_or(Encoding::Guess, |agreed| agreed.encoding);
                let direction = self.direction(cx.side());
                direction.reader = wanted.map(|wanted| Reader::new(encoding, wanted));
                direction.current = Some(command);
            }
            return;
        }
        let Some(command) = direction.current.take() else { return };
        let Some(reader) = direction.reader.take() else { return };
        if reader.is_broken() {
            cx.weird("dicom_data_set");
        }
        self.operations.data_set(&command, reader.into_elements(), cx);
    }

    /// Reports what is still open. Once.
    fn close(&mut self, cx: &mut Context<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        if self.phase == Phase::Requested {
            self.connect(Outcome::Unknown, &[], cx);
        }
        self.phase = Phase::Over;
        self.operations.close(cx);
        if let Some((side, packet, now)) = self.release.take() {
            let stands = (cx.packet, cx.now);
            (cx.packet, cx.now) = (packet, now);
            cx.activity_by(side, Verb::Disconnect, "A-RELEASE-RQ", "").outcome(Outcome::Success);
            (cx.packet, cx.now) = stands;
        }
    }
}

impl Direction {
    /// Looks for the next P-DATA-TF that opens with a command set.
    fn find_footing(&mut self, looked: u64, bytes: &[u8]) -> Unit {
        let found = bytes.windows(SIGNATURE).position(is_command_pdu);
        match found {
            Some(at) => {
                self.lost = None;
                self.in_pdu = u64::from(be32(bytes.get(at..).unwrap_or_default(), 2));
                Unit::Took((at as u64).saturating_add(6))
            }
            None if bytes.len() < SIGNATURE => Unit::Need(SIGNATURE),
            None => {
                let passed = (bytes.len() - (SIGNATURE - 1)) as u64;
                let looked = looked.saturating_add(passed);
                if looked > MAX_SCAN {
                    return Unit::Stop(Progress::Finished);
                }
                self.lost = Some(looked);
                Unit::Took(passed)
            }
        }
    }
}

/// AE titles that stand for "whoever you are" are no names.
fn is_name(ae_title: &str) -> bool {
    !["ANY-SCP", "ANYSCP", "ANY", "ANY-SCU", "ANYSCU", "AE", "AET", "DICOM", "UNKNOWN", ""]
        .iter()
        .any(|known| ae_title.eq_ignore_ascii_case(known))
}

/// A requester that asks for its worklist or reports its procedure steps, and stores images of few modalities.
fn acts_as_modality(offered: &[&str]) -> bool {
    let services = |name: &str| offered.iter().any(|uid| sop_name(uid) == name);
    (services("Modality Worklist") || services("Modality Performed Procedure Step"))
        && modalities(offered).len() <= 3
}

/// Modalities whose images these SOP classes store, in order of the alphabet.
fn modalities(classes: &[&str]) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = (classes.iter())
        .filter_map(|uid| sop_class(uid))
        .map(|class| class.modality)
        .filter(|modality| !modality.is_empty() && *modality != "SC")
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Names the SOP classes, where they are few, and the modalities among them.
fn say_classes(
    classes: &[&str],
    role: impl Fn(&str) -> &'static str,
    each: &'static Field,
    storage: &'static Field,
    cx: &mut Context<'_>,
) {
    let mut unique = classes.to_vec();
    unique.sort_unstable();
    unique.dedup();
    unique.retain(|uid| !uid.is_empty());
    let few = unique.len() <= MAX_NAMED;
    for uid in &unique {
        // Of many, those that are not storage still tell what an application is for.
        let name = sop_name(uid);
        if few || sop_class(uid).is_some() && !name.contains("Storage") {
            cx.evidence(cx.sender(), each, &format!("{name} {}", role(uid)));
        }
    }
    let modalities = modalities(&unique);
    match modalities.len() {
        0 => {}
        1..=6 => cx.evidence(cx.sender(), storage, &modalities.join(" ")),
        _ => cx.evidence(cx.sender(), storage, "many"),
    }
}

#[cfg(test)]
mod tests;
