//! Shares and open files of one connection, and what was done with them: bounded, told once per file and share.

use medward_model::{Outcome, Verb};

use super::super::dcerpc::{Calls, DCERPC};
use crate::{Context, Side};

/// Shares that are followed at once.
const MAX_TREES: usize = 64;
/// Files that are open at once; the one opened first is told when one more comes.
const MAX_FILES: usize = 256;
/// Longest share name or pipe name that is kept, in characters.
const MAX_NAME: usize = 80;

/// Handle of an open file: the FileId of SMB 2, the FID of SMB 1 with zeros.
pub(super) type Key = [u8; 16];

/// What was done in a share.
#[derive(Debug, Default)]
struct Counts {
    opened: u64,
    failed: u64,
    denied: u64,
    created: u64,
    read: u64,
    written: u64,
    deleted: u64,
    renamed: u64,
    listed: u64,
    bytes_read: u64,
    bytes_written: u64,
}

#[derive(Debug)]
struct Tree {
    id: u32,
    /// Last part of the path; empty where the connect was not seen.
    share: String,
    counts: Counts,
}

/// A file or pipe that the client opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) tree: u32,
    /// Extension of a file, or the whole name of a pipe.
    pub(super) name: String,
    pub(super) pipe: bool,
    pub(super) disposition: &'static str,
    /// Access asked for, as hexadecimal digits.
    pub(super) access: u32,
    /// It did not exist before, or was emptied.
    pub(super) made: bool,
    pub(super) directory: bool,
    pub(super) delete: bool,
    pub(super) read: u64,
    pub(super) written: u64,
    pub(super) calls: Option<Box<Calls>>,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    trees: Vec<Tree>,
    files: Vec<(Key, Opened)>,
    last: Key,
}

impl Ledger {
    /// A share was connected.
    pub(super) fn connect(&mut self, id: u32, share: &str, cx: &mut Context<'_>) {
        self.disconnect(id, cx);
        if self.trees.len() >= MAX_TREES {
            let tree = self.trees.remove(0);
            tree.report(cx);
        }
        self.trees.push(Tree { id, share: share.to_owned(), counts: Counts::default() });
    }

    /// A share was left: its files are closed, and what was done there is told.
    pub(super) fn disconnect(&mut self, id: u32, cx: &mut Context<'_>) {
        let mut place = 0;
        while let Some((key, opened)) = self.files.get(place) {
            if opened.tree == id {
                let key = *key;
                self.close(&key, cx);
            } else {
                place = place.saturating_add(1);
            }
        }
        if let Some(at) = self.trees.iter().position(|tree| tree.id == id) {
            self.trees.remove(at).report(cx);
        }
    }

    /// Whether the share holds pipes; `None` where its connect was not seen.
    pub(super) fn is_pipe(&self, id: u32) -> Option<bool> {
        self.trees.iter().find(|tree| tree.id == id).map(|tree| tree.share.eq_ignore_ascii_case("IPC$"))
    }

    fn counts(&mut self, id: u32) -> Option<&mut Counts> {
        if !self.trees.iter().any(|tree| tree.id == id) {
            if self.trees.len() >= MAX_TREES {
                return None;
            }
            self.trees.push(Tree { id, share: String::new(), counts: Counts::default() });
        }
        self.trees.iter_mut().find(|tree| tree.id == id).map(|tree| &mut tree.counts)
    }

    /// A file or pipe was opened.
    pub(super) fn open(&mut self, key: Key, opened: Opened, cx: &mut Context<'_>) {
        self.close(&key, cx);
        if let Some(counts) = self.counts(opened.tree) {
            counts.opened = counts.opened.saturating_add(1);
            counts.created = counts.created.saturating_add(u64::from(opened.made));
        }
        if opened.pipe {
            let name: String = opened.name.chars().take(MAX_NAME).collect();
            let access = format!("0x{:08x}", opened.access);
            cx.activity_by(Side::Originator, Verb::Connect, "open pipe", &name)
                .outcome(Outcome::Success)
                .detail("access", &access);
        }
        if self.files.len() >= MAX_FILES
            && let Some((oldest, _)) = self.files.first()
        {
            let oldest = *oldest;
            self.close(&oldest, cx);
        }
        self.last = key;
        self.files.push((key, opened));
    }

