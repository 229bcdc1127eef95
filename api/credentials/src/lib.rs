//! The file that `secondwind run` leaves for its clients: where the exchange and what lies behind it are, and who may talk to it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The content of `.secondwind/credentials.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// The exchange.
    pub url: String,
    /// The database, in the application's role.
    #[serde(default)]
    pub database_url: Option<String>,
    /// The brokers.
    #[serde(default)]
    pub kafka_brokers: Option<String>,
    /// The topics.
    #[serde(default)]
    pub topics: Topics,
    /// The API clients.
    pub clients: Vec<ClientCredentials>,
}

/// Names of Kafka topics.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Topics {
    /// The topic that carries the log.
    #[serde(default)]
    pub events: Option<String>,
}

/// An OAuth2 client.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// Whose it is.
    #[serde(default)]
    pub organization: String,
    /// What it may do.
    pub role: String,
    /// Id under which it asks for tokens.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("organization", &self.organization)
            .field("role", &self.role)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read or written.
    #[error("{}: {source}; `secondwind run` writes it", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not the file that `secondwind run` writes.
    #[error("{} is not a credentials file: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader met.
        source: serde_json::Error,
    },
}

impl Credentials {
    /// Reads the file.
    ///
    /// # Errors
    /// [`CredentialsError`] when it cannot be read or is another file.
    pub fn read(path: &Path) -> Result<Self, CredentialsError> {
        let file = |source| CredentialsError::File { path: path.to_owned(), source };
        let text = std::fs::read(path).map_err(file)?;
        serde_json::from_slice(&text).map_err(|source| CredentialsError::Format { path: path.to_owned(), source })
    }

    /// Writes the file so that only its owner can read it, whole or not at all.
    ///
    /// # Errors
    /// [`CredentialsError::File`] when the directory cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CredentialsError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|source| CredentialsError::Format { path: path.to_owned(), source })?;
        write_secret(path, &text).map_err(|source| CredentialsError::File { path: path.to_owned(), source })
    }

    /// The first client with the role.
    pub fn with_role(&self, role: &str) -> Option<&ClientCredentials> {
        self.clients.iter().find(|client| client.role == role)
    }

    /// Brokers and topic of the events, where both are known.
    pub fn events_topic(&self) -> Option<(String, String)> {
        let brokers = self.kafka_brokers.clone().filter(|brokers| !brokers.is_empty())?;
        Some((brokers, self.topics.events.clone()?))
    }
}

/// Writes a file that only its owner can read: under another name first, so that readers never see a part of it.
///
/// # Errors
/// The operating system's error.
pub fn write_secret(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Temporary files are readable by their owner only, and keep that when they get their name.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    std::io::Write::write_all(&mut file, content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_skipped_and_secrets_stay_out_of_logs() {
        let text = r#"{"url":"http://127.0.0.1:1","topics":{},"kafka_brokers":"127.0.0.1:9092",
            "clients":[{"organization":"o","role":"operator","client_id":"c","client_secret":"hush"}]}"#;
        let credentials: Credentials = serde_json::from_str(text).unwrap();
        assert!(credentials.events_topic().is_none() && credentials.database_url.is_none());
        assert!(credentials.with_role("operator").is_some() && credentials.with_role("finance").is_none());
        assert!(!format!("{credentials:?}").contains("hush"));
    }

    #[test]
    fn only_the_owner_can_read_what_is_written() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials.json");
        let written = Credentials {
            url: "http://127.0.0.1:1".into(),
            database_url: None,
            kafka_brokers: None,
            topics: Topics::default(),
            clients: vec![],
        };
        written.write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Credentials::read(&path).unwrap().url, written.url);
    }
}
