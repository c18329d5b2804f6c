//! Files, directories and their order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use crate::forge::{at_seconds, gzip, zstd};
use crate::{Batch, OpenError, Options, Reader};

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// Number, second, mark and index of every packet.
fn order(reader: &mut Reader) -> Vec<(u64, i64, u8, u8)> {
    let mut seen = Vec::new();
    while let Some(batch) = reader.next_batch() {
        assert!(!batch.is_empty());
        for frame in batch.frames() {
            seen.push((frame.number, frame.time.as_seconds(), frame.bytes[0], frame.bytes[1]));
        }
    }
    seen
}

fn merge(files: &[Vec<u32>]) -> Vec<(u64, i64, u8, u8)> {
    // As simple as can be: always the file whose next packet is earliest.
    let mut next = vec![0usize; files.len()];
    let mut merged = Vec::new();
    loop {
        let candidates = files
            .iter()
            .enumerate()
            .filter_map(|(file, seconds)| seconds.get(next[file]).map(|second| (*second, file)));
        let Some((second, file)) = candidates.min() else { return merged };
        merged.push((merged.len() as u64 + 1, i64::from(second), file as u8, next[file] as u8));
        next[file] += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn files_are_merged_by_time_then_order(
        files in prop::collection::vec(prop::collection::vec(1u32..30, 0..40), 1..14),
        sorted: bool,
        batch_bytes in prop::sample::select(vec![4096usize, 512 << 10]),
    ) {
        let mut files = files;
        if sorted {
            files.iter_mut().for_each(|seconds| seconds.sort_unstable());
        }
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().enumerate().map(|(file, seconds)| {
            write(folder.path(), &format!("{file}.pcap"), &at_seconds(file as u8, seconds))
        }).collect();
        let options = Options { batch_bytes };
        let mut reader = Reader::open(&paths, &options).unwrap();
        prop_assert_eq!(order(&mut reader), merge(&files));
        let progress = reader.progress();
        prop_assert_eq!(Some(progress.read()), progress.total());
        let counts: Vec<u64> = reader.finish().iter().map(|file| file.packets).collect();
        prop_assert_eq!(counts, files.iter().map(|seconds| seconds.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn many_files_are_read_though_few_can_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let many = 1500;
    for file in 0..many {
        // All overlap.
        let bytes = at_seconds(file as u8, &[1, 2000 + file, 9000]);
        let bytes = if file % 2 == 0 { gzip(&bytes) } else { zstd(&bytes) };
        write(folder.path(), &format!("{file:05}.gz"), &bytes);
    }
    let mut reader = Reader::open(&[folder.path().to_owned()], &Options::default()).unwrap();
    let seen = order(&mut reader);
    assert_eq!(seen.len() as u32, many * 3);
    assert!(seen.is_sorted_by_key(|(_, second, ..)| *second));
    assert!(reader.finish().iter().all(|file| file.problem.is_none() && file.packets == 3));
}

#[test]
fn directories_are_read_by_name_and_the_rest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "b/2.pcap", &at_seconds(2, &[5]));
    write(root, "b/1.pcap", &at_seconds(1, &[5]));
    write(root, "a.cap", &zstd(&at_seconds(0, &[5])));
    write(root, "b/README.txt", b"see the wiki\n");
    write(root, "c/empty", b"");
    let paths = [root.to_owned(), root.join("b"), root.join("a.cap")];
    let mut reader = Reader::open(&paths, &Options::default()).unwrap();
    let marks: Vec<u8> = order(&mut reader).iter().map(|seen| seen.2).collect();
    assert_eq!(marks, [0, 1, 2]);
    let left: Vec<&str> = reader.left_out().files.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(left, ["text", "an empty file"]);
    let files = reader.finish();
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| file.problem.is_none()));

    let error = Reader::open(&[root.join("c")], &Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::NoCaptureIn { files: 1, .. }), "{error}");
}

#[test]
fn one_unreadable_input_among_several_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.pcap", &at_seconds(0, &[1, 2]));
    let text = write(folder.path(), "text.pcap", b"hello\n");
    let absent = folder.path().join("absent.pcap");
    let mut reader = Reader::open(&[absent.clone(), text.clone(), good], &Options::default()).unwrap();
    assert_eq!(order(&mut reader).len(), 2);
    let problems: Vec<String> =
        reader.finish().into_iter().map(|file| file.problem.unwrap_or_default()).collect();
    assert_eq!(problems[0], "");
    assert!(problems[1].starts_with("cannot be read: No such file"), "{}", problems[1]);
    assert_eq!(problems[2], "not a packet capture: it looks like text");

    let error = Reader::open(&[absent, text], &Options::default()).unwrap_err().to_string();
    assert!(error.starts_with("none of the inputs can be read:\n  cannot read "), "{error}");
    assert!(matches!(Reader::open(&[], &Options::default()), Err(OpenError::NoInput)));
}

#[test]
fn batches_are_shared_between_threads_and_reused() {
    let folder = tempfile::tempdir().unwrap();
    let seconds: Vec<u32> = (1..50_000).collect();
    let path = write(folder.path(), "long.pcap", &at_seconds(0, &seconds));
    let mut reader = Reader::open(&[path], &Options::default()).unwrap();
    let mut expected = 1;
    while let Some(batch) = reader.next_batch() {
        let batch: Arc<Batch> = Arc::new(batch);
        assert_eq!(batch.first_number(), expected);
        expected += batch.len() as u64;
        let counts: Vec<usize> = std::thread::scope(|scope| {
            let count = || batch.frames().filter(|frame| frame.original == 60).count();
            let threads = [scope.spawn(count), scope.spawn(count)];
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(counts, [batch.len(); 2]);
    }
    assert_eq!(expected, 50_000);
}

/// Counts of public captures, where they lie beside the workspace.
#[test]
fn public_captures_have_the_packets_that_others_count() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    let Ok(manifest) = fs::read_to_string(root.join("MANIFEST.tsv")) else { return };
    let mut lines = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name| head.iter().position(|title| *title == name).unwrap();
    let (group, file, packets) = (column("group"), column("file"), column("packets"));
    for line in lines {
        let bytes = fs::read(root.join(line[group]).join(line[file])).unwrap();
        let read = crate::read_all_from(&bytes, |_| ());
        assert_eq!(read.packets.to_string(), line[packets], "{}: {:?}", line[file], read.problem);
    }
}
