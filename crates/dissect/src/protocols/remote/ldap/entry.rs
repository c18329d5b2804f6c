//! What a directory server tells of itself: its rootDSE, and its answer to a domain controller ping.

use medward_model::Subject;

use super::super::at::{le16, le32};
use super::super::ber::Ber;
use super::super::nearby::is_host_name;
use super::super::reader::hex;
use super::{
    DC_NAME, DNS_HOST, DOMAIN, FUNCTIONALITY, MECHANISMS, NAMING_CONTEXT, SITE, SOFTWARE, SYNC_SERVICE,
    VENDOR,
};
use crate::{Context, clean_bytes};

/// Attributes of one entry that are read.
const MAX_ATTRIBUTES: usize = 128;

/// Reads a SearchResultEntry without a name: the rootDSE (RFC 4512 5.1), or the `netlogon` attribute.
pub(super) fn root(content: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let mut entry = Ber(content);
    if !entry.expect(4)?.is_empty() {
        return None;
    }
    let mut attributes = Ber(entry.expect(0x30)?);
    let server = cx.sender();
    let (mut vendor, mut version, mut context) = (String::new(), String::new(), String::new());
    for _ in 0..MAX_ATTRIBUTES {
        let Some(attribute) = attributes.expect(0x30) else { break };
        let mut attribute = Ber(attribute);
        let name = clean_bytes(attribute.expect(4)?).to_ascii_lowercase();
        let values = Ber(attribute.expect(0x31)?);
        if name == "netlogon" {
            let mut values = values;
            netlogon(values.expect(4)?, &server, cx);
            continue;
        }
        let list = || {
            let mut values = values;
            std::iter::from_fn(move || values.expect(4)).take(16).map(clean_bytes).collect::<Vec<_>>()
        };
        match &*name {
            "dnshostname" => {
                for host in list().iter().filter(|host| is_host_name(host)) {
                    cx.evidence(server.clone(), &DNS_HOST, host);
                }
            }
            "defaultnamingcontext" => context = list().join(" "),
            // Without a default (OpenLDAP) the first one that is no configuration.
            "namingcontexts" if context.is_empty() => {
                let first = list().into_iter().find(|dn| !dn.to_ascii_lowercase().starts_with("cn="));
                context = first.unwrap_or_default();
            }
            "domainfunctionality" | "forestfunctionality" | "domaincontrollerfunctionality" => {
                let kind = name.trim_end_matches("functionality");
                let level = list().first().and_then(|level| level.parse().ok()).map(level);
                if let Some(level) = level {
                    cx.evidence(server.clone(), &FUNCTIONALITY, &format!("{kind} {level}"));
                }
            }
            "issynchronized" => cx.evidence(server.clone(), &SYNC_SERVICE, &list().join(" ")),
            "supportedsaslmechanisms" => cx.evidence(server.clone(), &MECHANISMS, &list().join(", ")),
            "vendorname" => vendor = list().into_iter().next().unwrap_or_default(),
            "vendorversion" => version = list().into_iter().next().unwrap_or_default(),
            _ => {}
        }
    }
    cx.evidence(server.clone(), &NAMING_CONTEXT, &context);
    if !vendor.is_empty() || !version.is_empty() {
        cx.evidence(server.clone(), &VENDOR, &format!("{vendor} {version}"));
    }
    // 389-Directory writes "389-Directory/1.4.4.11 B2021.1", others their own way.
    if let Some((name, number)) = version.split(' ').next().and_then(|word| word.split_once('/')) {
        cx.software(server, &SOFTWARE, name, Some(number));
    }
    Some(())
}

/// Functional levels by the release that brought them (MS-ADTS 3.1.1.3.2.25).
fn level(number: u32) -> String {
    match number {
        0 => "Windows 2000",
        2 => "Windows Server 2003",
        3 => "Windows Server 2008",
        4 => "Windows Server 2008 R2",
        5 => "Windows Server 2012",
        6 => "Windows Server 2012 R2",
        7 => "Windows Server 2016",
        10 => "Windows Server 2025",
        other => return other.to_string(),
    }
    .to_owned()
}

/// NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS 6.3.1.9); the user name in it is skipped.
fn netlogon(content: &[u8], server: &Subject, cx: &mut Context<'_>) -> Option<()> {
    if !matches!(le16(content, 0)?, 0x17 | 0x19) {
        return None;
    }
    le32(content, 4)?;
    let mut place = 24;
    let mut next = || {
        let (name, after) = name(content, place)?;
        place = after;
        Some(name)
    };
    let (forest, domain, host) = (next()?, next()?, next()?);
    let (_netbios_domain, computer) = (next()?, next()?);
    let _user = next()?;
    let site = next()?;
    let _ = forest;
    for host in [host, computer] {
        if is_host_name(&host) {
            cx.evidence(server.clone(), &DC_NAME, &host);
        }
    }
    cx.evidence(server.clone(), &DOMAIN, &domain);
    cx.evidence(server.clone(), &SITE, &site);
    Some(())
}

/// A name in the compression of RFC 1035 4.1.4, and where the next begins.
fn name(content: &[u8], start: usize) -> Option<(String, usize)> {
    let mut labels: Vec<String> = Vec::new();
    let (mut place, mut after) = (start, None);
    for _ in 0..64 {
        let length = usize::from(*content.get(place)?);
        match length {
            0 => return Some((labels.join("."), after.unwrap_or(place + 1))),
            1..64 => {
                labels.push(clean_bytes(super::super::at::slice(content, place + 1, length)?));
                place += 1 + length;
            }
            _ if length & 0xc0 == 0xc0 => {
                let low = usize::from(*content.get(place + 1)?);
                after = after.or(Some(place + 2));
                place = (length & 0x3f) << 8 | low;
            }
            _ => return None,
        }
    }
    None
}

/// What a client's search filter asks about: names of attributes, and the host name in a domain controller ping.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) attributes: Vec<String>,
    pub(super) host: Option<String>,
}

impl Filter {
    /// Reads one filter element (RFC 4511 4.5.1.7); values are not kept, but for the pinging host's own name.
    pub(super) fn read(&mut self, tag: u8, content: &[u8], depth: u8) {
        if depth > 8 || self.attributes.len() >= 16 {
            return;
        }
        match tag {
            0xa0..=0xa2 => {
                let mut parts = Ber(content);
                while let Some((tag, content)) = parts.next() {
                    if self.attributes.len() >= 16 {
                        break;
                    }
                    self.read(tag, content, depth + 1);
                }
            }
            0xa3..=0xa6 | 0xa8 => {
                let mut pair = Ber(content);
                let Some(name) = pair.expect(4) else { return };
                self.push(name);
                if tag == 0xa3 && name.eq_ignore_ascii_case(b"host") {
                    self.host = pair.expect(4).map(clean_bytes).filter(|host| is_host_name(host));
                }
            }
            0x87 => self.push(content),
            0xa9 => {
                if let Some(name) = Ber(content).find(0x82) {
                    self.push(name);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, name: &[u8]) {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b';' | b'_');
        let name = if name.iter().all(plain) && name.len() <= 64 { clean_bytes(name) } else { hex(&[]) };
        if !name.is_empty() && !self.attributes.contains(&name) {
            self.attributes.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, name};

    #[test]
    fn names_are_decompressed_and_loops_end() {
        let bytes = b"\x04ward\x07example\x00\x02dc\xc0\x00";
        assert_eq!(name(bytes, 0), Some(("ward.example".into(), 14)));
        assert_eq!(name(bytes, 14), Some(("dc.ward.example".into(), 19)));
        assert_eq!(name(b"\xc0\x00", 0), None);
    }

    #[test]
    fn filters_tell_attributes_and_no_values() {
        let mut filter = Filter::default();
        let content = b"\xa3\x0c\x04\x03uid\x04\x05jdoe1\x87\x02cn";
        filter.read(0xa0, content, 0);
        assert_eq!(filter.attributes, ["uid", "cn"]);
        assert_eq!(filter.host, None);
    }
}
