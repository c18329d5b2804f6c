//! Parcels and bytes a second from a spool through a way to a receiver that acknowledges at once.
//!
//! `cargo run -p medward-transport --example throughput [nats://127.0.0.1:4222]`: in process and over TLS on loopback, and
//! over NATS where a server is named (JetStream on, `max_payload: 20MB`). Bodies are half noise, so that zstd has to work.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use medward_transport::*;

const SHAPES: [(usize, usize); 3] = [(10_000, 1 << 10), (2_000, 64 << 10), (100, 1 << 20)];

/// A core that begins anew.
struct Forgetful;

#[async_trait::async_trait]
impl Receipts for Forgetful {
    async fn newest(&self, _: &Peer, _: u64) -> Result<Option<u64>, Box<dyn Error + Send + Sync>> {
        Ok(None)
    }
}

fn body(size: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut noise = vec![0; size / 2];
    getrandom::fill(&mut noise)?;
    noise.resize(size, 7);
    Ok(noise)
}

async fn measure(name: &str, outlet: Box<dyn Outlet>, mut inlet: impl Inlet) -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("medward-throughput-{}-{name}", std::process::id()));
    let spool = Spool::open(&folder, SpoolSettings::new("bench", "a"))?;
    let courier = Courier::start(spool.clone(), outlet, CourierSettings::default());
    for (count, size) in SHAPES {
        let body = body(size)?;
        let begun = Instant::now();
        let filling = spool.clone();
        let filled = tokio::task::spawn_blocking(move || {
            (0..count).try_for_each(|_| filling.append(&body).map(|_| ()))
        });
        let mut arrived = 0;
        while arrived < count {
            let Some(arrival) = inlet.next().await else { return Err("the inlet was closed".into()) };
            arrival.ack.committed();
            arrived += 1;
        }
        let (seconds, bytes) = (begun.elapsed().as_secs_f64(), (count * size) as f64);
        filled.await??;
        println!(
            "{name:>10}  {size:>8} bytes  {:>8.0} parcels/s  {:>8.1} MB/s",
            count as f64 / seconds,
            bytes / seconds / 1e6
        );
    }
    courier.stop().await;
    drop(spool);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (outlet, inlet) = channel(256);
    measure("in process", Box::new(outlet), inlet).await?;

    let folder = std::env::temp_dir().join(format!("medward-throughput-{}-core", std::process::id()));
    let authority = Arc::new(Authority::open_or_create(&folder, SystemTime::now())?);
    let book = Arc::new(MemoryBook::default());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = ListenerSettings::new(&["127.0.0.1"]);
    let inlet = TlsInlet::start(address, Arc::clone(&authority), book.clone(), settings).await?;
    let core = inlet.address().to_string();
    let expires = SystemTime::now() + Duration::from_secs(60);
    let (invitation, entry) =
        Invitation::new(&core, authority.fingerprint(), &Peer::new("bench", "a")?, expires)?;
    book.keep(entry).await?;
    let credentials = enrol(&invitation, &folder.join("sensor")).await?;
    let outlet = TlsOutlet::new(TlsOutletSettings::new(&core), Arc::new(credentials));
    measure("tls", Box::new(outlet), inlet).await?;
    std::fs::remove_dir_all(folder)?;

    if let Some(url) = std::env::args().nth(1) {
        let server = NatsServer::new(&url);
        let settings = NatsInletSettings::new(Sites::Named(vec!["bench".into()]));
        let inlet = NatsInlet::start(&server, settings, Arc::new(Forgetful)).await?;
        let outlet = NatsOutlet::new(server, Peer::new("bench", "a")?);
        measure("nats", Box::new(outlet), inlet).await?;
    }
    Ok(())
}
