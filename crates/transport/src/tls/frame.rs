//! Frames: a length (32 bits, big-endian), and so many bytes of one message (postcard).

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

/// How slow the other side may be.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest silence between frames.
    pub silence: Duration,
    /// A frame that has begun must end within this, and a second for each [`Pace::RATE`] bytes.
    pub frame: Duration,
}

impl Pace {
    /// Bytes a second.
    const RATE: usize = 64 << 10;
}

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("the other side closed the connection")]
    Closed,
    #[error("a frame of {bytes} bytes was announced; {most} at most")]
    Oversized { bytes: usize, most: usize },
    #[error("a frame cannot be understood")]
    Malformed,
    #[error("the other side is silent or too slow")]
    Slow,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A message with its length before it.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut out = postcard::to_extend(message, vec![0; 4]).map_err(|_| FrameError::Malformed)?;
    let length = u32::try_from(out.len() - 4).map_err(|_| FrameError::Malformed)?;
    if let Some(head) = out.first_chunk_mut::<4>() {
        *head = length.to_be_bytes();
    }
    Ok(out)
}

/// The message in a frame; nothing may follow it.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(frame) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Malformed),
    }
}

/// Reads one frame of at most so many bytes. Not to be cancelled and called again.
pub async fn read<R: AsyncRead + Unpin>(
    from: &mut R,
    most: usize,
    pace: Pace,
) -> Result<Vec<u8>, FrameError> {
    let mut head = [0; 4];
    let first = timeout(pace.silence, from.read(&mut head)).await.map_err(|_| FrameError::Slow)?;
    let got = match first {
        Ok(0) => return Err(FrameError::Closed),
        Ok(got) => got,
        // Many close without saying so in TLS.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(FrameError::Closed),
        Err(error) => return Err(error.into()),
    };
    let begun = Instant::now();
    let rest = head.get_mut(got..).unwrap_or_default();
    timeout_at(begun + pace.frame, from.read_exact(rest)).await.map_err(|_| FrameError::Slow)??;
    let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if length > most {
        return Err(FrameError::Oversized { bytes: length, most });
    }
    let deadline = begun + pace.frame + Duration::from_secs((length / Pace::RATE) as u64);
    // Memory follows the bytes that came, not those that were announced.
    let mut frame = Vec::with_capacity(length.min(64 << 10));
    let mut bounded = from.take(length as u64);
    while frame.len() < length {
        let got =
            timeout_at(deadline, bounded.read_buf(&mut frame)).await.map_err(|_| FrameError::Slow)??;
        if got == 0 {
            return Err(FrameError::Closed);
        }
    }
    Ok(frame)
}

/// Writes a message; the other side has to take it within a time.
pub async fn write<W: AsyncWrite + Unpin, T: Serialize>(
    to: &mut W,
    message: &T,
    within: Duration,
) -> Result<(), FrameError> {
    let frame = encode(message)?;
    let writing = async {
        to.write_all(&frame).await?;
        to.flush().await
    };
    Ok(timeout(within, writing).await.map_err(|_| FrameError::Slow)??)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::Number;
    use crate::packed::Packed;
    use crate::tls::protocol::{Downward, EnrolRequest, MAX_SMALL_FRAME, Upward};

    const PACE: Pace = Pace { silence: Duration::from_secs(1), frame: Duration::from_secs(1) };

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn upward() -> impl Strategy<Value = Upward> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from);
        prop_oneof![
            (any::<u16>(), any::<u16>()).prop_map(|(least, most)| Upward::Hello { least, most }),
            (".{0,20}", ".{0,20}", any::<(u64, u64, u64)>(), bytes()).prop_map(
                |(site, sensor, (epoch, sequence, size), packed)| {
                    Upward::Parcel(Packed { site, sensor, number: Number { epoch, sequence }, size, packed })
                }
            ),
            Just(Upward::Ping),
            bytes().prop_map(|request| Upward::Renew { request }),
        ]
    }

    proptest! {
        #[test]
        fn a_message_survives_its_frame_however_it_is_cut(message in upward(), cut in any::<prop::sample::Index>()) {
            let frame = encode(&message).unwrap();
            let (head, tail) = frame.split_at(cut.index(frame.len()));
            let mut from = tokio::io::AsyncReadExt::chain(head, tail);
            let payload = block(read(&mut from, MAX_SMALL_FRAME, PACE)).unwrap();
            prop_assert_eq!(decode::<Upward>(&payload).unwrap(), message);
        }

        #[test]
        fn garbage_never_panics_and_never_makes_more_than_it_is(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Upward::Parcel(parcel)) = decode::<Upward>(&bytes) {
                prop_assert!(parcel.packed.len() + parcel.site.len() + parcel.sensor.len() <= bytes.len());
            }
            let _: Result<Downward, _> = decode(&bytes);
            let _: Result<EnrolRequest, _> = decode(&bytes);
            if let Ok(frame) = block(read(&mut &bytes[..], 100, PACE)) {
                prop_assert!(frame.len() <= 100);
            }
        }

        #[test]
        fn an_altered_frame_is_refused_or_is_another_message(
            message in upward(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let mut frame = encode(&message).unwrap()[4..].to_vec();
            let at = at.index(frame.len());
            frame[at] ^= 1 << bit;
            if let Ok(other) = decode::<Upward>(&frame) {
                prop_assert!(other != message || encode(&other).unwrap()[4..] != frame[..]);
            }
        }
    }

    #[test]
    fn a_frame_is_refused_by_its_length_alone() {
        let bytes = u32::MAX.to_be_bytes();
        let error = block(read(&mut &bytes[..], MAX_SMALL_FRAME, PACE)).unwrap_err();
        assert!(matches!(error, FrameError::Oversized { .. }));
    }

    #[test]
    fn bytes_behind_a_message_are_refused() {
        let mut frame = encode(&Upward::Ping).unwrap()[4..].to_vec();
        frame.push(0);
        assert!(matches!(decode::<Upward>(&frame), Err(FrameError::Malformed)));
    }
}
