//! The dissectors of this folder, one file each.

mod http;
mod http2;
mod http_exchange;
mod nearby;
mod rdp;
mod reader;
mod ssh;
mod tcp;
mod tls;
mod vnc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] =
    &[&http::HTTP, &http2::HTTP2, &rdp::RDP, &ssh::SSH, &tcp::TCP, &tls::TLS, &vnc::VNC];
