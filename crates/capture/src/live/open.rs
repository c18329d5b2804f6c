//! Opening a ring on an interface, and saying clearly why it cannot be opened.

use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use medward_model::Timestamp;
use medward_wire::LinkType;
use pcap::{Capture, Device, Precision};
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket, socket_with};

use super::{LiveOptions, Ring};
use crate::kernel;
use crate::tap::TapError;

/// The pseudo-interface that stands for all of them.
const ANY: &str = "any";
/// Longest time that a frame waits in a block of the ring that is not full, in milliseconds.
const BLOCK_WAIT: i32 = 20;

/// The fanout group that the taps of one interface join, once the kernel has given it a number.
#[derive(Debug, Default)]
pub(super) struct Group(Mutex<Option<u16>>);

impl Group {
    /// True where there are other members, so that frames from before this moment went to them too.
    fn join(&self, capture: &Capture<pcap::Active>) -> std::io::Result<bool> {
        let mut id = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = id.map(|known| kernel::join_fanout(capture.as_fd(), Some(known)));
        let (joined, others) = match known {
            Some(Ok(joined)) => (joined, true),
            // The members of the group are bound to an interface that went away: a new one is made.
            Some(Err(_)) | None => (kernel::join_fanout(capture.as_fd(), None)?, false),
        };
        *id = Some(joined);
        Ok(others)
    }
}

/// The number of an interface in this network namespace.
pub(super) fn index_of(interface: &str) -> Option<u32> {
    let any_socket = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
    netdevice::name_to_index(&any_socket, interface).ok()
}

pub(super) fn ring(interface: &str, options: &LiveOptions, group: Option<&Group>) -> Result<Ring, TapError> {
    let index = index_of(interface);
    if index.is_none() && interface != ANY {
        return Err(TapError::NoSuchInterface { name: interface.to_owned(), there: interfaces() });
    }
    let activate = || {
        let snaplen = options.snaplen.clamp(64, 262_144) as i32;
        let buffer = options.buffer_bytes.clamp(1 << 20, 1 << 30) as i32;
        Capture::from_device(interface)?
            .snaplen(snaplen)
            .buffer_size(buffer)
            .promisc(options.promiscuous && interface != ANY)
            .precision(Precision::Nano)
            .timeout(BLOCK_WAIT)
            .open()?
            .setnonblock()
    };
    let mut capture = activate().map_err(|error| refused(interface, &error))?;
    // Opening a ring on an interface that is down succeeds where libpcap is young; then it says nothing.
    if interface != ANY && !kernel::is_up(capture.as_fd(), interface).unwrap_or(true) {
        return Err(TapError::InterfaceDown { name: interface.to_owned() });
    }
    if let Some(filter) = &options.filter {
        capture
            .filter(filter, true)
            .map_err(|error| TapError::Filter { filter: filter.clone(), message: message(&error) })?;
    }
    let mut joined = Timestamp::MIN;
    if let Some(group) = group {
        let others = group.join(&capture).map_err(|error| TapError::Capture {
            name: interface.to_owned(),
            doing: "sharing the frames between threads (PACKET_FANOUT)",
            message: error.to_string(),
        })?;
        if others {
            joined = now();
        }
    }
    let link = LinkType::from_number(u16::try_from(capture.get_datalink().0).unwrap_or(u16::MAX));
    let opened = Instant::now();
    Ok(Ring { capture, link, index, opened, joined, seen: [0; 2], counted: opened, looked: opened })
}

/// Why the ring was not opened.
fn refused(interface: &str, error: &pcap::Error) -> TapError {
    let name = interface.to_owned();
    // What libpcap says depends on its version; the kernel says it plainly.
    let asked = socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None);
    if matches!(asked, Err(rustix::io::Errno::PERM | rustix::io::Errno::ACCESS)) {
        return TapError::NoPermission { name };
    }
    let up = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(std::io::Error::from)
        .and_then(|any_socket| kernel::is_up(any_socket.as_fd(), interface));
    match up {
        Ok(false) => TapError::InterfaceDown { name },
        _ => failed(interface, "opening", error),
    }
}

pub(super) fn failed(interface: &str, doing: &'static str, error: &pcap::Error) -> TapError {
    TapError::Capture { name: interface.to_owned(), doing, message: message(error) }
}

/// What libpcap said, without the crate's own heading.
fn message(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The interfaces of this machine that can be captured on, by name.
fn interfaces() -> Vec<String> {
    let mut names: Vec<String> = Device::list()
        .unwrap_or_default()
        .into_iter()
        .map(|device| device.name)
        .filter(|name| index_of(name).is_some())
        .collect();
    names.sort_unstable();
    names
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since.as_secs() as i64, since.subsec_nanos())
}
