//! NATS in particular: sites are shared out among cores, order survives a takeover, and nobody speaks for another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use medward_transport::*;
use support::{Nats, Newest, soon};

fn settings(sites: Sites) -> NatsInletSettings {
    NatsInletSettings {
        claim: Duration::from_secs(1),
        look: Duration::from_millis(50),
        ..NatsInletSettings::new(sites)
    }
}

fn nothing() -> Arc<Newest> {
    Arc::new(Newest(0))
}

fn parcel(site: &str, sequence: u64) -> Parcel {
    Parcel { site: site.into(), sensor: "a".into(), epoch: 7, sequence, body: "report".into() }
}

/// Publishes in order, a message each, and leaves it to others what becomes of them.
async fn publish(nats: &Nats, site: &str, sequences: impl Iterator<Item = u64>) {
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new(site, "a").unwrap());
    let mut handovers = Vec::new();
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", nats.port)).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("MEDWARD").await.unwrap();
    for sequence in sequences {
        let before = stream.get_info().await.unwrap().state.last_sequence;
        handovers.push(soon(outlet.send(parcel(site, sequence))).await.unwrap());
        let stored = async {
            while stream.get_info().await.unwrap().state.last_sequence == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(stored).await;
    }
    tokio::spawn(async move {
        let _outlet = outlet;
        for handover in handovers {
            // It may be committed after the end of the test.
            let _: Result<_, _> = handover.await;
        }
    });
}

async fn sequences(inlet: &mut NatsInlet, count: usize, committed: bool) -> Vec<u64> {
    let mut sequences = Vec::new();
    let mut held = Vec::new();
    for _ in 0..count {
        let arrival = soon(inlet.next()).await.unwrap();
        sequences.push(arrival.parcel.sequence);
        if committed {
            arrival.ack.committed();
        } else {
            held.push(arrival.ack);
        }
    }
    // Forgotten, as by a process that was killed.
    held.into_iter().for_each(std::mem::forget);
    sequences
}

/// Until so many messages are in the stream.
async fn waiting(nats: &Nats, messages: u64) {
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", nats.port)).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("MEDWARD").await.unwrap();
    let counting = async {
        while stream.get_info().await.unwrap().state.messages != messages {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(counting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_site_is_served_by_one_core_and_all_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut first =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 2 }), nothing()).await.unwrap();
    let mut second =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 2 }), nothing()).await.unwrap();
    let sites = ["north", "east wing", "süd", "west.1"];
    for site in sites {
        publish(&nats, site, 1..=3).await;
    }
    let mut served = [BTreeSet::new(), BTreeSet::new()];
    for (inlet, served) in [&mut first, &mut second].into_iter().zip(&mut served) {
        for _ in 0..6 {
            let arrival = soon(inlet.next()).await.unwrap();
            served.insert(arrival.parcel.site.clone());
            arrival.ack.committed();
        }
    }
    assert_eq!((served[0].len(), served[1].len()), (2, 2));
    assert!(served[0].is_disjoint(&served[1]));
    assert_eq!(first.statistics().sites, served[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_core_that_takes_over_begins_with_the_oldest_report_that_is_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut first =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    publish(&nats, "ward", 1..=10).await;
    assert_eq!(sequences(&mut first, 4, true).await, [1, 2, 3, 4]);
    assert_eq!(sequences(&mut first, 4, false).await, [5, 6, 7, 8]);
    waiting(&nats, 6).await;
    drop(first);
    let mut second = NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), Arc::new(Newest(4)))
        .await
        .unwrap();
    publish(&nats, "ward", 11..=12).await;
    assert_eq!(sequences(&mut second, 8, true).await, (5..=12).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_core_that_closes_gives_its_sites_back_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let long =
        NatsInletSettings { claim: Duration::from_secs(600), ..settings(Sites::Named(vec!["ward".into()])) };
    let mut first = NatsInlet::start(&nats.server(), long.clone(), nothing()).await.unwrap();
    publish(&nats, "ward", 1..=1).await;
    sequences(&mut first, 1, false).await;
    first.close().await;
    let mut second = NatsInlet::start(&nats.server(), long, nothing()).await.unwrap();
    assert_eq!(sequences(&mut second, 1, true).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_is_not_given_to_the_core_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut inlet = NatsInlet::start(&nats.server(), settings(Sites::Named(vec!["ward".into()])), nothing())
        .await
        .unwrap();
    publish(&nats, "ward", 1..=2).await;
    assert_eq!(sequences(&mut inlet, 2, true).await, [1, 2]);
    waiting(&nats, 0).await;
    // Another message with a report that was in one before, as after a failure.
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap());
    for sequence in 2..=3 {
        soon(outlet.send(parcel("ward", sequence))).await.unwrap();
    }
    assert_eq!(sequences(&mut inlet, 1, true).await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_garbage_or_claim_another_sensor_are_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut inlet =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", nats.port)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let empty = zstd::bulk::compress(b"", 1).unwrap();
    let claims = vec![("other", "a", (1_u64, 1_u64), 0_u64, empty)];
    let claims = ((0_u64, (1_u64, 1_u64)), claims);
    for payload in [b"garbage".to_vec(), Vec::new(), postcard::to_stdvec(&claims).unwrap()] {
        context.publish("medward.report.ward.a", payload.into()).await.unwrap().await.unwrap();
    }
    publish(&nats, "ward", 1..=1).await;
    assert_eq!(sequences(&mut inlet, 1, true).await, [1]);
    assert_eq!(inlet.statistics().refused, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_delivered_when_a_core_has_committed_it_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut inlet =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap());
    let mut handover = soon(outlet.send(parcel("ward", 1))).await.unwrap();
    let arrival = soon(inlet.next()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut handover).await.is_err());
    arrival.ack.committed();
    soon(handover).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_lost_although_it_had_stored_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut inlet =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap());
    let first = soon(outlet.send(parcel("ward", 1))).await.unwrap();
    // The core knows of it, and goes away without having committed it.
    assert_eq!(sequences(&mut inlet, 1, false).await, [1]);
    drop(inlet);
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", nats.port)).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("MEDWARD").await.unwrap();
    stream.purge().await.unwrap();
    let mut inlet = NatsInlet::start(&nats.server(), settings(Sites::Named(vec!["ward".into()])), nothing())
        .await
        .unwrap();
    let error = soon(first).await.unwrap_err();
    assert!(matches!(error, OutletError::Lost { .. }), "{error}");
    let again = soon(outlet.send(parcel("ward", 1))).await.unwrap();
    assert_eq!(sequences(&mut inlet, 1, true).await, [1]);
    soon(again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_given_to_the_core_behind_what_the_server_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let first = NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    first.close().await;
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap());
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", nats.port)).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("MEDWARD").await.unwrap();
    let mut handovers = vec![soon(outlet.send(parcel("ward", 1))).await.unwrap()];
    waiting(&nats, 1).await;
    stream.purge().await.unwrap();
    handovers.push(soon(outlet.send(parcel("ward", 2))).await.unwrap());
    waiting(&nats, 1).await;
    let mut core =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    for handover in handovers {
        assert!(soon(handover).await.is_err());
    }
    for sequence in 1..=2 {
        soon(outlet.send(parcel("ward", sequence))).await.unwrap();
    }
    assert_eq!(sequences(&mut core, 2, true).await, [1, 2]);
}

