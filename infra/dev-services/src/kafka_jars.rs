//! The jars of the Apache Kafka server.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::ServiceError;
use super::error::file_error;
use super::java::locate_java;

/// Names a directory that holds the jars and overrides the search.
const OVERRIDE: &str = "SECONDWIND_KAFKA_JARS";
/// Names an installed Apache Kafka.
const INSTALLATION: &str = "KAFKA_HOME";
/// Start of the server jar's name; any Kafka 4 will do.
const SERVER_JAR: &str = "kafka_2.13-4.";
/// File in the directory of fetched jars that tells it is complete, and for
/// which project file.
const MARKER: &str = ".complete";

/// The directory that holds the jars of an Apache Kafka 4 server.
///
/// That is the directory named by `SECONDWIND_KAFKA_JARS`, else
/// `$KAFKA_HOME/libs`, else `infra/kafka/libs` of this project, which is filled
/// by Maven when it is missing or when the pinned versions have changed.
/// Processes asking at the same time fetch once.
///
/// Blocks the calling thread, for up to minutes when jars must be fetched.
///
/// # Errors
///
/// When Java 17 is missing, when a directory named by the environment holds no
/// Kafka 4, and when the jars must be fetched but Maven is missing or fails.
pub fn locate_jars() -> Result<PathBuf, ServiceError> {
    locate_java()?;
    if let Some(dir) = env::var_os(OVERRIDE) {
        return existing(PathBuf::from(dir));
    }
    if let Some(home) = env::var_os(INSTALLATION) {
        return existing(PathBuf::from(home).join("libs"));
    }
    fetched(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../kafka"))
}

/// `dir` if it exists and holds a server.
fn existing(dir: PathBuf) -> Result<PathBuf, ServiceError> {
    let holds_server = fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(SERVER_JAR));
    if holds_server { Ok(dir) } else { Err(ServiceError::KafkaJarsMissing { path: dir }) }
}

/// The jars that `project`'s `pom.xml` lists, fetched where needed.
fn fetched(project: &Path) -> Result<PathBuf, ServiceError> {
    let pom = project.join("pom.xml");
    let libs = project.join("libs");
    let marker = libs.join(MARKER);
    let pinned = fs::read(&pom).map_err(file_error("read", &pom))?;
    let wanted = hex::encode(Sha256::digest(pinned));
    let complete = || fs::read_to_string(&marker).is_ok_and(|found| found == wanted);
    if complete() {
        return Ok(libs);
    }
    // The lock file is the project file itself: it exists, and only its lock
    // is used.
    let lock = OpenOptions::new().read(true).open(&pom).map_err(file_error("open", &pom))?;
    lock.lock().map_err(file_error("lock", &pom))?;
    if complete() {
        return Ok(libs);
    }
    match fs::remove_dir_all(&libs) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(file_error("remove", &libs)(error));
        }
        _ => {}
    }
    tracing::info!(into = %libs.display(), "fetching the Apache Kafka jars");
    run_maven(&pom, &libs)?;
    let libs = existing(libs)?;
    fs::write(&marker, &wanted).map_err(file_error("write", &marker))?;
    Ok(libs)
}

fn run_maven(pom: &Path, libs: &Path) -> Result<(), ServiceError> {
    let mut output_directory = std::ffi::OsString::from("-DoutputDirectory=");
    output_directory.push(libs);
    let output = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(pom)
        .arg("dependency:copy-dependencies")
        .arg(output_directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ServiceError::MavenMissing { jars: libs.to_owned() },
            _ => ServiceError::Spawn {
                program: "mvn".into(),
                user: super::service_user::display_name(None),
                source: error,
            },
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(ServiceError::MavenFailed {
        pom: pom.to_owned(),
        status: output.status,
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_server_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(existing(dir.path().join("missing")).is_err());
        let refused = existing(dir.path().to_owned());
        assert!(matches!(refused, Err(ServiceError::KafkaJarsMissing { .. })));
        fs::write(dir.path().join("kafka_2.13-4.1.1.jar"), "").unwrap();
        assert!(existing(dir.path().to_owned()).is_ok());
    }
}
