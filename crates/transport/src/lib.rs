//! Reports from sensors to the core: in process, over TLS, or over NATS JetStream.
//!
//! # What holds
//!
//! A sensor keeps each encoded report in its [`Spool`]; a [`Courier`] carries it through an [`Outlet`]; the core takes it
//! from an [`Inlet`] and acknowledges it ([`Ack::committed`]) after it has committed it; then the spool forgets it. So a
//! report is delivered at least once. It has a [`Number`] (epoch and sequence) that no other report of its sensor ever has,
//! and reports of a sensor come in the order of their numbers; a core that keeps the last number of each sensor and epoch
//! with what it commits has each report once. This holds across `kill -9` of either side at any moment.
//!
//! | way | sender | receiver | a parcel is delivered when |
//! |---|---|---|---|
//! | in process | [`ChannelOutlet`] | [`ChannelInlet`] | the core has committed it |
//! | TLS | [`TlsOutlet`] | [`TlsInlet`], [`Listener`] | the core has committed it |
//! | NATS | [`NatsOutlet`] | [`NatsInlet`] | the stream has stored it; it leaves the stream when the core has committed it |
//!
//! When a parcel fails, all that were handed over behind it fail too, and the sender goes back to the oldest. When a core
//! drops an [`Ack`], that parcel and all behind it come again; it must give up all later ones of the same sensor as well,
//! because a number that was passed over is never asked for again.
//!
//! # Over TLS
//!
//! TLS 1.3 without resumption, on one TCP port. What is spoken is chosen by ALPN. A frame is a length (32 bits, big-endian)
//! and a message of so many bytes in [postcard](https://postcard.jamesmunns.com/wire-format): the number of the variant,
//! then its fields, integers as varints. Nothing may follow the message in its frame.
//!
//! ## `medward-report/1`
//!
//! Both sides show certificates of the core's own [`Authority`]. A sensor's certificate has exactly one alternative name,
//! `medward://site/sensor`, any byte but letters, digits, `-` and `_` written as `%XX`.
//!
//! | from the sensor | fields |
//! |---|---|
//! | 0 `Hello` | least and most version that it speaks (16 bits each) |
//! | 1 `Parcel` | site, sensor, epoch, sequence, size of the body, body (one zstd frame) |
//! | 2 `Ping` | |
//! | 3 `Renew` | request for a certificate (PKCS#10, DER) |
//!
//! | from the core | fields |
//! |---|---|
//! | 0 `Welcome` | version, parcels that may be under way |
//! | 1 `Ack` | epoch and sequence: this parcel and all before it on this connection are committed |
//! | 2 `Alive` | |
//! | 3 `Renewed` | certificate (DER) |
//! | 4 `Refused` | words; the core closes the connection |
//!
//! The sensor opens with `Hello`; the core answers `Welcome` with the highest common version, or `Refused`. Then parcels
//! flow, each sequence beyond the one before within its epoch; `Ack`s are cumulative. The sensor pings each 15 seconds, the
//! core says `Alive` each 10; who hears nothing for longer (60 and 45 seconds) closes. The core reads no further while its
//! window is full, and says meanwhile that it lives. A new connection of a sensor ends the one before.
//!
//! The core closes the connection, counts why ([`Refusal`]) and lives on where a certificate is of another authority,
//! revoked, expired or nameless; a parcel claims another site or sensor than the certificate, or is out of order; a frame is
//! longer than allowed (16 KiB before the welcome), not a message, or too slow (a frame has 15 seconds and a second for each
//! 64 KiB); a body is no zstd or expands to more than announced or than [`MAX_BODY`]. That a certificate is revoked is
//! looked up when the connection opens and with each frame. Connections are bounded in all and for each address.
//!
//! Certificates live a year. When a third of that or less is left, the sensor makes a new key and asks with `Renew`; when
//! the answer is kept on disk, it connects anew with it.
//!
//! ## `medward-enrol/1`
//!
//! A sensor without a certificate has an [`Invitation`]: where the core is, the SHA-256 of its authority's certificate, a
//! secret of 32 bytes, and when it expires. The core keeps the SHA-256 of the secret only. The core shows its certificate
//! and its authority's; the sensor goes on only if the authority has that fingerprint and issued the core's certificate for
//! the name that the sensor dialled. It sends one frame (secret, request for a certificate); the core takes the invitation
//! out of its [`InvitationBook`] for good, whatever follows, and answers 0 `Granted` (certificates of sensor and authority)
//! or 1 `Refused` (words). The names in the certificate are those of the invitation, never those of the request. Where the
//! answer is lost, a new invitation is needed.
//!
//! # Over NATS
//!
//! The core makes a stream `MEDWARD` on `medward.report.*.*` (site and sensor, with `=XX` for other bytes than letters,
//! digits, `-` and `_`), with the policy of a work queue: what is committed leaves it. When it is full it refuses, and
//! sensors keep their reports. A message holds one or more parcels of one sensor, as above. Its `Nats-Msg-Id` is the
//! subject and the number of its last parcel: a message with that id, or those before it, hold all up to this parcel.
//!
//! Each sensor has one message under way, for JetStream does not keep the order of messages of which one fails; what is
//! handed over meanwhile goes into the next message. Each site is served by one core, which holds a claim that runs out
//! (stream `MEDWARD-SITES`); so cores are added without telling anybody. It reads through a durable pull consumer
//! `site-<site>` with explicit acknowledgements, which is made anew whenever a core takes a site over, and after every
//! fault, because the server does not give a message again in its old place.
//!
//! A sensor's NATS user needs to publish on its own subject and to subscribe to `medward.inbox.<site>.<sensor>.>`; that is
//! what keeps it from speaking for others, and parcels that claim another name than their subject are dropped and counted.
//! A core's user needs JetStream. The server needs `max_payload` of 17 MB. That the stream has stored a message means that
//! it survives the end of the server; how far it survives loss of power is up to the server's `sync_interval` and replicas.
#![forbid(unsafe_code)]

mod channel;
mod compress;
mod courier;
mod exercise;
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
#[doc(hidden)]
pub use exercise::exercise;
pub use inlet::{Ack, Arrival, Inlet};
pub use nats::{
    NatsError, NatsInlet, NatsInletSettings, NatsInletStatistics, NatsLogin, NatsOutlet, NatsServer,
    Receipts, Sites,
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
