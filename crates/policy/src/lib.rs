//! Policy: what may talk to what, as text that people review, compiled to rules and proven.
//!
//! Pure: text, devices and the time in; rules, findings and proofs out.
#![forbid(unsafe_code)]

mod space;

pub use space::{
    Addresses, Forest, ICMP, ICMPV6, Map, Packet, Point, Prefix, Ranges, SCTP, Services, Set, TCP, UDP,
    address, addresses_text, any_service, has_ports, network, place, ports, prefixes, protocol,
    protocol_name, protocol_number, services_text, single, v4, v6,
};
