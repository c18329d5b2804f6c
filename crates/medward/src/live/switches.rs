//! Asking switches which station is at which port (SNMP): off unless switches are named.
//!
//! Bridge tables (Q-BRIDGE-MIB and BRIDGE-MIB, RFC 4363 and RFC 4188) tell the port of each MAC address, IF-MIB (RFC 2863) its
//! name, LLDP-MIB (IEEE 802.1AB) which ports lead to other switches: what is learnt there is not *at* that port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use medward_model::{Mac, Timestamp};
use medward_monitor::Position;
use snmp2::v3::{Auth, AuthProtocol, Cipher, Security};
use snmp2::{Oid, SyncSession, Value};

use super::observe::clock;
use crate::exit::Failure;

/// dot1qTpFdbPort, dot1dTpFdbPort: MAC address to bridge port.
const Q_FDB: &[u64] = &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2];
const FDB: &[u64] = &[1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 2];
/// dot1dBasePortIfIndex: bridge port to interface.
const PORTS: &[u64] = &[1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2];
/// ifName.
const NAMES: &[u64] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1];
/// sysName.0
const SYSTEM: &[u64] = &[1, 3, 6, 1, 2, 1, 1, 5];
/// lldpRemSysCapEnabled: by time mark, local port number, index.
const NEIGHBOURS: &[u64] = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 12];

/// More stations than this at one port: another switch or an access point is behind it.
const CROWD: usize = 6;
/// Rows of one table that are read.
const ROWS: usize = 100_000;
/// How long one switch may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to ask.
#[derive(Clone)]
enum Login {
    Community(Vec<u8>),
    /// User, authentication (SHA-256) and privacy (AES-128) passwords.
    User(Vec<u8>, Vec<u8>, Vec<u8>),
}

impl Login {
    /// From $MEDWARD_SNMP: a community, or `user:authentication:privacy`.
    fn from_environment() -> Option<Login> {
        let text = std::env::var("MEDWARD_SNMP").ok()?;
        let parts: Vec<&str> = text.split(':').collect();
        Some(match parts.as_slice() {
            [user, authentication, privacy] => {
                Login::User((*user).into(), (*authentication).into(), (*privacy).into())
            }
            _ => Login::Community(text.into_bytes()),
        })
    }
}

/// Which switches are asked, and how often.
#[derive(Clone, Debug, Args)]
pub struct Asking {
    /// Ask this switch by SNMP which station is at which port; may be given several times. The login comes from
    /// $MEDWARD_SNMP: a community, or user:authentication:privacy (SNMPv3, SHA-256 and AES-128).
    #[arg(long = "switch", value_name = "HOST")]
    pub switches: Vec<String>,
    /// Seconds between two times that switches are asked.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub switch_interval: u64,
}

impl Asking {
    /// Asks in a thread of its own until `stop`, where switches are named.
    pub fn start(
        &self,
        stop: &Arc<AtomicBool>,
        mut tell: impl FnMut(Vec<Position>) + Send + 'static,
    ) -> anyhow::Result<Option<JoinHandle<()>>> {
        if self.switches.is_empty() {
            return Ok(None);
        }
        let Some(login) = Login::from_environment() else {
            return Err(Failure::usage(
                "--switch needs $MEDWARD_SNMP: a community, or user:authentication:privacy (SNMPv3)",
            ));
        };
        let (switches, every) = (self.switches.clone(), Duration::from_secs(self.switch_interval));
        let stop = Arc::clone(stop);
        let thread = std::thread::Builder::new()
            .name("switches".into())
            .spawn(move || forever(&switches, &login, every, &stop, &mut tell))
            .context("no thread could be started")?;
        Ok(Some(thread))
    }
}

/// What a switch told.
#[derive(Debug, Default, PartialEq)]
struct Tables {
    system: String,
    /// MAC address, bridge port.
    stations: Vec<(Mac, u64)>,
    /// Bridge port to interface.
    ports: BTreeMap<u64, u64>,
    names: BTreeMap<u64, String>,
    /// Ports (by LLDP's numbers, mostly those of the bridge) with a switch behind them.
    uplinks: BTreeSet<u64>,
}

