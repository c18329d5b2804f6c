//! A sensor's connection to the core, from dialling to the first failure.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::report_client;
use super::frame::{self, FrameError, Pace};
use super::outlet::TlsOutletSettings;
use super::protocol::{Downward, LEAST_VERSION, MAX_SMALL_FRAME, MOST_VERSION, Upward};
use crate::packed::Packed;
use crate::trust::Request;
use crate::turnstile::{Entry, Turnstile};
use crate::{Credentials, Delivered, OutletError};

type Stream = TlsStream<TcpStream>;

/// How often it is looked whether the certificate is to be renewed.
const LOOK: Duration = Duration::from_secs(3600);

/// Connects to `host:port` with TLS.
pub async fn dial(address: &str, config: Arc<ClientConfig>) -> Result<Stream, OutletError> {
    let unreachable = |reason: String| OutletError::Unreachable { address: address.into(), reason };
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port: u16 = port.parse().map_err(|_| unreachable("the address has no port".into()))?;
    let name = ServerName::try_from(host.to_string())
        .map_err(|_| unreachable(format!("'{host}' is neither a host name nor an address")))?;
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| unreachable(error.to_string()))?;
    // Refused options make it slower, not wrong.
    let _: io::Result<()> = tcp.set_nodelay(true);
    TlsConnector::from(config).connect(name, tcp).await.map_err(|error| refused_by(address, error.into()))
}

/// What a failure means: whom to trust, who refuses, or only a bad line.
pub fn refused_by(address: &str, error: FrameError) -> OutletError {
    let FrameError::Io(error) = error else {
        return OutletError::Lost { reason: error.to_string() };
    };
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(reason)) => OutletError::Untrusted {
            address: address.into(),
            reason: format!("its certificate is {reason:?}"),
        },
        Some(rustls::Error::AlertReceived(alert)) => OutletError::Refused { reason: alert_words(*alert) },
        _ => OutletError::Lost { reason: error.to_string() },
    }
}

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA | AlertDescription::DecryptError | AlertDescription::BadCertificate => {
            "its authority did not issue this sensor's certificate; enrol the sensor again".into()
        }
        AlertDescription::CertificateExpired => {
            "this sensor's certificate has expired; enrol the sensor again".into()
        }
        other => format!("it ended the handshake with {other:?}"),
    }
}

/// An open connection.
pub struct Link {
    frames: mpsc::Receiver<Result<Downward, FrameError>>,
    out: mpsc::Sender<Vec<u8>>,
    window: usize,
    address: String,
    /// Reads and writes; ends with the link.
    _tasks: JoinSet<()>,
}

impl Link {
    /// Connects, and is welcomed.
    pub async fn open(settings: &TlsOutletSettings, credentials: &Credentials) -> Result<Self, OutletError> {
        let address = settings.core.clone();
        let config = report_client(&credentials.current()).map_err(|error| OutletError::Untrusted {
            address: address.clone(),
            reason: error.to_string(),
        })?;
        let greeting = async {
            let mut stream = dial(&address, config).await?;
            let lost = |error| refused_by(&address, error);
            let hello = Upward::Hello { least: LEAST_VERSION, most: MOST_VERSION };
            frame::write(&mut stream, &hello, settings.connect).await.map_err(lost)?;
            let pace = Pace { silence: settings.connect, frame: settings.connect };
            let answer = frame::read(&mut stream, MAX_SMALL_FRAME, pace).await.map_err(lost)?;
            match frame::decode(&answer).map_err(lost)? {
                Downward::Welcome { version, window }
                    if (LEAST_VERSION..=MOST_VERSION).contains(&version) =>
                {
                    Ok((stream, window))
                }
                Downward::Refused { words } => Err(OutletError::Refused { reason: words }),
                _ => Err(OutletError::Lost { reason: "the core did not answer the hello".into() }),
            }
        };
        let (stream, window) = timeout(settings.connect, greeting).await.map_err(|_| {
            OutletError::Unreachable { address: address.clone(), reason: "it did not answer in time".into() }
        })??;
        let (read, write) = tokio::io::split(stream);
        let (sender, frames) = mpsc::channel(64);
        let (out, written) = mpsc::channel(2);
        let mut tasks = JoinSet::new();
        let pace = Pace { silence: settings.silence, frame: settings.silence };
        tasks.spawn(read_frames(read, sender, pace));
        tasks.spawn(write_frames(write, written));
        let window = usize::try_from(window).unwrap_or(usize::MAX).max(1);
        Ok(Self { frames, out, window, address, _tasks: tasks })
    }

