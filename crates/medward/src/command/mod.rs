//! One file a subcommand.

pub mod advisory;
pub mod assess;
pub mod feeds;
pub mod inventory;
pub mod knowledge;
pub mod protocols;
pub mod what_if;
pub mod why;
