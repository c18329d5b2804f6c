//! The floor for any reader: the same file through this crate, every frame through etherparse, nothing kept.
//! `cargo xtask bench` compares whole runs with it.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use medward_capture::{Options, Reader};

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut reader = match Reader::open(&paths, &Options::default()) {
        Ok(reader) => reader,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(4);
        }
    };
    let (mut packets, mut transport) = (0_u64, 0_u64);
    while let Some(batch) = reader.next_batch() {
        for frame in batch.frames() {
            packets += 1;
            let sliced = etherparse::LaxSlicedPacket::from_ethernet(frame.bytes);
            transport += u64::from(sliced.is_ok_and(|sliced| sliced.transport.is_some()));
        }
    }
    println!("{packets} packets, {transport} with a transport header");
    ExitCode::SUCCESS
}
