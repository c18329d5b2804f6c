//! Holds an assessment against the labels of its capture.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

use super::labels::{Find, Label, Labels};

/// What was right and wrong about one attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// Claims that are right.
    pub right: usize,
    /// Claims that are wrong.
    pub wrong: usize,
    /// Claims that the labels say nothing about.
    pub unjudged: usize,
    /// True and visible values that were claimed.
    pub found: usize,
    /// True and visible values that were not.
    pub missed: usize,
}

impl Count {
    pub fn precision(&self) -> f64 {
        share(self.right, self.wrong)
    }

    pub fn recall(&self) -> f64 {
        share(self.found, self.missed)
    }

    pub fn add(&mut self, other: &Count) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.unjudged += other.unjudged;
        self.found += other.found;
        self.missed += other.missed;
    }
}

fn share(good: usize, bad: usize) -> f64 {
    if good + bad == 0 { 1.0 } else { good as f64 / (good + bad) as f64 }
}

/// The counts by attribute, how often claims of a confidence were right, and what to look at.
#[derive(Default)]
pub struct Verdict {
    pub counts: BTreeMap<String, Count>,
    /// Tenths of confidence: right and wrong claims.
    pub calibration: BTreeMap<u32, (usize, usize)>,
    pub wrong: Vec<String>,
    pub missed: Vec<String>,
}

impl Verdict {
    pub fn add(&mut self, other: Verdict) {
        for (name, count) in other.counts {
            self.counts.entry(name).or_default().add(&count);
        }
        for (bucket, (right, wrong)) in other.calibration {
            let sum = self.calibration.entry(bucket).or_default();
            sum.0 += right;
            sum.1 += wrong;
        }
        self.wrong.extend(other.wrong);
        self.missed.extend(other.missed);
    }
}

/// Distributions of Linux: more than the family that labels name, and true of the hosts in our captures.
const LINUX: [&str; 6] = ["debian", "ubuntu", "alpine", "openwrt", "red hat", "suse"];

/// How a claim compares with a true value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// It says the same.
    Same,
    /// It says less, and nothing wrong ("Windows" of "Windows 10").
    Less,
    Different,
}

/// A value that the inventory gives for an attribute.
struct Claim {
    shown: String,
    /// Software: its name, with the version apart.
    version: Option<String>,
    confidence: Option<f64>,
    because: String,
}

/// Judges every labelled device.
pub fn judge(labels: &Labels, assessment: &Value) -> Verdict {
    let devices: Vec<&Value> = assessment["devices"].as_array().into_iter().flatten().collect();
    let mut verdict = Verdict::default();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for label in &labels.devices {
        let place = format!("{} {} ({})", labels.capture, label.find, label.name);
        let mut candidates = candidates(label, &devices);
        candidates.sort_by_key(|device| std::cmp::Reverse(likeness(label, device)));
        let count = verdict.counts.entry("device".to_owned()).or_default();
        match candidates.first() {
            Some(device) => {
                count.found += 1;
                count.right += 1;
                if candidates.len() > 1 {
                    count.wrong += candidates.len() - 1;
                    let ids: Vec<&str> = candidates.iter().map(|device| id(device)).collect();
                    verdict.wrong.push(format!(
                        "device    {place}: is {} devices: {}",
                        ids.len(),
                        ids.join(", ")
                    ));
                }
                if !taken.insert(id(device)) {
                    count.wrong += 1;
                    verdict.wrong.push(format!(
                        "device    {place}: is one with another labelled device: {}",
                        id(device)
                    ));
                }
                compare(label, device, &place, &mut verdict);
            }
            None => {
                count.missed += 1;
                verdict.missed.push(format!("device    {place}: is not in the inventory"));
                for (name, values) in &label.attributes {
                    verdict.counts.entry(name.clone()).or_default().missed += values.len();
                }
            }
        }
    }
    verdict
}

fn id(device: &Value) -> &str {
    device["id"].as_str().unwrap_or_default()
}

fn holds(list: &Value, text: &str) -> bool {
    list.as_array()
        .into_iter()
        .flatten()
        .any(|member| member.as_str().is_some_and(|m| m.eq_ignore_ascii_case(text)))
}

/// The devices of the inventory that the label may mean.
fn candidates<'a>(label: &Label, devices: &[&'a Value]) -> Vec<&'a Value> {
    let by = |list: &str, text: &str| -> Vec<&'a Value> {
        devices.iter().copied().filter(|device| holds(&device[list], text)).collect()
    };
    match &label.find {
        Find::Ip(ip) => by("ips", ip),
        Find::Mac(mac) => by("macs", mac),
        Find::Behind(gateway) => {
            let gateways: Vec<&str> = by("ips", gateway).into_iter().map(id).collect();
            let below = devices
                .iter()
                .copied()
                .filter(|device| device["parent"].as_str().is_some_and(|parent| gateways.contains(&parent)));
            below.filter(|device| is_that_one(label, device)).collect()
        }
    }
}

