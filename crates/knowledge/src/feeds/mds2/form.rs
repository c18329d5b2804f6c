//! From the cells of a filled-in form to a statement.
//!
//! Makers insert columns, merge cells and move the heading, so nothing is at a fixed place: questions are known by their
//! ids, the column of answers by its content, and the particulars of the device by their labels.
//!
//! Ids of 2019: four letters of the section, a dash and numbers ("MPII-2.3"); `DOC-n` are the particulars. Ids of 2013:
//! "A" to "D.8" for the management of private data, then "1-1" to "20-2.1".
//!
//! Limits: an id that a spreadsheet turned into a date ("1-1") is lost with its row.

use std::collections::BTreeMap;

use medward_model::{Answer, Disclosure};

use super::day::day;
use super::ids::{Id, id};
use super::labels::{Label, particulars};

/// How many questions make a form: fewer may be a table that quotes some.
const MIN_QUESTIONS: usize = 8;

/// Rows of cells.
pub(super) type Rows = [Vec<String>];

/// A form that was found among the rows.
struct Form {
    year: u16,
    /// The column with the ids, and the rows of questions in order.
    column: usize,
    questions: Vec<(usize, String)>,
}

fn find(rows: &Rows) -> Option<Form> {
    let mut columns: BTreeMap<(u16, usize), Vec<(usize, String)>> = BTreeMap::new();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            if let Some((id, Id::Question { year }, _)) = id(cell) {
                let found = columns.entry((year, column)).or_default();
                if !found.iter().any(|(_, known)| *known == id) {
                    found.push((row, id));
                }
            }
        }
    }
    let ((year, column), questions) = columns.into_iter().max_by_key(|(_, found)| found.len())?;
    // Ids of 2013 are short enough to stand in any table, so that form must also name itself.
    let enough = questions.len() >= MIN_QUESTIONS && (year == 2019 || named(rows));
    enough.then_some(Form { year, column, questions })
}

/// Whether the rows call themselves this form, or have its particulars.
fn named(rows: &Rows) -> bool {
    let mut cells = rows.iter().flatten().map(|cell| cell.to_lowercase());
    let mut labels = [false; 2];
    cells.any(|cell| {
        labels[0] |= Label::of(&cell) == Some(Label::Vendor);
        labels[1] |= Label::of(&cell) == Some(Label::Model);
        cell.contains("mds2")
            || cell.contains("manufacturer disclosure statement")
            || labels.iter().all(|seen| *seen)
    })
}

/// The year of the form that these rows hold.
pub(super) fn year(rows: &Rows) -> Option<u16> {
    find(rows).map(|form| form.year)
}

/// How many questions stand in these rows.
pub(super) fn questions(rows: &Rows) -> usize {
    find(rows).map_or(0, |form| form.questions.len())
}

/// The statement that these rows hold.
pub(super) fn statement(rows: &Rows, since_1904: bool) -> Option<Disclosure> {
    let form = find(rows)?;
    let layout = Layout::of(rows, &form);
    let mut answers: Vec<Answer> = Vec::new();
    for (row, question) in &form.questions {
        let (answer, note) = layout.answer(rows, *row);
        if !answer.is_empty() || note.is_some() {
            answers.push(Answer { question: question.as_str().into(), answer: answer.into(), note });
        }
    }
    let mut statement = Disclosure { form: form.year, answers, ..Disclosure::default() };
    let mut released = None;
    for (label, value) in particulars(rows, form.column, &form.questions) {
        let filled = || Some(value.as_str().into());
        match label {
            Label::Vendor if statement.vendor.is_empty() => statement.vendor = value.into(),
            Label::Model if statement.model.is_empty() => statement.model = value.into(),
            Label::Document if statement.document.is_none() => statement.document = filled(),
            Label::Software if statement.software_release.is_none() => statement.software_release = filled(),
            Label::Released if released.is_none() => released = day(&value, since_1904),
            _ => {}
        }
    }
    statement.released = released;
    let parts = [
        &*statement.vendor,
        &*statement.model,
        statement.software_release.as_deref().unwrap_or_default(),
        statement.document.as_deref().unwrap_or_default(),
    ];
    let folded = parts.iter().map(|part| folded(part)).filter(|part| !part.is_empty());
    statement.id = folded.collect::<Vec<_>>().join("/").into();
    Some(statement)
}

