//! How Kafka's brokers are reached: addresses, encryption and login.

use std::path::PathBuf;

use rdkafka::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The brokers of a cluster, and how connections to them are protected.
#[derive(Clone, Debug)]
pub struct Brokers {
    /// Where they are: `host:port,…`.
    pub addresses: String,
    /// How connections are protected.
    pub security: BrokerSecurity,
}

/// How connections to the brokers are protected.
#[derive(Clone, Debug, Default)]
pub struct BrokerSecurity {
    /// Whether connections are encrypted, and who may vouch for the brokers.
    pub tls: Option<BrokerTls>,
    /// How this client logs in; `None` when it does not.
    pub login: Option<BrokerLogin>,
}

/// Encryption. The broker's certificate is always verified, its host name included.
#[derive(Clone, Debug, Default)]
pub struct BrokerTls {
    /// Certificate authorities in a PEM file; `None` for the machine's.
    pub ca_file: Option<PathBuf>,
}

/// A login by name and password.
#[derive(Clone, Debug)]
pub struct BrokerLogin {
    /// How the password is proven.
    pub mechanism: SaslMechanism,
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// How a password is proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum SaslMechanism {
    /// It is sent as it is.
    #[serde(rename = "PLAIN")]
    Plain,
    /// By a challenge, with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// By a challenge, with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl SaslMechanism {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl From<String> for Brokers {
    /// Brokers that are reached without protection.
    fn from(addresses: String) -> Self {
        Self { addresses, security: BrokerSecurity::default() }
    }
}

impl Brokers {
    /// The settings that every client of these brokers begins with.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.addresses);
        let BrokerSecurity { tls, login } = &self.security;
        let protocol = match (tls, login) {
            (None, None) => return config,
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(BrokerTls { ca_file }) = tls {
            config.set("ssl.endpoint.identification.algorithm", "https");
            config.set("enable.ssl.certificate.verification", "true");
            if let Some(ca_file) = ca_file {
                config.set("ssl.ca.location", ca_file.to_string_lossy());
            }
        }
        if let Some(BrokerLogin { mechanism, username, password }) = login {
            config.set("sasl.mechanism", mechanism.name());
            config.set("sasl.username", username);
            config.set("sasl.password", password.expose_secret());
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::producer::BaseProducer;

    fn brokers(tls: Option<BrokerTls>, mechanism: Option<SaslMechanism>) -> Brokers {
        let login = mechanism.map(|mechanism| BrokerLogin {
            mechanism,
            username: "secondwind".to_owned(),
            password: SecretString::from("pass"),
        });
        Brokers { addresses: "127.0.0.1:1".to_owned(), security: BrokerSecurity { tls, login } }
    }

    #[test]
    fn each_protection_is_one_that_the_client_library_has() {
        let tls = || Some(BrokerTls::default());
        for (brokers, protocol, mechanism) in [
            (brokers(None, None), None, None),
            (brokers(tls(), None), Some("ssl"), None),
            (brokers(None, Some(SaslMechanism::Plain)), Some("sasl_plaintext"), Some("PLAIN")),
            (brokers(tls(), Some(SaslMechanism::ScramSha256)), Some("sasl_ssl"), Some("SCRAM-SHA-256")),
            (brokers(tls(), Some(SaslMechanism::ScramSha512)), Some("sasl_ssl"), Some("SCRAM-SHA-512")),
        ] {
            let config = brokers.client();
            assert_eq!((config.get("security.protocol"), config.get("sasl.mechanism")), (protocol, mechanism));
            config.create::<BaseProducer>().unwrap_or_else(|error| panic!("{protocol:?} {mechanism:?}: {error}"));
        }
    }
}
