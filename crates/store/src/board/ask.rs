//! The search language on the board. It finds what [`crate::search`] finds, which a test compares.
//!
//! What a search asks of single devices the board knows; who has a word or an address, the database tells. That is kept as
//! long as no device changes.

use std::cmp::Ordering;
use std::sync::Arc;

use medward_model::Timestamp;
use medward_monitor::{DeviceList, FacetField, StoreError};
use medward_query::{Age, Field, Is, Node, folded};
use tokio::sync::MutexGuard;

use super::{Bits, Board, Facts, Flags, joined, keys};
use crate::Database;
use crate::columns::NEVER;
use crate::search::{
    Leaf, MOST_TERMS, codes_of, cve_named, finding_of, is_status, leaf, seen_bound, site_named, sites,
};
use crate::session::Session;
use crate::sql::Sql;
use crate::terms;

/// Keys of devices that are kept of what was looked up.
const KEPT: usize = 4_000_000;

/// Something that is known when the board is asked.
enum Part {
    And(Vec<Part>),
    Or(Vec<Part>),
    Not(Box<Part>),
    /// The devices of that number among those looked up.
    LookedUp(usize),
    /// Those that are not among them.
    NotLookedUp(usize),
    /// Devices of sites of these numbers.
    Sites(Vec<u32>),
    /// The identifier contains it.
    Id(String),
    /// With a finding that is more than possible: of this severity, of this kind, or exploited.
    Finding(Option<i64>, Option<i64>),
    /// With a finding of one of these rulings.
    Ruled(Vec<i64>),
    Test(Test),
    Fact(Fact),
}

enum Test {
    Medical,
    Status(i64),
    External,
    OneOf(FacetField, Vec<i64>),
    Critical(Ordering, u8),
}

impl Test {
    fn holds(&self, flags: Flags) -> bool {
        match self {
            Test::Medical => flags.medical(),
            Test::Status(code) => i64::from(flags.status) == *code,
            Test::External => flags.scope == 1,
            Test::OneOf(field, codes) => {
                let code = match field {
                    FacetField::Scope => flags.scope,
                    FacetField::Status => flags.status,
                    _ => flags.lifecycle,
                };
                codes.contains(&i64::from(code))
            }
            Test::Critical(order, value) => {
                flags.criticality() > 0 && flags.criticality().cmp(value) == *order
            }
        }
    }
}

/// What stands apart of the flags.
enum Fact {
    Letter(i64),
    Known(i64),
    First { bound: i64, younger: bool },
}

impl Fact {
    fn holds(&self, facts: &Facts) -> bool {
        match self {
            Fact::Letter(bit) => facts.letters & bit != 0,
            Fact::Known(bit) => facts.known & bit != 0,
            Fact::First { bound, younger } => {
                facts.first_seen != NEVER && (facts.first_seen > *bound) == *younger
            }
        }
    }
}

/// A question to the database: who has it, as a text of keys.
struct LookUp {
    sql: Sql,
    /// By what it is kept.
    name: Option<String>,
}

/// Who was found to have something.
#[derive(Clone)]
pub(super) struct Kept {
    keys: Arc<Vec<u32>>,
    /// Their slots, as long as the board is of that generation.
    bits: Option<(u64, Arc<Bits>)>,
}

/// A search in the making.
struct Asking<'a> {
    database: &'a Database,
    session: &'a mut Session,
    now: Timestamp,
    left: usize,
    /// Devices that there are.
    devices: u64,
    look_ups: Vec<LookUp>,
    sets: Vec<Option<Kept>>,
}

