//! Applying, confirming, looking, taking back.

use medward_model::Timestamp;
use medward_policy::{Plan, PlanId, Sameness, Step, nft_text, text_digest, with_ends_as_conditions};
use serde::Serialize;
use thiserror::Error;

use crate::journal::Entry;
use crate::listing::{Counter, counters, mark, over, without_counts};
use crate::nft::{Nft, NftError};
use crate::reverter::{Launch, Task, start};
use crate::state::{InForce, Pending, Records, StateError};

/// Why something was not done. Where a plan was loaded already, it was taken back.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The records cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The target did not do it.
    #[error(transparent)]
    Nft(#[from] NftError),
    /// The plan is over.
    #[error("the plan was good until {0}: plan again")]
    Expired(Timestamp),
    /// It was made on another state of the target.
    #[error("the plan follows {expected}, and {found} is in force: plan again")]
    MovedOn {
        /// What the plan follows.
        expected: String,
        /// What is in force.
        found: String,
    },
    /// Somebody changed the table.
    #[error(
        "the table is not as {0} left it: somebody changed it. Look at it, then use --over-drift, or undo first"
    )]
    Drifted(PlanId),
    /// It is in force as it is.
    #[error("{0} is in force already")]
    InForce(PlanId),
    /// Another plan waits for its confirmation.
    #[error("{0} waits for its confirmation: confirm or undo it first")]
    Waiting(PlanId),
    /// A plan that nobody checked.
    #[error("{0} was not checked: plan again")]
    NotChecked(PlanId),
    /// A check speaks against it.
    #[error("{0}")]
    Vetoed(String),
    /// Applying was cut off.
    #[error(
        "applying {0} was cut off before it was read back: it cannot be confirmed, and is reverted at {1}"
    )]
    CutOff(PlanId, Timestamp),
    /// Nothing waits.
    #[error("no plan waits for a confirmation")]
    NothingWaits,
    /// Nothing is in force.
    #[error("no plan is in force")]
    NothingInForce,
    /// The plan is not for this executor.
    #[error("the plan is for {0}, which is applied by hand: its text is in it")]
    ByHand(String),
    /// The plan's steps would leave no way back.
    #[error("the plan's steps are not in a safe order: {0}")]
    Unsafe(&'static str),
    /// The reverter did not start, so nothing was done.
    #[error("the dead man's switch did not start, and nothing was changed: {0}")]
    NoReverter(String),
    /// What is there is not what was loaded; it was taken back.
    #[error("what was read back is not what was planned, and it was taken back: {0}")]
    NotVerified(String),
    /// The time ran out while it was loaded; it was taken back.
    #[error("the time to confirm ran out while it was loaded, and it was taken back")]
    TooLate,
}

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// By whom.
    pub by: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Load over what somebody changed by hand.
    pub over_drift: bool,
}

/// What was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The plan.
    pub plan: PlanId,
    /// Until when it must be confirmed.
    pub confirm_until: Timestamp,
    /// The process that reverts it unless it is.
    pub reverter: u32,
    /// How the read-back compares.
    pub verified: String,
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The plan.
    pub plan: PlanId,
    /// The plan that is in force again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<PlanId>,
    /// Whether the table lists byte for byte what it listed before.
    pub identical: bool,
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The plan in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<InForce>,
    /// What waits for a confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// Whether the table is there.
    pub present: bool,
    /// Whether somebody changed it.
    pub drifted: bool,
    /// What its rules counted.
    pub counters: Vec<Counter>,
    /// Rules that end: when, and what they are.
    pub ends: Vec<(Timestamp, String)>,
    /// Those of them that are over: the target closed them by itself.
    pub over: usize,
    /// The last things that were done.
    pub journal: Vec<Entry>,
}

/// Runs the steps of plans.
#[derive(Clone, Debug)]
pub struct Executor {
    /// Where it keeps what it did.
    pub records: Records,
    /// The target.
    pub nft: Nft,
    /// How reverters are started.
    pub launch: Launch,
}

/// What steps before left for those after.
#[derive(Default)]
struct Progress {
    kept: bool,
    former: Option<String>,
    scheduled: Option<Pending>,
    loaded: bool,
    verified: Option<(String, String)>,
}

fn listing_digest(listing: &str) -> String {
    text_digest(&without_counts(listing))
}

impl Executor {
    fn note(
        &self,
        request: (&str, Timestamp),
        what: &str,
        plan: &PlanId,
        detail: &str,
    ) -> Result<(), StateError> {
        let (by, time) = request;
        self.records.note(&Entry {
            time,
            what: what.to_owned(),
            plan: plan.0.clone(),
            by: by.to_owned(),
            detail: detail.to_owned(),
        })
    }

