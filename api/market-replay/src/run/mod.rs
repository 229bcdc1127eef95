//! `secondwind replay-market`: the plan of two recordings, played through the public REST API.
//!
//! Owns the clients of the replay: it opens markets, admits organizations, registers lots (`admission`, a closed
//! loop), then offers the plan's orders hour by hour (`trace_hours`), moving the exchange's clock from one hour of the
//! trace to the next, and those of an hour at a fixed rate (`generator`, an open loop), and at the end holds what it was
//! told against what the exchange lists, its log in PostgreSQL and its topic in Kafka (`audit`). It uses only what any
//! client has; the log and the topic are read past the exchange, and only to check.
//!
//! Promises: an order is repeated under one idempotency key until it is answered, so that killing and restarting the
//! exchange in between loses and doubles nothing; latency counts from when an order was due; nothing is sent to
//! another machine. Replaying again into the same exchange works and is another run: its lots, orders and deposits
//! are new. Requests in flight may overtake each other, so what fills may differ a little between runs.

mod admission;
mod args;
mod audit;
mod class_outcome;
mod columns;
mod error;
mod event_log;
mod generator;
mod holdings;
mod latency;
mod loopback;
mod progress;
mod report;
mod report_text;
mod retry;
mod run_id;
mod schedule;
mod selection;
mod session;
mod spot_evidence;
mod tally;
mod topic_reading;
mod topic_tail;
mod trace_hours;
mod verification;
mod wire;

#[cfg(test)]
mod audit_tests;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod fake_exchange;
#[cfg(test)]
mod sample;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

pub use args::ReplayArgs;
pub use audit::{Check, Verdict};
pub use class_outcome::{ClassOutcome, SpotOutcome};
pub use error::ReplayError;
pub use generator::Punctuality;
pub use latency::LatencySummary;
pub use report::{Load, Report};
pub use tally::{Side, SideCounts};

use super::{Plan, SpotQuote};
use admission::Admission;
use credentials::Credentials;
use event_log::EventLog;
use generator::{Generator, Offered};
use holdings::Holdings;
use loopback::LoopbackUrl;
use progress::Progress;
use run_id::RunId;
use schedule::Schedule;
use selection::Selection;
use session::{Account, Exchange};
use topic_tail::TopicTail;
use trace_hours::Player;
use verification::{Verification, Verified};
use wire::{Auction, Clock};

const SECONDS_PER_HOUR: i64 = 3600;
/// The plan begins at least this far ahead of the exchange's clock, so that no window has passed when its order comes.
const LEAD: SignedDuration = SignedDuration::from_hours(2);

/// Plays the recordings, prints the report and says whether every check that could be made holds.
///
/// # Errors
/// See [`ReplayError`]. A check that fails is no error.
pub async fn replay_market(args: ReplayArgs) -> Result<bool, ReplayError> {
    let report = play(&args).await?;
    print!("{}", report_text::text(&report));
    if let Some(path) = &args.report {
        write_json(path, &report)?;
    }
    Ok(report.is_sound())
}