    /// An open was refused.
    pub(super) fn refused(&mut self, opened: &Opened, status: u32, cx: &mut Context<'_>) {
        let denied = status == 0xc000_0022;
        if let Some(counts) = self.counts(opened.tree) {
            counts.failed = counts.failed.saturating_add(1);
            counts.denied = counts.denied.saturating_add(u64::from(denied));
        }
        if opened.pipe {
            cx.activity_by(Side::Originator, Verb::Connect, "open pipe", &opened.name)
                .outcome(Outcome::Failure)
                .detail("status", &super::super::ntstatus::name(status));
        }
    }

    /// Names of files were listed.
    pub(super) fn listed(&mut self, tree: u32) {
        if let Some(counts) = self.counts(tree) {
            counts.listed = counts.listed.saturating_add(1);
        }
    }

    /// The open file of that handle; the handle of ones stands for the one opened last (MS-SMB2 3.2.4.1.4).
    pub(super) fn file(&mut self, key: &Key) -> Option<&mut Opened> {
        let key = self.resolve(key);
        self.files.iter_mut().find(|(k, _)| *k == key).map(|(_, opened)| opened)
    }

    fn resolve(&self, key: &Key) -> Key {
        if *key == [0xff; 16] { self.last } else { *key }
    }

    pub(super) fn read(&mut self, key: &Key, length: u64) {
        if let Some(opened) = self.file(key) {
            opened.read = opened.read.saturating_add(length);
        }
    }

    pub(super) fn written(&mut self, key: &Key, length: u64) {
        if let Some(opened) = self.file(key) {
            opened.written = opened.written.saturating_add(length);
        }
    }

    /// What one side wrote into a pipe.
    pub(super) fn pipe(&mut self, key: &Key, bytes: &[u8], cx: &mut Context<'_>) {
        if let Some(opened) = self.file(key)
            && (opened.pipe || opened.calls.is_some() || bytes.starts_with(&[5, 0, 11]))
        {
            let calls = opened.calls.get_or_insert_default();
            cx.as_dissector(&DCERPC, |cx| calls.pipe(bytes, cx));
        }
    }

    /// A file was renamed, or removed by its path.
    pub(super) fn changed(
        &mut self,
        tree: u32,
        verb: Verb,
        (operation, from, to): (&str, &str, &str),
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) {
        if outcome == Outcome::Success
            && let Some(counts) = self.counts(tree)
        {
            match verb {
                Verb::Rename => counts.renamed = counts.renamed.saturating_add(1),
                _ => counts.deleted = counts.deleted.saturating_add(1),
            }
        }
        let object = self.place(tree, from);
        cx.activity_by(Side::Originator, verb, operation, &object)
            .outcome(outcome)
            .detail("extension", from)
            .detail("new-extension", to);
    }

    /// Share and kind of file: `share\*.dcm`.
    fn place(&self, tree: u32, extension: &str) -> String {
        let share = self.trees.iter().find(|t| t.id == tree).map_or("", |t| &*t.share);
        let kind = if extension.is_empty() { "*".to_owned() } else { format!("*.{extension}") };
        if share.is_empty() { kind } else { format!("{share}\\{kind}") }
    }

