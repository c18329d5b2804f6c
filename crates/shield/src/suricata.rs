//! Shields as rules of Suricata 7.
//!
//! Rule numbers stand in a range of their own below 2,000,000, which is for local rules: a number says the shield, the place of
//! the scope in its file, and the rule of that shield. So a rule keeps its number as long as its scope keeps its place.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use medward_policy::{Addresses, prefixes};

use crate::judgement::Shield;
use crate::scope::Scope;
use crate::shields::SHIELDS;

/// The range of rule numbers (`sid`).
pub const SIDS: RangeInclusive<u32> = 1_760_000..=1_799_999;

/// Numbers of a shield: 40 scopes of 20 rules.
const OF_SHIELD: u32 = 800;
const OF_SCOPE: u32 = 20;

/// The rules of one shield for one scope as they are written.
pub struct Rules<'a> {
    pub(crate) scope: &'a Scope,
    shield: &'static Shield,
    next: u32,
    text: String,
}

/// All rules for these scopes, one a line, with a comment before those of each shield.
pub fn rules(scopes: &[Scope]) -> String {
    let mut text = String::from(
        "# Virtual patches as Suricata 7 rules. They need the IPS mode (NFQUEUE, AF_PACKET inline); `modbus: access` needs\n\
         # app-layer.protocols.modbus.enabled: yes, and snmp.pdu_type the snmp parser.\n",
    );
    for (slot, scope) in (0_u32..).zip(scopes) {
        for shield in SHIELDS.iter().copied().filter(|shield| scope.has(shield)) {
            let first = SIDS.start() + shield.number * OF_SHIELD + slot * OF_SCOPE;
            let mut rules = Rules { scope, shield, next: first, text: String::new() };
            (shield.rules)(&mut rules);
            if !rules.text.is_empty() {
                let name: String = plain(&scope.name).replace('\n', " ");
                let _ = writeln!(text, "\n# {} ({name}): {}", shield.name, shield.stops);
                text.push_str(&rules.text);
            }
        }
    }
    text
}

impl Rules<'_> {
    /// One rule: `drop {protocol} {ends}`, a message, and options that end in `;`.
    pub(crate) fn drop(&mut self, protocol: &str, ends: &str, what: &str, options: &str) {
        let _ = writeln!(
            self.text,
            "drop {protocol} {ends} (msg:\"Medward {}: {}\"; {options} classtype:policy-violation; sid:{}; rev:1;)",
            self.shield.name,
            plain(what),
            self.next
        );
        self.next += 1;
    }

    /// A line that is no rule.
    pub(crate) fn remark(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}");
    }

    /// From anybody but the servers to what is protected.
    pub(crate) fn strangers_to(&self, port: &str) -> String {
        format!("{} any -> {} {port}", without(&self.scope.servers), group(&self.scope.protect))
    }

    /// From what is protected to anybody but the servers.
    pub(crate) fn to_strangers(&self, port: &str) -> String {
        format!("{} {port} -> {} any", group(&self.scope.protect), without(&self.scope.servers))
    }
}

/// Addresses as a rule names them.
pub(crate) fn group(addresses: &Addresses) -> String {
    let list: Vec<String> = prefixes(addresses).iter().map(ToString::to_string).collect();
    if list.is_empty() || addresses.is_all() { "any".to_owned() } else { format!("[{}]", list.join(",")) }
}

/// All addresses but these.
pub(crate) fn without(addresses: &Addresses) -> String {
    if addresses.is_empty() { "any".to_owned() } else { format!("!{}", group(addresses)) }
}

/// Bytes as a rule's `content` names them: letters and digits as they are, the rest in hexadecimal.
pub(crate) fn content(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = match byte {
            b if b.is_ascii_alphanumeric() => write!(text, "{}", char::from(*b)),
            b => write!(text, "|{b:02x}|"),
        };
    }
    text.replace("||", " ")
}

/// Text that a `msg` may hold.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() && !"\";\\:".contains(c) { c } else { ' ' }).collect()
}
