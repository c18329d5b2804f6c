//! The HTTP interface of the monitor: REST, a stream of events, accounts and rights, alert channels, and the files of the
//! web interface.
//!
//! Every request passes one gate (`gate`), which asks one table (`rights`). The store is reached through
//! [`medward_monitor::Store`] only, and what only the running core can do through [`Live`].
#![forbid(unsafe_code)]

mod accounts;
mod app;
mod caller;
mod channels;
mod extract;
mod find;
mod gate;
mod idempotency;
mod live;
mod outgoing;
mod pace;
mod problem;
mod resource;
mod rights;
mod router;
mod schema;
mod secrets;
mod site;
mod words;

pub use accounts::first_run::{FirstRunError, OneTimePassword, first_run, renew_administrator};
pub use app::{App, Clock, Config, Notice, Spoken, SystemClock};
pub use channels::{deliver_forever, deliver_round};
pub use live::{Invitation, Live, LiveError, OpenInvitation};
pub use problem::{Answer, Problem};
pub use rights::{Entry, Need, Permission, Role, TABLE};
pub use router::{description, router};
pub use secrets::SecretError;
pub use site::Site;
