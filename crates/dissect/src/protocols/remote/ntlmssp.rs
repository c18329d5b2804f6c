//! NTLM messages, which SMB, DCE/RPC, LDAP, HTTP, RDP and SMTP carry: who the two machines are.
//!
//! Follows \[MS-NLMP\] 2.2.1.1 (NEGOTIATE), 2.2.1.2 (CHALLENGE), 2.2.1.3 (AUTHENTICATE), 2.2.2.1 (AV_PAIR) and 2.2.2.10
//! (VERSION). Windows tells its version in each message, and the names of the machine and of its domain. Other software
//! often tells a version of Windows that it imitates (Samba: 6.1.0), so that the version is a fact and no claim.
//!
//! User names, challenges, responses and keys are never kept; only whether the account is a machine's own.

use medward_model::{Attribute, Field, Subject};

use super::at::{self, array, byte, le16, le32};
use super::nearby::is_host_name;
use crate::{Context, clean};

pub(super) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Flags of 2.2.2.5.
const UNICODE: u32 = 0x0000_0001;
const VERSION: u32 = 0x0200_0000;
/// Names longer than this are not names.
const MAX_NAME: usize = 512;

pub(super) static NTLM_VERSION: Field =
    Field::fact("ntlm-version", "Either end: VERSION of its NTLM message (MS-NLMP 2.2.2.10)");
pub(super) static COMPUTER: Field = Field::states(
    "ntlm-computer",
    Attribute::Hostname,
    95,
    "Server: MsvAvNbComputerName of CHALLENGE_MESSAGE (MS-NLMP 2.2.2.1)",
);
pub(super) static DNS_COMPUTER: Field = Field::states(
    "ntlm-dns-computer",
    Attribute::Hostname,
    95,
    "Server: MsvAvDnsComputerName of CHALLENGE_MESSAGE (MS-NLMP 2.2.2.1)",
);
pub(super) static DOMAIN: Field =
    Field::fact("ntlm-domain", "Server: MsvAvNbDomainName of CHALLENGE_MESSAGE (MS-NLMP 2.2.2.1)");
pub(super) static DNS_DOMAIN: Field =
    Field::fact("ntlm-dns-domain", "Server: MsvAvDnsDomainName of CHALLENGE_MESSAGE (MS-NLMP 2.2.2.1)");
pub(super) static DNS_TREE: Field =
    Field::fact("ntlm-dns-tree", "Server: MsvAvDnsTreeName of CHALLENGE_MESSAGE (MS-NLMP 2.2.2.1)");
pub(super) static WORKSTATION: Field = Field::states(
    "ntlm-workstation",
    Attribute::Hostname,
    88,
    "Client: Workstation of AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3)",
);
pub(super) static MACHINE: Field = Field::states(
    "ntlm-machine",
    Attribute::Hostname,
    90,
    "Client: UserName of AUTHENTICATE_MESSAGE where it is a machine account, without its $ (MS-NLMP 2.2.1.3)",
);

/// Which of the three messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Negotiate,
    Challenge,
    Authenticate,
}

/// Whose account is used; a person's name is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Account {
    #[default]
    None,
    Anonymous,
    /// The machine's own, without the `$`.
    Machine(String),
    User,
}

impl Account {
    /// The word for it in details of activity.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Account::None => "",
            Account::Anonymous => "anonymous",
            Account::Machine(_) => "machine",
            Account::User => "user",
        }
    }
}

/// What an NTLM message tells of its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// "10.0.17763".
    pub(super) version: Option<String>,
    pub(super) computer: String,
    pub(super) dns_computer: String,
    pub(super) domain: String,
    pub(super) dns_domain: String,
    pub(super) dns_tree: String,
    pub(super) workstation: String,
    pub(super) account: Account,
}

/// Reads the first NTLM message in `blob`: raw, or wrapped in SPNEGO (RFC 4178).
pub(super) fn read(blob: &[u8]) -> Option<Message> {
    let start = at::find(blob, SIGNATURE)?;
    let bytes = blob.get(start..)?;
    let mut message = Message {
        kind: Kind::Negotiate,
        version: None,
        computer: String::new(),
        dns_computer: String::new(),
        domain: String::new(),
        dns_domain: String::new(),
        dns_tree: String::new(),
        workstation: String::new(),
        account: Account::None,
    };
    match le32(bytes, 8)? {
        1 => {
            let flags = le32(bytes, 12)?;
            message.workstation = text(counted(bytes, 24).unwrap_or(&[]), false);
            message.version = version(bytes, flags, 32);
        }
        2 => {
            message.kind = Kind::Challenge;
            let flags = le32(bytes, 20)?;
            message.version = version(bytes, flags, 48);
            pairs(counted(bytes, 40).unwrap_or(&[]), &mut message);
        }
        3 => {
            message.kind = Kind::Authenticate;
            let flags = le32(bytes, 60).unwrap_or(UNICODE);
            let unicode = flags & UNICODE != 0;
            message.version = version(bytes, flags, 64);
            message.workstation = text(counted(bytes, 44)?, unicode);
            message.account = account(&text(counted(bytes, 36)?, unicode));
        }
        _ => return None,
    }
    Some(message)
}

