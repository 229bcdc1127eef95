//! exchange-core, which runs on Java: its order book on one thread, and the whole of it with accounts and risk checks.
//!
//! The flow goes to it in a file, and what it measured comes back as a line of JSON: see `PlainFlow.java`.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::bench::steps::{GPUS_PER_ORDER, PlainFlow, Step, Tally};
use crate::bench::table::Row;

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals/exchange-core");
const MAIN_CLASS: &str = "secondwind.PlainFlow";
/// Its libraries reach into the runtime further than Java 17 lets them unasked. The default collector makes every reference that a
/// book of linked orders changes dearer than this one does.
const JAVA_OPTIONS: [&str; 8] = [
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "-XX:+UseParallelGC",
    "-Xms2g",
    "-Xmx2g",
];
/// More of a program's complaint does not fit into a remark.
const REASON_CHARS_MAX: usize = 120;

/// What of it is measured.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The order book alone.
    Book,
    /// All of it, from a client's request to its result.
    Exchange,
}

impl Part {
    pub fn measured(self) -> &'static str {
        match self {
            Self::Book => "plain book: exchange-core, book alone",
            Self::Exchange => "plain book: exchange-core, with risk engine",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Exchange => "exchange",
        }
    }

    /// A row that only says why there is nothing in it.
    pub fn unmeasured(self, reason: &anyhow::Error) -> Row {
        Row { measured: self.measured(), remarks: format!("not measured: {reason}"), ..Row::default() }
    }
}

/// What the driver prints.
#[derive(Deserialize)]
struct Report {
    orders_per_second: u64,
    /// p50, p99 and p99.9, where orders were carried out one by one.
    latency_ns: Option<[u64; 3]>,
    trades: u64,
    quantity: u64,
    value: u64,
    remark: String,
}

/// The driver, compiled, with the jars it needs.
pub(super) struct ExchangeCore {
    java: PathBuf,
}

impl ExchangeCore {
    /// Compiles the driver, with the jars that Maven has or fetches.
    pub fn build() -> anyhow::Result<Self> {
        let java =
            env::var_os("JAVA_HOME").map_or_else(|| PathBuf::from("java"), |home| PathBuf::from(home).join("bin/java"));
        run(Command::new(&java).arg("-version"))?;
        let maven = |offline: Option<&str>| {
            run(Command::new("mvn")
                .args(["-q", "-B", "-Dstyle.color=never"])
                .args(offline)
                .arg("process-classes")
                .current_dir(PROJECT))
        };
        maven(Some("-o")).or_else(|_| maven(None))?;
        Ok(Self { java })
    }

    /// Measures; that it fails to run is a remark, that it trades otherwise is an error.
    pub fn measure(&self, part: Part, flow: &PlainFlow) -> anyhow::Result<Row> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), written(flow)?)?;
        let report = match self.run(part, file.path()) {
            Ok(report) => report,
            Err(reason) => return Ok(part.unmeasured(&reason)),
        };
        let Report { orders_per_second: rate, latency_ns, trades, quantity: gpus, value, remark: remarks } = report;
        let traded = Tally { trades, gpus, value };
        ensure!(traded == flow.traded, "exchange-core traded {traded:?} and not {:?}", flow.traded);
        let latency = latency_ns.map(|quantiles| quantiles.map(Duration::from_nanos));
        Ok(Row { measured: part.measured(), rate, latency, remarks, ..Row::default() })
    }

    fn run(&self, part: Part, flow: &Path) -> anyhow::Result<Report> {
        let target = Path::new(PROJECT).join("target");
        let class_path = env::join_paths([target.join("classes"), target.join("libs/*")])?;
        let mut java = Command::new(&self.java);
        java.args(JAVA_OPTIONS).arg("-cp").arg(class_path).arg(MAIN_CLASS).arg(part.argument()).arg(flow);
        let output = run(&mut java)?;
        serde_json::from_slice(&output.stdout).context("the driver's report cannot be read")
    }
}

/// The flow in the form that the driver reads.
fn written(flow: &PlainFlow) -> anyhow::Result<String> {
    let mut text = String::new();
    for (index, step) in flow.resting.iter().chain(&flow.measured).enumerate() {
        if index == flow.resting.len() {
            writeln!(text, "measured")?;
        }
        match step {
            Step::Place(placement) => {
                let side = if placement.is_bid() { "bid" } else { "ask" };
                let (order, participant) = (placement.order, placement.participant.number());
                writeln!(text, "{side} {order} {participant} {} {GPUS_PER_ORDER}", placement.price_ticks)?;
            }
            Step::Cancel { order, participant } => writeln!(text, "cancel {order} {}", participant.number())?,
        }
    }
    Ok(text)
}

/// Runs a program to its end.
fn run(command: &mut Command) -> anyhow::Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow::anyhow!("{program} is not installed"),
        _ => anyhow::Error::new(error).context(format!("{program} cannot be run")),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let complaint = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    // Maven marks its errors, and Java begins with the exception.
    let telling = |line: &&str| line.contains("ERROR") || line.contains("Exception") || line.contains("Error");
    let line = complaint.lines().find(telling).unwrap_or("no reason given");
    let line = line.chars().take(REASON_CHARS_MAX).collect::<String>();
    bail!("{program} failed with {}: {line}", output.status)
}
