//! The checks at the end of a replay: what the exchange told its clients, against what it lists, what its log and its
//! topic hold, and its books. Pure; knows less than the exchange and takes its word for nothing that it can count.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;

use super::holdings::Holdings;
use super::spot_evidence::{SpotLog, oversold};
use super::tally::Tally;
use super::topic_reading::TopicReading;
use super::wire::TrialBalance;

/// At most so many ids or sequences are named in a check's detail.
const EXAMPLES_MAX: usize = 3;

/// What a check needs to look at.
#[derive(Clone, Debug)]
pub(super) enum Evidence<T> {
    /// It was read.
    Read(T),
    /// It was not asked for, because there is no way to.
    Absent(&'static str),
    /// It could not be read.
    Failed(String),
}

/// The log's side of the story.
#[derive(Clone, Debug, Default)]
pub(super) struct LogEvidence {
    /// The last event before the replay.
    pub(super) baseline: u64,
    /// The last event looked at.
    pub(super) head: u64,
    /// All sequences up to `head`.
    pub(super) sequences: BTreeSet<u64>,
    /// Ids of the orders placed after `baseline`.
    pub(super) placed: BTreeSet<String>,
    pub(super) spot: SpotLog,
}

/// All that the checks look at.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    pub(super) tally: &'a Tally,
    /// What the clients hold now, including what they held before.
    pub(super) holdings: &'a Evidence<Holdings>,
    /// What of it is new.
    pub(super) new: &'a Holdings,
    /// GPUs of the replay's lots.
    pub(super) capacity: &'a BTreeMap<String, u32>,
    /// Spot bids that were to be cancelled.
    pub(super) cancelled: &'a BTreeSet<String>,
    pub(super) trial_balance: &'a Evidence<TrialBalance>,
    pub(super) log: &'a Evidence<LogEvidence>,
    pub(super) topic: &'a Evidence<TopicReading>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Ok,
    /// It does not, or could not be looked at.
    Failed,
    /// It was not made; the detail says why.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What should be so.
    pub name: &'static str,
    /// Whether it is.
    pub verdict: Verdict,
    /// In numbers.
    pub detail: String,
}

/// Makes every check.
pub(super) fn audit(findings: &Findings<'_>) -> Vec<Check> {
    let Findings { tally, holdings, new, capacity, cancelled, trial_balance, log, topic } = findings;
    let mut checks = vec![every_order_answered(tally), no_order_refused(tally)];
    checks.push(check("acknowledged orders exist once", holdings, |_| acknowledged_once(tally, new)));
    checks.push(check("acknowledged orders in PostgreSQL", log, |log| acknowledged_in_log(tally, log)));
    checks.push(check("filled GPUs have trades", holdings, fills_have_trades));
    checks.push(check("trades have contracts", holdings, trades_have_contracts));
    checks.push(check("amounts are price x GPU-hours", holdings, amounts_fit));
    checks.push(check("no lot-hour sold twice", holdings, |_| lot_hours(new, capacity)));
    checks.push(check("spot amounts are price x time", holdings, |_| spot_amounts_fit(new)));
    checks.push(check("spot bids end with their pods", holdings, |_| bids_ended(new, cancelled)));
    checks.push(check_both("spot sold: clients = PostgreSQL", holdings, log, |_, log| spot_told(new, log)));
    checks.push(check("spot sold = delivered + in progress", log, |log| spot_delivered(&log.spot)));
    checks.push(check("trial balance", trial_balance, books_balance));
    checks.push(check_both("events in PostgreSQL = Kafka", log, topic, events_published));
    checks.push(check("Kafka: no event twice", topic, |topic| {
        (topic.duplicates == 0, format!("{} duplicates", topic.duplicates))
    }));
    checks.push(check("Kafka: sequence order", topic, |topic| {
        let ok = topic.out_of_order == 0 && topic.malformed == 0;
        let TopicReading { out_of_order, malformed, .. } = topic;
        let partitions = topic.partitions();
        (ok, format!("{partitions} partitions, {out_of_order} out of order, {malformed} without sequence"))
    }));
    checks
}

fn check<T>(name: &'static str, evidence: &Evidence<T>, look: impl FnOnce(&T) -> (bool, String)) -> Check {
    let (verdict, detail) = match evidence {
        Evidence::Read(read) => match look(read) {
            (true, detail) => (Verdict::Ok, detail),
            (false, detail) => (Verdict::Failed, detail),
        },
        Evidence::Absent(reason) => (Verdict::Skipped, (*reason).to_owned()),
        Evidence::Failed(error) => (Verdict::Failed, error.clone()),
    };
    Check { name, verdict, detail }
}

