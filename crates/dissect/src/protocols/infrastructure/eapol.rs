//! 802.1X on the wire: that a port asks for authentication, and which machine answers.
//!
//! Follows IEEE 802.1X-2020 (EAPOL frame 11.1-11.3, EtherType 888E), RFC 3748 (EAP 4, identity 5.1). A frame is version, type,
//! length; type 0 carries EAP: code, identifier, length, and for requests and responses the method.
//!
//! Says: the state of the supplicant as activity (start, logoff, success, failure), and of an identity response only
//! its kind: a machine account (`host/NAME`, or a name ending in `$`) is a host name; a MAC address is its own; of a
//! person only the realm after `@` or before `\` is kept, never the name. The supplicant's EAP method is a fact.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::octets::Octets;
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf, clean_bytes};

pub(super) static EAPOL: Dissector = Dissector {
    name: "eapol",
    title: "802.1X",
    label: "802.1X",
    group: Group::Infrastructure,
    specification: &["IEEE 802.1X-2020 11", "RFC 3748 4-5"],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[&MACHINE, &REALM, &METHOD, &ROLE],
    basis: Basis::RealPeers,
};

static MACHINE: Field = Field::states(
    "machine",
    Attribute::Hostname,
    93,
    "Machine name in the EAP Response/Identity (RFC 3748 5.1)",
);
static REALM: Field = Field::fact("realm", "Realm or domain of the EAP Response/Identity (RFC 3748 5.1)");
static METHOD: Field = Field::fact("eap-method", "EAP method that the supplicant answered with (RFC 3748 5)");
static ROLE: Field =
    Field::fact("role", "Supplicant or authenticator, from the direction of EAP (IEEE 802.1X-2020 6)");

const ETHERTYPE: u16 = 0x888e;

/// What a network identity is, without the name of a person. Shared with RADIUS.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A machine account: its host name, and its domain where told.
    Machine { name: String, realm: Option<String> },
    /// A MAC address (authentication bypass).
    Mac(medward_model::Mac),
    /// A person or anonymous outer identity: the realm only.
    Person { realm: Option<String> },
}

/// Sorts an identity (RFC 7542 network access identifier, or Windows DOMAIN\name).
pub(super) fn identity(text: &str) -> Identity {
    let text = text.trim();
    if matches!(text.len(), 12 | 14 | 17)
        && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '-' | '.'))
        && let Ok(mac) = text.parse()
    {
        return Identity::Mac(mac);
    }
    let plain = |s: &str| {
        !s.is_empty()
            && s.len() <= 255
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let keep = |s: &str| Some(s.to_owned()).filter(|s| plain(s));
    if let Some(name) = text.strip_prefix("host/").filter(|n| plain(n)) {
        let realm = name.split_once('.').and_then(|(_, realm)| keep(realm));
        return Identity::Machine { name: name.to_owned(), realm };
    }
    let (realm, name) = match (text.split_once('\\'), text.rsplit_once('@')) {
        (Some((domain, name)), _) => (keep(domain), name),
        (None, Some((name, realm))) => (keep(realm), name),
        (None, None) => (None, text),
    };
    match name.strip_suffix('$') {
        Some(machine) if plain(machine) => Identity::Machine { name: machine.to_owned(), realm },
        _ => Identity::Person { realm },
    }
}

/// Names of common EAP methods (IANA registry "Method Types").
pub(super) fn method(kind: u8) -> Option<&'static str> {
    Some(match kind {
        4 => "MD5-Challenge",
        6 => "GTC",
        13 => "TLS",
        17 => "LEAP",
        18 => "SIM",
        21 => "TTLS",
        23 => "AKA",
        25 => "PEAP",
        26 => "MSCHAPv2",
        43 => "FAST",
        52 => "PWD",
        55 => "TEAP",
        _ => return None,
    })
}

fn matches(frame: &LinkFrame<'_>) -> bool {
    frame.kind == LinkKindOf::EtherType(ETHERTYPE)
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    let mut octets = Octets::new(frame.payload);
    let (Some(_), Some(kind), Some(length)) = (octets.u8(), octets.u8(), octets.u16()) else {
        cx.weird("eapol_truncated");
        return;
    };
    let sender = cx.sender();
    let mac = frame.source.to_string();
    match kind {
        0 => {
            let Some(eap) = octets.take(usize::from(length)) else {
                cx.weird("eapol_truncated");
                return;
            };
            packet(eap, &mac, cx);
        }
        1 => {
            cx.evidence(sender, &ROLE, "supplicant");
            cx.activity(Verb::Connect, "eapol-start", "").detail("mac", &mac);
        }
        2 => {
            cx.activity(Verb::Disconnect, "eapol-logoff", "").detail("mac", &mac);
        }
        // Keys, MACsec key agreement and announcements say nothing of identity.
        3..=8 => {}
        _ => cx.weird("eapol_unknown_type"),
    }
}

