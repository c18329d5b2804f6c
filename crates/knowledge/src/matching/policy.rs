//! The one policy: from what is known of a match to how it is shown.
//!
//! A match rests on four things: that the product is the one meant, that its maker is, that the version (or serial number,
//! lot, date) is among those named, and that the device is what we take it for. Each is worth a share of confidence; the
//! shares multiply. What is shown does not follow from the number alone: *affected* asks that nothing is guessed.
//!
//! | shown | asks |
//! |---|---|
//! | affected | product and maker the same (or kin); the device's version known and named; no condition left open; the device's identity sure to 0.7 |
//! | likely | one of these rests on a stated guess: all versions are named and the device's is not known, a line of products is named, a condition is open, the version most probably lies in the range |
//! | possible | the version is not known, or the names are alike but not the same |
//!
//! What the version excludes, and what the names exclude, is no match.

use medward_model::{Method, Verdict};

use super::makers::Kinship;
use super::name::Likeness;

/// What the version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum VersionSays {
    /// The device's version is known and named.
    Named,
    /// Every version is named; the device's is known.
    All,
    /// Every version is named, the device's is not known.
    AllUnknown,
    /// It is not certain, but probably named.
    Probably,
    /// The advisory states no version.
    Unstated,
    /// The device's is not known, or cannot be compared.
    Unknown,
    /// It is not certain, and probably not named.
    ProbablyNot,
}

/// What a judgement rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grounds {
    pub method: Method,
    pub likeness: Likeness,
    pub kinship: Kinship,
    pub version: VersionSays,
    /// The advisory's names are CPE names with a bare `*`, which often stands for "nobody looked".
    pub wildcard: bool,
    /// Conditions that the text states and nothing decides.
    pub open_conditions: usize,
    /// Confidence in the device's own attributes that were used, 0 to 1.
    pub identity: f64,
}

/// Below this confidence in its identity nothing is said to be *affected*.
const SURE_IDENTITY: f64 = 0.7;

/// Shares of confidence.
pub(crate) fn confidence(grounds: &Grounds) -> f64 {
    let likeness = match grounds.likeness {
        Likeness::Same => 0.99,
        Likeness::ByCode => 0.97,
        Likeness::Spelling => 0.95,
        Likeness::Covers => 0.85,
        Likeness::Vaguer => 0.45,
        Likeness::Narrower => 0.35,
        Likeness::OtherNumber => 0.2,
    };
    let kinship = match grounds.kinship {
        Kinship::Same => 1.0,
        Kinship::Related => 0.98,
        Kinship::Unknown => 0.7,
    };
    let version = match grounds.version {
        VersionSays::Named | VersionSays::All => 0.99,
        VersionSays::AllUnknown => 0.9,
        VersionSays::Probably => 0.7,
        VersionSays::Unstated => 0.6,
        VersionSays::Unknown => 0.4,
        VersionSays::ProbablyNot => 0.2,
    };
    let wildcard = if grounds.wildcard { 0.8 } else { 1.0 };
    let open = 0.75_f64.powi(i32::try_from(grounds.open_conditions.min(4)).unwrap_or(4));
    (likeness * kinship * version * wildcard * open * grounds.identity.clamp(0.0, 1.0)).clamp(0.01, 0.99)
}

/// How it is shown.
pub(crate) fn verdict(grounds: &Grounds) -> Verdict {
    let product_sure = matches!(grounds.likeness, Likeness::Same | Likeness::ByCode | Likeness::Spelling)
        && grounds.kinship != Kinship::Unknown;
    let open = grounds.open_conditions > 0 || grounds.identity < SURE_IDENTITY;
    match grounds.version {
        VersionSays::Unknown | VersionSays::ProbablyNot => Verdict::Possible,
        // A bare `*` and a device of unknown version: nothing was compared.
        VersionSays::AllUnknown if grounds.wildcard => Verdict::Possible,
        _ if grounds.likeness > Likeness::Covers => Verdict::Possible,
        VersionSays::Named if product_sure && !open => Verdict::Affected,
        VersionSays::All if product_sure && !open && !grounds.wildcard => Verdict::Affected,
        VersionSays::Unstated => Verdict::Possible,
        _ if grounds.identity < 0.3 => Verdict::Possible,
        _ => Verdict::Likely,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grounds() -> Grounds {
        Grounds {
            method: Method::NameVersion,
            likeness: Likeness::Same,
            kinship: Kinship::Same,
            version: VersionSays::Named,
            wildcard: false,
            open_conditions: 0,
            identity: 0.95,
        }
    }

    #[test]
    fn nothing_guessed_is_affected() {
        assert_eq!(verdict(&grounds()), Verdict::Affected);
    }

    #[test]
    fn an_unknown_version_is_never_affected() {
        for version in
            [VersionSays::AllUnknown, VersionSays::Unknown, VersionSays::ProbablyNot, VersionSays::Unstated]
        {
            for wildcard in [false, true] {
                assert_ne!(
                    verdict(&Grounds { version, wildcard, ..grounds() }),
                    Verdict::Affected,
                    "{version:?}"
                );
            }
        }
    }

    fn any_grounds() -> impl Strategy<Value = Grounds> {
        let likeness = prop::sample::select(vec![
            Likeness::Same,
            Likeness::ByCode,
            Likeness::Spelling,
            Likeness::Covers,
            Likeness::Vaguer,
            Likeness::Narrower,
        ]);
        let kinship = prop::sample::select(vec![Kinship::Same, Kinship::Related, Kinship::Unknown]);
        let version = prop::sample::select(vec![
            VersionSays::Named,
            VersionSays::All,
            VersionSays::AllUnknown,
            VersionSays::Probably,
            VersionSays::Unstated,
            VersionSays::Unknown,
            VersionSays::ProbablyNot,
        ]);
        (likeness, kinship, version, any::<bool>(), 0usize..3, 0.0f64..1.0).prop_map(
            |(likeness, kinship, version, wildcard, open_conditions, identity)| Grounds {
                method: Method::NameVersion,
                likeness,
                kinship,
                version,
                wildcard,
                open_conditions,
                identity,
            },
        )
    }

    proptest! {
        #[test]
        fn worse_grounds_are_never_shown_as_surer(grounds in any_grounds()) {
            let worse = [
                Grounds { open_conditions: grounds.open_conditions + 1, ..grounds },
                Grounds { kinship: Kinship::Unknown, ..grounds },
                Grounds { identity: grounds.identity / 2.0, ..grounds },
                Grounds { likeness: Likeness::Narrower, ..grounds },
                Grounds { wildcard: true, ..grounds },
            ];
            for other in worse {
                prop_assert!(verdict(&other) >= verdict(&grounds));
                prop_assert!(confidence(&other) <= confidence(&grounds));
            }
        }
    }
}
