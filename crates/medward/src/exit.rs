//! Exit codes (see `medward --help`) and how failures are told.

use std::process::ExitCode;

/// How a command that ran ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: done, and `--fail-on` was met.
    Met,
    /// 2: the command line asks for something that is not there.
    Usage,
    /// 3: part of the input could not be read; the rest is reported.
    Partly,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Met => 1,
            Exit::Usage => 2,
            Exit::Partly => 3,
        })
    }
}

/// A failure with its own exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Wrong usage (2).
    pub fn usage(message: impl Into<String>) -> anyhow::Error {
        Failure { code: 2, message: message.into() }.into()
    }

    /// Nothing readable (4).
    pub fn unreadable(message: impl Into<String>) -> anyhow::Error {
        Failure { code: 4, message: message.into() }.into()
    }

    /// A service or permission is missing (5).
    pub fn missing(message: impl Into<String>) -> anyhow::Error {
        Failure { code: 5, message: message.into() }.into()
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Tells a failure on standard error and gives its exit code; a reader that went away is no failure.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    anstream::eprintln!("{} {error:#}", owo_colors::OwoColorize::red(&"medward:"));
    ExitCode::from(error.downcast_ref::<Failure>().map_or(5, |failure| failure.code))
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    let kind = if let Some(io) = cause.downcast_ref::<std::io::Error>() {
        Some(io.kind())
    } else {
        cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind)
    };
    kind == Some(std::io::ErrorKind::BrokenPipe)
        || cause.downcast_ref::<medward_export::WriteError>().is_some_and(|error| error.is_broken_pipe())
}
