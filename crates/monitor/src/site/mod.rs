//! A site as it lives: reports come in, commits go out.
//!
//! [`LiveSite::accept`] takes a report, [`LiveSite::commit`] makes a [`Commit`] of all that came since, with what it means:
//! new and changed devices, conversations, use, places, events. What the site must remember travels in the commit, too, so
//! that a site loaded from the store goes on where its last commit ended.

mod devices;
mod known;
mod news;
mod silence;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use medward_identify::{
    Catalog, Decisions, DecodeError, DeviceFact, Limits, Names, Round, Site, conversations,
};
use medward_model::{Device, DeviceId, Finding, Mac, Severity, ShortId, Timestamp};

use crate::commit::{ActivityDelta, ConversationDelta, Part};
use crate::whereabouts::BELIEVED_SECONDS;
use crate::{
    Commit, Decision, Entry, Event, JudgedBy, JudgedDevice, PlaceRules, Position, Receipt, Report, Said,
    SensorState, SiteMemory,
};
use known::Kept;

/// Tables of entries below this belong to identity, the others to this crate.
const OWN_TABLES: u8 = 64;
/// What is known of a device between commits.
const KNOWN: u8 = OWN_TABLES + 3;
/// The same, as it was written once; it is not read.
const KNOWN_ONCE: u8 = OWN_TABLES;
/// Positions that others told.
const POSITIONS: u8 = OWN_TABLES + 1;

/// When a device last was used.
const USED: u8 = OWN_TABLES + 2;

/// Positions that are kept of one MAC address.
const POSITIONS_KEPT: usize = 4;
/// MAC addresses with positions.
const POSITIONED: usize = 1 << 20;
/// Groups of categories whose devices take part in care.
const GROUPS_OF_CARE: [&str; 6] = ["medical", "imaging", "patient care", "surgery", "therapy", "laboratory"];

/// What a live site must be told of the program around it.
pub trait Lore: Names {
    /// The protocol belongs to care: what is done over it is use of a device.
    fn is_clinical(&self, protocol: &str) -> bool;

    /// Whether a field of a dissector is needed to judge devices ([`Lore::exposures`]).
    fn wants(&self, _source: &str, _field: &str) -> bool {
        false
    }

    /// What the wire itself shows to be wrong with devices.
    fn exposures(&self, _devices: &[Device], _facts: &[DeviceFact], _now: Timestamp) -> Vec<Finding> {
        Vec::new()
    }

    /// Whether what is judged by that fact depends on the day.
    fn ages(&self, _fact: &DeviceFact) -> bool {
        false
    }
}

/// A site as it lives.
pub struct LiveSite {
    name: String,
    site: Site,
    known: BTreeMap<ShortId, Kept>,
    positions: BTreeMap<Mac, Vec<Position>>,
    places: Vec<PlaceRules>,
    sensors: BTreeMap<String, SensorState>,
    receipts: BTreeMap<(String, u64), u64>,
    /// Whose reports came since the last commit.
    reported: BTreeSet<(String, u64)>,
    /// Devices and positions that are to be written down.
    changed: BTreeSet<ShortId>,
    /// Devices that were seen again, which is told and written down now and then.
    later: BTreeSet<ShortId>,
    changed_positions: BTreeSet<Mac>,
    /// MAC addresses that were told to be elsewhere since the last commit.
    moved: BTreeSet<Mac>,
    /// Devices whose silence is no news: in maintenance, stored, retired.
    excused: BTreeSet<ShortId>,
    /// What people said that weighs.
    said: Arc<BTreeMap<DeviceId, Said>>,
    /// When devices last were used in care.
    used: BTreeMap<ShortId, Timestamp>,
    changed_uses: BTreeSet<ShortId>,
    sensors_changed: bool,
    events: Vec<Event>,
    /// When times were last written down.
    times_written: Timestamp,
    checked: Timestamp,
    /// Every device's place is to be found anew.
    replace: bool,
    /// Groups of receivers: who sends to one only is heard by no other. Found anew after a restart, with all devices.
    groups: BTreeSet<ShortId>,
    /// Devices whose judgement depends on the day, and the day on which they were judged.
    aging: BTreeSet<ShortId>,
    judged_on: i64,
}

/// Seconds between two writings of what changed in its times only.
const TIMES_EVERY: i64 = 60;
/// Seconds of silence about a device that is seen again and again, and stands as it stood.
const SIGHT_EVERY: i64 = 15;
/// Seconds between two looks for silent devices.
const CHECK_EVERY: i64 = 30;
/// A sensor that did not report for so long is silent.
const SENSOR_SILENT: i64 = 60;

