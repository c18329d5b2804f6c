//! Writes made-up assessments in every format: `cargo run -p medward-export --example sample -- DIRECTORY`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../tests/sample/mod.rs"]
mod sample;

use medward_export::{Format, View, write};

fn main() {
    let directory = std::env::args().nth(1).expect("the directory to write to");
    for count in [0, 5, 12, 60, 600] {
        let assessment = sample::sample(count);
        for (format, ending) in [
            (Format::Text, "txt"),
            (Format::Json, "json"),
            (Format::Jsonl, "jsonl"),
            (Format::Csv, "csv"),
            (Format::Html, "html"),
            (Format::Cyclonedx, "cdx.json"),
        ] {
            let mut out = Vec::new();
            let view = View { colour: format == Format::Text, width: 120 };
            write(&assessment, format, &view, &mut out).unwrap();
            std::fs::write(format!("{directory}/{count}.{ending}"), out).unwrap();
        }
    }
}
