//! Use, summed up in memory.

use std::cmp::Ordering;
use std::collections::HashMap;

use medward_monitor::{FacetField, Page, StoreError, UseGroup, UseList, UseRow};

use super::{Span, WEEK};
use crate::Database;
use crate::board::{Bits, Board, Used, Window, select};
use crate::columns::{NONE, keyed, shown};
use crate::cursor;
use crate::session::Session;
use crate::sql::Sql;

/// A group, or a device, in the making.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Code of the value, or slot of the device.
    node: u32,
    devices: u64,
    used: u64,
    actions: u64,
    hours: u64,
    days: u64,
    last: Option<i64>,
}

const fn field(group: UseGroup) -> Option<FacetField> {
    match group {
        UseGroup::Device => None,
        UseGroup::Category => Some(FacetField::Category),
        UseGroup::Site => Some(FacetField::Site),
        UseGroup::Place => Some(FacetField::Place),
        UseGroup::Vendor => Some(FacetField::Vendor),
    }
}

/// What a node is in the database, which rows are ordered by.
fn text(board: &Board, group: UseGroup, node: u32) -> String {
    let Some(field) = field(group) else { return board.uid(node).to_owned() };
    let name = board.single(field).and_then(|single| single.name(node));
    match (group, name) {
        (UseGroup::Place, Some(name)) => name.to_owned(),
        (_, Some(name)) => keyed(Some(name)),
        (_, None) => NONE.to_owned(),
    }
}

/// The time that is asked for, without what is not kept any more.
async fn window(session: &mut Session, span: &Span) -> Result<Window, StoreError> {
    let (table, mut window) = match span {
        Span::Hours { first, after } => {
            ("activity_hour", Window { first: *first, after: *after, by_hour: true })
        }
        Span::Days { first, after } => ("use_day", Window { first: *first, after: *after, by_hour: false }),
    };
    let oldest = session.first(Sql::new(&format!("SELECT MIN(h.bucket) FROM {table} h"))).await?;
    let oldest = oldest.map(|row| row.maybe_int(0)).transpose()?.flatten();
    window.first = window.first.max(oldest.unwrap_or(window.after));
    Ok(window)
}

/// `None` where the board does not know all of that time.
pub(super) async fn page(
    database: &Database,
    session: &mut Session,
    list: &UseList,
    span: &Span,
    name: &str,
    limit: usize,
) -> Result<Option<Page<UseRow>>, StoreError> {
    let after: Option<(i64, i64, String)> =
        list.devices.page.cursor.as_deref().map(|cursor| cursor::read(name, cursor)).transpose()?;
    let window = window(session, span).await?;
    let (mut board, wanted) = select(database, session, &list.devices).await?;
    if !board.covers(&window) {
        return Ok(None);
    }
    let heads = board.heads(session, &window, &wanted).await?;
    let by = |a: &Sum, b: &Sum| {
        let order = (a.hours, a.actions).cmp(&(b.hours, b.actions)).then_with(|| match list.group {
            // Many are alike, of which none is copied.
            UseGroup::Device => board.uid(a.node).cmp(board.uid(b.node)),
            group => text(&board, group, a.node).cmp(&text(&board, group, b.node)),
        });
        if list.least_first { order } else { order.reverse() }
    };
    let beyond = |sum: &Sum| {
        let Some((hours, actions, node)) = &after else { return true };
        let order = (sum.hours, sum.actions).cmp(&(hours.unsigned_abs(), actions.unsigned_abs()));
        let order = order.then_with(|| text(&board, list.group, sum.node).cmp(node));
        order == if list.least_first { Ordering::Greater } else { Ordering::Less }
    };
    let mut first = First { sums: Vec::new(), last: None, limit: limit + 1 };
    let groups = groups(&board, list.group, &window, &wanted, &heads);
    match groups {
        Some(groups) => groups.into_iter().filter(beyond).for_each(|sum| first.add(sum, by)),
        None => {
            for slot in wanted.slots() {
                let sum = of_device(&board, slot, &window, &heads);
                if first.may_hold(&sum, by) && beyond(&sum) {
                    first.add(sum, by);
                }
            }
        }
    }
    let mut sums = first.sums;
    sums.sort_unstable_by(by);
    let more = sums.len() > limit;
    sums.truncate(limit);
    let next = match sums.last() {
        Some(last) if more => {
            Some(cursor::write(name, &(last.hours, last.actions, text(&board, list.group, last.node)))?)
        }
        _ => None,
    };
    let weeks = weeks(&board, list.group, &window, &wanted, &sums);
    let nodes: Vec<String> = sums.iter().map(|sum| text(&board, list.group, sum.node)).collect();
    let mut items = Vec::with_capacity(sums.len());
    for ((sum, node), week) in sums.iter().zip(nodes).zip(weeks) {
        let (key, label) = match list.group {
            UseGroup::Device => (node, board.name(sum.node).to_owned()),
            _ => {
                let value = shown(&node).unwrap_or_default().to_owned();
                (value.clone(), value)
            }
        };
        items.push(UseRow {
            key,
            label,
            devices: sum.devices,
            used: sum.used,
            actions: sum.actions,
            hours: sum.hours,
            days: sum.days,
            last_used: sum.last.map(medward_model::Timestamp::from_nanos),
            week,
        });
    }
    Ok(Some(Page { items, next }))
}

