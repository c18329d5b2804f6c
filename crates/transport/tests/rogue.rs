//! Sensors that do not keep to the rules: each is refused, its connection closed, the reason counted, and the listener lives on.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medward_transport::*;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde::Serialize;
use support::{Core, parcel, soon, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The messages of a sensor, as the protocol describes them.
#[derive(Serialize)]
#[allow(dead_code, reason = "the order of the variants counts, also of those that no test sends")]
enum Upward {
    Hello { least: u16, most: u16 },
    Parcel(Packed),
    Ping,
    Renew { request: Bytes },
}

#[derive(Serialize)]
struct Packed {
    site: &'static str,
    sensor: &'static str,
    number: (u64, u64),
    size: u64,
    packed: Bytes,
}

fn frame(message: &Upward) -> Vec<u8> {
    let payload = postcard::to_stdvec(message).unwrap();
    let mut out = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    out.extend(payload);
    out
}

fn report(sequence: u64, size: u64, packed: impl Into<Bytes>) -> Vec<u8> {
    let number = (1, sequence);
    frame(&Upward::Parcel(Packed { site: "ward", sensor: "a", number, size, packed: packed.into() }))
}

const HELLO: Upward = Upward::Hello { least: 1, most: 1 };

/// A core, and a rogue that holds the credentials of the sensor "a".
struct Scene {
    core: Core,
    inlet: TlsInlet,
    _honest: Arc<Credentials>,
}

impl Scene {
    async fn new() -> Self {
        let core = Core::new();
        let inlet = core
            .listen_with(|settings| {
                settings.handshake = Duration::from_millis(700);
                settings.frame = Duration::from_millis(300);
                settings.silence = Duration::from_millis(1500);
                settings.connections_each = 4;
            })
            .await;
        let honest = core.enrol(inlet.address(), "a").await;
        Self { core, inlet, _honest: honest }
    }

    fn address(&self) -> SocketAddr {
        self.inlet.address()
    }

    /// TLS with the credentials of another core's sensor, or with none, or with those of "a".
    async fn connect_with(&self, folder: Option<&std::path::Path>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.core.authority.certificate().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match folder {
            Some(folder) => {
                let pem = std::fs::read(folder.join("a/sensor.pem")).unwrap();
                let certificate = CertificateDer::pem_slice_iter(&pem).next().unwrap().unwrap();
                let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"medward-report/1".to_vec()];
        let tcp = TcpStream::connect(self.address()).await?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_with(Some(self.core.folder.path())).await.unwrap()
    }

    /// Past the hello, with an answer.
    async fn welcomed(&self) -> TlsStream<TcpStream> {
        let mut stream = self.connect().await;
        stream.write_all(&frame(&HELLO)).await.unwrap();
        let mut answer = [0; 4];
        soon(stream.read_exact(&mut answer)).await.unwrap();
        stream
    }

    /// It was counted once, and an honest sensor still gets through.
    async fn refused(mut self, refusal: Refusal) {
        let inlet = &self.inlet;
        until("the refusal is counted", || inlet.statistics().refused.get(&refusal) == Some(&1)).await;
        let credentials = self.core.enrol(self.inlet.address(), "honest").await;
        let mut outlet = TlsOutlet::new(TlsOutletSettings::new(&self.address().to_string()), credentials);
        let handover = soon(outlet.send(parcel("honest", 1, "report"))).await.unwrap();
        loop {
            let arrival = soon(self.inlet.next()).await.unwrap();
            let honest = arrival.parcel.sensor == "honest";
            arrival.ack.committed();
            if honest {
                break;
            }
        }
        soon(handover).await.unwrap();
        assert_eq!(self.inlet.statistics().refused.values().sum::<u64>(), 1);
    }
}

/// Until the other side has closed.
async fn closed(mut stream: impl tokio::io::AsyncRead + Unpin) {
    let mut rest = Vec::new();
    let _: std::io::Result<_> = soon(stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let scene = Scene::new().await;
    let other = Scene::new().await;
    if let Ok(stream) = scene.connect_with(Some(other.core.folder.path())).await {
        closed(stream).await;
    }
    scene.refused(Refusal::Handshake).await;
}

#[tokio::test]
async fn no_certificate_is_refused() {
    let scene = Scene::new().await;
    if let Ok(stream) = scene.connect_with(None).await {
        closed(stream).await;
    }
    scene.refused(Refusal::Handshake).await;
}

#[tokio::test]
async fn a_certificate_that_is_revoked_meanwhile_is_refused_with_the_next_parcel() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    let peer = Peer::new("ward", "a").unwrap();
    assert_eq!(scene.core.authority.register().revoke_sensor(&peer).unwrap(), 1);
    stream.write_all(&report(1, 0, zstd::bulk::compress(b"", 1).unwrap())).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Revoked).await;
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_at_the_door_also_after_a_restart() {
    let scene = Scene::new().await;
    let peer = Peer::new("ward", "a").unwrap();
    scene.core.authority.register().revoke_sensor(&peer).unwrap();
    let again =
        Authority::open_or_create(&scene.core.folder.path().join("authority"), SystemTime::now()).unwrap();
    assert!(again.register().issued().iter().all(|issued| issued.revoked));
    closed(scene.connect().await).await;
    scene.refused(Refusal::Revoked).await;
}

#[tokio::test]
async fn a_report_that_claims_another_site_is_refused_and_the_sensor_learns_why() {
    let scene = Scene::new().await;
    let credentials = Arc::new(Credentials::open(&scene.core.folder.path().join("a")).unwrap());
    let mut outlet = TlsOutlet::new(TlsOutletSettings::new(&scene.address().to_string()), credentials);
    let foreign = Parcel { site: "other".into(), ..parcel("a", 1, "report") };
    let handover = soon(outlet.send(foreign)).await.unwrap();
    let error = soon(handover).await.unwrap_err();
    assert!(matches!(&error, OutletError::Refused { reason } if reason.contains("another site")), "{error}");
    scene.refused(Refusal::Impostor).await;
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_refused_before_it_comes() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    stream.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Oversized).await;
}

#[tokio::test]
async fn garbage_instead_of_tls_is_refused() {
    let scene = Scene::new().await;
    let mut stream = TcpStream::connect(scene.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: core\r\n\r\n").await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Handshake).await;
}

#[tokio::test]
async fn garbage_instead_of_a_hello_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.connect().await;
    stream.write_all(&[0, 0, 0, 5, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB]).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Malformed).await;
}

