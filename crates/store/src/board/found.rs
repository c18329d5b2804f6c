//! What is found on devices and is so now: counted, and put together by what it is about.
//!
//! Findings of a device are read again whenever it changes, which it does whenever they do.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use medward_monitor::{FindingList, StoreError};

use super::column::{Cells, Interned};
use super::{Bits, Board, at, number};
use crate::columns::{finding_kind_code, severity_code, treatment_code, verdict_code};
use crate::session::Session;
use crate::sql::{Row, Sql};

/// Findings that are read at once.
const PORTION: i64 = 50_000;

/// An open finding of a device.
#[derive(Clone, Default)]
pub(super) struct Finding {
    found: i64,
    /// Where its ruling stands.
    ruling: u32,
    rank: u16,
}

/// What is found, without the device.
pub(super) struct Ruling {
    pub(super) id: i64,
    topic: u32,
    kind: i64,
    severity: i64,
    status: i64,
    treatment: i64,
    exploited: bool,
}

impl Ruling {
    /// More than possible, and of this severity or kind, or exploited.
    pub(super) fn is_found(&self, severity: Option<i64>, kind: Option<i64>) -> bool {
        self.status != verdict_code(medward_model::Verdict::Possible)
            && match (severity, kind) {
                (Some(severity), _) => self.severity == severity,
                (_, Some(kind)) => self.kind == kind,
                _ => self.exploited,
            }
    }
}

#[derive(Default)]
pub(super) struct Findings {
    of: Cells<Box<[Finding]>>,
    rulings: Vec<Ruling>,
    places: HashMap<i64, u32>,
    topics: Interned<String>,
}

impl Findings {
    pub(super) fn put(&mut self, slot: u32, all: Box<[Finding]>) {
        if !all.is_empty() || self.of.get(slot).is_some_and(|before| !before.is_empty()) {
            self.of.put(slot, all);
        }
    }
}

/// Findings of one kind, severity, treatment and status, whether exploited, and how many there are.
pub(crate) struct Sum {
    pub(crate) kind: i64,
    pub(crate) severity: i64,
    pub(crate) treatment: i64,
    pub(crate) status: i64,
    pub(crate) exploited: bool,
    pub(crate) count: u64,
}

/// The rulings that findings of a list have.
pub(crate) enum Rulings {
    Few(Vec<i64>),
    /// And the lowest rank of them.
    Many {
        first: i64,
    },
}

/// So many findings are few.
const FEW: usize = 2000;

/// What several findings are about.
#[derive(Clone, Debug, Default)]
pub(crate) struct TopicSum {
    pub(crate) rank: i64,
    pub(crate) devices: i64,
    pub(crate) topic: String,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) exploited: bool,
    pub(crate) ruling: i64,
    /// The device that was counted last.
    pub(crate) counted: Option<u32>,
}

impl Board {
    /// The findings of all devices, or of those that changed.
    pub(super) async fn read_found(
        &mut self,
        session: &mut Session,
        since: Option<i64>,
    ) -> Result<(), StoreError> {
        const COLUMNS: &str = "f.device, f.ruling, f.rank, f.found, f.id";
        if let Some(since) = since {
            let sql = Sql::with(
                &format!(
                    "SELECT {COLUMNS} FROM device d CROSS JOIN finding f WHERE d.changed >= $1 AND f.device = d.id \
                     AND f.ended IS NULL ORDER BY f.device, f.id"
                ),
                [since.into()],
            );
            let rows = session.fetch(sql).await?;
            return self.note_found(session, &rows).await;
        }
        // By ranges of devices, so that the findings of each come together.
        let last = session.first(Sql::new("SELECT MAX(d.id) FROM device d")).await?;
        let last = last.map(|row| row.maybe_int(0)).transpose()?.flatten().unwrap_or(0);
        let mut first = 0;
        while first <= last {
            let sql = Sql::with(
                &format!(
                    "SELECT {COLUMNS} FROM finding f WHERE f.device >= $1 AND f.device < $2 AND f.ended IS NULL \
                     ORDER BY f.device, f.id"
                ),
                [first.into(), (first + PORTION / 4).into()],
            );
            let rows = session.fetch(sql).await?;
            self.note_found(session, &rows).await?;
            first += PORTION / 4;
        }
        Ok(())
    }