/// A device behind a gateway is known by its serial number, its UDI, or its names.
fn is_that_one(label: &Label, device: &Value) -> bool {
    ["serial", "udi", "unique_id", "alias", "hostname"].iter().any(|name| {
        let right = right_values(label, name);
        claims(device, name)
            .iter()
            .any(|claim| right.iter().any(|right| same(name, claim, right, "") == Match::Same))
    })
}

/// How many of the label's values a device has: to choose among several with one address.
fn likeness(label: &Label, device: &Value) -> usize {
    let hits = label.attributes.keys().filter(|name| {
        let right = right_values(label, name);
        claims(device, name)
            .iter()
            .any(|claim| right.iter().any(|right| same(name, claim, right, "") == Match::Same))
    });
    hits.count() * 100 + device["attributes"].as_object().map_or(0, serde_json::Map::len)
}

/// Every value that counts as right.
fn right_values(label: &Label, name: &str) -> Vec<String> {
    [&label.attributes, &label.also, &label.accept]
        .into_iter()
        .filter_map(|values| values.get(name))
        .flatten()
        .cloned()
        .collect()
}

/// What the inventory claims.
fn claims(device: &Value, name: &str) -> Vec<Claim> {
    let list = match name {
        "hostname" => Some("hostnames"),
        "alias" => Some("aliases"),
        _ => None,
    };
    if let Some(list) = list {
        let members = device[list].as_array().into_iter().flatten().filter_map(Value::as_str);
        return members
            .map(|member| Claim {
                shown: member.to_owned(),
                version: None,
                confidence: None,
                because: String::new(),
            })
            .collect();
    }
    if name == "software" {
        let members = device["software"].as_array().into_iter().flatten();
        return members
            .map(|member| claim(member, member["name"].as_str(), member["version"].as_str()))
            .collect();
    }
    let fused = &device["attributes"][name];
    fused["value"].as_str().map(|value| vec![claim(fused, Some(value), None)]).unwrap_or_default()
}

fn claim(fused: &Value, shown: Option<&str>, version: Option<&str>) -> Claim {
    let first = &fused["evidence"][0];
    Claim {
        shown: shown.unwrap_or_default().to_owned(),
        version: version.map(str::to_owned),
        confidence: fused["confidence"].as_f64(),
        because: format!(
            "{} {}={:?} packet {}",
            first["source"].as_str().unwrap_or("?"),
            first["field"].as_str().unwrap_or("?"),
            first["value"].as_str().unwrap_or("?"),
            first["packet"]
        ),
    }
}

