//! Protection of connections to Kafka, as the section `kafka_security` of the settings.

use std::path::PathBuf;

use figment::Figment;
use figment::providers::Env;
use secrecy::SecretString;
use serde::Deserialize;

use super::ConfigError;
use crate::brokers::{BrokerLogin, BrokerSecurity, BrokerTls, SaslMechanism};

/// Name of the section.
const SECTION: &str = "kafka_security";
/// Names of its settings in the environment, behind `SECONDWIND_KAFKA_`.
const NAMES: [&str; 5] = ["TLS", "CA_FILE", "SASL_MECHANISM", "USERNAME", "PASSWORD"];

/// Section as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    tls: bool,
    ca_file: Option<PathBuf>,
    sasl_mechanism: Option<SaslMechanism>,
    username: Option<String>,
    password: Option<SecretString>,
}

/// Returns the environment's part of the section.
pub(super) fn environment() -> Env {
    Env::prefixed("SECONDWIND_KAFKA_").only(&NAMES).map(|name| format!("{SECTION}.{name}").into())
}

impl BrokerSecurity {
    /// Reads it from the environment alone.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting and what is wrong with it.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let figment = Figment::from(environment());
        let section = if figment.contains(SECTION) {
            figment.extract_inner(SECTION).map_err(Box::new)?
        } else {
            Section::default()
        };
        section.check()
    }
}

impl Section {
    /// Checks the section and converts it.
    pub fn check(&self) -> Result<BrokerSecurity, ConfigError> {
        let refused = |setting, expected| Err(ConfigError::Range { setting, expected });
        if !self.tls && self.ca_file.is_some() {
            return refused("kafka_security.ca_file", "set with tls = true only");
        }
        if self.ca_file.as_ref().is_some_and(|file| !file.is_file()) {
            return refused("kafka_security.ca_file", "a file that exists");
        }
        let login = match (self.sasl_mechanism, &self.username, &self.password) {
            (Some(SaslMechanism::Plain), Some(_), Some(_)) if !self.tls => {
                let expected = "SCRAM-SHA-256 or SCRAM-SHA-512 without TLS: PLAIN sends the password as it is";
                return refused("kafka_security.sasl_mechanism", expected);
            }
            (Some(mechanism), Some(username), Some(password)) => {
                Some(BrokerLogin { mechanism, username: username.clone(), password: password.clone() })
            }
            (None, None, None) => None,
            _ => return refused("kafka_security", "given sasl_mechanism, username and password, or none of them"),
        };
        let tls = self.tls.then(|| BrokerTls { ca_file: self.ca_file.clone() });
        Ok(BrokerSecurity { tls, login })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::providers::{Format, Toml};

    fn read(toml: &str) -> Result<BrokerSecurity, String> {
        let section: Result<Section, _> = Figment::from(Toml::string(toml)).extract();
        section.map_err(|error| error.to_string())?.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_goes_together_is_set_together() {
        let plain = read("").unwrap();
        assert!(plain.tls.is_none() && plain.login.is_none());
        let login = "username = \"u\"\npassword = \"p\"\nsasl_mechanism = ";
        let protected = read(&format!("tls = true\n{login}\"PLAIN\"")).unwrap();
        assert!(protected.tls.is_some());
        assert_eq!(protected.login.unwrap().mechanism, SaslMechanism::Plain);
        assert!(read(&format!("{login}\"SCRAM-SHA-512\"")).unwrap().tls.is_none());
        for (toml, cause) in [
            (format!("{login}\"PLAIN\""), "PLAIN sends the password"),
            (format!("{login}\"GSSAPI\""), "GSSAPI"),
            ("username = \"u\"".to_owned(), "or none of them"),
            ("ca_file = \"/etc/passwd\"".to_owned(), "tls = true"),
            ("tls = true\nca_file = \"/nowhere\"".to_owned(), "exists"),
            ("protocol = \"ssl\"".to_owned(), "protocol"),
        ] {
            let error = read(&toml).unwrap_err();
            assert!(error.contains(cause), "{toml}: {error}");
        }
    }
}
