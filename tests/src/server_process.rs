//! The `secondwind` binary as a process of its own, to be killed.

#![expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};

use api::auth::SigningKey;
use serde_json::Value;
use tempfile::TempDir;

use crate::condition::{PATIENCE, until};
use crate::kafka::TestTopic;
use crate::postgres::TestDatabase;

/// Where the binary is: beside the test's own directory. `None` where it was not built.
pub fn binary() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("a path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("a target directory");
    Some(profile.join("secondwind")).filter(|path| path.exists())
}

/// An installation: the binary with a database, a topic and a token key.
pub struct Installation {
    /// Its database.
    pub database: TestDatabase,
    /// The key that signs its tokens.
    pub key: SigningKey,
    binary: PathBuf,
    environment: Vec<(&'static str, String)>,
    _directory: TempDir,
}

/// A running server. Dropping it kills it.
pub struct ServerProcess {
    /// Where it is served.
    pub url: String,
    child: Child,
    stderr: Receiver<String>,
}

impl Installation {
    /// An installation whose topic `serve` creates.
    pub async fn new(binary: PathBuf, topic: &TestTopic) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let key = SigningKey::generate().expect("a key");
        let key_file = directory.path().join("token-key.pem");
        std::fs::write(&key_file, key.pem()).expect("a file");
        let database = TestDatabase::create().await;
        let environment = vec![
            ("DATABASE_URL", database.url()),
            ("KAFKA_BROKERS", topic.brokers.clone()),
            ("SECONDWIND_KAFKA_TOPIC", topic.name.clone()),
            ("SECONDWIND_KAFKA_PARTITIONS", "4".to_owned()),
            ("SECONDWIND_TOKEN_KEY_FILE", key_file.display().to_string()),
            ("SECONDWIND_LISTEN", "127.0.0.1:0".to_owned()),
            ("SECONDWIND_LOG", "info,librdkafka=error,rdkafka=error".to_owned()),
            ("SECONDWIND_LOG_JSON", "true".to_owned()),
        ];
        Self { database, key, binary, environment, _directory: directory }
    }

    /// Runs a command to its end and returns the JSON that it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, command: &str) -> Value {
        let output = self.command(command).output().expect("it starts");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn serve(&self) -> ServerProcess {
        let mut command = self.command("serve");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stderr = lines_of(child.stderr.take().expect("a pipe"));
        let mut said = Vec::new();
        let url = loop {
            let line = stderr.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not serve: {said:#?}"));
            let fields = serde_json::from_str::<Value>(&line).unwrap_or_default()["fields"].take();
            if fields["message"] == "serving" {
                break format!("http://{}", fields["address"].as_str().expect("an address"));
            }
            said.push(line);
        };
        ServerProcess { url, child, stderr }
    }

    fn command(&self, command: impl AsRef<OsStr>) -> Command {
        let mut process = Command::new(&self.binary);
        process.arg(command).envs(self.environment.iter().cloned()).stdin(Stdio::null());
        process
    }
}

impl ServerProcess {
    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end by a signal, as a service manager does or Ctrl-C.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill starts");
        assert!(sent.success(), "kill -s {name} {id}");
    }

    /// Waits until it ends; its status and what it wrote since it served.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let status = until("the server ends", async || self.child.try_wait().expect("a status")).await;
        let said: Vec<String> = self.stderr.try_iter().collect();
        (status, said.join("\n"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads along, so that the process never waits for its pipe to be emptied.
fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stderr);
        let mut line = String::new();
        while reader.by_ref().read_line(&mut line).is_ok_and(|read| read > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    lines
}
