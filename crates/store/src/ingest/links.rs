//! Traffic between groups of devices, summed up as it is written, so that the map reads groups and not conversations.
//!
//! It counts for the groups that its ends were in when it was told of. Hours are kept for short times only, see
//! [`HOURS_BACK`]; protocols are told apart in the totals alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use medward_monitor::{NodeGroup, StoreError};

use super::book::Book;
use super::conversations::{DAY, HOUR, Key, Stored, Sums};
use super::labels::labels;
use crate::columns::NONE;
use crate::session::Session;
use crate::sql::{Sql, Value};

/// So far back, hours are kept and asked, and not days.
pub(crate) const HOURS_BACK: i64 = 72;

/// What is summed up, by the numbers of `kind` from 1 on.
const KINDS: [NodeGroup; 5] =
    [NodeGroup::Category, NodeGroup::Group, NodeGroup::Site, NodeGroup::Vlan, NodeGroup::Vendor];

/// The number of a kind of groups; `None` where none is kept.
pub(crate) fn kind(group: NodeGroup) -> Option<i64> {
    KINDS.iter().position(|kind| *kind == group).and_then(|at| i64::try_from(at + 1).ok())
}

/// Kind and both groups, as numbers of texts.
type Ends = (i64, usize, usize);

/// What is added to a link.
#[derive(Clone, Copy)]
struct Added {
    /// May fall in a bucket that a conversation left.
    conversations: i64,
    flows: u64,
    bytes: u64,
    last: i64,
}

impl Default for Added {
    fn default() -> Added {
        Added { conversations: 0, flows: 0, bytes: 0, last: i64::MIN }
    }
}

impl Added {
    fn add(&mut self, flows: u64, bytes: u64, last: i64) {
        self.flows = self.flows.saturating_add(flows);
        self.bytes = self.bytes.saturating_add(bytes);
        self.last = self.last.max(last);
    }

    fn values(self) -> [Value; 4] {
        [self.conversations.into(), self.flows.into(), self.bytes.into(), self.last.into()]
    }
}

/// The groups of devices, each text once.
#[derive(Default)]
struct Nodes {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
    of: HashMap<i64, [usize; KINDS.len()]>,
}

