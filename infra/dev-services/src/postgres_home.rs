//! The place on disk of one `PostgreSQL` server.
//!
//! Besides the data directory `D` there are `D.password` (the superuser's
//! password), `D.log`, `D.lock` and, while a database is being created,
//! `D.initializing`.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::ServiceError;
use super::data_dir_lock::DataDirLock;
use super::error::file_error;
use super::random::random_bytes;
use super::service_user::ServiceUser;

/// Where data go when the server's user cannot reach the requested directory.
const FALLBACK_PARENT: &str = "/var/tmp";

/// A data directory that the server's user can reach, held exclusively.
#[derive(Debug)]
pub(crate) struct PostgresHome {
    /// The real data directory, which need not exist yet.
    pub(crate) data_dir: PathBuf,
    /// The user to run the server as; `None` for the current one.
    pub(crate) user: Option<ServiceUser>,
    _lock: DataDirLock,
}

impl PostgresHome {
    /// Chooses the real place for `requested` and locks it.
    pub(crate) fn prepare(requested: &Path) -> Result<Self, ServiceError> {
        let user = ServiceUser::to_drop_to()?;
        let requested = resolve(requested)?;
        let data_dir = match &user {
            Some(user) if !user.may_traverse(parent_of(&requested))? => {
                let fallback = fallback_for(&requested)?;
                tracing::warn!(
                    requested = %requested.display(),
                    used = %fallback.display(),
                    user = user.name,
                    "PostgreSQL cannot run as root, and its user may not enter the requested \
                     directory; the database is kept elsewhere"
                );
                fallback
            }
            _ => requested,
        };
        let lock = DataDirLock::acquire(&sibling(&data_dir, "lock"), &data_dir)?;
        let home = Self { data_dir, user, _lock: lock };
        home.check_contents()?;
        Ok(home)
    }

    /// Whether a complete database exists.
    pub(crate) fn is_initialized(&self) -> bool {
        self.data_dir.join("PG_VERSION").is_file()
    }

    /// Major version that created the database.
    pub(crate) fn data_major(&self) -> Result<String, ServiceError> {
        let file = self.data_dir.join("PG_VERSION");
        let text = fs::read_to_string(&file).map_err(file_error("read", &file))?;
        Ok(text.trim().to_owned())
    }

    /// The log file of the server and of the database's creation.
    pub(crate) fn log_file(&self) -> PathBuf {
        sibling(&self.data_dir, "log")
    }

    /// The file that keeps the superuser's password.
    pub(crate) fn password_file(&self) -> PathBuf {
        sibling(&self.data_dir, "password")
    }

    /// The password of the existing database.
    pub(crate) fn password(&self) -> Result<String, ServiceError> {
        let file = self.password_file();
        match fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ServiceError::PasswordRefused { password_file: file, data_dir: self.data_dir.clone() })
            }
            Err(error) => Err(file_error("read", &file)(error)),
        }
    }

    /// Generates and stores the password of a database to be created,
    /// readable by its owner alone.
    pub(crate) fn store_new_password(&self) -> Result<(), ServiceError> {
        let file = self.password_file();
        remove(&file, |file| fs::remove_file(file))?;
        let password = hex::encode(random_bytes::<16>()?);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut file| file.write_all(password.as_bytes()))
            .map_err(file_error("write", &file))?;
        // The tool that creates the database reads it as that user.
        self.user.as_ref().map_or(Ok(()), |user| user.own(&file))
    }

    /// An empty directory to create a database in. It becomes the data
    /// directory by [`Self::adopt`], so that an interrupted creation is never
    /// taken for a database.
    pub(crate) fn creation_dir(&self) -> Result<PathBuf, ServiceError> {
        let dir = sibling(&self.data_dir, "initializing");
        remove(&dir, |dir| fs::remove_dir_all(dir))?;
        DirBuilder::new().mode(0o700).create(&dir).map_err(file_error("create", &dir))?;
        if let Some(user) = &self.user {
            user.own(&dir)?;
        }
        Ok(dir)
    }

    /// Makes the database created in `creation_dir` the data directory.
    pub(crate) fn adopt(&self, creation_dir: &Path) -> Result<(), ServiceError> {
        fs::rename(creation_dir, &self.data_dir).map_err(file_error("create", &self.data_dir))
    }

    /// Refuses directories with other contents or of another user, and takes
    /// over a database that was created under another account than the one
    /// root drops to now.
    fn check_contents(&self) -> Result<(), ServiceError> {
        let entries = match fs::read_dir(&self.data_dir) {
            Ok(mut entries) => entries.next(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(self.foreign_directory()?);
            }
            Err(error) => return Err(file_error("list", &self.data_dir)(error)),
        };
        if entries.is_some() && !self.is_initialized() {
            return Err(ServiceError::NotADataDirectory { path: self.data_dir.clone() });
        }
        let owner = self.owner()?;
        match &self.user {
            Some(user) if owner != user.uid => user.own_tree(&self.data_dir),
            None if owner != geteuid().as_raw() => Err(self.foreign_directory()?),
            _ => Ok(()),
        }
    }

    fn owner(&self) -> Result<u32, ServiceError> {
        fs::metadata(&self.data_dir).map(|metadata| metadata.uid()).map_err(file_error("inspect", &self.data_dir))
    }

    fn foreign_directory(&self) -> Result<ServiceError, ServiceError> {
        Ok(ServiceError::ForeignDirectory { path: self.data_dir.clone(), owner: self.owner()? })
    }
}

/// `data_dir` with its parents created and free of symbolic links.
fn resolve(data_dir: &Path) -> Result<PathBuf, ServiceError> {
    let absolute = path::absolute(data_dir).map_err(file_error("resolve", data_dir))?;
    let parent = parent_of(&absolute);
    fs::create_dir_all(parent).map_err(file_error("create", parent))?;
    let parent = parent.canonicalize().map_err(file_error("resolve", parent))?;
    Ok(absolute.file_name().map_or_else(|| parent.clone(), |name| parent.join(name)))
}

fn parent_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// `<data_dir>.<extension>`.
fn sibling(data_dir: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(data_dir);
    name.push(".");
    name.push(extension);
    name.into()
}

fn remove(path: &Path, removal: impl Fn(&Path) -> io::Result<()>) -> Result<(), ServiceError> {
    match removal(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The directory that replaces `requested`, always the same one. Its parent
/// belongs to root and others may pass through it but not change it.
fn fallback_for(requested: &Path) -> Result<PathBuf, ServiceError> {
    let digest = hex::encode(Sha256::digest(requested.as_os_str().as_bytes()));
    let parent = Path::new(FALLBACK_PARENT).join(format!("secondwind-{}", &digest[..16]));
    match DirBuilder::new().mode(0o711).create(&parent) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(file_error("create", &parent)(error));
        }
        _ => {}
    }
    // Anyone may create names in the shared directory; a stranger's directory
    // or link must not receive a database.
    let metadata = fs::symlink_metadata(&parent).map_err(file_error("inspect", &parent))?;
    if !metadata.is_dir() || metadata.uid() != geteuid().as_raw() {
        return Err(ServiceError::ForeignDirectory { path: parent, owner: metadata.uid() });
    }
    // Independent of the umask.
    fs::set_permissions(&parent, Permissions::from_mode(0o711)).map_err(file_error("set permissions of", &parent))?;
    Ok(parent.join(requested.file_name().unwrap_or_default()))
}
