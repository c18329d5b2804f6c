//! Another program, called within bounds: given its input, told how long it may take and how much it may say.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use thiserror::Error;

/// Why a program did not answer.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It took too long and was ended.
    #[error("{program} did not end within {seconds} s")]
    TooLong {
        /// The program.
        program: String,
        /// Seconds that it had.
        seconds: u64,
    },
    /// It said more than is taken.
    #[error("{program} said more than {bytes} bytes")]
    TooMuch {
        /// The program.
        program: String,
        /// The bound.
        bytes: u64,
    },
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// Most bytes that are taken of what a program says.
const MOST: u64 = 256 << 20;

/// Runs it to its end.
pub(crate) fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Answer, ProgramError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| ProgramError::Start { program: program.clone(), source })?;
    let until = Instant::now() + limit;
    let (told, answers) = channel();
    let err_told = told.clone();
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = input.to_owned();
    // Each end of a pipe on its own: none of them can hold up the others. All end with the child.
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A program that does not read to the end says so by its status.
            let _ = stdin.write_all(input.as_bytes());
        }
    });
    std::thread::spawn(move || drop(told.send((true, read(stdout)))));
    std::thread::spawn(move || drop(err_told.send((false, read(stderr)))));
    let (mut out, mut err) = (String::new(), String::new());
    for _ in 0..2 {
        let left = until.saturating_duration_since(Instant::now());
        match answers.recv_timeout(left) {
            Ok((true, text)) => out = text,
            Ok((false, text)) => err = text,
            Err(_) => return Err(end(child, program, limit)),
        }
    }
    if out.len() as u64 > MOST || err.len() as u64 > MOST {
        let _ = child.kill();
        let _ = child.wait();
        return Err(ProgramError::TooMuch { program, bytes: MOST });
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Answer { status, out, err }),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            Ok(None) => return Err(end(child, program, limit)),
            Err(source) => return Err(ProgramError::Start { program, source }),
        }
    }
}

fn end(mut child: Child, program: String, limit: Duration) -> ProgramError {
    let _ = child.kill();
    let _ = child.wait();
    ProgramError::TooLong { program, seconds: limit.as_secs() }
}

fn read(from: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let _ = from.take(MOST + 1).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
