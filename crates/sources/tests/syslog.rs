//! Whom syslog lines are about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use playing::{Piece, now, play, shown};

fn told(lines: &[&str]) -> String {
    let from = ([10, 0, 0, 9], 514).into();
    let pieces: Vec<Piece> = lines.iter().map(|line| (now(), from, line.as_bytes().to_vec())).collect();
    shown(&play("syslog-log", &pieces))
}

#[test]
fn a_device_that_logs_under_one_name_is_named() {
    let told = told(&[
        "<34>Oct 11 22:14:15 pump7 sshd[12]: Patient Jane Doe admitted",
        "<34>1 2003-10-11T22:14:15.003Z pump7 infusiond - ID47 [example@32473 a=\"1\"] Jane Doe",
    ]);
    assert_eq!(
        told,
        "2 10.0.0.9 hostname: pump7\n2 10.0.0.9 app-name: sshd\n2 10.0.0.9 app-name: infusiond\n2 10.0.0.9 enterprise: 32473\n"
    );
}

#[test]
fn a_relay_has_no_name_of_its_own() {
    assert_eq!(told(&["<34>Oct 11 22:14:15 a1 sshd[12]: x", "<34>Oct 11 22:14:15 b1 sshd[12]: x"]), "");
}

#[test]
fn a_relay_that_names_addresses_tells_of_their_programs() {
    let told = told(&[
        "<34>1 2003-10-11T22:14:15Z 10.0.0.77 infusiond 7 - - x",
        "<34>Oct 11 22:14:15 relay1 cron[1]: x",
    ]);
    assert_eq!(told, "1 10.0.0.77 app-name: infusiond\n");
}

#[test]
fn a_name_in_the_message_is_not_taken_for_a_host() {
    for line in [
        "<13>Oct 11 22:14:15 Doe: discharged",
        "<13>Oct 11 22:14:15 Jane Doe discharged",
        "<13>Oct 11 22:14:15 Jane Doe: x",
        "<13>Oct  1 22:14:15 Jane: [12] x",
    ] {
        assert_eq!(told(&[line]), "", "{line}");
    }
}

#[test]
fn the_year_and_single_digit_days_that_devices_write_are_read() {
    for line in [
        "<13>Oct  1 22:14:15 pump7 a1[1]: x",
        "<13>Oct 1 2026 22:14:15 pump7 a1[1]: x",
        "<13>2026-10-01T22:14:15+02:00 pump7 a1[1]: x",
    ] {
        assert!(told(&[line]).contains("hostname: pump7"), "{line}");
    }
}

#[test]
fn sixteen_lines_are_enough_to_be_told_at_once() {
    let line = "<34>Oct 11 22:14:15 pump7 sshd[12]: x";
    assert!(told(&[line; 16]).starts_with("16 10.0.0.9 hostname: pump7"));
}