/// Asks all switches again and again, until `stop`.
fn forever(
    switches: &[String],
    login: &Login,
    every: Duration,
    stop: &Arc<AtomicBool>,
    tell: &mut dyn FnMut(Vec<Position>),
) {
    while !stop.load(Ordering::Relaxed) {
        for switch in switches {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            match ask(switch, login) {
                Ok(tables) => tell(tables.positions(switch, clock())),
                Err(error) => tracing::warn!("switch {switch}: {error}"),
            }
        }
        let until = Instant::now() + every;
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

fn ask(switch: &str, login: &Login) -> Result<Tables, String> {
    let address = (switch, 161_u16)
        .to_socket_addrs()
        .or_else(|_| switch.to_socket_addrs())
        .ok()
        .and_then(|mut all| all.next())
        .ok_or_else(|| "no such host".to_owned())?;
    let words =
        |error: &dyn std::fmt::Debug| format!("no answer ({error:?}); is SNMP on, and the login right?");
    let timeout = Some(Duration::from_secs(3));
    let mut session = match login {
        Login::Community(community) => {
            SyncSession::new_v2c(address, community, timeout, 1).map_err(|error| words(&error))?
        }
        Login::User(user, authentication, privacy) => {
            let auth = Auth::AuthPriv { cipher: Cipher::Aes128, privacy_password: privacy.clone() };
            let security =
                Security::new(user, authentication).with_auth_protocol(AuthProtocol::Sha256).with_auth(auth);
            let mut session =
                SyncSession::new_v3(address, timeout, 1, security).map_err(|error| words(&error))?;
            session.init().map_err(|error| words(&error))?;
            session
        }
    };
    let until = Instant::now() + PATIENCE;
    let mut walk = |table: &[u64], row: &mut dyn FnMut(&[u64], &Value<'_>)| {
        walk(&mut session, table, until, row).map_err(|error| words(&error))
    };
    let mut tables = Tables::default();
    walk(SYSTEM, &mut |_, value| tables.system = text(value))?;
    walk(Q_FDB, &mut |index, value| {
        // By filtering database, then the address.
        if let [_, mac @ ..] = index {
            tables.stations.extend(station(mac).zip(number(value)));
        }
    })?;
    if tables.stations.is_empty() {
        walk(FDB, &mut |index, value| tables.stations.extend(station(index).zip(number(value))))?;
    }
    walk(PORTS, &mut |index, value| {
        tables.ports.extend(index.first().copied().zip(number(value)));
    })?;
    walk(NAMES, &mut |index, value| {
        tables.names.extend(index.first().map(|at| (*at, text(value))));
    })?;
    // A switch without LLDP has no such table.
    let _ = walk(NEIGHBOURS, &mut |index, value| {
        // Bridge (bit 2) enabled, counted from the highest bit (IEEE 802.1AB-2016, 11.5.2).
        let bridge = matches!(value, Value::OctetString(bits) if bits.first().is_some_and(|b| b & 0x20 != 0));
        if let ([_, port, ..], true) = (index, bridge) {
            tables.uplinks.insert(*port);
        }
    });
    Ok(tables)
}

/// Visits the rows of a table; the index is what follows the table's number.
fn walk(
    session: &mut SyncSession,
    table: &[u64],
    until: Instant,
    row: &mut dyn FnMut(&[u64], &Value<'_>),
) -> Result<(), snmp2::Error> {
    let mut at: Vec<u64> = table.to_vec();
    for _ in 0..ROWS / 20 {
        if Instant::now() > until {
            return Ok(());
        }
        let Ok(from) = Oid::from(&at) else { return Ok(()) };
        let answer = session.getbulk(&[&from], 0, 20)?;
        let before = at.clone();
        for (name, value) in answer.varbinds {
            let Some(numbers) = name.iter().map(|all| all.collect::<Vec<u64>>()) else { return Ok(()) };
            let Some(index) = numbers.strip_prefix(table) else { return Ok(()) };
            if matches!(value, Value::EndOfMibView) {
                return Ok(());
            }
            row(index, &value);
            at.clone_from(&numbers);
        }
        // An answer that does not go on would go on for ever.
        if at <= before {
            return Ok(());
        }
    }
    Ok(())
}

fn text(value: &Value<'_>) -> String {
    match value {
        Value::OctetString(bytes) => {
            String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(64).collect()
        }
        _ => String::new(),
    }
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        Value::Unsigned32(number) => Some(u64::from(*number)),
        _ => None,
    }
}

fn station(index: &[u64]) -> Option<Mac> {
    let bytes: Vec<u8> = index.iter().map(|n| u8::try_from(*n).ok()).collect::<Option<_>>()?;
    (bytes.len() == 6).then(|| Mac::read(&bytes)).flatten().filter(|mac| mac.is_station())
}

impl Tables {
    /// Stations that are at a port, and not behind it.
    fn positions(&self, switch: &str, now: Timestamp) -> Vec<Position> {
        let mut crowd: BTreeMap<u64, usize> = BTreeMap::new();
        for (_, port) in &self.stations {
            *crowd.entry(*port).or_default() += 1;
        }
        let name = if self.system.is_empty() { switch } else { &self.system };
        self.stations
            .iter()
            // Port 0 is the switch's own.
            .filter(|(_, port)| *port != 0 && !self.uplinks.contains(port))
            .filter(|(_, port)| crowd.get(port).is_some_and(|count| *count <= CROWD))
            .map(|(mac, port)| {
                let interface = self.ports.get(port).and_then(|index| self.names.get(index));
                let port = interface.cloned().unwrap_or_else(|| port.to_string());
                Position {
                    mac: *mac,
                    position: format!("{name} port {port}"),
                    how: "switch-port".into(),
                    at: now,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod agent;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use medward_model::{Mac, Timestamp};

    use super::{CROWD, Tables};

    #[test]
    fn what_is_behind_an_uplink_is_not_at_its_port() {
        let mac = |last| Mac([0, 9, 0xfb, 0, 0, last]);
        let mut stations = vec![(mac(1), 3), (mac(2), 7), (mac(3), 0)];
        // A port with a crowd leads elsewhere, though nothing says so.
        stations.extend((10..=10 + CROWD as u8).map(|last| (mac(last), 9)));
        let tables = Tables {
            system: "sw-3".into(),
            stations,
            ports: BTreeMap::from([(3, 10103)]),
            names: BTreeMap::from([(10103, "Gi1/0/3".into())]),
            uplinks: BTreeSet::from([7]),
        };
        let found = tables.positions("10.0.0.3", Timestamp::from_parts(0, 0));
        let told: Vec<_> = found.iter().map(|p| (p.mac, p.position.as_str())).collect();
        assert_eq!(told, [(mac(1), "sw-3 port Gi1/0/3")]);
    }
}