/// The board as it is at the session's moment, with the devices that are in a list.
pub(crate) async fn select<'a>(
    database: &'a Database,
    session: &mut Session,
    list: &DeviceList,
) -> Result<(MutexGuard<'a, Board>, Bits), StoreError> {
    let mut board = database.board.lock().await;
    board.refresh(session).await?;
    let devices = board.alive.count();
    drop(board);
    let mut asking = Asking {
        database,
        session,
        now: list.now,
        left: MOST_TERMS,
        devices,
        look_ups: Vec::new(),
        sets: Vec::new(),
    };
    let within = match &list.sites {
        Some(_) => {
            Some(Part::Sites(asking.site_numbers(|sql| sites(list.sites.as_deref(), "s.id", sql)).await?))
        }
        None => None,
    };
    let part = asking.part(list.query.root()).await?;
    asking.look_up().await?;
    let Asking { sets, look_ups, .. } = asking;
    let mut board = database.board.lock().await;
    board.refresh(session).await?;
    let mut sets: Vec<Kept> = sets.into_iter().flatten().collect();
    for (look_up, set) in look_ups.into_iter().zip(&mut sets) {
        board.place(set);
        if let Some(name) = look_up.name {
            board.keep(name, set);
        }
    }
    let mut bits = board.eval(&part, &sets);
    if let Some(within) = within {
        bits = bits.and(&board.eval(&within, &sets));
    }
    Ok((board, bits))
}

