//! The communications picture: who talks to whom, drawn as SVG.
//!
//! Devices stand on a circle, grouped and coloured by what they are for. A line is a conversation; lines between the same
//! two groups run together. Its width tells the volume (logarithmic), its colour what can be read on the way. Above
//! [`MOST_DEVICES`] devices the nodes are categories instead. Addresses outside are one node. Talk that only keeps the
//! link running (ARP and the like) and talk to group addresses are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;
use std::fmt::Write;

use medward_model::{Assessment, Device, DeviceId, Scope};
use minijinja::HtmlEscape;

use crate::inventory::{self, Inventory};
use crate::protocol::{self, Openness};
use crate::wording::{bytes, clean, count, number};

/// Up to this many devices each has a node of its own.
pub(super) const MOST_DEVICES: usize = 60;
/// Places on the circle up to which labels are written level; beyond, they point outward.
const LEVEL_LABELS: usize = 24;
/// Characters of a label.
const LABEL: usize = 26;
/// Average width of a character of a label, in the drawing's units.
const CHARACTER: f64 = 7.2;

/// The drawing and what has to be said beside it.
pub(super) struct Picture {
    pub svg: String,
    /// True where the nodes are categories.
    pub by_category: bool,
    /// Groups that occur: CSS class and label.
    pub groups: Vec<(&'static str, &'static str)>,
    /// Kinds of lines that occur.
    pub lines: Vec<Openness>,
}

struct Node {
    group: &'static str,
    group_label: &'static str,
    label: String,
    title: String,
    /// Fragment that it leads to; empty for none.
    target: String,
    radius: f64,
    /// The nodes of this category talk among themselves.
    inner: Line,
}

#[derive(Default, Clone)]
struct Line {
    bytes: u64,
    flows: u64,
    openness: Option<Openness>,
    protocols: BTreeSet<String>,
}

impl Line {
    fn add(&mut self, talk: &medward_model::Conversation) {
        self.bytes = self.bytes.saturating_add(talk.bytes);
        self.flows = self.flows.saturating_add(talk.flows);
        self.openness = self.openness.max(Some(protocol::openness(&talk.protocol)));
        self.protocols.insert(clean(&protocol::label(&talk.protocol)));
    }

    fn words(&self) -> String {
        let protocols: Vec<_> = self.protocols.iter().take(8).cloned().collect();
        let flows = usize::try_from(self.flows).unwrap_or(usize::MAX);
        format!(
            "{}; {}, {}",
            protocols.join(", "),
            count(flows, "connection", "connections"),
            bytes(self.bytes)
        )
    }

    fn width(&self) -> f64 {
        (1.0 + (self.bytes as f64 / 1000.0).max(1.0).log10() * 0.95).min(7.0)
    }
}

/// Draws the picture; `None` where there is nothing to draw.
pub(super) fn draw(assessment: &Assessment, inventory: &Inventory) -> Option<Picture> {
    if inventory.internal.is_empty() {
        return None;
    }
    let by_category = inventory.internal.len() > MOST_DEVICES;
    let (mut nodes, place) = nodes(inventory, by_category);
    let mut lines: BTreeMap<(usize, usize), Line> = BTreeMap::new();
    for talk in assessment.conversations.iter().filter(|talk| !protocol::is_plumbing(&talk.protocol)) {
        let (Some(a), Some(b)) = (place.get(&talk.originator), place.get(&talk.responder)) else { continue };
        if a != b {
            lines.entry((*a.min(b), *a.max(b))).or_default().add(talk);
        } else if let Some(node) = nodes.get_mut(*a) {
            node.inner.add(talk);
        }
    }
    let mut kinds: BTreeSet<Openness> = lines.values().filter_map(|line| line.openness).collect();
    kinds.extend(nodes.iter().filter(|_| by_category).filter_map(|node| node.inner.openness));
    let mut groups: Vec<_> = nodes.iter().map(|node| (node.group, node.group_label)).collect();
    groups.dedup();
    let svg = svg(&nodes, &lines);
    let lines = Openness::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
    Some(Picture { svg, by_category, groups, lines })
}