fn packet(eap: &[u8], mac: &str, cx: &mut Context<'_>) {
    let mut octets = Octets::new(eap);
    let (Some(code), Some(_), Some(length)) = (octets.u8(), octets.u8(), octets.u16()) else {
        cx.weird("eapol_truncated");
        return;
    };
    let Some(body) = usize::from(length).checked_sub(4).and_then(|n| octets.take(n)) else {
        cx.weird("eapol_eap_length");
        return;
    };
    let sender = cx.sender();
    // Usually the group address of port access entities; then the supplicant is not named.
    let receiver = Some(cx.flow().peer(cx.side().other()).host.mac).filter(|m| m.is_station());
    let receiver = receiver.map(|m| m.to_string()).unwrap_or_default();
    match (code, body) {
        (1, [1, ..]) => cx.evidence(sender, &ROLE, "authenticator"),
        (2, [1, name @ ..]) => {
            cx.evidence(sender.clone(), &ROLE, "supplicant");
            let (kind, realm) = match identity(&clean_bytes(name)) {
                Identity::Machine { name, realm } => {
                    cx.evidence(sender.clone(), &MACHINE, &name);
                    ("machine", realm)
                }
                Identity::Mac(_) => ("mac", None),
                Identity::Person { realm } => ("person", realm),
            };
            cx.evidence(sender, &REALM, realm.as_deref().unwrap_or(""));
            cx.activity(Verb::Login, "eap-identity", kind)
                .detail("realm", realm.as_deref().unwrap_or(""))
                .detail("mac", mac);
        }
        (2, [3, ..]) => {}
        (2, [kind, ..]) => {
            if let Some(name) = method(*kind) {
                cx.evidence(sender, &METHOD, name);
            }
        }
        (3 | 4, _) => {
            let outcome = if code == 3 { Outcome::Success } else { Outcome::Failure };
            let word = if code == 3 { "eap-success" } else { "eap-failure" };
            cx.activity_by(cx.side().other(), Verb::Login, word, "")
                .outcome(outcome)
                .detail("mac", &receiver)
                .detail("authenticator", mac);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use medward_model::{Mac, Outcome};

    use super::{EAPOL, ETHERTYPE, Identity, identity};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    fn play(payload: &[u8]) -> Exercise {
        play_frame(&EAPOL, Mac([0, 1, 2, 3, 4, 5]), LinkKindOf::EtherType(ETHERTYPE), payload)
    }

    fn response(method: u8, value: &[u8]) -> Vec<u8> {
        let length = value.len() as u8 + 5;
        [&[1, 0, 0, length, 2, 7, 0, length, method][..], value].concat()
    }

    #[test]
    fn identities_are_sorted_and_persons_are_dropped() {
        assert_eq!(
            identity("jane.doe@hospital.org"),
            Identity::Person { realm: Some("hospital.org".into()) }
        );
        assert_eq!(identity("HOSP\\jane"), Identity::Person { realm: Some("HOSP".into()) });
        assert_eq!(identity("00-1B-21-aa-bb-cc"), Identity::Mac(Mac([0, 0x1b, 0x21, 0xaa, 0xbb, 0xcc])));
        let machine =
            Identity::Machine { name: "ct1.hospital.org".into(), realm: Some("hospital.org".into()) };
        assert_eq!(identity("host/ct1.hospital.org"), machine);
        assert_eq!(
            identity("HOSP\\CT1$"),
            Identity::Machine { name: "CT1".into(), realm: Some("HOSP".into()) }
        );
    }

    #[test]
    fn a_machine_is_named_and_a_person_is_not() {
        let said = play(&response(1, b"host/pump-7.hospital.org"));
        assert_eq!(said.values("machine"), ["pump-7.hospital.org"]);
        let said = play(&response(1, b"jane.doe@hospital.org"));
        assert_eq!(said.values("realm"), ["hospital.org"]);
        assert!(!format!("{said:?}").contains("jane"));
        assert_eq!(play(&response(25, &[0])).values("eap-method"), ["PEAP"]);
    }

    #[test]
    fn success_and_start_are_activity() {
        let said = play(&[2, 0, 0, 4, 3, 9, 0, 4]);
        assert_eq!(said.activity[0].outcome, Outcome::Success);
        assert_eq!(&*play(&[1, 1, 0, 0]).activity[0].operation, "eapol-start");
        let whole = response(1, b"host/x");
        for end in 0..whole.len() {
            play(&whole[..end]);
        }
    }
}
