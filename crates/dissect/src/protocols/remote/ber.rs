//! Elements of the Basic Encoding Rules (X.690 8.1) with definite lengths, as Kerberos and LDAP use them.

/// Tag, length of tag and length octets, length of the content. `None` where the bytes end first or cannot be this.
pub(super) fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    if *first < 0x80 {
        return Some((*tag, 2, usize::from(*first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return None;
    }
    let octets = rest.get(..count)?;
    let length = octets.iter().fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
    Some((*tag, 2 + count, usize::try_from(length).ok()?))
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ber<'a>(pub(super) &'a [u8]);

impl<'a> Ber<'a> {
    /// The next element: tag and content.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, head, length) = header(self.0)?;
        let content = super::at::slice(self.0, head, length)?;
        self.0 = self.0.get(head.checked_add(length)?..)?;
        Some((tag, content))
    }

    /// The content of the next element, when it has that tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, head, _) = header(self.0)?;
        debug_assert!(head > 0);
        if found == tag { self.next().map(|(_, content)| content) } else { None }
    }

    /// Skips to the first element of that tag.
    pub(super) fn find(mut self, tag: u8) -> Option<&'a [u8]> {
        while let Some((found, content)) = self.next() {
            if found == tag {
                return Some(content);
            }
        }
        None
    }
}

/// An INTEGER or ENUMERATED of at most eight octets.
pub(super) fn integer(content: &[u8]) -> Option<i64> {
    let (first, _) = content.split_first()?;
    if content.len() > 8 {
        return None;
    }
    let start = if first & 0x80 != 0 { -1_i64 } else { 0 };
    Some(content.iter().fold(start, |value, octet| value << 8 | i64::from(*octet)))
}

#[cfg(test)]
mod tests {
    use super::{Ber, header, integer};

    #[test]
    fn lengths_are_checked() {
        assert_eq!(header(&[0x30, 0x82, 1, 0]), Some((0x30, 4, 256)));
        assert_eq!(header(&[0x30, 0x80]), None);
        assert_eq!(Ber(&[4, 2, 1]).next(), None);
        assert_eq!(integer(&[0xff, 0x7f]), Some(-129));
        assert_eq!(Ber(&[2, 1, 5, 4, 1, 9]).find(4), Some(&[9][..]));
    }
}
