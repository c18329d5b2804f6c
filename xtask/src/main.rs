//! Chores of the repository: `cargo xtask tidy | bench | bench-knowledge | fuzz`.
#![forbid(unsafe_code)]
// A chore that stumbles over its own repository may stop with a panic.
#![allow(clippy::indexing_slicing)]

mod bench;
mod bench_knowledge;
mod fuzz;
mod live;
mod mixed;
mod tidy;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "xtask", about = "Chores of the repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check the rules of the house: layers, sizes, heads, plugins, sources, provenance.
    Tidy,
    /// Compare whole runs with ndpiReader and tshark on the same capture, or live capture, and print ratios.
    Bench(bench::Arguments),
    /// Measure import and matching of knowledge at the size of a large hospital group.
    BenchKnowledge(bench_knowledge::Arguments),
    /// Fuzz every target for some seconds, where a nightly toolchain is present.
    Fuzz(fuzz::Arguments),
}

fn main() -> anyhow::Result<()> {
    let root = root();
    match Cli::parse().chore {
        Chore::Tidy => tidy::run(&root),
        Chore::Bench(arguments) => bench::run(&root, &arguments),
        Chore::BenchKnowledge(arguments) => bench_knowledge::run(&root, &arguments),
        Chore::Fuzz(arguments) => fuzz::run(&root, &arguments),
    }
}

/// The repository's root: this package lies directly in it.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}
