//! What a sensor reports: an opaque parcel to those who carry it, a ledger with the sensor's own state to the core.

use medward_identify::{DecodeError, Ledger, Limits, Names, decode_ledger, encode_ledger};
use medward_model::{Mac, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::SensorState;

/// Form of an encoded report.
const VERSION: u8 = 1;

/// Somebody other than the wire says where a device is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub mac: Mac,
    /// In the teller's words: "sw-3 port 12", "AP 3-West-2", "room 3.114".
    pub position: String,
    /// "switch-port", "access-point", "rtls".
    pub how: String,
    pub at: Timestamp,
}

/// What a sensor saw since its report before.
pub struct Report {
    /// The sensor's own state; its receipt is put in by the core.
    pub state: SensorState,
    pub positions: Vec<Position>,
    pub ledger: Ledger,
}

/// Why a report could not be read.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error(
        "a report of version {0}; this program reads version {VERSION}: bring sensor and core to the same release"
    )]
    Version(u8),
    #[error("the report is damaged: {0}")]
    Damaged(String),
    #[error(transparent)]
    Ledger(#[from] DecodeError),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    state: SensorState,
    positions: Vec<([u8; 6], String, String, i64)>,
    ledger: Vec<u8>,
}

impl Report {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let wire = Wire {
            state: self.state.clone(),
            positions: self
                .positions
                .iter()
                .map(|p| (p.mac.0, p.position.clone(), p.how.clone(), p.at.as_nanos()))
                .collect(),
            ledger: encode_ledger(&self.ledger),
        };
        // Writing to a vector does not fail.
        postcard::to_extend(&wire, vec![VERSION]).unwrap_or_default()
    }

    /// From bytes that a sensor sent.
    pub fn decode(bytes: &[u8], limits: &Limits, names: &dyn Names) -> Result<Report, ReportError> {
        let (version, rest) = bytes.split_first().ok_or(ReportError::Version(0))?;
        if *version != VERSION {
            return Err(ReportError::Version(*version));
        }
        let wire: Wire = postcard::from_bytes(rest).map_err(|e| ReportError::Damaged(e.to_string()))?;
        let (ledger, _) = decode_ledger(&wire.ledger, limits, names)?;
        let positions = wire
            .positions
            .into_iter()
            .map(|(mac, position, how, at)| Position {
                mac: Mac(mac),
                position,
                how,
                at: Timestamp::from_nanos(at),
            })
            .collect();
        Ok(Report { state: wire.state, positions, ledger })
    }
}
