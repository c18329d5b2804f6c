//! Every dissector is registered, in alphabetical order, and has its manual page.

use std::path::Path;

use super::{Complaint, files_below, shown};

pub fn check(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let protocols = root.join("crates/dissect/src/protocols");
    for group in ["building", "clinical", "infrastructure", "naming", "remote"] {
        let folder = protocols.join(group);
        let list = folder.join("mod.rs");
        let text = std::fs::read_to_string(&list)?;
        let slice = text.split("DISSECTORS").nth(1).and_then(|rest| rest.split("];").next()).unwrap_or_default();
        let entries: Vec<&str> =
            slice.split(['&', ',', '[', ']', '\n', ' ']).filter(|part| part.contains("::")).collect();
        if !entries.is_sorted() {
            complaints.push(Complaint::at(shown(root, &list), "DISSECTORS is not in alphabetical order"));
        }
        for file in files_below(&folder, &[".rs"])? {
            let text = std::fs::read_to_string(&file)?;
            for line in text.lines() {
                let Some((declaration, rest)) = line.split_once(": Dissector = Dissector {") else {
                    continue;
                };
                let name = declaration.rsplit(' ').next().unwrap_or_default();
                if !entries.iter().any(|entry| entry.ends_with(&format!("::{name}"))) {
                    complaints.push(Complaint::at(
                        shown(root, &file),
                        format!("{name} is not in DISSECTORS of {}{rest}", shown(root, &list)),
                    ));
                }
                if text.lines().take_while(|line| line.starts_with("//!")).count() < 3 {
                    complaints.push(Complaint::at(
                        shown(root, &file),
                        "the module comment is the dissector's manual page: say what it reads, by which standard, and its limits",
                    ));
                }
            }
        }
    }
    Ok(complaints)
}