impl LiveSite {
    /// A site of which nothing is known. `realm`: see [`Site::new`].
    pub fn new(name: &str, realm: &str) -> LiveSite {
        LiveSite {
            name: name.to_owned(),
            site: Site::new(realm, &Limits::site()),
            known: BTreeMap::new(),
            positions: BTreeMap::new(),
            places: Vec::new(),
            sensors: BTreeMap::new(),
            receipts: BTreeMap::new(),
            reported: BTreeSet::new(),
            changed: BTreeSet::new(),
            later: BTreeSet::new(),
            changed_positions: BTreeSet::new(),
            moved: BTreeSet::new(),
            excused: BTreeSet::new(),
            said: Arc::default(),
            used: BTreeMap::new(),
            changed_uses: BTreeSet::new(),
            sensors_changed: false,
            events: Vec::new(),
            times_written: Timestamp::MIN,
            checked: Timestamp::MIN,
            replace: false,
            groups: BTreeSet::new(),
            aging: BTreeSet::new(),
            judged_on: 0,
        }
    }

    /// Takes up what a store kept.
    pub fn restore(&mut self, memory: SiteMemory, names: &dyn Names) -> Result<usize, DecodeError> {
        let mut of_identity = Vec::new();
        for (table, key, body) in memory.entries {
            match table {
                KNOWN => {
                    if let Some(id) = short(&key) {
                        self.known.insert(id, Kept::read(&body)?);
                    }
                }
                KNOWN_ONCE => {}
                POSITIONS => {
                    let mac = Mac::read(&key).unwrap_or_default();
                    let told: Vec<(String, String, i64)> = postcard::from_bytes(&body)?;
                    let told = told.into_iter().map(|(position, how, at)| Position {
                        mac,
                        position,
                        how,
                        at: Timestamp::from_nanos(at),
                    });
                    self.positions.insert(mac, told.collect());
                }
                USED => {
                    if let Some(id) = short(&key) {
                        self.used.insert(id, Timestamp::from_nanos(postcard::from_bytes(&body)?));
                    }
                }
                _ => of_identity.push((table, key, body)),
            }
        }
        for receipt in memory.receipts {
            self.receipts.insert((receipt.sensor, receipt.epoch), receipt.sequence);
        }
        let decided: Vec<Decision> = memory.decisions.into_iter().map(|record| record.decision).collect();
        self.decide(&decided);
        self.site.restore(of_identity, names)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Devices that are known.
    pub fn devices(&self) -> usize {
        self.known.len()
    }

    /// What people decided about identities, all of it.
    pub fn decide(&mut self, decisions: &[Decision]) {
        let mut all = Decisions::default();
        for decision in decisions {
            match decision {
                Decision::Join { nodes } => all.joined.push(nodes.clone()),
                Decision::Part { node, from } => {
                    all.parted.extend(from.iter().map(|other| (node.clone(), other.clone())));
                }
            }
        }
        self.site.decide(all);
    }

    /// Makes the next commit build every device anew: after a decision, or with another catalogue.
    pub fn renew(&mut self) {
        self.site.rebuild();
        self.replace = true;
    }

    /// The rules that tell places; every device's place is found anew at the next commit.
    pub fn map(&mut self, places: Vec<PlaceRules>) {
        if places != self.places {
            self.places = places;
            self.replace = true;
        }
    }

    /// Devices whose silence is no news.
    pub fn excuse(&mut self, devices: &BTreeSet<DeviceId>) {
        self.excused = devices.iter().filter_map(ShortId::of).collect();
    }

    /// What people said of devices that weighs on what is told of them.
    pub fn heed(&mut self, said: Arc<BTreeMap<DeviceId, Said>>) {
        self.said = said;
    }

    /// True where that report is contained already.
    pub fn has(&self, receipt: &Receipt) -> bool {
        self.receipts
            .get(&(receipt.sensor.clone(), receipt.epoch))
            .is_some_and(|sequence| *sequence >= receipt.sequence)
    }

    /// Takes in a report. One that is contained already is left out; answers whether it was taken.
    pub fn accept(&mut self, receipt: &Receipt, report: Report, now: Timestamp) -> bool {
        if self.has(receipt) {
            return false;
        }
        let from = (receipt.sensor.clone(), receipt.epoch);
        self.receipts.insert(from.clone(), receipt.sequence);
        self.reported.insert(from);
        self.note_sensor(receipt, report.state, now);
        for position in report.positions {
            self.place(position);
        }
        self.site.absorb(report.ledger);
        true
    }

    /// Somebody tells where a device is.
    pub fn place(&mut self, position: Position) {
        let mac = position.mac;
        if !self.positions.contains_key(&mac) && self.positions.len() >= POSITIONED {
            return;
        }
        let told = self.positions.entry(mac).or_default();
        let before = told.iter().find(|known| known.how == position.how);
        let same = before.is_some_and(|before| {
            before.position == position.position && position.at.seconds_since(before.at) < BELIEVED_SECONDS
        });
        if !same {
            self.moved.insert(mac);
        }
        told.retain(|known| known.how != position.how);
        told.push(position);
        told.sort_by_key(|known| std::cmp::Reverse(known.at));
        told.truncate(POSITIONS_KEPT);
        self.changed_positions.insert(mac);
    }

    fn note_sensor(&mut self, receipt: &Receipt, mut state: SensorState, now: Timestamp) {
        let before = self.sensors.get(&receipt.sensor);
        state.name.clone_from(&receipt.sensor);
        state.site.clone_from(&self.name);
        (state.epoch, state.sequence, state.last_report) = (receipt.epoch, receipt.sequence, now);
        if let Some(before) = before {
            let lost = state.lost_reports.saturating_sub(before.lost_reports);
            if lost > 0 {
                self.events.push(news::sensor(
                    &self.name,
                    &state.name,
                    Severity::Medium,
                    format!("Sensor {} had to give up {lost} reports: its spool was full", state.name),
                    now,
                ));
            }
            if now.seconds_since(before.last_report) > SENSOR_SILENT {
                let title = format!("Sensor {} reports again", state.name);
                self.events.push(news::sensor(&self.name, &state.name, Severity::Info, title, now));
            }
        }
        self.sensors.insert(receipt.sensor.clone(), state);
        self.sensors_changed = true;
    }

    /// Something is to be committed: a report came, or it is time to look for what is silent.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.site.is_due()
            || self.sensors_changed
            || self.replace
            || !self.changed_positions.is_empty()
            || now.seconds_since(self.checked) >= CHECK_EVERY
    }

