//! Development services: the servers the backend needs, started and owned by
//! the process that uses them.
//!
//! This module owns child processes, their data directories, ports and
//! passwords. It starts a real `PostgreSQL` ([`PostgresServer`]), a real Apache
//! Kafka ([`ApacheKafka`]) or an in-memory stand-in for Kafka
//! ([`InProcessKafka`]).
//!
//! It promises that
//!
//! - a started server accepts connections, on the loopback interface only;
//! - data survive a restart on the same data directory, also after the owning
//!   process or the server was killed (except for the in-memory stand-in);
//! - dropping a server stops it, and on Linux no server outlives the process
//!   that started it, not even after `kill -9`;
//! - an error says what the operator has to do.
//!
//! It must never know anything of the exchange: no schema, no topic names, no
//! domain types. Production connects to servers that others operate and does
//! not use this module.
//!
//! Every `start` and `stop` here blocks the calling thread for up to minutes;
//! asynchronous callers use `tokio::task::spawn_blocking`.

mod apache_kafka;
mod data_dir_lock;
mod error;
mod in_process_kafka;
mod java;
mod kafka_jars;
mod kafka_node;
mod log_file;
mod polling;
mod ports;
mod postgres;
mod postgres_binaries;
mod postgres_home;
mod process;
mod random;
mod service_user;

pub use apache_kafka::{ApacheKafka, ApacheKafkaOptions};
pub use error::ServiceError;
pub use in_process_kafka::InProcessKafka;
pub use kafka_jars::locate_jars;
pub use postgres::{PostgresOptions, PostgresServer};
