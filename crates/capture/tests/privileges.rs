//! Giving privileges up cannot be undone, so each test runs itself again in a process of its own, on its only thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod veth;

use std::process::{Command, ExitCode};
use std::time::Duration;

use medward_capture::{Live, LiveOptions, PrivilegeError, Privileges, Pull, Tap, TapError, drop_privileges};
use veth::{THERE, Veth, datagram, pull_until};

/// The tests, by name.
const TESTS: &[(&str, fn())] = &[
    ("capture_goes_on_when_every_privilege_is_given_up", capture_goes_on_when_every_privilege_is_given_up),
    ("another_user_is_become_and_files_of_root_are_out_of_reach", another_user_is_become),
    ("the_capability_to_capture_can_be_kept_alone", the_capability_to_capture_can_be_kept_alone),
    ("threads_that_already_run_with_privileges_are_told_of", threads_that_already_run_are_told_of),
    ("an_unknown_user_is_named_before_anything_is_given_up", an_unknown_user_is_named),
];

/// Set in the process that a test has for itself.
const INSIDE: &str = "MEDWARD_TEST_ALONE";

/// The usual harness runs tests on threads; the thread beside them would keep its privileges. This one lists and runs
/// tests as the usual one does, each on the main thread of a process of its own.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Ok(name) = std::env::var(INSIDE) {
        TESTS.iter().filter(|(known, _)| *known == name).for_each(|(_, test)| test());
        return ExitCode::SUCCESS;
    }
    if has("--list") {
        TESTS.iter().filter(|_| !has("--ignored")).for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let own = std::env::current_exe().unwrap();
    let mut failed = 0;
    for (name, _) in TESTS {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let passed = Command::new(&own).env(INSIDE, name).status().unwrap().success();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += i32::from(!passed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line of this thread's status (proc(5)).
fn status(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap_or_default().to_owned()
}

const NONE: &str = "0000000000000000";

fn capture_goes_on_when_every_privilege_is_given_up() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = Live::open(THERE, &LiveOptions::default()).unwrap().remove(0);
    drop_privileges(&Privileges::default()).unwrap();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status(set), NONE, "{set}");
    }
    assert_eq!(status("NoNewPrivs"), "1");
    pair.send(&datagram((1, 1000), (2, 2000), b"still heard"));
    pull_until(&mut tap, |pulled| matches!(pulled, Ok(Pull::Batch(_))).then_some(()));
    tap.pull(Duration::ZERO).unwrap();
    assert!(matches!(Live::open(THERE, &LiveOptions::default()), Err(TapError::NoPermission { .. })));
}

fn another_user_is_become() {
    let Some(_pair) = Veth::new() else { return };
    let nobody = Privileges { user: Some("nobody".to_owned()), ..Privileges::default() };
    drop_privileges(&nobody).unwrap();
    assert_eq!(status("Uid"), "65534");
    assert_eq!(status("CapPrm"), NONE);
    assert!(std::fs::read("/etc/shadow").is_err());
}

fn the_capability_to_capture_can_be_kept_alone() {
    let Some(_pair) = Veth::new() else { return };
    let privileges =
        Privileges { user: Some("nobody".to_owned()), group: Some("nogroup".to_owned()), keep_capture: true };
    drop_privileges(&privileges).unwrap();
    // CAP_NET_RAW is 13.
    assert_eq!((status("CapEff"), status("CapPrm")), ("0000000000002000".into(), "0000000000002000".into()));
    Live::open(THERE, &LiveOptions { promiscuous: false, ..LiveOptions::default() }).unwrap();
}

fn threads_that_already_run_are_told_of() {
    let Some(_pair) = Veth::new() else { return };
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || stopped.recv());
    let told = drop_privileges(&Privileges::default()).unwrap_err();
    assert!(matches!(told, PrivilegeError::OtherThreads { threads: 1 }), "{told}");
    drop(stop);
    let _ = thread.join();
}

fn an_unknown_user_is_named() {
    let wrong = Privileges { user: Some("nobody-of-that-name".to_owned()), ..Privileges::default() };
    let before = status("CapPrm");
    let told = drop_privileges(&wrong).unwrap_err();
    assert_eq!(told.to_string(), "there is no user 'nobody-of-that-name' on this machine");
    assert_eq!(status("CapPrm"), before);
}
