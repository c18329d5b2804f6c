//! What is protected, and who may do what to it.

use std::net::IpAddr;

use medward_model::{Activity, Timestamp};
use medward_policy::{Addresses, Fail, Window, place};

use crate::judgement::{Judgement, Shield};
use crate::shields::SHIELDS;

/// Devices that are protected together. From a file ([`crate::Config`]), or from the zones of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// As a person names it.
    pub name: String,
    /// What is protected.
    pub protect: Addresses,
    /// Who may change settings, log in and give firmware: the devices' servers.
    pub servers: Addresses,
    /// Where protected devices may store images.
    pub archives: Addresses,
    /// AE titles that may ask protected devices for an association.
    pub ae_titles: Vec<Named>,
    /// HL7 applications that may send orders to protected devices.
    pub applications: Vec<Named>,
    /// When servers may give firmware.
    pub windows: Vec<Window>,
    /// Seconds that the clock of the windows is ahead of UTC.
    pub clock_ahead: i64,
    /// The shields that stand before it; all where none is named.
    pub shields: Vec<&'static str>,
    /// What happens to traffic that cannot be judged.
    pub fail: Option<Fail>,
}

/// A name of a protocol (AE title, application), and where it may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    /// Anywhere, where there is none.
    pub at: Option<Addresses>,
}

impl Scope {
    /// Whether that shield stands before it.
    pub fn has(&self, shield: &Shield) -> bool {
        self.shields.is_empty() || self.shields.contains(&shield.name)
    }

    /// Whether that address is protected.
    pub fn protects(&self, ip: IpAddr) -> bool {
        self.protect.contains(place(ip))
    }

    /// Whether that address is one of the servers.
    pub fn is_server(&self, ip: IpAddr) -> bool {
        self.servers.contains(place(ip))
    }

    /// Whether that address is an archive.
    pub fn is_archive(&self, ip: IpAddr) -> bool {
        self.archives.contains(place(ip))
    }

    /// Whether a window for firmware is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let local = now.as_seconds().saturating_add(self.clock_ahead);
        let minute = u16::try_from(local.rem_euclid(86_400) / 60).unwrap_or(0);
        // 1970-01-01 was a Thursday.
        let day = u8::try_from((local.div_euclid(86_400) + 3).rem_euclid(7)).unwrap_or(0);
        self.windows.iter().any(|window| window.holds(day, minute))
    }

    /// Whether it asks a protected device, and is none of its servers.
    pub(crate) fn is_stranger(&self, activity: &Activity) -> bool {
        self.protects(activity.target.ip) && !self.is_server(activity.actor.ip)
    }

    /// The first judgement that refuses a request.
    pub fn judge(&self, activity: &Activity) -> Option<Judgement> {
        if !self.protects(activity.target.ip) && !self.protects(activity.actor.ip) {
            return None;
        }
        SHIELDS.iter().filter(|shield| self.has(shield)).find_map(|shield| (shield.judge)(activity, self))
    }
}

impl Named {
    /// Whether one of `list` has that name and may come from there. Upper and lower case are one; spaces around do not count.
    pub fn any(list: &[Named], name: &str, from: IpAddr) -> bool {
        list.iter().any(|known| {
            known.name.trim().eq_ignore_ascii_case(name.trim())
                && known.at.as_ref().is_none_or(|at| at.contains(place(from)))
        })
    }
}
