//! A table that fits the terminal: the least valuable columns go first, then long cells are cut in the middle.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::paint::{Tone, paint};

/// Columns between two cells.
const GAP: usize = 2;

/// What a column says and what it is worth.
pub(super) struct Column {
    pub heading: &'static str,
    /// Cells are not cut below this; a column that never may be cut has `usize::MAX`.
    pub least: usize,
    /// Columns of the lowest worth are dropped first; 0 is dropped where every cell is empty, too.
    pub worth: u8,
}

/// A row; `tone` colours its first cell.
pub(super) struct Row {
    pub tone: Tone,
    pub cells: Vec<String>,
}

/// Writes heading and rows. `width` 0: nothing is dropped or cut.
pub(super) fn write(
    columns: &[Column],
    rows: &[Row],
    width: usize,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let widths = fit(columns, &natural(columns, rows), width);
    let headings = columns.iter().map(|column| column.heading.to_owned()).collect();
    line(&Row { tone: Tone::Heading, cells: headings }, &widths, Some(Tone::Heading), colour, out)?;
    for row in rows {
        line(row, &widths, None, colour, out)?;
    }
    Ok(())
}

/// The width of the widest cell of each column; 0 where all cells are empty.
fn natural(columns: &[Column], rows: &[Row]) -> Vec<usize> {
    let widest = |i: usize| rows.iter().filter_map(|row| row.cells.get(i)).map(|cell| cell.width()).max();
    let all = columns.iter().enumerate();
    all.map(|(i, column)| match widest(i).unwrap_or(0) {
        0 => 0,
        n => n.max(column.heading.width()),
    })
    .collect()
}

/// The width of each column; 0 for one that is left out.
fn fit(columns: &[Column], natural: &[usize], width: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    if width == 0 {
        return widths;
    }
    let least = |i: usize, now: usize| columns.get(i).map_or(0, |c| c.least.max(c.heading.width())).min(now);
    let floor = |widths: &[usize]| total(widths.iter().enumerate().map(|(i, now)| least(i, *now)));
    while floor(&widths) > width {
        let shown = widths.iter().enumerate().filter(|(_, width)| **width > 0);
        let worst = shown.min_by_key(|(i, _)| columns.get(*i).map_or(0, |column| column.worth));
        let (count, Some((worst, _))) = (widths.iter().filter(|width| **width > 0).count(), worst) else {
            break;
        };
        if count <= 1 {
            break;
        }
        if let Some(slot) = widths.get_mut(worst) {
            *slot = 0;
        }
    }
    // Take from the widest until it fits.
    while total(widths.iter().copied()) > width {
        let able = widths.iter().enumerate().filter(|(i, now)| **now > least(*i, **now));
        let Some(widest) = able.max_by_key(|(i, now)| (**now, usize::MAX - i)).map(|(i, _)| i) else { break };
        if let Some(slot) = widths.get_mut(widest) {
            *slot -= 1;
        }
    }
    widths
}

fn total(widths: impl Iterator<Item = usize>) -> usize {
    let shown: Vec<_> = widths.filter(|width| *width > 0).collect();
    shown.iter().fold(0_usize, |sum, width| sum.saturating_add(*width)) + GAP * shown.len().saturating_sub(1)
}

fn line(
    row: &Row,
    widths: &[usize],
    whole: Option<Tone>,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = String::new();
    // Spaces are written only before a next cell, so that no line ends in them.
    let mut owed = 0;
    for (i, (cell, width)) in row.cells.iter().zip(widths).enumerate().filter(|(_, (_, width))| **width > 0) {
        let cell = elide(cell, *width);
        let tone = whole.unwrap_or(if i == 0 { row.tone } else { Tone::Plain });
        let taken = cell.width();
        if taken > 0 {
            text.extend(std::iter::repeat_n(' ', owed));
            text.push_str(&paint(colour, tone, &cell));
            owed = 0;
        }
        owed += width.saturating_sub(taken) + GAP;
    }
    writeln!(out, "{text}")
}

/// `text` in at most `width` columns, cut in the middle: both ends of a name tell more than its middle.
pub(super) fn elide(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let (front, back) = (room.div_ceil(2), room / 2);
    let mut head = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken > front {
            break;
        }
        head.push(c);
    }
    let mut tail = Vec::new();
    taken = 0;
    for c in text.chars().rev() {
        taken += c.width().unwrap_or(0);
        if taken > back {
            break;
        }
        tail.push(c);
    }
    head.push('…');
    head.extend(tail.into_iter().rev());
    head
}

#[cfg(test)]
mod tests {
    use super::{Column, elide, fit};
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(elide("pump-ward-3-bed-12", 9), "pump…d-12");
        assert_eq!(elide("abc", 3), "abc");
        assert_eq!(elide("abcd", 1), "…");
        assert!(elide("病院の輸液ポンプ", 7).width() <= 7);
    }

    #[test]
    fn the_least_valuable_column_goes_first() {
        let column = |least, worth| Column { heading: "H", least, worth };
        let columns = [column(4, 9), column(usize::MAX, 1), column(5, 5)];
        assert_eq!(fit(&columns, &[10, 12, 8], 0), [10, 12, 8]);
        assert_eq!(fit(&columns, &[10, 12, 8], 34), [10, 12, 8]);
        assert_eq!(fit(&columns, &[10, 12, 8], 30), [7, 12, 7]);
        assert_eq!(fit(&columns, &[10, 12, 8], 20), [10, 0, 8]);
        assert_eq!(fit(&columns, &[10, 12, 8], 5), [5, 0, 0]);
        assert_eq!(fit(&columns, &[10, 12, 8], 1), [4, 0, 0]);
    }
}