    /// Whether this plan may follow what is in force.
    fn may_follow(&self, request: &Requested<'_>, in_force: Option<&InForce>) -> Result<(), ApplyError> {
        let plan = request.plan;
        if over(plan.expires, request.now) {
            return Err(ApplyError::Expired(plan.expires));
        }
        if let Some(pending) = self.records.pending()? {
            return Err(ApplyError::Waiting(pending.plan));
        }
        if plan.opinions.is_none() {
            return Err(ApplyError::NotChecked(plan.id.clone()));
        }
        let tried = in_force.filter(|state| state.confirmed_by.is_some());
        let tried = tried.and_then(|state| state.first_part_of.as_ref()) == Some(&plan.id);
        let vetoes: Vec<String> = plan
            .vetoes(tried)
            .iter()
            .map(|opinion| format!("{} vetoes it: {}", opinion.check, opinion.reason))
            .collect();
        if !vetoes.is_empty() {
            return Err(ApplyError::Vetoed(vetoes.join("; ")));
        }
        let listed = self.nft.list()?;
        let as_left = in_force.is_none_or(|state| {
            listed.as_deref().is_some_and(|listed| listing_digest(listed) == state.listing)
        });
        if let Some(state) = in_force.filter(|state| state.plan == plan.id) {
            // What a restart of the machine took away is loaded again.
            return if as_left { Err(ApplyError::InForce(state.plan.clone())) } else { Ok(()) };
        }
        let first_part_is_there = in_force.and_then(|state| state.first_part_of.as_ref()) == Some(&plan.id);
        if !first_part_is_there && in_force.map(|state| &state.plan) != plan.parent.as_ref() {
            let words = |id: Option<&PlanId>| id.map_or_else(|| "no plan".to_owned(), ToString::to_string);
            return Err(ApplyError::MovedOn {
                expected: words(plan.parent.as_ref()),
                found: words(in_force.map(|state| &state.plan)),
            });
        }
        match in_force {
            Some(state) if !as_left && !request.over_drift => Err(ApplyError::Drifted(state.plan.clone())),
            _ => Ok(()),
        }
    }

    /// Runs the steps of a plan. When it returns, the plan is in force and waits for its confirmation, or nothing was changed.
    pub fn apply(&self, request: &Requested<'_>) -> Result<Applied, ApplyError> {
        let plan = request.plan;
        if !plan.steps.iter().any(|step| matches!(step, Step::Apply { .. })) {
            return Err(ApplyError::ByHand(plan.target.clone()));
        }
        let lock = self.records.lock()?;
        let in_force = self.records.in_force()?;
        self.may_follow(request, in_force.as_ref())?;
        let mut progress = Progress::default();
        for step in &plan.steps {
            if let Err(error) = self.step(step, request, in_force.as_ref(), &mut progress) {
                self.give_up(&progress, in_force.as_ref())?;
                self.note((request.by, request.now), "failed", &plan.id, &error.to_string())?;
                return Err(error);
            }
        }
        let (Some(pending), Some((listing, verified))) = (progress.scheduled, progress.verified) else {
            return Err(ApplyError::Unsafe("nothing reverts it, or nothing reads it back"));
        };
        let state = InForce {
            plan: plan.id.clone(),
            first_part_of: plan.canary.as_ref().map(|canary| canary.of.clone()),
            applied_at: request.now,
            applied_by: request.by.to_owned(),
            confirmed_by: None,
            digest: plan.digest.clone(),
            listing,
            nft: self.nft.clone(),
        };
        self.records.set_in_force(Some(&state))?;
        self.note((request.by, request.now), "applied", &plan.id, &verified)?;
        drop(lock);
        let (confirm_until, reverter) = (pending.until, pending.reverter);
        Ok(Applied { plan: plan.id.clone(), confirm_until, reverter, verified })
    }

    fn step(
        &self,
        step: &Step,
        request: &Requested<'_>,
        in_force: Option<&InForce>,
        progress: &mut Progress,
    ) -> Result<(), ApplyError> {
        let plan = request.plan;
        match step {
            Step::KeepFormer => {
                progress.former = self.nft.list()?;
                // What is loaded again after a restart keeps its way back.
                if in_force.is_none_or(|state| state.plan != plan.id) {
                    self.records.keep(plan, progress.former.as_deref(), in_force)?;
                }
                progress.kept = true;
            }
            Step::ScheduleRevert { seconds } => {
                if !progress.kept {
                    return Err(ApplyError::Unsafe("what is there must be kept first"));
                }
                // What would be refused needs no reverter.
                for step in &plan.steps {
                    if let Step::Apply { text } = step {
                        self.nft.check(text)?;
                    }
                }
                let until = request.now.plus_seconds(i64::from(*seconds));
                let mut pending = Pending { plan: plan.id.clone(), until, reverter: 0 };
                self.records.set_pending(&pending)?;
                progress.scheduled = Some(pending.clone());
                let before = if in_force.is_some_and(|state| state.plan == plan.id) {
                    self.records.before(&plan.id)?
                } else {
                    in_force.cloned()
                };
                let task = Task {
                    folder: self.records.folder().to_path_buf(),
                    plan: plan.id.clone(),
                    seconds: *seconds,
                    started: request.now,
                    nft: self.nft.clone(),
                    former: progress.former.clone(),
                    before,
                };
                pending.reverter = start(&self.launch, &task)?;
                self.records.set_pending(&pending)?;
                progress.scheduled = Some(pending);
            }
            Step::Apply { text } => {
                if !progress.kept || progress.scheduled.is_none() {
                    return Err(ApplyError::Unsafe("nothing would revert it"));
                }
                progress.loaded = true;
                self.nft.load(text)?;
                if self.records.pending()?.is_none_or(|pending| pending.plan != plan.id) {
                    return Err(ApplyError::TooLate);
                }
            }
            Step::Verify { digest } => progress.verified = Some(self.verify(plan, digest)?),
            Step::AwaitConfirmation { .. } => {}
            Step::RestoreFormer => self.nft.load(&self.nft.restoring(progress.former.as_deref()))?,
            Step::Show { .. } => return Err(ApplyError::ByHand(plan.target.clone())),
        }
        Ok(())
    }

