//! The order of versions as makers of devices write them: numbers by value, letters by alphabet, words of a release before
//! or after it. What is numbered otherwise is not ordered ([`super::super::number`]).

use super::super::number::{compare, pieces};
use super::Scheme;

pub(super) static GENERIC: Scheme = Scheme {
    names: &[
        "generic",
        "custom",
        "dotted",
        "intdot",
        "maven",
        "rubygems",
        "gem",
        "hex",
        "packagist",
        "nuget",
        "alpine",
        "apk",
        "bitnami",
        "android",
    ],
    specification: "observed in CISA medical advisories and the CPE dictionary",
    fits: |text| !pieces(text).is_empty(),
    compare: |a, b| compare(&pieces(a), &pieces(b)),
};
