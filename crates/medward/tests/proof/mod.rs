//! What the proofs share: where the captures are, and how the built program is run.
#![allow(dead_code, reason = "each proof is a program of its own and uses a part of this")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// Programs that run at the same time.
const AT_ONCE: usize = 2;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("crates/medward is two levels down")
        .to_owned()
}

/// Captures that are not part of the repository, where they are present: beside it, or where `MEDWARD_SHARED` says.
pub fn shared() -> Option<PathBuf> {
    let place = std::env::var_os("MEDWARD_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    place.join("captures").is_dir().then_some(place)
}

/// Every file below `folder` with one of the endings, in order of their paths.
pub fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The captures of this project.
pub fn captures() -> Vec<PathBuf> {
    let all = files_below(&root().join("tests/captures"), &[".pcap", ".pcapng"]);
    assert!(all.len() > 40, "tests/captures holds {} captures only", all.len());
    all
}

/// `clinical/hl7` of `…/tests/captures/clinical/hl7.pcap`.
pub fn short(capture: &Path) -> String {
    let folder = root().join("tests/captures");
    capture.strip_prefix(&folder).unwrap_or(capture).with_extension("").to_string_lossy().replace('\\', "/")
}

/// The program with these arguments, run in the root of the repository: no colour, no terminal.
pub fn medward<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medward"));
    command.args(arguments).current_dir(root()).env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs it and returns what it wrote; it must end well.
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = medward(arguments);
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?} ended with {:?}: {}",
        output.status.code(),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The assessment of a capture.
pub fn assess(capture: &Path) -> Value {
    let path = capture.to_string_lossy();
    let output = run(["assess", "--threads", "1", "--quiet", "--format", "json", path.as_ref()]);
    serde_json::from_slice(&output.stdout).expect("the assessment is JSON")
}

/// `work` done on every item, two at a time, in their order.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, item))
                } {
                    let result = work(item);
                    done.lock().expect("no worker panicked").push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panicked");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A reproducible source of numbers (xorshift64*).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
