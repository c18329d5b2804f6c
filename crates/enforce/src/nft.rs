//! The `nft` program, in the namespace of this process or a named one.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use medward_policy::{Layer, TABLE};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::program::{Answer, ProgramError, run};

/// Why nftables did not do it.
#[derive(Debug, Error)]
pub enum NftError {
    /// The program is not there.
    #[error("nft is not there ({0}): install nftables, or name it by --nft PATH")]
    Absent(String),
    /// It may not.
    #[error("nft may not change the kernel's rules: run as root, or with CAP_NET_ADMIN")]
    NotPermitted,
    /// The kernel lacks what the rules need.
    #[error("the kernel lacks what the rules need: {said}. {advice}")]
    Lacks {
        /// What it said.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// It refused.
    #[error("nft refused: {0}")]
    Refused(String),
    /// It did not end well.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// How `nft` is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nft {
    /// The program.
    pub program: PathBuf,
    /// The network namespace; none is the process's own.
    pub namespace: Option<String>,
    /// Bridge or routed gateway.
    pub layer: Layer,
}

/// Seconds that a call may take: loading tens of thousands of elements takes a few.
const LIMIT: Duration = Duration::from_secs(60);

impl Nft {
    /// `nft` of the search path.
    pub fn new(layer: Layer) -> Nft {
        Nft { program: PathBuf::from("nft"), namespace: None, layer }
    }

    fn call(&self, arguments: &[&str], input: &str) -> Result<Answer, NftError> {
        let mut command = match &self.namespace {
            None => Command::new(&self.program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace.as_str()]).arg(&self.program);
                command
            }
        };
        // Times in rules are UTC, and messages are read.
        command.args(arguments).env("TZ", "UTC").env("LC_ALL", "C");
        match run(&mut command, input, LIMIT) {
            Err(ProgramError::Start { program, source }) => {
                Err(NftError::Absent(format!("{program}: {source}")))
            }
            other => Ok(other?),
        }
    }

    /// What the table lists; `None` where it is not there.
    pub fn list(&self) -> Result<Option<String>, NftError> {
        let answer = self.call(&["list", "table", self.layer.word(), TABLE], "")?;
        if answer.status.success() {
            return Ok(Some(answer.out));
        }
        if answer.err.contains("No such file or directory") && !answer.err.contains("exec of") {
            return Ok(None);
        }
        Err(self.refused(&answer.err))
    }

    /// Tries whether this would load, and changes nothing.
    pub fn check(&self, text: &str) -> Result<(), NftError> {
        self.file(&["-c", "-f", "-"], text)
    }

    /// Loads this as one transaction.
    pub fn load(&self, text: &str) -> Result<(), NftError> {
        self.file(&["-f", "-"], text)
    }

    fn file(&self, arguments: &[&str], text: &str) -> Result<(), NftError> {
        let answer = self.call(arguments, text)?;
        if answer.status.success() { Ok(()) } else { Err(self.refused(&answer.err)) }
    }

    fn refused(&self, said: &str) -> NftError {
        let first = said.lines().next().unwrap_or("it said nothing").trim().to_owned();
        let namespace = self.namespace.is_some();
        if said.contains("Operation not permitted") {
            return NftError::NotPermitted;
        }
        if namespace && (said.contains("exec of") || said.contains("Cannot open network namespace")) {
            return NftError::Absent(first);
        }
        let lacking =
            ["Protocol error", "not supported", "Could not process rule: No such file or directory"];
        if lacking.iter().any(|text| said.contains(text)) {
            let advice = match self.layer {
                Layer::Bridge => {
                    "A bridge needs CONFIG_NF_CONNTRACK_BRIDGE; or use --family inet with \
                     sysctl net.bridge.bridge-nf-call-iptables=1 and net.bridge.bridge-nf-call-ip6tables=1"
                }
                Layer::Inet => "Linux 5.6 with NF_TABLES_INET, NFT_CT, NFT_LOG and NFT_LIMIT is needed",
            };
            return NftError::Lacks { said: first, advice };
        }
        NftError::Refused(first)
    }

    /// What makes the table list what it listed; nothing listed takes it away.
    pub fn restoring(&self, former: Option<&str>) -> String {
        let settings = medward_policy::Settings { layer: self.layer, utc_offset_minutes: 0 };
        format!("{}{}", medward_policy::removal(&settings), former.unwrap_or(""))
    }
}
