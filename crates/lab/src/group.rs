//! The group: sites, members, and what is observed of them in a slice of time.

use std::net::{IpAddr, Ipv4Addr};

use medward_identify::{Ledger, Limits, Names};
use medward_model::{
    Activity, Endpoint, Evidence, FlowRecord, HostKey, Link, LinkKind, Mac, Outcome, Subject, Timestamp,
    Transport, Value, Verb,
};

use crate::chance::{below, mix};
use crate::kinds::{KINDS, Kind, SERVERS, Speech};

/// A simulated hospital group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    pub seed: u64,
    /// Sites, 1 to 200.
    pub sites: u32,
    /// Devices of each site, 10 to 60,000.
    pub devices: u32,
    /// Distinct conversations that each device begins, 1 to 1,000.
    pub conversations: u32,
}

/// A device of the group.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub site: u32,
    /// Counted from 0 within the site; the first ones are servers.
    pub number: u32,
    pub kind: &'static Kind,
    pub host: HostKey,
}

impl Member {
    /// Its serial number.
    pub fn serial(&self) -> String {
        format!("{}{:02}{:06}", self.kind.prefix.chars().next().unwrap_or('X'), self.site, self.number)
    }
}

impl Group {
    /// A device of a site; the number wraps around at their count.
    pub fn member(&self, site: u32, number: u32) -> Member {
        let number = number % self.devices.max(1);
        let pick = below(mix(self.seed, &[1, u64::from(site), u64::from(number)]), 1000);
        let mut passed = 0;
        let kind = KINDS
            .iter()
            .find(|kind| {
                passed += kind.share;
                pick < passed
            })
            .or_else(|| KINDS.first());
        // The list of kinds is not empty.
        let kind = kind.unwrap_or(&FALLBACK);
        let server = number < SERVERS.len() as u32;
        let oui = if server { [0x00, 0x50, 0x56] } else { kind.oui };
        let bytes = (u64::from(site) * 65_536 + u64::from(number)).to_be_bytes();
        let mac = Mac([oui[0], oui[1], oui[2], bytes[5], bytes[6], bytes[7]]);
        let [high, low] = [(number / 250) as u8, (number % 250) as u8 + 1];
        let ip = IpAddr::V4(Ipv4Addr::new(10, (site % 256) as u8, high, low));
        let vlan = if server { 10 } else { kind.vlan };
        Member { site, number, kind, host: HostKey { ip, mac, vlan } }
    }

    /// What a sensor of the site observes in one of `rounds` equal slices: every device is heard in each; over all rounds
    /// every device says what it is once, and every conversation happens once. `now` is the end of the slice, which lasts a
    /// second.
    pub fn observe(&self, names: &dyn Names, site: u32, round: u32, rounds: u32, now: Timestamp) -> Ledger {
        let mut ledger = Ledger::new(&Limits::site());
        let rounds = rounds.max(1);
        let at = round % rounds;
        for number in 0..self.devices {
            let member = self.member(site, number);
            let packet = u64::from(round) * u64::from(self.devices) + u64::from(number) + 1;
            ledger.link(Link {
                mac: member.host.mac,
                ip: member.host.ip,
                vlan: member.host.vlan,
                kind: LinkKind::Neighbour,
                packet,
                time: now,
            });
            if number % rounds == at {
                self.introduce(names, &member, packet, now, &mut ledger);
            }
            let (from, until) =
                (share(self.conversations, at, rounds), share(self.conversations, at + 1, rounds));
            for which in from..until {
                self.converse(names, &member, which, packet, now, &mut ledger);
            }
        }
        ledger
    }

    /// What the device says of itself.
    fn introduce(
        &self,
        names: &dyn Names,
        member: &Member,
        packet: u64,
        time: Timestamp,
        ledger: &mut Ledger,
    ) {
        let mut say = |source: &str, field: &str, value: String| {
            if let Some((source, field)) = names.field(source, field) {
                let value = Value::Text(value.into());
                let subject = Subject::Host(member.host);
                ledger.evidence(Evidence { subject, source, field, value, packet, time });
            }
        };
        if let Some((name, _)) = SERVERS.get(member.number as usize) {
            say("dhcpv4", "host-name", format!("{name}-{}", member.site));
            return;
        }
        let kind = member.kind;
        let chance = mix(self.seed, &[2, u64::from(member.site), u64::from(member.number)]);
        let serial = member.serial();
        let firmware = kind.firmware.get(below(chance, 3) as usize).copied().unwrap_or_default();
        say("dhcpv4", "host-name", format!("{}-{}-{:05}", kind.prefix, member.site, member.number));
        let fields: &[(&str, &str)] = match kind.speech {
            Speech::Dicom => &[
                ("dicom", "manufacturer"),
                ("dicom", "model-name"),
                ("dicom", "device-serial"),
                ("dicom", "software-versions"),
            ],
            Speech::Intellivue => &[
                ("intellivue", "manufacturer"),
                ("intellivue", "model-number"),
                ("intellivue", "serial-number"),
                ("intellivue", "software-revision"),
            ],
            Speech::Lldp => &[
                ("lldp", "med-manufacturer"),
                ("lldp", "med-model"),
                ("lldp", "med-serial"),
                ("lldp", "med-software"),
            ],
            Speech::Snmp => {
                &[("snmp", "manufacturer"), ("snmp", "model"), ("snmp", "serial"), ("snmp", "firmware")]
            }
            Speech::Name => &[],
        };
        let values = [kind.vendor.to_owned(), kind.model.to_owned(), serial, firmware.to_owned()];
        for ((source, field), value) in fields.iter().zip(values) {
            say(source, field, value);
        }
    }

