//! Text for a person at a terminal: what was found, what stands out, then the table of devices.

mod judgement;
mod paint;
mod table;

use std::io::{self, Write};

use medward_model::{Assessment, Attribute, Device};
use unicode_width::UnicodeWidthStr;

use crate::category::Group;
use crate::facts::{self, Concern};
use crate::inventory::{self, Inventory, Placed, SHAKY};
use crate::overview::{self, CategoryCount, Overview};
use crate::wording::{self, clean, count, number};
use crate::{View, WriteError};
use paint::{Tone, paint};
use table::{Column, Row};

/// External addresses up to this many have rows of their own.
const FEW_EXTERNAL: usize = 5;
/// Vendors that are named for a category.
const VENDORS: usize = 5;

/// Writes overview, facts and table.
pub(crate) fn write(assessment: &Assessment, view: &View, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let overview = Overview::new(&inventory);
    let page = Page {
        assessment,
        inventory: &inventory,
        overview: &overview,
        view,
        risks: crate::judgement::risks(assessment),
    };
    page.head(out)?;
    page.judgement(out)?;
    page.kinds(out)?;
    page.facts(out)?;
    page.devices(out)?;
    page.closing(out)?;
    Ok(())
}

struct Page<'a> {
    assessment: &'a Assessment,
    inventory: &'a Inventory<'a>,
    overview: &'a Overview,
    view: &'a View,
    risks: std::collections::BTreeMap<&'a medward_model::DeviceId, &'a medward_model::Risk>,
}

impl Page<'_> {
    fn paint(&self, tone: Tone, text: &str) -> String {
        paint(self.view.colour, tone, text)
    }

    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        self.paragraph(Tone::Heading, "", &self.overview.headline(), out)?;
        if self.assessment.capture.files.is_empty() {
            return Ok(());
        }
        let captured = format!("Captured {}.", overview::captured(self.assessment));
        self.paragraph(Tone::Faint, "", &captured, out)
    }

    /// `lead`, then `text` wrapped beside it.
    fn paragraph(&self, tone: Tone, lead: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let indent = lead.width();
        let room = match self.view.width {
            0 => usize::MAX,
            width => width.saturating_sub(indent).max(20),
        };
        for (i, line) in wrap(text, room).iter().enumerate() {
            if i == 0 {
                writeln!(out, "{lead}{}", self.paint(tone, line))?;
            } else {
                writeln!(out, "{:indent$}{}", "", self.paint(tone, line))?;
            }
        }
        Ok(())
    }

    fn kinds(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = || self.overview.groups.iter().flat_map(|group| &group.categories);
        let label = all().map(|category| category.label.width()).max().unwrap_or(0).min(32);
        if !self.overview.groups.is_empty() {
            writeln!(out)?;
        }
        let digits = self.overview.groups.iter().map(|g| number(g.devices as u64).len()).max().unwrap_or(1);
        for group in &self.overview.groups {
            let medical = if group.group.medical { Tone::Medical } else { Tone::Plain };
            if group.group.key == "unknown" {
                let lead =
                    format!("{:width$}  {:>digits$}  ", "Unknown kind", group.devices, width = label + 2);
                for category in &group.categories {
                    self.paragraph(Tone::Faint, &lead, &vendors(category), out)?;
                }
                continue;
            }
            writeln!(out, "{}", self.paint(Tone::Heading, group.group.label))?;
            for category in &group.categories {
                let name = table::elide(&category.label, label);
                let pad = label.saturating_sub(name.width());
                let name = self.paint(medical, &name);
                let n = number(category.devices as u64);
                let text = format!("  {name}{:pad$}  {n:>digits$}  ", "");
                let line = table::elide(
                    &vendors(category),
                    match self.view.width {
                        0 => usize::MAX,
                        width => width.saturating_sub(label + digits + 6).max(10),
                    },
                );
                writeln!(out, "{}", format!("{text}{line}").trim_end())?;
            }
        }
        Ok(())
    }

    fn facts(&self, out: &mut dyn Write) -> io::Result<()> {
        let facts = facts::facts(self.assessment, self.inventory);
        if facts.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint(Tone::Heading, "What stands out"))?;
        for fact in facts {
            let tone = match fact.concern {
                Concern::Incomplete => Tone::Incomplete,
                Concern::Notable => Tone::Notable,
                Concern::Background => Tone::Plain,
            };
            self.paragraph(tone, "  - ", &fact.text, out)?;
        }
        Ok(())
    }

    fn devices(&self, out: &mut dyn Write) -> io::Result<()> {
        let external = &self.inventory.external;
        let few = external.len() <= FEW_EXTERNAL;
        let shown_external = external.iter().filter(|_| few).map(|device| Placed { device, depth: 0 });
        let rows: Vec<Row> = self
            .inventory
            .internal
            .iter()
            .copied()
            .chain(shown_external)
            .map(|placed| self.row(placed))
            .collect();
        if !rows.is_empty() {
            writeln!(out, "\n{}", self.paint(Tone::Heading, "Devices"))?;
            table::write(&COLUMNS, &rows, self.view.width, self.view.colour, out)?;
        }
        if !few {
            let n = count(external.len(), "external address", "external addresses");
            writeln!(out, "{}", self.paint(Tone::Faint, &format!("… and {n}")))?;
        }
        Ok(())
    }

    fn row(&self, Placed { device, depth }: Placed) -> Row {
        let whole = self.view.width == 0;
        let group = inventory::group(device);
        let nested = if depth > 0 { format!("{}└ ", "  ".repeat(depth - 1)) } else { String::new() };
        let day = self.assessment.capture.last;
        Row {
            tone: tone(group, device),
            cells: vec![
                format!("{nested}{}", inventory::name(device)),
                kind(device),
                value(device, Attribute::Vendor),
                value(device, Attribute::Model),
                value(device, Attribute::Serial),
                system(device),
                several(&device.ips, whole),
                several(&device.macs, whole),
                device.last_seen.map(|time| wording::second_of(time, day)).unwrap_or_default(),
                self.risks.get(&device.id).map(|risk| risk.score.to_string()).unwrap_or_default(),
                inventory::sureness(device).map(wording::percent).unwrap_or_default(),
                device.id.to_string(),
            ],
        }
    }

    fn closing(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.inventory.internal.is_empty() {
            return Ok(());
        }
        let why = if self.inventory.internal.iter().any(|placed| placed.device.row.is_some()) {
            ""
        } else {
            " Ask for the reason of any value: medward why FILE DEVICE, where DEVICE is a name, IP, MAC or id."
        };
        let text = format!(
            "\"Sure\" is how sure category, vendor and model are together (that of the least sure); \"?\" marks a value \
             below {}.{why}",
            wording::percent(SHAKY)
        );
        writeln!(out)?;
        self.paragraph(Tone::Faint, "", &text, out)
    }
}

