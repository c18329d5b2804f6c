//! Reports from sensors to the core.
#![forbid(unsafe_code)]

mod channel;
mod compress;
mod courier;
mod inlet;
mod lane;
mod nats;
mod outlet;
mod packed;
mod parcel;
mod spool;
mod tls;
mod trust;
mod turnstile;

pub use channel::{ChannelInlet, ChannelOutlet, channel};
pub use courier::{Courier, CourierSettings, CourierStatistics};
pub use inlet::{Ack, Arrival, Inlet};
pub use nats::{
    NatsError, NatsInlet, NatsInletSettings, NatsInletStatistics, NatsLogin, NatsOutlet, NatsServer, Sites,
};
pub use outlet::{Delivered, Handover, Outlet, OutletError};
pub use parcel::{MAX_BODY, MAX_NAME, Number, Parcel, ParcelError, check_name};
pub use spool::{Spool, SpoolError, SpoolSettings, SpoolStatistics};
pub use tls::{
    EnrolError, Listener, ListenerError, ListenerSettings, ListenerStatistics, Reception, Refusal, TlsInlet,
    TlsOutlet, TlsOutletSettings, enrol,
};
pub use trust::{
    Authority, AuthorityError, BookError, Certified, Credentials, CredentialsError, Invitation,
    InvitationBook, InvitationEntry, InvitationError, Issued, MemoryBook, Peer, PeerError, Register, Serial,
    ServerIdentity,
};
