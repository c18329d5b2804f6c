//! What is no capture is named.

use crate::forge::{gzip, zstd};
use crate::read_all_from;

#[test]
fn what_is_no_capture_is_named() {
    let erf = {
        let mut record = vec![0u8; 24];
        record[4..8].copy_from_slice(&1_700_000_000u32.to_le_bytes());
        record[8] = 2;
        record[10..12].copy_from_slice(&24u16.to_be_bytes());
        record[14..16].copy_from_slice(&6u16.to_be_bytes());
        [record.clone(), record].concat()
    };
    let mut tar = vec![b'a'; 600];
    tar[100..257].fill(0);
    tar[257..262].copy_from_slice(b"ustar");
    let cases: &[(&[u8], &str)] = &[
        (b"", "an empty file"),
        (b"\xa1\xb2", "a file of only 2 bytes"),
        (b"\x7fELF\x02\x01\x01\0\0", "an ELF program"),
        (b"MZ\x90\0\x03", "a Windows program"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        (b"PK\x03\x04\x14\0", "a zip archive (or an Office document); unpack it first"),
        (b"snoop\0\0\0\0\0\0\x02", "a Solaris snoop capture; convert it"),
        (b"GMBU\0\x02", "a Microsoft Network Monitor 2 capture; convert it"),
        (&erf, "an Endace ERF capture; convert it"),
        (b"\xfd7zXZ\0\0", "xz-compressed data; unpack it with `xz -d`"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\n<HTML><head>", "an HTML page"),
        (b"<?xml version=\"1.0\"?>\n<a/>", "XML"),
        (b"<?xml version=\"1.0\"?>\n<pdml version=\"0\">", "PDML"),
        (b"{\"a\": 1}", "JSON"),
        (b"ip,mac,name\n10.0.0.1,aa,b\n10.0.0.2,cc,d\n", "a table as text (CSV)"),
        (b"a plain letter\nof two lines, one comma\n", "text"),
        ("Gr\u{fc}\u{df}e aus der Radiologie".as_bytes(), "text"),
        (b"\xff\xfea\0b\0", "UTF-16 text"),
        (&tar, "a tar archive; unpack it first"),
        (&[0; 100], "nothing but zeros"),
        (
            b"\x01\x02\x03\x04\x05\x06\x07\x08",
            "binary content of an unknown kind (it begins with 01 02 03 04)",
        ),
        (&gzip(b"hello, world"), "text, compressed with gzip"),
        (&zstd(b"%PDF-1.4"), "a PDF document, compressed with zstd"),
        (&gzip(b""), "an empty file, compressed with gzip"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff\xff\xff", "gzip data of which nothing can be read"),
    ];
    for (bytes, expected) in cases {
        let file = read_all_from(bytes, |_| panic!("no frames"));
        let problem = file.problem.unwrap();
        let beginning = format!("memory is not a packet capture: it looks like {expected}");
        assert!(problem.starts_with(&beginning), "{problem:?} instead of {expected:?}");
    }
}