impl Asking<'_> {
    async fn site_numbers(&mut self, which: impl FnOnce(&mut Sql)) -> Result<Vec<u32>, StoreError> {
        let mut sql = Sql::new("SELECT s.id FROM site s WHERE ");
        which(&mut sql);
        self.session.fetch(sql).await?.iter().map(|row| super::number(row.int(0)?)).collect()
    }

    /// Who has it is asked of the database, once for all.
    fn later(&mut self, sql: Sql, kept: bool) -> usize {
        let name = kept.then(|| format!("{} {:?}", sql.text, sql.args));
        self.look_ups.push(LookUp { sql, name });
        self.sets.push(None);
        self.sets.len() - 1
    }

    async fn look_up(&mut self) -> Result<(), StoreError> {
        {
            let board = self.database.board.lock().await;
            for (look_up, set) in self.look_ups.iter().zip(&mut self.sets) {
                if set.is_none() {
                    *set = look_up.name.as_ref().and_then(|name| board.looked_up.get(name)).cloned();
                }
            }
        }
        for (look_up, set) in self.look_ups.iter().zip(&mut self.sets) {
            if set.is_none() {
                let found = self.session.first(look_up.sql.clone()).await?;
                let text = found.map(|row| row.maybe_text(0)).transpose()?.flatten();
                *set = Some(Kept { keys: Arc::new(keys(&text.unwrap_or_default())), bits: None });
            }
        }
        Ok(())
    }

    async fn part(&mut self, node: &Node) -> Result<Part, StoreError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            StoreError::Refused(format!("the query has more than {MOST_TERMS} terms; ask for less at once"))
        })?;
        Ok(match node {
            Node::And(parts) | Node::Or(parts) => {
                let mut all = Vec::with_capacity(parts.len());
                for part in parts {
                    all.push(Box::pin(self.part(part)).await?);
                }
                if matches!(node, Node::And(_)) { Part::And(all) } else { Part::Or(all) }
            }
            Node::Not(inner) => Part::Not(Box::new(Box::pin(self.part(inner)).await?)),
            Node::Text { field: Field::Id, value } => Part::Id(folded(value)),
            other => match leaf(other) {
                Some(leaf) => Part::LookedUp(self.later(self.who_has(&leaf), true)),
                None => self.column(other).await?,
            },
        })
    }

    fn who_has(&self, leaf: &Leaf) -> Sql {
        let all = joined(self.session.is_sqlite());
        let lookup = self.database.lookup();
        let mut sql = Sql::new(&format!("SELECT {all} FROM (SELECT "));
        if let Leaf::Network(..) = leaf {
            sql.push("a.device AS id FROM address a WHERE ");
            leaf.matched(lookup, &mut sql);
        } else {
            sql.push("x.device AS id FROM device_term x WHERE x.term IN (SELECT t.id FROM term t WHERE ");
            leaf.matched(lookup, &mut sql);
            sql.push(")");
        }
        sql.push(") d");
        sql
    }

    async fn column(&mut self, node: &Node) -> Result<Part, StoreError> {
        Ok(match node {
            Node::Text { field, value } => self.text(*field, &folded(value), false).await?,
            Node::Equal { field, value } => self.text(*field, &folded(value), true).await?,
            Node::Anywhere(value) => Part::Fact(Fact::Letter(terms::letter(&folded(value)).unwrap_or(0))),
            Node::Criticality { order, value } => Part::Test(Test::Critical(*order, *value)),
            Node::Is(is) => match is {
                Is::Medical => Part::Test(Test::Medical),
                Is::Missing | Is::Unheard => Part::Test(Test::Status(is_status(*is))),
                Is::External => Part::Test(Test::External),
                Is::LifeSupporting => Part::Fact(Fact::Known(terms::LIFE_SUPPORTING)),
                Is::New => {
                    let bound = seen_bound(Is::NEW_SECONDS, self.now);
                    Part::Fact(Fact::First { bound, younger: true })
                }
            },
            Node::Has(attribute) => Part::Fact(Fact::Known(terms::known_bit(*attribute))),
            Node::Seen { which: Age::First, younger, seconds } => {
                Part::Fact(Fact::First { bound: seen_bound(*seconds, self.now), younger: *younger })
            }
            Node::Seen { which: Age::Last, younger, seconds } => {
                self.last_seen(seen_bound(*seconds, self.now), *younger).await?
            }
            other => return Err(StoreError::Refused(format!("the store cannot look for {other:?}"))),
        })
    }

    async fn text(&mut self, field: Field, wanted: &str, whole: bool) -> Result<Part, StoreError> {
        Ok(match field {
            // Without a digit, which is no address.
            Field::Mac => Part::Or(Vec::new()),
            Field::Site => Part::Sites(self.site_numbers(|sql| site_named("s", wanted, whole, sql)).await?),
            Field::Scope => Part::Test(Test::OneOf(FacetField::Scope, codes_of(field, wanted, whole))),
            Field::Status => Part::Test(Test::OneOf(FacetField::Status, codes_of(field, wanted, whole))),
            Field::Lifecycle => {
                Part::Test(Test::OneOf(FacetField::Lifecycle, codes_of(field, wanted, whole)))
            }
            Field::Finding => match finding_of(wanted) {
                Some((severity, kind)) => Part::Finding(severity, kind),
                None => Part::Or(Vec::new()),
            },
            Field::Cve => {
                let mut sql = Sql::new("SELECT r.id FROM ruling r WHERE ");
                cve_named(wanted, whole, &mut sql);
                let rows = self.session.fetch(sql).await?;
                Part::Ruled(rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?)
            }
            other => return Err(StoreError::Refused(format!("the store cannot look into {other:?}"))),
        })
    }

    /// When devices were seen last is not on the board, as it changes all the time: either those that were seen since then
    /// are looked up, or those that were not, whichever are less.
    async fn last_seen(&mut self, bound: i64, younger: bool) -> Result<Part, StoreError> {
        let all = joined(self.session.is_sqlite());
        let half = self.devices / 2 + 1;
        let mut sql = Sql::new(&format!(
            "SELECT {all}, COUNT(*) FROM (SELECT d.id FROM device d WHERE d.last_seen <= "
        ));
        sql.bind(bound).push(&format!(" ORDER BY d.last_seen LIMIT {half}) d"));
        let Some(row) = self.session.first(sql).await? else { return Ok(Part::Or(Vec::new())) };
        if row.count(1)? < half {
            let older = Arc::new(keys(&row.maybe_text(0)?.unwrap_or_default()));
            let place = self.later(Sql::default(), false);
            if let Some(set) = self.sets.get_mut(place) {
                *set = Some(Kept { keys: older, bits: None });
            }
            // What was never seen is neither younger nor older, and has the least time.
            if younger {
                return Ok(Part::NotLookedUp(place));
            }
            let mut sql = Sql::new(&format!("SELECT {all} FROM device d WHERE d.last_seen = "));
            sql.bind(NEVER);
            let never = self.later(sql, false);
            return Ok(Part::And(vec![Part::LookedUp(place), Part::NotLookedUp(never)]));
        }
        let mut sql = Sql::new(&format!("SELECT {all} FROM device d WHERE d.last_seen > "));
        sql.bind(bound);
        let since = self.later(sql, false);
        if younger {
            return Ok(Part::LookedUp(since));
        }
        let mut sql = Sql::new(&format!("SELECT {all} FROM device d WHERE d.last_seen = "));
        sql.bind(NEVER);
        let never = self.later(sql, false);
        Ok(Part::And(vec![Part::NotLookedUp(since), Part::NotLookedUp(never)]))
    }
}