    /// A handle was closed: what was done with it is told, where anything was.
    pub(super) fn close(&mut self, key: &Key, cx: &mut Context<'_>) {
        let key = self.resolve(key);
        let Some(at) = self.files.iter().position(|(k, _)| *k == key) else { return };
        let (_, mut opened) = self.files.remove(at);
        if let Some(calls) = opened.calls.as_mut() {
            cx.as_dissector(&DCERPC, |cx| calls.end(cx));
        }
        if opened.pipe {
            return;
        }
        if let Some(counts) = self.counts(opened.tree) {
            counts.read = counts.read.saturating_add(u64::from(opened.read > 0));
            counts.written = counts.written.saturating_add(u64::from(opened.written > 0));
            counts.deleted = counts.deleted.saturating_add(u64::from(opened.delete));
            counts.bytes_read = counts.bytes_read.saturating_add(opened.read);
            counts.bytes_written = counts.bytes_written.saturating_add(opened.written);
        }
        let (verb, operation) = if opened.delete {
            (Verb::Delete, "delete")
        } else if opened.written > 0 {
            (Verb::Write, "write")
        } else if opened.made {
            (Verb::Write, if opened.directory { "create directory" } else { "create" })
        } else if opened.read > 0 {
            (Verb::Read, "read")
        } else {
            return;
        };
        let object = self.place(opened.tree, &opened.name);
        let size = |n: u64| if n > 0 { n.to_string() } else { String::new() };
        cx.activity_by(Side::Originator, verb, operation, &object)
            .outcome(Outcome::Success)
            .detail("extension", &opened.name)
            .detail("disposition", opened.disposition)
            .detail("bytes-read", &size(opened.read))
            .detail("bytes-written", &size(opened.written));
    }

    /// The connection is over.
    pub(super) fn end(&mut self, cx: &mut Context<'_>) {
        while let Some((key, _)) = self.files.first() {
            let key = *key;
            self.close(&key, cx);
        }
        for tree in self.trees.drain(..) {
            tree.report(cx);
        }
    }
}

impl Tree {
    fn report(&self, cx: &mut Context<'_>) {
        let c = &self.counts;
        if c.opened == 0 && c.failed == 0 && c.listed == 0 && c.deleted == 0 && c.renamed == 0 {
            return;
        }
        let mut entry = cx.activity_by(Side::Originator, Verb::Disconnect, "share use", &self.share);
        for (name, count) in [
            ("opened", c.opened),
            ("refused", c.failed),
            ("denied", c.denied),
            ("created", c.created),
            ("read", c.read),
            ("written", c.written),
            ("deleted", c.deleted),
            ("renamed", c.renamed),
            ("listings", c.listed),
            ("bytes-read", c.bytes_read),
            ("bytes-written", c.bytes_written),
        ] {
            if count > 0 {
                entry = entry.detail(name, &count.to_string());
            }
        }
    }
}

/// The share in `\\server\share`, cleaned and cut.
pub(super) fn share_name(path: &str) -> String {
    let path = path.trim_end_matches('\0');
    path.rsplit('\\').next().unwrap_or("").chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

/// Name and kind of what is opened: whole for pipes, the extension for files.
pub(super) fn opened_name(name: &str, pipes: Option<bool>) -> (String, bool) {
    const PIPES: [&str; 18] = [
        "svcctl",
        "atsvc",
        "spoolss",
        "samr",
        "lsarpc",
        "lsass",
        "netlogon",
        "srvsvc",
        "wkssvc",
        "winreg",
        "browser",
        "epmapper",
        "eventlog",
        "netdfs",
        "efsrpc",
        "trkwks",
        "ntsvcs",
        "protected_storage",
    ];
    let plain = name.trim_start_matches('\\');
    let plain = plain.strip_prefix("PIPE\\").unwrap_or(plain);
    let known = PIPES.iter().any(|pipe| pipe.eq_ignore_ascii_case(plain));
    let printable = |c: char| c.is_ascii_graphic() || c == ' ';
    match pipes {
        Some(false) => (super::super::at::extension(name), false),
        None if !known => (super::super::at::extension(name), false),
        // The root of IPC$ is opened to ask for referrals.
        Some(true) if plain.is_empty() => (String::new(), false),
        _ if plain.len() <= MAX_NAME && plain.chars().all(printable) => (plain.to_owned(), true),
        _ => (String::new(), true),
    }
}