    /// The next commit is to hold everything that else would be told and written down later.
    pub fn flush(&mut self) {
        self.times_written = Timestamp::MIN;
    }

    /// Something was learnt that a quick commit does not take into account.
    pub fn is_stale(&self) -> bool {
        self.site.is_stale() || self.replace || !self.moved.is_empty()
    }

    /// Makes a commit of all that came since the last one. The caller stores it, and the same again until that succeeds.
    ///
    /// A thorough one costs time in the size of the site, another only in what came: it tells of traffic and sightings, and
    /// leaves new and changed devices to the next thorough one.
    pub fn commit(&mut self, catalog: &Catalog, lore: &dyn Lore, now: Timestamp, thorough: bool) -> Commit {
        let day = now.as_seconds().div_euclid(86_400);
        if self.judged_on != day {
            self.judged_on = day;
            self.site.renew(&std::mem::take(&mut self.aging));
        }
        let all_anew = self.relocate();
        let round = match thorough || all_anew {
            true => self.site.refresh_with(catalog, &|source, field| lore.wants(source, field)),
            false => self.site.glance(),
        };
        let mut commit = Commit { site: self.name.clone(), ..Commit::default() };
        commit.events.append(&mut self.events);
        self.end(&round, &mut commit, now);
        let heard = self.heard(&round);
        self.build(&round.devices, &heard, catalog, &mut commit, now);
        let heard = self.hear(heard, now);
        self.judge(&round, lore, &mut commit, now);
        self.see(&round, &mut commit, now);
        self.tell_heard(heard, &mut commit);
        self.converse(&round, lore, &mut commit, now);
        if now.seconds_since(self.checked) >= CHECK_EVERY {
            self.checked = now;
            self.check(&mut commit, now);
        }
        let times = now.seconds_since(self.times_written) >= TIMES_EVERY;
        if times {
            self.times_written = now;
            self.tell_later(&mut commit);
        }
        self.write(times, &mut commit);
        for event in &mut commit.events {
            if let Some(said) = event.device.as_ref().and_then(|device| self.said.get(device)) {
                said.weigh(event);
            }
        }
        if self.sensors_changed {
            self.sensors_changed = false;
            commit.sensors = self.sensors.values().cloned().collect();
        }
        commit.receipts = std::mem::take(&mut self.reported)
            .into_iter()
            .filter_map(|(sensor, epoch)| {
                let sequence = *self.receipts.get(&(sensor.clone(), epoch))?;
                Some(Receipt { sensor, epoch, sequence })
            })
            .collect();
        commit
    }

