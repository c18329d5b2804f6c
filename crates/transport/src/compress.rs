//! Bodies on the way: zstd, with a bound on what they may become.

use std::io::Read as _;

use bytes::Bytes;

use crate::MAX_BODY;

/// Bodies above this many bytes are compressed and expanded away from the tasks that serve connections.
const HEAVY: usize = 128 << 10;

/// Fast; reports are repetitive, higher levels give little.
const LEVEL: i32 = 1;

/// Largest window that a frame may ask of us, as a power of two: what a body can fill.
const WINDOW: u32 = 24;

/// Why a body is not what it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BodyError {
    #[error("the body does not expand: it is not a whole zstd frame")]
    Malformed,
    #[error(
        "the body expands to more than the {announced} bytes that were announced, or to more than {MAX_BODY}"
    )]
    Bomb { announced: u64 },
    #[error("the body expands to {bytes} bytes; {announced} were announced")]
    Short { announced: u64, bytes: usize },
    #[error("the body cannot be compressed: {0}")]
    Compress(String),
}

/// Packs a body.
pub async fn compress(body: Bytes) -> Result<Bytes, BodyError> {
    let heavy = body.len() > HEAVY;
    let work = move || {
        zstd::bulk::compress(&body, LEVEL)
            .map(Bytes::from)
            .map_err(|error| BodyError::Compress(error.to_string()))
    };
    run(heavy, work).await
}

/// Unpacks a body that was announced with so many bytes. Never makes more than that, nor more than [`MAX_BODY`].
pub async fn expand(packed: Bytes, announced: u64) -> Result<Bytes, BodyError> {
    run(announced > HEAVY as u64, move || expand_now(&packed, announced)).await
}

async fn run(
    heavy: bool,
    work: impl FnOnce() -> Result<Bytes, BodyError> + Send + 'static,
) -> Result<Bytes, BodyError> {
    if !heavy {
        return work();
    }
    // A task that was cut off belongs to a runtime that ends; nobody reads the answer then.
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BodyError::Malformed))
}

/// The same at once, on this thread.
pub fn expand_now(packed: &[u8], announced: u64) -> Result<Bytes, BodyError> {
    if announced > MAX_BODY as u64 {
        return Err(BodyError::Bomb { announced });
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| BodyError::Malformed)?;
    decoder.window_log_max(WINDOW).map_err(|_| BodyError::Malformed)?;
    // What was announced is only believed as far as it is backed by bytes that came.
    let likely = usize::try_from(announced).unwrap_or(MAX_BODY).min(packed.len().saturating_mul(8));
    let mut body = Vec::with_capacity(likely);
    let mut bounded = decoder.single_frame().take(announced + 1);
    bounded.read_to_end(&mut body).map_err(|_| BodyError::Malformed)?;
    if body.len() as u64 > announced {
        return Err(BodyError::Bomb { announced });
    }
    if (body.len() as u64) < announced {
        return Err(BodyError::Short { announced, bytes: body.len() });
    }
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_survives_the_way() {
        for size in [0, 1, 1000, 3 << 20] {
            let body = Bytes::from((0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>());
            let packed = compress(body.clone()).await.unwrap();
            assert_eq!(expand(packed, size as u64).await.unwrap(), body);
        }
    }

    #[tokio::test]
    async fn a_bomb_is_not_unpacked_beyond_what_was_announced() {
        let packed = compress(Bytes::from(vec![0; 64 << 20])).await.unwrap();
        assert!(packed.len() < 1 << 20);
        assert_eq!(expand(packed.clone(), 1000).await, Err(BodyError::Bomb { announced: 1000 }));
        let announced = 64 << 20;
        assert_eq!(expand(packed, announced).await, Err(BodyError::Bomb { announced }));
    }

    #[tokio::test]
    async fn a_torn_body_is_malformed() {
        let packed = compress(Bytes::from_static(b"a report of a sensor")).await.unwrap();
        assert_eq!(expand(packed.slice(..packed.len() - 3), 20).await, Err(BodyError::Malformed));
        assert_eq!(expand(Bytes::from_static(b"garbage"), 7).await, Err(BodyError::Malformed));
    }
}
