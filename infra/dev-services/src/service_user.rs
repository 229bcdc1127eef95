//! The unprivileged user a server runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use nix::unistd::{User, geteuid};

use super::ServiceError;
use super::error::file_error;

/// Accounts tried, best first, when this process is root.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An account that a root process drops to before it executes a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceUser {
    /// Name for messages.
    pub(crate) name: String,
    /// User id.
    pub(crate) uid: u32,
    /// Primary group id, the only group the server gets.
    pub(crate) gid: u32,
}

impl ServiceUser {
    /// The account to drop to; `None` when this process is no root and its
    /// servers run as itself.
    pub(crate) fn to_drop_to() -> Result<Option<Self>, ServiceError> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        CANDIDATES
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Some(Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }))
            .ok_or(ServiceError::NoServiceUser)
    }

    /// Whether this user may pass through `directory` and all directories
    /// above it. `directory` is free of symbolic links.
    pub(crate) fn may_traverse(&self, directory: &Path) -> Result<bool, ServiceError> {
        for ancestor in directory.ancestors() {
            let metadata = fs::metadata(ancestor).map_err(file_error("inspect", ancestor))?;
            let execute_bit = if metadata.uid() == self.uid {
                0o100
            } else if metadata.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & execute_bit == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes this user the owner of `path`.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ServiceError> {
        lchown(path, Some(self.uid), Some(self.gid)).map_err(file_error("change owner of", path))
    }

    /// Makes this user the owner of `directory` and everything in it.
    pub(crate) fn own_tree(&self, directory: &Path) -> Result<(), ServiceError> {
        let failed = || file_error("list", directory);
        for entry in fs::read_dir(directory).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            if entry.file_type().map_err(failed())?.is_dir() {
                self.own_tree(&entry.path())?;
            } else {
                self.own(&entry.path())?;
            }
        }
        self.own(directory)
    }
}

/// How messages name the user a program runs as.
pub(crate) fn display_name(user: Option<&ServiceUser>) -> String {
    user.map_or_else(|| "the current user".to_owned(), |user| format!("user `{}`", user.name))
}
