//! Each check, given a replay in which everything fits and one thing is spoilt.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;

use super::audit::{Check, Evidence, Findings, LogEvidence, Verdict, audit};
use super::holdings::Holdings;
use super::spot_evidence::SpotLog;
use super::tally::{Acknowledgement, Outcome, Side, Tally};
use super::topic_reading::TopicReading;
use super::wire::{Order, Trade, TrialBalance};

struct World {
    tally: Tally,
    holdings: Holdings,
    trial_balance: TrialBalance,
    log: LogEvidence,
    topic: TopicReading,
    capacity: BTreeMap<String, u32>,
    cancelled: BTreeSet<String>,
}

fn order(id: &str, filled_gpus: u64) -> Order {
    Order { id: id.to_owned(), kind: "term".to_owned(), status: "filled".to_owned(), filled_gpus }
}

fn acknowledgement(outcome: Outcome) -> Acknowledgement {
    let key = "k".to_owned();
    Acknowledgement { key, side: Side::Bids, market: "m.z".to_owned(), latency: Duration::from_millis(1), outcome }
}

/// A term bid for 8 GPUs over two hours, filled; a spot bid that got 8 for ten minutes of the first; three events.
fn sound() -> World {
    let mut tally = Tally::new();
    tally.add(acknowledgement(Outcome::Accepted(order("b", 8))));
    let trade: Trade =
        serde_json::from_value(json!({"id": "t", "contract": "c", "market": "m.z", "lot": "l", "gpus": 8,
        "price": "1.0500", "amount": "16.8",
        "window": {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T02:00:00Z"}}))
        .unwrap();
    let mut holdings = Holdings::default();
    holdings.orders.insert("b".to_owned(), order("b", 8));
    holdings.trades.insert("t".to_owned(), trade);
    holdings.contracts.insert("c".to_owned());
    holdings.filled_and_traded.insert("buyer".to_owned(), (8, 8));
    let spot = |status: &str| Order { kind: "spot".to_owned(), status: status.to_owned(), ..order("s", 8) };
    tally.add(Acknowledgement { side: Side::SpotBids, ..acknowledgement(Outcome::Accepted(spot("open"))) });
    holdings.orders.insert("s".to_owned(), spot("cancelled"));
    holdings.spot_sales.push(
        serde_json::from_value(json!({"order": "s", "market": "m.z", "hour": "2027-01-01T00:00:00Z", "minutes": 10,
            "lot": "l", "gpus": 8, "price": "0.5000", "amount": "0.666667"}))
        .unwrap(),
    );
    let spot = SpotLog {
        hours: [(("m.z".to_owned(), holdings.spot_sales[0].hour), (80, 80))].into(),
        sold_since_baseline: 80,
        now: "2027-01-01T01:50:00Z".parse().unwrap(),
        ..SpotLog::default()
    };
    let mut topic = TopicReading::default();
    (0..3_u8).for_each(|offset| topic.add(0, offset.into(), Some(u64::from(offset) + 1)));
    World {
        tally,
        holdings,
        trial_balance: serde_json::from_value(json!({"total_debit": "16.8", "total_credit": "16.80",
            "rows": [{"debit": "16.8", "credit": "0"}, {"debit": "0", "credit": "16.8"}]}))
        .unwrap(),
        log: LogEvidence {
            baseline: 1,
            head: 3,
            sequences: (1..=3).collect(),
            placed: ["b".to_owned(), "s".to_owned()].into_iter().collect(),
            spot,
        },
        topic,
        capacity: [("l".to_owned(), 16)].into(),
        cancelled: ["s".to_owned()].into(),
    }
}

fn checks(world: &World) -> Vec<Check> {
    audit(&Findings {
        tally: &world.tally,
        holdings: &Evidence::Read(world.holdings.clone()),
        new: &world.holdings,
        capacity: &world.capacity,
        cancelled: &world.cancelled,
        trial_balance: &Evidence::Read(world.trial_balance.clone()),
        log: &Evidence::Read(world.log.clone()),
        topic: &Evidence::Read(world.topic.clone()),
    })
}

/// The names of the checks that fail after the spoiling.
fn failing(spoil: impl FnOnce(&mut World)) -> Vec<&'static str> {
    let mut world = sound();
    spoil(&mut world);
    checks(&world).into_iter().filter(|check| check.verdict != Verdict::Ok).map(|check| check.name).collect()
}

#[test]
fn a_sound_replay_passes_every_check() {
    assert_eq!(failing(|_| ()), Vec::<&str>::new());
    let published = checks(&sound()).into_iter().find(|check| check.name == "events in PostgreSQL = Kafka").unwrap();
    assert_eq!(published.detail, "3 stored, 3 published, 0 missing");
}

#[test]
fn each_fault_fails_its_check() {
    let unanswered = || acknowledgement(Outcome::Unanswered("connection refused".to_owned()));
    assert_eq!(failing(|world| world.tally.add(unanswered())), ["every order answered"]);
    let refused = || acknowledgement(Outcome::Refused("insufficient_funds".to_owned()));
    assert_eq!(failing(|world| world.tally.add(refused())), ["no order refused"]);
    let orders = "acknowledged orders exist once";
    assert_eq!(failing(|world| drop(world.holdings.orders.remove("b"))), [orders]);
    assert_eq!(failing(|world| drop(world.holdings.orders.insert("x".to_owned(), order("x", 0)))), [orders]);
    let again = || acknowledgement(Outcome::Accepted(order("b", 8)));
    assert_eq!(failing(|world| world.tally.add(again())), [orders]);
    assert_eq!(failing(|world| world.log.placed.clear()), ["acknowledged orders in PostgreSQL"]);
    let double_fill = |world: &mut World| world.holdings.filled_and_traded.get_mut("buyer").unwrap().0 = 16;
    assert_eq!(failing(double_fill), ["filled GPUs have trades"]);
    assert_eq!(failing(|world| world.holdings.contracts.clear()), ["trades have contracts"]);
    let cheap = |world: &mut World| world.holdings.trades.get_mut("t").unwrap().amount = 1.into();
    assert_eq!(failing(cheap), ["amounts are price x GPU-hours"]);
    assert_eq!(failing(|world| world.trial_balance.total_credit = 0.into()), ["trial balance"]);
    assert_eq!(failing(|world| world.trial_balance.rows.clear()), ["trial balance"]);
}

#[test]
fn each_fault_of_spot_fails_its_check() {
    let small = |world: &mut World| *world.capacity.get_mut("l").unwrap() = 8;
    assert_eq!(failing(small), ["no lot-hour sold twice"]);
    let dear = |world: &mut World| world.holdings.spot_sales[0].amount = 1.into();
    assert_eq!(failing(dear), ["spot amounts are price x time"]);
    let open = |world: &mut World| world.holdings.orders.get_mut("s").unwrap().status = "open".to_owned();
    assert_eq!(failing(open), ["spot bids end with their pods"]);
    assert_eq!(failing(|world| world.holdings.spot_sales.clear()), ["spot sold: clients = PostgreSQL"]);
    let undelivered = |world: &mut World| world.log.spot.hours.values_mut().for_each(|hour| hour.1 = 0);
    assert_eq!(failing(undelivered), ["spot sold = delivered + in progress"]);
}

#[test]
fn each_fault_of_the_topic_fails_its_check() {
    let published = "events in PostgreSQL = Kafka";
    assert_eq!(failing(|world| world.log.sequences.extend([0])), [published]);
    assert_eq!(failing(|world| world.log.sequences.retain(|&sequence| sequence != 2)), [published]);
    assert_eq!(failing(|world| world.topic.add(0, 3, Some(3))), ["Kafka: no event twice"]);
    let displaced = |world: &mut World| {
        world.log.sequences.extend([4, 5]);
        world.log.head = 5;
        world.topic.add(0, 3, Some(5));
        world.topic.add(0, 4, Some(4));
    };
    assert_eq!(failing(displaced), ["Kafka: sequence order"]);
    assert_eq!(failing(|world| world.topic.add(0, 3, None)), ["Kafka: sequence order"]);
}

#[test]
fn records_dropped_before_the_replay_are_not_missed() {
    let late = |world: &mut World| {
        world.topic = TopicReading::default();
        world.topic.dropped = 1;
        (2..=3).for_each(|sequence| world.topic.add(0, 7, Some(sequence)));
    };
    assert_eq!(failing(late), Vec::<&str>::new());
}

#[test]
fn what_cannot_be_asked_is_skipped_and_what_cannot_be_read_fails() {
    let world = sound();
    let checks = audit(&Findings {
        tally: &world.tally,
        holdings: &Evidence::Failed("connection refused".to_owned()),
        new: &world.holdings,
        capacity: &world.capacity,
        cancelled: &world.cancelled,
        trial_balance: &Evidence::Absent("no finance client"),
        log: &Evidence::Absent("no database_url"),
        topic: &Evidence::Read(world.topic.clone()),
    });
    let verdict = |name: &str| checks.iter().find(|check| check.name == name).unwrap().verdict;
    assert_eq!(verdict("trades have contracts"), Verdict::Failed);
    assert_eq!(verdict("trial balance"), Verdict::Skipped);
    assert_eq!(verdict("events in PostgreSQL = Kafka"), Verdict::Skipped);
    assert_eq!(verdict("Kafka: no event twice"), Verdict::Ok);
}