const COLUMNS: [Column; 12] = [
    Column { heading: "Name", least: 20, worth: 100 },
    Column { heading: "Category", least: 16, worth: 99 },
    Column { heading: "Vendor", least: 12, worth: 80 },
    Column { heading: "Model", least: 14, worth: 85 },
    Column { heading: "Serial", least: 12, worth: 50 },
    Column { heading: "OS", least: 14, worth: 40 },
    Column { heading: "IP", least: usize::MAX, worth: 90 },
    Column { heading: "MAC", least: usize::MAX, worth: 30 },
    Column { heading: "Last seen", least: usize::MAX, worth: 20 },
    Column { heading: "Risk", least: usize::MAX, worth: 95 },
    Column { heading: "Sure", least: usize::MAX, worth: 60 },
    Column { heading: "Id", least: usize::MAX, worth: 10 },
];

fn tone(group: &Group, device: &Device) -> Tone {
    if inventory::keeps_alive(device) {
        Tone::LifeSupporting
    } else if group.medical {
        Tone::Medical
    } else if inventory::category_of(device).is_none() {
        Tone::Faint
    } else {
        Tone::Plain
    }
}

fn kind(device: &Device) -> String {
    let mut words = match device.scope {
        medward_model::Scope::Internal => inventory::category_words(device),
        _ => "(outside)".to_owned(),
    };
    if device
        .attributes
        .get("category")
        .is_some_and(|fused| fused.confidence < SHAKY && fused.value != "unknown")
    {
        words.push('?');
    }
    words
}

fn value(device: &Device, attribute: Attribute) -> String {
    match device.attributes.get(attribute.name()) {
        Some(fused) if fused.confidence < SHAKY => format!("{}?", clean(&fused.value)),
        Some(fused) => clean(&fused.value),
        None => String::new(),
    }
}

fn system(device: &Device) -> String {
    let (os, version) = (value(device, Attribute::Os), value(device, Attribute::OsVersion));
    if os.is_empty() || version.is_empty() || version.starts_with(os.trim_end_matches('?')) {
        return if version.is_empty() { os } else { version };
    }
    format!("{} {version}", os.trim_end_matches('?'))
}

/// The first, and how many more there are; all of them where nothing is cut.
fn several<T: ToString>(items: &[T], whole: bool) -> String {
    match items {
        [] => String::new(),
        [one] => one.to_string(),
        all if whole => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        [first, rest @ ..] => format!("{} +{}", first.to_string(), rest.len()),
    }
}

fn vendors(category: &CategoryCount) -> String {
    let named = category.vendors.iter().take(VENDORS);
    let mut parts: Vec<String> = named
        .map(|(vendor, n)| if *n == category.devices { vendor.clone() } else { format!("{vendor} ({n})") })
        .collect();
    match category.vendors.len().saturating_sub(VENDORS) {
        0 => {}
        more => parts.push(count(more, "more vendor", "more vendors")),
    }
    match category.without_vendor {
        0 => {}
        n if n == category.devices => parts.push("vendor not known".to_owned()),
        n => parts.push(format!("vendor not known ({n})")),
    }
    parts.join(", ")
}

/// `text` broken at spaces into lines of at most `room` columns, words longer than that kept whole.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