async fn play(args: &ReplayArgs) -> Result<Report, ReplayError> {
    let deadline = Instant::now() + Duration::from_secs(args.timeout_seconds.into());
    let credentials = Credentials::read(&args.credentials)?;
    let url = LoopbackUrl::parse(args.url.as_deref().unwrap_or(&credentials.url))?;
    let run = RunId::fresh();
    let exchange = Exchange::new(url, deadline)?;
    let operator = credentials
        .with_role("operator")
        .map(|client| Account::new(client.client_id.clone(), client.client_secret.clone()))
        .ok_or_else(|| ReplayError::NoOperator { path: args.credentials.clone() })?;

    let clock: Clock = exchange.get(&operator, "/v1/clock").await?;
    if !clock.simulated {
        return Err(ReplayError::ClockIsReal);
    }
    let origin = first_full_hour(clock.now)?;
    let plan = read_plan(args, origin).await?;
    let selection = Selection::of(&plan, args.limit);

    // The topic is followed, and the log's head noted, before anything happens.
    let tail = credentials.events_topic().map(|_| TopicTail::start(&args.credentials)).transpose()?;
    let baseline = match &credentials.database_url {
        Some(database_url) => Some(EventLog::open(database_url).await?.head().await?),
        None => None,
    };

    let admission = Admission { exchange: &exchange, operator: &operator, run: &run };
    admission.markets(&selection).await?;
    let members = admission.members(&selection).await?;
    let before = Holdings::read(&exchange, &members).await?;
    let lots = admission.lots(&selection, &members).await?;
    let capacity = admission::capacity(&selection, &lots);
    let hours = admission::trace_hours(&selection, &members, &lots, &run)?;
    let hours_played = hours.last().map_or(0, |last| last.hour);

    let progress = Progress::of("offering orders", hours.iter().map(|hour| hour.orders.len()).sum());
    let trading = exchange.counted_apart();
    let mut generator = Generator::new(trading.clone(), Schedule::new(args.rate), progress);
    let mut player = Player {
        exchange: &exchange,
        operator: &operator,
        run: &run,
        origin,
        now: clock.now,
        cancelled: BTreeSet::new(),
    };
    player.play(hours, &mut generator).await?;
    let (mut offered, cancelled) = (generator.finish(), player.cancelled);

    let progress = Progress::spinner("verifying");
    let verification = Verification {
        exchange: &exchange,
        credentials: &args.credentials,
        baseline,
        tail,
        capacity: &capacity,
        cancelled: &cancelled,
    };
    let Verified { checks, new, interruptions } = verification.run(&members, &before, &offered.tally).await?;
    let mut classes = ClassOutcome::of(&plan.summary, &offered.tally, &new);
    for market in &selection.markets {
        let path = format!("/v1/markets/{}/spot", market.id);
        let mut auctions: Vec<Auction> = holdings::pages(&exchange, &operator, &path).await?;
        auctions.retain(|auction| auction.hour >= origin);
        let sold = new.spot_sales.iter().filter(|sale| sale.market == market.id);
        let interrupted = interruptions.as_ref().map(|by| by.get(&market.id).copied().unwrap_or(0));
        let observed: Vec<&SpotQuote> = plan
            .spot_quotes
            .iter()
            .filter(|quote| quote.class == market.class && u64::from(quote.span.start) < hours_played)
            .collect();
        let class = classes.entry(class_outcome::class_of(&market.id).to_owned()).or_default();
        let minutes = sold.map(wire::SpotSale::gpu_minutes).sum();
        let bids = class.spot.bids;
        class.spot = SpotOutcome { bids, ..spot_evidence::outcome(&auctions, minutes, interrupted, &observed) };
    }
    progress.finish();

    for (id, (side, _)) in &offered.tally.accepted {
        if let (Some(order), Some(counts)) = (new.orders.get(id), offered.tally.sides.get_mut(side)) {
            *counts.status_at_end.entry(order.status.clone()).or_default() += 1;
        }
    }
    Ok(Report {
        run: run.as_str().to_owned(),
        url: exchange.url().as_str().to_owned(),
        origin: origin.to_string(),
        classes,
        plan: plan.summary,
        refusals: offered.tally.refusals.clone(),
        trades: new.trades.len() as u64,
        contracts: new.contracts.len() as u64,
        gpu_hours_sold: new.trades.values().map(wire::Trade::gpu_hours).sum(),
        load: load(args.rate, &offered, &trading),
        orders: offered.tally.sides,
        checks,
    })
}

/// The first full hour at least two hours after `now`.
fn first_full_hour(now: Timestamp) -> Result<Timestamp, ReplayError> {
    let beyond = |_| ReplayError::Answer {
        what: "GET /v1/clock".to_owned(),
        detail: format!("{now} leaves no time for a replay"),
    };
    let earliest = now.checked_add(LEAD).map_err(beyond)?;
    let into_hour = earliest.as_second().rem_euclid(SECONDS_PER_HOUR);
    let on_the_hour = into_hour == 0 && earliest.subsec_nanosecond() == 0;
    let seconds = earliest.as_second() - into_hour + if on_the_hour { 0 } else { SECONDS_PER_HOUR };
    Timestamp::from_second(seconds).map_err(beyond)
}

async fn read_plan(args: &ReplayArgs, origin: Timestamp) -> Result<Plan, ReplayError> {
    let progress = Progress::spinner("reading the recordings");
    let (prices, demand) = (args.prices.clone(), args.demand.clone());
    let plan = tokio::task::spawn_blocking(move || Plan::from_files(origin, &prices, &demand))
        .await
        .map_err(|error| ReplayError::Task(error.to_string()))??;
    progress.finish();
    Ok(plan)
}

fn load(rate: u32, offered: &Offered, trading: &Exchange) -> Load {
    let answered = offered.tally.total(|side| side.accepted + side.refused);
    let seconds = offered.took.as_secs_f64();
    Load {
        offered_per_second: rate,
        // More than u32::MAX answers do not fit into a plan.
        answered_per_second: f64::from(u32::try_from(answered).unwrap_or(u32::MAX)) / seconds.max(f64::EPSILON),
        seconds,
        latency: offered.tally.latencies.summary(),
        punctuality: offered.punctuality,
        repeated_after_failure: trading.repeats().failed(),
        repeated_after_overload: trading.repeats().overloaded(),
    }
}

fn write_json(path: &Path, report: &Report) -> Result<(), ReplayError> {
    let failed = |source| ReplayError::ReportFile { path: path.to_owned(), source };
    let mut text = serde_json::to_vec_pretty(report).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_begins_at_the_first_full_hour_two_hours_ahead() {
        let table = [
            ("2027-01-01T00:00:00Z", "2027-01-01T02:00:00Z"),
            ("2027-01-01T00:00:00.000001Z", "2027-01-01T03:00:00Z"),
            ("2027-01-01T00:59:59Z", "2027-01-01T03:00:00Z"),
            ("2026-12-31T22:30:00Z", "2027-01-01T01:00:00Z"),
        ];
        for (now, origin) in table {
            assert_eq!(first_full_hour(now.parse().unwrap()).unwrap().to_string(), origin, "{now}");
        }
    }
}
