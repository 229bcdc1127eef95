//! The service's settings: defaults, then a file, then the environment; read once and checked before anything starts.

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

/// What `secondwind serve` needs to know.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database: `postgres://user:password@host:port/name`.
    pub database_url: SecretString,
    /// The Kafka brokers: `host:port,…`.
    pub kafka_brokers: String,
    /// The topic that carries the log.
    pub kafka_topic: String,
    /// The topic's partitions when it has to be created: 1 to 1000.
    pub kafka_partitions: i32,
    /// The topic's replication when it has to be created: 1 to 10.
    pub kafka_replication: i32,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The Ed25519 private key (PKCS #8, PEM) that signs access tokens.
    pub token_key_file: PathBuf,
    /// How far the machine's clock may move against its monotonic clock within a day, in minutes: 1 to 1440.
    pub clock_jump_minutes_max: u32,
    /// How far the machine's clock may be ahead of the log's last event at the start, in hours: 1 to 87600.
    pub clock_gap_hours_max: u32,
    /// How connections to the brokers are protected.
    #[serde(default)]
    kafka_security: broker_security::Section,
    /// Where `/metrics` is served, instead of on `listen`.
    pub metrics_listen: Option<SocketAddr>,
    /// The bearer token that `/metrics` on `listen` asks for. Without this and `metrics_listen` nobody is told the metrics.
    pub metrics_token: Option<SecretString>,
    /// How much of the exchange one organization, client or address may use.
    pub limits: Limits,
    /// How much work the exchange does for one order, and how many asks may rest: each from 1 to 1,000,000.
    pub search: matching::Limits,
}

/// The settings' defaults, which are also the list of what has one.
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

/// The topic that carries the log, unless another is set.
pub const DEFAULT_TOPIC: &str = "secondwind.events";
/// The topic's partitions, unless set otherwise.
pub const DEFAULT_PARTITIONS: i32 = 4;

/// A shorter token could be guessed.
const METRICS_TOKEN_LENGTH_MIN: usize = 16;

/// The settings are incomplete or wrong.
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
        /// The setting.
        setting: &'static str,
        /// What it must be.
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

    /// The Kafka brokers, and how they are reached.
    ///
    /// # Errors
    /// [`ConfigError`] when settings of their protection do not go together.
    pub fn brokers(&self) -> Result<Brokers, ConfigError> {
        Ok(Brokers { addresses: self.kafka_brokers.clone(), security: self.kafka_security.check()? })
    }

    /// How far the machine's clock is believed.
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
