//! Internet Group Management Protocol: which multicast groups a host wants, and who asks (the querier).
//!
//! Follows RFC 1112 Appendix I (version 1), RFC 2236 2 (version 2) and RFC 3376 4 (version 3). IP protocol 2. Types: 0x11 query,
//! 0x12/0x16 report of version 1/2, 0x17 leave, 0x22 report of version 3 with group records.
//!
//! Says: the groups that the sender joined (facts: they tell protocols, such as 239.255.255.250 for SSDP), its IGMP
//! version, and whether it is a querier. Joining is an activity `Subscribe`.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Field, Verb};

use super::octets::Octets;
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf};

pub(super) static IGMP: Dissector = Dissector {
    name: "igmp",
    title: "IGMP",
    label: "IGMP",
    group: Group::Infrastructure,
    specification: &["RFC 1112 Appendix I", "RFC 2236 2", "RFC 3376 4"],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[&GROUP, &VERSION, &QUERIER],
    basis: Basis::RealPeers,
};

static GROUP: Field =
    Field::fact("group", "Group address of a membership report (RFC 2236 2.4, RFC 3376 4.2)");
static VERSION: Field = Field::fact("version", "Version of the membership report sent (RFC 3376 4)");
static QUERIER: Field = Field::fact("querier", "Sends general queries (RFC 3376 4.1)");

const PROTOCOL: u8 = 2;
const MAX_RECORDS: u16 = 32;

fn matches(frame: &LinkFrame<'_>) -> bool {
    matches!(frame.kind, LinkKindOf::Ip { protocol: PROTOCOL, source: IpAddr::V4(_), .. })
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    if read(frame.payload, cx).is_none() {
        cx.weird("igmp_truncated");
    }
}

fn read(payload: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let mut octets = Octets::new(payload);
    let [kind, _, _, _] = octets.array::<4>()?;
    let sender = cx.sender();
    match kind {
        0x11 if octets.ipv4()?.is_unspecified() => cx.evidence(sender, &QUERIER, "yes"),
        0x12 | 0x16 => {
            let group = octets.ipv4()?;
            cx.evidence(sender, &VERSION, if kind == 0x12 { "1" } else { "2" });
            join(group, cx);
        }
        0x22 => {
            octets.u16()?;
            let records = octets.u16()?;
            cx.evidence(sender, &VERSION, "3");
            for _ in 0..records.min(MAX_RECORDS) {
                let [change, words] = octets.array::<2>()?;
                let sources = octets.u16()?;
                let group = octets.ipv4()?;
                octets.take(usize::from(sources) * 4 + usize::from(words) * 4)?;
                // Exclude modes, and include modes with sources, want the group; an empty include leaves it.
                if matches!(change, 2 | 4) || (matches!(change, 1 | 3 | 5) && sources > 0) {
                    join(group, cx);
                }
            }
        }
        _ => {}
    }
    Some(())
}

fn join(group: Ipv4Addr, cx: &mut Context<'_>) {
    if !group.is_multicast() {
        cx.weird("igmp_not_a_group");
        return;
    }
    let text = group.to_string();
    let sender = cx.sender();
    cx.evidence(sender, &GROUP, &text);
    cx.activity(Verb::Subscribe, "membership-report", &text);
}

#[cfg(test)]
mod tests {
    use medward_model::Mac;

    use super::{IGMP, PROTOCOL};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    fn play(payload: &[u8]) -> Exercise {
        let kind = LinkKindOf::Ip {
            protocol: PROTOCOL,
            source: "10.0.0.5".parse().unwrap(),
            destination: "224.0.0.22".parse().unwrap(),
            hop_limit: 1,
            header: &[],
        };
        play_frame(&IGMP, Mac([0, 1, 2, 3, 4, 5]), kind, payload)
    }

    #[test]
    fn reports_name_groups_and_leaves_do_not() {
        assert_eq!(play(&[0x16, 0, 0, 0, 239, 255, 255, 250]).values("group"), ["239.255.255.250"]);
        let mut report = vec![0x22, 0, 0, 0, 0, 0, 0, 2];
        report.extend([4, 0, 0, 0, 224, 0, 0, 251]);
        report.extend([3, 0, 0, 0, 239, 1, 1, 1]);
        assert_eq!(play(&report).values("group"), ["224.0.0.251"]);
        for end in 0..report.len() {
            play(&report[..end]);
        }
        assert_eq!(play(&[0x11, 100, 0, 0, 0, 0, 0, 0]).values("querier"), ["yes"]);
    }
}
