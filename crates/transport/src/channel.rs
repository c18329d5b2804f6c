//! In process: a bounded channel between a sensor and a core in one program.

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::Duration;

use crate::lane::{Lane, Slot};
use crate::outlet::{Answer, handover};
use crate::{Ack, Arrival, Delivered, Handover, Inlet, Outlet, OutletError, Parcel};

/// How long a parcel rests after it was given up, before it is offered again.
const REST: Duration = Duration::from_millis(100);

/// A way from one sensor to the core inside a process. `capacity` parcels may be under way.
pub fn channel(capacity: usize) -> (ChannelOutlet, ChannelInlet) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let (settlements, settled) = mpsc::unbounded_channel();
    let inlet = ChannelInlet {
        receiver,
        settlements,
        settled,
        lane: Lane::new(),
        capacity: capacity.max(1),
        open: true,
        rest: None,
    };
    (ChannelOutlet(sender), inlet)
}

/// The sensor's end.
pub struct ChannelOutlet(mpsc::Sender<(Parcel, Answer)>);

#[async_trait]
impl Outlet for ChannelOutlet {
    async fn send(&mut self, parcel: Parcel) -> Result<Handover, OutletError> {
        parcel.check()?;
        let (answer, handover) = handover();
        let closed = |_| OutletError::Lost { reason: "the core of this process has ended".into() };
        self.0.send((parcel, answer)).await.map_err(closed)?;
        Ok(handover)
    }
}

/// The core's end.
pub struct ChannelInlet {
    receiver: mpsc::Receiver<(Parcel, Answer)>,
    settlements: mpsc::UnboundedSender<(Slot, bool)>,
    settled: mpsc::UnboundedReceiver<(Slot, bool)>,
    lane: Lane<Answer>,
    capacity: usize,
    open: bool,
    /// Nothing is offered before this.
    rest: Option<tokio::time::Instant>,
}

impl ChannelInlet {
    fn settle(&mut self, slot: Slot, committed: bool) {
        let settled = self.lane.settle(slot, committed);
        for answer in settled.tokens {
            // The sender may have gone; then nobody waits for it.
            let _: Result<(), _> = answer.send(Ok(Delivered));
        }
        if settled.given_up {
            self.rest = Some(tokio::time::Instant::now() + REST);
        }
    }
}

#[async_trait]
impl Inlet for ChannelInlet {
    async fn next(&mut self) -> Option<Arrival> {
        loop {
            while let Ok((slot, committed)) = self.settled.try_recv() {
                self.settle(slot, committed);
            }
            if self.rest.is_none_or(|rest| rest <= tokio::time::Instant::now()) {
                self.rest = None;
                if let Some((parcel, slot)) = self.lane.offer() {
                    let settlements = self.settlements.clone();
                    let ack = Ack::new(move |committed| {
                        let _: Result<(), _> = settlements.send((slot, committed));
                    });
                    return Some(Arrival { parcel, ack });
                }
            }
            if !self.open && self.lane.len() == 0 {
                return None;
            }
            let rest = self.rest;
            let room = self.open && self.lane.len() < self.capacity;
            tokio::select! {
                Some((slot, committed)) = self.settled.recv() => self.settle(slot, committed),
                next = self.receiver.recv(), if room => match next {
                    Some((parcel, answer)) => self.lane.push(parcel, answer),
                    None => self.open = false,
                },
                () = async { tokio::time::sleep_until(rest.unwrap_or_else(tokio::time::Instant::now)).await },
                    if rest.is_some() => {}
            }
        }
    }
}