fn compare(label: &Label, device: &Value, place: &str, verdict: &mut Verdict) {
    let vendor = claims(device, "vendor").first().map(|claim| claim.shown.clone()).unwrap_or_default();
    for attribute in medward_model::Attribute::ALL {
        let name = attribute.name();
        let required = label.attributes.get(name).cloned().unwrap_or_default();
        let right = right_values(label, name);
        let told = label.attributes.contains_key(name) || label.also.contains_key(name);
        let forbidden = label.absent.iter().any(|absent| absent == name);
        let claims = claims(device, name);
        let count = verdict.counts.entry(name.to_owned()).or_default();
        for claim in &claims {
            let fits = right.iter().any(|right| same(name, claim, right, &vendor) != Match::Different);
            let shown = match &claim.version {
                Some(version) => format!("{} {version}", claim.shown),
                None => claim.shown.clone(),
            };
            if fits {
                count.right += 1;
            } else if told || forbidden {
                count.wrong += 1;
                let truth = if forbidden { "nothing".to_owned() } else { right.join(" | ") };
                verdict.wrong.push(format!("{name:9} {place}: {shown:?} ({}), true: {truth}", claim.because));
            } else {
                count.unjudged += 1;
                continue;
            }
            if let Some(confidence) = claim.confidence {
                let bucket = verdict.calibration.entry((confidence * 10.0).floor() as u32).or_default();
                *(if fits { &mut bucket.0 } else { &mut bucket.1 }) += 1;
            }
        }
        // Further spellings belong to the value where there is one only.
        let further: Vec<String> = match required.len() {
            1 => label.accept.get(name).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        for value in &required {
            let hit = claims.iter().any(|claim| {
                std::iter::once(value)
                    .chain(&further)
                    .any(|right| same(name, claim, right, &vendor) == Match::Same)
            });
            if hit {
                count.found += 1;
            } else {
                count.missed += 1;
                let instead: Vec<&str> = claims.iter().map(|claim| claim.shown.as_str()).collect();
                verdict.missed.push(format!("{name:9} {place}: {value:?}, claimed: {}", instead.join(", ")));
            }
        }
    }
}

/// Compares without regard to case, surrounding spaces and the maker's name before a model.
fn same(attribute: &str, claim: &Claim, right: &str, vendor: &str) -> Match {
    if attribute == "software" {
        return software(claim, right);
    }
    let claimed = plain(&claim.shown);
    let right = plain(right);
    if claimed == right {
        return Match::Same;
    }
    match attribute {
        "model" | "family" => {
            let vendor = plain(vendor);
            let bare = |text: &str| {
                let first = vendor.split(' ').next().unwrap_or_default();
                let rest = text.strip_prefix(&vendor).or_else(|| text.strip_prefix(first)).unwrap_or(text);
                rest.replace([' ', '-', '_'], "")
            };
            if bare(&claimed) == bare(&right) { Match::Same } else { Match::Different }
        }
        "os" if right == "linux" && LINUX.iter().any(|name| claimed.starts_with(name)) => Match::Same,
        "os" if claimed == "linux" && right == "android" => Match::Less,
        "location" => place(&claimed, &right),
        "os" | "os_version"
            if right.strip_prefix(&claimed).is_some_and(|rest| !starts_alphanumeric(rest)) =>
        {
            Match::Less
        }
        "category" if within(&claimed, &right) => Match::Less,
        "hostname" => host(&claimed, &right),
        _ => Match::Different,
    }
}

/// Names are the same with and without the domain.
fn host(claimed: &str, right: &str) -> Match {
    let (claimed, right) = (claimed.trim_end_matches('.'), right.trim_end_matches('.'));
    let belongs =
        |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
    let same = claimed == right || belongs(claimed, right) || belongs(right, claimed);
    if same { Match::Same } else { Match::Different }
}

/// Whether `wide` is a wider category that `narrow` belongs to, by `within` of catalog/categories.toml.
fn within(wide: &str, narrow: &str) -> bool {
    static WIDER: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let wider = WIDER.get_or_init(|| {
        let path = crate::proof::root().join("catalog/categories.toml");
        let text = std::fs::read_to_string(path).expect("the categories can be read");
        let table: toml::Table = text.parse().expect("the categories are TOML");
        let all = table.get("category").and_then(toml::Value::as_array).into_iter().flatten();
        let text =
            |entry: &toml::Value, key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        all.filter_map(|entry| Some((text(entry, "slug")?, text(entry, "within")?))).collect()
    });
    let mut at = narrow;
    for _ in 0..8 {
        match wider.get(at) {
            Some(next) if next == wide => return true,
            Some(next) => at = next,
            None => return false,
        }
    }
    false
}

/// Places are compared by their words, whatever separates them; fewer of them say less.
fn place(claimed: &str, right: &str) -> Match {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (claimed, right) = (words(claimed), words(right));
    match (claimed == right, !claimed.is_empty() && claimed.is_subset(&right)) {
        (true, _) => Match::Same,
        (_, true) => Match::Less,
        _ => Match::Different,
    }
}

fn starts_alphanumeric(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `NAME VERSION`, whatever stands between name and version.
fn software(claim: &Claim, right: &str) -> Match {
    let (name, version) = split_version(right);
    let letters =
        |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    let claimed = match &claim.version {
        Some(version) => (claim.shown.clone(), Some(version.clone())),
        None => split_version(&claim.shown),
    };
    if !letters(&claimed.0).starts_with(&letters(&name)) {
        return Match::Different;
    }
    match (claimed.1, version) {
        (_, None) => Match::Same,
        (None, Some(_)) => Match::Less,
        (Some(claimed), Some(right)) => {
            let (claimed, right) = (plain(&claimed), plain(&right));
            let claimed = claimed.trim_start_matches('v');
            // A package's version says more than its software's: 4.17.12-Debian.
            let packaged = claimed.strip_prefix(&right).is_some_and(|rest| rest.starts_with(['-', '+']));
            if claimed == right || packaged {
                Match::Same
            } else if right
                .strip_prefix(claimed)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
            {
                Match::Less
            } else {
                Match::Different
            }
        }
    }
}

fn split_version(text: &str) -> (String, Option<String>) {
    match text.rsplit_once(' ') {
        Some((name, version))
            if version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) =>
        {
            (name.to_owned(), Some(version.to_owned()))
        }
        _ => (text.to_owned(), None),
    }
}
