//! A few seconds of real fuzzing of every target, where a nightly toolchain is present.
//!
//! Builds with the flags that `cargo fuzz` uses for coverage, so that nothing but a nightly compiler is needed.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Seconds for each target.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
}

/// Coverage counters for libFuzzer, and what cargo-fuzz sets beside them.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Cdebug-assertions -Coverflow-checks";

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let nightly = Command::new("rustc").args(["+nightly", "--version"]).output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        println!("fuzz: no nightly toolchain here; the corpus still runs on stable with the tests");
        return Ok(());
    }
    let folder = root.join("fuzz");
    let status = Command::new("cargo")
        .args(["+nightly", "build", "--release", "--target", "x86_64-unknown-linux-gnu"])
        .env("RUSTFLAGS", FLAGS)
        .current_dir(&folder)
        .status()?;
    anyhow::ensure!(status.success(), "the fuzz targets do not build");
    let targets = std::fs::read_dir(folder.join("fuzz_targets"))?;
    let mut names: Vec<String> = targets
        .filter_map(|entry| entry.ok()?.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .filter(|name| arguments.target.as_ref().is_none_or(|only| only == name))
        .collect();
    names.sort();
    anyhow::ensure!(!names.is_empty(), "no such target");
    for name in names {
        let grown = folder.join("target/grown").join(&name);
        std::fs::create_dir_all(&grown).with_context(|| grown.display().to_string())?;
        let output = Command::new(folder.join("target/x86_64-unknown-linux-gnu/release").join(&name))
            .arg(&grown)
            .arg(folder.join("corpus").join(&name))
            .arg(format!("-max_total_time={}", arguments.seconds))
            .args([
                "-max_len=65536",
                "-timeout=20",
                "-rss_limit_mb=4096",
                "-print_final_stats=1",
                "-verbosity=0",
            ])
            .arg(format!("-artifact_prefix={}/", grown.display()))
            .output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            eprintln!("{told}");
            anyhow::bail!("fuzz: {name} failed; the input that did it is in {}", grown.display());
        }
        let runs =
            told.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")).unwrap_or("?");
        println!("fuzz: {name}: {} runs in {} s, no failure", runs.trim(), arguments.seconds);
    }
    Ok(())
}
