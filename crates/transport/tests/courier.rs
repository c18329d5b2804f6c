//! The courier while the core is away, and what it says meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use medward_transport::*;
use support::{Core, soon, until};

fn quick() -> CourierSettings {
    CourierSettings {
        first_wait: Duration::from_millis(10),
        longest_wait: Duration::from_millis(50),
        ..CourierSettings::default()
    }
}

fn spool(folder: &tempfile::TempDir, reports: u64) -> Spool {
    let spool = Spool::open(folder.path(), SpoolSettings::new("ward", "a")).unwrap();
    for report in 0..reports {
        spool.append(&report.to_le_bytes()).unwrap();
    }
    spool
}

#[tokio::test]
async fn reports_wait_while_the_core_is_away_and_flow_when_it_is_back() {
    let core = Core::new();
    let inlet = core.listen().await;
    let address = inlet.address();
    let credentials = core.enrol(address, "a").await;
    drop(inlet);
    let folder = tempfile::tempdir().unwrap();
    let outlet = TlsOutlet::new(TlsOutletSettings::new(&address.to_string()), credentials);
    let courier = Courier::start(spool(&folder, 5), Box::new(outlet), quick());
    until("it has failed several times", || courier.statistics().failures >= 3).await;
    let statistics = courier.statistics();
    assert_eq!((statistics.spooled, statistics.delivered, statistics.lost_reports), (5, 0, 0));
    assert!(statistics.last_error.contains("cannot be reached"), "{}", statistics.last_error);

    let settings = ListenerSettings::new(&["127.0.0.1"]);
    let (authority, book) = (Arc::clone(&core.authority), core.book.clone());
    let mut inlet = TlsInlet::start(address, authority, book, settings).await.unwrap();
    for sequence in 1..=5 {
        let arrival = soon(inlet.next()).await.unwrap();
        assert_eq!(arrival.parcel.sequence, sequence);
        arrival.ack.committed();
    }
    until("the spool is empty", || courier.statistics().spooled == 0).await;
    let statistics = courier.statistics();
    assert_eq!((statistics.delivered, statistics.failures, statistics.last_error.as_str()), (5, 0, ""));
}

#[tokio::test]
async fn what_was_under_way_when_a_courier_was_stopped_is_sent_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder, 4);
    let (outlet, mut inlet) = channel(8);
    let courier = Courier::start(spool.clone(), Box::new(outlet), quick());
    let held = soon(inlet.next()).await.unwrap();
    assert_eq!(held.parcel.sequence, 1);
    courier.stop().await;
    let (outlet, mut inlet) = channel(8);
    let courier = Courier::start(spool, Box::new(outlet), quick());
    for sequence in 1..=4 {
        let arrival = soon(inlet.next()).await.unwrap();
        assert_eq!(arrival.parcel.sequence, sequence);
        arrival.ack.committed();
    }
    courier.stop().await;
}

#[tokio::test]
async fn a_new_connection_of_a_sensor_ends_the_one_before() {
    let core = Core::new();
    let mut inlet = core.listen().await;
    let credentials = core.enrol(inlet.address(), "a").await;
    let settings = TlsOutletSettings::new(&inlet.address().to_string());
    let mut first = TlsOutlet::new(settings.clone(), Arc::clone(&credentials));
    let lost = soon(first.send(support::parcel("a", 1, "report"))).await.unwrap();
    let held = soon(inlet.next()).await.unwrap();
    let mut second = TlsOutlet::new(settings, credentials);
    let handover = soon(second.send(support::parcel("a", 1, "report"))).await.unwrap();
    assert!(soon(lost).await.is_err());
    let again = soon(inlet.next()).await.unwrap();
    assert_eq!(again.parcel, held.parcel);
    again.ack.committed();
    held.ack.committed();
    soon(handover).await.unwrap();
}
