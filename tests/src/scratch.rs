//! Directories for the servers that tests share, which live as long as the process and so cannot remove them.

use std::path::{Path, PathBuf};
use std::process;

use tempfile::TempDir;

/// Where they are: on a disk, for a directory in memory would count against the tests' own.
const PARENT: &str = "/var/tmp";
const PREFIX: &str = "secondwind-tests-";

/// A directory that is removed when it is dropped. What processes that are over have left behind goes first.
pub fn directory() -> TempDir {
    remove_abandoned();
    let prefix = format!("{PREFIX}{}-", process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(PARENT).expect("a directory")
}

/// A directory that the next run removes.
pub fn lasting_directory() -> PathBuf {
    directory().keep()
}

fn remove_abandoned() {
    // Where there is no /proc, nobody can be told to be over.
    let (Ok(entries), true) = (std::fs::read_dir(PARENT), Path::new("/proc/self").exists()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')).map(|(id, _)| id);
        let is_over = |id: &str| id.parse::<u32>().is_ok() && !Path::new("/proc").join(id).exists();
        if process.is_some_and(is_over) {
            // Another run may be at it as well; what stays is removed by the next.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
