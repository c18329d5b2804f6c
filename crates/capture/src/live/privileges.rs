//! Giving up every privilege once the interfaces are open.

use std::fs;
use std::io;

use caps::{CapSet, Capability, CapsHashSet};

use crate::kernel;

/// What to keep and whom to become.
#[derive(Clone, Debug, Default)]
pub struct Privileges {
    /// User to become, by name or number; only root can. The own one where it is none.
    pub user: Option<String>,
    /// Group to become, by name or number; the user's own where it is none.
    pub group: Option<String>,
    /// Keep CAP_NET_RAW, so that an interface that was removed and came back (a USB adapter) can be opened again.
    /// Without it everything is given up; an interface that only goes down and up does not need it.
    pub keep_capture: bool,
}

/// Why privileges could not be given up. The program should not go on.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    #[error("there is no user '{0}' on this machine")]
    NoSuchUser(String),
    #[error("there is no group '{0}' on this machine")]
    NoSuchGroup(String),
    #[error("cannot become user '{user}': {source}; only a program that was started as root can")]
    Become { user: String, source: io::Error },
    #[error("cannot give up {what}: {message}")]
    Kept { what: &'static str, message: String },
    #[error(
        "{threads} threads that already run keep their privileges: give privileges up before starting threads"
    )]
    OtherThreads { threads: usize },
}

/// Gives up all capabilities for good (but CAP_NET_RAW where it is to be kept), forbids to gain new ones by running
/// programs (`no_new_privs`), and becomes another user where one is named.
///
/// Capabilities belong to threads, and new threads inherit them: call this before any thread is started. Where other
/// threads with privileges run already it fails. The bounding set is emptied where the program may (CAP_SETPCAP).
pub fn drop_privileges(privileges: &Privileges) -> Result<(), PrivilegeError> {
    let kept = |what: &'static str| {
        move |error: caps::errors::CapsError| PrivilegeError::Kept { what, message: error.to_string() }
    };
    let keep: CapsHashSet = if privileges.keep_capture {
        CapsHashSet::from([Capability::CAP_NET_RAW])
    } else {
        CapsHashSet::new()
    };
    // A user switch is looked up first: after the rest it might be impossible to say what was wrong.
    let whom =
        privileges.user.as_deref().map(|user| identity(user, privileges.group.as_deref())).transpose()?;

    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        for capability in caps::read(None, CapSet::Bounding).map_err(kept("the bounding set"))? {
            if !keep.contains(&capability) {
                caps::drop(None, CapSet::Bounding, capability).map_err(kept("the bounding set"))?;
            }
        }
    }
    if let (Some((user, group)), Some(name)) = (whom, &privileges.user) {
        let failed = |source| PrivilegeError::Become { user: name.clone(), source };
        if privileges.keep_capture {
            rustix::thread::set_keep_capabilities(true).map_err(|error| failed(error.into()))?;
        }
        kernel::become_user(user, group).map_err(failed)?;
    }
    caps::clear(None, CapSet::Ambient).map_err(kept("ambient capabilities"))?;
    let held = caps::read(None, CapSet::Permitted).map_err(kept("permitted capabilities"))?;
    let rest: CapsHashSet = held.intersection(&keep).copied().collect();
    caps::set(None, CapSet::Effective, &rest).map_err(kept("effective capabilities"))?;
    caps::set(None, CapSet::Permitted, &rest).map_err(kept("permitted capabilities"))?;
    caps::clear(None, CapSet::Inheritable).map_err(kept("inheritable capabilities"))?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| PrivilegeError::Kept { what: "gaining privileges", message: error.to_string() })?;

    let allowed = rest.iter().fold(0, |mask, capability| mask | capability.bitmask());
    match threads_with_more_than(allowed) {
        0 => Ok(()),
        threads => Err(PrivilegeError::OtherThreads { threads }),
    }
}

/// Numbers of a user and a group that are named or numbered.
fn identity(user: &str, group: Option<&str>) -> Result<(u32, u32), PrivilegeError> {
    let named = kernel::user_named(user);
    let number = named.map(|(number, _)| number).or_else(|| user.parse().ok());
    let number = number.ok_or_else(|| PrivilegeError::NoSuchUser(user.to_owned()))?;
    let group = match group {
        Some(group) => kernel::group_named(group)
            .or_else(|| group.parse().ok())
            .ok_or_else(|| PrivilegeError::NoSuchGroup(group.to_owned()))?,
        None => named.map_or(number, |(_, group)| group),
    };
    Ok((number, group))
}

/// Threads of this process that may use a capability outside of `allowed` (proc(5), CapPrm).
fn threads_with_more_than(allowed: u64) -> usize {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return 0 };
    tasks
        .flatten()
        .filter(|task| {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            let held = status.lines().find_map(|line| line.strip_prefix("CapPrm:"));
            held.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
                .is_some_and(|mask| mask & !allowed != 0)
        })
        .count()
}
