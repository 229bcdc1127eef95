//! One PostgreSQL for all tests of a binary, one database for each.

use std::sync::OnceLock;

use infra::Database;
use infra::embedded::{PostgresOptions, PostgresServer};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::scratch::lasting_directory;

/// The migrated database that every test's is a copy of.
const TEMPLATE: &str = "secondwind_template";

/// A database of one's own, as copied from the template. Clones are the same database.
#[derive(Clone)]
pub struct TestDatabase {
    name: String,
}

/// The server. It outlives every test and ends with the process.
fn server() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        // These tests kill our processes, never the machine, so the server need not wait for the disk.
        let settings =
            [("fsync", "off"), ("full_page_writes", "off"), ("max_connections", "400"), ("shared_buffers", "64MB")];
        PostgresServer::start(PostgresOptions {
            data_dir: lasting_directory().join("postgres"),
            port: None,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        })
        .expect("PostgreSQL starts")
    })
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
            let server = tokio::task::spawn_blocking(server).await.expect("PostgreSQL starts");
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
        let admin = connect(&server().url("postgres")).await;
        // A copy waits while another copy of the template is being made.
        let statement = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
        crate::condition::until("the template is copied", async || admin.batch_execute(&statement).await.ok()).await;
        Self { name }
    }

    /// A copy of it as it is, of which nobody knows. Whoever is connected to the original is cut off.
    pub async fn copy(&self) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        let admin = connect(&server().url("postgres")).await;
        let cut_off = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        let statement = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        crate::condition::until("the database is copied", async || {
            admin.execute(cut_off, &[&self.name]).await.expect("the superuser may");
            admin.batch_execute(&statement).await.ok()
        })
        .await;
        Self { name }
    }

    /// Removes it, whoever is connected to it.
    pub async fn remove(self) {
        let admin = connect(&server().url("postgres")).await;
        admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.expect("the superuser may");
    }

    /// Its URL, as the server's superuser.
    pub fn url(&self) -> String {
        server().url(&self.name)
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
