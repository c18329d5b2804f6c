//! What a file that is no capture looks like.

/// Advice for captures of other programs.
const CONVERT: &str = "convert it with Wireshark's `editcap IN OUT.pcapng`";
const UNPACK: &str = "unpack it first";

/// First bytes, what they tell, and what to do.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"snoop\0\0\0", "a Solaris snoop capture", CONVERT),
    (b"GMBU", "a Microsoft Network Monitor 2 capture", CONVERT),
    (b"RTSS", "a Microsoft Network Monitor 1 capture", CONVERT),
    (b"btsnoop\0", "a Bluetooth btsnoop capture", CONVERT),
    (b"\x7fver", "an OmniPeek/EtherPeek capture", CONVERT),
    (b"XCP\0", "a NetXRay or Windows Sniffer capture", CONVERT),
    (b"TRSNIFF data", "a DOS Sniffer capture", CONVERT),
    (b"ObserverPktBuffe", "a Network Instruments Observer capture", CONVERT),
    (b"iptrace ", "an AIX iptrace capture", CONVERT),
    (b"\x01\x01\x01\x01\x01\x01\x01\x01nettl", "an HP-UX nettl capture", CONVERT),
    (b"\xa1\xb2\xcd\x35", "a capture in an experimental pcap variant", CONVERT),
    (b"\x1c\x00\x01\xac", "an IXIA lcap capture", CONVERT),
    (b"\xac\x01\x00\x1c", "an IXIA lcap capture", CONVERT),
    (b"\x1c\x00\x01\xab", "an IXIA lcap capture", CONVERT),
    (b"\xab\x01\x00\x1c", "an IXIA lcap capture", CONVERT),
    (b"ElfFile\0", "a Windows event log", ""),
    (b"\x7fELF", "an ELF program", ""),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program", ""),
    (b"MZ", "a Windows program", ""),
    (b"%PDF-", "a PDF document", ""),
    (b"{\\rtf", "an RTF document", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document", ""),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"PK\x03\x04", "a zip archive (or an Office document)", UNPACK),
    (b"PK\x05\x06", "an empty zip archive", ""),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"\xfd7zXZ\0", "xz-compressed data", "unpack it with `xz -d`"),
    (b"BZh", "bzip2-compressed data", "unpack it with `bzip2 -d`"),
    (b"\x04\x22\x4d\x18", "LZ4-compressed data", "unpack it with `lz4 -d`"),
    (b"\x1f\x8b", "gzip data inside the gzip data", "unpack it with `gzip -d`"),
    (b"\x28\xb5\x2f\xfd", "zstd data inside the compressed data", "unpack it with `zstd -d`"),
    (b"SQLite format 3\0", "an SQLite database", ""),
    (b"PAR1", "a Parquet file", ""),
    (b"LPKSHHRH", "a systemd journal", ""),
    (b"\x0c\xa5\x01\x00", "an nfdump flow file", "flow records hold no packets"),
];

/// Says what `head`, the first bytes of an input after unpacking, looks like, and what to do about it.
pub(crate) fn looks_like(head: &[u8], packing: Option<&str>, fault: Option<&str>) -> String {
    let inside = packing.map_or(String::new(), |packing| format!(", compressed with {packing}"));
    if let (true, Some(fault)) = (head.len() < 4, fault) {
        let packing = packing.map_or(String::new(), |packing| format!("{packing} data of which "));
        return format!("{packing}nothing can be read: {fault}");
    }
    if head.is_empty() {
        return format!("an empty file{inside}");
    }
    let (name, advice) = name(head);
    match advice {
        "" => format!("{name}{inside}"),
        _ => format!("{name}{inside}; {advice}"),
    }
}

fn name(head: &[u8]) -> (String, &'static str) {
    let known = BEGINNINGS.iter().find(|(beginning, ..)| head.starts_with(beginning));
    if let Some((_, name, advice)) = known {
        return ((*name).to_owned(), advice);
    }
    if head.get(257..262) == Some(b"ustar") {
        return ("a tar archive".to_owned(), UNPACK);
    }
    if let Some(name) = text(head) {
        return (name.to_owned(), "");
    }
    if erf(head) {
        return ("an Endace ERF capture".to_owned(), CONVERT);
    }
    if head.iter().all(|byte| *byte == 0) {
        return ("nothing but zeros".to_owned(), "");
    }
    if head.len() < 4 {
        let ending = if head.len() == 1 { "" } else { "s" };
        return (format!("a file of only {} byte{ending}", head.len()), "");
    }
    let shown: Vec<String> = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    (format!("binary content of an unknown kind (it begins with {})", shown.join(" ")), "")
}

/// The kind of text, if it is text.
fn text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Some("UTF-16 text");
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let control = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b);
    if head.iter().any(|byte| control(byte) || *byte == 0x7f) {
        return None;
    }
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end inside a character; an older code page shows itself by its few odd bytes.
        Err(error) => {
            let odd = head.iter().filter(|byte| **byte >= 0x80).count();
            if error.error_len().is_some() && odd * 4 > head.len() {
                return None;
            }
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
    };
    let trimmed = valid.trim_start();
    let lower = trimmed.get(..trimmed.floor_char_boundary(256)).unwrap_or_default().to_ascii_lowercase();
    Some(if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "an HTML page"
    } else if lower.contains("<pdml") {
        "PDML, packets that were already dissected (the capture itself is needed)"
    } else if lower.starts_with("<?xml") || (lower.starts_with('<') && lower.contains('>')) {
        "XML"
    } else if lower.starts_with('{') || lower.starts_with("[{") || lower.starts_with("[\n") || lower == "[]" {
        "JSON"
    } else if lower.starts_with("#!") {
        "a script"
    } else if separated(valid) {
        "a table as text (CSV)"
    } else {
        "text"
    })
}

/// Whether the first lines have the same number of commas, semicolons or tabs, and some.
fn separated(text: &str) -> bool {
    let mut lines: Vec<&str> = text.lines().take(5).collect();
    if lines.len() > 2 {
        // The last one may be cut by the end of what was looked at.
        lines.pop();
    }
    [',', ';', '\t'].iter().any(|mark| {
        let mut counts = lines.iter().map(|line| line.matches(*mark).count());
        let first = counts.next().unwrap_or(0);
        lines.len() > 1 && first > 0 && counts.all(|count| count == first)
    })
}

/// Two records in a row that hold together (ERF has no magic number): time stamp 8 bytes, type, flags, record length
/// 2, loss 2, wire length 2.
fn erf(head: &[u8]) -> bool {
    fn record(head: &[u8]) -> Option<(u32, usize)> {
        let seconds = u32::from_le_bytes(*head.get(4..)?.first_chunk()?);
        let kind = head.get(8)? & 0x7f;
        let length = u16::from_be_bytes(*head.get(10..)?.first_chunk()?);
        let wire = u16::from_be_bytes(*head.get(14..)?.first_chunk()?);
        let known = (1..=48).contains(&kind) && length >= 16 && wire > 0 && seconds > 600_000_000;
        known.then_some((seconds, usize::from(length)))
    }
    let Some((seconds, length)) = record(head) else { return false };
    match head.get(length..) {
        None | Some([]) => length == head.len(),
        Some(next) => record(next).is_some_and(|(later, _)| later.abs_diff(seconds) < 86_400),
    }
}
