//! Reports from sensors to the core.
#![forbid(unsafe_code)]

mod channel;
mod compress;
mod courier;
mod inlet;
mod lane;
mod outlet;
mod parcel;
mod spool;

pub use channel::{ChannelInlet, ChannelOutlet, channel};
pub use courier::{Courier, CourierSettings, CourierStatistics};
pub use inlet::{Ack, Arrival, Inlet};
pub use outlet::{Delivered, Handover, Outlet, OutletError};
pub use parcel::{MAX_BODY, MAX_NAME, Number, Parcel, ParcelError, check_name};
pub use spool::{Spool, SpoolError, SpoolSettings, SpoolStatistics};
