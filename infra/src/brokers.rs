//! Access to Kafka's brokers: addresses, encryption and login.

use std::path::PathBuf;

use rdkafka::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Brokers of a cluster, and how connections to them are protected.
#[derive(Clone, Debug)]
pub struct Brokers {
    /// Addresses as `host:port,…`.
    pub addresses: String,
    /// Protection of the connections.
    pub security: BrokerSecurity,
}

/// Protection of connections to the brokers.
#[derive(Clone, Debug, Default)]
pub struct BrokerSecurity {
    /// Encryption; `None` for connections in the clear.
    pub tls: Option<BrokerTls>,
    /// Login of this client; `None` when it does not log in.
    pub login: Option<BrokerLogin>,
}

/// Encryption by TLS. The broker's certificate is always verified, its host name included.
#[derive(Clone, Debug, Default)]
pub struct BrokerTls {
    /// PEM file of certificate authorities; `None` for the machine's.
    pub ca_file: Option<PathBuf>,
}

/// Login by name and password.
#[derive(Clone, Debug)]
pub struct BrokerLogin {
    /// Mechanism that proves the password.
    pub mechanism: SaslMechanism,
    /// Name of the user at the brokers.
    pub username: String,
    /// Password of the user.
    pub password: SecretString,
}

/// Mechanism of SASL that proves a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum SaslMechanism {
    /// Sends the password as it is.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Answers a challenge, with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Answers a challenge, with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl SaslMechanism {
    /// Returns the name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl From<String> for Brokers {
    /// Makes brokers that are reached without protection.
    fn from(addresses: String) -> Self {
        Self { addresses, security: BrokerSecurity::default() }
    }
}

impl Brokers {
    /// Returns the settings that every client of these brokers begins with.
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
