//! The poller against a real agent: net-snmp's snmpd, which plays a switch of a few stations.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use medward_model::Timestamp;

use super::{Login, ask};

/// Bridge port 3 is interface 10103; behind port 7 is another switch, as LLDP says ("(" are the bits of bridge and router);
/// port 9 has a telephone, no bridge ("D"), and a station. Chassis and power supply (ENTITY-MIB) are none of our business.
const SWITCH: &str = r#"
sysName sw-lab
override .1.3.6.1.2.1.17.1.4.1.2.3 integer 10103
override .1.3.6.1.2.1.17.1.4.1.2.7 integer 10107
override .1.3.6.1.2.1.17.1.4.1.2.9 integer 10109
override .1.3.6.1.2.1.31.1.1.1.1.10103 octet_str "Gi1/0/3"
override .1.3.6.1.2.1.31.1.1.1.1.10107 octet_str "Gi1/0/7"
override .1.3.6.1.2.1.31.1.1.1.1.10109 octet_str "Gi1/0/9"
override .1.0.8802.1.1.2.1.4.1.1.12.0.7.1 octet_str "("
override .1.0.8802.1.1.2.1.4.1.1.12.0.9.2 octet_str "D"
override .1.3.6.1.2.1.47.1.1.1.1.2.1 octet_str "Lab switch, 24 ports"
override .1.3.6.1.2.1.47.1.1.1.1.11.1 octet_str "FOC1234X0AB"
override .1.3.6.1.2.1.47.1.1.1.1.13.1 octet_str "C9200L-24T"
"#;

/// Stations by VLAN (Q-BRIDGE-MIB).
const BY_VLAN: &str = "
override .1.3.6.1.2.1.17.7.1.2.2.1.2.20.0.9.251.0.0.1 integer 3
override .1.3.6.1.2.1.17.7.1.2.2.1.2.20.0.9.251.0.0.2 integer 7
override .1.3.6.1.2.1.17.7.1.2.2.1.2.30.0.9.251.0.0.3 integer 9
override .1.3.6.1.2.1.17.7.1.2.2.1.2.30.0.9.251.0.0.4 integer 0
";

/// The same in the older table (BRIDGE-MIB).
const PLAIN: &str = "
override .1.3.6.1.2.1.17.4.3.1.2.0.9.251.0.0.1 integer 3
override .1.3.6.1.2.1.17.4.3.1.2.0.9.251.0.0.2 integer 7
override .1.3.6.1.2.1.17.4.3.1.2.0.9.251.0.0.3 integer 9
override .1.3.6.1.2.1.17.4.3.1.2.0.9.251.0.0.4 integer 0
";

/// An agent of this test alone.
struct Agent {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Agent {
    /// `None` where snmpd is not installed.
    fn start(tables: &str) -> Option<Agent> {
        let program =
            ["/usr/sbin/snmpd", "/usr/bin/snmpd"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = tempfile::tempdir().unwrap();
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let login = "rocommunity lab\n\
                     createUser medward SHA-256 \"authentication 1\" AES \"privacy word 2\"\n\
                     rouser medward priv\n";
        let file = folder.path().join("snmpd.conf");
        std::fs::write(&file, format!("{login}{SWITCH}{tables}")).unwrap();
        let child = Command::new(program)
            .args(["-f", "-Lf"])
            .arg(folder.path().join("log"))
            .arg("-C")
            .arg("-c")
            .arg(&file)
            .arg(format!("udp:{address}"))
            // What it remembers (its engine's starts) stays here, too.
            .env("SNMP_PERSISTENT_DIR", folder.path())
            .env("MIBS", "")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Agent { child, address, _folder: folder })
    }

    /// Where the stations are; asked until the agent runs.
    fn told(&self, login: &Login) -> Vec<(String, String)> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            match ask(&self.address, login) {
                Ok(tables) => {
                    let found = tables.positions(&self.address, Timestamp::from_parts(0, 0));
                    return found.into_iter().map(|p| (p.mac.to_string(), p.position)).collect();
                }
                Err(error) => assert!(Instant::now() < end, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn expected() -> Vec<(String, String)> {
    [("00:09:fb:00:00:01", "sw-lab port Gi1/0/3"), ("00:09:fb:00:00:03", "sw-lab port Gi1/0/9")]
        .map(|(mac, position)| (mac.to_owned(), position.to_owned()))
        .into()
}

fn community() -> Login {
    Login::Community(b"lab".to_vec())
}

fn user(privacy: &str) -> Login {
    Login::User(b"medward".to_vec(), b"authentication 1".to_vec(), privacy.as_bytes().to_vec())
}

#[test]
fn an_agent_tells_positions_by_community_and_by_user() {
    let Some(agent) = Agent::start(BY_VLAN) else {
        return eprintln!("skipped: snmpd is not installed (apt-get install snmpd)");
    };
    assert_eq!(agent.told(&community()), expected());
    assert_eq!(agent.told(&user("privacy word 2")), expected());
    assert!(ask(&agent.address, &user("another word 3")).is_err(), "with another password nothing is told");
    assert!(ask(&agent.address, &Login::Community(b"public".to_vec())).is_err());
}

#[test]
fn a_switch_without_vlans_tells_positions_too() {
    let Some(agent) = Agent::start(PLAIN) else {
        return eprintln!("skipped: snmpd is not installed (apt-get install snmpd)");
    };
    assert_eq!(agent.told(&community()), expected());
}
