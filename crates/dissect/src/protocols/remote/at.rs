//! Little-endian numbers and strings at known places; every read is checked.

/// `N` bytes from `at`.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

pub(super) fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

pub(super) fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// `length` bytes from `at`.
pub(super) fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

/// UTF-16LE up to the first NUL or the end; unpaired surrogates and an odd last byte are left out.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|u| *u != 0);
    char::decode_utf16(units).filter_map(Result::ok).collect()
}

/// Where `pattern` begins.
pub(super) fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

/// What follows the last dot of a file name, when it is short and plain; else empty. Nothing else of a name is kept,
/// as it may hold a patient's.
pub(super) fn extension(name: &str) -> String {
    let last = name.rsplit(['\\', '/']).next().unwrap_or("");
    match last.rsplit_once('.') {
        Some((_, tail))
            if (1..=10).contains(&tail.len())
                && tail.bytes().all(|b| b.is_ascii_alphanumeric())
                && tail.bytes().filter(u8::is_ascii_digit).count() <= 3 =>
        {
            tail.to_ascii_lowercase()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{extension, le16, slice, utf16};

    #[test]
    fn only_plain_extensions_are_kept() {
        assert_eq!(extension(r"scans\Doe^John.DCM"), "dcm");
        assert_eq!(extension(r"a.b\19700101"), "");
        assert_eq!(extension("x.19700101"), "");
        assert_eq!(extension("report. Jane Doe"), "");
    }

    #[test]
    fn reads_are_checked() {
        assert_eq!(le16(&[1, 2, 3], 1), Some(0x0302));
        assert_eq!(le16(&[1, 2, 3], 2), None);
        assert_eq!(slice(&[1], usize::MAX, 2), None);
        assert_eq!(utf16(b"a\0b\0\0\0c\0"), "ab");
    }
}