fn nodes<'a>(inventory: &Inventory<'a>, by_category: bool) -> (Vec<Node>, BTreeMap<&'a DeviceId, usize>) {
    let mut devices: Vec<&Device> = inventory.internal.iter().map(|placed| placed.device).collect();
    devices.sort_by_cached_key(|device| {
        let group = crate::category::rank(inventory::group(device));
        (group, inventory::category_words(device), inventory::name(device), device.id.clone())
    });
    let mut nodes: Vec<Node> = Vec::new();
    let mut place = BTreeMap::new();
    if by_category {
        let mut members: BTreeMap<(usize, String), Vec<&Device>> = BTreeMap::new();
        for device in devices {
            let group = crate::category::rank(inventory::group(device));
            members.entry((group, inventory::category_words(device))).or_default().push(device);
        }
        for ((_, category), members) in members {
            let Some(first) = members.first() else { continue };
            place.extend(members.iter().map(|device| (&device.id, nodes.len())));
            let group = inventory::group(first);
            nodes.push(Node {
                group: group.key,
                group_label: group.label,
                label: format!("{category} ({})", members.len()),
                title: format!("{category}: {}", count(members.len(), "device", "devices")),
                target: format!("group-{}", group.key),
                radius: (5.0 + (members.len() as f64).sqrt() * 1.8).min(26.0),
                inner: Line::default(),
            });
        }
    } else {
        for device in devices {
            let group = inventory::group(device);
            place.insert(&device.id, nodes.len());
            let name = inventory::name(device);
            nodes.push(Node {
                group: group.key,
                group_label: group.label,
                title: format!("{name}: {}", inventory::category_words(device)),
                label: name,
                target: device.id.0.clone(),
                radius: 7.0,
                inner: Line::default(),
            });
        }
    }
    if !inventory.external.is_empty() {
        place.extend(inventory.external.iter().map(|device| (&device.id, nodes.len())));
        let n = inventory.external.len();
        nodes.push(Node {
            group: "outside",
            group_label: "Outside",
            label: format!("Outside ({})", number(n as u64)),
            title: format!("{} outside this network", count(n, "address", "addresses")),
            target: String::new(),
            radius: 11.0,
            inner: Line::default(),
        });
    }
    debug_assert!(place.keys().all(|id| inventory.get(id).is_none_or(|d| d.scope != Scope::Multicast)));
    (nodes, place)
}

/// A point at `angle` (0 is up, clockwise) and `radius` around the middle.
fn point(angle: f64, radius: f64) -> (f64, f64) {
    (radius * angle.sin(), -radius * angle.cos())
}

fn svg(nodes: &[Node], lines: &BTreeMap<(usize, usize), Line>) -> String {
    let (angles, slots, middles) = angles(nodes);
    let level = slots <= LEVEL_LABELS as f64;
    let radius = if level { 150.0 + 5.0 * slots } else { (slots * 22.0 / TAU).max(210.0) };
    let labels: Vec<String> = nodes.iter().map(|node| shorten(&node.label)).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0) as f64 * CHARACTER;
    let biggest = nodes.iter().map(|node| node.radius).fold(7.0, f64::max);
    let side = radius + biggest + longest + 20.0;
    let height = if level { radius + biggest + 26.0 } else { side };
    let mut svg = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<svg class=\"picture\" role=\"img\" aria-labelledby=\"picture-title\" viewBox=\"{:.0} {:.0} {:.0} {:.0}\" width=\"{:.0}\" height=\"{:.0}\">",
        -side,
        -height,
        2.0 * side,
        2.0 * height,
        2.0 * side,
        2.0 * height
    );
    svg.push_str(
        "<title id=\"picture-title\">Who talks to whom, grouped by what the devices are for</title>",
    );
    bands(&mut svg, nodes, &angles, slots, radius);
    let mut order: Vec<_> = lines.iter().collect();
    order.sort_by_key(|((a, b), line)| (line.openness, std::cmp::Reverse(line.bytes), *a, *b));
    svg.push_str("<g class=\"lines\">");
    for ((a, b), line) in order {
        let (Some(from), Some(to)) = (nodes.get(*a), nodes.get(*b)) else { continue };
        let at = |i: &usize| point(angles.get(*i).copied().unwrap_or(0.0), radius);
        let pull = if from.group == to.group { 0.72 } else { 0.38 };
        let toward = |i: &usize, node: &Node| {
            let own = angles.get(*i).copied().unwrap_or(0.0);
            let middle = middles.get(node.group).copied().unwrap_or(own);
            point((own + 2.0 * middle) / 3.0, radius * pull)
        };
        let ((x0, y0), (x1, y1)) = (at(a), at(b));
        let ((cx0, cy0), (cx1, cy1)) = (toward(a, from), toward(b, to));
        let _ = write!(
            svg,
            "<path class=\"line {}\" data-a=\"n{a}\" data-b=\"n{b}\" stroke-width=\"{:.1}\" d=\"M{x0:.1} {y0:.1}C{cx0:.1} {cy0:.1} {cx1:.1} {cy1:.1} {x1:.1} {y1:.1}\"><title>{} – {}: {}</title></path>",
            line.openness.unwrap_or(Openness::Unknown).key(),
            line.width(),
            HtmlEscape(&from.label),
            HtmlEscape(&to.label),
            HtmlEscape(&line.words())
        );
    }
    svg.push_str("</g><g class=\"nodes\">");
    for (i, (node, label)) in nodes.iter().zip(&labels).enumerate() {
        let angle = angles.get(i).copied().unwrap_or(0.0);
        draw_node(&mut svg, i, node, label, angle, radius, level);
    }
    svg.push_str("</g></svg>");
    svg
}

