//! Labels: what is true of the devices in a capture (tests/labels/README.md).

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

/// The labels of one capture.
pub struct Labels {
    /// As written: relative to the root of the repository.
    pub capture: String,
    pub devices: Vec<Label>,
}

/// What is true of one device.
pub struct Label {
    pub name: String,
    pub find: Find,
    /// True and visible.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// True, but hard to see.
    pub also: BTreeMap<String, Vec<String>>,
    /// Further values that count as right.
    pub accept: BTreeMap<String, Vec<String>>,
    /// Attributes that must not be claimed.
    pub absent: Vec<String>,
}

/// How the device is found in the inventory.
pub enum Find {
    Ip(String),
    Mac(String),
    Behind(String),
}

impl std::fmt::Display for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Find::Ip(ip) => write!(f, "{ip}"),
            Find::Mac(mac) => write!(f, "{mac}"),
            Find::Behind(gateway) => write!(f, "behind {gateway}"),
        }
    }
}

impl Labels {
    pub fn read(path: &Path) -> Labels {
        let text = std::fs::read_to_string(path).expect("a label file can be read");
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let capture = table.get("capture").and_then(Value::as_str);
        let capture = capture.unwrap_or_else(|| panic!("{}: names no capture", path.display())).to_owned();
        let devices = table.get("device").and_then(Value::as_array).into_iter().flatten();
        let devices = devices.map(|device| label(path, device)).collect();
        Labels { capture, devices }
    }
}

fn label(path: &Path, device: &Value) -> Label {
    let text = |key: &str| device.get(key).and_then(Value::as_str).map(str::to_owned);
    let find = match (text("behind"), text("ip"), text("mac")) {
        (Some(gateway), _, _) => Find::Behind(gateway),
        (None, Some(ip), _) => Find::Ip(ip),
        (None, None, Some(mac)) => Find::Mac(mac),
        _ => panic!("{}: a device has neither ip, mac nor behind", path.display()),
    };
    let known: Vec<&str> = medward_model::Attribute::ALL.iter().map(|attribute| attribute.name()).collect();
    let values = |key: &str| -> BTreeMap<String, Vec<String>> {
        let table = device.get(key).and_then(Value::as_table);
        table
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                assert!(known.contains(&name.as_str()), "{}: no attribute {name}", path.display());
                let values = match value {
                    Value::Array(values) => {
                        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                    }
                    value => vec![value.as_str().unwrap_or_default().to_owned()],
                };
                (name.clone(), values)
            })
            .collect()
    };
    let absent = device.get("absent").and_then(Value::as_array).into_iter().flatten();
    Label {
        name: text("name").unwrap_or_default(),
        find,
        attributes: values("attributes"),
        also: values("also"),
        accept: values("accept"),
        absent: absent.filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}
