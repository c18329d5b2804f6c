//! BACnet tags and primitive values (ASHRAE 135, 20.2).

use crate::clean_bytes;
use crate::reader::Reader;

/// One tag with its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    Application { kind: u8, content: &'a [u8] },
    Context { number: u8, content: &'a [u8] },
    Opening(u8),
    Closing(u8),
}

/// The next tag; `None` where the bytes end or break.
pub(super) fn next<'a>(reader: &mut Reader<'a>) -> Option<Tag<'a>> {
    let initial = reader.u8()?;
    let mut number = initial >> 4;
    if number == 0x0f {
        number = reader.u8()?;
    }
    let context = initial & 0x08 != 0;
    let length = match initial & 0x07 {
        6 if context => return Some(Tag::Opening(number)),
        7 if context => return Some(Tag::Closing(number)),
        // A Boolean of application class is its own length field (20.2.3).
        _ if !context && number == 1 => 0,
        5 => match reader.u8()? {
            254 => usize::from(reader.u16()?),
            255 => usize::try_from(reader.u32()?).ok()?,
            short => usize::from(short),
        },
        short @ 0..5 => usize::from(short),
        _ => return None,
    };
    let content = reader.take(length)?;
    Some(if context { Tag::Context { number, content } } else { Tag::Application { kind: number, content } })
}

/// The content of the context tag `number`, where that is what comes next; nothing is consumed otherwise.
pub(super) fn context<'a>(reader: &mut Reader<'a>, number: u8) -> Option<&'a [u8]> {
    let mut ahead = *reader;
    match next(&mut ahead)? {
        Tag::Context { number: found, content } if found == number => {
            *reader = ahead;
            Some(content)
        }
        _ => None,
    }
}

/// Passes an opening tag of that number, where it comes next.
pub(super) fn open(reader: &mut Reader<'_>, number: u8) -> Option<()> {
    let mut ahead = *reader;
    (next(&mut ahead)? == Tag::Opening(number)).then(|| *reader = ahead)
}

/// Passes a closing tag of that number, where it comes next.
pub(super) fn close(reader: &mut Reader<'_>, number: u8) -> Option<()> {
    let mut ahead = *reader;
    (next(&mut ahead)? == Tag::Closing(number)).then(|| *reader = ahead)
}

/// Passes all up to and with the closing tag that matches an opening one already passed.
pub(super) fn skip_to_close(reader: &mut Reader<'_>) -> Option<()> {
    let mut depth = 1_usize;
    while depth > 0 {
        match next(reader)? {
            Tag::Opening(_) => depth = depth.checked_add(1)?,
            Tag::Closing(_) => depth -= 1,
            _ => {}
        }
    }
    Some(())
}

/// An unsigned number of 1 to 4 bytes (20.2.4), also for enumerated values.
pub(super) fn unsigned(content: &[u8]) -> Option<u32> {
    (1..=4).contains(&content.len()).then(|| content.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)))
}

/// Object type and instance (20.2.14).
pub(super) fn object(content: &[u8]) -> Option<(u16, u32)> {
    let id = u32::from_be_bytes(content.try_into().ok()?);
    Some(((id >> 22) as u16, id & 0x003f_ffff))
}

/// A character string (20.2.9): its first byte names the character set.
pub(super) fn text(content: &[u8]) -> Option<String> {
    let (set, bytes) = content.split_first()?;
    match set {
        // UTF-8 (once US-ASCII) and ISO 8859-1.
        0 | 5 => Some(clean_bytes(bytes)),
        4 => {
            let units: Vec<u16> =
                bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            Some(crate::clean(&String::from_utf16_lossy(&units)).into_owned())
        }
        _ => None,
    }
}
