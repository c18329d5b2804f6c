//! What a command line names: files, standard input, and what lies in directories.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How deep directories are followed.
const DEPTH: usize = 64;

/// What is to be opened, in order.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub files: Vec<Listed>,
    /// What cannot be read.
    pub failures: Vec<(PathBuf, io::Error)>,
    /// Files of directories that are devices, pipes or sockets.
    pub special: Vec<PathBuf>,
    /// Directories with a file that another argument already gave.
    pub doubled: BTreeSet<PathBuf>,
    /// Size of all files; none where one has no size.
    pub total: Option<u64>,
}

/// A file to open.
#[derive(Debug)]
pub(crate) struct Listed {
    pub path: PathBuf,
    /// The directory that was named, where the file itself was not.
    pub directory: Option<PathBuf>,
}

impl Listing {
    /// Directories are followed by name order; a file that is reached twice is read once, at its first place.
    pub fn of(paths: &[PathBuf]) -> Listing {
        let mut listing = Listing { total: Some(0), ..Listing::default() };
        let mut seen = BTreeSet::new();
        for path in paths {
            match fs::metadata(path) {
                _ if path.as_os_str() == "-" => listing.add(path, None, None, &mut seen),
                Ok(about) if about.is_dir() => listing.walk(path, path, DEPTH, &mut seen),
                Ok(about) => {
                    let size = about.is_file().then_some(about.len());
                    listing.add(path, None, size, &mut seen);
                }
                Err(error) => listing.failures.push((path.clone(), error)),
            }
        }
        listing
    }

    fn add(
        &mut self,
        path: &Path,
        directory: Option<&Path>,
        size: Option<u64>,
        seen: &mut BTreeSet<PathBuf>,
    ) {
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if !seen.insert(place) {
            self.doubled.extend(directory.map(Path::to_owned));
            return;
        }
        self.total = self.total.zip(size).map(|(total, size)| total.saturating_add(size));
        self.files.push(Listed { path: path.to_owned(), directory: directory.map(Path::to_owned) });
    }

    fn walk(&mut self, root: &Path, folder: &Path, depth: usize, seen: &mut BTreeSet<PathBuf>) {
        let entries: io::Result<Vec<_>> = fs::read_dir(folder).and_then(Iterator::collect);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.failures.push((folder.to_owned(), error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // Links to directories are not followed: they may lead in a circle.
            let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            match fs::metadata(&path) {
                Ok(about) if about.is_file() => self.add(&path, Some(root), Some(about.len()), seen),
                Ok(about) if about.is_dir() && !linked && depth > 0 => {
                    self.walk(root, &path, depth - 1, seen)
                }
                Ok(_) => self.special.push(path),
                Err(error) => self.failures.push((path, error)),
            }
        }
    }
}
