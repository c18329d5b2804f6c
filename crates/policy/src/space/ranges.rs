//! Sets of numbers as ordered ranges.

use serde::Serialize;

/// A number on a line: an address, or a service.
pub trait Point: Copy + Ord + std::fmt::Debug {
    /// The lowest.
    const FIRST: Self;
    /// The highest.
    const LAST: Self;
    /// The next higher one.
    fn next(self) -> Option<Self>;
    /// The next lower one.
    fn previous(self) -> Option<Self>;
}

impl Point for u128 {
    const FIRST: u128 = 0;
    const LAST: u128 = u128::MAX;
    fn next(self) -> Option<u128> {
        self.checked_add(1)
    }
    fn previous(self) -> Option<u128> {
        self.checked_sub(1)
    }
}

impl Point for u32 {
    const FIRST: u32 = 0;
    const LAST: u32 = u32::MAX;
    fn next(self) -> Option<u32> {
        self.checked_add(1)
    }
    fn previous(self) -> Option<u32> {
        self.checked_sub(1)
    }
}

/// A set of points: ranges with both ends inside, in order, neither overlapping nor touching; so equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Ranges<P: Point>(Vec<(P, P)>);

impl<P: Point> Default for Ranges<P> {
    fn default() -> Self {
        Ranges(Vec::new())
    }
}

impl<P: Point> Ranges<P> {
    /// The empty set.
    pub const fn empty() -> Ranges<P> {
        Ranges(Vec::new())
    }

    /// All points.
    pub fn all() -> Ranges<P> {
        Ranges(vec![(P::FIRST, P::LAST)])
    }

    /// From `first` to `last`, both inside; empty where they stand the wrong way round.
    pub fn of(first: P, last: P) -> Ranges<P> {
        if first <= last { Ranges(vec![(first, last)]) } else { Ranges::empty() }
    }

    /// All of these ranges, in any order.
    pub fn joined(ranges: impl IntoIterator<Item = (P, P)>) -> Ranges<P> {
        let mut sorted: Vec<(P, P)> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut joined: Vec<(P, P)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match joined.last_mut() {
                Some((_, end)) if end.next().is_none_or(|next| first <= next) => *end = (*end).max(last),
                _ => joined.push((first, last)),
            }
        }
        Ranges(joined)
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = (P, P)> + '_ {
        self.0.iter().copied()
    }

    /// How many ranges it takes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no point is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every point is in it.
    pub fn is_all(&self) -> bool {
        self.0.as_slice() == [(P::FIRST, P::LAST)]
    }

    /// Whether that point is in it.
    pub fn contains(&self, point: P) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < point);
        self.0.get(at).is_some_and(|(first, _)| *first <= point)
    }

    /// The lowest point.
    pub fn first(&self) -> Option<P> {
        self.0.first().map(|(first, _)| *first)
    }

    /// What is in one or the other.
    #[must_use]
    pub fn union(&self, other: &Ranges<P>) -> Ranges<P> {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Ranges::joined(self.iter().chain(other.iter()))
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Ranges<P>) -> Ranges<P> {
        let mut both = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a, b)), Some((c, d))) = (left.peek(), right.peek()) {
            let (first, last) = ((*a).max(*c), (*b).min(*d));
            if first <= last {
                both.push((first, last));
            }
            if b <= d {
                left.next();
            } else {
                right.next();
            }
        }
        Ranges(both)
    }

    /// What is not in it.
    #[must_use]
    pub fn complement(&self) -> Ranges<P> {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut open = Some(P::FIRST);
        for (first, last) in &self.0 {
            if let (Some(start), Some(end)) = (open, first.previous())
                && start <= end
            {
                gaps.push((start, end));
            }
            open = last.next();
        }
        if let Some(start) = open {
            gaps.push((start, P::LAST));
        }
        Ranges(gaps)
    }

    /// What is in this and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Ranges<P>) -> Ranges<P> {
        if other.is_empty() { self.clone() } else { self.intersection(&other.complement()) }
    }

    /// Whether all of this is in the other.
    pub fn is_within(&self, other: &Ranges<P>) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether they share a point.
    pub fn meets(&self, other: &Ranges<P>) -> bool {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a, b)), Some((c, d))) = (left.peek(), right.peek()) {
            if (*a).max(*c) <= (*b).min(*d) {
                return true;
            }
            if b <= d {
                left.next();
            } else {
                right.next();
            }
        }
        false
    }
}