fn account(user: &str) -> Account {
    match user.strip_suffix('$') {
        _ if user.is_empty() => Account::Anonymous,
        Some(machine) if is_host_name(machine) => Account::Machine(machine.to_owned()),
        _ => Account::User,
    }
}

fn version(bytes: &[u8], flags: u32, at: usize) -> Option<String> {
    if flags & VERSION == 0 {
        return None;
    }
    let (major, minor, build) = (byte(bytes, at)?, byte(bytes, at + 1)?, le16(bytes, at + 2)?);
    let [.., revision] = array::<8>(bytes, at)?;
    // Only revision 15 is defined, and older software leaves bytes of other meaning here.
    (revision == 15 && major > 0).then(|| format!("{major}.{minor}.{build}"))
}

/// The payload that a length, an allocation and an offset at `at` speak of.
fn counted(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(le16(bytes, at)?);
    let offset = usize::try_from(le32(bytes, at + 4)?).ok()?;
    if length == 0 { Some(&[]) } else { at::slice(bytes, offset, length) }
}

fn text(bytes: &[u8], unicode: bool) -> String {
    if bytes.len() > MAX_NAME {
        return String::new();
    }
    let text = if unicode { at::utf16(bytes) } else { String::from_utf8_lossy(bytes).into_owned() };
    clean(&text).into_owned()
}

fn pairs(mut bytes: &[u8], message: &mut Message) {
    while let (Some(id), Some(length)) = (le16(bytes, 0), le16(bytes, 2)) {
        let Some(value) = at::slice(bytes, 4, usize::from(length)) else { return };
        let slot = match id {
            0 => return,
            1 => Some(&mut message.computer),
            2 => Some(&mut message.domain),
            3 => Some(&mut message.dns_computer),
            4 => Some(&mut message.dns_domain),
            5 => Some(&mut message.dns_tree),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot = text(value, true);
        }
        bytes = bytes.get(4 + usize::from(length)..).unwrap_or(&[]);
    }
}

/// Reports what `message` says about `sender`. The dissector at hand must declare all fields of this file.
pub(super) fn report(message: &Message, sender: &Subject, cx: &mut Context<'_>) {
    if let Some(version) = &message.version {
        cx.evidence(sender.clone(), &NTLM_VERSION, version);
    }
    for (field, name) in [
        (&COMPUTER, &message.computer),
        (&DNS_COMPUTER, &message.dns_computer),
        (&WORKSTATION, &message.workstation),
    ] {
        if named(name) {
            cx.evidence(sender.clone(), field, name);
        }
    }
    cx.evidence(sender.clone(), &DOMAIN, &message.domain);
    cx.evidence(sender.clone(), &DNS_DOMAIN, &message.dns_domain);
    cx.evidence(sender.clone(), &DNS_TREE, &message.dns_tree);
    if let Account::Machine(name) = &message.account {
        cx.evidence(sender.clone(), &MACHINE, name);
    }
}

/// Names that tools send where they have none of their own name no machine.
fn named(name: &str) -> bool {
    is_host_name(name) && !["workstation", "null", "nmap"].iter().any(|p| p.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::{Account, Kind, account, read};

    /// The challenge of MS-NLMP 4.2.4.3, with its target information.
    const CHALLENGE: &[u8] = &[
        0x4e, 0x54, 0x4c, 0x4d, 0x53, 0x53, 0x50, 0x00, 0x02, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x0c, 0x00, 0x38,
        0x00, 0x00, 0x00, 0x33, 0x82, 0x8a, 0xe2, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x24, 0x00, 0x24, 0x00, 0x44, 0x00, 0x00, 0x00, 0x06, 0x00, 0x70,
        0x17, 0x00, 0x00, 0x00, 0x0f, 0x53, 0x00, 0x65, 0x00, 0x72, 0x00, 0x76, 0x00, 0x65, 0x00, 0x72, 0x00,
        0x02, 0x00, 0x0c, 0x00, 0x44, 0x00, 0x6f, 0x00, 0x6d, 0x00, 0x61, 0x00, 0x69, 0x00, 0x6e, 0x00, 0x01,
        0x00, 0x0c, 0x00, 0x53, 0x00, 0x65, 0x00, 0x72, 0x00, 0x76, 0x00, 0x65, 0x00, 0x72, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ];

    #[test]
    fn the_challenge_of_the_standard_names_its_server() {
        let message = read(CHALLENGE).expect("a challenge");
        assert_eq!(message.kind, Kind::Challenge);
        assert_eq!(message.version.as_deref(), Some("6.0.6000"));
        assert_eq!((&*message.computer, &*message.domain), ("Server", "Domain"));
        for end in 0..CHALLENGE.len() {
            let _ = read(&CHALLENGE[..end]);
        }
    }

    #[test]
    fn only_machines_are_named() {
        assert_eq!(account("PACS01$"), Account::Machine("PACS01".into()));
        assert_eq!(account("jdoe"), Account::User);
        assert_eq!(account(""), Account::Anonymous);
    }
}
