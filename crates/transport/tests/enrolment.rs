//! How sensors come to their certificates, keep them fresh, and lose them.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use medward_transport::*;
use support::{Core, parcel, soon, until};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn refused(error: &EnrolError) -> bool {
    matches!(error, EnrolError::Connection(OutletError::Refused { reason }) if reason.contains("invitation"))
}

#[tokio::test]
async fn a_sensor_gets_the_name_that_its_invitation_says() {
    let core = Core::new();
    let inlet = core.listen().await;
    let credentials = core.enrol(inlet.address(), "St. Mary's/3").await;
    let certified = credentials.certified();
    assert_eq!(certified.peer, Peer::new("ward", "St. Mary's/3").unwrap());
    let left = certified.until.duration_since(SystemTime::now()).unwrap();
    assert!((364 * DAY..=365 * DAY).contains(&left));
    let issued = core.authority.register().issued();
    assert_eq!(issued.len(), 1);
    assert_eq!(issued[0].serial, certified.serial);
    assert_eq!(inlet.statistics().enrolled, 1);
}

#[tokio::test]
async fn an_invitation_lets_in_once() {
    let core = Core::new();
    let inlet = core.listen().await;
    let invitation = core.invite(inlet.address(), "a", Duration::from_secs(60)).await;
    enrol(&invitation, &core.folder.path().join("a")).await.unwrap();
    let error = enrol(&invitation, &core.folder.path().join("b")).await.err().unwrap();
    assert!(refused(&error), "{error}");
    assert_eq!(inlet.statistics().refused.get(&Refusal::Invitation), Some(&1));
    assert!(!core.folder.path().join("b/sensor.pem").exists());
}

#[tokio::test]
async fn an_expired_invitation_lets_nobody_in() {
    let core = Core::new();
    let inlet = core.listen().await;
    let peer = Peer::new("ward", "a").unwrap();
    let (address, now) = (inlet.address().to_string(), SystemTime::now());
    // The sensor's clock may be wrong: what the core's book says counts.
    let (invitation, mut entry) =
        Invitation::new(&address, core.authority.fingerprint(), &peer, now + DAY).unwrap();
    entry.expires = now - Duration::from_secs(1);
    core.book.keep(entry).await.unwrap();
    let error = enrol(&invitation, &core.folder.path().join("a")).await.err().unwrap();
    assert!(refused(&error), "{error}");
}

#[tokio::test]
async fn an_invitation_that_the_core_does_not_know_lets_nobody_in() {
    let core = Core::new();
    let inlet = core.listen().await;
    let peer = Peer::new("ward", "a").unwrap();
    let expires = SystemTime::now() + DAY;
    let address = inlet.address().to_string();
    let (forged, _) = Invitation::new(&address, core.authority.fingerprint(), &peer, expires).unwrap();
    assert!(refused(&enrol(&forged, &core.folder.path().join("a")).await.err().unwrap()));
}

#[tokio::test]
async fn a_sensor_tells_nothing_to_a_core_with_another_authority() {
    let (core, impostor) = (Core::new(), Core::new());
    let listening = impostor.listen().await;
    let invitation = core.invite(listening.address(), "a", Duration::from_secs(60)).await;
    let error = enrol(&invitation, &core.folder.path().join("a")).await.err().unwrap();
    assert!(matches!(error, EnrolError::Connection(OutletError::Untrusted { .. })), "{error}");
    until("the connection is over", || listening.statistics().connections == 0).await;
    assert_eq!(listening.statistics().refused.get(&Refusal::Handshake), Some(&1));
}

#[tokio::test]
async fn a_reporting_sensor_does_not_speak_to_a_core_with_another_authority() {
    let (core, impostor) = (Core::new(), Core::new());
    let (inlet, listening) = (core.listen().await, impostor.listen().await);
    let credentials = core.enrol(inlet.address(), "a").await;
    let mut outlet = TlsOutlet::new(TlsOutletSettings::new(&listening.address().to_string()), credentials);
    let handover = soon(outlet.send(parcel("a", 1, "report"))).await.unwrap();
    let error = soon(handover).await.unwrap_err();
    assert!(matches!(error, OutletError::Untrusted { .. }), "{error}");
}

#[tokio::test]
async fn keys_are_readable_by_their_owner_only() {
    let core = Core::new();
    let inlet = core.listen().await;
    core.enrol(inlet.address(), "a").await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = core.folder.path();
    assert_eq!(mode(&folder.join("authority")), 0o700);
    for file in ["authority/authority.pem", "authority/server.pem", "authority/issued", "a/sensor.pem"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open_or_create(folder.path(), SystemTime::now()).unwrap();
    let path = folder.path().join("authority.pem");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = Authority::open_or_create(folder.path(), SystemTime::now()).err().unwrap();
    assert!(error.to_string().contains("0600"), "{error}");
}

#[test]
fn the_servers_certificate_is_kept_until_it_is_due_or_its_names_change() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let authority = Authority::open_or_create(folder.path(), now).unwrap();
    let certificate = |names: &[&str], now| {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        authority.server_identity(&names, now).unwrap().chain[0].clone()
    };
    let first = certificate(&["core.example", "10.0.0.1", "::1"], now);
    assert_eq!(certificate(&["core.example", "10.0.0.1", "::1"], now + 200 * DAY), first);
    let due = certificate(&["core.example", "10.0.0.1", "::1"], now + 250 * DAY);
    assert_ne!(due, first);
    assert_ne!(certificate(&["core.example"], now + 250 * DAY), due);
    let same = Authority::open_or_create(folder.path(), now).unwrap();
    assert_eq!(same.fingerprint(), authority.fingerprint());
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[tokio::test]
async fn a_sensor_renews_its_certificate_over_the_connection_when_a_third_of_its_life_is_left() {
    let core = Core::new();
    let mut inlet = core.listen().await;
    let peer = Peer::new("ward", "a").unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
    let old = core.authority.issue(request.der(), &peer, SystemTime::now() - 250 * DAY).unwrap();
    let folder = core.folder.path().join("a");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("sensor.pem");
    let certificates = [pem("CERTIFICATE", &old), pem("CERTIFICATE", core.authority.certificate())];
    std::fs::write(&path, format!("{}{}", key.serialize_pem(), certificates.concat())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let credentials = Arc::new(Credentials::open(&folder).unwrap());
    let before = credentials.certified();
    assert!(credentials.is_due(SystemTime::now()));
    let mut outlet =
        TlsOutlet::new(TlsOutletSettings::new(&inlet.address().to_string()), Arc::clone(&credentials));
    for sequence in 1..=2 {
        let handover = soon(outlet.send(parcel("a", sequence, "report"))).await.unwrap();
        soon(inlet.next()).await.unwrap().ack.committed();
        soon(handover).await.unwrap();
        until("the certificate is renewed", || credentials.certified().serial != before.serial).await;
        // With the old one nothing more is accepted: the second parcel shows that the new one is used.
        core.authority.register().revoke(&before.serial).unwrap();
    }
    assert!(!credentials.is_due(SystemTime::now()));
    assert_eq!(Credentials::open(&folder).unwrap().certified(), credentials.certified());
    assert_eq!(inlet.statistics().renewed, 1);
}
