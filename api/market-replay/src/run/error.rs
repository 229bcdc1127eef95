//! Why a replay ends without a report. What the exchange does wrong in trading is no error but a failed check.

use infra::DatabaseError;
use std::path::PathBuf;

use thiserror::Error;

use crate::PlanError;

/// Why a replay could not be carried out.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The address is not one that a load generator may be pointed at, or not an address.
    #[error(
        "{url}: {reason}; replay-market is a load generator and sends only to http://127.0.0.1, [::1] or localhost"
    )]
    Address {
        /// The address as given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The credentials file cannot be used.
    #[error("{0}; name another with --credentials")]
    Credentials(#[from] credentials::CredentialsError),
    /// The replay opens markets and admits organizations, which only an operator may.
    #[error("{} has no client with the role operator; start the exchange with `secondwind run`", path.display())]
    NoOperator {
        /// The file.
        path: PathBuf,
    },
    /// Spot needs the exchange's time to pass, and a real clock takes months over the recordings.
    #[error("the exchange's clock is real; a replay moves it, as an exchange started with `secondwind run` allows")]
    ClockIsReal,
    /// The recordings make no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The exchange refused something without which the replay makes no sense.
    #[error("{what}: the exchange answered {status} {code}: {detail}")]
    Refused {
        /// The request.
        what: String,
        /// HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The problem's detail.
        detail: String,
    },
    /// No final answer before the time was up.
    #[error("{what}: no answer in time, last: {last}; check that the exchange runs, or raise --timeout-seconds")]
    Unanswered {
        /// The request.
        what: String,
        /// What came of the last attempt.
        last: String,
    },
    /// An answer that does not keep the wire contract.
    #[error("{what}: the answer is not understood: {detail}")]
    Answer {
        /// The request.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A request could not be put together, or the client not be built.
    #[error("HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// PostgreSQL could not be asked.
    #[error("PostgreSQL at the database_url of the credentials file: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// PostgreSQL could not be reached.
    #[error("PostgreSQL at the database_url of the credentials file: {0}")]
    DatabaseAccess(#[from] DatabaseError),
    /// The report could not be written.
    #[error("{}: {source}", path.display())]
    ReportFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A task of the replay panicked, or the operating system gave it no thread.
    #[error("a part of the replay ended early: {0}")]
    Task(String),
}