fn folded(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// Where answers and notes stand.
struct Layout {
    answers: Option<usize>,
    notes: Option<usize>,
    /// Columns headed "Yes", "No" and "N/A", in which a mark stands.
    marks: Vec<(usize, String)>,
}

impl Layout {
    fn of(rows: &Rows, form: &Form) -> Layout {
        let first = form.questions.first().map_or(0, |(row, _)| *row);
        let mut hits: BTreeMap<usize, usize> = BTreeMap::new();
        for (row, _) in &form.questions {
            for (column, cell) in cells(rows, *row).iter().enumerate().skip(form.column + 1) {
                *hits.entry(column).or_default() += usize::from(is_answer(cell));
            }
        }
        let answers = hits.into_iter().filter(|(_, count)| *count > 0);
        // The leftmost of equals: further right stand cells for the reviewer.
        let answers =
            answers.max_by_key(|(column, count)| (*count, usize::MAX - column)).map(|(column, _)| column);
        let heading = |row: &usize| cells(rows, *row).iter().enumerate().skip(form.column + 1);
        let mut marks = Vec::new();
        let mut notes = None;
        for row in 0..first {
            let named: Vec<(usize, String)> = heading(&row)
                .filter(|(_, cell)| matches!(cell.to_lowercase().as_str(), "yes" | "no" | "n/a" | "see note"))
                .map(|(column, cell)| (column, cell.clone()))
                .collect();
            if named.len() >= 2 {
                marks = named;
            }
            let note = |cell: &str| {
                let cell = cell.to_lowercase();
                let known = ["note", "comment", "remark", "explanation"];
                cell.len() < 40 && known.iter().any(|word| cell.contains(word))
            };
            let after = answers.unwrap_or(form.column);
            notes = heading(&row).find(|(at, cell)| *at > after && note(cell)).map(|(at, _)| at).or(notes);
        }
        // Without a heading, what stands right of the answer is the note, unless it quotes standards.
        let notes = notes.or_else(|| {
            let beside = answers? + 1;
            let mut filled = form.questions.iter().filter_map(|(row, _)| cells(rows, *row).get(beside));
            (!filled.any(|cell| is_reference(cell))).then_some(beside)
        });
        Layout { answers, notes, marks }
    }

    fn answer(&self, rows: &Rows, row: usize) -> (String, Option<Box<str>>) {
        let cells = cells(rows, row);
        let at =
            |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", String::as_str);
        let mut answer = filled(at(self.answers)).unwrap_or_default();
        if answer.is_empty() || answer.eq_ignore_ascii_case("x") {
            let marked = self.marks.iter().find(|(column, _)| filled(at(Some(*column))).is_some());
            answer = marked.map_or(answer, |(_, name)| name);
        }
        (answer.to_owned(), filled(at(self.notes)).map(Into::into))
    }
}

pub(super) fn cells(rows: &Rows, row: usize) -> &[String] {
    rows.get(row).map_or(&[], Vec::as_slice)
}

/// A cell's text, unless it holds nothing but a line to write on.
pub(super) fn filled(cell: &str) -> Option<&str> {
    let cell = cell.trim();
    cell.contains(char::is_alphanumeric).then_some(cell)
}

fn is_answer(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    let first = cell.split([' ', ',', ';', '.', ':']).next().unwrap_or_default();
    matches!(first, "yes" | "no" | "n/a" | "y" | "n") && cell.len() < 80
        || matches!(cell.as_str(), "see note" | "see notes" | "not applicable")
}

fn is_reference(cell: &str) -> bool {
    ["IEC", "ISO", "NIST", "Sec."].iter().any(|body| cell.starts_with(body))
}

#[cfg(test)]
mod tests {
    use medward_model::Day;
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn values_stand_right_of_their_labels_or_below_them() {
        let mut text = "MDS2\nDevice Category|Manufacturer|Document ID\nPump|Example Inc.|D-1\nDevice Model|Software \
                        Revision|Software Release Date\nEF-300|4.2|1 May 2019\nDocument Release Date:||2019-05-07\n"
            .to_owned();
        for number in 1..=9 {
            text.push_str(&format!("1-{number}|A question|No|{number}\n"));
        }
        let statement = statement(&rows(&text), false).expect("a form");
        assert_eq!((&*statement.vendor, &*statement.model), ("Example Inc.", "EF-300"));
        assert_eq!(statement.software_release.as_deref(), Some("4.2"));
        assert_eq!((statement.form, statement.released), (2013, Day::new(2019, 5, 7)));
        assert_eq!(&*statement.id, "example-inc/ef-300/4-2/d-1");
        assert_eq!(statement.answers[8].note.as_deref(), Some("9"));
    }

    #[test]
    fn marks_under_yes_and_no_are_answers() {
        let mut text = "Manufacturer|Example\nDevice Model|X\nId|Question|Yes|No|N/A|Comments\n".to_owned();
        for number in 1..=8 {
            text.push_str(&format!("MPII-{number}|Q|{}\n", if number % 2 == 0 { "X|||why" } else { "|x||" }));
        }
        let statement = statement(&rows(&text), false).expect("a form");
        assert_eq!((&*statement.answers[0].answer, &*statement.answers[1].answer), ("No", "Yes"));
        assert_eq!(statement.answers[1].note.as_deref(), Some("why"));
    }

    #[test]
    fn a_table_that_quotes_some_ids_is_no_form() {
        assert_eq!(year(&rows("Control|Answer\nMPII-1|Yes\nAUTH-1|No\n")), None);
        let mut scores = "Team|Score\n".to_owned();
        for number in 1..=20 {
            scores.push_str(&format!("{number}|{number}-{number}\n"));
        }
        assert_eq!(year(&rows(&scores)), None);
    }

    proptest! {
        #[test]
        fn no_cells_stop_it(rows in prop::collection::vec(prop::collection::vec(
            "(MPII-[0-9]|[0-9]{1,2}-[0-9]|DOC-[1-8]|Device Model:?|yes|X|Note|.{0,6})", 0..6), 0..40)) {
            let _ = statement(&rows, false);
        }
    }
}
