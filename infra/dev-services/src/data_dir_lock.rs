//! Exclusive use of a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::ServiceError;
use super::error::file_error;

/// Advisory lock on a data directory, held until dropped. The kernel releases
/// it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Locks `data_dir` by means of `lock_file`, which is created where needed
    /// and never deleted.
    pub(crate) fn acquire(lock_file: &Path, data_dir: &Path) -> Result<Self, ServiceError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(lock_file)
            .map_err(file_error("open", lock_file))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ServiceError::DataDirectoryInUse { path: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(file_error("lock", lock_file)(source)),
        }
    }
}
