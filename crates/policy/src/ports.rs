//! Which ports a protocol usually has.
//!
//! Protocols go by their dissectors' names. A policy that names one means its usual ports; a device that uses others gets them
//! by number (`tcp/6661`).

use crate::space::{ICMP, ICMPV6, Services, TCP, UDP, port_range, protocol};

/// Tells the ports of a protocol. What recognises protocols on the wire may know more than [`UsualPorts`].
pub trait Ports: Send + Sync {
    /// The services of the protocol of that name; `None` where nothing is known of it.
    fn services(&self, name: &str) -> Option<Services>;

    /// All names, to suggest one that was meant.
    fn names(&self) -> Vec<&str>;
}

/// The ports that standards and manuals give.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsualPorts;

/// A name, and its protocols with their first and last ports.
type Row = (&'static str, &'static [(u8, u16, u16)]);

const ROWS: &[Row] = &[
    // BD Alaris PCU to its server (CISA ICSMA-17-017-02).
    ("alaris", &[(TCP, 3613, 3613)]),
    ("bacnet", &[(UDP, 47808, 47808)]),
    ("browser", &[(UDP, 138, 138)]),
    ("carescape", &[(UDP, 2000, 2000), (UDP, 7000, 7001)]),
    ("dcerpc", &[(TCP, 135, 135)]),
    ("dhcpv4", &[(UDP, 67, 68)]),
    ("dhcpv6", &[(UDP, 546, 547)]),
    // DICOM PS3.8, 9.1; IANA acr-nema, dicom, dicom-tls, dicom-iscl.
    ("dicom", &[(TCP, 104, 104), (TCP, 2761, 2762), (TCP, 4242, 4242), (TCP, 11112, 11112)]),
    ("dicomweb", &[(TCP, 80, 80), (TCP, 443, 443), (TCP, 8042, 8042), (TCP, 8080, 8080)]),
    ("dns", &[(TCP, 53, 53), (UDP, 53, 53)]),
    ("fhir", &[(TCP, 80, 80), (TCP, 443, 443), (TCP, 8080, 8080)]),
    ("fox", &[(TCP, 1911, 1911), (TCP, 4911, 4911)]),
    ("ftp", &[(TCP, 21, 21)]),
    // IANA hl7: MLLP; many engines take 6661 on.
    ("hl7", &[(TCP, 2575, 2575), (TCP, 6661, 6661)]),
    ("http", &[(TCP, 80, 80), (TCP, 8080, 8080)]),
    ("http2", &[(TCP, 80, 80), (TCP, 8080, 8080)]),
    ("https", &[(TCP, 443, 443)]),
    ("intellivue", &[(UDP, 24005, 24005), (UDP, 24105, 24105)]),
    ("ipp", &[(TCP, 631, 631)]),
    ("kerberos", &[(TCP, 88, 88), (UDP, 88, 88)]),
    ("knx", &[(TCP, 3671, 3671), (UDP, 3671, 3671)]),
    ("ldap", &[(TCP, 389, 389), (TCP, 636, 636), (TCP, 3268, 3269)]),
    ("llmnr", &[(UDP, 5355, 5355)]),
    ("mdns", &[(UDP, 5353, 5353)]),
    ("mndp", &[(UDP, 5678, 5678)]),
    ("modbus", &[(TCP, 502, 502)]),
    ("mqtt", &[(TCP, 1883, 1883), (TCP, 8883, 8883)]),
    ("mysql", &[(TCP, 3306, 3306)]),
    ("nbns", &[(UDP, 137, 138)]),
    ("ntp", &[(UDP, 123, 123)]),
    ("postgresql", &[(TCP, 5432, 5432)]),
    ("quic", &[(UDP, 443, 443)]),
    ("radius", &[(UDP, 1645, 1646), (UDP, 1812, 1813), (UDP, 3799, 3799)]),
    ("rdp", &[(TCP, 3389, 3389), (UDP, 3389, 3389)]),
    ("sip", &[(TCP, 5060, 5061), (TCP, 5080, 5080), (UDP, 5060, 5061), (UDP, 5080, 5080)]),
    ("smb", &[(TCP, 139, 139), (TCP, 445, 445)]),
    ("smtp", &[(TCP, 25, 25), (TCP, 587, 587)]),
    ("snmp", &[(UDP, 161, 162)]),
    ("ssdp", &[(UDP, 1900, 1900)]),
    ("ssh", &[(TCP, 22, 22), (TCP, 2222, 2222)]),
    ("syslog", &[(TCP, 514, 514), (TCP, 601, 601), (TCP, 1514, 1514), (TCP, 6514, 6514), (UDP, 514, 514)]),
    ("tds", &[(TCP, 1433, 1433), (UDP, 1434, 1434)]),
    ("telnet", &[(TCP, 23, 23), (TCP, 2323, 2323)]),
    ("tftp", &[(UDP, 69, 69)]),
    ("tls", &[(TCP, 443, 443), (TCP, 8443, 8443)]),
    ("upnp", &[(TCP, 80, 80), (TCP, 49152, 49152)]),
    ("vnc", &[(TCP, 5900, 5903)]),
    ("wsd", &[(UDP, 3702, 3702)]),
];

impl Ports for UsualPorts {
    fn services(&self, name: &str) -> Option<Services> {
        match name {
            "icmp" => return Some(protocol(ICMP).union(&protocol(ICMPV6))),
            "mllp" => return self.services("hl7"),
            "dhcp" => return Some(self.services("dhcpv4")?.union(&self.services("dhcpv6")?)),
            _ => {}
        }
        let (_, rows) = ROWS.iter().find(|(known, _)| *known == name)?;
        Some(rows.iter().fold(Services::empty(), |sum, (number, first, last)| {
            sum.union(&port_range(*number, *first, *last))
        }))
    }

    fn names(&self) -> Vec<&str> {
        ROWS.iter().map(|(name, _)| *name).chain(["dhcp", "icmp", "mllp"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Ports as _, ROWS, UsualPorts};

    #[test]
    fn the_table_is_in_order_and_every_name_has_ports() {
        assert!(ROWS.is_sorted_by_key(|(name, _)| *name));
        for name in UsualPorts.names() {
            assert!(UsualPorts.services(name).is_some_and(|services| !services.is_empty()), "{name}");
        }
    }
}
