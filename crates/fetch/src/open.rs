//! Files and archives as streams of plain bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// Most bytes that one packed file may unpack to, and how many times its size: beyond that it is a bomb.
const MOST_UNPACKED: u64 = 16 << 30;
const MOST_RATIO: u64 = 400;
/// Below this size any ratio is fine.
const SMALL: u64 = 64 << 20;

/// Most files of an archive, and how deep archives may lie in archives.
const MOST_FILES: usize = 1_000_000;
const MOST_DEPTH: usize = 2;

/// Stops a stream that unpacks to too much.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        match self.left.checked_sub(length as u64) {
            Some(left) => self.left = left,
            None => {
                return Err(io::Error::other(
                    "unpacks to more than such a file may: refused as an archive bomb",
                ));
            }
        }
        Ok(length)
    }
}

fn bounded<R: Read>(inner: R, packed: u64) -> Bounded<R> {
    Bounded { inner, left: MOST_UNPACKED.min(packed.saturating_mul(MOST_RATIO).max(SMALL)) }
}

/// Hands each plain file in `path` to `each`, with its name (and the path inside archives). Names of packed files lose
/// their ending. A file in an archive that cannot be read is handed over as an error, and the rest goes on.
pub(crate) fn each_plain(path: &Path, each: &mut dyn FnMut(&str, io::Result<&mut dyn Read>)) {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(mut file) => {
            let packed = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
            let mut magic = [0; 4];
            let taken = file.read(&mut magic).unwrap_or(0);
            let result = io::Seek::rewind(&mut file);
            match result {
                Ok(()) => plain(
                    &name,
                    magic.get(..taken).unwrap_or_default(),
                    BufReader::new(file),
                    packed,
                    0,
                    each,
                ),
                Err(error) => each(&name, Err(error)),
            }
        }
        Err(error) => each(&name, Err(error)),
    }
}

fn is_sheet(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".xlsx") || lower.ends_with(".xlsm")
}

fn plain<R: Read + io::Seek>(
    name: &str,
    magic: &[u8],
    file: R,
    packed: u64,
    depth: usize,
    each: &mut dyn FnMut(&str, io::Result<&mut dyn Read>),
) {
    match magic {
        [0x1f, 0x8b, ..] => {
            each(strip(name, &[".gz", ".gzip"]), Ok(&mut bounded(MultiGzDecoder::new(file), packed)));
        }
        [0x28, 0xb5, 0x2f, 0xfd] => match zstd::Decoder::new(file) {
            Ok(decoder) => each(strip(name, &[".zst", ".zstd"]), Ok(&mut bounded(decoder, packed))),
            Err(error) => each(name, Err(error)),
        },
        [b'P', b'K', 3, 4] if !is_sheet(name) => archive(name, file, packed, depth, each),
        _ => {
            let mut file = file;
            each(name, Ok(&mut file));
        }
    }
}

fn archive<R: Read + io::Seek>(
    name: &str,
    file: R,
    packed: u64,
    depth: usize,
    each: &mut dyn FnMut(&str, io::Result<&mut dyn Read>),
) {
    let mut archive = match zip::ZipArchive::new(file) {
        Ok(archive) => archive,
        Err(error) => return each(name, Err(io::Error::other(error.to_string()))),
    };
    if archive.len() > MOST_FILES {
        return each(name, Err(io::Error::other(format!("has {} files, more than are read", archive.len()))));
    }
    for at in 0..archive.len() {
        let mut entry = match archive.by_index(at) {
            Ok(entry) if entry.is_dir() => continue,
            Ok(entry) => entry,
            Err(error) => {
                each(name, Err(io::Error::other(error.to_string())));
                continue;
            }
        };
        let inner = match entry.name() {
            Ok(own) => format!("{name}!{own}"),
            Err(error) => {
                each(name, Err(io::Error::other(error.to_string())));
                continue;
            }
        };
        let size = entry.compressed_size().max(packed / 64);
        let lower = inner.to_ascii_lowercase();
        if lower.ends_with(".zip") || lower.ends_with(".gz") || lower.ends_with(".zst") {
            if depth + 1 >= MOST_DEPTH && lower.ends_with(".zip") {
                each(&inner, Err(io::Error::other("is an archive in an archive in an archive")));
                continue;
            }
            // An archive in an archive is read into memory: it must be searched from its end.
            let mut bytes = Vec::new();
            match bounded(&mut entry, size).take(2 << 30).read_to_end(&mut bytes) {
                Ok(_) => {
                    let magic: Vec<u8> = bytes.iter().copied().take(4).collect();
                    let length = bytes.len() as u64;
                    plain(&inner, &magic, io::Cursor::new(bytes), length, depth + 1, each);
                }
                Err(error) => each(&inner, Err(error)),
            }
            continue;
        }
        each(&inner, Ok(&mut bounded(&mut entry, size)));
    }
}

fn strip<'n>(name: &'n str, endings: &[&str]) -> &'n str {
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}