fn check_both<A, B>(
    name: &'static str,
    one: &Evidence<A>,
    other: &Evidence<B>,
    look: impl FnOnce(&A, &B) -> (bool, String),
) -> Check {
    match one {
        Evidence::Read(one) => check(name, other, |other| look(one, other)),
        Evidence::Absent(reason) => check(name, &Evidence::<()>::Absent(reason), |()| (false, String::new())),
        Evidence::Failed(error) => check(name, &Evidence::<()>::Failed(error.clone()), |()| (false, String::new())),
    }
}

fn every_order_answered(tally: &Tally) -> Check {
    let (sent, unanswered) = (tally.total(|side| side.sent), tally.total(|side| side.unanswered));
    let detail = match &tally.unanswered_because {
        Some(reason) => format!("{unanswered} of {sent} unanswered, such as: {reason}"),
        None => format!("{sent} of {sent}"),
    };
    check("every order answered", &Evidence::Read(()), |()| (unanswered == 0, detail))
}

/// The plan sends nothing that the rules of the exchange refuse: windows lie ahead, and deposits cover every hold.
fn no_order_refused(tally: &Tally) -> Check {
    let refused = tally.total(|side| side.refused);
    let codes: Vec<String> = tally.refusals.iter().map(|(code, count)| format!("{count} {code}")).collect();
    let detail = if codes.is_empty() { "0 refused".to_owned() } else { codes.join(", ") };
    check("no order refused", &Evidence::Read(()), |()| (refused == 0, detail))
}

fn acknowledged_once(tally: &Tally, new: &Holdings) -> (bool, String) {
    let lost: Vec<&String> = tally.accepted.keys().filter(|id| !new.orders.contains_key(*id)).collect();
    let extra: Vec<&String> = new.orders.keys().filter(|id| !tally.accepted.contains_key(*id)).collect();
    let twice = tally.ids_given_twice.len();
    let detail = format!(
        "{} acknowledged, {} missing{}, {} never acknowledged{}, {twice} ids given twice",
        tally.accepted.len(),
        lost.len(),
        examples(&lost),
        extra.len(),
        examples(&extra),
    );
    (lost.is_empty() && extra.is_empty() && twice == 0, detail)
}

fn acknowledged_in_log(tally: &Tally, log: &LogEvidence) -> (bool, String) {
    let lost: Vec<&String> = tally.accepted.keys().filter(|id| !log.placed.contains(*id)).collect();
    let detail = format!("{} acknowledged, {} missing{}", tally.accepted.len(), lost.len(), examples(&lost));
    (lost.is_empty(), detail)
}

fn fills_have_trades(holdings: &Holdings) -> (bool, String) {
    let by_buyer = &holdings.filled_and_traded;
    let (filled, traded) = by_buyer.values().fold((0, 0), |(filled, traded), (f, t)| (filled + f, traded + t));
    let unequal: Vec<&String> = by_buyer.iter().filter(|(_, (f, t))| f != t).map(|(name, _)| name).collect();
    (unequal.is_empty(), format!("{filled} GPUs filled, {traded} in trades{}", examples(&unequal)))
}

fn trades_have_contracts(holdings: &Holdings) -> (bool, String) {
    let of_trades: BTreeSet<&String> = holdings.trades.values().map(|trade| &trade.contract).collect();
    let lost: Vec<&String> = of_trades.iter().filter(|id| !holdings.contracts.contains(**id)).copied().collect();
    let ok = lost.is_empty() && of_trades.len() == holdings.trades.len();
    let trades = holdings.trades.len();
    (ok, format!("{trades} trades, {} contracts, {} missing{}", of_trades.len(), lost.len(), examples(&lost)))
}

fn amounts_fit(holdings: &Holdings) -> (bool, String) {
    let off: Vec<&String> = holdings
        .trades
        .values()
        .filter(|trade| trade.price * Decimal::from(trade.gpu_hours()) != trade.amount)
        .map(|trade| &trade.id)
        .collect();
    (off.is_empty(), format!("{} trades, {} off{}", holdings.trades.len(), off.len(), examples(&off)))
}

fn lot_hours(new: &Holdings, capacity: &BTreeMap<String, u32>) -> (bool, String) {
    let (sold, over) = oversold(new, capacity);
    let over: Vec<&String> = over.iter().collect();
    let detail = format!("{sold} lot-hours of {} lots, {} oversold{}", capacity.len(), over.len(), examples(&over));
    (over.is_empty(), detail)
}

