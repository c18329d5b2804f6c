//! The maintenance system's list beside the wire: what one knows and the other does not, and where they contradict.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{DeviceId, Mac};
use serde::{Deserialize, Serialize};

use crate::DeviceSummary;
use crate::amount::{self, read_amount};

/// A row of a maintenance system (CMMS) or asset database (CMDB). What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asset {
    /// The system's own number for it: unique.
    pub tag: String,
    pub name: String,
    pub vendor: String,
    pub model: String,
    pub serial: String,
    pub category: String,
    pub firmware: String,
    pub os: String,
    pub mac: String,
    pub ip: String,
    pub location: String,
    pub owner: String,
    /// What it cost or is worth, as the list writes it.
    pub value: String,
    pub currency: String,
}

/// Fields of an asset with the headings that mean them, in lower case without anything but letters and digits.
const HEADINGS: [(&str, &[&str]); 14] = [
    (
        "tag",
        &[
            "tag",
            "assettag",
            "asset",
            "assetid",
            "assetnumber",
            "equipmentid",
            "controlnumber",
            "inventorynumber",
            "id",
        ],
    ),
    ("name", &["name", "hostname", "host", "devicename", "description"]),
    ("vendor", &["vendor", "manufacturer", "make", "maker", "brand"]),
    ("model", &["model", "modelname", "modelnumber", "modelno"]),
    ("serial", &["serial", "serialnumber", "serialno", "sn"]),
    ("category", &["category", "devicetype", "type", "class", "equipmenttype", "modality"]),
    ("firmware", &["firmware", "firmwareversion", "softwareversion", "version"]),
    ("os", &["os", "operatingsystem"]),
    ("mac", &["mac", "macaddress", "ethernetaddress"]),
    ("ip", &["ip", "ipaddress", "address"]),
    ("location", &["location", "room", "place", "site", "department", "ward"]),
    ("owner", &["owner", "ownedby", "responsible", "contact"]),
    (
        "value",
        &[
            "value",
            "purchasevalue",
            "purchaseprice",
            "purchasecost",
            "acquisitioncost",
            "acquisitionvalue",
            "replacementvalue",
            "replacementcost",
            "price",
            "cost",
        ],
    ),
    ("currency", &["currency", "currencycode"]),
];

/// Words of a heading that mean an amount where no heading is one of [`HEADINGS`]: "Price (EUR)".
const AMOUNTS: [&str; 3] = ["value", "price", "cost"];

/// Which column holds which field, guessed from the headings of a table; people may say otherwise.
pub fn guess_columns(headings: &[String]) -> BTreeMap<String, String> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect()
    };
    let mut columns = BTreeMap::new();
    for (field, words) in HEADINGS {
        // The first of the words that some heading is, so that "asset tag" wins over "id".
        let found = words.iter().find_map(|word| headings.iter().find(|heading| plain(heading) == *word));
        let found = found.or_else(|| {
            let meant = |heading: &&String| words_of(heading).any(|word| AMOUNTS.contains(&&*word));
            headings.iter().find(meant).filter(|_| field == "value")
        });
        if let Some(heading) = found {
            columns.insert(field.to_owned(), heading.clone());
        }
    }
    columns
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The currency that a heading names in parentheses: "Price (EUR)".
fn currency_of(heading: &str) -> Option<String> {
    let (_, rest) = heading.rsplit_once('(')?;
    amount::currency(rest.split(')').next()?)
}

impl Asset {
    /// What it is worth in whole units, with the currency where the list says one.
    pub fn worth(&self) -> Option<(u64, Option<String>)> {
        let (value, written) = read_amount(&self.value)?;
        Some((value, written.or_else(|| amount::currency(&self.currency))))
    }

    /// From a row by the columns' headings. `None` where nothing in it names a device.
    pub fn of(row: &BTreeMap<String, String>, columns: &BTreeMap<String, String>) -> Option<Asset> {
        let value = |field: &str| -> String {
            let text = columns.get(field).and_then(|column| row.get(column)).map_or("", String::as_str);
            text.trim().chars().filter(|c| !c.is_control()).take(256).collect()
        };
        let asset = Asset {
            tag: value("tag"),
            name: value("name"),
            vendor: value("vendor"),
            model: value("model"),
            serial: value("serial"),
            category: value("category"),
            firmware: value("firmware"),
            os: value("os"),
            mac: value("mac"),
            ip: value("ip"),
            location: value("location"),
            owner: value("owner"),
            value: value("value"),
            currency: match value("currency") {
                none if none.is_empty() => {
                    columns.get("value").and_then(|heading| currency_of(heading)).unwrap_or_default()
                }
                currency => currency,
            },
        };
        let names = [&asset.tag, &asset.name, &asset.serial, &asset.mac, &asset.ip];
        names.iter().any(|name| !name.is_empty()).then_some(asset)
    }
}

