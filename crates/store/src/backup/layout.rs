//! Which tables are carried, with their columns.

/// How a column is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Real,
    Text,
    Blob,
}

/// A table: its name, its columns, and how many of them, from the first on, tell rows apart.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: usize,
    pub(super) columns: &'static [(&'static str, Kind)],
}

macro_rules! tables {
    ($($name:ident / $key:literal : $($kind:ident ( $($column:ident)+ ))+ ;)+) => {
        /// In an order in which they can be filled.
        pub(super) const TABLES: &[Table] = &[$(Table {
            name: stringify!($name),
            key: $key,
            columns: &[$($((stringify!($column), Kind::$kind)),+),+],
        }),+];
    };
}

tables! {
    site / 1: Int(id) Text(name folded);
    label / 1: Int(id) Text(name);
    activity_kind / 1: Int(id) Text(protocol verb operation) Int(part clinical);
    counter / 1: Text(name) Int(value);
    device / 1: Int(id) Text(uid) Int(site) Text(site_key name vendor model category os grp location owner place
        whereabout belongs) Int(status scope lifecycle medical known criticality first_seen last_seen terms version changed
        matter judged findings worst vlan body letters said);
    removed / 2: Int(changed device);
    device_body / 1: Int(device) Blob(summary document);
    annotation / 1: Int(device version) Text(body);
    redirect / 1: Text(old new);
    term / 1: Int(id field) Text(value shown);
    device_term / 2: Int(term device);
    address / 2: Blob(ip) Int(device);
    conversation / 1: Int(id site originator responder transport port protocol flows packets bytes first last);
    conversation_day / 2: Int(bucket conversation flows packets bytes);
    link_total / 5: Int(kind site a b protocol conversations flows bytes last);
    link_day / 5: Int(bucket kind site a b conversations flows bytes last);
    link_hour / 5: Int(bucket kind site a b conversations flows bytes last);
    traffic_hour / 2: Int(bucket owner flows packets bytes);
    traffic_day / 2: Int(bucket owner flows packets bytes);
    activity_hour / 3: Int(device bucket kind count last);
    activity_day / 3: Int(device bucket kind count last);
    use_day / 2: Int(device bucket hours busy actions last);
    attribute_history / 1: Int(id device at) Text(attribute value) Real(confidence) Text(because);
    stay / 1: Int(id device since last ended) Text(place position how);
    event / 1: Int(number at site kind severity) Text(device title details);
    ruling / 1: Int(id) Blob(digest) Text(topic) Int(kind severity status treatment exploited) Text(title words cves)
        Blob(body);
    finding / 1: Int(id) Text(uid) Int(device ruling part rank found ended told);
    sensor / 2: Int(site) Text(name body);
    receipt / 3: Int(site) Text(sensor) Int(epoch sequence);
    memory / 3: Int(site part) Blob(key body);
    decision / 1: Int(number site at) Text(who reason body undone_by) Int(undone_at);
    document / 2: Text(kind id) Int(version changed expires) Text(body);
    audit / 1: Int(number at) Text(who origin action object outcome details hash folded);
}

/// Tables that backups of former schemas hold: they are read, and brought up to date, but not written any more.
pub(super) const FORMER: &[Table] = &[Table {
    name: "conversation_hour",
    key: 2,
    columns: &[
        ("bucket", Kind::Int),
        ("conversation", Kind::Int),
        ("flows", Kind::Int),
        ("packets", Kind::Int),
        ("bytes", Kind::Int),
    ],
}];

/// Tables whose keys PostgreSQL draws from a sequence.
pub(super) const DRAWN: [&str; 10] = [
    "site",
    "label",
    "activity_kind",
    "device",
    "term",
    "conversation",
    "attribute_history",
    "stay",
    "ruling",
    "finding",
];

impl Table {
    /// The names of the columns, with commas.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The names of the columns of the key, with commas.
    pub(super) fn key_names(&self) -> String {
        self.columns.iter().take(self.key).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}
