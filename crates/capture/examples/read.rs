//! Reads captures and prints what was read, with the time it took.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use medward_capture::{Options, Reader};

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let start = Instant::now();
    let mut reader = match Reader::open(&paths, &Options::default()) {
        Ok(reader) => reader,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let (mut packets, mut bytes, mut batches, mut check) = (0u64, 0u64, 0u64, 0u64);
    while let Some(batch) = reader.next_batch() {
        batches += 1;
        for frame in batch.frames() {
            packets += 1;
            bytes += frame.bytes.len() as u64;
            check = check.wrapping_add(u64::from(frame.bytes.first().copied().unwrap_or(0)));
        }
    }
    let spent = start.elapsed();
    let (names, left_out) = (reader.names().len(), reader.left_out().clone());
    for file in reader.finish() {
        println!("{}\t{}\t{}\t{}", file.path, file.format, file.packets, file.problem.unwrap_or_default());
    }
    for (path, looks_like) in left_out.files {
        println!("left out: {}: {looks_like}", path.display());
    }
    let each = spent.as_nanos() / u128::from(packets.max(1));
    eprintln!(
        "{packets} packets, {bytes} bytes, {batches} batches, {names} names, {spent:?}, {each} ns a packet ({check})"
    );
    ExitCode::SUCCESS
}
