//! The commands of the binary, one per role.

mod audit;
mod box_files;
mod create_operator;
mod exec;
mod migrate;
mod openapi;
mod replay_log;
mod run;
mod serve;
mod statement;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use bank_files::BankFileFormat;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use market_replay::run::{ReplayArgs, replay_market};

pub use audit::audit_table;
pub use run::{RunArgs, Running};
pub use serve::start_node;

/// Secondwind: a capacity exchange for older-generation GPUs.
#[derive(Parser)]
#[command(version, about)]
pub struct Invocation {
    #[command(subcommand)]
    command: Command,
    /// Log as JSON lines instead of text.
    #[arg(long, global = true, env = "SECONDWIND_LOG_JSON")]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: PostgreSQL, a Kafka broker, the exchange, demo organizations.
    Run(RunArgs),
    /// Serve the exchange on a PostgreSQL and Kafka of your own.
    Serve {
        /// A TOML file with settings; the environment goes before it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Bring the database's schema up to date, and nothing else.
    Migrate {
        /// The database, as the role that owns the schema.
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
    },
    /// Create an API client of the operator and print its credentials, this once, as a line of JSON.
    ///
    /// A new exchange has no client that could create others through the API: this creates the first one. It writes to the
    /// database alone, before the exchange is served or while it is. With its token, `POST /v1/organizations` and
    /// `POST /v1/organizations/{id}/clients` admit everyone else. Whoever can run it is the operator: it takes the role that
    /// owns the schema.
    CreateOperator {
        /// The database, as the role that owns the schema.
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
    },
    /// Replay the log into a fresh state and print its hash.
    ReplayLog {
        /// The database.
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
        /// Stop after this event.
        #[arg(long)]
        until: Option<u64>,
    },
    /// Compute everything that is stored again from the log, and compare: entries, chain, balances, holds, contracts, lots, client
    /// money, read models, and the topic.
    ///
    /// It writes nothing and may run beside the exchange. The exit status is 0 when nothing differs, 1 when something does, and 2
    /// when the audit could not be carried out.
    Audit(audit::AuditArgs),
    /// Play recorded prices and demand through the REST API and report what came of it.
    ReplayMarket(ReplayArgs),
    /// Carry out commands from a file on an exchange in memory: the API without a server.
    ///
    /// One command a line, as JSON: `{"at":…,"organization":…,"role":…,"do":"POST /v1/orders","body":{…},"as":…}`. One answer a line
    /// comes out: `{"status":…,"body":{…},"events":[…]}`, and at last the hash of the state. The same file gives the same bytes.
    Exec {
        /// The file with the commands; `-` for standard input.
        commands: PathBuf,
    },
    /// Print the bank statements in a file, one a line as JSON, and say whether they add up.
    ///
    /// The exit status is 0 when every statement does, 1 when one does not, and 2 when the file cannot be read.
    Statement {
        /// The file from the bank; `-` for standard input.
        file: PathBuf,
        /// What the file is in: camt053, mt940, bai2 or csv. Without it, the content tells.
        #[arg(long)]
        format: Option<BankFileFormat>,
    },
    /// Compute what a box's deal comes to, from files: a projection, a loan's schedule, a waterfall.
    #[command(subcommand)]
    Box(box_files::BoxCommand),
    /// Print the OpenAPI document.
    Openapi,
}

impl Invocation {
    /// Carries the command out.
    ///
    /// # Errors
    /// Whatever kept it from being carried out, with what to do about it.
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        log_to_stderr(self.log_json, &self.command);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            match self.command {
                Command::Run(args) => Box::pin(run::run(args)).await,
                Command::Serve { config } => serve::serve(config.as_deref()).await,
                Command::Migrate { database_url } => migrate::migrate(database_url).await,
                Command::CreateOperator { database_url } => create_operator::create_operator(database_url).await,
                Command::ReplayLog { database_url, until } => replay_log::replay_log(database_url, until).await,
                Command::Audit(args) => Ok(audit::run_audit(args).await),
                Command::ReplayMarket(args) => {
                    let sound = replay_market(args).await?;
                    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
                }
                Command::Exec { commands } => exec::exec(&commands),
                Command::Statement { file, format } => statement::statement(&file, format),
                Command::Box(command) => box_files::execute(&command),
                Command::Openapi => openapi::print(),
            }
        })
    }
}

/// Logs go to standard error. What people run at a terminal stays quiet about each request.
/// Prints a result. Whoever reads only its beginning has what was wanted.
fn print_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn log_to_stderr(json: bool, command: &Command) {
    // Kafka's client reports through the relay, which knows what is an error, and certificates of webhooks' endpoints that are not
    // believed are in the logs of their deliveries. What clients send that is no HTTP is theirs to look into.
    const ELSEWHERE: &str = "librdkafka=off,rdkafka=off,rustls_platform_verifier=off,actix_http=off";
    let quiet = "warn,infra=info,api=info";
    let default = if matches!(command, Command::Serve { .. }) { "info" } else { quiet };
    let filter =
        EnvFilter::try_from_env("SECONDWIND_LOG").unwrap_or_else(|_| EnvFilter::new(format!("{default},{ELSEWHERE}")));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if json { subscriber.json().init() } else { subscriber.init() }
}
