//! Scopes from files, windows, names, and what a shield's file must say.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

use std::net::IpAddr;

use medward_model::Timestamp;
use medward_policy::Fail;
use medward_shield::{Config, ConfigError, Named, SHIELDS, shield};

fn read(scope: &str) -> Result<Config, ConfigError> {
    Config::read(&format!("schema = 'medward.shields/1'\nutc-offset = '+01:00'\n{scope}"))
}

#[test]
fn a_file_that_is_wrong_says_where() {
    let wrong = |text: &str| read(text).expect_err(text).to_string();
    assert_eq!(wrong(""), "no [[scope]]: nothing would be protected");
    let scope = |more: &str| format!("[[scope]]\nname = 'a'\nprotect = ['10.0.0.1']\n{more}");
    assert!(
        wrong(&scope("servers = ['10.0.0.0/33']"))
            .contains("scope 'a', servers: '10.0.0.0/33' is no address")
    );
    assert!(wrong(&scope("shields = ['none']")).contains("there is no shield 'none'"));
    assert!(wrong(&scope("windows = ['always']")).contains("is not a time window"));
    assert!(wrong(&scope("fail = 'half'")).contains("neither open nor closed"));
    assert!(wrong(&scope("ae-titles = ['SEVENTEEN LETTERS']")).contains("no name of 1 to 16"));
    assert!(wrong(&scope("server = ['10.0.0.1']")).contains("not TOML of schema"));
    assert!(wrong(&format!("{}\n{}", scope(""), scope(""))).contains("two scopes are called 'a'"));
    assert!(wrong("[[scope]]\nname = 'a'\nprotect = []").contains("names no address"));
    assert_eq!(Config::read("schema = 'other/1'"), Err(ConfigError::Schema("other/1".to_owned())));
}

#[test]
fn each_scope_fails_as_it_says_or_as_the_file_or_the_caller_says() {
    let text = "fail = 'closed'\n[[scope]]\nname = 'a'\nprotect = ['10.0.0.1']\nfail = 'open'\n[[scope]]\nname = 'b'\nprotect = ['::1']";
    let mut config = read(text).expect("scopes");
    config.fail(Fail::Open);
    let fails: Vec<_> = config.scopes.iter().map(|scope| scope.fail).collect();
    assert_eq!(fails, [Some(Fail::Open), Some(Fail::Closed)]);
    assert!(config.fails_closed());
}

#[test]
fn windows_go_by_the_clock_of_the_place() {
    let text = "[[scope]]\nname = 'a'\nprotect = ['10.0.0.1']\nwindows = ['mon 03:00-04:00']";
    let config = read(text).expect("a scope");
    let open = |time: &str| config.scopes[0].is_open(time.parse::<Timestamp>().expect("a time"));
    assert!(open("2026-11-23T02:30:00Z"), "half past three there, a Monday");
    assert!(!open("2026-11-23T03:30:00Z") && !open("2026-11-24T02:30:00Z") && !open("2026-11-23T01:59:59Z"));
}

#[test]
fn names_may_be_bound_to_networks() {
    let text = "[[scope]]\nname = 'a'\nprotect = ['10.0.0.1']\nae-titles = ['CT1@10.1.0.0/16', 'MR1']";
    let config = read(text).expect("a scope");
    let known = |name: &str, from: &str| {
        let from: IpAddr = from.parse().expect("an address");
        Named::any(&config.scopes[0].ae_titles, name, from)
    };
    assert!(known("ct1 ", "10.1.2.3") && known("MR1", "192.0.2.1"));
    assert!(!known("CT1", "10.2.0.1") && !known("CT", "10.1.2.3") && !known("", "10.1.2.3"));
}

#[test]
fn a_shields_file_is_its_manual_page() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shields");
    let mut names: Vec<_> = SHIELDS.iter().map(|shield| shield.name).collect();
    assert!(names.is_sorted(), "SHIELDS is not in alphabetical order");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().replace('_', "-");
        if stem == "mod" {
            continue;
        }
        assert!(shield(&stem).is_some(), "{stem} is not in SHIELDS");
        names.retain(|name| *name != stem);
        let text = std::fs::read_to_string(&path).expect("a file");
        for heading in ["What it stops", "Clinical effect", "False positives", "References"] {
            let (_, after) =
                text.split_once(&format!("//! # {heading}\n")).unwrap_or_else(|| panic!("{stem}: {heading}"));
            assert!(
                after.lines().next().is_some_and(|line| line.len() > 20),
                "{stem}: {heading} says nothing"
            );
        }
    }
    assert!(names.is_empty(), "{names:?} have no file of their name");
}
