//! A capture that lies in memory.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use medward_model::CaptureFile;
use medward_wire::RawFrame;

use crate::batch::Pool;
use crate::progress::Progress;
use crate::source::Source;

/// Reads a whole capture from memory, in any format that files may have, and shows each frame to `visit`.
///
/// What is no capture gives no frames and a `problem` that says what it looks like. Never panics, whatever the bytes.
pub fn read_all_from(bytes: &[u8], mut visit: impl FnMut(RawFrame<'_>)) -> CaptureFile {
    const BLOCK: usize = 64 << 10;
    let name = Path::new("memory");
    let stream = Box::new(Cursor::new(bytes.to_vec()));
    let mut source = match Source::of_stream(name, stream, &Progress::default()) {
        Ok(source) => source,
        Err(error) => {
            return CaptureFile {
                path: name.display().to_string(),
                problem: Some(error.to_string()),
                ..CaptureFile::default()
            };
        }
    };
    let pool = Arc::new(Pool::default());
    let mut number = 1;
    loop {
        let mut batch = pool.batch();
        if !source.next_block(&mut batch, BLOCK) {
            return source.into_file();
        }
        batch.first = number;
        number += batch.len() as u64;
        batch.frames().for_each(&mut visit);
    }
}