/// The angle of each node, how many places the circle has, and the middle of each group.
fn angles(nodes: &[Node]) -> (Vec<f64>, f64, BTreeMap<&'static str, f64>) {
    const BETWEEN_GROUPS: f64 = 0.8;
    let mut place = 0.0;
    let mut places = Vec::new();
    let mut spans: BTreeMap<&'static str, (f64, f64)> = BTreeMap::new();
    let mut before = "";
    for node in nodes {
        if !before.is_empty() && before != node.group {
            place += BETWEEN_GROUPS;
        }
        before = node.group;
        places.push(place);
        let span = spans.entry(node.group).or_insert((place, place));
        span.1 = place;
        place += 1.0;
    }
    let slots = (place + BETWEEN_GROUPS).max(4.0);
    // Half a step past the top, so that no label stands straight above another.
    let angle = |place: f64| (place + 0.5 + BETWEEN_GROUPS / 2.0) / slots * TAU;
    let middles =
        spans.into_iter().map(|(group, (first, last))| (group, angle((first + last) / 2.0))).collect();
    (places.into_iter().map(angle).collect(), slots, middles)
}

/// A band behind the nodes of each group.
fn bands(svg: &mut String, nodes: &[Node], angles: &[f64], slots: f64, radius: f64) {
    let half = 0.42 * TAU / slots;
    let mut i = 0;
    svg.push_str("<g class=\"bands\">");
    while let Some(first) = nodes.get(i) {
        let length = nodes.iter().skip(i).take_while(|node| node.group == first.group).count();
        let (Some(from), Some(to)) = (angles.get(i), angles.get(i + length - 1)) else { break };
        let ((x0, y0), (x1, y1)) = (point(from - half, radius), point(to + half, radius));
        let large = u8::from(to - from + 2.0 * half > TAU / 2.0);
        let _ = write!(
            svg,
            "<path class=\"band g-{}\" d=\"M{x0:.1} {y0:.1}A{radius:.1} {radius:.1} 0 {large} 1 {x1:.1} {y1:.1}\"/>",
            first.group
        );
        i += length;
    }
    svg.push_str("</g>");
}

fn draw_node(svg: &mut String, i: usize, node: &Node, label: &str, angle: f64, radius: f64, level: bool) {
    let (x, y) = point(angle, radius);
    let right = angle.sin() >= -1e-9;
    let mut title = node.title.clone();
    if node.inner.flows > 0 {
        title.push_str(&format!(". Among themselves: {}", node.inner.words()));
    }
    let leads = !node.target.is_empty();
    if leads {
        let _ = write!(svg, "<a href=\"#{}\">", HtmlEscape(&node.target));
    }
    let _ =
        write!(svg, "<g class=\"node g-{}\" id=\"n{i}\"><title>{}</title>", node.group, HtmlEscape(&title));
    if node.inner.flows > 0 {
        let kind = node.inner.openness.unwrap_or(Openness::Unknown).key();
        let _ = write!(
            svg,
            "<circle class=\"line {kind}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" stroke-width=\"2.5\"/>",
            node.radius + 3.5
        );
    }
    let _ = write!(svg, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\"/>", node.radius);
    let away = node.radius + 8.0;
    let anchor = if right { "start" } else { "end" };
    let label = HtmlEscape(label);
    if level {
        let (tx, ty) = point(angle, radius + away);
        let _ =
            write!(svg, "<text x=\"{tx:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>", ty + 4.5);
    } else {
        let degrees = angle.to_degrees() - 90.0 + if right { 0.0 } else { 180.0 };
        let (tx, ty) = point(angle, radius + away);
        let _ = write!(
            svg,
            "<text transform=\"translate({tx:.1} {ty:.1}) rotate({degrees:.1})\" dy=\"4.5\" text-anchor=\"{anchor}\">{label}</text>"
        );
    }
    svg.push_str("</g>");
    if leads {
        svg.push_str("</a>");
    }
}

fn shorten(label: &str) -> String {
    let letters: Vec<char> = label.chars().collect();
    if letters.len() <= LABEL {
        return label.to_owned();
    }
    let half = LABEL / 2;
    let head: String = letters.iter().take(half).collect();
    let tail: String = letters.iter().skip(letters.len() - (half - 1)).collect();
    format!("{head}…{tail}")
}
