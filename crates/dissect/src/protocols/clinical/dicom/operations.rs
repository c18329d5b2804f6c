//! DIMSE operations of one association: requests and what came of them.

use medward_model::{Attribute, Field, Outcome, Timestamp, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::{Context, Side};

use super::command::{
    self, C_CANCEL, C_ECHO, C_FIND, C_GET, C_MOVE, C_STORE, Command, N_CREATE, N_GET, operation,
};
use super::dataset::{
    Elements, LEVEL, MODALITY, PERFORMED_AE, PERFORMED_LOCATION, PERFORMED_STATION, SCHEDULED_AE, Wanted,
};
use super::equipment::{Equipment, LOCATION_FIELD, state_own};
use super::uids::{sop_class, sop_name};

static PERFORMS: Field =
    Field::fact("performs", "Service that the invoker used with success: command and SOP class (PS3.7 7.5)");
static SERVES: Field =
    Field::fact("serves", "Service that the performer gave with success: command and SOP class (PS3.7 7.5)");
static WORKLIST_STATION: Field = Field::fact(
    "worklist-station",
    "Scheduled Station AE Title (0040,0001) that the sender asks a worklist for (PS3.4 K.6.1)",
);
static WORKLIST_MODALITY: Field = Field::fact(
    "worklist-modality",
    "Modality (0008,0060) that the sender asks a worklist for or reports steps of (PS3.4 K.6.1; PS3.3 C.4.15)",
);
static PERFORMED_STATION_FIELD: Field = Field::states(
    "performed-station",
    Attribute::Alias,
    85,
    "Performed Station AE Title (0040,0241) or Name (0040,0242) of a procedure step that the sender reports (PS3.3 C.4.13)",
);

pub(super) static FIELDS: [&Field; 6] =
    [&PERFORMS, &SERVES, &WORKLIST_STATION, &WORKLIST_MODALITY, &PERFORMED_STATION_FIELD, &CLEAR_PATIENT];

/// Requests that wait for their answer; asynchronous windows are small in practice.
const MAX_OPEN: usize = 64;
/// Statements remembered, so that each is made once in an association.
const MAX_SAID: usize = 64;
/// Longest run of stores told as one activity.
const MAX_RUN: u64 = 10_000;

/// A request without its final response yet.
#[derive(Debug)]
struct Open {
    side: Side,
    request: Command,
    packet: u64,
    now: Timestamp,
    identifier: Elements,
    matches: u64,
}

/// Equal operations in a row (C-STORE, C-ECHO).
#[derive(Debug)]
struct Run {
    side: Side,
    request: Command,
    packet: u64,
    now: Timestamp,
    status: Option<u16>,
    count: u64,
}

/// The operations of one association.
#[derive(Debug, Default)]
pub(super) struct Operations {
    open: Vec<Open>,
    run: Option<Run>,
    said: Vec<(Side, u16, String)>,
    equipment: [Equipment; 2],
    requester: Option<(Side, String, bool)>,
    retrieving: bool,
    /// That a patient was identified is said once for objects, once for queries.
    patient_said: [bool; 2],
}

impl Operations {
    /// The association was asked for by that side, under that AE title.
    pub fn begin(&mut self, side: Side, ae_title: &str, acts_as_modality: bool) {
        self.requester = Some((side, ae_title.to_owned(), acts_as_modality));
    }

    fn equipment(&mut self, side: Side) -> &mut Equipment {
        let [originator, responder] = &mut self.equipment;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    /// A command came; what is wanted of the data set that follows it.
    pub fn command(&mut self, command: &Command, cx: &mut Context<'_>) -> Option<Wanted> {
        if command.is_response {
            return self.response(command, cx);
        }
        if command.kind == C_CANCEL {
            cx.activity(Verb::Command, "C-CANCEL-RQ", "");
            return None;
        }
        let (verb, name) = operation(command.kind);
        let modality = sop_class(&command.sop_class).map_or("", |class| class.modality);
        let details = [("destination", command.destination.as_str()), ("modality", modality)];
        cx.asks(cx.side(), verb, name, sop_name(&command.sop_class), &details);
        if command.kind == C_STORE {
            let side = cx.side();
            let is_requester = self.requester.as_ref().is_none_or(|(requester, ..)| *requester == side);
            if !command.originator.is_empty() || !is_requester || self.retrieving {
                self.equipment(side).note_relay();
            }
        }
        self.retrieving |= command.kind == C_GET;
        if self.open.len() >= MAX_OPEN {
            let oldest = self.open.remove(0);
            self.finish(oldest, None, cx);
        }
        self.open.push(Open {
            side: cx.side(),
            request: command.clone(),
            packet: cx.packet,
            now: cx.now,
            identifier: Elements::default(),
            matches: 0,
        });
        match command.kind {
            C_STORE | N_CREATE => Some(Wanted::Equipment),
            C_FIND | C_GET | C_MOVE => Some(Wanted::Query),
            _ => None,
        }
    }

    /// The data set of that command was read.
    pub fn data_set(&mut self, command: &Command, elements: Elements, cx: &mut Context<'_>) {
        let side = cx.side();
        if elements.patient {
            self.patient(command, cx);
        }
        match command.kind {
            C_STORE if !command.is_response => self.equipment(side).note(elements, cx.packet, cx.now),
            N_CREATE if sop_name(&command.sop_class) == "Modality Performed Procedure Step" => {
                for tag in [PERFORMED_AE, PERFORMED_STATION] {
                    if let Some(name) = elements.get(tag).map(str::to_owned)
                        && self.once(side, command.kind, &name)
                    {
                        cx.evidence(cx.sender(), &PERFORMED_STATION_FIELD, &name);
                    }
                }
                for (tag, field) in [(MODALITY, &WORKLIST_MODALITY), (PERFORMED_LOCATION, &LOCATION_FIELD)] {
                    if let Some(value) = elements.get(tag).map(str::to_owned)
                        && self.once(side, command.kind, &value)
                    {
                        cx.evidence(cx.sender(), field, &value);
                    }
                }
            }
            N_GET
                if command.is_response
                    && sop_name(&command.sop_class) == "Printer"
                    && self.once(side, command.kind, "Printer itself") =>
            {
                state_own(&elements, side, cx);
            }
            C_FIND if !command.is_response => {
                for (tag, field) in [(SCHEDULED_AE, &WORKLIST_STATION), (MODALITY, &WORKLIST_MODALITY)] {
                    let worklist = sop_name(&command.sop_class) == "Modality Worklist";
                    if let Some(value) = elements.get(tag).filter(|_| worklist).map(str::to_owned)
                        && self.once(side, command.kind, &value)
                    {
                        cx.evidence(cx.sender(), field, &value);
                    }
                }
                self.identify(side, command, elements);
            }
            C_GET | C_MOVE if !command.is_response => self.identify(side, command, elements),
            _ => {}
        }
    }

    /// Patient's Name or Patient ID was there: the acceptor of the association is who offers the service.
    fn patient(&mut self, command: &Command, cx: &mut Context<'_>) {
        let query = matches!(command.kind, C_FIND | C_GET | C_MOVE);
        let Some(said) = self.patient_said.get_mut(usize::from(query)) else { return };
        if std::mem::replace(said, true) {
            return;
        }
        let acceptor = self.requester.as_ref().map_or(Side::Responder, |(requester, ..)| requester.other());
        let what = if query { "queries" } else { "objects" };
        cx.of_service(acceptor, &CLEAR_PATIENT, &format!("Patient's Name or ID in DICOM {what}"));
    }

    fn identify(&mut self, side: Side, command: &Command, elements: Elements) {
        let open = self.open.iter_mut().rev();
        if let Some(open) = open.into_iter().find(|o| o.side == side && o.request.message == command.message)
        {
            open.identifier = elements;
        }
    }

    fn response(&mut self, response: &Command, cx: &mut Context<'_>) -> Option<Wanted> {
        let side = cx.side().other();
        let printer = response.kind == N_GET && sop_name(&response.sop_class) == "Printer";
        let unsaid = response.kind == C_FIND && !self.patient_said.get(1).copied().unwrap_or(true);
        let wanted = printer.then_some(Wanted::Equipment).or(unsaid.then_some(Wanted::Patient));
        let at = self.open.iter().position(|open| {
            open.side == side
                && open.request.message == response.message
                && open.request.kind == response.kind
        });
        if response.is_pending() {
            if let Some(open) = at.and_then(|at| self.open.get_mut(at)) {
                open.matches = open.matches.saturating_add(1);
            }
            return wanted;
        }
        let open = match at {
            Some(at) => self.open.remove(at),
            // The request was lost: the response still tells what was asked for.
            None => Open {
                side,
                request: Command {
                    kind: response.kind,
                    sop_class: response.sop_class.clone(),
                    ..Command::default()
                },
                packet: cx.packet,
                now: cx.now,
                identifier: Elements::default(),
                matches: 0,
            },
        };
        if command::outcome(response.status) == Outcome::Success {
            let class =
                if open.request.sop_class.is_empty() { &response.sop_class } else { &open.request.sop_class };
            let name = operation(open.request.kind).1.trim_end_matches("-RQ");
            let service = format!("{name} {}", sop_name(class));
            if self.once(side, 0, &service) {
                cx.evidence(cx.receiver(), &PERFORMS, &service);
                cx.evidence(cx.sender(), &SERVES, &service);
            }
        }
        self.finish(open, Some(response), cx);
        wanted
    }

    /// True the first time.
    fn once(&mut self, side: Side, kind: u16, what: &str) -> bool {
        if self.said.len() >= MAX_SAID
            || self.said.iter().any(|(s, k, w)| *s == side && *k == kind && w == what)
        {
            return false;
        }
        self.said.push((side, kind, what.to_owned()));
        true
    }

    /// Reports a request with its final response, where one was seen.
    fn finish(&mut self, open: Open, response: Option<&Command>, cx: &mut Context<'_>) {
        let status = response.map(|response| response.status);
        if matches!(open.request.kind, C_STORE | C_ECHO) {
            self.run_on(open, status, cx);
            return;
        }
        self.flush(cx);
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = (open.packet, open.now);
        let (verb, name) = operation(open.request.kind);
        let request = &open.request;
        let mut entry = cx.activity_by(open.side, verb, name, sop_name(&request.sop_class));
        if let Some(status) = status {
            entry = entry.outcome(command::outcome(status)).detail("status", &format!("0x{status:04X}"));
        }
        entry = entry
            .detail("level", open.identifier.get(LEVEL).unwrap_or(""))
            .detail("keys", &open.identifier.keys.join(" "))
            .detail("wildcards", &open.identifier.wildcards.join(" "))
            .detail("destination", &request.destination);
        if open.identifier.returned > 0 {
            entry = entry.detail("returned-keys", &open.identifier.returned.to_string());
        }
        if request.kind == C_FIND {
            entry = entry.detail("matches", &open.matches.to_string());
        }
        let counts = response.map(|r| {
            [
                ("completed", r.completed),
                ("failed", r.failed),
                ("warning", r.warning),
                ("remaining", r.remaining),
            ]
        });
        for (name, count) in counts.into_iter().flatten() {
            if let Some(count) = count {
                entry = entry.detail(name, &count.to_string());
            }
        }
        if let Some(id) = request.type_id {
            entry.detail("type", &id.to_string());
        }
        (cx.packet, cx.now) = stands;
    }

    /// Adds to the run of equal operations, or begins another.
    fn run_on(&mut self, open: Open, status: Option<u16>, cx: &mut Context<'_>) {
        if let Some(run) = &mut self.run
            && (run.side, run.status, run.request.kind) == (open.side, status, open.request.kind)
            && (&run.request.sop_class, &run.request.originator)
                == (&open.request.sop_class, &open.request.originator)
            && run.count < MAX_RUN
        {
            run.count += 1;
            return;
        }
        self.flush(cx);
        let Open { side, request, packet, now, .. } = open;
        self.run = Some(Run { side, request, packet, now, status, count: 1 });
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        let Some(run) = self.run.take() else { return };
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = (run.packet, run.now);
        let (verb, name) = operation(run.request.kind);
        let class = &run.request.sop_class;
        let mut entry = cx
            .activity_by(run.side, verb, name, sop_name(class))
            .detail("count", &run.count.to_string())
            .detail("modality", sop_class(class).map_or("", |class| class.modality))
            .detail("move-originator", &run.request.originator);
        if let Some(status) = run.status {
            entry = entry.outcome(command::outcome(status));
            entry.detail("status", &format!("0x{status:04X}"));
        }
        (cx.packet, cx.now) = stands;
    }

    /// The association is over.
    pub fn close(&mut self, cx: &mut Context<'_>) {
        for open in std::mem::take(&mut self.open) {
            self.finish(open, None, cx);
        }
        self.flush(cx);
        let (requester, ae_title, modality) = match &self.requester {
            Some((side, ae_title, modality)) => (Some(*side), ae_title.clone(), *modality),
            None => (None, String::new(), false),
        };
        for side in [Side::Originator, Side::Responder] {
            let own = requester == Some(side);
            let (name, modality) = if own { (ae_title.as_str(), modality) } else { ("", false) };
            self.equipment(side).report(side, name, modality, cx);
        }
    }
}
