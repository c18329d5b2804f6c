//! The dissectors of this folder, one file each.

mod http;
mod http2;
mod http_exchange;
mod nearby;
mod quic;
mod rdp;
mod reader;
mod sip;
mod ssh;
mod tcp;
mod tls;
mod vnc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &http::HTTP,
    &http2::HTTP2,
    &quic::QUIC,
    &rdp::RDP,
    &sip::SIP,
    &ssh::SSH,
    &tcp::TCP,
    &tls::TLS,
    &vnc::VNC,
];
