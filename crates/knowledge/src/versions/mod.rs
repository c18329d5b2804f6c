//! Is a device's version among those that an advisory names?
//!
//! [`Claim::read`] reads what an advisory says once; [`Claim::weigh`] then judges a device's version against it, without
//! allocation, in one of six answers. What cannot be compared is never said to be inside.

mod claim;
mod number;
mod prose;
mod schemes;

pub use claim::{Certainty, Claim, DeviceVersion};
pub(crate) use schemes::date::read as day_of;
pub use schemes::{SCHEMES, Scheme, scheme};
