//! Everything that reads bytes of others, over any bytes: for fuzzing and for tests.

use std::time::Duration;

use crate::tls::frame::{self, Pace};
use crate::tls::protocol::{Downward, EnrolAnswer, EnrolRequest, MAX_SMALL_FRAME, Upward};
use crate::{Certified, Invitation, Peer, compress, spool};

/// Reads bytes as a connection, as single messages, as a file of the spool, as an invitation and as a certificate. It must return
/// whatever they are, within memory that follows their number.
pub fn exercise(bytes: &[u8]) {
    let pace = Pace { silence: Duration::from_secs(1), frame: Duration::from_secs(1) };
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() {
        runtime.block_on(async {
            let mut rest = bytes;
            while let Ok(payload) = frame::read(&mut rest, MAX_SMALL_FRAME, pace).await {
                messages(&payload);
            }
        });
    }
    messages(bytes);
    spool::exercise(bytes);
    let _ = Certified::read(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Invitation>();
        if let Some(peer) = Peer::from_uri(text) {
            assert_eq!(Peer::from_uri(&peer.uri()), Some(peer));
        }
    }
}

fn messages(payload: &[u8]) {
    if let Ok(Upward::Parcel(packed)) = frame::decode::<Upward>(payload) {
        let announced = packed.size;
        if let Ok(body) = compress::expand_now(&packed.packed, announced) {
            assert_eq!(body.len() as u64, announced, "a body is as long as was announced");
        }
    }
    let _ = frame::decode::<Downward>(payload);
    let _ = frame::decode::<EnrolRequest>(payload);
    let _ = frame::decode::<EnrolAnswer>(payload);
}
