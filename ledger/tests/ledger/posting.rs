//! A worked example of every rule, and the page that shows them.

use std::fmt::Write as _;

use ledger::{
    AccountKind, Accrual, Amount, BoxId, CashMove, ClosedAccount, ContractId, Credit, Currency, Day, Delivery, Earned,
    EntityId, Fact, Instant, ItemName, JournalLine, Line, OrganizationId, Payee, RULES, Redress, SpotDelivery,
    Unbalanced, post,
};
use uuid::Uuid;

const USD: Currency = Currency::USD;

fn organization(name: &str) -> OrganizationId {
    name.parse().expect("a slug")
}

fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

const BOX: BoxId = BoxId::new(Uuid::from_u128(2));
const CONTRACT: ContractId = ContractId::new(Uuid::from_u128(1));

/// The lines of a fact's entry as text: account, owner, amount.
fn posted(fact: &Fact<'_>) -> Vec<String> {
    let entry = post(fact, USD, Day::from_days(20_000)).expect("balanced");
    assert_eq!(entry.rule(), fact.rule());
    let text = |line: &Line| {
        let owner = line.account.owner.to_string().replace(&CONTRACT.to_string(), "1").replace(&BOX.to_string(), "2");
        format!("{} {owner} {}", line.account.kind.code(), line.amount)
    };
    entry.lines().iter().map(text).collect()
}