    fn converse(
        &self,
        names: &dyn Names,
        member: &Member,
        which: u32,
        packet: u64,
        now: Timestamp,
        ledger: &mut Ledger,
    ) {
        let chance = mix(self.seed, &[3, u64::from(member.site), u64::from(member.number), u64::from(which)]);
        let (protocol, port) = member.kind.work;
        let servers = SERVERS.len() as u32;
        // Its work at its server first, then other services, of servers and of neighbours.
        let (peer, protocol, port) = match which {
            0 => {
                let server = SERVERS.iter().position(|(_, of)| *of == protocol).unwrap_or(1);
                (self.member(member.site, server as u32), protocol, port)
            }
            which if which < servers => (self.member(member.site, which), "http", 8000 + (which as u16)),
            _ => {
                let peer = below(chance, u64::from(self.devices)) as u32;
                let lateral = LATERAL.get(below(chance >> 40, LATERAL.len() as u64) as usize);
                let (protocol, port) = lateral.copied().unwrap_or(("unknown", 9));
                (self.member(member.site, peer), protocol, port)
            }
        };
        if peer.number == member.number {
            return;
        }
        let packets = 10 + below(chance >> 8, 500);
        ledger.flow(FlowRecord {
            originator: member.host,
            originator_port: 49_152 + (chance >> 50) as u16 % 16_000,
            responder: peer.host,
            responder_port: port,
            transport: if protocol == "intellivue" { Transport::Udp } else { Transport::Tcp },
            protocol: names.protocol(protocol).filter(|name| *name != "unknown"),
            packets: [packets, packets],
            bytes: [packets * 120, packets * 700],
            first: now,
            last: now,
            first_packet: packet,
            answered: true,
            oriented: true,
            continues: None,
        });
        let operation = match protocol {
            "dicom" => ("C-STORE-RQ", Verb::Write),
            "hl7" => ("ORU^R01", Verb::Result),
            "intellivue" => ("MDS Poll", Verb::Result),
            "poct1a" | "astm" => ("OBS.R01", Verb::Result),
            _ => return,
        };
        if let Some(protocol) = names.protocol(protocol) {
            ledger.activity(&Activity {
                time: now,
                packet,
                protocol,
                actor: Endpoint { ip: member.host.ip, port: 49_152 },
                target: Endpoint { ip: peer.host.ip, port },
                verb: operation.1,
                operation: operation.0.into(),
                object: "".into(),
                outcome: Outcome::Success,
                details: Vec::new(),
            });
        }
    }
}

/// What neighbours ask of each other.
const LATERAL: [(&str, u16); 8] = [
    ("smb", 445),
    ("http", 80),
    ("tls", 443),
    ("ssh", 22),
    ("rdp", 3389),
    ("snmp", 161),
    ("unknown", 9100),
    ("unknown", 8443),
];

/// Where the slice `at` of `rounds` begins.
const fn share(all: u32, at: u32, rounds: u32) -> u32 {
    (all as u64 * at as u64 / rounds as u64) as u32
}

/// What a device would be if there were no kinds.
const FALLBACK: Kind = Kind {
    prefix: "X",
    vendor: "",
    model: "",
    oui: [2, 0, 0],
    firmware: ["", "", ""],
    speech: Speech::Name,
    work: ("unknown", 9),
    share: 0,
    vlan: 1,
};

#[cfg(test)]
mod tests {
    use medward_identify::{Names, encode_ledger};
    use medward_model::{Field, Timestamp};

    use super::Group;

    struct Nothing;

    impl Names for Nothing {
        fn field(&self, _: &str, _: &str) -> Option<(&'static str, &'static Field)> {
            None
        }

        fn protocol(&self, _: &str) -> Option<&'static str> {
            None
        }
    }

    const GROUP: Group = Group { seed: 7, sites: 3, devices: 400, conversations: 12 };

    #[test]
    fn the_same_seed_gives_the_same_observations() {
        let now = Timestamp::from_parts(1_760_000_000, 0);
        let bytes = || encode_ledger(&GROUP.observe(&Nothing, 1, 2, 4, now));
        assert_eq!(bytes(), bytes());
        let other = Group { seed: 8, ..GROUP };
        assert_ne!(bytes(), encode_ledger(&other.observe(&Nothing, 1, 2, 4, now)));
    }

    #[test]
    fn no_two_devices_share_an_address() {
        let mut seen = std::collections::BTreeSet::new();
        for site in 0..GROUP.sites {
            for number in 0..GROUP.devices {
                let member = GROUP.member(site, number);
                assert!(seen.insert((member.host.mac, member.host.ip)));
            }
        }
        let macs: std::collections::BTreeSet<_> = seen.iter().map(|(mac, _)| *mac).collect();
        assert_eq!(macs.len(), 1200);
    }
}
