//! Settings of the service: defaults, then a file, then the environment; read once and checked before anything starts.

mod broker_security;
mod limits;

pub use limits::{INSTRUCTIONS_BURST_MIN, Limits, RATE_MAX, Rate, Rates};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::ClockBounds;
use crate::brokers::Brokers;

/// Settings of `secondwind serve`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// URL of the database: `postgres://user:password@host:port/name`.
    pub database_url: SecretString,
    /// Kafka brokers: `host:port,…`.
    pub kafka_brokers: String,
    /// Topic that carries the log.
    pub kafka_topic: String,
    /// Partitions of the topic when it has to be created: 1 to 1000.
    pub kafka_partitions: i32,
    /// Replication of the topic when it has to be created: 1 to 10.
    pub kafka_replication: i32,
    /// Address at which HTTP is served.
    pub listen: SocketAddr,
    /// File of the Ed25519 private key (PKCS #8, PEM) that signs access tokens.
    pub token_key_file: PathBuf,
    /// Largest movement of the machine's clock against its monotonic clock within a day, in minutes: 1 to 1440.
    pub clock_jump_minutes_max: u32,
    /// Largest time from the log's last event to the machine's clock at the start, in hours: 1 to 87600.
    pub clock_gap_hours_max: u32,
    /// Protection of connections to the brokers.
    #[serde(default)]
    kafka_security: broker_security::Section,
    /// Address at which `/metrics` is served, instead of `listen`; `None` serves it on `listen` with the token.
    pub metrics_listen: Option<SocketAddr>,
    /// Bearer token that `/metrics` on `listen` asks for. Without this and `metrics_listen` the metrics are not served.
    pub metrics_token: Option<SecretString>,
    /// Limits on what one organization, client or address may use.
    pub limits: Limits,
    /// Limits on the work for one order and on the asks at rest: each from 1 to 1,000,000.
    pub search: matching::Limits,
}

/// Defaults of the settings, which are also the list of what has one.
#[derive(Serialize)]
struct Defaults {
    kafka_topic: &'static str,
    kafka_partitions: i32,
    kafka_replication: i32,
    listen: &'static str,
    clock_jump_minutes_max: u32,
    clock_gap_hours_max: u32,
    limits: Limits,
    search: matching::Limits,
}

/// Topic that carries the log, unless another is set.
pub const DEFAULT_TOPIC: &str = "secondwind.events";
/// Partitions of the topic, unless set otherwise.
pub const DEFAULT_PARTITIONS: i32 = 4;

/// Smallest length of the metrics token: a shorter one could be guessed.
const METRICS_TOKEN_LENGTH_MIN: usize = 16;

/// Error: the settings are incomplete or wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is missing, unknown or of the wrong form.
    #[error(
        "the configuration is not usable: {0}. Settings come from the file given by --config and from the environment: \
             DATABASE_URL, KAFKA_BROKERS, and SECONDWIND_<SETTING> for the rest"
    )]
    Values(#[from] Box<figment::Error>),
    /// A value is out of range.
    #[error("the setting {setting} must be {expected}")]
    Range {
        /// Name of the setting.
        setting: &'static str,
        /// Values that it may have.
        expected: &'static str,
    },
    /// The file does not exist.
    #[error("the configuration file {} does not exist", .0.display())]
    NoFile(PathBuf),
}

impl Config {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting and what is wrong with it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let defaults = Defaults {
            kafka_topic: DEFAULT_TOPIC,
            kafka_partitions: DEFAULT_PARTITIONS,
            kafka_replication: 1,
            listen: "127.0.0.1:8080",
            clock_jump_minutes_max: 60,
            clock_gap_hours_max: 720,
            limits: Limits::default(),
            search: matching::Limits::default(),
        };
        let mut figment = Figment::from(Serialized::defaults(defaults));
        if let Some(file) = file {
            if !file.exists() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            figment = figment.merge(Toml::file(file));
        }
        let plain = Env::raw().only(&["DATABASE_URL", "KAFKA_BROKERS"]);
        let settings = [
            "KAFKA_TOPIC",
            "KAFKA_PARTITIONS",
            "KAFKA_REPLICATION",
            "LISTEN",
            "TOKEN_KEY_FILE",
            "CLOCK_JUMP_MINUTES_MAX",
            "CLOCK_GAP_HOURS_MAX",
            "METRICS_LISTEN",
            "METRICS_TOKEN",
            "LIMITS",
            "SEARCH",
        ];
        let prefixed = Env::prefixed("SECONDWIND_").only(&settings);
        let figment = figment.merge(plain).merge(prefixed).merge(broker_security::environment());
        let config: Self = figment.extract().map_err(Box::new)?;
        config.check()?;
        Ok(config)
    }

    /// Returns the Kafka brokers, and how they are reached.
    ///
    /// # Errors
    /// [`ConfigError`] when the settings of their protection contradict each other.
    pub fn brokers(&self) -> Result<Brokers, ConfigError> {
        Ok(Brokers { addresses: self.kafka_brokers.clone(), security: self.kafka_security.check()? })
    }

    /// Returns the bounds within which the machine's clock is believed.
    pub fn clock_bounds(&self) -> ClockBounds {
        ClockBounds {
            jump_max: Duration::from_mins(self.clock_jump_minutes_max.into()),
            gap_max: Duration::from_hours(self.clock_gap_hours_max.into()),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let range = |setting, expected| Err(ConfigError::Range { setting, expected });
        if !(1..=1000).contains(&self.kafka_partitions) {
            return range("kafka_partitions", "from 1 to 1000");
        }
        if !(1..=10).contains(&self.kafka_replication) {
            return range("kafka_replication", "from 1 to 10");
        }
        if !(1..=1_440).contains(&self.clock_jump_minutes_max) {
            return range("clock_jump_minutes_max", "from 1 to 1440");
        }
        if !(1..=87_600).contains(&self.clock_gap_hours_max) {
            return range("clock_gap_hours_max", "from 1 to 87600");
        }
        if self.kafka_topic.is_empty() || self.kafka_brokers.is_empty() {
            return range("kafka_topic and kafka_brokers", "set");
        }
        self.kafka_security.check()?;
        if self.metrics_token.as_ref().is_some_and(|token| token.expose_secret().len() < METRICS_TOKEN_LENGTH_MIN) {
            return range("metrics_token", "at least 16 characters");
        }
        let matching::Limits {
            search_candidates,
            explanation_candidates,
            asks_per_lot_max,
            asks_per_market_max,
            trades_per_step,
        } = self.search;
        let search =
            [search_candidates, explanation_candidates, asks_per_lot_max, asks_per_market_max, trades_per_step];
        if !search.iter().all(|limit| (1..=1_000_000).contains(limit)) {
            return range("search", "a table of numbers from 1 to 1000000");
        }
        self.limits.check()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_searches_is_set_alone_and_is_not_zero() {
        let load = |limit: u32| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let text = format!(
                "database_url = 'postgres://localhost/none'\nkafka_brokers = 'localhost:1'\ntoken_key_file = 'none'\n\
                 [search]\nsearch_candidates = {limit}\n"
            );
            std::fs::write(&file, text).unwrap();
            Config::load(Some(file.path()))
        };
        let expected = matching::Limits { search_candidates: 8, ..matching::Limits::default() };
        assert_eq!(load(8).unwrap().search, expected);
        assert!(matches!(load(0), Err(ConfigError::Range { setting: "search", .. })));
    }
}