    /// All open findings of each device that is told of, by device.
    async fn note_found(&mut self, session: &mut Session, rows: &[Row]) -> Result<(), StoreError> {
        let mut rulings = BTreeSet::new();
        for row in rows {
            rulings.insert(row.int(1)?);
        }
        self.read_rulings(session, rulings).await?;
        let mut of_one: Vec<Finding> = Vec::new();
        let mut device = -1;
        for row in rows {
            if row.int(0)? != device {
                self.put_found(device, &mut of_one);
                device = row.int(0)?;
            }
            if let Some(ruling) = self.found.places.get(&row.int(1)?) {
                let rank = u16::try_from(row.int(2)?).unwrap_or(u16::MAX);
                of_one.push(Finding { found: row.int(3)?, ruling: *ruling, rank });
            }
        }
        self.put_found(device, &mut of_one);
        Ok(())
    }

    fn put_found(&mut self, device: i64, all: &mut Vec<Finding>) {
        if let Some(slot) = self.slot(device) {
            self.found.put(slot, all.as_slice().into());
        }
        all.clear();
    }

    /// They are read each time they are spoken of, as numbers may be given again.
    async fn read_rulings(&mut self, session: &mut Session, wanted: BTreeSet<i64>) -> Result<(), StoreError> {
        let wanted: Vec<i64> = wanted.into_iter().collect();
        for part in wanted.chunks(1000) {
            let mut sql = Sql::new(
                "SELECT r.id, r.topic, r.kind, r.severity, r.status, r.treatment, r.exploited FROM ruling r WHERE r.id IN ",
            );
            sql.numbers(part.iter().copied());
            for row in session.fetch(sql).await? {
                let id = row.int(0)?;
                let ruling = Ruling {
                    id,
                    topic: self.found.topics.code(row.text(1)?.as_str()),
                    kind: row.int(2)?,
                    severity: row.int(3)?,
                    status: row.int(4)?,
                    treatment: row.int(5)?,
                    exploited: row.int(6)? == 1,
                };
                let known = self.found.places.get(&id).copied();
                match known.and_then(|place| self.found.rulings.get_mut(at(place))) {
                    Some(place) => *place = ruling,
                    None => {
                        self.found
                            .places
                            .insert(id, number(self.found.rulings.len().try_into().unwrap_or(-1))?);
                        self.found.rulings.push(ruling);
                    }
                }
            }
        }
        Ok(())
    }

    /// Devices with a finding of such a ruling.
    pub(super) fn with_finding(&self, holds: impl Fn(&Ruling) -> bool) -> Bits {
        let fits: Vec<bool> = self.found.rulings.iter().map(holds).collect();
        let fits = |finding: &Finding| fits.get(at(finding.ruling)).copied().unwrap_or(false);
        let has = |slot| self.found.of.get(slot).is_some_and(|all| all.iter().any(fits));
        Bits::of(self.found.of.all.len(), has).and(&self.alive)
    }

    /// Which rulings are in a list; `sites` are seen to elsewhere.
    fn in_list(&self, list: &FindingList) -> Vec<bool> {
        let kinds: Vec<i64> = list.kinds.iter().map(|kind| finding_kind_code(*kind)).collect();
        let treatments: Vec<i64> = list.treatments.iter().map(|t| treatment_code(*t)).collect();
        let statuses: Vec<i64> = list.statuses.iter().map(|s| verdict_code(*s)).collect();
        let among = |all: &[i64], one: i64| all.is_empty() || all.contains(&one);
        let fits = |ruling: &Ruling| {
            among(&kinds, ruling.kind)
                && among(&treatments, ruling.treatment)
                && among(&statuses, ruling.status)
                && list.severity.is_none_or(|least| ruling.severity >= severity_code(least))
                && list.exploited.is_none_or(|exploited| exploited == ruling.exploited)
                && list.topic.as_ref().is_none_or(|topic| self.found.topics.get(ruling.topic) == Some(topic))
        };
        self.found.rulings.iter().map(fits).collect()
    }

