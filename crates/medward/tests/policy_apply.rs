//! Plans from policy to kernel and back, in a network namespace. Needs root and `nft`; without, it says so and passes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

const POLICY: &str = r#"
schema = "medward.policy/1"
name = "two zones"
[defaults]
stage = "enforce"
[zone.pumps]
addresses = ["10.9.1.0/24", "fd00:9:1::/64"]
kind = "clinical"
[zone.servers]
addresses = ["10.9.2.0/24", "fd00:9:2::/64"]
[[conduit]]
from = "pumps"
to = "servers"
service = ["tcp/3613", "udp/123"]
rate = "50/min"
window = "mon,tue,wed,thu,fri,sat,sun 00:00-24:00"
expires = 2099-12-31
reason = "drug library"
[break_glass]
who = ["ward lead"]
minutes = 10
"#;

struct Lab {
    folder: tempfile::TempDir,
    namespace: String,
}

fn ran(output: &Output) -> String {
    format!(
        "{:?}\n{}\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

impl Lab {
    fn new(purpose: &str) -> Option<Lab> {
        let namespace = format!("mwp{}{purpose}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &namespace]).output();
        let nft = Command::new("nft").arg("--version").output();
        if !made.is_ok_and(|made| made.status.success()) || nft.is_err() {
            eprintln!("skipped: a network namespace and nft need root and nftables");
            return None;
        }
        let lab = Lab { folder: tempfile::tempdir().unwrap(), namespace };
        std::fs::write(lab.path("policy.toml"), POLICY).unwrap();
        Some(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medward"));
        command.arg("policy").args(line.split_whitespace()).arg("--records").arg(self.path("records"));
        if !line.starts_with("plan") {
            command.args(["--netns", &self.namespace]);
        }
        command.current_dir(self.folder.path());
        command
    }

    fn medward(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    #[track_caller]
    fn expect(&self, code: i32, line: &str) -> String {
        let output = self.medward(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", ran(&output));
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    fn plan(&self, more: &str, to: &str) {
        self.expect(0, &format!("plan policy.toml --quiet --output {to} {more}"));
    }

    fn nft(&self, arguments: &[&str]) -> Output {
        Command::new("ip")
            .args(["netns", "exec", &self.namespace, "nft"])
            .args(arguments)
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }

    /// What the table lists, as text and as JSON without the kernel's own handles.
    fn listing(&self) -> (String, Value) {
        let text = self.nft(&["list", "table", "inet", "medward"]);
        let json = self.nft(&["-j", "list", "table", "inet", "medward"]);
        let mut json: Value = serde_json::from_slice(&json.stdout).unwrap_or(Value::Null);
        bare(&mut json);
        (String::from_utf8_lossy(&text.stdout).into_owned(), json)
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.expect(0, "status --format json")).unwrap()
    }

    fn until(&self, seconds: u64, what: &str, holds: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while !holds() {
            assert!(Instant::now() < end, "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn bare(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("handle");
            fields.values_mut().for_each(bare);
        }
        Value::Array(all) => all.iter_mut().for_each(bare),
        _ => {}
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).output();
    }
}

#[test]
fn a_plan_goes_in_and_comes_out_byte_for_byte() {
    let Some(lab) = Lab::new("a") else { return };
    // Somebody's own table of that name is what is restored in the end.
    let own = "table inet medward {\n chain forward {\n  type filter hook forward priority 0; policy accept;\n  tcp dport 23 counter packets 7 bytes 420 drop\n }\n}\n";
    std::fs::write(lab.path("own.nft"), own).unwrap();
    assert!(lab.nft(&["-f", lab.path("own.nft").to_str().unwrap()]).status.success());
    let first = lab.listing();
    assert!(first.0.contains("packets 7 bytes 420"), "{}", first.0);
    lab.plan("", "one.json");
    let said = lab.expect(0, "apply one.json --yes --by tester");
    assert!(said.contains("is in force") && said.contains("medward policy confirm"), "{said}");
    assert!(lab.expect(1, "apply one.json --yes").contains("waits for its confirmation"));
    lab.expect(0, "confirm --by tester");
    assert!(lab.expect(2, "confirm").contains("no plan waits"));
    assert!(lab.expect(1, "apply one.json --yes").contains("is in force already"));
    let second = lab.listing();
    let status = lab.status();
    assert_eq!(status["status"]["in_force"]["confirmed_by"], "tester");
    assert_eq!(status["status"]["drifted"], false);
    assert_eq!(status["status"]["ends"][0][0], "2100-01-01T00:00:00Z");
    // A second plan follows the first; what follows nothing does not.
    std::fs::write(lab.path("policy.toml"), POLICY.replace("tcp/3613", "tcp/3614")).unwrap();
    lab.plan("", "two.json");
    let text = lab.expect(0, "plan policy.toml --format text");
    assert!(text.contains("1 changed") && text.contains("tcp/3614"), "{text}");
    lab.expect(0, "apply two.json --yes");
    lab.expect(0, "confirm");
    assert!(lab.expect(1, "apply one.json --yes").contains("plan again"));
    // What somebody changes by hand is seen, and not loaded over without a word.
    assert!(lab.nft(&["add", "rule", "inet", "medward", "forward", "drop"]).status.success());
    assert_eq!(lab.status()["status"]["drifted"], true);
    lab.plan("--valid 2h", "three.json");
    assert!(lab.expect(1, "apply three.json --yes").contains("somebody changed it"));
    assert!(lab.expect(0, "undo").contains("byte for byte"));
    assert_eq!(lab.listing(), second);
    assert!(lab.expect(0, "undo").contains("No plan is in force"));
    assert_eq!(lab.listing(), first);
    assert!(lab.expect(2, "undo").contains("no plan is in force"));
}

#[test]
fn nobody_confirms_and_it_reverts() {
    let Some(lab) = Lab::new("b") else { return };
    lab.plan("--dead-man 5s", "plan.json");
    lab.expect(0, "apply plan.json --yes");
    assert!(lab.listing().0.contains("conduit-1"));
    lab.until(15, "it reverts", || lab.listing().0.is_empty());
    let status = lab.status();
    assert!(status["status"]["in_force"].is_null() && status["status"]["pending"].is_null());
    assert_eq!(status["status"]["journal"].as_array().unwrap().last().unwrap()["what"], "reverted");
    // It can be applied anew, and the reverter does nothing after a confirmation.
    lab.expect(0, "apply plan.json --yes");
    lab.expect(0, "confirm");
    std::thread::sleep(Duration::from_secs(7));
    assert!(lab.listing().0.contains("conduit-1"));
}

/// An `nft` that stops after it has loaded, as long as a file is there.
fn slow_nft(lab: &Lab) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let (path, hold) = (lab.path("nft"), lab.path("hold"));
    let script = format!(
        "#!/bin/sh\nnft \"$@\"\ncode=$?\nif [ \"$1\" = -f ] && [ -e {hold} ]; then\n  touch {loaded}\n  n=0\n  while [ -e {hold} ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done\nfi\nexit $code\n",
        hold = hold.display(),
        loaded = lab.path("loaded").display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn exists(path: &Path) -> bool {
    path.exists()
}

#[test]
fn killed_in_mid_apply_and_it_reverts_though_its_records_are_gone() {
    let Some(lab) = Lab::new("c") else { return };
    let nft = slow_nft(&lab);
    for lose_records in [false, true] {
        lab.plan("--dead-man 5s", "plan.json");
        std::fs::write(lab.path("hold"), "").unwrap();
        let mut child = lab
            .command(&format!("apply plan.json --yes --nft {}", nft.display()))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let loaded = lab.path("loaded");
        lab.until(15, "it is loaded", || exists(&loaded));
        assert!(lab.listing().0.contains("conduit-1"));
        // SIGKILL, between loading and reading back.
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(lab.path("hold")).unwrap();
        std::fs::remove_file(&loaded).unwrap();
        assert!(lab.listing().0.contains("conduit-1"));
        let said = lab.expect(5, "confirm");
        assert!(said.contains("cut off"), "{said}");
        if lose_records {
            std::fs::remove_dir_all(lab.path("records")).unwrap();
        }
        lab.until(20, "it reverts", || lab.listing().0.is_empty());
        assert!(lab.status()["status"]["in_force"].is_null());
    }
}

#[test]
fn a_first_part_is_tried_before_the_rest() {
    let Some(lab) = Lab::new("d") else { return };
    lab.plan("", "plan.json");
    assert!(lab.expect(2, "apply plan.json --yes --canary kitchen").contains("pumps, servers"));
    lab.expect(0, "apply plan.json --yes --canary pumps");
    let text = lab.listing().0;
    assert!(text.contains("closed-pumps-in") && !text.contains("closed-servers-in"), "{text}");
    assert!(lab.expect(1, "apply plan.json --yes").contains("waits"));
    lab.expect(0, "confirm");
    lab.expect(0, "apply plan.json --yes");
    lab.expect(0, "confirm");
    assert!(lab.listing().0.contains("closed-servers-in"));
    lab.expect(0, "undo");
    assert!(!lab.listing().0.contains("closed-servers-in"));
    lab.expect(0, "undo");
    assert!(lab.listing().0.is_empty());
}

#[test]
fn what_is_missing_or_vetoed_is_told_and_nothing_is_done() {
    let Some(lab) = Lab::new("e") else { return };
    lab.plan("", "plan.json");
    assert!(lab.expect(5, "apply plan.json --yes --nft /nowhere/nft").contains("install nftables"));
    lab.plan("--family bridge", "bridge.json");
    let output = lab.medward("apply bridge.json --yes --format json");
    if output.status.code() == Some(5) {
        assert!(ran(&output).contains("bridge-nf-call-iptables"), "{}", ran(&output));
    } else {
        assert_eq!(output.status.code(), Some(0), "{}", ran(&output));
        lab.expect(0, "undo");
    }
    let vetoed = "plan policy.toml --fail-on veto --quiet --output no.json --manage 10.9.9.9,10.9.1.1,tcp/22";
    lab.expect(1, vetoed);
    let said = lab.expect(1, "apply no.json --yes");
    assert!(said.contains("lock-out vetoes it") && said.contains("10.9.9.9 to 10.9.1.1"), "{said}");
    let text = std::fs::read_to_string(lab.path("plan.json")).unwrap();
    std::fs::write(lab.path("changed.json"), text.replace("tcp/3613", "tcp/3600")).unwrap();
    assert!(lab.expect(4, "apply changed.json --yes").contains("it was changed"));
    assert!(lab.expect(2, "apply plan.json").contains("--yes"));
    lab.expect(0, "plan policy.toml --target dry-run --quiet --output dry.json");
    assert!(lab.expect(2, "apply dry.json --yes").contains("by hand"));
    lab.expect(5, "plan policy.toml --target cisco-acl");
    assert!(lab.expect(2, "plan policy.toml --target abacus").contains("nftables"));
    assert!(lab.listing().0.is_empty());
}