/// An asset and a device that are the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Position of the asset.
    pub asset: usize,
    pub device: DeviceId,
    /// "mac", "serial", "name", "ip": by what they were matched.
    pub by: &'static str,
}

/// The two say different things of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    pub asset: usize,
    pub device: DeviceId,
    /// "vendor", "model", "serial", "firmware", "mac".
    pub field: &'static str,
    pub listed: String,
    pub seen: String,
}

/// What comes of comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    pub matched: Vec<Pair>,
    /// Internal devices that are on the wire and in no list.
    pub unlisted: Vec<DeviceId>,
    /// Positions of assets that nothing on the wire is.
    pub unseen: Vec<usize>,
    pub contradicting: Vec<Contradiction>,
    /// Positions of assets that fit several devices equally well: nobody can say which.
    pub ambiguous: Vec<usize>,
}

/// Compares a list with what is on the wire. A MAC address counts most, then a serial number (with the vendor not
/// contradicting), a host name, an address; what fits two devices equally matches neither.
pub fn reconcile(assets: &[Asset], devices: &[DeviceSummary]) -> Reconciliation {
    let devices: Vec<&DeviceSummary> = devices.iter().filter(|device| device.scope == "internal").collect();
    let mut by: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
    for (at, device) in devices.iter().enumerate() {
        let mut note = |kind, key: String| by.entry((kind, key)).or_default().push(at);
        device.macs.iter().for_each(|mac| note("mac", mac.clone()));
        device.serial.iter().for_each(|serial| note("serial", plain(serial)));
        note("name", device.name.to_lowercase());
        device.ips.iter().for_each(|ip| note("ip", ip.clone()));
    }
    let mut result = Reconciliation::default();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for (position, asset) in assets.iter().enumerate() {
        let mac = asset.mac.parse::<Mac>().map(|mac| mac.to_string()).unwrap_or_default();
        let keys = [
            ("mac", mac),
            ("serial", plain(&asset.serial)),
            ("name", asset.name.to_lowercase()),
            ("ip", asset.ip.clone()),
        ];
        let mut several = false;
        let found = keys.into_iter().filter(|(_, key)| !key.is_empty()).find_map(|(kind, key)| {
            let fits = by.get(&(kind, key))?.iter().copied().filter(|at| {
                // A serial number is a maker's own: another maker's device may have the same.
                kind != "serial" || devices.get(*at).is_some_and(|device| may_be(asset, device))
            });
            let fits: Vec<usize> = fits.filter(|at| !taken.contains(at)).collect();
            several |= fits.len() > 1;
            match fits.as_slice() {
                [one] => Some((*one, kind)),
                _ => None,
            }
        });
        match found.and_then(|(at, kind)| devices.get(at).map(|device| (at, kind, *device))) {
            Some((at, by, device)) => {
                taken.insert(at);
                result.matched.push(Pair { asset: position, device: device.id.clone(), by });
                contradict(position, asset, device, &mut result.contradicting);
            }
            None if several => result.ambiguous.push(position),
            None => result.unseen.push(position),
        }
    }
    result.unlisted = devices
        .iter()
        .enumerate()
        .filter(|(at, _)| !taken.contains(at))
        .map(|(_, device)| device.id.clone())
        .collect();
    result
}

fn plain(text: &str) -> String {
    let kept: String =
        text.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_uppercase).collect();
    kept.trim_start_matches('0').to_owned()
}

/// The maker does not speak against it.
fn may_be(asset: &Asset, device: &DeviceSummary) -> bool {
    device.vendor.as_deref().is_none_or(|vendor| asset.vendor.is_empty() || alike(vendor, &asset.vendor))
}

/// One is the beginning of the other, or they share a telling word: "BD" and "BD (CareFusion)".
fn alike(a: &str, b: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 1).map(str::to_lowercase).collect()
    };
    let (a_plain, b_plain) = (plain(a), plain(b));
    a_plain.starts_with(&b_plain) || b_plain.starts_with(&a_plain) || !words(a).is_disjoint(&words(b))
}

