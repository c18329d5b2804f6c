//! IEEE 802.11 frames (IEEE 802.11-2020, 9.2 and 9.3), unencrypted data only.

use medward_model::Mac;

use crate::read::u8_at;

/// What an 802.11 frame is good for.
pub(crate) enum Wireless<'a> {
    /// An unencrypted data frame: the LLC header and what follows.
    Payload { source: Mac, destination: Mac, llc: &'a [u8] },
    /// A management frame: its sender exists.
    Management { source: Mac, destination: Mac },
}

/// Reads an 802.11 frame without radiotap. `Err` names the weird.
pub(crate) fn read_80211(bytes: &[u8]) -> Result<Wireless<'_>, &'static str> {
    let cut = "ieee80211_truncated";
    let control = u8_at(bytes, 0).ok_or(cut)?;
    let flags = u8_at(bytes, 1).ok_or(cut)?;
    let address = |at: usize| bytes.get(at..).and_then(Mac::read).ok_or(cut);
    let (to_ds, from_ds) = (flags & 0x01 != 0, flags & 0x02 != 0);
    match (control >> 2) & 3 {
        0 => Ok(Wireless::Management { source: address(10)?, destination: address(4)? }),
        2 => {
            let subtype = control >> 4;
            // Table 9-26: which address is source and destination.
            let (destination, source) = match (to_ds, from_ds) {
                (false, false) => (address(4)?, address(10)?),
                (true, false) => (address(16)?, address(10)?),
                (false, true) => (address(4)?, address(16)?),
                (true, true) => (address(16)?, address(24)?),
            };
            let at = if to_ds && from_ds { 30 } else { 24 };
            payload(bytes, flags, subtype, at, source, destination)
        }
        _ => Err("ieee80211_control_frame"),
    }
}

fn payload(
    bytes: &[u8],
    flags: u8,
    subtype: u8,
    at: usize,
    source: Mac,
    destination: Mac,
) -> Result<Wireless<'_>, &'static str> {
    if flags & 0x40 != 0 {
        return Err("ieee80211_encrypted");
    }
    // Subtypes with bit 2 carry no data.
    if subtype & 4 != 0 {
        return Ok(Wireless::Management { source, destination });
    }
    let mut at = at;
    if subtype & 8 != 0 {
        // QoS control; an A-MSDU is not split.
        if u8_at(bytes, at).is_some_and(|qos| qos & 0x80 != 0) {
            return Err("ieee80211_amsdu");
        }
        at += 2;
        // +HTC/Order: the HT control field follows (9.2.4.1.10).
        if flags & 0x80 != 0 {
            at += 4;
        }
    }
    let llc = bytes.get(at..).ok_or("ieee80211_truncated")?;
    // Some adapters pad the header to a multiple of four.
    let llc = match llc.get(..2) {
        Some([0xaa, 0xaa]) => llc,
        _ if llc.get(2..4) == Some(&[0xaa, 0xaa]) => llc.get(2..).unwrap_or_default(),
        _ => llc,
    };
    Ok(Wireless::Payload { source, destination, llc })
}
