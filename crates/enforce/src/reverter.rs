//! The dead man's switch: a process of its own session that restores what was there unless somebody confirms in time.
//!
//! It is given all it needs by its standard input, says `ready`, and then depends on nothing but the kernel and `nft`: not on
//! the process that started it, not on a terminal, not on the directory of records. A record that says *decided for this
//! plan* ends it; a record that is gone does not.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use medward_model::Timestamp;
use medward_policy::PlanId;
use serde::{Deserialize, Serialize};

use crate::apply::ApplyError;
use crate::journal::Entry;
use crate::nft::Nft;
use crate::state::{InForce, Records};

/// What it says once nothing can stop it any more.
pub const REVERT_READY: &str = "ready";

/// How a reverter is started: this program, called so that it runs [`run_reverter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// All that a reverter needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub folder: PathBuf,
    pub plan: PlanId,
    pub seconds: u32,
    pub started: Timestamp,
    pub nft: Nft,
    /// What the table listed.
    pub former: Option<String>,
    /// The plan in force then.
    pub before: Option<InForce>,
}

/// How a reverter ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevertOutcome {
    /// It was decided otherwise: confirmed, or taken back.
    Decided,
    /// It restored what was there.
    Reverted,
    /// It could not, however often it tried.
    Failed,
}

/// Seconds that a reverter has to say that it is ready.
const READY: Duration = Duration::from_secs(10);

/// How often it looks whether it was decided.
const LOOK: Duration = Duration::from_millis(200);

/// How often it tries to restore.
const TRIES: usize = 30;

/// Starts one, and waits until it is ready; its process.
pub(crate) fn start(launch: &Launch, task: &Task) -> Result<u32, ApplyError> {
    let failed = |why: String| ApplyError::NoReverter(why);
    let input = serde_json::to_vec(task).map_err(|error| failed(error.to_string()))?;
    let mut child = Command::new(&launch.program)
        .args(&launch.arguments)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("{}: {error}", launch.program.display())))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (told, answer) = channel();
    // Ends with the child or its answer.
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(&input);
        }
        let mut line = String::new();
        if let Some(stdout) = stdout {
            let _ = BufReader::new(stdout.take(64)).read_line(&mut line);
        }
        let _ = told.send(line);
    });
    match answer.recv_timeout(READY) {
        Ok(line) if line.trim() == REVERT_READY => Ok(child.id()),
        _ => {
            let _ = child.kill();
            let _ = child.wait();
            Err(failed("it did not say that it is ready".to_owned()))
        }
    }
}

/// Whether it was decided about this plan: by whoever renamed the record.
fn decided(folder: &Path, plan: &PlanId) -> bool {
    #[derive(Deserialize)]
    struct Named {
        plan: PlanId,
    }
    let named = |file: &str| {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        serde_json::from_str::<Named>(&text).ok()
    };
    let waits = named("pending.json").is_some_and(|pending| pending.plan == *plan);
    !waits && named("decided.json").is_some_and(|decided| decided.plan == *plan)
}

/// The reverter's whole life. `input` is its task; `output` is told when it is ready.
pub fn run_reverter(input: impl Read, mut output: impl Write) -> Result<RevertOutcome, ApplyError> {
    // Away from the terminal and the process group of whoever started it.
    let _ = rustix::process::setsid();
    let task: Task =
        serde_json::from_reader(input).map_err(|error| ApplyError::NoReverter(error.to_string()))?;
    let until = Instant::now() + Duration::from_secs(task.seconds.into());
    let begun = Instant::now();
    writeln!(output, "{REVERT_READY}")
        .and_then(|()| output.flush())
        .map_err(|error| ApplyError::NoReverter(error.to_string()))?;
    drop(output);
    while Instant::now() < until {
        if decided(&task.folder, &task.plan) {
            return Ok(RevertOutcome::Decided);
        }
        std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
    }
    let records = Records::open(&task.folder);
    // Whoever loads at this moment comes to an end first, if it can; what is loaded later sees that it was decided.
    let lock = records.as_ref().ok().map(Records::lock);
    if let Ok(records) = &records {
        let taken = records.take_pending().unwrap_or(false);
        if !taken && decided(&task.folder, &task.plan) {
            return Ok(RevertOutcome::Decided);
        }
    }
    let text = task.nft.restoring(task.former.as_deref());
    let mut said = String::new();
    let mut outcome = RevertOutcome::Failed;
    for _ in 0..TRIES {
        match task.nft.load(&text) {
            Ok(()) => {
                outcome = RevertOutcome::Reverted;
                break;
            }
            Err(error) => said = error.to_string(),
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    if let Ok(records) = &records {
        let passed = i64::try_from(begun.elapsed().as_secs()).unwrap_or(0);
        let (what, detail) = match outcome {
            RevertOutcome::Reverted => {
                let _ = records.set_in_force(task.before.as_ref());
                ("reverted", format!("nobody confirmed within {} s", task.seconds))
            }
            _ => ("revert failed", said),
        };
        let time = task.started.plus_seconds(passed);
        let (plan, by) = (task.plan.0.clone(), "dead-man".to_owned());
        let _ = records.note(&Entry { time, what: what.to_owned(), plan, by, detail });
    }
    drop(lock);
    Ok(outcome)
}
