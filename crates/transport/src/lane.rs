//! The receiver's window: parcels that came in over one way and are not yet acknowledged, in order.
//!
//! Parcels are offered to the core one after the other. What is acknowledged leaves at the front, so that acknowledgements
//! go back in order. When one is given up, it and all behind it are offered again.

use std::collections::VecDeque;

use crate::Parcel;

/// An offer that the core has not settled yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    index: u64,
    offer: u64,
}

struct Item<T> {
    parcel: Parcel,
    token: T,
    /// The offer that is open for it.
    offer: Option<u64>,
    acked: bool,
}

/// Parcels in order, each with a token by which it is acknowledged to the sender.
pub struct Lane<T> {
    items: VecDeque<Item<T>>,
    /// Index of the first item, counted from the beginning of the lane.
    first: u64,
    /// Index of the next item to offer.
    cursor: u64,
    offers: u64,
    bytes: usize,
}

impl<T> Lane<T> {
    pub fn new() -> Self {
        Self { items: VecDeque::new(), first: 0, cursor: 0, offers: 0, bytes: 0 }
    }

    /// Parcels that are not yet acknowledged.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Bytes of their bodies.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn push(&mut self, parcel: Parcel, token: T) {
        self.bytes += parcel.body.len();
        self.items.push_back(Item { parcel, token, offer: None, acked: false });
    }

    /// The next parcel to give to the core, if there is one.
    pub fn offer(&mut self) -> Option<(Parcel, Slot)> {
        let item = self.items.get_mut(usize::try_from(self.cursor - self.first).ok()?)?;
        self.offers += 1;
        item.offer = Some(self.offers);
        let slot = Slot { index: self.cursor, offer: self.offers };
        self.cursor += 1;
        Some((item.parcel.clone(), slot))
    }

    /// Takes what the core says of an offer. The tokens are to be acknowledged to the sender, in this order.
    pub fn settle(&mut self, slot: Slot, committed: bool) -> Settled<T> {
        let mut settled = Settled { tokens: Vec::new(), given_up: false };
        let Some(at) = slot.index.checked_sub(self.first).and_then(|at| usize::try_from(at).ok()) else {
            return settled;
        };
        match self.items.get_mut(at) {
            Some(item) if item.offer == Some(slot.offer) => item.acked = committed,
            _ => return settled,
        }
        if committed {
            while self.items.front().is_some_and(|item| item.acked) {
                if let Some(item) = self.items.pop_front() {
                    self.first += 1;
                    self.bytes -= item.parcel.body.len();
                    settled.tokens.push(item.token);
                }
            }
        } else {
            settled.given_up = true;
            for item in self.items.iter_mut().skip(at) {
                item.offer = None;
                item.acked = false;
            }
            self.cursor = self.cursor.min(slot.index);
        }
        settled
    }
}

/// What follows from a settled offer.
pub struct Settled<T> {
    pub tokens: Vec<T>,
    /// Something was given up: wait a little before it is offered again.
    pub given_up: bool,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn parcel(sequence: u64) -> Parcel {
        Parcel { site: "s".into(), sensor: "a".into(), epoch: 1, sequence, body: Bytes::from_static(b"xy") }
    }

    fn lane(count: u64) -> Lane<u64> {
        let mut lane = Lane::new();
        for sequence in 1..=count {
            lane.push(parcel(sequence), sequence);
        }
        lane
    }

    #[test]
    fn acknowledgements_leave_in_order_whatever_order_they_come_in() {
        let mut lane = lane(3);
        let slots: Vec<_> = std::iter::from_fn(|| lane.offer()).map(|(_, slot)| slot).collect();
        assert!(lane.settle(slots[1], true).tokens.is_empty());
        assert_eq!(lane.settle(slots[0], true).tokens, [1, 2]);
        assert_eq!(lane.settle(slots[2], true).tokens, [3]);
        assert_eq!((lane.len(), lane.bytes()), (0, 0));
    }

    #[test]
    fn what_is_given_up_comes_again_with_all_behind_it() {
        let mut lane = lane(3);
        let slots: Vec<_> = std::iter::from_fn(|| lane.offer()).map(|(_, slot)| slot).collect();
        assert!(lane.settle(slots[1], false).given_up);
        let again: Vec<_> = std::iter::from_fn(|| lane.offer()).map(|(parcel, _)| parcel.sequence).collect();
        assert_eq!(again, [2, 3]);
    }

    #[test]
    fn an_acknowledgement_of_an_offer_that_was_taken_back_counts_for_nothing() {
        let mut lane = lane(2);
        let slots: Vec<_> = std::iter::from_fn(|| lane.offer()).map(|(_, slot)| slot).collect();
        lane.settle(slots[0], false);
        assert!(lane.settle(slots[1], true).tokens.is_empty());
        assert!(!lane.settle(slots[1], false).given_up);
        let (first, slot) = lane.offer().unwrap();
        assert_eq!(first.sequence, 1);
        assert_eq!(lane.settle(slot, true).tokens, [1]);
    }
}
