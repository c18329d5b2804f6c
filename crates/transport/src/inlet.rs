//! The receiver's side: parcels arrive in order, and each is acknowledged after it was committed.

use async_trait::async_trait;

use crate::Parcel;

/// Where the core takes parcels from.
///
/// Parcels of one sensor come in the order of their numbers. A parcel may come again, after a fault or when its [`Ack`] was
/// dropped; the receiver knows by sensor, epoch and sequence what it has, and acknowledges it once more.
///
/// Several arrivals may be held at once (to commit them together), with this rule: whoever gives one up gives up all later
/// ones of the same sensor too, for these come again after it.
#[async_trait]
pub trait Inlet: Send {
    /// The next parcel; waits for it. `None` when the inlet was closed for good. Cancelling it loses nothing.
    async fn next(&mut self) -> Option<Arrival>;
}

/// A parcel that has arrived and is not yet acknowledged.
#[derive(Debug)]
pub struct Arrival {
    pub parcel: Parcel,
    pub ack: Ack,
}

type Settle = Box<dyn FnOnce(bool) + Send>;

/// Says that a parcel is safe. Dropped without saying so, the parcel comes again.
pub struct Ack(Option<Settle>);

impl Ack {
    pub(crate) fn new(settle: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Some(Box::new(settle)))
    }

    /// The parcel is committed: the sender may forget it.
    pub fn committed(mut self) {
        if let Some(settle) = self.0.take() {
            settle(true);
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(settle) = self.0.take() {
            settle(false);
        }
    }
}

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ack")
    }
}