#[tokio::test]
async fn a_body_that_is_no_zstd_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    stream.write_all(&report(1, 5, "plain")).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Malformed).await;
}

#[tokio::test]
async fn a_decompression_bomb_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    let bomb = zstd::bulk::compress(&vec![0; 256 << 20], 1).unwrap();
    stream.write_all(&report(1, 16 << 20, bomb)).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Bomb).await;
}

#[tokio::test]
async fn a_report_out_of_order_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    let empty = zstd::bulk::compress(b"", 1).unwrap();
    stream.write_all(&report(2, 0, empty.clone())).await.unwrap();
    stream.write_all(&report(2, 0, empty)).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Disordered).await;
}

#[tokio::test]
async fn a_version_that_nobody_speaks_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.connect().await;
    stream.write_all(&frame(&Upward::Hello { least: 2, most: 9 })).await.unwrap();
    closed(stream).await;
    scene.refused(Refusal::Version).await;
}

#[tokio::test]
async fn silence_instead_of_a_handshake_is_refused() {
    let scene = Scene::new().await;
    closed(TcpStream::connect(scene.address()).await.unwrap()).await;
    scene.refused(Refusal::Slow).await;
}

#[tokio::test]
async fn silence_instead_of_a_hello_is_refused() {
    let scene = Scene::new().await;
    closed(scene.connect().await).await;
    scene.refused(Refusal::Slow).await;
}

#[tokio::test]
async fn a_frame_that_comes_byte_by_byte_is_refused() {
    let scene = Scene::new().await;
    let mut stream = scene.welcomed().await;
    for byte in report(1, 9, "a body that never ends") {
        if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    closed(stream).await;
    scene.refused(Refusal::Slow).await;
}

#[tokio::test]
async fn a_sensor_that_falls_silent_is_let_go() {
    let scene = Scene::new().await;
    closed(scene.welcomed().await).await;
    scene.refused(Refusal::Slow).await;
}

#[tokio::test]
async fn more_connections_from_one_address_than_allowed_are_closed_at_once() {
    let core = Core::new();
    let inlet = core.listen_with(|settings| settings.connections_each = 2).await;
    let _first = TcpStream::connect(inlet.address()).await.unwrap();
    let _second = TcpStream::connect(inlet.address()).await.unwrap();
    closed(TcpStream::connect(inlet.address()).await.unwrap()).await;
    let statistics = inlet.statistics();
    assert_eq!(statistics.refused.get(&Refusal::Crowded), Some(&1));
    assert_eq!(statistics.accepted, 2);
}
