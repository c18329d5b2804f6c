//! The sender's side: parcels are handed over, and each handover is answered when the core has acknowledged.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::{Parcel, ParcelError};

/// Where a sensor hands its parcels over.
///
/// Parcels of one sensor are handed over in the order of their numbers, several may be under way at once, and they arrive
/// in that order. When one fails, all that were handed over after it fail too: the sender starts again from the oldest
/// that was not acknowledged. The receiver may have seen some of them already; it knows them by their numbers.
#[async_trait]
pub trait Outlet: Send {
    /// Hands a parcel over. Connects first where there is no connection, and waits while the way is full.
    /// Cancelled before it returns, it has handed nothing over.
    async fn send(&mut self, parcel: Parcel) -> Result<Handover, OutletError>;
}

/// The core has committed the parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered;

/// Resolves when the core has acknowledged a parcel, or when it is certain that nobody will.
pub struct Handover(oneshot::Receiver<Result<Delivered, OutletError>>);

/// The other end of a [`Handover`].
pub(crate) type Answer = oneshot::Sender<Result<Delivered, OutletError>>;

pub(crate) fn handover() -> (Answer, Handover) {
    let (answer, receiver) = oneshot::channel();
    (answer, Handover(receiver))
}

impl Future for Handover {
    type Output = Result<Delivered, OutletError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(OutletError::Dropped)))
    }
}

/// Why a parcel was not delivered. It stays with the sender, who tries again later.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutletError {
    #[error("the core cannot be reached at {address}: {reason}")]
    Unreachable { address: String, reason: String },
    #[error(
        "the core at {address} is not to be trusted: {reason}; enrol this sensor again if the core was set up anew"
    )]
    Untrusted { address: String, reason: String },
    #[error("the core refuses this sensor: {reason}")]
    Refused { reason: String },
    #[error("the connection to the core was lost: {reason}")]
    Lost { reason: String },
    #[error("the core took the report and gave it back, or went away before it was stored")]
    Dropped,
    #[error(transparent)]
    Parcel(#[from] ParcelError),
}
