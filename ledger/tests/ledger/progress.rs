//! What the next run of a box takes up: collections by their day, and what suppliers have invoiced.

use ledger::deal::{Collected, Deal, InvalidInvoice, PeriodRun, Progress, Standing, SupplierInvoice, SupplierInvoices};
use ledger::{Amount, Day, ItemName, Month};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn name(text: &str) -> ItemName {
    text.parse().expect("a name")
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

/// The reference deal: determination dates from 2026-02-01 on, month by month, and power at 520,000 a month.
fn reference() -> Deal {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/examples/box/reference.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the example")).expect("a deal")
}

/// A box whose runs take up what is entered.
struct OneBox {
    deal: Deal,
    runs: usize,
    standing: Standing,
    invoices: SupplierInvoices,
    collected: Vec<Collected>,
}

impl OneBox {
    fn new() -> Self {
        let deal = reference();
        let standing = Standing::at_closing(&deal);
        Self { deal, runs: 0, standing, invoices: SupplierInvoices::default(), collected: Vec::new() }
    }

    fn progress(&self) -> Progress<'_> {
        let collected = self.collected.clone();
        Progress { runs: self.runs, standing: &self.standing, invoices: &self.invoices, collected }
    }

    /// Invoices a month of an agreement; what it corrects.
    fn invoice(&mut self, agreement: &str, of: &str, costs: &str) -> Result<Option<Amount>, InvalidInvoice> {
        let invoice = SupplierInvoice { agreement: name(agreement), month: month(of), amount: amount(costs) };
        let correction = self.deal.correction(&invoice, &self.progress(), month("2026-03"))?;
        self.invoices.take_in(&invoice, correction);
        Ok(correction)
    }

    /// Runs the next period.
    fn run(&mut self) -> PeriodRun {
        let next = self.deal.next_run(&self.progress()).expect("a period");
        self.collected.retain(|paid| !paid.is_taken_up_on(next.run.date));
        self.standing = self.deal.standing_after(&next.run, &[]);
        self.runs += 1;
        next
    }

    /// What falls due of power in the next run, and what is left to take back.
    fn power(&self) -> (String, Option<String>) {
        let next = self.deal.next_run(&self.progress()).expect("a period");
        let left = next.corrections_left.get(&name("power")).map(ToString::to_string);
        (next.dues.agreements[&name("power")].to_string(), left)
    }
}

#[test]
fn a_run_takes_up_what_came_by_the_end_of_its_date() {
    let mut it = OneBox::new();
    for (paid, sum) in [("2026-01-15", "5000000"), ("2026-02-01", "400000"), ("2026-02-02", "7")] {
        it.collected.push(Collected { paid: day(paid), amount: amount(sum) });
    }
    let first = it.run();
    assert_eq!((first.run.date, first.run.collected), (day("2026-02-01"), amount("5400000")));
    assert_eq!(it.run().run.collected, amount("7"));
}

#[test]
fn an_invoice_counts_in_the_run_of_its_month_or_corrects_it_in_the_next() {
    let mut it = OneBox::new();
    assert_eq!(it.power(), ("520000.00".to_owned(), None));
    assert_eq!(it.invoice("power", "2026-01", "500000"), Ok(None));
    assert_eq!(it.power().0, "500000.00");
    it.run();
    assert_eq!(it.invoice("power", "2026-01", "530000"), Ok(Some(amount("30000"))));
    assert_eq!(it.power().0, "550000.00");
    // More was charged than the next month costs: the rest comes off later ones.
    assert_eq!(it.invoice("power", "2026-01", "0"), Ok(Some(amount("-530000"))));
    assert_eq!(it.invoice("power", "2026-02", "100000"), Ok(None));
    assert_eq!(it.power(), ("0.00".to_owned(), Some("-400000.00".to_owned())));
}

#[test]
fn a_reversal_gives_back_what_its_run_took_up() {
    let mut it = OneBox::new();
    it.run();
    it.invoice("power", "2026-01", "530000").expect("a correction");
    let before = (it.power(), it.invoices.clone(), it.standing.clone());
    let run = it.run();
    let taken = it.invoices.take_up(&run.corrections_left);
    assert_eq!(it.power().0, "520000.00");
    it.runs -= 1;
    it.invoices.give_back(taken, run.corrections_left);
    it.standing.accelerated = true;
    it.standing = it.standing.reversed_to(before.2);
    assert!(it.standing.accelerated, "what the lenders have said since stands");
    assert_eq!((it.power(), it.invoices), (before.0, before.1));
}

#[test]
fn what_no_run_could_take_up_is_refused() {
    let mut it = OneBox::new();
    for (agreement, of, costs, refused) in [
        ("water", "2026-01", "1", InvalidInvoice::Agreement),
        ("power", "2026-01", "-1", InvalidInvoice::Amount),
        ("power", "2026-01", "0.001", InvalidInvoice::Amount),
        ("power", "2025-12", "1", InvalidInvoice::BeforeClosing),
        ("power", "2026-04", "1", InvalidInvoice::ToCome),
    ] {
        assert_eq!(it.invoice(agreement, of, costs), Err(refused));
    }
    it.runs = it.deal.periods().len();
    it.standing = Standing::default();
    assert_eq!(it.invoice("power", "2026-01", "1"), Err(InvalidInvoice::NoRunLeft));
}

/// Behind the contracts' end there are further dates for what is still owed, kept or collected, and none without.
#[test]
fn periods_go_on_while_something_is_open() {
    let mut it = OneBox::new();
    it.runs = it.deal.periods().len();
    assert_eq!(it.deal.next_period(&it.progress()).map(|period| period.date), Some(day("2031-02-01")));
    it.standing = Standing::default();
    assert_eq!(it.deal.next_period(&it.progress()), None);
    it.collected.push(Collected { paid: day("2031-01-15"), amount: amount("1") });
    assert!(it.deal.next_period(&it.progress()).is_some());
}
