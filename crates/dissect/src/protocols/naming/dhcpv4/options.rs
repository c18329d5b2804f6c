//! DHCP options as they stand in a message (RFC 2131, 4.1; RFC 2132, 2; RFC 3396).

/// Options of one message: the codes in their order, the values joined by code.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Every code in the order of the wire, pad and end left out.
    pub(super) order: Vec<u8>,
    values: Vec<(u8, Vec<u8>)>,
    /// An option ran over the end of its field.
    pub(super) broken: bool,
}

impl Options {
    /// Reads the options field, then `file` and `sname` as option 52 asks for (RFC 2132, 9.3). What was read before a
    /// broken option is kept. Values of one code are joined (RFC 3396, 7).
    pub(super) fn read(options: &[u8], file: &[u8], sname: &[u8]) -> Options {
        let mut read = Options::default();
        read.field(options);
        let overload = read.byte(52).unwrap_or(0);
        if overload & 1 != 0 {
            read.field(file);
        }
        if overload & 2 != 0 {
            read.field(sname);
        }
        read
    }

    fn field(&mut self, mut rest: &[u8]) {
        while let Some((code, tail)) = rest.split_first() {
            match code {
                0 => rest = tail,
                255 => return,
                code => {
                    let value =
                        tail.split_first().and_then(|(n, tail)| tail.split_at_checked(usize::from(*n)));
                    let Some((value, tail)) = value else {
                        self.broken = true;
                        return;
                    };
                    self.order.push(*code);
                    match self.values.iter_mut().find(|(known, _)| known == code) {
                        Some((_, known)) => known.extend_from_slice(value),
                        None => self.values.push((*code, value.to_vec())),
                    }
                    rest = tail;
                }
            }
        }
    }

    /// The value of that option.
    pub(super) fn get(&self, code: u8) -> Option<&[u8]> {
        self.values.iter().find(|(known, _)| *known == code).map(|(_, value)| value.as_slice())
    }

    /// Of an option of one byte.
    pub(super) fn byte(&self, code: u8) -> Option<u8> {
        self.get(code)?.first().copied()
    }

    /// Of an option of four bytes: a time or an address.
    pub(super) fn word(&self, code: u8) -> Option<u32> {
        self.get(code)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b))
    }
}

/// Splits `bytes` into code, length, value triples (sub-options of 82 and the like); ends where one is cut.
pub(super) fn triples(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (code, tail) = rest.split_first()?;
        let (length, tail) = tail.split_first()?;
        let (value, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        Some((*code, value))
    })
}

/// Splits options 124 and 125: enterprise number, length, bytes (RFC 3925, 3 and 4).
pub(super) fn by_enterprise(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (number, tail) = rest.split_first_chunk::<4>()?;
        let (length, tail) = tail.split_first()?;
        let (value, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        Some((u32::from_be_bytes(*number), value))
    })
}

/// Codes with commas between, as fingerprint databases write them.
pub(super) fn list(codes: &[u8]) -> String {
    let mut text = String::with_capacity(4 * codes.len());
    for code in codes.iter().take(128) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&code.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Options, list};

    #[test]
    fn overload_continues_in_file_and_then_sname() {
        let options = Options::read(
            &[52, 1, 3, 12, 2, b'c', b't', 255],
            &[12, 2, b'-', b'2', 255],
            &[60, 1, b'x', 255],
        );
        assert_eq!(options.get(12), Some(&b"ct-2"[..]));
        assert_eq!(options.get(60), Some(&b"x"[..]));
        assert_eq!(list(&options.order), "52,12,12,60");
        assert!(!options.broken);
    }

    #[test]
    fn a_broken_option_keeps_those_before_it() {
        let options = Options::read(&[12, 2, b'c', b't', 60, 9, b'x'], &[], &[]);
        assert_eq!(options.get(12), Some(&b"ct"[..]));
        assert!(options.broken && options.get(60).is_none());
    }
}