/// Part of an hour may not come to a whole number of millionths.
fn spot_amounts_fit(new: &Holdings) -> (bool, String) {
    let millionth = Decimal::new(1, 6);
    let off = new.spot_sales.iter().filter(|sale| {
        let exact = sale.price * Decimal::from(sale.gpu_minutes()) / Decimal::from(60);
        (exact - sale.amount).abs() > millionth
    });
    let off: Vec<&String> = off.map(|sale| &sale.order).collect();
    (off.is_empty(), format!("{} sales, {} off{}", new.spot_sales.len(), off.len(), examples(&off)))
}

fn bids_ended(new: &Holdings, cancelled: &BTreeSet<String>) -> (bool, String) {
    let ended = |id: &&String| new.orders.get(*id).is_some_and(|order| order.status == "cancelled");
    let open: Vec<&String> = cancelled.iter().filter(|id| !ended(id)).collect();
    (open.is_empty(), format!("{} cancelled, {} not ended{}", cancelled.len(), open.len(), examples(&open)))
}

fn spot_told(new: &Holdings, log: &LogEvidence) -> (bool, String) {
    let told: u64 = new.spot_sales.iter().map(super::wire::SpotSale::gpu_minutes).sum();
    let sold = log.spot.sold_since_baseline;
    (told == sold, format!("{told} GPU-minutes told in {} sales, {sold} in the log", new.spot_sales.len()))
}

fn spot_delivered(log: &SpotLog) -> (bool, String) {
    let (sold, delivered, in_progress, off) = log.balance();
    let detail = format!(
        "{sold} GPU-minutes sold, {delivered} delivered, {in_progress} in progress, {off} hours differ of {}",
        log.hours.len()
    );
    (off == 0 && sold == delivered + in_progress, detail)
}

fn books_balance(balance: &TrialBalance) -> (bool, String) {
    let debit: Decimal = balance.rows.iter().map(|row| row.debit).sum();
    let credit: Decimal = balance.rows.iter().map(|row| row.credit).sum();
    let TrialBalance { rows, total_debit, total_credit } = balance;
    let ok = total_debit == total_credit && debit == *total_debit && credit == *total_credit;
    let difference = total_debit - total_credit;
    let detail = format!("debit {total_debit}, credit {total_credit}, difference {difference}, {} rows", rows.len());
    (ok, detail)
}

fn events_published(log: &LogEvidence, topic: &TopicReading) -> (bool, String) {
    let (stored, published) = (log.sequences.len(), topic.distinct(log.head));
    let missing = missing_events(log, topic);
    let in_scope = log.sequences.range(first_in_scope(log, topic)..).count();
    let unknown = (published + missing.len()).saturating_sub(in_scope);
    let names: Vec<String> = missing.iter().take(EXAMPLES_MAX + 1).map(u64::to_string).collect();
    let mut parts = vec![
        format!("{stored} stored"),
        format!("{published} published"),
        format!("{} missing{}", missing.len(), examples(&names.iter().collect::<Vec<_>>())),
    ];
    if topic.dropped > 0 {
        let from = log.baseline + 1;
        parts.push(format!("looked at from event {from} on since the broker had dropped {} records", topic.dropped));
    } else if unknown > 0 {
        parts.push(format!("{unknown} that are not stored"));
    }
    parts.extend(topic.trouble.clone());
    (missing.is_empty() && (unknown == 0 || topic.dropped > 0), parts.join(", "))
}

/// Events that should be in the topic and were not read from it.
pub(super) fn missing_events(log: &LogEvidence, topic: &TopicReading) -> Vec<u64> {
    topic.missing(log.sequences.range(first_in_scope(log, topic)..))
}

/// The first event to look for: the log's first, or, where the broker no longer had the older records when reading
/// began, the replay's first.
fn first_in_scope(log: &LogEvidence, topic: &TopicReading) -> u64 {
    if topic.dropped == 0 { 0 } else { log.baseline + 1 }
}

fn examples(of: &[&String]) -> String {
    if of.is_empty() {
        return String::new();
    }
    let named: Vec<&str> = of.iter().take(EXAMPLES_MAX).map(|name| name.as_str()).collect();
    let more = if of.len() > EXAMPLES_MAX { ", …" } else { "" };
    format!(" ({}{more})", named.join(", "))
}
