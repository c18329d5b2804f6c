//! Services as a policy names them.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ports::Ports;
use crate::space::{ICMP, ICMPV6, Services, has_ports, port_range, protocol, protocol_name, protocol_number};

/// What is talked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// A protocol by its name, on its usual ports.
    Named(String),
    /// A range of ports of TCP, UDP or another protocol that has them.
    Ports {
        /// Number of the IP protocol.
        protocol: u8,
        /// The first port.
        first: u16,
        /// The last port.
        last: u16,
    },
    /// An IP protocol, all of it.
    Whole(u8),
}

impl Service {
    /// Reads `dicom`, `tcp/104`, `udp/161-162`, `tcp`, `icmp` or `ip/47`; says what is wrong with it.
    pub fn read(text: &str, known: &dyn Ports) -> Result<Service, String> {
        let Some((name, range)) = text.split_once('/') else {
            return match protocol_number(text).filter(|_| !text.starts_with(|c: char| c.is_ascii_digit())) {
                Some(number) if text != "icmp" => Ok(Service::Whole(number)),
                _ if known.services(text).is_some() => Ok(Service::Named(text.to_owned())),
                _ => Err(format!("no protocol is called '{text}'")),
            };
        };
        if name == "ip" {
            let number = range
                .parse()
                .map_err(|_| format!("'{range}' is not the number of an IP protocol (0 to 255)"))?;
            return Ok(Service::Whole(number));
        }
        let number = protocol_number(name)
            .filter(|number| has_ports(*number))
            .ok_or_else(|| format!("'{name}' has no ports: tcp, udp and sctp have"))?;
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let port = |text: &str| {
            text.trim().parse::<u16>().map_err(|_| format!("'{text}' is not a port (0 to 65535)"))
        };
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(format!("the range {first}-{last} stands the wrong way round"));
        }
        Ok(Service::Ports { protocol: number, first, last })
    }

    /// Where it stands on the line of services; empty where the protocol is not known.
    pub fn services(&self, known: &dyn Ports) -> Services {
        match self {
            Service::Named(name) => known.services(name).unwrap_or_default(),
            Service::Ports { protocol, first, last } => port_range(*protocol, *first, *last),
            Service::Whole(ICMP) => protocol(ICMP).union(&protocol(ICMPV6)),
            Service::Whole(number) => protocol(*number),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Service::Named(name) => f.write_str(name),
            Service::Ports { protocol, first, last } => {
                write!(f, "{}/{first}", protocol_name(*protocol))?;
                if first == last { Ok(()) } else { write!(f, "-{last}") }
            }
            Service::Whole(number) => f.write_str(&protocol_name(*number)),
        }
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
