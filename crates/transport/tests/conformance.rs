//! One suite over all ways from a sensor to the core: in process, TLS, NATS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::any::Any;
use std::sync::Arc;

use medward_transport::*;
use support::{Core, Nats, parcel, soon, until};

/// Both ends of a way, and what has to live as long.
struct Way {
    outlet: Box<dyn Outlet>,
    inlet: Box<dyn Inlet>,
    _kept: Box<dyn Any>,
}

async fn in_process() -> Option<Way> {
    let (outlet, inlet) = channel(64);
    Some(Way { outlet: Box::new(outlet), inlet: Box::new(inlet), _kept: Box::new(()) })
}

async fn tls() -> Option<Way> {
    let core = Core::new();
    let inlet = core.listen().await;
    let credentials = core.enrol(inlet.address(), "a").await;
    let settings = TlsOutletSettings::new(&inlet.address().to_string());
    let outlet = Box::new(TlsOutlet::new(settings, credentials));
    Some(Way { outlet, inlet: Box::new(inlet), _kept: Box::new(core) })
}

async fn nats() -> Option<Way> {
    let folder = tempfile::tempdir().unwrap();
    let nats = Nats::start(folder.path())?;
    let settings = NatsInletSettings::new(Sites::Named(vec!["ward".into()]));
    let inlet = NatsInlet::start(&nats.server(), settings, Arc::new(support::Newest(0))).await.unwrap();
    let outlet = Box::new(NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap()));
    Some(Way { outlet, inlet: Box::new(inlet), _kept: Box::new((nats, folder)) })
}

async fn next(way: &mut Way) -> Arrival {
    soon(way.inlet.next()).await.expect("the inlet is open")
}

async fn parcels_arrive_whole_and_in_order(mut way: Way) {
    for sequence in 1..=50 {
        let handover = soon(way.outlet.send(parcel("a", sequence, sequence.to_string()))).await.unwrap();
        let arrival = next(&mut way).await;
        assert_eq!(arrival.parcel, parcel("a", sequence, sequence.to_string()));
        arrival.ack.committed();
        // The in-process inlet works while it is asked.
        let mut asked = way.inlet.next();
        tokio::select! {
            delivered = soon(handover) => assert_eq!(delivered.unwrap(), Delivered),
            _ = &mut asked => panic!("nothing more was sent"),
        }
    }
}

async fn several_are_under_way_at_once_and_committed_together(mut way: Way) {
    let mut handovers = Vec::new();
    for sequence in 1..=32 {
        handovers.push(soon(way.outlet.send(parcel("a", sequence, "report"))).await.unwrap());
    }
    let mut held = Vec::new();
    for sequence in 1..=32 {
        let arrival = next(&mut way).await;
        assert_eq!(arrival.parcel.sequence, sequence);
        held.push(arrival);
    }
    for arrival in held {
        arrival.ack.committed();
    }
    let mut inlet = way.inlet;
    let asking = tokio::spawn(async move { inlet.next().await.map(|arrival| arrival.parcel) });
    for handover in handovers {
        soon(handover).await.unwrap();
    }
    asking.abort();
}

async fn what_is_dropped_comes_again_with_all_behind_it_in_order(mut way: Way) {
    for sequence in 1..=4 {
        soon(way.outlet.send(parcel("a", sequence, "report"))).await.unwrap();
    }
    let mut held = Vec::new();
    for _ in 1..=4 {
        held.push(next(&mut way).await);
    }
    let rest = held.split_off(1);
    held.pop().unwrap().ack.committed();
    drop(rest);
    for sequence in 2..=4 {
        let arrival = next(&mut way).await;
        assert_eq!(arrival.parcel.sequence, sequence);
        arrival.ack.committed();
    }
}

async fn the_largest_and_the_smallest_body_arrive(mut way: Way) {
    let mut noise = vec![0; MAX_BODY];
    getrandom::fill(&mut noise).unwrap();
    let bodies = [noise.clone(), Vec::new(), vec![1; MAX_BODY], noise];
    for (sequence, body) in (1..).zip(&bodies) {
        let _handover = soon(way.outlet.send(parcel("a", sequence, body.clone()))).await.unwrap();
        let arrival = next(&mut way).await;
        assert_eq!(arrival.parcel.sequence, sequence);
        assert!(arrival.parcel.body == body[..]);
        arrival.ack.committed();
    }
}

async fn a_body_beyond_the_bound_is_refused_before_it_is_sent(mut way: Way) {
    let error = way.outlet.send(parcel("a", 1, vec![0; MAX_BODY + 1])).await.err().unwrap();
    assert!(matches!(error, OutletError::Parcel(ParcelError::TooLarge { .. })), "{error}");
}

async fn a_courier_empties_its_spool(way: Way) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), SpoolSettings::new("ward", "a")).unwrap();
    for number in 0..1000_u32 {
        spool.append(&number.to_le_bytes()).unwrap();
    }
    let courier = Courier::start(spool, way.outlet, CourierSettings::default());
    let mut inlet = way.inlet;
    let core = tokio::spawn(async move {
        let (mut bodies, mut seen, mut failed) = (Vec::new(), 0, None);
        while let Some(arrival) = inlet.next().await {
            seen += 1;
            let sequence = arrival.parcel.sequence;
            if failed.is_some_and(|failed| failed < sequence) {
                // Whoever gives one up gives up what is behind it.
                continue;
            }
            failed = None;
            if seen % 97 == 0 {
                // Now and then the database fails.
                failed = Some(sequence);
                continue;
            }
            let body: [u8; 4] = arrival.parcel.body[..].try_into().unwrap();
            bodies.push(u32::from_le_bytes(body));
            arrival.ack.committed();
            if bodies.last() == Some(&999) {
                // Answers still go out while it is asked.
                let _: Result<_, _> =
                    tokio::time::timeout(std::time::Duration::from_millis(500), inlet.next()).await;
                break;
            }
        }
        (bodies, inlet)
    });
    let (bodies, _inlet) = soon(core).await.unwrap();
    until("the spool is empty", || courier.statistics().spooled == 0).await;
    assert_eq!(bodies, (0..1000).collect::<Vec<_>>());
    assert_eq!(courier.statistics().delivered, 1000);
    courier.stop().await;
}

macro_rules! suite {
    ($($way:ident: $($test:ident),+;)+) => {
        $(mod $way {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(way) = super::$way().await {
                    super::$test(way).await;
                }
            })+
        })+
    };
}

macro_rules! suites {
    ($($way:ident),+) => {
        suite! { $($way:
            parcels_arrive_whole_and_in_order,
            several_are_under_way_at_once_and_committed_together,
            what_is_dropped_comes_again_with_all_behind_it_in_order,
            the_largest_and_the_smallest_body_arrive,
            a_body_beyond_the_bound_is_refused_before_it_is_sent,
            a_courier_empties_its_spool;
        )+ }
    };
}

suites!(in_process, tls, nats);
