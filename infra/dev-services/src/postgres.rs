//! A `PostgreSQL` server owned by this process.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::runtime::{self, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use super::ServiceError;
use super::error::file_error;
use super::log_file::LogFile;
use super::polling::poll_until;
use super::ports::{free_ports, is_free};
use super::postgres_binaries::PostgresBinaries;
use super::postgres_home::PostgresHome;
use super::process::{ChildProcess, Launch, run_to_completion};

/// How long the creation of a database may take.
const CREATION_DEADLINE: Duration = Duration::from_mins(2);
/// How long the server may take to answer; replaying the log after a crash
/// takes the longest.
const READY_DEADLINE: Duration = Duration::from_mins(2);
/// Pause between two attempts to connect.
const READY_POLL: Duration = Duration::from_millis(20);
/// How long one attempt to connect may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// How long the server may take for its last checkpoint.
const STOP_GRACE: Duration = Duration::from_mins(1);
/// How long a server left by a killed process may take to stop.
const PREDECESSOR_DEADLINE: Duration = Duration::from_mins(1);
/// How long such a server may look as if it were not stopping at all.
const PREDECESSOR_REACTION: Duration = Duration::from_secs(3);
/// Pause between two looks at such a server.
const PREDECESSOR_POLL: Duration = Duration::from_millis(50);
/// Attempts to find a port that stays free until the server has it.
const PORT_ATTEMPTS: usize = 5;
/// The database every installation has.
const MAINTENANCE_DATABASE: &str = "postgres";

