//! All dissectors. Each folder's `mod.rs` lists its own.

mod building;
mod clinical;
mod infrastructure;
mod naming;
mod remote;

use crate::Dissector;

/// Every dissector that is built in, clinical ones first: on equal evidence the earlier one names a flow.
pub fn dissectors() -> impl Iterator<Item = &'static Dissector> + Clone {
    clinical::DISSECTORS
        .iter()
        .chain(naming::DISSECTORS)
        .chain(infrastructure::DISSECTORS)
        .chain(building::DISSECTORS)
        .chain(remote::DISSECTORS)
        .copied()
}
