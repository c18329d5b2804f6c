//! One self-contained page: the answer, a picture of who talks to whom, every device with its reasons.
//!
//! Nothing is loaded from elsewhere. The content security policy names the page's own style and script by their SHA-256
//! and forbids everything else, so that not even text that slipped through escaping could run. Without JavaScript
//! everything is there; the script adds search, filters and sorting.

mod device;
mod judgement;
mod picture;

use std::collections::BTreeMap;
use std::io::Write;

use medward_model::{Assessment, Scope};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::WriteError;
use crate::category::GROUPS;
use crate::facts;
use crate::inventory::{self, Inventory, SHAKY};
use crate::overview::{self, Overview};
use crate::protocol::{self, Openness};
use crate::wording::{self, bytes, clean, count, number, percent};
use device::{DeviceView, Judged, Link, Peers};

const TEMPLATE: &str = include_str!("report.html.j2");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Devices that are named for a fact.
const NAMED: usize = 12;
/// Pairs that the table beside the picture shows.
const PAIRS: usize = 60;
/// External addresses that are listed.
const EXTERNAL: usize = 100;

#[derive(Serialize)]
struct Tile {
    value: String,
    label: &'static str,
    note: &'static str,
    tone: &'static str,
}

#[derive(Serialize)]
struct FactView {
    concern: &'static str,
    text: String,
    meaning: &'static str,
    devices: Vec<Link>,
    more: usize,
}

#[derive(Serialize)]
struct GroupView {
    key: &'static str,
    label: &'static str,
    medical: bool,
    summary: String,
    devices: Vec<DeviceView>,
}

#[derive(Serialize)]
struct Pair {
    from: String,
    to: String,
    protocols: String,
    openness: &'static str,
    flows: String,
    bytes: String,
}

/// Writes the page.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let overview = Overview::new(&inventory);
    let picture = picture::draw(assessment, &inventory);
    let (pairs, more_pairs) = pairs(assessment, &inventory);
    let (found, more_found) = judgement::findings(assessment, &inventory);
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.add_template("report.html.j2", TEMPLATE)?;
    let page = context! {
        style => STYLE,
        script => SCRIPT,
        policy => policy(),
        version => env!("CARGO_PKG_VERSION"),
        headline => overview.headline(),
        captured => (!assessment.capture.files.is_empty()).then(|| overview::captured(assessment)),
        judged => crate::judgement::headline(assessment),
        compared => crate::judgement::compared(assessment),
        any_findings => !assessment.findings.is_empty(),
        actions => Serde(judgement::actions(assessment, &inventory)),
        findings => Serde(found),
        more_findings => more_found,
        hidden_count => assessment.hidden.len(),
        tiles => Serde(tiles(&overview, assessment)),
        facts => Serde(fact_views(assessment, &inventory)),
        picture => picture.map(|picture| context! {
            svg => picture.svg,
            by_category => picture.by_category,
            limit => picture::MOST_DEVICES,
            groups => picture.groups,
            lines => picture.lines.iter().map(|kind| (kind.key(), kind.label())).collect::<Vec<_>>(),
        }),
        pairs => Serde(pairs),
        more_pairs => more_pairs,
        kinds => overview.groups.iter().flat_map(|group| {
            group.categories.iter().map(|category| context! {
                group => group.group.key,
                label => category.label.as_str(),
                devices => category.devices,
                vendors => vendors(category),
            })
        }).collect::<Vec<_>>(),
        groups => Serde(groups(assessment, &inventory, &overview)),
        external => inventory.external.iter().take(EXTERNAL).map(|d| inventory::name(d)).collect::<Vec<_>>(),
        external_count => number(inventory.external.len() as u64),
        more_external => inventory.external.len().saturating_sub(EXTERNAL),
        multicast => inventory.multicast,
        files => files(assessment),
        weirds => counts(&assessment.capture.weirds, |name| clean(name).replace('_', " ")),
        evictions => counts(&assessment.capture.evictions, facts::dropped_words),
        knowledge => assessment.knowledge.iter().map(|(feed, state)| context! {
            feed => clean(feed),
            loaded => state.loaded,
            as_of => state.as_of.map(wording::moment),
            records => state.records.map(number),
        }).collect::<Vec<_>>(),
        shaky => percent(SHAKY),
    };
    out.write_all(environment.get_template("report.html.j2")?.render(page)?.as_bytes())?;
    Ok(())
}

/// Allows the page's own style and script by their digest, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE)),
        base64(&Sha256::digest(SCRIPT))
    )
}

/// Base64 with padding (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = (bits >> (18 - 6 * i) & 63) as usize;
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'=');
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

fn tiles(overview: &Overview, assessment: &Assessment) -> Vec<Tile> {
    let affected: std::collections::BTreeSet<_> = assessment
        .findings
        .iter()
        .filter(|finding| finding.status == medward_model::Verdict::Affected)
        .map(|finding| &finding.device)
        .collect();
    let tile = |n: usize, label, note, tone| Tile { value: number(n as u64), label, note, tone };
    vec![
        tile(overview.internal, "devices", "on this network", "plain"),
        tile(overview.medical, "medical", "at the patient, imaging, laboratory, clinical systems", "medical"),
        tile(overview.life_supporting, "life-supporting", "a patient's life may depend on them", "alive"),
        tile(affected.len(), "with findings", "something is wrong that is certain", "bad"),
        tile(overview.unknown, "of unknown kind", "what they are could not be told", "unknown"),
        tile(overview.external, "addresses outside", "that devices exchanged traffic with", "plain"),
    ]
}

