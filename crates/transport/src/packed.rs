//! A parcel as it travels.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::compress::{self, BodyError};
use crate::{Number, Parcel};

/// A parcel with a compressed body (zstd, one frame).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    pub site: String,
    pub sensor: String,
    pub number: Number,
    /// Bytes of the body before compression.
    pub size: u64,
    pub packed: Bytes,
}

impl Packed {
    pub async fn pack(parcel: &Parcel) -> Result<Self, BodyError> {
        Ok(Self {
            site: parcel.site.clone(),
            sensor: parcel.sensor.clone(),
            number: parcel.number(),
            size: parcel.body.len() as u64,
            packed: compress::compress(parcel.body.clone()).await?,
        })
    }

    pub async fn unpack(self) -> Result<Parcel, BodyError> {
        let Self { site, sensor, number: Number { epoch, sequence }, size, packed } = self;
        let body = compress::expand(packed, size).await?;
        Ok(Parcel { site, sensor, epoch, sequence, body })
    }
}
