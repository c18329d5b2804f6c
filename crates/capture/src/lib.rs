//! Frames into the house, as batches: live from network interfaces, or from captures (pcap and pcapng, plain or compressed,
//! from files, directories or standard input).
//!
//! A [`Tap`] is where frames come from: [`Live`] listens on an interface, [`Replay`] replays captures at a chosen pace. Both
//! go the same way into the pipeline. [`drop_privileges`] gives up what opening interfaces needed.
//!
//! A [`Collector`] listens to what other machines already know: flow exports, DHCP leases and logs, RADIUS accounting, syslog.
//!
//! [`Reader::open`] takes what a person names on a command line and gives [`Batch`]es of [`medward_wire::RawFrame`]s
//! in time order over all files. A batch owns its bytes, may be shared between threads, and returns its memory to the
//! reader when dropped, so an input of any size is read in constant memory. Formats:
//!
//! - **pcap** (draft-ietf-opsawg-pcap): both byte orders, micro- and nanosecond magic, the "modified" record header
//!   with 8 further bytes (magic a1b2cd34), several files written one after the other;
//! - **pcapng** (draft-ietf-opsawg-pcapng): several sections, each in its own byte order, several interfaces with their
//!   own resolution, offset and snap length, Enhanced, Simple and obsolete Packet Blocks; names and comments are kept,
//!   decryption secrets are skipped;
//! - either of them in **gzip** (RFC 1952) or **zstd** (RFC 8878), also of several members or frames.
//!
//! A file that is cut off or corrupt in the middle gives everything before that place; its
//! [`medward_model::CaptureFile`] says at which byte and after which packet it broke.
#![deny(unsafe_code)]

mod batch;
mod collect;
mod decode;
mod error;
mod guise;
mod inbox;
mod kernel;
mod listing;
mod live;
mod memory;
mod pcap;
mod pcapng;
mod progress;
mod reader;
mod replay;
mod source;
mod stream;
mod tap;
mod write;

#[cfg(test)]
mod forge;
#[cfg(test)]
mod trials;

pub use batch::Batch;
pub use collect::{CollectCounters, CollectError, Collector, ListenOptions};
pub use error::OpenError;
pub use live::{Live, LiveOptions, PrivilegeError, Privileges, drop_privileges};
pub use memory::read_all_from;
pub use progress::Progress;
pub use reader::{LeftOut, Options, Reader};
pub use replay::{Replay, ReplayOptions, Speed};
pub use tap::{Numbers, Pull, Tap, TapCounters, TapError, TapState};
pub use write::PcapWriter;
