//! What the interface asks of the running core.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use medward_api::{Invitation as Invited, Live, LiveError, OpenInvitation};
use medward_monitor::{Asset, DecisionRecord, Position, Store};

use super::guests::{self, GuestError, Guests};
use crate::live::{Core, clock};

/// The core, as the interface sees it.
pub struct CoreLive {
    pub core: Core,
    pub store: Arc<dyn Store>,
    pub guests: Guests,
    /// Where sensors report, `host:port`.
    pub sensors: Option<String>,
}

fn failed(error: impl std::fmt::Display) -> LiveError {
    LiveError::Failed(error.to_string())
}

fn refused(error: GuestError) -> LiveError {
    match error {
        GuestError::Name(error) => LiveError::Refused(error.to_string()),
        other => failed(other),
    }
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
        let Some(core) = &self.sensors else {
            let words = "this core takes in no sensors: start it with --sensors ADDRESS (0.0.0.0:8444)";
            return Err(LiveError::Absent(words.to_owned()));
        };
        let token = self.guests.invite(core, site, name).await.map_err(refused)?.text();
        let command = guests::command(&token);
        Ok(Invited { token, command })
    }

    async fn invitations(&self) -> Result<Vec<OpenInvitation>, LiveError> {
        self.guests.open().await.map_err(refused)
    }

    async fn withdraw(&self, id: &str) -> Result<bool, LiveError> {
        self.guests.withdraw(id).await.map_err(refused)
    }

    async fn dismiss(&self, sites: Option<&[String]>, name: &str) -> Result<u64, LiveError> {
        self.guests.dismiss(sites, name).map_err(refused)
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
