//! Exact sets over the headers of packets that open flows: source and destination (IPv4 and IPv6), protocol and port.
//!
//! Three lines: source addresses, destination addresses, services. A [`Forest`] keeps functions from packets to numbers as
//! interval decision diagrams: a node splits its line into ranges, each of which leads to a node of the next line, and at the
//! end stands a number. Nodes are kept once, neighbours that lead to the same are joined, so that two functions are equal
//! exactly when their handles are. A [`Set`] is such a function to 0 and 1.
//!
//! Packets whose ends are of two families do not exist, and what keeps a link together ([`link_control`]) is not spoken of: no
//! set holds either.

mod forest;
mod header;
mod ranges;

pub use forest::{Forest, Map, Set};
pub use header::{
    Addresses, ICMP, ICMPV6, Packet, Prefix, SCTP, Services, TCP, UDP, address, addresses_text, any_service,
    has_ports, link_control, network, place, port_range, prefixes, protocol, protocol_name, protocol_number,
    services_text, single, v4, v6,
};
pub use ranges::{Point, Ranges};