    /// Carries parcels until something fails, or until nothing is under way and a new certificate is to be used. What was
    /// not acknowledged is in `pending`.
    pub async fn carry(
        &mut self,
        settings: &TlsOutletSettings,
        credentials: &Credentials,
        entries: &mut mpsc::Receiver<Entry>,
        turnstile: &Turnstile,
        pending: &mut VecDeque<Entry>,
    ) -> Result<(), OutletError> {
        let mut unsent: VecDeque<Vec<u8>> = VecDeque::new();
        for entry in pending.iter() {
            unsent.push_back(pack(entry).await?);
        }
        let mut ping = tokio::time::interval_at(Instant::now() + settings.ping, settings.ping);
        let mut look = tokio::time::interval(LOOK);
        let mut renewing: Option<Request> = None;
        let mut leave = false;
        loop {
            if leave && pending.is_empty() {
                return Ok(());
            }
            let lost = || OutletError::Lost { reason: "the connection was closed".into() };
            let take = !leave && unsent.is_empty() && pending.len() < self.window;
            tokio::select! {
                frame = self.frames.recv() => {
                    let frame = frame.unwrap_or(Err(FrameError::Closed));
                    match frame.map_err(|error| refused_by(&self.address, error))? {
                        Downward::Ack(number) => acknowledge(pending, number)?,
                        Downward::Alive => {}
                        Downward::Renewed { certificate } => {
                            if let Some(request) = renewing.take() {
                                leave = renew(credentials, &request, &certificate);
                            }
                        }
                        Downward::Refused { words } => return Err(OutletError::Refused { reason: words }),
                        Downward::Welcome { .. } => return Err(lost()),
                    }
                }
                permit = self.out.reserve(), if !unsent.is_empty() => {
                    match (permit, unsent.pop_front()) {
                        (Ok(permit), Some(frame)) => permit.send(frame),
                        (Ok(_), None) => {}
                        (Err(_), _) => break,
                    }
                }
                entry = entries.recv(), if take => match entry {
                    Some(entry) => if let Some(entry) = turnstile.admit(entry) {
                        let packed = pack(&entry).await;
                        pending.push_back(entry);
                        unsent.push_back(packed?);
                    },
                    // The outlet was dropped.
                    None => return Ok(()),
                },
                _ = ping.tick(), if unsent.is_empty() => unsent.push_back(encode(&Upward::Ping)?),
                _ = look.tick() => if renewing.is_none() && credentials.is_due(SystemTime::now()) {
                    match Request::new() {
                        Ok(request) => {
                            unsent.push_back(encode(&Upward::Renew { request: request.der.clone().into() })?);
                            renewing = Some(request);
                        }
                        Err(error) => tracing::error!(%error, "the certificate cannot be renewed"),
                    }
                },
            }
        }
        Err(self.last_words().await)
    }

    /// Why writing failed: what the core said last, if it said anything.
    async fn last_words(&mut self) -> OutletError {
        while let Ok(Some(frame)) = timeout(Duration::from_secs(1), self.frames.recv()).await {
            match frame {
                Ok(Downward::Refused { words }) => return OutletError::Refused { reason: words },
                Ok(_) => {}
                Err(error) => return refused_by(&self.address, error),
            }
        }
        OutletError::Lost { reason: "the connection was closed".into() }
    }
}

/// All parcels up to this one have arrived for good.
fn acknowledge(pending: &mut VecDeque<Entry>, number: crate::Number) -> Result<(), OutletError> {
    let Some(at) = pending.iter().position(|entry| entry.parcel.number() == number) else {
        return Err(OutletError::Lost { reason: "the core acknowledged what was not sent".into() });
    };
    for entry in pending.drain(..=at) {
        // Nobody waits for it any more where the sender has gone.
        let _: Result<(), _> = entry.answer.send(Ok(Delivered));
    }
    Ok(())
}

/// Takes a new certificate; tells whether it is to be used.
fn renew(credentials: &Credentials, request: &Request, certificate: &[u8]) -> bool {
    match credentials.renew(request, certificate) {
        Ok(()) => {
            tracing::info!(serial = %credentials.certified().serial, "the certificate was renewed");
            true
        }
        Err(error) => {
            tracing::error!(%error, "the renewed certificate cannot be used");
            false
        }
    }
}

async fn pack(entry: &Entry) -> Result<Vec<u8>, OutletError> {
    let packed = Packed::pack(&entry.parcel).await;
    let packed = packed.map_err(|error| OutletError::Lost { reason: error.to_string() })?;
    encode(&Upward::Parcel(packed))
}

fn encode(message: &Upward) -> Result<Vec<u8>, OutletError> {
    frame::encode(message).map_err(|error| OutletError::Lost { reason: error.to_string() })
}

async fn read_frames(
    mut read: ReadHalf<Stream>,
    frames: mpsc::Sender<Result<Downward, FrameError>>,
    pace: Pace,
) {
    loop {
        let frame =
            frame::read(&mut read, MAX_SMALL_FRAME, pace).await.and_then(|frame| frame::decode(&frame));
        let ended = frame.is_err();
        if frames.send(frame).await.is_err() || ended {
            return;
        }
    }
}

/// Writes until the link ends. It is not bounded in time: the core may let us wait, and says meanwhile that it lives.
async fn write_frames(mut write: WriteHalf<Stream>, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        let wrote = write.write_all(&frame).await.is_ok();
        if !wrote || (frames.is_empty() && write.flush().await.is_err()) {
            return;
        }
    }
    // The other side sees the end anyway.
    let _: io::Result<()> = write.shutdown().await;
}
