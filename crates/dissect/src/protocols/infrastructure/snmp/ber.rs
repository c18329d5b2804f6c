//! The part of the Basic Encoding Rules (ITU-T X.690) that SNMP uses: definite lengths, single-byte tags.

use super::super::octets::Octets;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const IP_ADDRESS: u8 = 0x40;

/// The next element: its tag and contents.
pub(super) fn element<'a>(octets: &mut Octets<'a>) -> Option<(u8, &'a [u8])> {
    let tag = octets.u8()?;
    let first = octets.u8()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let bytes = octets.take(usize::from(first & 0x7f))?;
            bytes.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b))
        }
        _ => return None,
    };
    Some((tag, octets.take(length)?))
}

/// The contents of the next element, when it has that tag.
pub(super) fn expect<'a>(octets: &mut Octets<'a>, tag: u8) -> Option<&'a [u8]> {
    let mut ahead = *octets;
    let (found, value) = element(&mut ahead)?;
    if found != tag {
        return None;
    }
    *octets = ahead;
    Some(value)
}

/// The next element as an integer of at most eight bytes.
pub(super) fn integer(octets: &mut Octets<'_>) -> Option<i64> {
    number(expect(octets, INTEGER)?)
}

/// Contents of an integer.
pub(super) fn number(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    if bytes.len() > 8 {
        return None;
    }
    let start = if first & 0x80 != 0 { -1_i64 } else { 0 };
    Some(bytes.iter().fold(start, |n, b| n << 8 | i64::from(*b)))
}

/// An object identifier of at most 40 arcs; what is longer is cut, and is then a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oid {
    arcs: [u32; 40],
    length: usize,
}

impl Oid {
    /// From the contents of an element (X.690 8.19).
    pub(super) fn read(bytes: &[u8]) -> Option<Oid> {
        let mut oid = Oid { arcs: [0; 40], length: 0 };
        let mut arc = 0_u64;
        let mut open = false;
        for byte in bytes {
            arc = (arc << 7 | u64::from(byte & 0x7f)) & 0xffff_ffff_ffff;
            open = byte & 0x80 != 0;
            if open {
                continue;
            }
            let value = u32::try_from(arc).ok()?;
            if oid.length == 0 {
                let first = (value / 40).min(2);
                oid.push(first);
                oid.push(value - first * 40);
            } else {
                oid.push(value);
            }
            arc = 0;
        }
        (!open && oid.length >= 2).then_some(oid)
    }

    fn push(&mut self, arc: u32) {
        if let Some(slot) = self.arcs.get_mut(self.length) {
            *slot = arc;
            self.length += 1;
        }
    }

    pub(super) fn arcs(&self) -> &[u32] {
        self.arcs.get(..self.length).unwrap_or_default()
    }

    /// What follows `prefix`, where the identifier starts with it.
    pub(super) fn under(&self, prefix: &[u32]) -> Option<&[u32]> {
        self.arcs().strip_prefix(prefix)
    }

    /// The first `count` arcs, dotted.
    pub(super) fn dotted(&self, count: usize) -> String {
        let arcs = self.arcs();
        let texts: Vec<String> = arcs.iter().take(count).map(u32::to_string).collect();
        texts.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::{Oid, element, number};
    use crate::protocols::infrastructure::octets::Octets;

    #[test]
    fn lengths_integers_and_identifiers() {
        assert_eq!(element(&mut Octets::new(&[4, 0x81, 1, 9])), Some((4, &[9_u8][..])));
        assert_eq!(element(&mut Octets::new(&[4, 0x80, 0, 0])), None);
        assert_eq!(element(&mut Octets::new(&[4, 0x84, 0xff, 0xff, 0xff, 0xff])), None);
        assert_eq!(number(&[0xff]), Some(-1));
        assert_eq!(number(&[0, 0xff]), Some(255));
        let oid = Oid::read(&[0x2b, 6, 1, 4, 1, 0x8f, 0x65]).unwrap();
        assert_eq!(oid.dotted(40), "1.3.6.1.4.1.2021");
        assert_eq!(Oid::read(&[0x2b, 0x86]), None);
    }
}