    /// Devices of sites of these numbers.
    pub(crate) fn of_sites(&self, sites: &[i64]) -> Bits {
        self.by_flags(|flags| sites.contains(&i64::from(flags.site)))
    }

    /// How many devices have findings of the list, and how many findings there are by what their rulings say.
    pub(crate) fn count_found(&self, list: &FindingList, within: &Bits) -> (u64, Vec<Sum>) {
        let fits = self.in_list(list);
        let mut counts = vec![0_u64; fits.len()];
        let mut devices = 0;
        for slot in within.slots() {
            let mut any = false;
            for finding in self.found.of.get(slot).into_iter().flat_map(|all| all.iter()) {
                let place = at(finding.ruling);
                if fits.get(place).copied().unwrap_or(false) {
                    any = true;
                    if let Some(count) = counts.get_mut(place) {
                        *count += 1;
                    }
                }
            }
            devices += u64::from(any);
        }
        let mut sums: BTreeMap<_, u64> = BTreeMap::new();
        for (ruling, count) in self.found.rulings.iter().zip(counts).filter(|(_, count)| *count > 0) {
            let Ruling { kind, severity, treatment, status, exploited, .. } = *ruling;
            *sums.entry((kind, severity, treatment, status, exploited)).or_default() += count;
        }
        let sum = |((kind, severity, treatment, status, exploited), count)| Sum {
            kind,
            severity,
            treatment,
            status,
            exploited,
            count,
        };
        (devices, sums.into_iter().map(sum).collect())
    }

    /// Which rulings the findings of the list have.
    pub(crate) fn rulings(&self, list: &FindingList, within: &Bits) -> Rulings {
        let fits = self.in_list(list);
        let mut found = Vec::new();
        let (mut count, mut first) = (0, u16::MAX);
        for slot in within.slots() {
            for finding in self.found.of.get(slot).into_iter().flat_map(|all| all.iter()) {
                let place = at(finding.ruling);
                if fits.get(place).copied().unwrap_or(false) {
                    count += 1;
                    first = first.min(finding.rank);
                    if let Some(ruling) = self.found.rulings.get(place).filter(|_| count <= FEW) {
                        found.push(ruling.id);
                    }
                }
            }
        }
        if count > FEW {
            return Rulings::Many { first: first.into() };
        }
        found.sort_unstable();
        found.dedup();
        Rulings::Few(found)
    }

    /// What the findings of the list are about, in no order.
    pub(crate) fn topics(&self, list: &FindingList, within: &Bits) -> Vec<TopicSum> {
        let fits = self.in_list(list);
        let mut topics: Vec<Option<TopicSum>> = vec![None; self.found.topics.all.len() + 1];
        for slot in within.slots() {
            for finding in self.found.of.get(slot).into_iter().flat_map(|all| all.iter()) {
                let place = at(finding.ruling);
                if !fits.get(place).copied().unwrap_or(false) {
                    continue;
                }
                let Some(ruling) = self.found.rulings.get(place) else { continue };
                let Some(topic) = topics.get_mut(at(ruling.topic)) else { continue };
                let rank = i64::from(finding.rank);
                let sum = topic.get_or_insert_with(|| TopicSum {
                    rank,
                    devices: 0,
                    topic: self.found.topics.get(ruling.topic).cloned().unwrap_or_default(),
                    first: finding.found,
                    last: finding.found,
                    exploited: false,
                    ruling: ruling.id,
                    counted: None,
                });
                sum.rank = sum.rank.min(rank);
                sum.first = sum.first.min(finding.found);
                sum.last = sum.last.max(finding.found);
                sum.exploited |= ruling.exploited;
                sum.ruling = sum.ruling.min(ruling.id);
                if sum.counted != Some(slot) {
                    sum.counted = Some(slot);
                    sum.devices += 1;
                }
            }
        }
        topics.into_iter().flatten().collect()
    }
}
