//! What only the running core knows or can do; the binary implements it.

use async_trait::async_trait;
use medward_model::Timestamp;
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

/// An invitation that nobody has used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenInvitation {
    /// Names it; it lets nobody in.
    pub id: String,
    pub site: String,
    /// Of the sensor that it lets in.
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
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

    /// Invitations that are open, at all sites.
    async fn invitations(&self) -> Result<Vec<OpenInvitation>, LiveError>;

    /// Takes an open invitation back; false where there is none of that id.
    async fn withdraw(&self, id: &str) -> Result<bool, LiveError>;

    /// Takes their right to report away from the sensors of that name at these sites (`None`: at all); answers how many
    /// certificates are revoked by it.
    async fn dismiss(&self, sites: Option<&[String]>, name: &str) -> Result<u64, LiveError>;

    /// Applies a decision on identity now; it is stored already.
    async fn decided(&self, record: &DecisionRecord) -> Result<(), LiveError>;

    /// Takes a decision back now; it is marked as undone already.
    async fn undone(&self, record: &DecisionRecord) -> Result<(), LiveError>;

    /// Takes in positions of devices of a site.
    async fn locate(&self, site: &str, positions: Vec<Position>) -> Result<(), LiveError>;

    /// Takes in an inventory as evidence; answers how many rows it took.
    async fn take_inventory(&self, source: &str, rows: Vec<Asset>) -> Result<u64, LiveError>;
}