#[tokio::test]
async fn a_server_whose_messages_are_too_small_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start_with(folder.path(), "max_payload: 1MB") else { return };
    let error =
        NatsInlet::start(&nats.server(), settings(Sites::Any { most: 1 }), nothing()).await.err().unwrap();
    assert!(error.to_string().contains("max_payload"), "{error}");
}

#[tokio::test]
async fn a_sensor_waits_with_words_where_there_is_no_server_and_no_stream() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let mut outlet = NatsOutlet::new(nats.server(), Peer::new("ward", "a").unwrap());
    let error = soon(soon(outlet.send(parcel("ward", 1))).await.unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("no core has made the stream"), "{error}");
    drop(nats);
    let error = soon(soon(outlet.send(parcel("ward", 1))).await.unwrap()).await.unwrap_err();
    assert!(matches!(error, OutletError::Unreachable { .. } | OutletError::Lost { .. }), "{error}");
}

/// Certificates of a server and of a client, from an authority of their own.
fn certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(folder.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    for (name, host) in [("server", "127.0.0.1"), ("client", "sensor")] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_string()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        std::fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, &issuer).unwrap().pem())
            .unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_and_logins_keep_a_sensor_to_its_own_subject() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let at = |name: &str| folder.path().join(name);
    let more = format!(
        r#"
        tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}
        authorization {{ users: [
          {{ user: core, password: core-secret }}
          {{ user: a, password: a-secret, permissions: {{
              publish: ["medward.report.ward.a", "medward.question.ward.a"],
              subscribe: ["medward.inbox.ward.a.>"] }} }}
        ] }}
        max_payload: 20MB"#,
        at("server.pem"),
        at("server.key"),
        at("ca.pem"),
    );
    let Some(nats) = Nats::start_with(folder.path(), &more) else { return };
    let login = |user: &str, password: &str| NatsServer {
        url: format!("tls://127.0.0.1:{}", nats.port),
        login: NatsLogin::Password { user: user.into(), password: password.into() },
        authority: Some(at("ca.pem")),
        certificate: Some((at("client.pem"), at("client.key"))),
        require_tls: true,
    };
    let core = login("core", "core-secret");
    let mut inlet = NatsInlet::start(&core, settings(Sites::Any { most: 9 }), nothing()).await.unwrap();
    let mut own = NatsOutlet::new(login("a", "a-secret"), Peer::new("ward", "a").unwrap());
    let handover = soon(own.send(parcel("ward", 1))).await.unwrap();
    assert_eq!(sequences(&mut inlet, 1, true).await, [1]);
    soon(handover).await.unwrap();
    let mut foreign = NatsOutlet::new(login("a", "a-secret"), Peer::new("other", "a").unwrap());
    let handover = soon(foreign.send(parcel("other", 1))).await.unwrap();
    assert!(soon(handover).await.is_err());
    let mut stranger = NatsOutlet::new(login("a", "guess"), Peer::new("ward", "a").unwrap());
    let error = soon(soon(stranger.send(parcel("ward", 2))).await.unwrap()).await.unwrap_err();
    assert!(matches!(&error, OutletError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("guess"));
}
