//! One PostgreSQL for all tests of a binary, one database for each; and one that a test may stop.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use dev_services::{PostgresOptions, PostgresServer};
use infra::Database;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::scratch::{self, lasting_directory};

/// The migrated database that every test's is a copy of.
const TEMPLATE: &str = "secondwind_template";

/// A database of one's own. Clones are the same database.
#[derive(Clone)]
pub struct TestDatabase {
    server: Arc<PostgresServer>,
    name: String,
    /// How an exchange connects, where that is not [`TestDatabase::url`].
    connect_by: Option<String>,
}

/// The server that tests share. It outlives every test and ends with the process.
fn shared() -> &'static Arc<PostgresServer> {
    static SERVER: OnceLock<Arc<PostgresServer>> = OnceLock::new();
    SERVER.get_or_init(|| Arc::new(start(lasting_directory().join("postgres"), 400, &[])))
}

fn start(data_dir: PathBuf, connections: u32, settings: &[(&str, String)]) -> PostgresServer {
    let connections = connections.to_string();
    // These tests kill our processes, never the machine, so the server need not wait for the disk.
    let common = [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("max_connections", connections.as_str()),
        ("shared_buffers", "64MB"),
    ];
    let common = common.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = common.chain(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))).collect();
    PostgresServer::start(PostgresOptions { data_dir, port: None, settings }).expect("PostgreSQL starts")
}

/// A server of a test's own, to be stopped.
pub struct OwnPostgres {
    server: Arc<PostgresServer>,
    // Dropped last, when nobody writes to it any more.
    _directory: TempDir,
}

impl OwnPostgres {
    /// Starts a server.
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// Starts a server with settings of its own.
    pub async fn start_with(settings: Vec<(&'static str, String)>) -> Self {
        let directory = scratch::directory();
        let data_dir = directory.path().join("postgres");
        let server =
            tokio::task::spawn_blocking(move || start(data_dir, 100, &settings)).await.expect("PostgreSQL starts");
        Self { server: Arc::new(server), _directory: directory }
    }

    /// The URL of a database on it, as the server's superuser.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// A migrated database on it.
    pub async fn database(&self) -> TestDatabase {
        let database = TestDatabase { server: Arc::clone(&self.server), name: "test".to_owned(), connect_by: None };
        connect(&self.server.url("postgres")).await.batch_execute("CREATE DATABASE test").await.expect("a database");
        Database::new(&SecretString::from(database.url()))
            .expect("a URL")
            .migrate()
            .await
            .expect("the schema migrates");
        database
    }

    /// Stops all of its processes where they are, until the answer is dropped. Connections stay open, and nobody answers.
    pub fn stop(&self) -> Stopped {
        let pid_file = std::fs::read_to_string(self.server.data_dir().join("postmaster.pid")).expect("the server runs");
        let postmaster = pid_file.lines().next().and_then(|line| line.parse().ok()).expect("a process id");
        // The first of them starts no more when it is stopped.
        let mut stopped = Stopped { processes: vec![postmaster] };
        stopped.signal(Signal::SIGSTOP);
        stopped.processes.extend(children(postmaster));
        stopped.signal(Signal::SIGSTOP);
        stopped
    }
}

/// Processes that have been stopped. They go on when this is dropped.
pub struct Stopped {
    processes: Vec<i32>,
}

impl Stopped {
    fn signal(&self, signal: Signal) {
        for process in &self.processes {
            // One that has ended in the meantime needs no signal.
            let _ = kill(Pid::from_raw(*process), signal);
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
    }
}

/// The processes that `parent` started.
fn children(parent: i32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("Linux tells its processes");
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|process: &i32| {
        // Behind the name in parentheses: the state, then the parent.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent_of = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        parent_of == Some(parent)
    })
    .collect()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL accepts connections");
    tokio::spawn(connection);
    client
}

/// Migrates the template, once.
async fn template() {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    MIGRATED
        .get_or_init(|| async {
            let server = tokio::task::spawn_blocking(shared).await.expect("PostgreSQL starts");
            let admin = connect(&server.url("postgres")).await;
            admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.expect("a template");
            let url = SecretString::from(server.url(TEMPLATE));
            Database::new(&url).expect("a URL").migrate().await.expect("the schema migrates");
        })
        .await;
}

impl TestDatabase {
    /// A fresh database.
    pub async fn create() -> Self {
        template().await;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let server = Arc::clone(shared());
        let admin = connect(&server.url("postgres")).await;
        // A copy waits while another copy of the template is being made.
        let statement = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
        crate::condition::until("the template is copied", async || admin.batch_execute(&statement).await.ok()).await;
        Self { server, name, connect_by: None }
    }

    /// A copy of it as it is, of which nobody knows. Whoever is connected to the original is cut off.
    pub async fn copy(&self) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        let admin = connect(&self.server.url("postgres")).await;
        let cut_off = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        let statement = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        crate::condition::until("the database is copied", async || {
            admin.execute(cut_off, &[&self.name]).await.expect("the superuser may");
            admin.batch_execute(&statement).await.ok()
        })
        .await;
        Self { server: Arc::clone(&self.server), name, connect_by: None }
    }

    /// Removes it, whoever is connected to it.
    pub async fn remove(self) {
        let admin = connect(&self.server.url("postgres")).await;
        admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.expect("the superuser may");
    }

    /// Its URL, as the server's superuser.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The same, to which an exchange connects by another URL.
    #[must_use]
    pub fn with_url(self, url: String) -> Self {
        Self { connect_by: Some(url), ..self }
    }

    /// The URL that an exchange connects by.
    pub fn url_of_exchange(&self) -> String {
        self.connect_by.clone().unwrap_or_else(|| self.url())
    }

    /// A connection as the server's superuser, who owns the schema.
    pub async fn owner(&self) -> Client {
        connect(&self.url()).await
    }

    /// A connection in the application's role: what the service may do.
    pub async fn application(&self) -> Client {
        let client = self.owner().await;
        client.batch_execute("SET ROLE secondwind_app").await.expect("the role exists");
        client
    }
}
