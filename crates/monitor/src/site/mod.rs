//! A site as it lives: reports come in, commits go out.
//!
//! [`LiveSite::accept`] takes a report, [`LiveSite::commit`] makes a [`Commit`] of all that came since, with what it means:
//! new and changed devices, conversations, use, places, events. What the site must remember travels in the commit, too, so
//! that a site loaded from the store goes on where its last commit ended.

mod known;
mod news;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use medward_identify::{Catalog, Decisions, DecodeError, Limits, Names, Round, Site, conversations};
use medward_model::{Device, DeviceId, Mac, Scope, Severity, Timestamp};

use crate::commit::{ActivityDelta, ConversationDelta, DeviceRow, Gone, Part, Sighting, Stay};
use crate::whereabouts::{BELIEVED_SECONDS, locate};
use crate::{
    Commit, Decision, Entry, Event, PlaceRules, Position, Receipt, Report, Said, SensorState, SiteMemory,
    Status,
};
use known::Known;

/// Tables of entries below this belong to identity, the others to this crate.
const OWN_TABLES: u8 = 64;
/// What is known of a device between commits.
const KNOWN: u8 = OWN_TABLES;
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
}

/// A site as it lives.
pub struct LiveSite {
    name: String,
    site: Site,
    known: BTreeMap<DeviceId, Known>,
    positions: BTreeMap<Mac, Vec<Position>>,
    places: Vec<PlaceRules>,
    sensors: BTreeMap<String, SensorState>,
    receipts: BTreeMap<(String, u64), u64>,
    /// Whose reports came since the last commit.
    reported: BTreeSet<(String, u64)>,
    /// Devices and positions that are to be written down.
    changed: BTreeSet<DeviceId>,
    changed_positions: BTreeSet<Mac>,
    /// MAC addresses that were told to be elsewhere since the last commit.
    moved: BTreeSet<Mac>,
    /// Devices whose silence is no news: in maintenance, stored, retired.
    excused: BTreeSet<DeviceId>,
    /// What people said that weighs.
    said: Arc<BTreeMap<DeviceId, Said>>,
    /// When devices last were used in care.
    used: BTreeMap<DeviceId, Timestamp>,
    changed_uses: BTreeSet<DeviceId>,
    sensors_changed: bool,
    events: Vec<Event>,
    /// When times were last written down.
    times_written: Timestamp,
    checked: Timestamp,
    /// Every device's place is to be found anew.
    replace: bool,
    /// Groups of receivers: who sends to one only is heard by no other. Found anew after a restart, with all devices.
    groups: BTreeSet<DeviceId>,
}

