//! The dissectors of this folder, one file each.

mod at;
mod ber;
mod dcerpc;
mod ftp;
mod http;
mod http2;
mod http_exchange;
mod kerberos;
mod ldap;
mod mqtt;
mod mysql;
mod nearby;
mod ntlmssp;
mod ntstatus;
mod postgresql;
mod quic;
mod rdp;
mod reader;
mod sip;
mod smb;
mod smtp;
mod ssh;
mod tcp;
mod tds;
mod telnet;
mod tls;
mod vnc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &dcerpc::DCERPC,
    &ftp::FTP,
    &http2::HTTP2,
    &http::HTTP,
    &kerberos::KERBEROS,
    &ldap::LDAP,
    &mqtt::MQTT,
    &mysql::MYSQL,
    &postgresql::POSTGRESQL,
    &quic::QUIC,
    &rdp::RDP,
    &sip::SIP,
    &smb::SMB,
    &smtp::SMTP,
    &ssh::SSH,
    &tcp::TCP,
    &tds::TDS,
    &telnet::TELNET,
    &tls::TLS,
    &vnc::VNC,
];
