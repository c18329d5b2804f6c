//! What only the running core knows or can do; the binary implements it.

use async_trait::async_trait;
use medward_monitor::{Asset, DecisionRecord, Position};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

/// Why the core did not do it.
#[derive(Debug, Error)]
pub enum LiveError {
    /// This program runs without the part that is asked for.
    #[error("this is not available here: {0}")]
    Absent(String),
    /// It cannot be done as asked; the text says why.
    #[error("{0}")]
    Refused(String),
    /// It failed; the text is for the log.
    #[error("{0}")]
    Failed(String),
}

/// How a new sensor joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Invitation {
    /// Once and for a limited time.
    pub token: String,
    /// What to run on the sensor's machine.
    pub command: String,
}

/// What the running core offers to the interface. Every call answers within some seconds.
#[async_trait]
pub trait Live: Send + Sync {
    /// Metrics of the core in Prometheus' text format, version 0.0.4.
    async fn metrics(&self) -> String;

    /// Whether capture and core are running; else why not.
    async fn ready(&self) -> Result<(), String>;

    /// Makes an invitation for a sensor of that name at a site.
    async fn invite(&self, site: &str, name: &str) -> Result<Invitation, LiveError>;

    /// Takes a sensor's right to report away.
    async fn dismiss(&self, name: &str) -> Result<(), LiveError>;

    /// Applies a decision on identity now; it is stored already.
    async fn decided(&self, record: &DecisionRecord) -> Result<(), LiveError>;

    /// Takes a decision back now; it is marked as undone already.
    async fn undone(&self, record: &DecisionRecord) -> Result<(), LiveError>;

    /// Takes in positions of devices of a site.
    async fn locate(&self, site: &str, positions: Vec<Position>) -> Result<(), LiveError>;

    /// Takes in an inventory as evidence; answers how many rows it took.
    async fn take_inventory(&self, source: &str, rows: Vec<Asset>) -> Result<u64, LiveError>;
}
