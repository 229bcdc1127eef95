//! Log files of child processes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::ServiceError;
use super::error::file_error;

/// Lines of a log quoted in an error.
const TAIL_LINES: usize = 20;
/// Bytes read to find those lines.
const TAIL_BYTES: u64 = 16 * 1024;

/// A log file that outlives the processes writing to it, and the place in it
/// where the current process began.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    begin: u64,
}

impl LogFile {
    /// Remembers the present end of `path`, which need not exist yet.
    pub(crate) fn at_end_of(path: &Path) -> Self {
        Self { path: path.to_owned(), begin: fs::metadata(path).map_or(0, |metadata| metadata.len()) }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for appending, creating it where needed.
    pub(crate) fn open(&self) -> Result<File, ServiceError> {
        OpenOptions::new().append(true).create(true).open(&self.path).map_err(file_error("open", &self.path))
    }

    /// The last lines written since the beginning; empty where unreadable,
    /// since it only illustrates another error.
    pub(crate) fn tail(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            let length = file.metadata()?.len();
            let start = self.begin.max(length.saturating_sub(TAIL_BYTES));
            file.seek(SeekFrom::Start(start))?;
            file.read_to_end(&mut bytes)
        });
        if read.is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn tail_shows_the_last_lines_of_this_run_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.log");
        fs::write(&path, "an earlier run\n").unwrap();
        let log = LogFile::at_end_of(&path);
        assert_eq!(log.tail(), "");
        let mut file = log.open().unwrap();
        for line in 0..25 {
            writeln!(file, "line {line}").unwrap();
        }
        let tail = log.tail();
        assert_eq!(tail.lines().count(), 20);
        assert!(tail.starts_with("line 5\n") && tail.ends_with("line 24"));
    }
}
