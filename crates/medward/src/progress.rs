//! A bar with rate and time left on a terminal; silent in a pipe.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use medward_capture::Progress;

/// Shows how far reading has come.
pub struct Bar {
    bar: ProgressBar,
    progress: Progress,
}

impl Bar {
    pub fn new(progress: Progress, quiet: bool) -> Bar {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(progress.total(), target);
        let template = match progress.total() {
            Some(_) => "reading {bar:20} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            None => "reading {spinner} {bytes}  {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Bar { bar, progress }
    }

    pub fn tick(&self) {
        self.bar.set_position(self.progress.read());
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// A bar for things that are counted.
pub fn counter(what: &'static str, total: u64, quiet: bool) -> ProgressBar {
    let shown = !quiet && std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}
