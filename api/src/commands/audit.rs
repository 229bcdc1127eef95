//! `secondwind audit`: everything that is stored, computed again from the log and compared.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use infra::Database;
use infra::audit::{Outcome, Progress, Report, TopicSource, audit};
use infra::brokers::{BrokerSecurity, Brokers};
use infra::config::{Config, DEFAULT_TOPIC};
use secrecy::SecretString;

/// The exit status when nothing differs.
const SOUND: u8 = 0;
/// The exit status when something differs.
const DIFFERENT: u8 = 1;
/// The exit status when the audit could not be carried out.
const NOT_CARRIED_OUT: u8 = 2;

/// What to audit.
#[derive(Args)]
pub(super) struct AuditArgs {
    /// The configuration that `serve` runs with; what is given here or in the environment goes before it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,
    /// The Kafka brokers, as host:port,…; without them the topic is not checked.
    #[arg(long, env = "KAFKA_BROKERS")]
    kafka_brokers: Option<String>,
    /// The topic that carries the log.
    #[arg(long, visible_alias = "topic", env = "SECONDWIND_KAFKA_TOPIC")]
    kafka_topic: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Carries the audit out and prints its report.
pub(super) async fn run_audit(args: AuditArgs) -> ExitCode {
    let json = args.json;
    let carried_out = async {
        let report = carry_out(args).await?;
        let text = if json { serde_json::to_string(&report)? + "\n" } else { audit_table(&report) };
        Ok::<_, anyhow::Error>((report.sound, text))
    };
    match carried_out.await {
        Ok((sound, text)) => {
            print!("{text}");
            ExitCode::from(if sound { SOUND } else { DIFFERENT })
        }
        Err(error) => {
            eprintln!("secondwind: the audit could not be carried out: {error:#}");
            ExitCode::from(NOT_CARRIED_OUT)
        }
    }
}

async fn carry_out(args: AuditArgs) -> anyhow::Result<Report> {
    let config = args.config.as_deref().map(|file| Config::load(Some(file))).transpose()?;
    let from_config = |value: fn(&Config) -> String| config.as_ref().map(value);
    let database_url = args.database_url.or_else(|| config.as_ref().map(|config| config.database_url.clone()));
    let database_url = database_url.context("no database is named: give --database-url or --config")?;
    let brokers = args.kafka_brokers.or_else(|| from_config(|config| config.kafka_brokers.clone()));
    let topic = args.kafka_topic.or_else(|| from_config(|config| config.kafka_topic.clone()));
    let topic = topic.unwrap_or_else(|| DEFAULT_TOPIC.to_owned());
    let security = match &config {
        Some(config) => config.brokers()?.security,
        None => BrokerSecurity::from_environment()?,
    };
    let source = brokers.filter(|addresses| !addresses.is_empty()).map(|addresses| {
        let brokers = Brokers { addresses, security };
        TopicSource { brokers, topic }
    });
    let bar = bar();
    let progress: Arc<Progress> = match bar.clone() {
        Some(bar) => Arc::new(move |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        }),
        None => Arc::new(|_, _| {}),
    };
    let report = audit(Database::new(&database_url)?, source, progress).await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(report?)
}

/// What a person sees meanwhile, where standard error is a terminal.
fn bar() -> Option<ProgressBar> {
    let template = "auditing {bar:32} {pos}/{len} events · {per_sec} · {eta} left";
    std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(0).with_style(style)
    })
}

/// The report as a table, with what to do about each difference below it.
pub fn audit_table(report: &Report) -> String {
    let mut text = format!("{:<14}{:>14}  {:<16}result\n", "check", "compared", "");
    for outcome in &report.checks {
        let (check, compared) = (outcome.check, outcome.compared);
        let _ = writeln!(text, "{:<14}{compared:>14}  {:<16}{}", check.name(), check.unit(), result(outcome));
    }
    for outcome in &report.checks {
        let Some(first) = &outcome.first else { continue };
        let (name, advice) = (outcome.check.name(), outcome.check.advice());
        let _ = write!(
            text,
            "\n{name}: {}\n  expected  {}\n  found     {}\n  {advice}\n",
            first.place, first.expected, first.found
        );
    }
    let verdict = if report.sound { "sound" } else { "NOT SOUND" };
    let _ = writeln!(text, "\n{verdict} up to event {}", report.head);
    text
}

fn result(outcome: &Outcome) -> String {
    let note = outcome.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    match (outcome.differences, &outcome.not_checked) {
        (_, Some(why)) => format!("not checked: {why}"),
        (0, None) => format!("sound{note}"),
        (1, None) => format!("1 DIFFERENCE{note}"),
        (differences, None) => format!("{differences} DIFFERENCES{note}"),
    }
}