impl Nodes {
    fn number(&mut self, text: String) -> usize {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = self.texts.len();
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    async fn read(session: &mut Session, devices: BTreeSet<i64>) -> Result<Nodes, StoreError> {
        let mut nodes = Nodes::default();
        let devices: Vec<i64> = devices.into_iter().collect();
        for part in devices.chunks(1000) {
            let mut sql = Sql::new(
                "SELECT d.id, d.category, d.grp, d.site_key, d.vlan, d.vendor FROM device d WHERE d.id IN ",
            );
            sql.numbers(part.iter().copied());
            for row in session.fetch(sql).await? {
                let vlan = row.maybe_int(4)?.map_or_else(|| NONE.to_owned(), |vlan| vlan.to_string());
                let texts = [row.text(1)?, row.text(2)?, row.text(3)?, vlan, row.text(5)?];
                let numbers = texts.map(|text| nodes.number(text));
                nodes.of.insert(row.int(0)?, numbers);
            }
        }
        Ok(nodes)
    }

    /// The ends of a conversation, for each kind of groups.
    fn ends(&self, key: &Key) -> Vec<Ends> {
        match (self.of.get(&key.0), self.of.get(&key.1)) {
            (Some(a), Some(b)) => (1..).zip(a.iter().zip(b)).map(|(kind, (a, b))| (kind, *a, *b)).collect(),
            _ => Vec::new(),
        }
    }
}

pub(super) async fn write(
    session: &mut Session,
    book: &Book,
    sums: &Sums,
    stored: &BTreeMap<Key, Stored>,
) -> Result<(), StoreError> {
    let devices = sums.all.keys().flat_map(|key| [key.0, key.1]).collect();
    let nodes = Nodes::read(session, devices).await?;
    let names = labels(session, nodes.texts.iter().map(String::as_str).collect()).await?;
    let label = |number: usize| nodes.texts.get(number).and_then(|text| names.get(text)).copied();
    let mut total: HashMap<(Ends, i64), Added> = HashMap::new();
    for (key, sum) in &sums.all {
        let [flows, _, bytes] = sum.counts;
        let new = i64::from(!stored.contains_key(key));
        for ends in nodes.ends(key) {
            let added = total.entry((ends, key.4)).or_default();
            added.conversations += new;
            added.add(flows, bytes, sum.last.as_nanos());
        }
    }
    let rows = total
        .into_iter()
        .filter_map(|(((kind, a, b), protocol), added)| {
            let key = [kind, book.site, label(a)?, label(b)?, protocol].map(Value::from);
            Some(key.into_iter().chain(added.values()).collect())
        })
        .collect();
    let head = "INSERT INTO link_total (kind, site, a, b, protocol, conversations, flows, bytes, last)";
    session.insert(head, &add_links("link_total", "kind, site, a, b, protocol"), sorted(rows)).await?;
    let latest = sums.hours.keys().map(|(hour, _)| *hour).max().unwrap_or(0);
    for (table, width, since) in
        [("link_day", DAY, i64::MIN), ("link_hour", HOUR, latest.saturating_sub(HOURS_BACK))]
    {
        let rows = buckets(sums, stored, &nodes, width, since)
            .into_iter()
            .filter_map(|((bucket, (kind, a, b)), added)| {
                let key = [bucket, kind, book.site, label(a)?, label(b)?].map(Value::from);
                Some(key.into_iter().chain(added.values()).collect())
            })
            .collect();
        let head =
            format!("INSERT INTO {table} (bucket, kind, site, a, b, conversations, flows, bytes, last)");
        session.insert(&head, &add_links(table, "bucket, kind, site, a, b"), sorted(rows)).await?;
    }
    Ok(())
}

/// In the order of their keys: neighbours are written one after the other, and two writers never in cross order.
fn sorted(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let key = |row: &Vec<Value>| -> Vec<Option<i64>> {
        let number = |value: &Value| if let Value::Int(number) = value { *number } else { None };
        row.iter().take(5).map(number).collect()
    };
    rows.sort_by_cached_key(key);
    rows
}

/// What falls in buckets of a width, of hours after `since`.
fn buckets(
    sums: &Sums,
    stored: &BTreeMap<Key, Stored>,
    nodes: &Nodes,
    width: i64,
    since: i64,
) -> HashMap<(i64, Ends), Added> {
    let mut all: HashMap<(i64, Ends), Added> = HashMap::new();
    let of = |nanos: i64| nanos.div_euclid(width);
    let kept = |nanos: i64| nanos.div_euclid(HOUR) > since;
    for ((hour, key), counts) in &sums.hours {
        if *hour <= since {
            continue;
        }
        let [flows, _, bytes] = *counts;
        let end = hour.saturating_add(1).saturating_mul(HOUR).saturating_sub(1);
        let last = sums.all.get(key).map_or(end, |sum| sum.last.as_nanos().min(end));
        for ends in nodes.ends(key) {
            all.entry((of(hour.saturating_mul(HOUR)), ends)).or_default().add(flows, bytes, last);
        }
    }
    // A conversation stands where it had its last traffic.
    for (key, sum) in &sums.all {
        let before = stored.get(key).map(|stored| stored.last);
        let now = sum.last.as_nanos().max(before.unwrap_or(i64::MIN));
        if before.map(of) == Some(of(now)) {
            continue;
        }
        for ends in nodes.ends(key) {
            if kept(now) {
                all.entry((of(now), ends)).or_default().conversations += 1;
            }
            if let Some(before) = before.filter(|before| kept(*before)) {
                all.entry((of(before), ends)).or_default().conversations -= 1;
            }
        }
    }
    all
}

fn add_links(table: &str, key: &str) -> String {
    format!(
        "ON CONFLICT ({key}) DO UPDATE SET conversations = {table}.conversations + excluded.conversations, \
         flows = {table}.flows + excluded.flows, bytes = {table}.bytes + excluded.bytes, \
         last = CASE WHEN excluded.last > {table}.last THEN excluded.last ELSE {table}.last END"
    )
}
