//! Of which moment things are that a lease file holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use medward_sources::Event;
use playing::{Piece, now, play, read, shown};

/// Subject, field and moment of what was told.
fn moments(source: &str, pieces: &[Piece]) -> Vec<String> {
    let events = play(source, pieces).events;
    let said =
        events.iter().filter_map(|event| if let Event::Evidence(said) = event { Some(said) } else { None });
    said.map(|said| format!("{} {} {}", said.subject, said.field.name, said.time)).collect()
}

#[test]
fn what_a_client_that_is_gone_said_is_of_when_it_was_heard() {
    let told = moments("isc-dhcpd-leases", &read("isc-states.leases"));
    assert!(told.contains(&"02:00:5e:00:53:06 host-name 2026-11-27T01:00:00Z".to_owned()), "{told:?}");
}

#[test]
fn a_lease_of_dnsmasq_that_is_over_is_of_when_it_ended() {
    let line = b"1795741200 02:00:5e:00:53:07 10.79.0.40 pump-7 *".to_vec();
    let pieces = [(now(), ([0; 4], 0).into(), line)];
    assert_eq!(moments("dnsmasq-leases", &pieces), ["02:00:5e:00:53:07 host-name 2026-11-27T01:00:00Z"]);
    assert!(!shown(&play("dnsmasq-leases", &pieces)).contains("has"), "nobody holds the address now");
}

#[test]
fn a_server_whose_clock_is_ahead_tells_nothing_of_the_future() {
    let lines = [
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context",
        "10.79.0.41,02:00:5e:00:53:08,,3600,1795999999,1,0,0,pump-8,0,",
    ];
    let pieces: Vec<Piece> =
        lines.iter().map(|line| (now(), ([0; 4], 0).into(), line.as_bytes().to_vec())).collect();
    assert_eq!(moments("kea-leases", &pieces), [format!("02:00:5e:00:53:08 host-name {}", now())]);
}

#[test]
fn a_log_line_is_of_when_it_was_read() {
    let told = moments("dhcp-log", &read("dhcpd.log"));
    assert_eq!(told[0], format!("02:00:5e:00:53:01 host-name {}", now()));
}
