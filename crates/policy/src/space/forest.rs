//! Interval decision diagrams, each node once.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use foldhash::{HashMap, HashMapExt as _};

use super::header::{
    Addresses, ICMPV6, Packet, Services, any_service, link_control, place, protocol, v4, v6,
};

/// Which line a node splits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Line {
    Source,
    Destination,
    Service,
}

impl Line {
    const fn below(self) -> Option<Line> {
        match self {
            Line::Source => Some(Line::Destination),
            Line::Destination => Some(Line::Service),
            Line::Service => None,
        }
    }
}

/// A range of a node's line: its upper end, and what it leads to, a node or the number at the end. Packed: there are very many.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(Rust, packed(4))]
struct Edge {
    last: u128,
    child: u32,
}

/// In ascending order up to the end of the line.
type Edges = Vec<Edge>;

/// A function from packets to numbers, in the [`Forest`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Map(u32);

/// A set of packets, in the [`Forest`] that made it: a function to 1 (in the set) and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Set(u32);

impl Set {
    /// The set as a function to 1 and 0.
    pub const fn map(self) -> Map {
        Map(self.0)
    }
}

/// Keeps functions and sets. It only grows: make one for a question, and let it go with the answer.
///
/// A handle of another forest means nothing here, and gives an empty set or any other of this forest's.
pub struct Forest {
    nodes: Vec<(Line, Edges)>,
    /// Nodes by the hash of what they hold.
    known: HashMap<u64, Vec<u32>>,
    /// Node 0 of each line, which leads to nothing but 0: its number by line.
    none: [u32; 3],
    universe: Set,
    /// All services that rules speak of.
    spoken_of: Services,
}

impl Default for Forest {
    fn default() -> Self {
        Forest::new()
    }
}

/// How two numbers become one.
type Join<'a> = &'a dyn Fn(u32, u32) -> u32;

/// What a join does where one side is nothing but 0, so that whole branches are taken over as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Neutral {
    /// 0 on either side gives the other side.
    Both,
    /// 0 on either side gives 0.
    Neither,
    /// 0 on the right gives the left, 0 on the left gives 0.
    Left,
    /// Nothing is known.
    Unknown,
}

impl Forest {
    /// A forest with the empty set and the universe.
    pub fn new() -> Forest {
        let mut forest = Forest {
            nodes: Vec::new(),
            known: HashMap::new(),
            none: [0; 3],
            universe: Set(0),
            spoken_of: any_service().difference(&link_control()),
        };
        let service = forest.node(Line::Service, vec![Edge { last: u128::MAX, child: 0 }]);
        let destination = forest.node(Line::Destination, vec![Edge { last: u128::MAX, child: service }]);
        let source = forest.node(Line::Source, vec![Edge { last: u128::MAX, child: destination }]);
        forest.none = [source, destination, service];
        let all = Addresses::all();
        forest.universe = forest.product(&all, &all, &any_service());
        forest
    }

    /// How many nodes it keeps.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// No packet.
    pub const fn empty(&self) -> Set {
        let [source, ..] = self.none;
        Set(source)
    }

    /// Every packet whose two ends are of one family, without [`link_control`].
    pub const fn universe(&self) -> Set {
        self.universe
    }

    /// All packets from these sources to these destinations with these services.
    pub fn product(&mut self, sources: &Addresses, destinations: &Addresses, services: &Services) -> Set {
        Set(self.constant(sources, destinations, services, 1))
    }

    /// The function that is `value` on a product and 0 elsewhere.
    pub fn product_map(
        &mut self,
        sources: &Addresses,
        destinations: &Addresses,
        services: &Services,
        value: u32,
    ) -> Map {
        Map(self.constant(sources, destinations, services, value))
    }

    fn constant(
        &mut self,
        sources: &Addresses,
        destinations: &Addresses,
        services: &Services,
        value: u32,
    ) -> u32 {
        let [_, no_destination, no_service] = self.none;
        let services = services.intersection(&self.spoken_of);
        let wide = services.iter().map(|(first, last)| (u128::from(first), u128::from(last), value));
        let edges = filled(wide, 0);
        let service = self.node(Line::Service, edges);
        let mut roots = Vec::new();
        for family in [v4(), v6()] {
            let to = destinations.intersection(&family);
            let edges = filled(to.iter().map(|(first, last)| (first, last, service)), no_service);
            let destination = self.node(Line::Destination, edges);
            let from = sources.intersection(&family);
            roots.extend(from.iter().map(|(first, last)| (first, last, destination)));
        }
        roots.sort_unstable();
        let edges = filled(roots.into_iter(), no_destination);
        self.node(Line::Source, edges)
    }

    /// What is in one or the other.
    pub fn union(&mut self, a: Set, b: Set) -> Set {
        Set(self.join(a.0, b.0, Neutral::Both, &|a, b| a | b))
    }

    /// What is in both.
    pub fn intersection(&mut self, a: Set, b: Set) -> Set {
        Set(self.join(a.0, b.0, Neutral::Neither, &|a, b| a & b))
    }

