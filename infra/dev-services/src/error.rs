//! The one error of the development services.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rdkafka::error::KafkaError;

/// A development service could not be started or controlled.
///
/// The messages are written for the operator: they name the cause and what to
/// do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted, as in "create".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A program could not be executed.
    #[error(
        "cannot start {}: {source}; check that it exists and that {user} may execute it",
        program.display()
    )]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The user it was to run as.
        user: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// No randomness for passwords and identifiers.
    #[error("cannot read random bytes from /dev/urandom: {0}")]
    Random(io::Error),
    /// A thread or an asynchronous runtime could not be created.
    #[error("cannot create a thread to wait for a server: {0}; raise the limit on processes")]
    Thread(io::Error),
    /// Another live process uses the data directory.
    #[error(
        "{} is in use by another running process; stop that process or choose another directory",
        path.display()
    )]
    DataDirectoryInUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A `PostgreSQL` server that this process does not own holds the directory.
    #[error(
        "a PostgreSQL server (process {pid}) still runs on {}; stop it, for example with \
         `kill -INT {pid}`, and start again",
        path.display()
    )]
    PostgresStillRunning {
        /// The data directory.
        path: PathBuf,
        /// Process id of the running server.
        pid: i32,
    },
    /// No suitable `PostgreSQL` installation.
    #[error(
        "no PostgreSQL 15 or newer found ({found}); install the PostgreSQL server package or set \
         SECONDWIND_POSTGRES_BIN to the directory that holds `postgres` and `initdb`"
    )]
    PostgresMissing {
        /// What was found instead.
        found: String,
    },
    /// The data directory belongs to another major version.
    #[error(
        "{} was created by PostgreSQL {data_major}, but the binaries in {} are version \
         {binaries_major}; delete the directory, or set SECONDWIND_POSTGRES_BIN to the binaries \
         of version {data_major}",
        data_dir.display(),
        binaries.display()
    )]
    PostgresVersionDiffers {
        /// The data directory.
        data_dir: PathBuf,
        /// Major version that created it.
        data_major: String,
        /// Directory of the binaries found.
        binaries: PathBuf,
        /// Their major version.
        binaries_major: u32,
    },
    /// The directory holds something else.
    #[error(
        "{} is not empty and is no PostgreSQL data directory; choose another directory",
        path.display()
    )]
    NotADataDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The directory belongs to another user.
    #[error(
        "{} belongs to user id {owner}; run as that user, or delete it, or choose another \
         directory",
        path.display()
    )]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// User id of the owner.
        owner: u32,
    },
    /// The password does not open the database.
    #[error(
        "the password in {} does not open the database in {}; restore the file, or delete \
         the directory to start with an empty database",
        password_file.display(),
        data_dir.display()
    )]
    PasswordRefused {
        /// The password file, which may be missing.
        password_file: PathBuf,
        /// The data directory.
        data_dir: PathBuf,
    },
    /// Running as root and no user to drop to.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` \
         to run it as; create one of them or run as an ordinary user"
    )]
    NoServiceUser,
    /// The requested port is in use.
    #[error("port {port} on 127.0.0.1 is taken; stop what listens there or choose another port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No port could be bound.
    #[error("no free port found on 127.0.0.1 between 20000 and 31999")]
    NoFreePort,
    /// A server or tool ended by itself.
    #[error("{service} ended with {status}; the last lines of {}:\n{tail}", log.display())]
    Exited {
        /// Name of the program.
        service: String,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// The end of that log.
        tail: String,
    },
    /// A server runs but does not answer.
    #[error(
        "{service} did not become ready within {seconds} s; the last lines of {}:\n{tail}",
        log.display()
    )]
    NotReady {
        /// Name of the program.
        service: String,
        /// How long it was waited for.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The end of that log.
        tail: String,
    },
    /// No usable Java.
    #[error("Apache Kafka needs Java 17 or newer ({found}); install a Java runtime or set JAVA_HOME")]
    JavaMissing {
        /// What was found instead.
        found: String,
    },
    /// The jars must be fetched and Maven is missing.
    #[error(
        "the Apache Kafka jars are not in {} and Maven (`mvn`) is not installed to fetch them; \
         install Maven, or set KAFKA_HOME to an installed Apache Kafka 4",
        jars.display()
    )]
    MavenMissing {
        /// Where the jars belong.
        jars: PathBuf,
    },
    /// Maven could not fetch the jars.
    #[error(
        "`mvn -f {}` could not fetch the Apache Kafka jars ({status}); check the network and \
         Maven's settings:\n{output}",
        pom.display()
    )]
    MavenFailed {
        /// The project file that lists the jars.
        pom: PathBuf,
        /// How Maven ended.
        status: ExitStatus,
        /// What Maven printed.
        output: String,
    },
    /// A directory that must hold the jars does not.
    #[error(
        "{} holds no Apache Kafka 4 server (no kafka_2.13-4.*.jar); correct KAFKA_HOME or \
         SECONDWIND_KAFKA_JARS, or unset them",
        path.display()
    )]
    KafkaJarsMissing {
        /// The directory.
        path: PathBuf,
    },
    /// An unsupported cluster size.
    #[error("a development Kafka has one node or three, not {0}")]
    KafkaClusterSize(u8),
    /// The data directory belongs to a cluster of another size.
    #[error(
        "{} holds a Kafka cluster of {found} nodes, not {wanted}; delete it or choose another \
         directory",
        path.display()
    )]
    KafkaClusterSizeDiffers {
        /// The data directory.
        path: PathBuf,
        /// Nodes of the stored cluster.
        found: usize,
        /// Nodes asked for.
        wanted: usize,
    },
    /// The cluster has no node of this index.
    #[error("the Kafka cluster has no node with index {0}")]
    KafkaNoSuchNode(usize),
    /// The Kafka client library reports an error.
    #[error("cannot {action}: {source}")]
    Kafka {
        /// What was attempted.
        action: &'static str,
        /// The library's reason.
        source: KafkaError,
    },
}

/// Turns the error of a file operation on `path` into a [`ServiceError`].
pub(crate) fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServiceError + use<> {
    let path = path.to_owned();
    move |source| ServiceError::File { action, path, source }
}
