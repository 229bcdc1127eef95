//! Finding the installed `PostgreSQL` server.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ServiceError;

/// Names the directory of the binaries and overrides the search.
const OVERRIDE: &str = "SECONDWIND_POSTGRES_BIN";
/// Oldest supported major version.
const OLDEST_MAJOR: u32 = 15;
/// Parent directories of versioned installations, the name prefix of a
/// version, and the path from there to the binaries.
const VERSIONED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// A directory with the programs of one `PostgreSQL` version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostgresBinaries {
    /// The directory.
    pub(crate) dir: PathBuf,
    /// Major version, at least 15.
    pub(crate) major: u32,
}

impl PostgresBinaries {
    /// Searches, in this order: the directory named by
    /// `SECONDWIND_POSTGRES_BIN` and no other when that is set, the directory
    /// that `pg_config` reports, the usual places of distributions from the
    /// highest version down, and the search path.
    pub(crate) fn locate() -> Result<Self, ServiceError> {
        if let Some(dir) = env::var_os(OVERRIDE) {
            let dir = PathBuf::from(dir);
            return match server_major(&dir) {
                Some(major) if major >= OLDEST_MAJOR => Ok(Self { dir, major }),
                other => Err(missing(&dir, other)),
            };
        }
        let mut rejected = None;
        for dir in candidates() {
            match server_major(&dir) {
                Some(major) if major >= OLDEST_MAJOR => return Ok(Self { dir, major }),
                Some(major) => rejected = rejected.or(Some((dir, major))),
                None => {}
            }
        }
        Err(match rejected {
            Some((dir, major)) => missing(&dir, Some(major)),
            None => ServiceError::PostgresMissing { found: "no installation".to_owned() },
        })
    }

    /// Path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn missing(dir: &Path, major: Option<u32>) -> ServiceError {
    let found = match major {
        Some(major) => format!("version {major} in {}", dir.display()),
        None => format!("no usable server in {}", dir.display()),
    };
    ServiceError::PostgresMissing { found }
}

/// Directories that may hold the binaries, best first.
fn candidates() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    dirs.extend(output_of(Path::new("pg_config"), "--bindir").map(|dir| dir.trim().into()));
    let mut versioned: Vec<(u32, PathBuf)> = VERSIONED
        .iter()
        .flat_map(|(parent, prefix, below)| {
            let entries = fs::read_dir(parent).into_iter().flatten().flatten();
            entries.filter_map(move |entry| {
                let name = entry.file_name().into_string().ok()?;
                let major = name.strip_prefix(prefix)?.parse().ok()?;
                Some((major, entry.path().join(below)))
            })
        })
        .collect();
    versioned.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    dirs.extend(versioned.into_iter().map(|(_, dir)| dir));
    if let Some(path) = env::var_os("PATH") {
        dirs.extend(env::split_paths(&path));
    }
    dirs
}

/// Major version of the server in `dir`; `None` where a program is missing.
fn server_major(dir: &Path) -> Option<u32> {
    if !dir.join("initdb").is_file() {
        return None;
    }
    major_of(&output_of(&dir.join("postgres"), "--version")?)
}

/// Major version in a line like `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`.
fn major_of(version_line: &str) -> Option<u32> {
    let version = version_line.split(' ').nth(2)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_releases_and_betas() {
        let release = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_of(release), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 16.4\n"), Some(16));
        assert_eq!(major_of("something else"), None);
    }
}
