//! How many may come in, and one connection a sensor.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::Peer;

/// Counts connections by address, and knows the connection of each sensor.
pub struct Gate {
    most: usize,
    most_each: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    by_peer: HashMap<Peer, (u64, watch::Sender<bool>)>,
    turns: u64,
}

/// Room for one connection; given back when dropped.
pub struct Ticket {
    gate: Arc<Gate>,
    address: IpAddr,
}

/// The place of a sensor; taken by its next connection.
pub struct Place {
    gate: Arc<Gate>,
    peer: Peer,
    turn: u64,
    taken: watch::Receiver<bool>,
}

impl Gate {
    pub fn new(most: usize, most_each: usize) -> Arc<Self> {
        Arc::new(Self { most, most_each, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, if there is room.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let address = network(address);
        let mut state = self.state();
        if state.all >= self.most {
            return None;
        }
        let count = state.by_address.entry(address).or_default();
        if *count >= self.most_each {
            return None;
        }
        *count += 1;
        state.all += 1;
        Some(Ticket { gate: Arc::clone(self), address })
    }

    /// Gives a sensor's place to a connection; the one before it is told to go.
    pub fn seat(self: &Arc<Self>, peer: &Peer) -> Place {
        let (sender, taken) = watch::channel(false);
        let mut state = self.state();
        state.turns += 1;
        let turn = state.turns;
        if let Some((_, before)) = state.by_peer.insert(peer.clone(), (turn, sender)) {
            before.send_replace(true);
        }
        Place { gate: Arc::clone(self), peer: peer.clone(), turn, taken }
    }
}

impl Place {
    /// Waits until a newer connection of the same sensor is there.
    pub async fn is_taken(&mut self) {
        // The gate lives as long as its connections: an error cannot come, and would mean the same.
        let _: Result<_, _> = self.taken.wait_for(|taken| *taken).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.all = state.all.saturating_sub(1);
        if let Some(count) = state.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                state.by_address.remove(&self.address);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.by_peer.get(&self.peer).is_some_and(|(turn, _)| *turn == self.turn) {
            state.by_peer.remove(&self.peer);
        }
    }
}

/// What counts as one address: of IPv6 the network of 64 bits, for one host has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}
