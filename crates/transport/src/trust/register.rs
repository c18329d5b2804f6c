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
    /// Bytes of `revoked` that were read. More of them: another program revoked something meanwhile.
    read: u64,
}

impl Register {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut lists = Lists::default();
        for line in lines(&private::read(&folder.join("issued"))?.unwrap_or_default()) {
            if let Some((serial, peer, until)) = issued(&line) {
                lists.issued.insert(serial, (peer, until));
            }
        }
        lists.read_revoked(folder)?;
        Ok(Self { folder: folder.into(), lists: RwLock::new(lists) })
    }

    /// Reads what another program revoked since: `medward invite revoke` does so while the core runs.
    fn refresh(&self) -> io::Result<()> {
        let size = match std::fs::metadata(self.folder.join("revoked")) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        if self.lists.read().unwrap_or_else(PoisonError::into_inner).read == size {
            return Ok(());
        }
        self.lists.write().unwrap_or_else(PoisonError::into_inner).read_revoked(&self.folder)
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

    /// Whether a certificate is revoked; where the list cannot be read, every one is held for revoked.
    pub fn is_revoked(&self, serial: &Serial) -> bool {
        if let Err(error) = self.refresh() {
            tracing::error!(%error, "which certificates are revoked cannot be read: no sensor is let in");
            return true;
        }
        self.lists.read().unwrap_or_else(PoisonError::into_inner).revoked.contains(serial)
    }

    /// All certificates that were issued to sensors, by serial number.
    pub fn issued(&self) -> Vec<Issued> {
        if let Err(error) = self.refresh() {
            tracing::error!(%error, "which certificates are revoked cannot be read");
        }
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

impl Lists {
    fn read_revoked(&mut self, folder: &Path) -> io::Result<()> {
        let bytes = private::read(&folder.join("revoked"))?.unwrap_or_default();
        for line in lines(&bytes) {
            // A line that is torn or altered must not let anybody in unnoticed.
            let serial = line.trim().parse().map_err(|_| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line '{line}' of 'revoked' is no serial number: mend or remove it, and revoke again what it meant"),
                )
            })?;
            self.revoked.insert(serial);
        }
        self.read = bytes.len() as u64;
        Ok(())
    }
}

fn issued(line: &str) -> Option<(Serial, Peer, SystemTime)> {
    let mut fields = line.split('\t');
    let serial = fields.next()?.parse().ok()?;
    let peer = Peer::from_uri(fields.next()?)?;
    let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(fields.next()?.parse().ok()?))?;
    Some((serial, peer, until))
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_program_revokes_holds_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (core, other) = (Register::open(folder.path()).unwrap(), Register::open(folder.path()).unwrap());
        let (one, two): (Serial, Serial) = ("ab01".parse().unwrap(), "ab02".parse().unwrap());
        assert!(!core.is_revoked(&one));
        other.revoke(&one).unwrap();
        assert!(core.is_revoked(&one) && !core.is_revoked(&two));
        core.revoke(&two).unwrap();
        assert!(other.is_revoked(&two));
        // What cannot be read lets nobody in.
        private::add_line(&folder.path().join("revoked"), "not a serial").unwrap();
        assert!(core.is_revoked(&"ab03".parse().unwrap()));
    }
}
