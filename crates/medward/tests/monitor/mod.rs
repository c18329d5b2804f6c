//! A monitor in a process of its own, as tests need it: started, signed in, asked, ended.
// Each test program uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod nats;
pub mod postgres;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A running monitor with a session of its administrator.
pub struct Monitor {
    child: Child,
    base: String,
    agent: ureq::Agent,
    cookie: String,
    csrf: String,
}

/// What the administrator of tests is called in secret.
const PASSWORD: &str = "correct horse battery staple 7";

impl Monitor {
    /// Starts `medward serve` on a free port with its data in `folder`, and signs in.
    pub fn start(folder: &Path, arguments: &[&str]) -> Monitor {
        let mut child = Command::new(env!("CARGO_BIN_EXE_medward"))
            .args(["serve", "--plain-http", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("medward starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut password = None;
        let base = loop {
            let line = lines.next().expect("an address").expect("text");
            if let Some((_, given)) = line.split_once("one-time password ") {
                password = Some(given.trim().to_owned());
            }
            if let Some(address) = line.strip_prefix("Medward is at ") {
                break address.trim().to_owned();
            }
        };
        // What else it says is read, so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        let mut monitor = Monitor::unsigned(child, base);
        monitor.sign_in(password.as_deref().unwrap_or(PASSWORD));
        if let Some(password) = password {
            let changed = json!({ "old": password, "new": PASSWORD });
            let (status, body) = monitor.send("POST", "/session/password", &changed);
            assert!(status < 300, "{status}: {body}");
            monitor.sign_in(PASSWORD);
        }
        monitor
    }

    /// One that was started otherwise, at this address, after its administrator was made by [`Monitor::start`].
    pub fn attach(child: Child, base: &str) -> Monitor {
        let mut monitor = Monitor::unsigned(child, base.to_owned());
        monitor.sign_in(PASSWORD);
        monitor
    }

    fn unsigned(child: Child, base: String) -> Monitor {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Monitor { child, base, agent: config.into(), cookie: String::new(), csrf: String::new() }
    }

    fn sign_in(&mut self, password: &str) {
        let body = json!({ "name": "admin", "password": password }).to_string();
        let mut answer = self
            .agent
            .post(format!("{}/api/v1/session", self.base))
            .header("content-type", "application/json")
            .send(body)
            .expect("an answer");
        let cookie = answer.headers().get("set-cookie").and_then(|v| v.to_str().ok()).unwrap_or_default();
        self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let text = answer.body_mut().read_to_string().expect("text");
        let told: Value = serde_json::from_str(&text).expect("JSON");
        self.csrf = told["csrf"].as_str().unwrap_or_default().to_owned();
        assert!(told["signed_in"].as_bool().unwrap_or(false), "{told}");
    }

    /// GET below /api/v1, which must succeed.
    pub fn get(&self, path: &str) -> Value {
        let url = format!("{}/api/v1{path}", self.base);
        let mut answer = self.agent.get(url).header("cookie", &self.cookie).call().expect("an answer");
        let status = answer.status();
        let text = answer.body_mut().read_to_string().expect("text");
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// A request with a body; answers status and text.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}/api/v1{path}", self.base);
        let request = match method {
            "PATCH" => self.agent.patch(url),
            "PUT" => self.agent.put(url),
            _ => self.agent.post(url),
        };
        let mut answer = request
            .header("cookie", &self.cookie)
            .header("x-medward-csrf", &self.csrf)
            .header("content-type", "application/json")
            .send(body.to_string())
            .expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.body_mut().read_to_string().unwrap_or_default())
    }

    /// Where it is, as `--server` takes it.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// A new token of the administrator that may do all that tokens may.
    pub fn token(&self) -> String {
        let wanted = json!({ "name": "test", "role": "administrator", "scopes": [], "sites": null });
        let (status, body) = self.send("POST", "/tokens", &wanted);
        assert!(status < 300, "{status}: {body}");
        let told: Value = serde_json::from_str(&body).expect("JSON");
        told["token"].as_str().expect("a token").to_owned()
    }

    /// The status of a GET by somebody unknown.
    pub fn status_without_session(&self, path: &str) -> u16 {
        let url = format!("{}/api/v1{path}", self.base);
        self.agent.get(url).call().expect("an answer").status().as_u16()
    }

    /// Waits until `met`; fails after `patience`.
    pub fn until(&self, what: &str, patience: Duration, mut met: impl FnMut() -> bool) {
        let end = Instant::now() + patience;
        while !met() {
            assert!(Instant::now() < end, "not in time: {what}");
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Ends it at once, without a chance to store anything (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("an end");
    }

    /// Asks it to end, and waits.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(asked.success());
        let status = self.child.wait().expect("an end");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}
