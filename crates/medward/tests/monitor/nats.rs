//! A NATS server of one test alone.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server with JetStream in a folder of its own, on a free loopback port.
pub struct Nats {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Nats {
    /// `None` where there is no such program.
    pub fn start() -> Option<Nats> {
        let programs = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
        let program = programs.into_iter().map(Path::new).find(|program| program.exists())?.to_owned();
        let (folder, port) = (tempfile::tempdir().unwrap(), super::free_port());
        let store = folder.path().join("jetstream");
        let text =
            format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: {store:?} }}\nmax_payload: 20MB\n");
        std::fs::write(folder.path().join("nats.conf"), text).unwrap();
        let mut nats = Nats { program, folder, port, child: None };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !nats.revive() {
            assert!(Instant::now() < deadline, "nats-server does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(nats)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts again with what it has on disk where it does not run, and answers whether it takes connections now.
    pub fn revive(&mut self) -> bool {
        if self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
            let child = Command::new(&self.program)
                .arg("-c")
                .arg(self.folder.path().join("nats.conf"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            self.child = Some(child);
        }
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
