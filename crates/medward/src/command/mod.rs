//! One file a subcommand.

pub mod assess;
pub mod protocols;
pub mod why;
