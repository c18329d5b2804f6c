//! The same input gives the same bytes, with any number of threads, and whatever the order in which files are named.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod proof;

const THREADS: [&str; 4] = ["1", "2", "5", "16"];

#[test]
fn each_capture_with_any_number_of_threads() {
    proof::each(&proof::captures(), |capture| {
        let path = capture.to_string_lossy();
        let run = |threads: &str| {
            proof::run(["assess", "--quiet", "--threads", threads, "--format", "json", path.as_ref()]).stdout
        };
        let one = run("1");
        for threads in ["2", "16"] {
            assert!(run(threads) == one, "{path}: {threads} threads give another result than one");
        }
    });
}

#[test]
fn all_captures_together_with_any_number_of_threads() {
    let folder = proof::root().join("tests/captures");
    let folder = folder.to_string_lossy();
    let results = proof::each(&THREADS, |threads| {
        proof::run(["assess", "--quiet", "--threads", threads, "--format", "json", folder.as_ref()]).stdout
    });
    assert!(results[0].len() > 100_000, "only {} bytes", results[0].len());
    for (threads, result) in THREADS.iter().zip(&results) {
        assert!(*result == results[0], "{threads} threads give another result than one");
    }
}

#[test]
fn every_format_twice() {
    let capture = proof::root().join("tests/captures/ward/ward.pcap");
    let path = capture.to_string_lossy();
    for format in ["text", "jsonl", "csv", "html", "cyclonedx"] {
        let run = |threads: &str| {
            proof::run(["assess", "--quiet", "--threads", threads, "--format", format, path.as_ref()]).stdout
        };
        assert!(run("2") == run("3"), "{format}: two runs differ");
    }
}

#[test]
fn the_trace_twice() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let capture = proof::root().join("tests/captures/ward/ward.pcap");
    let run = |name: &str| {
        let trace = place.path().join(name);
        let arguments = ["assess", "--quiet", "--format", "csv", "--trace"].map(Into::into);
        proof::run(
            arguments.into_iter().chain([trace.clone().into_os_string(), capture.clone().into_os_string()]),
        );
        std::fs::read(trace).expect("the trace was written")
    };
    let first = run("first");
    assert!(first.len() > 10_000 && first == run("second"));
}

/// Files that overlap in time are merged by time: their order on the command line changes the list of files only.
#[test]
fn files_in_any_order() {
    let folder = proof::root().join("tests/captures/clinical");
    let [a, b] = ["hl7.pcap", "dicom.pcap"].map(|name| folder.join(name).into_os_string());
    let run = |files: [&std::ffi::OsString; 2]| {
        let arguments = ["assess", "--quiet", "--format", "json"].map(Into::into);
        let output = proof::run(arguments.into_iter().chain(files.map(Clone::clone)));
        let assessment: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (assessment["devices"].clone(), assessment["conversations"].clone())
    };
    assert_eq!(run([&a, &b]), run([&b, &a]));
}
