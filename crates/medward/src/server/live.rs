//! What the interface asks of the running core.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use medward_api::{Invitation as Invited, Live, LiveError};
use medward_monitor::{Asset, DecisionRecord, Position, Store};
use medward_transport::{Authority, Invitation, InvitationBook, Peer};

use super::book::StoredBook;
use crate::live::{Core, clock};

/// How long an invitation is good for.
const INVITED: Duration = Duration::from_secs(24 * 3600);

/// The core, as the interface sees it.
pub struct CoreLive {
    pub core: Core,
    pub store: Arc<dyn Store>,
    pub authority: Arc<Authority>,
    pub book: Arc<StoredBook>,
    /// Where sensors report, and by which names that is reached.
    pub sensors: Option<(SocketAddr, Vec<String>)>,
}

fn failed(error: impl std::fmt::Display) -> LiveError {
    LiveError::Failed(error.to_string())
}

#[async_trait]
impl Live for CoreLive {
    async fn metrics(&self) -> String {
        let mut text = String::new();
        let sensors = self.store.sensors().await.unwrap_or_default();
        let mut family =
            |name: &str, kind: &str, help: &str, value: &dyn Fn(&medward_monitor::SensorState) -> f64| {
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
                for sensor in &sensors {
                    let label =
                        |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
                    let _ = writeln!(
                        text,
                        "{name}{{site=\"{}\",sensor=\"{}\"}} {}",
                        label(&sensor.site),
                        label(&sensor.name),
                        value(sensor)
                    );
                }
            };
        family("medward_sensor_packets_total", "counter", "Packets received.", &|s| s.packets as f64);
        family("medward_sensor_bytes_total", "counter", "Bytes received.", &|s| s.bytes as f64);
        family("medward_sensor_dropped_total", "counter", "Packets dropped.", &|s| s.dropped as f64);
        family("medward_sensor_spooled_reports", "gauge", "Reports that wait.", &|s| s.spooled as f64);
        family("medward_sensor_lost_reports_total", "counter", "Reports given up.", &|s| {
            s.lost_reports as f64
        });
        family("medward_sensor_memory_bytes", "gauge", "Resident memory.", &|s| s.memory as f64);
        family("medward_sensor_last_report_seconds", "gauge", "Time of the last report.", &|s| {
            s.last_report.as_seconds() as f64
        });
        if let Ok(sizes) = self.store.sizes().await {
            for (name, help, value) in [
                ("medward_devices", "Devices stored.", sizes.devices),
                ("medward_conversations", "Conversations stored.", sizes.conversations),
                ("medward_events", "Events stored.", sizes.events),
                ("medward_database_bytes", "Size of the database.", sizes.bytes),
            ] {
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
            }
        }
        text
    }

    async fn ready(&self) -> Result<(), String> {
        self.store.health().await.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn invite(&self, site: &str, name: &str) -> Result<Invited, LiveError> {
        let Some((address, names)) = &self.sensors else {
            let words = "this core takes in no sensors: start it with --sensors ADDRESS (0.0.0.0:8444)";
            return Err(LiveError::Absent(words.to_owned()));
        };
        let peer = Peer::new(site, name).map_err(|error| LiveError::Refused(error.to_string()))?;
        let host = names.first().cloned().unwrap_or_else(|| match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            ip => ip.to_string(),
        });
        let core = format!("{host}:{}", address.port());
        let expires = SystemTime::now() + INVITED;
        let (invitation, entry) =
            Invitation::new(&core, self.authority.fingerprint(), &peer, expires).map_err(failed)?;
        self.book.keep(entry).await.map_err(failed)?;
        let token = invitation.text();
        let command =
            format!("medward sensor --data /var/lib/medward-sensor --capture eth1 --invitation {token}");
        Ok(Invited { token, command })
    }

    async fn dismiss(&self, name: &str) -> Result<(), LiveError> {
        let register = self.authority.register();
        let peers: Vec<Peer> = register
            .issued()
            .into_iter()
            .map(|issued| issued.peer)
            .filter(|peer| peer.sensor == name)
            .collect();
        if peers.is_empty() {
            return Err(LiveError::Refused(format!("no certificate was issued to a sensor '{name}'")));
        }
        for peer in &peers {
            register.revoke_sensor(peer).map_err(failed)?;
        }
        Ok(())
    }

    async fn decided(&self, record: &DecisionRecord) -> Result<(), LiveError> {
        self.core.decided(&record.site).await.map_err(failed)
    }

    async fn undone(&self, record: &DecisionRecord) -> Result<(), LiveError> {
        self.core.decided(&record.site).await.map_err(failed)
    }

    async fn locate(&self, site: &str, positions: Vec<Position>) -> Result<(), LiveError> {
        self.core.place(site, positions).await.map_err(failed)
    }

    async fn take_inventory(&self, source: &str, rows: Vec<Asset>) -> Result<u64, LiveError> {
        let count = rows.len() as u64;
        let body = serde_json::json!({ "source": source, "rows": rows });
        self.store.put_document("inventory", source, &body, None, None, clock()).await.map_err(failed)?;
        Ok(count)
    }
}
