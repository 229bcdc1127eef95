//! The largest event of each kind that grows with its input fits into a record of the topic.

use std::fs;

use ledger::deal::DealTerms;
use ledger::{Amount, BankLine, BankStatement, BankText, Currency, StatedBalance};
use matching::{Command, DealParty, EVENT_BYTES_MAX, Event, Exchange, Instruction, Refusal};
use serde_json::{Value, json};

use crate::line::{bank_text, label, organization};
use crate::scenario::{Collected, command_id, instant};

fn bytes(event: &Event) -> usize {
    let mut content = Vec::new();
    event.encode(&mut content);
    content.len()
}

/// What becomes of an instruction on an exchange that has seen `before`.
fn outcome(before: Vec<Instruction>, instruction: Instruction) -> Result<Vec<Event>, Refusal> {
    let (mut exchange, mut log) = (Exchange::new(), Collected::default());
    let mut last = Ok(());
    for (number, instruction) in (1..).zip(before.into_iter().chain([instruction])) {
        log = Collected::default();
        let command = Command { id: command_id(number), at: instant(0, 0), instruction };
        last = exchange.execute(&command, &mut log).map(drop);
    }
    last.map(|()| log.0.into_iter().map(|record| record.event).collect())
}

/// The event of a golden file whose list at `pointer` has so many items like its first.
fn widened(file: &str, lists: &[(&str, usize)]) -> Event {
    let path = format!("{}/tests/golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let mut content: Value = serde_json::from_str(&fs::read_to_string(path).expect("a golden file")).expect("JSON");
    for (pointer, count) in lists {
        let list = content.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list");
        let longest = list.iter().max_by_key(|item| item.to_string().len()).expect("an item").clone();
        *list = vec![longest; *count];
    }
    let (name, version) = file.rsplit_once('.').expect("a version");
    Event::decode(name, version.parse().expect("a number"), content.to_string().as_bytes()).expect("an event")
}

#[test]
fn lists_of_the_most_items_fit_twice_over() {
    for (file, lists) in [
        ("hours_delivered.3", &[("/contracts", 500)][..]),
        ("spot_hours_sold.1", &[("/sales", 500), ("/holds", 500)]),
        ("spot_hours_delivered.1", &[("/sales", 500)]),
        ("reconciled.3", &[("/lines", 500), ("/items", 500)]),
        ("reconciliation_undone.3", &[("/undone/lines", 500), ("/undone/items", 500)]),
        ("journal_approved.1", &[("/proposed/lines", 100)]),
    ] {
        // Twice: amounts and names of these files are not the longest there are.
        let bytes = bytes(&widened(file, lists));
        assert!(2 * bytes <= EVENT_BYTES_MAX, "{file}: {bytes}");
    }
}

/// A statement whose lines have the longest texts, of a character that takes the most bytes in JSON.
fn longest_statement(lines: usize) -> BankStatement {
    let text = || Some(BankText::parse(&"\u{1}".repeat(BankText::BYTES_MAX)).expect("a text"));
    let day = instant(0, 0).day();
    let line = BankLine {
        booking_day: day,
        value_day: day,
        amount: Amount::ZERO,
        reference: text(),
        bank_reference: text(),
        counterparty: text(),
        counterparty_account: text(),
        text: text(),
        reversal: true,
    };
    let balance = StatedBalance { amount: Amount::ZERO, currency: Currency::USD, day };
    BankStatement {
        account: bank_text("MAIN"),
        currency: Currency::USD,
        number: text().expect("a number"),
        period: None,
        opening: balance,
        lines: vec![line; lines],
        closing: balance,
    }
}

#[test]
fn a_statement_with_the_longest_texts_is_cut_into_events_that_fit() {
    let account = Instruction::OpenBankAccount {
        account: "MAIN".parse().expect("an account"),
        currency: Currency::USD,
        opening: Amount::ZERO,
        tolerance: Amount::ZERO,
    };
    let events =
        outcome(vec![account], Instruction::ImportStatement(Box::new(longest_statement(5)))).expect("imported");
    let mut lines = 0;
    for event in &events {
        assert!(bytes(event) <= EVENT_BYTES_MAX, "{}: {}", event.name(), bytes(event));
        if let Event::BankLinesBooked(booked) = event {
            assert_eq!(booked.first, lines + 1, "lines are numbered through");
            lines += u32::try_from(booked.lines.len()).expect("few");
        }
    }
    assert_eq!(lines, 5);
}

/// A deal with so many draws of each of so many facilities.
fn deal(facilities: usize, draws: usize) -> DealTerms {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/examples/box/reference.json");
    let mut deal: Value = serde_json::from_str(&fs::read_to_string(path).expect("a deal")).expect("JSON");
    let first = deal["facilities"][0].clone();
    let draw = json!({"on": deal["closing"], "amount": "0.01"});
    for number in 0..facilities {
        let mut facility = first.clone();
        let name = format!("facility-of-the-longest-name-{number:03}");
        facility["name"] = json!(name);
        facility["draws"] = json!(vec![draw.clone(); draws]);
        deal["facilities"].as_array_mut().expect("facilities").push(facility);
    }
    serde_json::from_value(deal).expect("a document")
}

#[test]
fn a_deal_has_a_longest_document() {
    let sponsor = deal(0, 0).sponsor;
    let admitted = || vec![Instruction::RegisterOrganization { organization: sponsor, name: label("North") }];
    let create = |facilities, draws| {
        let deal = Box::new(deal(facilities, draws));
        outcome(
            admitted(),
            Instruction::CreateBox { deal, party: DealParty::Finance, by: "ann".parse().expect("a client") },
        )
    };
    let Err(Refusal::DealInvalid { problem }) = create(50, 600) else { panic!("1.4 MB of draws are accepted") };
    assert!(problem.contains("262144 bytes"), "{problem}");
    // Below, it is judged for what it says: these facilities have no steps.
    let Err(Refusal::DealInvalid { problem }) = create(50, 60) else { panic!("facilities without steps are accepted") };
    assert!(problem.contains("priority"), "{problem}");
    // A reversed run repeats the run, and a run says of each of a hundred items what fell due and what was paid.
    let reversed = widened(
        "waterfall_reversed.2",
        &[("/undone/revenue", 100), ("/undone/depreciation", 100), ("/undone/run/steps", 100)],
    );
    assert!(2 * bytes(&reversed) <= EVENT_BYTES_MAX, "{}", bytes(&reversed));
}

/// A period may be of any length, but what it costs must be an amount.
#[test]
fn the_interest_of_a_period_is_an_amount() {
    let mut deal = deal(0, 0);
    let sponsor = deal.sponsor;
    deal.determination.first = "9999-01-01".parse().expect("a day");
    let trillion: Amount = "1000000000000.00".parse().expect("an amount");
    (deal.facilities[0].commitment, deal.facilities[0].draws[0].amount) = (trillion, trillion);
    let refused = outcome(
        vec![Instruction::RegisterOrganization { organization: sponsor, name: label("North") }],
        Instruction::CreateBox {
            deal: Box::new(deal),
            party: DealParty::Finance,
            by: "ann".parse().expect("a client"),
        },
    );
    let problem = "senior comes to more than the books take in one amount".to_owned();
    assert_eq!(refused, Err(Refusal::DealInvalid { problem }));
}

#[test]
fn a_box_has_a_bounded_number_of_lenders() {
    let lenders = (0..1_001).map(|number| organization(&format!("lender-{number}"))).collect();
    let by = "ann".parse().expect("a client");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/examples/box/reference.json");
    let deal: DealTerms = serde_json::from_str(&fs::read_to_string(path).expect("a deal")).expect("a deal");
    let mut before = vec![Instruction::RegisterOrganization { organization: deal.sponsor, name: label("North") }];
    before.push(Instruction::CreateBox { deal: Box::new(deal), party: DealParty::Finance, by });
    let created = outcome(before[..1].to_vec(), before[1].clone()).expect("a box");
    let [Event::BoxCreated(created)] = &created[..] else { panic!("a box") };
    let refused = outcome(before, Instruction::SetLenders { box_id: created.box_id, lenders, by });
    assert_eq!(refused, Err(Refusal::DealInvalid { problem: "a box has at most 1000 lenders".to_owned() }));
}
