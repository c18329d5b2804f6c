//! A UDP port on which sources send.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use medward_sources::accounting_response;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt;

use super::{CollectCounters, ListenOptions};
use crate::kernel;

/// The receive buffer that is asked for; the system may give less.
const BUFFER: usize = 8 << 20;
/// No datagram is longer.
const LONGEST: usize = 65_536;

pub(super) struct Listen {
    socket: UdpSocket,
    options: ListenOptions,
    buffer: Vec<u8>,
    /// What the kernel had counted as dropped at the last look; its counter is 32 bits wide and wraps.
    dropped: u32,
}

impl Listen {
    pub fn open(address: SocketAddr, options: ListenOptions) -> io::Result<Listen> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        // A smaller buffer only loses more in bursts.
        let _ = sockopt::set_socket_recv_buffer_size(&socket, BUFFER);
        Ok(Listen { socket, options, buffer: vec![0; LONGEST], dropped: 0 })
    }

    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Hands over what is received, at most `most` datagrams; waits for the first.
    pub fn receive(
        &mut self,
        wait: Duration,
        most: usize,
        counters: &mut CollectCounters,
        mut take: impl FnMut(&[u8], SocketAddr),
    ) -> io::Result<()> {
        let timeout = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        // An interruption is a short wait.
        let _ = poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&timeout));
        if let Ok(dropped) = kernel::dropped(self.socket.as_fd()) {
            counters.dropped += u64::from(dropped.wrapping_sub(self.dropped));
            self.dropped = dropped;
        }
        for _ in 0..most {
            let (length, from) = match self.socket.recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // An answer that nobody took.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error),
            };
            let bytes = self.buffer.get(..length).unwrap_or_default();
            let back = from;
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            if !self.allows(from.ip()) || !self.answer(bytes, back) {
                counters.refused += 1;
                continue;
            }
            counters.received += 1;
            counters.bytes += length as u64;
            take(bytes, from);
        }
        Ok(())
    }

    fn allows(&self, from: IpAddr) -> bool {
        self.options.allowed.is_empty()
            || self.options.allowed.iter().any(|(network, prefix)| within(from, *network, *prefix))
    }

    /// Answers where there is a secret. False where the datagram was not made with it.
    fn answer(&self, bytes: &[u8], from: SocketAddr) -> bool {
        let Some(secret) = &self.options.secret else { return true };
        match accounting_response(bytes, secret) {
            Ok(answer) => {
                // Where it is lost the access server asks again.
                let _ = self.socket.send_to(&answer, from);
                true
            }
            Err(_) => false,
        }
    }
}

fn within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let ((address, width), (network, other)) = (bits(address), bits(network.to_canonical()));
    let shift = 128 - u32::from(prefix.min(width));
    width == other && address.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn networks_hold_their_addresses_only() {
        for (address, network, prefix, holds) in [
            ("10.1.2.3", "10.1.0.0", 16, true),
            ("10.2.2.3", "10.1.0.0", 16, false),
            ("10.2.2.3", "0.0.0.0", 0, true),
            ("2001:db8::1", "2001:db8::", 32, true),
            ("2001:db9::1", "2001:db8::", 32, false),
            ("2001:db8::1", "0.0.0.0", 0, false),
            ("10.1.2.3", "10.1.2.3", 200, true),
        ] {
            let inside = within(address.parse().unwrap(), network.parse().unwrap(), prefix);
            assert_eq!(inside, holds, "{address} in {network}/{prefix}");
        }
    }
}
