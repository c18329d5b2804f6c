//! The uncompressed bytes of one input: plain, gzip (RFC 1952) or zstd (RFC 8878).
//!
//! Both decompressors are driven so that every byte before a corrupt place is delivered: inflating reports how much it
//! wrote before it failed, and zstd is fed one block at a time.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder as ZstdDecoder, Operation};

use crate::inbox::Inbox;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What the decoder wants to see of a zstd frame at first.
const ZSTD_START: usize = 5;

/// An input and how it is unpacked.
pub(crate) struct Stream {
    inbox: Inbox,
    codec: Codec,
    ended: bool,
    /// Why the bytes end before they should, or that something was left unread after them.
    fault: Option<String>,
}

enum Codec {
    Plain,
    /// Inside a member, or none between two.
    Gzip(Option<Decompress>),
    Zstd(Box<Zstd>),
}

struct Zstd {
    decoder: ZstdDecoder<'static>,
    /// Bytes that the decoder wants next; 0 between frames.
    hint: usize,
    /// The last output was filled to its end: there may be more without further input.
    pending: bool,
}

/// Bytes written, and whether more may come.
type Filled = (usize, Result<bool, String>);

fn is_zstd(head: &[u8]) -> bool {
    match head.first_chunk::<4>().map(|four| u32::from_le_bytes(*four)) {
        Some(magic) => magic == 0xfd2f_b528 || magic & 0xffff_fff0 == 0x184d_2a50,
        None => false,
    }
}

fn broken(error: io::Error) -> String {
    format!("reading failed ({error})")
}

impl Stream {
    /// Looks at the first bytes to see how the input is packed.
    pub fn new(mut inbox: Inbox) -> io::Result<Stream> {
        let head = inbox.window(4)?;
        let codec = if head.starts_with(&GZIP) {
            Codec::Gzip(None)
        } else if is_zstd(head) {
            let decoder = ZstdDecoder::new()?;
            Codec::Zstd(Box::new(Zstd { decoder, hint: 0, pending: false }))
        } else {
            Codec::Plain
        };
        Ok(Stream { inbox, codec, ended: false, fault: None })
    }

    /// "gzip" or "zstd".
    pub fn packing(&self) -> Option<&'static str> {
        match self.codec {
            Codec::Plain => None,
            Codec::Gzip(_) => Some("gzip"),
            Codec::Zstd(_) => Some("zstd"),
        }
    }

    pub fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Fills `into` from its start; fewer bytes only at the end of the stream.
    pub fn fill(&mut self, into: &mut [u8]) -> usize {
        let mut filled = 0;
        while !self.ended && filled < into.len() {
            let room = into.get_mut(filled..).unwrap_or_default();
            let (count, more) = match &mut self.codec {
                Codec::Plain => plain(&mut self.inbox, room),
                Codec::Gzip(member) => gunzip(&mut self.inbox, member, room),
                Codec::Zstd(zstd) => zstd.unpack(&mut self.inbox, room),
            };
            filled += count;
            match more {
                Ok(more) => self.ended = !more,
                Err(fault) => {
                    self.ended = true;
                    self.fault = Some(fault);
                }
            }
        }
        filled
    }
}

fn plain(inbox: &mut Inbox, room: &mut [u8]) -> Filled {
    // The window holds only what was looked at to see the packing.
    let held = inbox.window(0).unwrap_or_default();
    let count = held.len().min(room.len());
    if count > 0 {
        if let (Some(to), Some(from)) = (room.get_mut(..count), held.get(..count)) {
            to.copy_from_slice(from);
        }
        inbox.advance(count);
        return (count, Ok(true));
    }
    match inbox.read(room) {
        Ok(count) => (count, Ok(count > 0)),
        Err(error) => (0, Err(broken(error))),
    }
}

fn gunzip(inbox: &mut Inbox, member: &mut Option<Decompress>, room: &mut [u8]) -> Filled {
    let window = match inbox.window(2) {
        Ok(window) => window,
        Err(error) => return (0, Err(broken(error))),
    };
    let Some(inflate) = member else {
        if window.starts_with(&GZIP) {
            *member = Some(Decompress::new_gzip(15));
            return (0, Ok(true));
        }
        return (0, after_the_end(inbox, "gzip"));
    };
    if window.is_empty() {
        return (0, Err("the gzip data end too early".to_owned()));
    }
    let (read, written) = (inflate.total_in(), inflate.total_out());
    let outcome = inflate.decompress(window, room, FlushDecompress::None);
    let (read, written) = (inflate.total_in() - read, (inflate.total_out() - written) as usize);
    inbox.advance(read as usize);
    match outcome {
        Ok(Status::StreamEnd) => {
            *member = None;
            (written, Ok(true))
        }
        Ok(_) if read == 0 && written == 0 => (0, Err("the gzip data are corrupt".to_owned())),
        Ok(_) => (written, Ok(true)),
        Err(_) => (written, Err("the gzip data are corrupt".to_owned())),
    }
}

/// Zeros after the end are padding; anything else is told.
fn after_the_end(inbox: &mut Inbox, packing: &str) -> Result<bool, String> {
    loop {
        let window = inbox.window(1).map_err(broken)?;
        if window.is_empty() {
            return Ok(false);
        }
        if window.iter().any(|byte| *byte != 0) {
            return Err(format!("what follows the {packing} data is not {packing} and was not read"));
        }
        let count = window.len();
        inbox.advance(count);
    }
}

impl Zstd {
    fn unpack(&mut self, inbox: &mut Inbox, room: &mut [u8]) -> Filled {
        let between = self.hint == 0 && !self.pending;
        let want = if between { ZSTD_START } else { self.hint.max(1) };
        let window = match inbox.window(want) {
            Ok(window) => window,
            Err(error) => return (0, Err(broken(error))),
        };
        if between && !is_zstd(window) {
            return (0, after_the_end(inbox, "zstd"));
        }
        let input = if self.pending { &[] } else { window.get(..want).unwrap_or(window) };
        if input.is_empty() && !self.pending {
            return (0, Err("the zstd data end too early".to_owned()));
        }
        match self.decoder.run_on_buffers(input, room) {
            Ok(status) => {
                let idle = status.bytes_read == 0 && status.bytes_written == 0 && !self.pending;
                self.hint = status.remaining;
                self.pending = status.bytes_written == room.len();
                inbox.advance(status.bytes_read);
                if idle && self.hint != 0 {
                    return (0, Err("the zstd data are corrupt".to_owned()));
                }
                (status.bytes_written, Ok(true))
            }
            Err(error) => (0, Err(format!("the zstd data are corrupt ({error})"))),
        }
    }
}
