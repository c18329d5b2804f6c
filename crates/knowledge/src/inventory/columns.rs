//! Names of columns, and text in the encodings that spreadsheets write.

use medward_model::Attribute;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Attribute(Attribute),
    Mac,
    Ip,
    Hostname,
    /// Programs, separated by `;`, `|` or line breaks.
    Software,
    /// Kept under this name.
    Particular(&'static str),
}

impl Column {
    /// The name under which the values stand in the result.
    pub fn name(self) -> &'static str {
        match self {
            Column::Attribute(attribute) => attribute.name(),
            Column::Mac => "macs",
            Column::Ip => "ips",
            Column::Hostname => "hostnames",
            Column::Software => "software",
            Column::Particular(name) => name,
        }
    }
}

/// Names of columns, in lower case without marks, as exports of maintenance systems write them.
const NAMES: &[(Column, &[&str])] = &[
    (
        Column::Attribute(Attribute::Vendor),
        &[
            "vendor",
            "vendor name",
            "manufacturer",
            "manufacturer name",
            "make",
            "maker",
            "mfr",
            "mfg",
            "mfr name",
            "oem",
            "brand",
            "company",
            "supplier",
            "labeler",
        ],
    ),
    (
        Column::Attribute(Attribute::Model),
        &[
            "model",
            "model name",
            "model number",
            "model no",
            "model num",
            "model nr",
            "device model",
            "product",
            "product name",
            "product model",
            "equipment model",
            "mfr model",
            "manufacturer model",
            "device name",
            "modelname",
            "modelnumber",
        ],
    ),
    (
        Column::Attribute(Attribute::Family),
        &["family", "product family", "product line", "series", "model family"],
    ),
    (
        Column::Attribute(Attribute::Serial),
        &[
            "serial",
            "serial number",
            "serial no",
            "serial num",
            "serial nr",
            "s n",
            "sn",
            "serialnumber",
            "serialno",
            "device serial",
            "device serial number",
            "manufacturer serial number",
            "mfr serial",
        ],
    ),
    (
        Column::Attribute(Attribute::Udi),
        &["udi", "udi di", "di", "gtin", "device identifier", "unique device identifier"],
    ),
    (
        Column::Attribute(Attribute::Os),
        &["os", "operating system", "os name", "operatingsystem", "platform", "os type"],
    ),
    (
        Column::Attribute(Attribute::OsVersion),
        &["os version", "operating system version", "os ver", "osversion", "os release", "os build"],
    ),
    (
        Column::Attribute(Attribute::Firmware),
        &[
            "firmware",
            "firmware version",
            "software version",
            "sw version",
            "fw version",
            "version",
            "software rev",
            "software revision",
            "sw rev",
            "firmware revision",
            "app version",
            "application version",
            "software release",
            "fw",
            "sw",
            "rev",
            "revision",
            "firmware ver",
            "software ver",
            "softwareversion",
            "firmwareversion",
            "device version",
            "product version",
            "software level",
        ],
    ),
    (
        Column::Attribute(Attribute::Category),
        &[
            "category",
            "device type",
            "type",
            "equipment type",
            "device category",
            "asset type",
            "class",
            "modality",
            "device class",
        ],
    ),
    (
        Column::Attribute(Attribute::Location),
        &["location", "room", "department", "unit", "ward", "site location", "building", "floor", "area"],
    ),
    (Column::Mac, &["mac", "mac address", "macaddress", "ethernet address", "mac addresses", "mac id"]),
    (Column::Ip, &["ip", "ip address", "ipaddress", "ipv4", "ip addresses", "ip addr"]),
    (Column::Hostname, &["hostname", "host name", "host", "dns name", "computer name", "network name"]),
    (Column::Software, &["software", "installed software", "applications", "programs", "components"]),
    (
        Column::Particular("asset tag"),
        &[
            "asset tag",
            "asset id",
            "asset",
            "asset number",
            "asset no",
            "tag",
            "tag number",
            "equipment id",
            "equipment number",
            "control number",
            "cmms id",
            "ecn",
            "id",
            "inventory number",
            "asset control number",
            "device id",
            "equipment no",
        ],
    ),
    (
        Column::Particular("lot"),
        &["lot", "lot number", "lot no", "batch", "batch number", "lot code", "batch lot"],
    ),
    (
        Column::Particular("catalog number"),
        &[
            "catalog number",
            "catalogue number",
            "catalog no",
            "cat no",
            "part number",
            "part no",
            "ref",
            "reference number",
            "order number",
            "product number",
            "item number",
            "product code",
            "material number",
            "list number",
            "sku",
            "pn",
            "p n",
        ],
    ),
    (
        Column::Particular("manufactured"),
        &[
            "manufactured",
            "manufacture date",
            "date of manufacture",
            "manufacturing date",
            "mfg date",
            "production date",
            "dom",
        ],
    ),
    (Column::Particular("cpe"), &["cpe", "cpe name", "cpe 2 3", "cpe23"]),
    (
        Column::Particular("description"),
        &["description", "device description", "equipment description", "asset description", "name"],
    ),
];

/// What a column of that name holds.
pub(crate) fn column(header: &str) -> Option<Column> {
    let plain = plain(header);
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(column, _)| *column)
}

/// Lower case, words apart: "Serial_Number", "serialNumber" and "Serial #" are one.
fn plain(header: &str) -> String {
    let mut text = String::new();
    let mut lower_before = false;
    for c in header.trim().chars() {
        if c == '#' {
            text.push_str(" number ");
        } else if c.is_alphanumeric() {
            if c.is_uppercase() && lower_before {
                text.push(' ');
            }
            text.extend(c.to_lowercase());
        } else {
            text.push(' ');
        }
        lower_before = c.is_lowercase();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What people put where they do not know.
pub(crate) fn says_nothing(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "n/a"
            | "na"
            | "none"
            | "unknown"
            | "-"
            | "--"
            | "?"
            | "tbd"
            | "null"
            | "not available"
            | "not known"
            | "unk"
            | "n.a."
            | "#n/a"
    )
}
