//! What the two sides say to each other. The head of the crate describes the course of a connection.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::packed::Packed;
use crate::{MAX_BODY, Number};

/// Names of the two protocols on the one port (ALPN).
pub const REPORT: &[u8] = b"medward-report/1";
pub const ENROL: &[u8] = b"medward-enrol/1";

/// Versions of the report protocol that this program speaks.
pub const LEAST_VERSION: u16 = 1;
pub const MOST_VERSION: u16 = 1;

/// Longest frame that carries a parcel, in bytes: a body that does not compress, and its label.
pub const MAX_FRAME: usize = MAX_BODY + (128 << 10);

/// Longest of all other frames.
pub const MAX_SMALL_FRAME: usize = 16 << 10;

/// From the sensor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Upward {
    /// Opens the connection: the versions that it can speak.
    Hello {
        least: u16,
        most: u16,
    },
    Parcel(Packed),
    /// The sensor lives.
    Ping,
    /// Asks for a new certificate for a new key (PKCS#10, DER).
    Renew {
        request: Bytes,
    },
}

/// From the core.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Downward {
    /// Answers the hello: the version to speak, and how many parcels may be under way.
    Welcome { version: u16, window: u32 },
    /// All parcels of this connection up to this one are committed.
    Ack(Number),
    /// The core lives.
    Alive,
    /// The new certificate (DER).
    Renewed { certificate: Bytes },
    /// The last word before the core closes the connection.
    Refused { words: String },
}

/// From a sensor that has no certificate yet.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub secret: [u8; 32],
    /// PKCS#10, DER.
    pub request: Bytes,
}

/// The answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnrolAnswer {
    /// Certificates of the sensor and of the authority (DER).
    Granted {
        certificate: Bytes,
        authority: Bytes,
    },
    Refused {
        words: String,
    },
}