/// Settings a caller may override.
const DEFAULT_SETTINGS: [(&str, &str); 9] = [
    ("max_connections", "200"),
    ("shared_buffers", "256MB"),
    ("synchronous_commit", "on"),
    ("wal_compression", "on"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("checkpoint_completion_target", "0.9"),
    ("timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
];

/// How to start a [`PostgresServer`].
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// The data directory; created with its parents and filled on the first
    /// start, reused later. Files named after it with the endings `.log`,
    /// `.password` and `.lock` are kept beside it.
    pub data_dir: PathBuf,
    /// Port on 127.0.0.1, from 1 to 65535; `None` chooses a free one.
    pub port: Option<u16>,
    /// Server settings by name, overriding the defaults of this module. The
    /// addresses the server listens on cannot be overridden.
    pub settings: Vec<(String, String)>,
}

/// A running `PostgreSQL` server of version 15 or newer. Dropping it stops it.
///
/// The server listens on 127.0.0.1 only and wants a password, which is
/// generated on the first start. It keeps its promises about durability
/// (`fsync`, `synchronous_commit`) unless the settings say otherwise.
///
/// A process running as root drops to the user `postgres`, else `nobody`, for
/// the server. Where that user may not enter a directory above the data
/// directory, the data are kept in `/var/tmp/secondwind-<hash>` instead;
/// [`Self::data_dir`] tells the real place.
pub struct PostgresServer {
    // Dropped in this order: the server has stopped when the lock is released.
    child: ChildProcess,
    home: PostgresHome,
    port: u16,
    password: String,
}

impl PostgresServer {
    /// Starts the server and waits until it accepts connections. The first
    /// start on a directory also creates the database.
    ///
    /// Blocks the calling thread: well below a second usually, a few seconds
    /// on the first start, at most some minutes.
    ///
    /// # Errors
    ///
    /// When no suitable `PostgreSQL` is installed, when the data directory or
    /// the port cannot be used, and when the server does not start; the error
    /// then holds the end of its log.
    pub fn start(options: PostgresOptions) -> Result<Self, ServiceError> {
        let PostgresOptions { data_dir, port: requested_port, settings } = options;
        let binaries = PostgresBinaries::locate()?;
        let mut home = PostgresHome::prepare(&data_dir)?;
        if !home.is_initialized() {
            create_database(&binaries, &home, &settings)?;
        }
        let data_major = home.data_major()?;
        if data_major != binaries.major.to_string() {
            return Err(ServiceError::PostgresVersionDiffers {
                data_dir: home.data_dir,
                data_major,
                binaries: binaries.dir,
                binaries_major: binaries.major,
            });
        }
        let password = home.password()?;
        await_predecessor(&home.data_dir)?;
        let mut attempt = 1;
        loop {
            let port = choose_port(requested_port)?;
            let launch = server_launch(&binaries, &home, port, &settings);
            let log = launch.log.clone();
            let child = ChildProcess::spawn(launch)?;
            let mut server = Self { child, home, port, password: password.clone() };
            match server.await_ready() {
                Ok(()) => return Ok(server),
                Err(ServiceError::Exited { .. })
                    if requested_port.is_none()
                        && attempt < PORT_ATTEMPTS
                        && log.tail().contains("Address already in use") =>
                {
                    attempt += 1;
                    home = server.home;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Connection URL of the superuser for `database`, whose name needs no
    /// percent-encoding. Contains the password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of the superuser `postgres`.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The directory that really holds the data.
    pub fn data_dir(&self) -> &Path {
        &self.home.data_dir
    }

    /// The server's log file.
    pub fn log_file(&self) -> PathBuf {
        self.home.log_file()
    }

    /// Disconnects all clients and stops the server after a last checkpoint.
    ///
    /// Blocks the calling thread for up to a minute, after which the server is
    /// killed; committed data survive that as well.
    pub fn stop(self) {
        drop(self);
    }

    /// Waits until the superuser can log in.
    fn await_ready(&mut self) -> Result<(), ServiceError> {
        // A thread of its own, since the caller's may be driving a runtime.
        let outcome = thread::scope(|scope| {
            thread::Builder::new()
                .name("postgres-ready".to_owned())
                .spawn_scoped(scope, || {
                    let runtime =
                        runtime::Builder::new_current_thread().enable_all().build().map_err(ServiceError::Thread)?;
                    let url = self.url(MAINTENANCE_DATABASE);
                    Ok(poll_until(READY_DEADLINE, READY_POLL, || {
                        if let Some(status) = self.child.exit_status() {
                            return Some(Readiness::Exited(status));
                        }
                        attempt_login(&runtime, &url)
                    }))
                })
                .map_err(ServiceError::Thread)?
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        match outcome {
            Some(Readiness::Ready) => Ok(()),
            Some(Readiness::PasswordRefused) => Err(ServiceError::PasswordRefused {
                password_file: self.home.password_file(),
                data_dir: self.home.data_dir.clone(),
            }),
            Some(Readiness::Exited(status)) => Err(self.child.exited(status)),
            None => Err(self.child.not_ready(READY_DEADLINE)),
        }
    }
}

// By hand, so that the password never reaches a log.
impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresServer")
            .field("data_dir", &self.home.data_dir)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What ends the wait for a server.
enum Readiness {
    Ready,
    PasswordRefused,
    Exited(ExitStatus),
}

/// Logs in once; `None` asks for another attempt.
fn attempt_login(runtime: &Runtime, url: &str) -> Option<Readiness> {
    runtime.block_on(async {
        let attempt = async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            drop(client);
            connection.await
        };
        match tokio::time::timeout(CONNECT_DEADLINE, attempt).await {
            Ok(Ok(())) => Some(Readiness::Ready),
            Ok(Err(error)) if error.code() == Some(&SqlState::INVALID_PASSWORD) => Some(Readiness::PasswordRefused),
            _ => None,
        }
    })
}

/// Creates the database of `home`.
fn create_database(
    binaries: &PostgresBinaries,
    home: &PostgresHome,
    settings: &[(String, String)],
) -> Result<(), ServiceError> {
    home.store_new_password()?;
    let creation_dir = home.creation_dir()?;
    let mut arguments: Vec<OsString> = vec![
        "--username=postgres".into(),
        "--auth=scram-sha-256".into(),
        "--encoding=UTF8".into(),
        "--locale=C".into(),
        "--data-checksums".into(),
        "--no-instructions".into(),
        "--pwfile".into(),
        home.password_file().into(),
        "--pgdata".into(),
        creation_dir.clone().into(),
    ];
    if settings.iter().any(|(name, value)| name == "fsync" && value == "off") {
        arguments.push("--no-sync".into());
    }
    run_to_completion(
        launch("PostgreSQL initdb", binaries.program("initdb"), arguments, home, &creation_dir),
        CREATION_DEADLINE,
    )?;
    home.adopt(&creation_dir)
}

/// The server's command line.
fn server_launch(binaries: &PostgresBinaries, home: &PostgresHome, port: u16, settings: &[(String, String)]) -> Launch {
    let port = port.to_string();
    let fixed = [
        ("listen_addresses", "127.0.0.1"),
        ("port", port.as_str()),
        // Clients use the loopback interface; a socket file would need a
        // directory that both users can write.
        ("unix_socket_directories", ""),
        // The log goes to the inherited standard error.
        ("logging_collector", "off"),
    ];
    let chosen = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut arguments: Vec<OsString> = vec!["-D".into(), home.data_dir.clone().into()];
    // The last value of a setting wins.
    for (name, value) in DEFAULT_SETTINGS.into_iter().chain(chosen).chain(fixed) {
        arguments.push("-c".into());
        arguments.push(format!("{name}={value}").into());
    }
    launch("PostgreSQL", binaries.program("postgres"), arguments, home, &home.data_dir)
}

fn launch(
    service: &str,
    program: PathBuf,
    arguments: Vec<OsString>,
    home: &PostgresHome,
    working_dir: &Path,
) -> Launch {
    Launch {
        service: service.to_owned(),
        program,
        arguments,
        // English messages, independent of the operator's locale.
        environment: vec![("LC_ALL", "C".into())],
        working_dir: working_dir.to_owned(),
        log: LogFile::at_end_of(&home.log_file()),
        run_as: home.user.clone(),
        // Fast shutdown: disconnects clients, then writes a checkpoint.
        stop_signal: Signal::SIGINT,
        stop_grace: STOP_GRACE,
        orphan_signal: Signal::SIGINT,
    }
}

fn choose_port(requested: Option<u16>) -> Result<u16, ServiceError> {
    match requested {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => Err(ServiceError::PortTaken { port }),
        None => free_ports(1)?.first().copied().ok_or(ServiceError::NoFreePort),
    }
}

/// Waits for a server that an earlier, killed process left on `data_dir` and
/// that is still shutting down.
fn await_predecessor(data_dir: &Path) -> Result<(), ServiceError> {
    let began = Instant::now();
    let mut last_pid = 0;
    poll_until(PREDECESSOR_DEADLINE, PREDECESSOR_POLL, || {
        match PidFile::of_running_server(data_dir) {
            Ok(None) => Some(Ok(())),
            Ok(Some(server)) => {
                last_pid = server.pid;
                // The signal reaches a server left behind within moments; one
                // that does not stop belongs to somebody else.
                let hopeful = server.stopping || began.elapsed() < PREDECESSOR_REACTION;
                (!hopeful).then(|| Err(still_running(data_dir, server.pid)))
            }
            Err(error) => Some(Err(error)),
        }
    })
    .unwrap_or_else(|| Err(still_running(data_dir, last_pid)))
}

fn still_running(data_dir: &Path, pid: i32) -> ServiceError {
    ServiceError::PostgresStillRunning { path: data_dir.to_owned(), pid }
}

/// The running server that a data directory's `postmaster.pid` names.
struct PidFile {
    pid: i32,
    stopping: bool,
}

impl PidFile {
    /// `None` when there is no such file or its server is gone.
    fn of_running_server(data_dir: &Path) -> Result<Option<Self>, ServiceError> {
        let file = data_dir.join("postmaster.pid");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error("read", &file)(error)),
        };
        let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()) else {
            return Ok(None);
        };
        // The eighth line is the server's state.
        let stopping = text.lines().nth(7).is_some_and(|line| line.trim() == "stopping");
        Ok(is_postgres(pid).then_some(Self { pid, stopping }))
    }
}

/// Whether process `pid` lives and is a `PostgreSQL` server, as far as this
/// system tells; after a reboot the number may be anyone's.
fn is_postgres(pid: i32) -> bool {
    if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return false;
    }
    fs::read_to_string(format!("/proc/{pid}/comm"))
        .map_or(cfg!(not(target_os = "linux")), |name| name.trim() == "postgres")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;
    use tokio_postgres::Client;

    /// A directory that the server's user may enter also when this is root.
    fn shared_dir() -> TempDir {
        dir_with_mode(0o711)
    }

    fn dir_with_mode(mode: u32) -> TempDir {
        tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempdir().unwrap()
    }

    fn options(dir: &TempDir) -> PostgresOptions {
        PostgresOptions { data_dir: dir.path().join("postgres"), ..PostgresOptions::default() }
    }

    async fn connect(server: &PostgresServer) -> Client {
        let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn text(client: &Client, query: &str) -> String {
        client.query_one(query, &[]).await.unwrap().get(0)
    }

    #[tokio::test]
    async fn data_survive_a_restart_and_a_kill() {
        let dir = shared_dir();
        let server = PostgresServer::start(options(&dir)).unwrap();
        assert_eq!(server.data_dir(), dir.path().join("postgres"));
        let mode = fs::metadata(dir.path().join("postgres.password")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let client = connect(&server).await;
        for (setting, value) in [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("data_checksums", "on"),
            ("listen_addresses", "127.0.0.1"),
            ("server_encoding", "UTF8"),
        ] {
            assert_eq!(text(&client, &format!("SHOW {setting}")).await, value);
        }
        client.batch_execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('one')").await.unwrap();
        let password = server.password().to_owned();
        server.stop();

        let mut server = PostgresServer::start(options(&dir)).unwrap();
        assert_eq!(server.password(), password);
        let client = connect(&server).await;
        assert_eq!(text(&client, "SELECT word FROM kept").await, "one");
        client.batch_execute("UPDATE kept SET word = 'two'").await.unwrap();
        server.child.stop(Signal::SIGKILL, Duration::from_secs(10));
        drop(server);

        let server = PostgresServer::start(options(&dir)).unwrap();
        let client = connect(&server).await;
        assert_eq!(text(&client, "SELECT word FROM kept").await, "two");
    }

    #[test]
    fn a_second_server_on_the_same_directory_is_refused() {
        let dir = shared_dir();
        let fast = || PostgresOptions { settings: vec![("fsync".to_owned(), "off".to_owned())], ..options(&dir) };
        let first = PostgresServer::start(fast()).unwrap();
        assert!(matches!(PostgresServer::start(fast()), Err(ServiceError::DataDirectoryInUse { .. })));
        let other = shared_dir();
        assert!(matches!(
            PostgresServer::start(PostgresOptions {
                port: Some(first.port()),
                settings: fast().settings,
                ..options(&other)
            }),
            Err(ServiceError::PortTaken { .. })
        ));
    }

    #[test]
    fn a_server_still_shutting_down_is_awaited() {
        let dir = shared_dir();
        let mut first = PostgresServer::start(options(&dir)).unwrap();
        first.child.signal(Signal::SIGINT);
        await_predecessor(&first.home.data_dir).unwrap();
        assert!(PidFile::of_running_server(&first.home.data_dir).unwrap().is_none());
    }

    #[test]
    fn a_wrong_setting_is_explained_by_the_log() {
        let dir = shared_dir();
        let error = PostgresServer::start(PostgresOptions {
            settings: vec![("no_such_setting".to_owned(), "1".to_owned())],
            ..options(&dir)
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("unrecognized configuration parameter"), "{error}");
    }

    #[test]
    fn a_foreign_directory_is_not_touched() {
        let dir = shared_dir();
        fs::create_dir(dir.path().join("postgres")).unwrap();
        fs::write(dir.path().join("postgres/letter.txt"), "dear").unwrap();
        assert!(matches!(PostgresServer::start(options(&dir)), Err(ServiceError::NotADataDirectory { .. })));
    }

    #[test]
    fn root_keeps_data_elsewhere_when_the_server_cannot_reach_them() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("not run: needs root");
            return;
        }
        let dir = dir_with_mode(0o700);
        let server = PostgresServer::start(options(&dir)).unwrap();
        let real = server.data_dir().parent().unwrap().to_owned();
        assert!(real.starts_with("/var/tmp"), "{}", real.display());
        server.stop();
        fs::remove_dir_all(real).unwrap();
    }
}
