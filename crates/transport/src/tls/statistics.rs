//! What a listener has seen, and whom it turned away for what.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why a connection was refused or ended by the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Too many connections, from one address or in all.
    Crowded,
    /// No TLS, no certificate, or one of another authority.
    Handshake,
    /// The certificate names no sensor.
    Nameless,
    Revoked,
    /// The certificate's time is over.
    Expired,
    /// A parcel claims another site or sensor than the certificate.
    Impostor,
    /// A frame is longer than allowed.
    Oversized,
    /// A frame or body cannot be understood, or comes where it must not.
    Malformed,
    /// A body expands to more than announced or allowed.
    Bomb,
    /// The sequence of a parcel is not beyond the one before.
    Disordered,
    /// Silent or too slow.
    Slow,
    /// No common version of the protocol.
    Version,
    /// The invitation is unknown, used or expired, or the request with it is bad.
    Invitation,
}

impl Refusal {
    /// In words, for the sensor and the log.
    pub fn words(self) -> &'static str {
        match self {
            Self::Crowded => "there are too many connections",
            Self::Handshake => "the handshake failed",
            Self::Nameless => "the certificate names no sensor",
            Self::Revoked => "the certificate was revoked; enrol the sensor again if it should report",
            Self::Expired => "the certificate has expired; enrol the sensor again",
            Self::Impostor => "a report claims another site or sensor than the certificate",
            Self::Oversized => "a frame is too long",
            Self::Malformed => "a frame cannot be understood",
            Self::Bomb => "a body expands to more than allowed",
            Self::Disordered => "a report is out of order",
            Self::Slow => "the connection is too slow or silent",
            Self::Version => "no version of the protocol is spoken by both; update the older side",
            Self::Invitation => "the invitation is unknown, used or expired; ask for a new one",
        }
    }
}

/// Counts since the listener started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenerStatistics {
    /// Open now.
    pub connections: u64,
    /// Opened so far.
    pub accepted: u64,
    pub parcels: u64,
    /// Bytes of parcels as they came, compressed.
    pub bytes: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    pub enrolled: u64,
    pub renewed: u64,
    pub refused: BTreeMap<Refusal, u64>,
}

#[derive(Default)]
pub struct Counts(Mutex<ListenerStatistics>);

impl Counts {
    pub fn add(&self, change: impl FnOnce(&mut ListenerStatistics)) {
        change(&mut self.lock());
    }

    pub fn refused(&self, refusal: Refusal) {
        *self.lock().refused.entry(refusal).or_default() += 1;
    }

    pub fn read(&self) -> ListenerStatistics {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ListenerStatistics> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
