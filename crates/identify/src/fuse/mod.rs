//! Fusion: claims about one device become attributes with a confidence.
//!
//! A claim weighs the share of such claims that are right. Claims of one source family for one value count once (the
//! best of them), since a device that says a thing in ten messages of one protocol says it once; families combine as
//! independent witnesses: `s(v) = 1 - ∏(1 - w)`. Values that exclude each other share what is left by Dempster's rule
//! with simple support: `c(v) = s(v)·∏(1 - s(u)) / (Σ s(x)·∏(1 - s(y)) + ∏(1 - s(x)))`. One value alone keeps its
//! support, two equal ones at 0.9 end at 0.47 each, below what is published.

mod claim;
mod combine;
mod interpret;
mod publish;

pub(crate) use claim::{SoftwareClaim, is_multiple, is_narrower, normalise};
pub(crate) use combine::{Group, combine};
pub(crate) use interpret::{Fact, Interpreted, interpret};
pub(crate) use publish::{publish, publish_many, summed, threshold};