fn fact_views(assessment: &Assessment, inventory: &Inventory) -> Vec<FactView> {
    let facts = facts::facts(assessment, inventory).into_iter().map(|fact| FactView {
        concern: fact.concern.key(),
        text: fact.text,
        meaning: fact.meaning,
        more: fact.devices.len().saturating_sub(NAMED),
        devices: fact
            .devices
            .iter()
            .take(NAMED)
            .map(|id| Link {
                id: inventory
                    .get(id)
                    .filter(|d| d.scope == Scope::Internal)
                    .map(|d| d.id.0.clone())
                    .unwrap_or_default(),
                name: inventory.name(id),
            })
            .collect(),
    });
    facts.collect()
}

fn vendors(category: &overview::CategoryCount) -> String {
    let mut parts: Vec<String> =
        category.vendors.iter().map(|(vendor, n)| format!("{vendor} ({n})")).collect();
    if category.without_vendor > 0 {
        parts.push(format!("not known ({})", category.without_vendor));
    }
    parts.join(", ")
}

fn groups(assessment: &Assessment, inventory: &Inventory, overview: &Overview) -> Vec<GroupView> {
    let peers = Peers::new(assessment);
    let judged = Judged {
        findings: crate::judgement::by_device(&assessment.findings),
        hidden: crate::judgement::by_device(&assessment.hidden),
        risks: crate::judgement::risks(assessment),
    };
    let mut devices: Vec<DeviceView> = inventory
        .internal
        .iter()
        .map(|placed| device::view(*placed, assessment, inventory, &peers, &judged))
        .collect();
    let mut views = Vec::new();
    for group in GROUPS {
        let (own, rest): (Vec<_>, Vec<_>) = devices.into_iter().partition(|device| device.is_in(group.key));
        devices = rest;
        if own.is_empty() {
            continue;
        }
        let counted = overview.groups.iter().find(|counted| counted.group.key == group.key);
        let kinds: Vec<_> = counted
            .into_iter()
            .flat_map(|counted| &counted.categories)
            .map(|category| format!("{} × {}", number(category.devices as u64), category.label))
            .collect();
        views.push(GroupView {
            key: group.key,
            label: group.label,
            medical: group.medical,
            summary: if group.key == "unknown" {
                count(own.len(), "device", "devices")
            } else {
                kinds.join(" · ")
            },
            devices: own,
        });
    }
    views
}

/// Pairs of devices by volume, and how many more there are.
fn pairs(assessment: &Assessment, inventory: &Inventory) -> (Vec<Pair>, usize) {
    let mut sums: BTreeMap<_, (u64, u64, Openness, std::collections::BTreeSet<String>)> = BTreeMap::new();
    for talk in &assessment.conversations {
        let group = |id| inventory.get(id).is_none_or(|device| device.scope == Scope::Multicast);
        if group(&talk.originator) || group(&talk.responder) || protocol::is_plumbing(&talk.protocol) {
            continue;
        }
        let sum = sums
            .entry((&talk.originator, &talk.responder))
            .or_insert_with(|| (0, 0, Openness::Unknown, Default::default()));
        sum.0 = sum.0.saturating_add(talk.bytes);
        sum.1 = sum.1.saturating_add(talk.flows);
        sum.2 = sum.2.max(protocol::openness(&talk.protocol));
        sum.3.insert(clean(&protocol::label(&talk.protocol)));
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    let more = sums.len().saturating_sub(PAIRS);
    let views = sums.into_iter().take(PAIRS).map(|((from, to), (volume, flows, openness, protocols))| Pair {
        from: inventory.name(from),
        to: inventory.name(to),
        protocols: protocols.into_iter().collect::<Vec<_>>().join(", "),
        openness: openness.label(),
        flows: number(flows),
        bytes: bytes(volume),
    });
    (views.collect(), more)
}

fn files(assessment: &Assessment) -> Vec<minijinja::Value> {
    let files = assessment.capture.files.iter().map(|file| {
        context! {
            path => clean(&file.path),
            format => clean(&file.format),
            packets => number(file.packets),
            bytes => bytes(file.bytes),
            first => file.first.map(wording::moment),
            last => file.last.map(wording::moment),
            truncated_at => file.truncated_at.map(number),
            problem => file.problem.as_deref().map(clean),
            comments => file.comments.iter().map(|comment| clean(comment)).collect::<Vec<_>>(),
        }
    });
    files.collect()
}

fn counts(map: &BTreeMap<String, u64>, words: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let counts = map.iter().filter(|(_, n)| **n > 0);
    counts.map(|(name, n)| (words(name), number(*n))).collect()
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_follows_the_vectors_of_rfc_4648() {
        let said = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(said, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }
}