    /// What is in the first and not in the second.
    pub fn difference(&mut self, a: Set, b: Set) -> Set {
        Set(self.join(a.0, b.0, Neutral::Left, &|a, b| a & !b & 1))
    }

    /// What is not in it.
    pub fn complement(&mut self, a: Set) -> Set {
        self.difference(self.universe, a)
    }

    /// Whether no packet is in it.
    pub fn is_empty(&self, a: Set) -> bool {
        a == self.empty()
    }

    /// Whether that packet is in it.
    pub fn contains(&self, a: Set, packet: &Packet) -> bool {
        self.value(a.map(), packet) == 1
    }

    /// A packet that is in it: the lowest addresses and the lowest service.
    pub fn witness(&self, a: Set) -> Option<Packet> {
        self.witness_of(a.map(), |value| value == 1)
    }

    /// The value for a packet.
    pub fn value(&self, map: Map, packet: &Packet) -> u32 {
        let mut at = map.0;
        for point in [place(packet.source), place(packet.destination), u128::from(packet.service())] {
            let edges = self.edges(at);
            let edge = edges.partition_point(|edge| edge.last < point);
            at = edges.get(edge).map_or(0, |edge| edge.child);
        }
        at
    }

    /// One function before another: the first where it is not 0, else the second.
    pub fn first_of(&mut self, a: Map, b: Map) -> Map {
        Map(self.join(a.0, b.0, Neutral::Both, &|a, b| if a == 0 { b } else { a }))
    }