/// Seconds between two writings of what changed in its times only.
const TIMES_EVERY: i64 = 60;
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
        }
    }

    /// Takes up what a store kept.
    pub fn restore(&mut self, memory: SiteMemory, names: &dyn Names) -> Result<usize, DecodeError> {
        let mut of_identity = Vec::new();
        for (table, key, body) in memory.entries {
            match table {
                KNOWN => {
                    let id = DeviceId(String::from_utf8_lossy(&key).into_owned());
                    self.known.insert(id, postcard::from_bytes(&body)?);
                }
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
                    let id = DeviceId(String::from_utf8_lossy(&key).into_owned());
                    self.used.insert(id, Timestamp::from_nanos(postcard::from_bytes(&body)?));
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
    pub fn excuse(&mut self, devices: BTreeSet<DeviceId>) {
        self.excused = devices;
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

    /// Something was learnt that a quick commit does not take into account.
    pub fn is_stale(&self) -> bool {
        self.site.is_stale() || self.replace || !self.moved.is_empty()
    }

    /// Makes a commit of all that came since the last one. The caller stores it, and the same again until that succeeds.
    ///
    /// A thorough one costs time in the size of the site, another only in what came: it tells of traffic and sightings, and
    /// leaves new and changed devices to the next thorough one.
    pub fn commit(&mut self, catalog: &Catalog, lore: &dyn Lore, now: Timestamp, thorough: bool) -> Commit {
        let all_anew = self.relocate();
        let round = match thorough || all_anew {
            true => self.site.refresh(catalog),
            false => self.site.glance(),
        };
        let mut commit = Commit { site: self.name.clone(), ..Commit::default() };
        commit.events.append(&mut self.events);
        self.end(&round, &mut commit, now);
        let heard = self.heard(&round);
        self.build(&round.devices, &heard, catalog, &mut commit, now);
        let heard = self.hear(heard, now);
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
                self.known.iter().filter(|(_, known)| known.macs.iter().any(|mac| moved.contains(mac)));
            self.site.rebuild_some(&told.map(|(id, _)| id.clone()).collect());
        }
        false
    }

    /// Devices that are none any more.
    fn end(&mut self, round: &Round, commit: &mut Commit, now: Timestamp) {
        for (device, into) in &round.gone {
            self.groups.remove(device);
            if let Some(used) = self.used.remove(device) {
                self.changed_uses.insert(device.clone());
                if let Some(into) = into {
                    self.use_of(into, used);
                }
            }
            let Some(before) = self.known.remove(device) else { continue };
            commit.entries.push(Entry { table: KNOWN, key: device.0.clone().into_bytes(), body: None });
            if let Some(into) = into {
                // What it was known by does not make its successor new.
                let heir = self.known.entry(into.clone()).or_insert_with(|| before.clone());
                heir.first_seen = heir.first_seen.min(before.first_seen);
                if before.is_heard() {
                    heir.hear();
                }
                commit.events.push(news::merged(&self.name, into, &before.name, now));
            }
            commit.gone.push(Gone { device: device.clone(), into: into.clone(), at: now });
        }
    }

    /// Devices that were heard for the first time: they sent something to one other.
    fn heard(&mut self, round: &Round) -> BTreeSet<DeviceId> {
        let groups = round.devices.iter().filter(|device| device.scope == Scope::Multicast);
        self.groups.extend(groups.map(|device| device.id.clone()));
        let ends = round
            .exchanges
            .iter()
            .filter(|one| !self.groups.contains(&one.responder))
            .flat_map(|one| [(&one.originator, one.packets[0]), (&one.responder, one.packets[1])]);
        ends.filter(|(id, sent)| *sent > 0 && self.known.get(*id).is_none_or(|known| !known.is_heard()))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// What was only spoken of speaks. Answers who was known before.
    fn hear(&mut self, heard: BTreeSet<DeviceId>, now: Timestamp) -> BTreeSet<DeviceId> {
        let mut changed = heard;
        changed.retain(|id| match self.known.get_mut(id) {
            Some(known) if !known.is_heard() => {
                known.hear();
                known.seen(now);
                true
            }
            _ => false,
        });
        changed
    }

    /// Each device is sighted once in a commit.
    fn tell_heard(&mut self, heard: BTreeSet<DeviceId>, commit: &mut Commit) {
        let mut left = heard;
        for sighting in &commit.sightings {
            left.remove(&sighting.device);
        }
        for id in left {
            let Some(known) = self.known.get(&id) else { continue };
            let (status, last_seen) = (known.status, known.last_seen);
            commit.sightings.push(Sighting { device: id.clone(), last_seen, status });
            self.changed.insert(id);
        }
    }

    /// Devices that are new or other than they were.
    fn build(
        &mut self,
        devices: &[Device],
        heard: &BTreeSet<DeviceId>,
        catalog: &Catalog,
        commit: &mut Commit,
        now: Timestamp,
    ) {
        for device in devices {
            let last = device.last_seen.unwrap_or(now);
            let first = device.first_seen.unwrap_or(last);
            let group = device
                .value(medward_model::Attribute::Category)
                .and_then(|category| catalog.category(category))
                .map(|category| category.group.clone());
            let medical = group.as_deref().is_some_and(|group| GROUPS_OF_CARE.contains(&group));
            let fresh = !self.known.contains_key(&device.id);
            let known = self.known.entry(device.id.clone()).or_insert_with(|| Known::new(first, last));
            // Of what is elsewhere or behind a gateway nothing but its talks can be known.
            let told = device.scope != Scope::Internal || device.parent.is_some();
            if told || !device.services.is_empty() || heard.contains(&device.id) {
                known.hear();
            }
            let (back, before) = (known.status == Status::Missing, known.last_seen);
            known.regularity.note(first, last);
            (known.first_seen, known.last_seen) = (known.first_seen.min(first), known.last_seen.max(last));
            if device.scope != Scope::Multicast {
                news::of(&self.name, device, known, fresh, now, commit);
            }
            known.medical = medical;
            known.macs.clone_from(&device.macs);
            known.learn(device);
            let told: Vec<Position> =
                device.macs.iter().filter_map(|mac| self.positions.get(mac)).flatten().cloned().collect();
            let whereabouts = match device.scope {
                Scope::Internal => locate(device, &told, &self.places, known.whereabouts.as_ref(), now),
                _ => None,
            };
            news::moved(&self.name, &device.id, known, whereabouts.as_ref(), now, commit);
            if let Some(stay) = whereabouts.clone().filter(|w| known.is_elsewhere(w)) {
                commit.stays.push(Stay { device: device.id.clone(), whereabouts: stay });
            }
            known.whereabouts.clone_from(&whereabouts);
            known.placed = Some((device.hostnames.clone(), device.aliases.clone()));
            self.changed.insert(device.id.clone());
            let status = known.seen(now);
            if back && status != Status::Missing {
                commit.events.push(news::reappeared(&self.name, &device.id, known, before, now));
            }
            commit.devices.push(DeviceRow {
                name: known.name.clone(),
                whereabouts,
                status,
                group,
                medical,
                device: device.clone(),
            });
        }
    }

    /// Devices that are as they were, and were seen again.
    fn see(&mut self, round: &Round, commit: &mut Commit, now: Timestamp) {
        for (id, first, last) in &round.unchanged {
            let Some(known) = self.known.get_mut(id) else { continue };
            if *last <= known.last_seen {
                continue;
            }
            let back = known.status == Status::Missing;
            let before = known.last_seen;
            known.regularity.note((*first).max(before), *last);
            known.last_seen = *last;
            let status = known.seen(now);
            if back && status != Status::Missing {
                commit.events.push(news::reappeared(&self.name, id, known, before, now));
            }
            self.changed.insert(id.clone());
            commit.sightings.push(Sighting { device: id.clone(), last_seen: *last, status });
        }
    }

    /// Who talked with whom, and what devices did.
    fn converse(&mut self, round: &Round, lore: &dyn Lore, commit: &mut Commit, now: Timestamp) {
        for one in conversations(round.exchanges.clone()) {
            news::peer(&self.name, &one, &mut self.known, now, commit);
            commit.conversations.push(ConversationDelta {
                originator: one.originator,
                responder: one.responder,
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
                self.use_of(&deed.device, deed.last);
            }
            commit.activity.push(ActivityDelta {
                device: deed.device.clone(),
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

    fn use_of(&mut self, device: &DeviceId, at: Timestamp) {
        let known = self.used.entry(device.clone()).or_insert(Timestamp::MIN);
        if at > *known {
            *known = at;
            self.changed_uses.insert(device.clone());
        }
    }

    /// Looks for what fell silent.
    fn check(&mut self, commit: &mut Commit, now: Timestamp) {
        for sensor in self.sensors.values_mut() {
            let silence = now.seconds_since(sensor.last_report);
            if silence > SENSOR_SILENT && silence <= SENSOR_SILENT + 2 * CHECK_EVERY {
                let title = format!("Sensor {} stopped reporting", sensor.name);
                commit.events.push(news::sensor(&self.name, &sensor.name, Severity::High, title, now));
            }
        }
        // While the wire itself is silent, nothing is known of anybody.
        let heard = self.sensors.values().map(|s| s.last_packet).max().unwrap_or(Timestamp::MIN);
        if now.seconds_since(heard) > SENSOR_SILENT {
            return;
        }
        let lately = heard.plus_seconds(-3600);
        let mut here: BTreeMap<u16, (u32, u32)> = BTreeMap::new();
        for known in self.known.values().filter(|known| known.internal && known.is_heard()) {
            let (all, active) = here.entry(known.vlan()).or_default();
            *all += 1;
            *active += u32::from(known.last_seen >= lately);
        }
        let mut changed: BTreeMap<DeviceId, (Timestamp, Status)> = BTreeMap::new();
        for (id, known) in &mut self.known {
            let before = known.status;
            let said = self.said.get(id);
            let mut status = known.status(now, said.map_or(Timestamp::MIN, |said| said.counted_from(now)));
            let planned = said.is_some_and(|said| said.planned(now).is_some());
            // Half of its network must be there: else the network is silent, not the device.
            let alive = here.get(&known.vlan()).is_some_and(|(all, active)| *all < 4 || active * 2 >= *all);
            let expected = planned || !known.internal || self.excused.contains(id);
            if status == Status::Missing && (expected || !alive && before != Status::Missing) {
                status = Status::Silent;
            }
            if status != before {
                known.status = status;
                self.changed.insert(id.clone());
                changed.insert(id.clone(), (known.last_seen, status));
                if status == Status::Missing {
                    let told = known.macs.iter().filter_map(|mac| self.positions.get(mac)).flatten();
                    let here = known.whereabouts.as_ref().map(|whereabouts| &whereabouts.position);
                    let (at_it, elsewhere): (Vec<&Position>, Vec<&Position>) =
                        told.partition(|told| Some(&told.position) == here);
                    let stake = news::Stake {
                        said,
                        place_at: at_it.into_iter().map(|told| told.at).max(),
                        elsewhere: elsewhere.into_iter().max_by_key(|told| told.at),
                        used: self.used.get(id).copied(),
                    };
                    commit.events.push(news::missing(&self.name, id, known, &stake, now));
                }
            }
        }
        // Each device is sighted once in a commit.
        if !changed.is_empty() {
            commit.sightings.retain(|sighting| !changed.contains_key(&sighting.device));
        }
        let sightings = changed.into_iter();
        commit.sightings.extend(sightings.map(|(device, (last_seen, status))| Sighting {
            device,
            last_seen,
            status,
        }));
    }

    /// What is to be remembered.
    fn write(&mut self, times: bool, commit: &mut Commit) {
        for (table, key, body) in self.site.unwritten(times) {
            commit.entries.push(Entry { table, key, body });
        }
        for id in std::mem::take(&mut self.changed) {
            if let Some(known) = self.known.get(&id) {
                let body = postcard::to_allocvec(known).ok();
                commit.entries.push(Entry { table: KNOWN, key: id.0.into_bytes(), body });
            }
        }
        for id in std::mem::take(&mut self.changed_uses) {
            let used = self.used.get(&id).map(|used| used.as_nanos());
            let body = used.and_then(|used| postcard::to_allocvec(&used).ok());
            commit.entries.push(Entry { table: USED, key: id.0.into_bytes(), body });
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

/// Names, time and addresses are not use; verification of a connection is not either.
fn is_use(verb: &str, operation: &str) -> bool {
    !matches!(verb, "lookup" | "announce" | "address" | "time" | "report" | "login" | "disconnect")
        && !operation.starts_with("C-ECHO")
}
