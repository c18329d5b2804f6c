//! The dissectors of this folder, one file each.

mod ftp;
mod http;
mod http2;
mod http_exchange;
mod mqtt;
mod nearby;
mod quic;
mod rdp;
mod reader;
mod sip;
mod smtp;
mod ssh;
mod tcp;
mod telnet;
mod tls;
mod vnc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &ftp::FTP,
    &http2::HTTP2,
    &http::HTTP,
    &mqtt::MQTT,
    &quic::QUIC,
    &rdp::RDP,
    &sip::SIP,
    &smtp::SMTP,
    &ssh::SSH,
    &tcp::TCP,
    &telnet::TELNET,
    &tls::TLS,
    &vnc::VNC,
];
