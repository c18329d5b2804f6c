//! The Huffman code of HPACK (RFC 7541, 5.2 and appendix B). It is canonical, so that the lengths tell the codes.

use std::sync::LazyLock;

/// Bits in the code of each octet, then of the end of string.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Symbols by length of code, and where the codes of each length begin.
struct Codes {
    symbols: Vec<u16>,
    /// By length: the first code, how many there are, where their symbols begin.
    spans: [(u32, u32, usize); 31],
}

static CODES: LazyLock<Codes> = LazyLock::new(|| {
    let mut symbols = Vec::with_capacity(LENGTHS.len());
    let mut spans = [(0, 0, 0); 31];
    let mut code = 0_u32;
    for (length, span) in (0_u8..).zip(spans.iter_mut()) {
        code <<= 1;
        let start = symbols.len();
        symbols.extend((0_u16..).zip(LENGTHS).filter(|(_, l)| *l == length).map(|(symbol, _)| symbol));
        let count = (symbols.len() - start) as u32;
        *span = (code, count, start);
        code += count;
    }
    Codes { symbols, spans }
});

/// The text behind the code; `None` where it is none, or longer than `limit` octets.
pub(super) fn decode(coded: &[u8], limit: usize) -> Option<Vec<u8>> {
    let codes = &*CODES;
    let mut text = Vec::with_capacity(coded.len().saturating_mul(8).div_ceil(5).min(limit));
    let (mut code, mut length) = (0_u32, 0_usize);
    for bit in coded.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        let (first, count, start) = *codes.spans.get(length)?;
        let Some(at) = code.checked_sub(first).filter(|at| *at < count) else { continue };
        let symbol = *codes.symbols.get(start.checked_add(at as usize)?)?;
        // The end of string must not occur (RFC 7541, 5.2).
        text.push(u8::try_from(symbol).ok()?);
        if text.len() > limit {
            return None;
        }
        (code, length) = (0, 0);
    }
    // At most seven bits of padding, all ones.
    (length < 8 && code == (1_u32 << length) - 1).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::decode;

    /// RFC 7541, C.4.1 and C.6.1.
    #[test]
    fn the_examples_of_the_rfc() {
        let coded = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decode(&coded, 100).as_deref(), Some(&b"www.example.com"[..]));
        assert_eq!(decode(&[0x64, 0x02], 100).as_deref(), Some(&b"302"[..]));
    }

    #[test]
    fn wrong_padding_and_long_texts_are_refused() {
        assert_eq!(decode(&[0x1f], 100).as_deref(), Some(&b"a"[..]));
        assert_eq!(decode(&[0x18], 100), None);
        assert_eq!(decode(&[0xff, 0xff], 100), None);
        assert_eq!(decode(&[0x64, 0x02], 2), None);
    }
}