    /// Reads back: the table must carry the plan's digest and let the same packets pass.
    fn verify(&self, plan: &Plan, digest: &str) -> Result<(String, String), ApplyError> {
        let not = |why: String| ApplyError::NotVerified(why);
        let listing = self.nft.list()?.ok_or_else(|| not("the table is not there".to_owned()))?;
        if mark(&listing) != Some(digest) {
            return Err(not(format!("the table does not carry {digest}")));
        }
        let read = nft_text(&listing).map_err(|error| not(error.to_string()))?;
        let [read] = read.as_slice() else {
            return Err(not(format!("{} chains are called, not one", read.len())));
        };
        let same = Sameness::of(&with_ends_as_conditions(&plan.ruleset), read);
        if same.same { Ok((listing_digest(&listing), same.sentence)) } else { Err(not(same.sentence)) }
    }

    /// Takes back what a failed plan did.
    fn give_up(&self, progress: &Progress, in_force: Option<&InForce>) -> Result<(), ApplyError> {
        if progress.loaded {
            self.nft.load(&self.nft.restoring(progress.former.as_deref()))?;
            self.records.set_in_force(in_force)?;
        }
        if progress.scheduled.is_some() {
            // The reverter ends when it sees that.
            self.records.take_pending()?;
        }
        Ok(())
    }

    /// A person's word that the plan stays.
    pub fn confirm(&self, by: &str, now: Timestamp) -> Result<PlanId, ApplyError> {
        let _lock = self.records.lock()?;
        let pending = self.records.pending()?.ok_or(ApplyError::NothingWaits)?;
        let state = self.records.in_force()?.filter(|state| state.plan == pending.plan);
        let Some(mut state) = state else { return Err(ApplyError::CutOff(pending.plan, pending.until)) };
        if !self.records.take_pending()? {
            return Err(ApplyError::NothingWaits);
        }
        state.confirmed_by = Some(by.to_owned());
        self.records.set_in_force(Some(&state))?;
        self.note((by, now), "confirmed", &state.plan, "")?;
        Ok(state.plan)
    }

    /// Takes back the plan in force: the table lists what it listed before it.
    pub fn undo(&self, by: &str, now: Timestamp) -> Result<Undone, ApplyError> {
        let _lock = self.records.lock()?;
        // A plan that waits may have been cut off before it was in force.
        let waiting = self.records.pending()?.map(|pending| pending.plan);
        let plan = match waiting {
            Some(plan) => plan,
            None => self.records.in_force()?.ok_or(ApplyError::NothingInForce)?.plan,
        };
        let former = self.records.listed_before(&plan)?;
        let before = self.records.before(&plan)?;
        self.nft.load(&self.nft.restoring(former.as_deref()))?;
        // Only now: had it failed, the reverter would still come.
        self.records.take_pending()?;
        self.records.set_in_force(before.as_ref())?;
        let identical = self.nft.list()? == former;
        self.note((by, now), "undone", &plan, if identical { "" } else { "not byte for byte" })?;
        Ok(Undone { plan, in_force: before.map(|before| before.plan), identical })
    }

    /// How things stand.
    pub fn status(&self, now: Timestamp) -> Result<Status, ApplyError> {
        let in_force = self.records.in_force()?;
        let listed = self.nft.list()?;
        let left = in_force.as_ref().map(|state| &state.listing);
        let drifted = left.is_some_and(|left| listed.as_deref().map(listing_digest).as_ref() != Some(left));
        let plan = in_force.as_ref().map(|state| self.records.plan(&state.plan)).transpose()?.flatten();
        let mut ends: Vec<(Timestamp, String)> = plan
            .iter()
            .flat_map(|plan| &plan.ruleset.rules)
            .filter_map(|rule| Some((rule.expires?, rule.label.clone())))
            .collect();
        ends.sort();
        ends.dedup();
        Ok(Status {
            pending: self.records.pending()?,
            present: listed.is_some(),
            drifted,
            counters: listed.as_deref().map(counters).unwrap_or_default(),
            over: ends.iter().filter(|(until, _)| over(*until, now)).count(),
            ends,
            journal: self.records.journal(20),
            in_force,
        })
    }
}