type Example = (Fact<'static>, &'static [&'static str]);

/// A fact for each rule, in the order of [`RULES`], with the lines that it must post.
fn examples() -> Vec<Example> {
    [at_the_bank(), paid_in_advance(), delivered_and_ended(), by_the_hour(), in_a_box(), earned_by_a_box()].concat()
}

fn earned_by_a_box() -> Vec<Example> {
    let name = |text: &str| -> ItemName { text.parse().expect("a name") };
    let box_id = BOX;
    let account = "DE02120300000000202051".parse().expect("an account");
    let earned: &[_] =
        Box::leak(Box::new([Earned { contract: CONTRACT, name: name("anchor"), amount: amount("7392") }]));
    let paid_over: &[_] = Box::leak(Box::new([Fact::BoxPaidOver { box_id, amount: amount("5.4") }]));
    vec![
        (
            Fact::CollectionReversed { entity: EntityId::Operator, facts: paid_over, event: 17 },
            &["2210-box-payable box:2 -5.40", "2300-payout-in-transit box:2 5.40"],
        ),
        (
            Fact::BoxEarned { box_id, earned },
            &["1100-receivable item:anchor 7392.00", "4100-contract-revenue item:anchor -7392.00"],
        ),
        (
            Fact::BoxPaidOver { box_id, amount: amount("5.4") },
            &["2210-box-payable box:2 5.40", "2300-payout-in-transit box:2 -5.40"],
        ),
        (
            Fact::BoxPaymentMatched { account, box_id, amount: amount("5.4") },
            &["2300-payout-in-transit box:2 5.40", "1010-bank-unmatched bank:DE02120300000000202051 -5.40"],
        ),
    ]
}

fn in_a_box() -> Vec<Example> {
    let name = |text: &str| -> ItemName { text.parse().expect("a name") };
    let box_id = BOX;
    let accruals: &[_] = Box::leak(Box::new([
        Accrual::Revenue(name("anchor"), amount("5400000")),
        Accrual::Cost(name("power"), amount("520000")),
        Accrual::Interest(name("senior"), amount("571777.78")),
        Accrual::Depreciation(name("gpus"), amount("1388888.89")),
    ]));
    let moves: &[_] = Box::leak(Box::new([
        CashMove::Reserve(name("service"), amount("-40000")),
        CashMove::Agreement(name("power"), amount("520000")),
        CashMove::Interest(name("senior"), amount("571777.78")),
        CashMove::Principal(name("senior"), amount("2443222.22")),
        CashMove::Trap(amount("5000")),
        CashMove::Sponsor(amount("260000")),
    ]));
    let reversed: &[_] = Box::leak(Box::new([
        Fact::BoxAccrued { box_id, accruals: &accruals[1..2] },
        Fact::WaterfallPaid { box_id, moves: &moves[1..2] },
    ]));
    let account_of = |code: &str, item: Option<&str>, balance: &str| ClosedAccount {
        account: AccountKind::from_code(code).expect("an account"),
        name: item.map(name),
        balance: amount(balance),
    };
    let closed: &[_] = Box::leak(Box::new([
        account_of("1500-equipment", Some("gpus"), "100"),
        account_of("1590-accumulated-depreciation", Some("gpus"), "-80"),
        account_of("3000-equity", None, "-20"),
    ]));
    vec![
        (Fact::BoxContributed { box_id, amount: amount("20") }, &["1020-box-cash  20.00", "3000-equity  -20.00"]),
        (
            Fact::DebtDrawn { box_id, facility: name("senior"), amount: amount("80") },
            &["1020-box-cash  80.00", "2600-debt item:senior -80.00"],
        ),
        (
            Fact::DebtPrepaid { box_id, facility: name("senior"), amount: amount("7") },
            &["2600-debt item:senior 7.00", "1020-box-cash  -7.00"],
        ),
        (
            Fact::BoxWoundUp { box_id, accounts: closed },
            &[
                "1500-equipment item:gpus -100.00",
                "1590-accumulated-depreciation item:gpus 80.00",
                "3000-equity  20.00",
            ],
        ),
        (
            Fact::AssetBought { box_id, asset: name("gpus"), amount: amount("100") },
            &["1500-equipment item:gpus 100.00", "1020-box-cash  -100.00"],
        ),
        (
            Fact::ReserveFunded { box_id, reserve: name("service"), amount: amount("3") },
            &["1030-reserve-cash item:service 3.00", "1020-box-cash  -3.00"],
        ),
        (
            Fact::BoxCollected { box_id, contract: name("anchor"), amount: amount("5.4") },
            &["1020-box-cash  5.40", "1100-receivable item:anchor -5.40"],
        ),
        (
            Fact::BoxAccrued { box_id, accruals },
            &[
                "1100-receivable item:anchor 5400000.00",
                "4100-contract-revenue item:anchor -5400000.00",
                "6100-operating-cost item:power 520000.00",
                "2500-accrued-cost item:power -520000.00",
                "6300-interest item:senior 571777.78",
                "2550-accrued-interest item:senior -571777.78",
                "6200-depreciation item:gpus 1388888.89",
                "1590-accumulated-depreciation item:gpus -1388888.89",
            ],
        ),
        (
            Fact::WaterfallPaid { box_id, moves },
            &[
                "1030-reserve-cash item:service -40000.00",
                "2500-accrued-cost item:power 520000.00",
                "2550-accrued-interest item:senior 571777.78",
                "2600-debt item:senior 2443222.22",
                "1040-trapped-cash  5000.00",
                "3100-distribution  260000.00",
                "1020-box-cash  -3760000.00",
            ],
        ),
        (
            Fact::WaterfallReversed { box_id, facts: reversed, event: 17 },
            &[
                "6100-operating-cost item:power -520000.00",
                "2500-accrued-cost item:power 520000.00",
                "2500-accrued-cost item:power -520000.00",
                "1020-box-cash  520000.00",
            ],
        ),
    ]
}

fn at_the_bank() -> Vec<Example> {
    let (acme, north) = (organization("acme"), organization("north"));
    let account = "DE02120300000000202051".parse().expect("an account");
    let amounts: &[_] = Box::leak(Box::new([amount("100"), amount("-16.7664")]));
    let line = |account, organization, text| JournalLine { account, organization, amount: amount(text) };
    let goodwill: &[_] = Box::leak(Box::new([
        line(AccountKind::Expense, None, "25"),
        line(AccountKind::CustomerAvailable, Some(acme), "-25"),
    ]));
    let undone: &[_] =
        Box::leak(Box::new([Fact::DepositMatched { account, organization: acme, amount: amount("100") }]));
    vec![
        (
            Fact::BankOpened { account, amount: amount("500") },
            &["1000-bank bank:DE02120300000000202051 500.00", "3000-equity  -500.00"],
        ),
        (
            Fact::BankClosed { account, amount: amount("500") },
            &["3000-equity  500.00", "1000-bank bank:DE02120300000000202051 -500.00"],
        ),
        (
            Fact::BankBooked { account, amounts },
            &[
                "1000-bank bank:DE02120300000000202051 100.00",
                "1010-bank-unmatched bank:DE02120300000000202051 -100.00",
                "1000-bank bank:DE02120300000000202051 -16.7664",
                "1010-bank-unmatched bank:DE02120300000000202051 16.7664",
            ],
        ),
        (
            Fact::DepositRecorded { organization: acme, amount: amount("100") },
            &["1010-bank-unmatched  100.00", "2000-customer-available org:acme -100.00"],
        ),
        (
            Fact::DepositMatched { account, organization: acme, amount: amount("100") },
            &["1010-bank-unmatched bank:DE02120300000000202051 100.00", "2000-customer-available org:acme -100.00"],
        ),
        (
            Fact::DepositConfirmed { account, amount: amount("100") },
            &["1010-bank-unmatched bank:DE02120300000000202051 100.00", "1010-bank-unmatched  -100.00"],
        ),
        (
            Fact::PayoutRequested {
                organization: north,
                source: AccountKind::SellerPayable,
                amount: amount("16.7664"),
            },
            &["2200-seller-payable org:north 16.7664", "2300-payout-in-transit org:north -16.7664"],
        ),
        (
            Fact::PayoutMatched { account, organization: north, amount: amount("16.7664") },
            &["2300-payout-in-transit org:north 16.7664", "1010-bank-unmatched bank:DE02120300000000202051 -16.7664"],
        ),
        (
            Fact::PayoutReturned { organization: north, source: AccountKind::SellerPayable, amount: amount("16.7664") },
            &["2300-payout-in-transit org:north 16.7664", "2200-seller-payable org:north -16.7664"],
        ),
        (
            Fact::BankExplained { account, kind: AccountKind::Expense, amount: amount("-3.5") },
            &["1010-bank-unmatched bank:DE02120300000000202051 -3.50", "6000-expense  3.50"],
        ),
        (
            Fact::BankDifference { account, amount: amount("-0.02") },
            &["1010-bank-unmatched bank:DE02120300000000202051 -0.02", "6900-bank-difference  0.02"],
        ),
        (
            Fact::CurrencyConverted { account, amount: amount("-250") },
            &["1010-bank-unmatched bank:DE02120300000000202051 -250.00", "1900-currency-position  250.00"],
        ),
        (
            Fact::ReconciliationUndone { facts: undone, event: Some(17) },
            &["1010-bank-unmatched bank:DE02120300000000202051 -100.00", "2000-customer-available org:acme 100.00"],
        ),
        (
            Fact::TaxWithheld { organization: north, amount: amount("5.2946") },
            &["2200-seller-payable org:north 5.2946", "2400-withheld-tax  -5.2946"],
        ),
        (
            Fact::TaxReturned { organization: north, amount: amount("5.2946") },
            &["2400-withheld-tax  5.2946", "2200-seller-payable org:north -5.2946"],
        ),
        (
            Fact::ManualJournal { lines: goodwill, corrects: None },
            &["6000-expense  25.00", "2000-customer-available org:acme -25.00"],
        ),
    ]
}

fn paid_in_advance() -> Vec<Example> {
    let (contract, acme, north) = (CONTRACT, organization("acme"), organization("north"));
    vec![
        (
            Fact::HoldPlaced { organization: acme, amount: amount("40.2") },
            &["2000-customer-available org:acme 40.20", "2010-customer-held org:acme -40.20"],
        ),
        (
            Fact::HoldVoided { organization: acme, amount: amount("0.000001") },
            &["2010-customer-held org:acme 0.000001", "2000-customer-available org:acme -0.000001"],
        ),
        (
            Fact::TermPrepaid { organization: acme, contract, amount: amount("40.2") },
            &["2010-customer-held org:acme 40.20", "2100-contract-prepayment contract:1 -40.20"],
        ),
        (
            Fact::SecurityTaken { organization: acme, contract, amount: amount("40.2") },
            &["2010-customer-held org:acme 40.20", "2105-security-deposit contract:1 -40.20"],
        ),
        (
            Fact::PeriodBilled { organization: acme, contract, available: amount("30"), payable: amount("10.2") },
            &[
                "2000-customer-available org:acme 30.00",
                "2200-seller-payable org:acme 10.20",
                "2100-contract-prepayment contract:1 -40.20",
            ],
        ),
        (
            Fact::SecurityApplied { contract, amount: amount("40.2") },
            &["2105-security-deposit contract:1 40.20", "2100-contract-prepayment contract:1 -40.20"],
        ),
        (
            Fact::SecurityReturned { organization: acme, contract, amount: amount("1.5") },
            &["2105-security-deposit contract:1 1.50", "2000-customer-available org:acme -1.50"],
        ),
        (
            Fact::SecurityForfeited { payee: Payee::Seller(north), contract, amount: amount("40.2") },
            &["2105-security-deposit contract:1 40.20", "2200-seller-payable org:north -40.20"],
        ),
    ]
}

fn delivered_and_ended() -> Vec<Example> {
    let (contract, acme, north) = (CONTRACT, organization("acme"), organization("north"));
    let deliveries: &[_] = Box::leak(Box::new([Delivery {
        contract,
        payee: Payee::Seller(north),
        amount: amount("16.80"),
        buyer_fee: amount("0.084"),
        seller_fee: amount("0.0336"),
    }]));
    let credits: &[_] = Box::leak(Box::new([Credit { contract, buyer: acme, amount: amount("8.442") }]));
    let redress: &[_] =
        Box::leak(Box::new([Redress { contract, payee: Payee::Seller(north), buyer: acme, amount: amount("2.10") }]));
    vec![
        (
            Fact::HoursDelivered { deliveries },
            &[
                "2100-contract-prepayment contract:1 16.884",
                "2200-seller-payable org:north -16.7664",
                "4000-fee-revenue  -0.1176",
            ],
        ),
        (
            Fact::HoursCredited { credits },
            &["2100-contract-prepayment contract:1 8.442", "2000-customer-available org:acme -8.442"],
        ),
        (
            Fact::DeliveryReversed {
                contract,
                buyer: acme,
                payee: Payee::Seller(north),
                from_payee: amount("16.7664"),
                from_fees: amount("0.1176"),
                hours: (Instant::EPOCH, Instant::from_micros(3_600_000_000)),
            },
            &[
                "2200-seller-payable org:north 16.7664",
                "4000-fee-revenue  0.1176",
                "2000-customer-available org:acme -16.884",
            ],
        ),
        (
            Fact::CreditRecovered { redress },
            &["2200-seller-payable org:north 2.10", "2000-customer-available org:acme -2.10"],
        ),
        (
            Fact::PenaltyPaid { redress },
            &["2200-seller-payable org:north 2.10", "2000-customer-available org:acme -2.10"],
        ),
        (
            Fact::TermRefunded { organization: acme, contract, amount: amount("40.2") },
            &["2100-contract-prepayment contract:1 40.20", "2000-customer-available org:acme -40.20"],
        ),
        (
            Fact::TermBusted { organization: acme, contract, amount: amount("40.2") },
            &["2100-contract-prepayment contract:1 40.20", "2000-customer-available org:acme -40.20"],
        ),
    ]
}

fn by_the_hour() -> Vec<Example> {
    let (acme, north) = (organization("acme"), organization("north"));
    let sales: &[_] = Box::leak(Box::new([SpotDelivery {
        buyer: acme,
        seller: north,
        amount: amount("6.40"),
        buyer_fee: amount("0.032"),
        seller_fee: amount("0.0128"),
    }]));
    let holds: &[_] = Box::leak(Box::new([(acme, amount("7"))]));
    vec![
        (Fact::SpotHeld { holds }, &["2000-customer-available org:acme 7.00", "2010-customer-held org:acme -7.00"]),
        (Fact::SpotSold { sales }, &["2010-customer-held org:acme 6.432", "2110-spot-prepayment org:acme -6.432"]),
        (
            Fact::SpotDelivered { sales },
            &[
                "2110-spot-prepayment org:acme 6.432",
                "2200-seller-payable org:north -6.3872",
                "4000-fee-revenue  -0.0448",
            ],
        ),
    ]
}

#[test]
fn each_rule_posts_its_lines() {
    let examples = examples();
    let rules: Vec<_> = examples.iter().map(|(fact, _)| fact.rule()).collect();
    assert_eq!(rules, RULES.iter().map(|described| described.rule).collect::<Vec<_>>(), "every rule has its row");
    for (fact, lines) in examples {
        assert_eq!(posted(&fact), *lines, "{}", fact.rule().id);
    }
}

#[test]
fn a_fact_without_money_is_no_entry() {
    let fact = Fact::HoldPlaced { organization: organization("acme"), amount: Amount::ZERO };
    assert_eq!(post(&fact, USD, Day::from_days(0)), Err(Unbalanced::TooFewLines));
}

/// The page for finance: every rule with its accounts, taken from the worked examples.
fn page() -> String {
    let mut page = String::from(
        "# Posting rules\n\n\
         Every entry of the books names the rule that posted it, with its version. This page is written by the tests of the\n\
         ledger from the rules themselves; debits are positive, credits negative. `org:…` and `contract:…` name whose part of\n\
         an account a line moves.\n\n\
         | rule | records | stated by | debit | credit | rounding |\n|---|---|---|---|---|---|\n",
    );
    let examples = examples();
    let sides = |fact: &Fact<'_>, debit: bool| {
        let entry = post(fact, USD, Day::from_days(20_000)).expect("balanced");
        let of_side = entry.lines().iter().filter(|line| (line.amount > Amount::ZERO) == debit);
        of_side.map(|line| line.account.kind.code()).collect::<Vec<_>>().join(", ")
    };
    for ((fact, _), described) in examples.iter().zip(RULES) {
        let _ = writeln!(
            page,
            "| `{}.{}` | {} | {} | {} | {} | {} |",
            described.rule.id,
            described.rule.version,
            described.records,
            described.events.join(", "),
            sides(fact, true),
            sides(fact, false),
            described.rounding,
        );
    }
    page.push_str("\n## Worked examples\n\nAmounts in USD.\n");
    for (fact, lines) in &examples {
        let _ = write!(page, "\n`{}.{}`\n```\n", fact.rule().id, fact.rule().version);
        for line in *lines {
            let (account, amount) = line.rsplit_once(' ').expect("account and amount");
            let _ = writeln!(page, "{account:<48}{amount:>14}");
        }
        page.push_str("```\n");
    }
    page
}

/// `SECONDWIND_BLESS=1` writes the page instead.
#[test]
fn the_page_of_posting_rules_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/posting-rules.md");
    if std::env::var_os("SECONDWIND_BLESS").is_some() {
        std::fs::write(path, page()).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("the page"), page(), "run again with SECONDWIND_BLESS=1");
}
