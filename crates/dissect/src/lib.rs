//! Protocol detection, the driver that feeds dissectors, and the dissectors: one file a protocol.
//!
//! A dissector sees bytes, gaps and the time; it reports evidence, activity and weirds. It never judges, and no
//! patient's data leaves it.
#![forbid(unsafe_code)]

mod context;
mod credentials;
mod dissector;
mod engine;
mod exercise;
mod exposure;
mod http;
mod pending;
mod protocols;
mod reader;
mod text;
mod xml;

pub use context::{Context, Event, FlowInfo, Outbox, Peer, Side};
pub use dissector::{
    Basis, Carrier, Dissector, Group, Head, LinkFrame, LinkKindOf, Probe, Progress, Resync, Session, TcpOpen,
};
pub use engine::{Engine, Limits};
pub use exercise::{Exercise, exercise};
pub use http::{Headers, HttpKind, HttpMessage};
pub use protocols::dissectors;
pub use text::{clean, clean_bytes};
