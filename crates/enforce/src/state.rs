//! The directory in which an executor keeps what it did.
//!
//! | file | what |
//! |---|---|
//! | `lock` | held by whoever changes something |
//! | `in-force.json` | the plan in force; absent where none is |
//! | `pending.json` | a plan that waits for its confirmation; who renames it first decides |
//! | `plans/ID/plan.json` | a plan that was applied |
//! | `plans/ID/before.nft`, `before.json` | what the table listed before, and which plan was in force |
//! | `journal.jsonl` | what was done |
//!
//! Files are written beside and renamed, and are on the disk before anything is done that rests on them.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use medward_model::Timestamp;
use medward_policy::{Plan, PlanId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::journal::{self, Entry};
use crate::nft::Nft;

/// Why the directory could not be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process changes something at this moment.
    #[error("{0} is in use: another process changes something at this moment")]
    Busy(String),
    /// A file does not hold what it should.
    #[error("{path} does not hold what it should: {why}")]
    Broken {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

/// The plan in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// The plan.
    pub plan: PlanId,
    /// Of which plan it is the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_part_of: Option<PlanId>,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// By whom.
    pub applied_by: String,
    /// Who confirmed it; none while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// The digest of its rules.
    pub digest: String,
    /// The digest of what the table listed after it was applied, without what was counted.
    pub listing: String,
    /// How it was applied.
    pub nft: Nft,
}

/// A plan that waits for its confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The plan.
    pub plan: PlanId,
    /// When it is reverted.
    pub until: Timestamp,
    /// The reverter's process.
    #[serde(default)]
    pub reverter: u32,
}

/// The directory.
#[derive(Clone, Debug)]
pub struct Records {
    folder: PathBuf,
}

/// Held while something is changed.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Records {
    /// In this directory, which is made where it is not there.
    pub fn open(folder: &Path) -> Result<Records, StateError> {
        let records = Records { folder: folder.to_path_buf() };
        let plans = folder.join("plans");
        std::fs::create_dir_all(&plans).map_err(|source| wrong(&plans, source))?;
        Ok(records)
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn lock(&self) -> Result<Lock, StateError> {
        let path = self.folder.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| wrong(&path, source))?;
        // A reverter holds it for as long as it takes to load.
        for _ in 0..50 {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(std::fs::TryLockError::WouldBlock) => {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
                Err(std::fs::TryLockError::Error(source)) => return Err(wrong(&path, source)),
            }
        }
        Err(StateError::Busy(path.display().to_string()))
    }

    /// The plan in force.
    pub fn in_force(&self) -> Result<Option<InForce>, StateError> {
        read(&self.folder.join("in-force.json"))
    }

    pub(crate) fn set_in_force(&self, state: Option<&InForce>) -> Result<(), StateError> {
        let path = self.folder.join("in-force.json");
        match state {
            Some(state) => write_json(&path, state),
            None => remove(&path),
        }
    }

    /// The plan that waits for its confirmation.
    pub fn pending(&self) -> Result<Option<Pending>, StateError> {
        read(&self.pending_path())
    }

    pub(crate) fn pending_path(&self) -> PathBuf {
        self.folder.join("pending.json")
    }

    pub(crate) fn set_pending(&self, pending: &Pending) -> Result<(), StateError> {
        write_json(&self.pending_path(), pending)
    }

    /// Takes what waits, so that nobody else can: whether it was there.
    pub(crate) fn take_pending(&self) -> Result<bool, StateError> {
        let (from, to) = (self.pending_path(), self.folder.join("decided.json"));
        match std::fs::rename(&from, &to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(wrong(&from, source)),
        }
    }

    fn of(&self, plan: &PlanId, file: &str) -> PathBuf {
        // An id is of our own making or was verified: it holds no separators.
        self.folder.join("plans").join(plan.0.replace(['/', '.'], "_")).join(file)
    }

    /// A plan that was applied.
    pub fn plan(&self, id: &PlanId) -> Result<Option<Plan>, StateError> {
        let path = self.of(id, "plan.json");
        let Some(text) = text(&path)? else { return Ok(None) };
        Plan::read(&text).map(Some).map_err(|error| broken(&path, error.to_string()))
    }

    /// Keeps a plan, what the table listed before it, and which plan was in force then.
    pub(crate) fn keep(
        &self,
        plan: &Plan,
        listed: Option<&str>,
        before: Option<&InForce>,
    ) -> Result<(), StateError> {
        let path = self.of(&plan.id, "plan.json");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| wrong(folder, source))?;
        }
        write_json(&path, plan)?;
        write_json(&self.of(&plan.id, "before.json"), &before)?;
        let kept = self.of(&plan.id, "before.nft");
        match listed {
            Some(text) => write(&kept, text.as_bytes()),
            None => remove(&kept),
        }
    }

    /// What the table listed before a plan was applied; nothing where it was not there.
    pub fn listed_before(&self, plan: &PlanId) -> Result<Option<String>, StateError> {
        text(&self.of(plan, "before.nft"))
    }

    /// Which plan was in force before another was applied.
    pub fn before(&self, plan: &PlanId) -> Result<Option<InForce>, StateError> {
        Ok(read::<Option<InForce>>(&self.of(plan, "before.json"))?.flatten())
    }

    pub(crate) fn note(&self, entry: &Entry) -> Result<(), StateError> {
        let path = self.folder.join("journal.jsonl");
        journal::add(&path, entry).map_err(|source| wrong(&path, source))
    }

    /// The last things that were done, the oldest first.
    pub fn journal(&self, most: usize) -> Vec<Entry> {
        journal::last(&self.folder.join("journal.jsonl"), most)
    }
}

fn wrong(path: &Path, source: std::io::Error) -> StateError {
    StateError::File { path: path.display().to_string(), source }
}

fn broken(path: &Path, why: String) -> StateError {
    StateError::Broken { path: path.display().to_string(), why }
}

fn text(path: &Path) -> Result<Option<String>, StateError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(wrong(path, source)),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    let Some(text) = text(path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| broken(path, error.to_string()))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StateError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| broken(path, error.to_string()))?;
    bytes.push(b'\n');
    write(path, &bytes)
}

/// Beside, to the disk, then renamed, and the name to the disk as well.
fn write(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let all = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".medward-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    all().map_err(|source| wrong(path, source))
}

fn remove(path: &Path) -> Result<(), StateError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(wrong(path, error)),
        _ => Ok(()),
    }
}
