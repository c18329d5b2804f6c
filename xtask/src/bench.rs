//! Whole runs beside ndpiReader and tshark on the same capture, as ratios of CPU time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::tidy::files_below;
use crate::{live, mixed};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Capture to run on; without it a mixed one is made from tests/captures (and ../shared/captures where present).
    #[arg(long)]
    capture: Option<PathBuf>,
    /// Size of the mixed capture, in MB.
    #[arg(long, default_value_t = 200)]
    size: u64,
    /// Runs of each program; the best counts.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Leave tshark out (it takes long on large captures).
    #[arg(long)]
    without_tshark: bool,
    #[command(flatten)]
    live: live::LiveArguments,
}

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// User and system, in seconds.
    pub cpu: f64,
    /// Elapsed, in seconds.
    pub wall: f64,
    /// Largest resident set, in MB.
    pub memory: f64,
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.live.live {
        live::refuse_early();
    }
    let program = match &arguments.live.program {
        Some(program) => program.clone(),
        None => build(root)?,
    };
    let (capture, packets) = match &arguments.capture {
        Some(path) => (path.clone(), None),
        None => mix(root, arguments.size)?,
    };
    if arguments.live.live {
        return live::run(root, &arguments.live, &capture, &program);
    }
    let bytes = std::fs::metadata(&capture)?.len();
    println!(
        "{}: {:.0} MB{}",
        capture.display(),
        bytes as f64 / 1e6,
        packets.map_or(String::new(), |n| format!(", {n} packets"))
    );
    let medward = program.display().to_string();
    let empty = root.join("target/release/examples/empty_loop").display().to_string();
    let file = capture.display().to_string();
    let assess = |threads: &str| {
        [
            &medward,
            "assess",
            "--quiet",
            "--format",
            "json",
            "--output",
            "/dev/null",
            "--threads",
            threads,
            &file,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let mut runs: Vec<(&str, Vec<String>)> = vec![
        ("medward, 1 thread", assess("1")),
        ("medward, 2 threads", assess("2")),
        ("empty etherparse loop", vec![empty, file.clone()]),
        ("ndpiReader", ["ndpiReader", "-q", "-i", &file].map(str::to_owned).to_vec()),
    ];
    if !arguments.without_tshark {
        runs.push(("tshark", ["tshark", "-n", "-r", &file].map(str::to_owned).to_vec()));
    }
    let mut base: Option<Cost> = None;
    println!("{:<24}{:>10}{:>10}{:>10}{:>14}", "", "CPU s", "wall s", "MB", "CPU ratio");
    for (name, command) in runs {
        match best(&command, arguments.runs) {
            Ok(cost) => {
                let ratio = base.map_or(1.0, |base| cost.cpu / base.cpu);
                println!("{name:<24}{:>10.2}{:>10.2}{:>10.0}{ratio:>14.2}", cost.cpu, cost.wall, cost.memory);
                if let (Some(base), "medward, 2 threads") = (base, name) {
                    println!("{:<24}{:.2} times as fast as one", "", base.wall / cost.wall);
                }
                base = base.or(Some(cost));
                if let (Some(packets), "medward, 1 thread") = (packets, name) {
                    println!("{:<24}{:.0} ns a packet", "", cost.cpu * 1e9 / packets as f64);
                }
            }
            Err(error) => println!("{name:<24}not run: {error:#}"),
        }
    }
    Ok(())
}

/// Builds what is measured; answers where the program is.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "medward"])
        .args(["--package", "medward-capture", "--example", "empty_loop", "--bin", "medward"])
        .current_dir(root)
        .status()?;
    anyhow::ensure!(status.success(), "the release build failed");
    Ok(root.join("target/release/medward"))
}

/// Makes the mixed capture; answers where it is and how many packets it holds.
fn mix(root: &Path, megabytes: u64) -> anyhow::Result<(PathBuf, Option<u64>)> {
    let mut sources = files_below(&root.join("tests/captures"), &[".pcap"])?;
    for more in ["mixed", "discovery", "building-ot"] {
        sources.extend(files_below(&root.join("../shared/captures").join(more), &[".pcap"])?);
    }
    let path = root.join("target/mixed.pcap");
    let packets = mixed::write(&path, &sources, megabytes * 1_000_000)?;
    Ok((path, Some(packets)))
}

fn best(command: &[String], runs: u32) -> anyhow::Result<Cost> {
    let mut best: Option<Cost> = None;
    for _ in 0..runs.max(1) {
        let cost = once(command)?;
        if best.is_none_or(|best| cost.cpu < best.cpu) {
            best = Some(cost);
        }
    }
    best.context("no run")
}

/// Runs under GNU time, which tells CPU time and memory of the child.
pub(crate) fn once(command: &[String]) -> anyhow::Result<Cost> {
    let (program, arguments) = command.split_first().context("empty command")?;
    let output = Command::new("/usr/bin/time")
        .args(["-f", "medward-bench %U %S %e %M", program])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .context("/usr/bin/time (Debian package time)")?;
    let told = String::from_utf8_lossy(&output.stderr);
    let line =
        told.lines().find_map(|line| line.strip_prefix("medward-bench ")).context(told.trim().to_owned())?;
    anyhow::ensure!(output.status.success(), "{program} failed: {}", told.trim());
    let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [user, system, wall, memory] => Ok(Cost { cpu: user + system, wall: *wall, memory: memory / 1024.0 }),
        _ => anyhow::bail!("unexpected answer of time: {line}"),
    }
}
