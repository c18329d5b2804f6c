//! Risk: how likely somebody gets into a device, how bad that would be, over which ways, and what to do first.
//!
//! Every point of a score is a factor with a name, a value, a source and a weight of the [`Model`]; the points add up to the
//! score. Pure: findings, conversations and categories in, risks and actions out.
#![forbid(unsafe_code)]

mod action;
mod factor;
mod model;
mod reach;
mod score;
mod treatment;

pub use action::{Change, what_if};
pub use model::{Effort, Model, ModelError, Weight};
pub use reach::{Origin, Reach};
pub use score::{Facts, Inputs, Judged};