/// The first so many of all that are added, in no order.
struct First {
    sums: Vec<Sum>,
    /// What lies behind it is none of them.
    last: Option<Sum>,
    limit: usize,
}

impl First {
    fn may_hold(&self, sum: &Sum, by: impl Fn(&Sum, &Sum) -> Ordering) -> bool {
        self.last.as_ref().is_none_or(|last| by(sum, last) == Ordering::Less)
    }

    fn add(&mut self, sum: Sum, by: impl Fn(&Sum, &Sum) -> Ordering + Copy) {
        if !self.may_hold(&sum, by) {
            return;
        }
        self.sums.push(sum);
        if self.sums.len() >= self.limit.saturating_mul(8) {
            let (_, last, _) = self.sums.select_nth_unstable_by(self.limit.saturating_sub(1), by);
            self.last = Some(*last);
            self.sums.truncate(self.limit);
        }
    }
}

fn of_device(board: &Board, slot: u32, window: &Window, heads: &HashMap<u32, u64>) -> Sum {
    let used = if board.in_use().has(slot) { board.used(slot, window, heads) } else { Used::default() };
    Sum {
        node: slot,
        devices: 1,
        used: u64::from(used.days > 0),
        actions: used.actions,
        hours: used.hours,
        days: used.days,
        last: used.last,
    }
}

/// `None` where devices are not drawn together.
fn groups(
    board: &Board,
    group: UseGroup,
    window: &Window,
    wanted: &Bits,
    heads: &HashMap<u32, u64>,
) -> Option<Vec<Sum>> {
    let single = board.single(field(group)?)?;
    let mut sums = vec![Sum::default(); single.codes()];
    let at = |code: u32| usize::try_from(code).unwrap_or(usize::MAX);
    for slot in wanted.slots() {
        if let Some(sum) = sums.get_mut(at(single.code(slot))) {
            sum.devices += 1;
        }
    }
    for slot in wanted.clone().and(board.in_use()).slots() {
        let Some(sum) = sums.get_mut(at(single.code(slot))) else { continue };
        let used = board.used(slot, window, heads);
        sum.used += u64::from(used.days > 0);
        sum.actions += used.actions;
        sum.hours += used.hours;
        sum.days += used.days;
        sum.last = sum.last.max(used.last);
    }
    for (node, sum) in (0..).zip(&mut sums) {
        sum.node = node;
    }
    sums.retain(|sum| sum.devices > 0);
    Some(sums)
}

/// Use by the hour of the week, for the nodes of a page, in their order.
fn weeks(board: &Board, group: UseGroup, window: &Window, wanted: &Bits, sums: &[Sum]) -> Vec<Vec<u32>> {
    let mut weeks = vec![vec![0_u32; WEEK]; sums.len()];
    let add = |week: &mut Vec<u32>, slot: u32| {
        for (day, hours) in board.days(slot, window) {
            // The epoch began on a Thursday; the week begins on Monday.
            let start = usize::try_from((day + 3).rem_euclid(7) * 24).unwrap_or(0);
            let mut left = hours;
            while left != 0 {
                let hour = left.trailing_zeros();
                left &= left - 1;
                let hour = usize::try_from(hour).unwrap_or(0);
                if let Some(count) = week.get_mut(start + hour) {
                    *count = count.saturating_add(1);
                }
            }
        }
    };
    let Some(single) = field(group).and_then(|field| board.single(field)) else {
        for (sum, week) in sums.iter().zip(&mut weeks) {
            add(week, sum.node);
        }
        return weeks;
    };
    let mut places = vec![None; single.codes()];
    for (place, sum) in sums.iter().enumerate() {
        if let Some(at) = usize::try_from(sum.node).ok().and_then(|node| places.get_mut(node)) {
            *at = Some(place);
        }
    }
    for slot in wanted.clone().and(board.in_use()).slots() {
        let place = usize::try_from(single.code(slot)).ok().and_then(|node| places.get(node));
        if let Some(week) = place.copied().flatten().and_then(|place| weeks.get_mut(place)) {
            add(week, slot);
        }
    }
    weeks
}
