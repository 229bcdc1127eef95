//! What is gathered, when a month is closed, and what is issued then.

use std::collections::BTreeMap;

use ledger::{Amount, ContractId, Currency, Instant, OrganizationId};
use matching::{
    CommandId, ContractHour, DepositReceived, Event, Hour, HourShortfall, HoursDelivered, MarketId, Record,
};
use uuid::Uuid;

use super::document::{Document, DocumentKind};
use super::fold::{Content, Draft, Fold};
use super::month::{Account, MonthOfSeller};
use super::register::Register;

fn market() -> MarketId {
    "a100-80g-sxm4-ib.us-tx-1".parse().unwrap()
}

fn organization(name: &str) -> OrganizationId {
    name.parse().unwrap()
}

fn contract() -> ContractId {
    ContractId::new(Uuid::from_u128(7))
}

fn cents(cents: i128) -> Amount {
    Amount::from_micros(cents * 10_000)
}

fn record(sequence: u64, at: &str, event: impl Into<Event>) -> Record {
    Record { sequence, at: at.parse().unwrap(), command: CommandId::new(Uuid::nil()), event: event.into() }
}

/// An hour of a contract at 8.00 of which so many GPU-minutes at a cent each were not delivered.
fn delivered(sequence: u64, hour: &str, gpu_minutes: u32) -> Record {
    let hour: Hour = hour.parse().unwrap();
    let credit = cents(i128::from(gpu_minutes));
    let shortfall = HourShortfall {
        buyer: organization("acme"),
        gpu_minutes,
        credit,
        penalty: Amount::ZERO,
        penalty_paid: Amount::ZERO,
        recovered: Amount::ZERO,
    };
    let of_contract = ContractHour {
        contract: contract(),
        seller: organization("north"),
        assignee: None,
        amount: cents(800) - credit,
        buyer_fee: Amount::ZERO,
        seller_fee: cents(1),
        completed: false,
        shortfall: (gpu_minutes > 0).then_some(shortfall),
    };
    let event = HoursDelivered { market: market(), hour, currency: Currency::USD, contracts: vec![of_contract] };
    let at: Instant = hour.plus(1).start();
    record(sequence, &at.to_string(), event)
}

fn deposit(sequence: u64, at: &str) -> Record {
    let (organization, amount) = (organization("acme"), cents(100));
    let deposit = ledger::DepositId::new(Uuid::nil());
    let event =
        DepositReceived { deposit, organization, amount, currency: Currency::USD, reference: "wire".parse().unwrap() };
    record(sequence, at, event)
}

fn folded(fold: &mut Fold, records: &[Record]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for record in records {
        fold.add(record, &mut drafts);
    }
    drafts
}

#[test]
fn a_month_has_its_last_hour_and_is_closed_by_what_comes_after_it() {
    let mut fold = Fold::after(40);
    let january = [delivered(41, "2037-01-31T22:00:00Z", 0), delivered(42, "2037-01-31T23:00:00Z", 0)];
    assert!(folded(&mut fold, &january).is_empty());
    assert_eq!(fold.month_sequence(), 40);
    let drafts = folded(&mut fold, &[deposit(43, "2037-02-01T00:00:00Z"), deposit(44, "2037-02-01T00:00:00Z")]);
    let [Draft { issued, sequence: 43, content: Content::Seller(_, month, of) }] = drafts.as_slice() else {
        panic!("one seller earned something")
    };
    assert_eq!((issued.to_string(), month.to_string()), ("2037-01-31".to_owned(), "2037-01".to_owned()));
    assert_eq!(of.contracts[&contract()].amount, cents(1_600));
    assert_eq!(fold.month_sequence(), 42, "February begins after the last hour of January");
}

#[test]
fn hours_in_a_row_of_which_the_same_is_missing_are_one() {
    let mut fold = Fold::after(0);
    let missing = [(0, 60), (1, 60), (2, 30), (3, 0), (4, 30), (6, 30)];
    let hours: Vec<_> = (1..)
        .zip(missing)
        .map(|(sequence, (hour, minutes))| delivered(sequence, &format!("2037-01-05T0{hour}:00:00Z"), minutes))
        .collect();
    folded(&mut fold, &hours);
    let drafts = folded(&mut fold, &[deposit(9, "2037-03-01T00:00:00Z")]);
    let credits = drafts.iter().find_map(|draft| match &draft.content {
        Content::Credits(_, of) => Some(of),
        _ => None,
    });
    let credits = credits.unwrap();
    let missed: Vec<_> = credits.missed.iter().map(|of| (of.hours, of.gpu_minutes, of.credit)).collect();
    let expected = [(2, 60, cents(120)), (1, 30, cents(30)), (1, 30, cents(30)), (1, 30, cents(30))];
    assert_eq!(missed, expected);
}

fn issued(drafts: impl IntoIterator<Item = Draft>) -> Vec<Document> {
    let mut register = Register::new(BTreeMap::new(), BTreeMap::new()).unwrap();
    for draft in drafts {
        register.take(draft).unwrap();
    }
    register.issued
}

#[test]
fn fees_that_are_taken_back_are_credited() {
    let mut of = MonthOfSeller::default();
    let earned = of.contract(contract(), market());
    (earned.fee, earned.reversed, earned.reversed_fee) = (cents(1), cents(2_000), cents(10));
    let day: ledger::Day = "2037-01-31".parse().unwrap();
    let content =
        Content::Seller(Account { organization: organization("north"), currency: Currency::USD }, day.month(), of);
    let documents = issued([Draft { issued: day, sequence: 5, content }]);
    let told: Vec<_> = documents.iter().map(|one| (one.number.as_str(), one.kind, one.total)).collect();
    let expected = [
        ("CN-2037-000001", DocumentKind::CreditNote, cents(9)),
        ("SB-2037-000001", DocumentKind::SelfBilledInvoice, cents(9) - cents(2_000)),
    ];
    assert_eq!(told, expected);
    assert_eq!(documents[1].lines[1].document.as_deref(), Some("CN-2037-000001"));
}

#[test]
fn numbers_begin_anew_every_year_and_names_are_those_of_the_time() {
    let name = |sequence, name: &str| Draft {
        issued: "2036-12-31".parse().unwrap(),
        sequence,
        content: Content::Name(organization("north"), name.to_owned()),
    };
    let statement = |day: &str| {
        let mut of = MonthOfSeller::default();
        of.contract(contract(), market()).amount = cents(100);
        let issued: ledger::Day = day.parse().unwrap();
        let content = Content::Seller(
            Account { organization: organization("north"), currency: Currency::USD },
            issued.month(),
            of,
        );
        Draft { issued, sequence: 1, content }
    };
    let documents = issued([
        name(1, "North"),
        statement("2036-11-30"),
        statement("2036-12-31"),
        name(2, "North & Daughters"),
        statement("2037-01-31"),
    ]);
    let told: Vec<_> = documents.iter().map(|one| (one.number.as_str(), one.recipient.name.as_str())).collect();
    let expected = [("SB-2036-000001", "North"), ("SB-2036-000002", "North"), ("SB-2037-000001", "North & Daughters")];
    assert_eq!(told, expected);
    assert_eq!(documents[0].issuer.name, "Secondwind");
    let stored = serde_json::to_string(&documents[0]).unwrap();
    assert_eq!(serde_json::from_str::<Document>(&stored).unwrap(), documents[0], "what is stored is read back");
}
