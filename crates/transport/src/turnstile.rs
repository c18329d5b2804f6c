//! Keeps the order after a failure: what was handed over behind a parcel that failed does not overtake it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::outlet::Answer;
use crate::{Number, OutletError, Parcel};

/// A parcel on its way to the task that sends, with the round it belongs to.
pub struct Entry {
    round: u64,
    pub parcel: Parcel,
    pub answer: Answer,
}

/// Between those who hand over and the task that sends. A failure ends a round: all of it fails, and the next round begins
/// with the oldest parcel that failed.
#[derive(Default)]
pub struct Turnstile(Mutex<State>);

#[derive(Default)]
struct State {
    round: u64,
    /// The parcel with which the round begins, until it came.
    begins_with: Option<Number>,
}

impl Turnstile {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a parcel into the round. Refused once where the sender does not know yet that it has to begin again.
    pub fn enter(&self, parcel: Parcel, answer: Answer) -> Result<Entry, OutletError> {
        let mut state = self.state();
        match state.begins_with.take() {
            Some(number) if number != parcel.number() => Err(OutletError::Dropped),
            _ => Ok(Entry { round: state.round, parcel, answer }),
        }
    }

    /// Whether a parcel is of this round; one of an earlier round fails.
    pub fn admit(&self, entry: Entry) -> Option<Entry> {
        if entry.round == self.state().round {
            return Some(entry);
        }
        fail(entry.answer, OutletError::Dropped);
        None
    }

    /// Ends the round with the failure of these parcels, the oldest first.
    pub fn fail(&self, entries: impl IntoIterator<Item = Entry>, error: &OutletError) {
        let mut entries = entries.into_iter().peekable();
        // Where nothing was under way nobody has to begin again.
        let Some(first) = entries.peek() else { return };
        {
            let mut state = self.state();
            state.round += 1;
            state.begins_with = Some(first.parcel.number());
        }
        for entry in entries {
            fail(entry.answer, error.clone());
        }
    }
}

fn fail(answer: Answer, error: OutletError) {
    // Nobody waits for it any more where the sender has gone.
    let _: Result<(), _> = answer.send(Err(error));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::outlet::handover;

    fn parcel(sequence: u64) -> Parcel {
        Parcel { site: "s".into(), sensor: "a".into(), epoch: 1, sequence, body: Bytes::new() }
    }

    #[test]
    fn nothing_overtakes_a_parcel_that_failed() {
        let turnstile = Turnstile::default();
        let enter = |sequence| turnstile.enter(parcel(sequence), handover().0);
        let (first, second) = (enter(1).unwrap(), enter(2).unwrap());
        turnstile.fail([first], &OutletError::Dropped);
        assert!(turnstile.admit(second).is_none());
        assert!(enter(3).is_err());
        let again = enter(1).unwrap();
        assert!(turnstile.admit(again).is_some());
    }
}
