//! Frames to flows: checked views of layers 2 to 4, decapsulation, defragmentation, the flow table, TCP reassembly.
//!
//! Pure and synchronous; time is an argument; every table is bounded.
#![forbid(unsafe_code)]

mod decode;
mod flow;
mod fragment;
mod frame;
mod ip;
mod link;
mod read;
mod stream;
mod transport;

pub use decode::{Decoded, Layer, LinkProtocol, NO_ADDRESS, decode, decode_payload};
pub use flow::{FlowKey, FlowRef, FlowTable, shard_of, shard_of_frame};
pub use fragment::{Defragmented, Defragmenter, Whole};
pub use frame::{LinkType, RawFrame};
pub use ip::{FragmentPart, IpPacket, protocol, read_ip};
pub use stream::{Piece, Stream, StreamLimits, StreamNotes};
pub use transport::{SctpPacket, TcpSegment, UdpDatagram, flag, read_sctp, read_tcp, read_udp};