    /// Devices that others told another place of are to be built anew, with all that tells where they are; all of them
    /// where the rules are others. Answers whether it is all.
    fn relocate(&mut self) -> bool {
        let moved = std::mem::take(&mut self.moved);
        if std::mem::take(&mut self.replace) {
            self.site.rebuild();
            return true;
        }
        if !moved.is_empty() {
            let told =
                self.known.iter().filter(|(_, kept)| kept.open().macs.iter().any(|mac| moved.contains(mac)));
            self.site.renew(&told.map(|(id, _)| *id).collect());
        }
        false
    }

    /// What the wire shows of devices that were built. Costs nothing where none were.
    fn judge(&mut self, round: &Round, lore: &dyn Lore, commit: &mut Commit, now: Timestamp) {
        if round.devices.is_empty() {
            return;
        }
        let mut found: BTreeMap<DeviceId, Vec<Finding>> = BTreeMap::new();
        for finding in lore.exposures(&round.devices, &round.facts, now) {
            found.entry(finding.device.clone()).or_default().push(finding);
        }
        // One that has none is told, too: what it had ends.
        commit.exposures.extend(round.devices.iter().map(|device| JudgedDevice {
            device: device.id.clone(),
            by: JudgedBy::Wire,
            findings: found.remove(&device.id).unwrap_or_default(),
            at: now,
            with: None,
        }));
        let aging = round.facts.iter().filter(|fact| lore.ages(fact));
        self.aging.extend(aging.filter_map(|fact| ShortId::of(&fact.device)));
    }

    /// Who talked with whom, and what devices did.
    fn converse(&mut self, round: &Round, lore: &dyn Lore, commit: &mut Commit, now: Timestamp) {
        for one in conversations(round.exchanges.clone()) {
            let met = news::peer(&self.name, &one, &mut self.known, now, commit);
            self.changed.extend(met.into_iter().flatten());
            commit.conversations.push(ConversationDelta {
                originator: one.originator.id(),
                responder: one.responder.id(),
                transport: one.transport,
                port: one.port,
                protocol: one.protocol.to_owned(),
                flows: one.flows,
                packets: one.packets,
                bytes: one.bytes,
                first: one.first,
                last: one.last,
            });
        }
        for deed in &round.deeds {
            let verb = serde_json::to_value(deed.verb).ok();
            let verb = verb.as_ref().and_then(|v| v.as_str()).unwrap_or_default().to_owned();
            let clinical = lore.is_clinical(deed.protocol) && is_use(&verb, &deed.operation);
            if clinical {
                self.use_of(deed.device, deed.last);
            }
            commit.activity.push(ActivityDelta {
                device: deed.device.id(),
                protocol: deed.protocol.to_owned(),
                clinical,
                verb,
                operation: deed.operation.to_string(),
                part: if deed.actor { Part::Did } else { Part::Served },
                count: deed.count,
                first: deed.first,
                last: deed.last,
            });
        }
    }

    fn use_of(&mut self, device: ShortId, at: Timestamp) {
        let known = self.used.entry(device).or_insert(Timestamp::MIN);
        if at > *known {
            *known = at;
            self.changed_uses.insert(device);
        }
    }

    /// What is to be remembered.
    fn write(&mut self, times: bool, commit: &mut Commit) {
        for (table, key, body) in self.site.unwritten(times) {
            commit.entries.push(Entry { table, key, body });
        }
        let mut changed = std::mem::take(&mut self.changed);
        if times {
            changed.append(&mut self.later);
        }
        for id in changed {
            if let Some(kept) = self.known.get(&id) {
                commit.entries.push(Entry {
                    table: KNOWN,
                    key: id.id().0.into_bytes(),
                    body: kept.written(),
                });
            }
        }
        for id in std::mem::take(&mut self.changed_uses) {
            let used = self.used.get(&id).map(|used| used.as_nanos());
            let body = used.and_then(|used| postcard::to_allocvec(&used).ok());
            commit.entries.push(Entry { table: USED, key: id.id().0.into_bytes(), body });
        }
        for mac in std::mem::take(&mut self.changed_positions) {
            if let Some(told) = self.positions.get(&mac) {
                let told: Vec<(&str, &str, i64)> =
                    told.iter().map(|p| (&*p.position, &*p.how, p.at.as_nanos())).collect();
                let body = postcard::to_allocvec(&told).ok();
                commit.entries.push(Entry { table: POSITIONS, key: mac.0.to_vec(), body });
            }
        }
    }
}

/// A device's id as it is written down.
fn short(key: &[u8]) -> Option<ShortId> {
    ShortId::of(&DeviceId(String::from_utf8_lossy(key).into_owned()))
}

/// Names, time and addresses are not use; verification of a connection is not either.
fn is_use(verb: &str, operation: &str) -> bool {
    !matches!(verb, "lookup" | "announce" | "address" | "time" | "report" | "login" | "disconnect")
        && !operation.starts_with("C-ECHO")
}
