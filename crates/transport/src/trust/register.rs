//! The certificates that were issued to sensors, and those that were revoked.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::peer::{Peer, Serial};
use super::private;

/// A certificate of a sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub serial: Serial,
    pub peer: Peer,
    pub until: SystemTime,
    pub revoked: bool,
}

/// Two files of lines that are only added to: `issued` (serial, address of the sensor, expiry in seconds since 1970) and
/// `revoked` (serial).
pub struct Register {
    folder: PathBuf,
    lists: RwLock<Lists>,
}

#[derive(Default)]
struct Lists {
    issued: BTreeMap<Serial, (Peer, SystemTime)>,
    revoked: BTreeSet<Serial>,
}

impl Register {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut lists = Lists::default();
        for line in lines(&folder.join("issued"))? {
            if let Some((serial, peer, until)) = issued(&line) {
                lists.issued.insert(serial, (peer, until));
            }
        }
        for line in lines(&folder.join("revoked"))? {
            // A line that is torn or altered must not let anybody in unnoticed.
            let serial = line.trim().parse().map_err(|_| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line '{line}' of 'revoked' is no serial number"),
                )
            })?;
            lists.revoked.insert(serial);
        }
        Ok(Self { folder: folder.into(), lists: RwLock::new(lists) })
    }

    pub(super) fn note(&self, serial: Serial, peer: &Peer, until: SystemTime) -> io::Result<()> {
        let seconds = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        private::add_line(&self.folder.join("issued"), &format!("{serial}\t{}\t{seconds}", peer.uri()))?;
        lists.issued.insert(serial, (peer.clone(), until));
        Ok(())
    }

    /// Revokes a certificate, for good. Open connections end with their next parcel.
    pub fn revoke(&self, serial: &Serial) -> io::Result<()> {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if !lists.revoked.contains(serial) {
            private::add_line(&self.folder.join("revoked"), &serial.to_string())?;
            lists.revoked.insert(serial.clone());
        }
        Ok(())
    }

    /// Revokes all certificates that a sensor has now. Tells how many.
    pub fn revoke_sensor(&self, peer: &Peer) -> io::Result<usize> {
        let open: Vec<_> =
            self.issued().into_iter().filter(|issued| issued.peer == *peer && !issued.revoked).collect();
        open.iter().try_for_each(|issued| self.revoke(&issued.serial))?;
        Ok(open.len())
    }

    pub fn is_revoked(&self, serial: &Serial) -> bool {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).revoked.contains(serial)
    }

    /// All certificates that were issued to sensors, by serial number.
    pub fn issued(&self) -> Vec<Issued> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let issued = lists.issued.iter().map(|(serial, (peer, until))| Issued {
            serial: serial.clone(),
            peer: peer.clone(),
            until: *until,
            revoked: lists.revoked.contains(serial),
        });
        issued.collect()
    }
}

fn issued(line: &str) -> Option<(Serial, Peer, SystemTime)> {
    let mut fields = line.split('\t');
    let serial = fields.next()?.parse().ok()?;
    let peer = Peer::from_uri(fields.next()?)?;
    let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(fields.next()?.parse().ok()?))?;
    Some((serial, peer, until))
}

fn lines(path: &Path) -> io::Result<Vec<String>> {
    let bytes = private::read(path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).lines().filter(|line| !line.is_empty()).map(Into::into).collect())
}