impl Board {
    fn keep(&mut self, name: String, set: &Kept) {
        let kept: usize = self.looked_up.values().map(|set| set.keys.len() + 50).sum();
        if kept + set.keys.len() > KEPT {
            self.looked_up.clear();
        }
        if set.keys.len() <= KEPT {
            self.looked_up.insert(name, set.clone());
        }
    }

    /// Finds the slots of what was looked up, where they are not known.
    fn place(&self, set: &mut Kept) {
        if set.bits.as_ref().is_some_and(|(generation, _)| *generation == self.generation) {
            return;
        }
        let mut bits = Bits::default();
        for slot in set.keys.iter().filter_map(|key| self.slots.get(key)) {
            bits.set(*slot);
        }
        set.bits = Some((self.generation, Arc::new(bits)));
    }

    fn eval(&self, part: &Part, sets: &[Kept]) -> Bits {
        match part {
            Part::And(parts) => {
                parts.iter().fold(self.alive.clone(), |bits, part| bits.and(&self.eval(part, sets)))
            }
            Part::Or(parts) => {
                parts.iter().fold(Bits::default(), |bits, part| bits.or(&self.eval(part, sets)))
            }
            Part::Not(inner) => self.alive.clone().without(&self.eval(inner, sets)),
            Part::LookedUp(place) => those(sets.get(*place)).map_or_else(Bits::default, Bits::clone),
            Part::NotLookedUp(place) => match those(sets.get(*place)) {
                Some(bits) => self.alive.clone().without(bits),
                None => self.alive.clone(),
            },
            Part::Sites(sites) => self.by_flags(|flags| sites.contains(&flags.site)),
            Part::Id(wanted) => self.by_id(wanted),
            Part::Finding(severity, kind) => self.with_finding(|ruling| ruling.is_found(*severity, *kind)),
            Part::Ruled(rulings) => self.with_finding(|ruling| rulings.contains(&ruling.id)),
            Part::Test(test) => self.by_flags(|flags| test.holds(flags)),
            Part::Fact(fact) => self.by_facts(|facts| fact.holds(facts)),
        }
    }

    pub(super) fn by_flags(&self, holds: impl Fn(Flags) -> bool) -> Bits {
        let holds = |slot| self.flags.get(slot).is_some_and(|flags| holds(*flags));
        Bits::of(self.flags.all.len(), holds).and(&self.alive)
    }

    fn by_facts(&self, holds: impl Fn(&Facts) -> bool) -> Bits {
        let holds = |slot| self.facts.get(slot).is_some_and(&holds);
        Bits::of(self.facts.all.len(), holds).and(&self.alive)
    }

    /// What was only spoken of is not found by its identifier.
    fn by_id(&self, wanted: &str) -> Bits {
        let holds = |slot| {
            self.flags.get(slot).is_some_and(|flags| flags.told()) && contains(self.uids.get(slot), wanted)
        };
        Bits::of(self.facts.all.len(), holds).and(&self.alive)
    }
}

fn those(set: Option<&Kept>) -> Option<&Bits> {
    set.and_then(|set| set.bits.as_ref()).map(|(_, bits)| &**bits)
}

/// True where the identifier, folded, contains what is wanted, which is folded.
fn contains(uid: &str, wanted: &str) -> bool {
    if !uid.is_ascii() || uid.contains('\0') || uid.len() > 1000 {
        return terms::id_term(uid).contains(wanted);
    }
    let fold = |byte: u8| if matches!(byte, b'-' | b'_') { b' ' } else { byte.to_ascii_lowercase() };
    let wanted = wanted.as_bytes();
    let Some(first) = wanted.first() else { return true };
    if uid.len() < wanted.len() {
        return false;
    }
    uid.as_bytes().windows(wanted.len()).any(|part| {
        part.first().is_some_and(|byte| fold(*byte) == *first)
            && part.iter().zip(wanted).all(|(byte, wanted)| fold(*byte) == *wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn identifiers_are_compared_without_case() {
        for (uid, wanted, found) in [
            ("Dev-0a", "dev 0", true),
            ("Dev_0a", "v 0A", false),
            ("dev", "", true),
            ("dev", "devi", false),
            ("ÜNÏ-1", "ünï 1", true),
        ] {
            assert_eq!(contains(uid, wanted), found, "{uid} {wanted}");
        }
    }
}