    /// The first function in order that is not 0. Joined in pairs, and the pairs again, so that small ones meet small ones.
    pub fn first_of_all(&mut self, maps: Vec<Map>) -> Map {
        let mut level = maps;
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => self.first_of(*a, *b),
                    [a] => *a,
                    _ => self.empty().map(),
                })
                .collect();
        }
        level.first().copied().unwrap_or(self.empty().map())
    }

    /// The union of all of them.
    pub fn union_all(&mut self, sets: Vec<Set>) -> Set {
        let map = self.first_of_all(sets.into_iter().map(Set::map).collect());
        Set(map.0)
    }

    /// A function only where the set is; 0 elsewhere.
    pub fn within(&mut self, map: Map, set: Set) -> Map {
        Map(self.join(map.0, set.0, Neutral::Neither, &|value, inside| if inside == 0 { 0 } else { value }))
    }

    /// Where two functions give values that belong to each other in no way that `same` accepts.
    pub fn differing(&mut self, a: Map, b: Map, same: &dyn Fn(u32, u32) -> bool) -> Set {
        let universe = self.universe;
        let differing = self.join(a.0, b.0, Neutral::Unknown, &|a, b| u32::from(!same(a, b)));
        self.intersection(Set(differing), universe)
    }

    /// Where a function's value is one that is asked for. Packets that do not exist have none.
    pub fn where_value(&mut self, map: Map, wanted: &dyn Fn(u32) -> bool) -> Set {
        let universe = self.universe;
        let found = self.join(map.0, universe.0, Neutral::Unknown, &|value, inside| {
            u32::from(inside == 1 && wanted(value))
        });
        Set(found)
    }

    /// All values that a function has for some packet; 0 too.
    pub fn values(&self, map: Map) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.nodes.len()];
        let mut open = vec![(Line::Source, map.0)];
        while let Some((line, node)) = open.pop() {
            match seen.get_mut(node as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let children = self.edges(node).iter().map(|edge| edge.child);
            match line.below() {
                Some(below) => open.extend(children.map(|child| (below, child))),
                None => found.extend(children),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The services of all packets of a set, whatever their ends.
    pub fn services(&self, set: Set) -> Services {
        let mut found = Vec::new();
        let mut seen = vec![false; self.nodes.len()];
        let mut open = vec![(Line::Source, set.0)];
        while let Some((line, node)) = open.pop() {
            match seen.get_mut(node as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match line.below() {
                Some(below) => open.extend(self.edges(node).iter().map(|edge| (below, edge.child))),
                None => {
                    let mut first = 0_u128;
                    for Edge { last, child } in self.edges(node).iter().copied() {
                        if child == 1 {
                            let end = |at: u128| u32::try_from(at).unwrap_or(u32::MAX);
                            found.push((end(first), end(last)));
                        }
                        first = last.saturating_add(1);
                    }
                }
            }
        }
        let found = Services::joined(found);
        // All of ICMPv6 that rules speak of is told as all of it.
        let whole = protocol(ICMPV6).difference(&link_control()).is_within(&found);
        if whole { found.union(&link_control()) } else { found }
    }

    /// A packet with a value that is asked for: the lowest addresses and the lowest service, as far as the first range of
    /// sources that leads to one goes.
    pub fn witness_of(&self, map: Map, wanted: impl Fn(u32) -> bool) -> Option<Packet> {
        let mut barren = vec![false; self.nodes.len()];
        let mut path = [0_u128; 3];
        self.descend(Line::Source, map.0, &wanted, &mut barren, &mut path).then(|| {
            let [source, destination, service] = path;
            Packet::at(source, destination, u32::try_from(service).unwrap_or(0))
        })
    }

    fn descend(
        &self,
        line: Line,
        node: u32,
        wanted: &dyn Fn(u32) -> bool,
        barren: &mut [bool],
        path: &mut [u128; 3],
    ) -> bool {
        if barren.get(node as usize).copied().unwrap_or(true) {
            return false;
        }
        let mut first = 0_u128;
        for Edge { last, child } in self.edges(node).iter().copied() {
            let hit = match line.below() {
                Some(below) => self.descend(below, child, wanted, barren, path),
                None => first <= 0x00ff_ffff && wanted(child),
            };
            if hit {
                if let Some(slot) = path.get_mut(line as usize) {
                    *slot = first;
                }
                return true;
            }
            first = last.saturating_add(1);
        }
        if let Some(slot) = barren.get_mut(node as usize) {
            *slot = true;
        }
        false
    }

    fn edges(&self, node: u32) -> &[Edge] {
        self.nodes.get(node as usize).map_or(&[], |(_, edges)| edges.as_slice())
    }

    /// The node with these edges, of which neighbours that lead to the same are joined.
    fn node(&mut self, line: Line, mut edges: Edges) -> u32 {
        edges.dedup_by(|next, kept| {
            let same = next.child == kept.child;
            if same {
                kept.last = next.last;
            }
            same
        });
        // The seed is fixed: nothing depends on the numbers but speed.
        let hash = FixedState::with_seed(0).hash_one((line, &edges));
        let alike = self.known.entry(hash).or_default();
        let nodes = &self.nodes;
        let same = |number: &u32| {
            nodes.get(*number as usize).is_some_and(|(other, held)| *other == line && *held == edges)
        };
        if let Some(number) = alike.iter().copied().find(|number| same(number)) {
            return number;
        }
        let number = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        alike.push(number);
        edges.shrink_to_fit();
        self.nodes.push((line, edges));
        number
    }

    fn join(&mut self, a: u32, b: u32, neutral: Neutral, join: Join<'_>) -> u32 {
        let mut memo = HashMap::new();
        self.join_nodes(Line::Source, a, b, neutral, join, &mut memo)
    }

    fn join_nodes(
        &mut self,
        line: Line,
        a: u32,
        b: u32,
        neutral: Neutral,
        join: Join<'_>,
        memo: &mut HashMap<(u32, u32), u32>,
    ) -> u32 {
        let none = self.none.get(line as usize).copied().unwrap_or(0);
        match neutral {
            Neutral::Both if a == none => return b,
            Neutral::Both | Neutral::Left if b == none => return a,
            Neutral::Neither if a == none || b == none => return none,
            Neutral::Left if a == none => return none,
            _ => {}
        }
        if let Some(known) = memo.get(&(a, b)) {
            return *known;
        }
        // Taken out for the time of the walk, so that new nodes can be added. Those are of lines below, and are never compared
        // with what is taken out.
        let left = self.taken(a);
        let right = if a == b { left.clone() } else { self.taken(b) };
        let mut edges: Edges = Vec::with_capacity(left.len() + right.len());
        let (mut i, mut j) = (0, 0);
        while let (Some(x), Some(y)) = (left.get(i).copied(), right.get(j).copied()) {
            let child = match line.below() {
                Some(below) => self.join_nodes(below, x.child, y.child, neutral, join, memo),
                None => join(x.child, y.child),
            };
            let (end, other) = (x.last, y.last);
            let last = end.min(other);
            match edges.last_mut() {
                Some(upper) if upper.child == child => upper.last = last,
                _ => edges.push(Edge { last, child }),
            }
            i += usize::from(end == last);
            j += usize::from(other == last);
        }
        self.give_back(a, left);
        self.give_back(b, right);
        let node = self.node(line, edges);
        memo.insert((a, b), node);
        node
    }

    fn taken(&mut self, node: u32) -> Edges {
        self.nodes.get_mut(node as usize).map(|(_, edges)| std::mem::take(edges)).unwrap_or_default()
    }

    fn give_back(&mut self, node: u32, edges: Edges) {
        if let Some((_, slot)) = self.nodes.get_mut(node as usize) {
            *slot = edges;
        }
    }
}

/// Ranges in order, with `rest` in between.
fn filled(ranges: impl Iterator<Item = (u128, u128, u32)>, rest: u32) -> Edges {
    let mut edges = Edges::new();
    let mut open = Some(0_u128);
    for (first, last, child) in ranges {
        if let (Some(start), Some(before)) = (open, first.checked_sub(1))
            && start <= before
        {
            edges.push(Edge { last: before, child: rest });
        }
        edges.push(Edge { last, child });
        open = last.checked_add(1);
    }
    if open.is_some() {
        edges.push(Edge { last: u128::MAX, child: rest });
    }
    edges
}