fn contradict(position: usize, asset: &Asset, device: &DeviceSummary, all: &mut Vec<Contradiction>) {
    let mut compare = |field: &'static str, listed: &str, seen: Option<&str>, same: bool| {
        if let (Some(seen), false) = (seen, same || listed.is_empty()) {
            all.push(Contradiction {
                asset: position,
                device: device.id.clone(),
                field,
                listed: listed.to_owned(),
                seen: seen.to_owned(),
            });
        }
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    compare("vendor", &asset.vendor, device.vendor.as_deref(), alike(&asset.vendor, &text(&device.vendor)));
    compare("model", &asset.model, device.model.as_deref(), alike(&asset.model, &text(&device.model)));
    let serial = plain(&asset.serial) == plain(&text(&device.serial));
    compare("serial", &asset.serial, device.serial.as_deref(), serial);
    let firmware = asset.firmware.trim_start_matches(['v', 'V'])
        == text(&device.firmware).trim_start_matches(['v', 'V']);
    compare("firmware", &asset.firmware, device.firmware.as_deref(), firmware);
    if let Ok(mac) = asset.mac.parse::<Mac>() {
        let same = device.macs.iter().any(|known| *known == mac.to_string());
        compare("mac", &asset.mac, device.macs.first().map(String::as_str), same);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use medward_model::DeviceId;

    use super::{Asset, guess_columns, reconcile};
    use crate::DeviceSummary;

    fn device(id: &str, vendor: &str, serial: &str, mac: &str) -> DeviceSummary {
        DeviceSummary {
            id: DeviceId(id.into()),
            scope: "internal".into(),
            name: format!("host-{id}"),
            vendor: Some(vendor.into()),
            serial: (!serial.is_empty()).then(|| serial.into()),
            macs: vec![mac.into()],
            ..DeviceSummary::default()
        }
    }

    #[test]
    fn headings_of_many_systems_are_understood() {
        let headings: Vec<String> =
            ["Control Number", "Manufacturer", "Model No.", "Serial #", "SN", "MAC Address", "Room"]
                .map(String::from)
                .into();
        let columns = guess_columns(&headings);
        assert_eq!(columns["tag"], "Control Number");
        assert_eq!(columns["model"], "Model No.");
        assert_eq!(columns["serial"], "Serial #");
        assert_eq!(columns["location"], "Room");
    }

    #[test]
    fn what_an_asset_is_worth_is_read_with_its_currency() {
        let row = |cells: &[(&str, &str)]| -> BTreeMap<String, String> {
            cells.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect()
        };
        let worth = |row: BTreeMap<String, String>| {
            let headings: Vec<String> = row.keys().cloned().collect();
            Asset::of(&row, &guess_columns(&headings)).unwrap().worth()
        };
        let euro = Some((12_500, Some("EUR".to_owned())));
        assert_eq!(worth(row(&[("Tag", "1"), ("Kaufpreis / Price (EUR)", "12.500,00")])), euro);
        assert_eq!(worth(row(&[("Tag", "1"), ("Cost", "12500"), ("Currency", "EUR")])), euro);
        assert_eq!(worth(row(&[("Tag", "1"), ("Value", "EUR 12,500")])), euro);
        assert_eq!(worth(row(&[("Tag", "1"), ("Value", "12,500")])), Some((12_500, None)));
        assert_eq!(worth(row(&[("Tag", "1"), ("Value", "unknown")])), None);
    }

    #[test]
    fn a_list_and_the_wire_are_told_apart() {
        let devices = [
            device("a", "BD", "00123456", "00:03:b1:00:00:01"),
            device("b", "Philips", "DE999", "00:09:fb:00:00:02"),
            device("c", "Philips", "", "00:09:fb:00:00:03"),
        ];
        let assets = [
            Asset {
                tag: "1".into(),
                vendor: "BD CareFusion".into(),
                serial: "123456".into(),
                ..Asset::default()
            },
            Asset {
                tag: "2".into(),
                mac: "0009.fb00.0002".into(),
                serial: "DE000".into(),
                ..Asset::default()
            },
            Asset { tag: "3".into(), serial: "X1".into(), ..Asset::default() },
            // The number of device a, by another maker.
            Asset { tag: "4".into(), vendor: "Baxter".into(), serial: "123456".into(), ..Asset::default() },
        ];
        let result = reconcile(&assets, &devices);
        let matched: Vec<_> = result.matched.iter().map(|p| (p.asset, p.device.0.as_str(), p.by)).collect();
        assert_eq!(matched, [(0, "a", "serial"), (1, "b", "mac")]);
        assert_eq!(result.unseen, [2, 3]);
        assert_eq!(result.unlisted, [DeviceId("c".into())]);
        let contradicting: Vec<_> = result.contradicting.iter().map(|c| (c.asset, c.field)).collect();
        assert_eq!(contradicting, [(1, "serial")]);
    }

    #[test]
    fn a_row_that_names_nothing_is_no_asset() {
        let row = BTreeMap::from([("Manufacturer".to_owned(), "BD".to_owned())]);
        let columns = BTreeMap::from([("vendor".to_owned(), "Manufacturer".to_owned())]);
        assert_eq!(Asset::of(&row, &columns), None);
    }
}
