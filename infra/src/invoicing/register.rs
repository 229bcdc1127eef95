//! Register: turns drafts into documents, in their order, with numbers that have no gaps.

use std::collections::BTreeMap;

use ledger::{Amount, ContractId, Currency, Day, Instant, OrganizationId};
use matching::{Hour, MarketId, Price, Window};

use super::document::{Document, DocumentKind, Line, LineKind, Party, Period};
use super::fold::{Content, Draft, FirstPayment};
use super::month::{Account, gpu_minutes};
use crate::journal::JournalError;

mod buyers;
mod sellers;

/// Exchange as a party to documents: id and name.
const EXCHANGE: (&str, &str) = ("secondwind", "Secondwind");

/// Knowledge of issued documents, as far as those that follow need it.
pub(super) struct Register {
    /// Last number of each series: a kind in a year.
    pub numbers: BTreeMap<(DocumentKind, i32), i32>,
    /// Names of organizations.
    pub names: BTreeMap<OrganizationId, String>,
    /// Names that are new since they were last written.
    pub new_names: Vec<(OrganizationId, String)>,
    /// Invoices of contracts that drafts refer to.
    pub invoices: BTreeMap<ContractId, Vec<Invoiced>>,
    /// Documents that are issued and not written yet.
    pub issued: Vec<Document>,
    exchange: OrganizationId,
}

/// Content of a contract's invoice that later documents need.
#[derive(Clone)]
pub(super) struct Invoiced {
    pub number: String,
    pub period: Window,
    pub gpus: u32,
    pub price: Price,
}

impl Invoiced {
    /// Reads a document; `None` where it is no invoice of a contract.
    pub fn of(document: &Document) -> Option<(ContractId, Self)> {
        let contract = document.contract.filter(|_| document.kind == DocumentKind::Invoice)?;
        let line = document.lines.first()?;
        let hour = |instant: Instant| Hour::containing(instant);
        let period = Window::new(hour(document.period.start), hour(document.period.end?)).ok()?;
        let number = document.number.clone();
        Some((contract, Self { number, period, gpus: line.gpus?, price: line.unit_price? }))
    }
}

/// Document without its number and the names in it.
struct Unnumbered {
    kind: DocumentKind,
    recipient: OrganizationId,
    currency: Currency,
    contract: Option<ContractId>,
    period: Period,
    lines: Vec<Line<OrganizationId>>,
}

/// Event and day with which a document is issued.
#[derive(Clone, Copy)]
struct Issue {
    day: Day,
    sequence: u64,
}

impl Register {
    /// Makes a register that goes on after what is written already.
    pub fn new(
        numbers: BTreeMap<(DocumentKind, i32), i32>,
        names: BTreeMap<OrganizationId, String>,
    ) -> Result<Self, JournalError> {
        let exchange = EXCHANGE.0.parse().map_err(|_| JournalError::Damaged("the exchange has no id".into()))?;
        let (new_names, invoices, issued) = (Vec::new(), BTreeMap::new(), Vec::new());
        Ok(Self { numbers, names, new_names, invoices, issued, exchange })
    }

    /// Issues the documents of a draft.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when the draft refers to a contract that was never invoiced.
    pub fn take(&mut self, draft: Draft) -> Result<(), JournalError> {
        let issue = Issue { day: draft.issued, sequence: draft.sequence };
        match draft.content {
            Content::Name(organization, name) => {
                self.names.insert(organization, name.clone());
                self.new_names.push((organization, name));
            }
            Content::Trade(payment) => self.first_payment(issue, &payment),
            Content::Period(charged) => {
                let (gpus, price) = self.terms_of(charged.contract)?;
                let capacity = Line {
                    gpus: Some(gpus),
                    unit_price: Some(price),
                    ..capacity(charged.seller, charged.market, charged.contract, charged.period, charged.amount)
                };
                let fee = self.fee_on(&capacity, charged.buyer_fee);
                let to = Account { organization: charged.buyer, currency: charged.currency };
                self.invoice(issue, to, charged.contract, charged.period, capacity, fee);
            }
            Content::Credits(contract, month) => self.credit(issue, contract, &month)?,
            Content::Refund(refund) => self.refund(issue, &refund)?,
            Content::Spot(to, month, of) => self.spot(issue, to, month, &of),
            Content::Seller(to, month, of) => self.seller(issue, to, month, &of),
        }
        Ok(())
    }

    fn first_payment(&mut self, issue: Issue, FirstPayment { trade, period }: &FirstPayment) {
        let price = trade.price.cost(trade.gpus, period.hours());
        let capacity = Line {
            gpus: Some(trade.gpus),
            unit_price: Some(trade.price),
            ..capacity(trade.seller, trade.market, trade.contract, *period, price)
        };
        let fee = self.fee_on(&capacity, trade.prepaid() - price);
        let to = Account { organization: trade.buyer, currency: trade.currency };
        self.invoice(issue, to, trade.contract, *period, capacity, fee);
    }

    /// Makes the line of the exchange's fee on what another line charges.
    fn fee_on(&self, capacity: &Line<OrganizationId>, amount: Amount) -> Line<OrganizationId> {
        Line {
            contract: capacity.contract,
            market: capacity.market,
            period: capacity.period,
            ..Line::of(LineKind::ExchangeFee, self.exchange, amount)
        }
    }

    fn invoice(
        &mut self,
        issue: Issue,
        to: Account,
        contract: ContractId,
        period: Window,
        mut capacity: Line<OrganizationId>,
        fee: Line<OrganizationId>,
    ) {
        let Account { organization: recipient, currency } = to;
        capacity.gpu_minutes = capacity.gpus.map(|gpus| gpu_minutes(gpus, period.hours()));
        let lines = [capacity, fee].into_iter().filter(|line| !line.amount.is_zero()).collect();
        let (kind, contract) = (DocumentKind::Invoice, Some(contract));
        self.issue(issue, Unnumbered { kind, recipient, currency, contract, period: period.into(), lines });
    }

    /// Returns the GPUs and the price of a contract, from its invoices.
    fn terms_of(&self, contract: ContractId) -> Result<(u32, Price), JournalError> {
        let invoiced = self.invoices_of(contract)?;
        invoiced.first().map(|first| (first.gpus, first.price)).ok_or_else(|| never_invoiced(contract))
    }

    fn invoices_of(&self, contract: ContractId) -> Result<&[Invoiced], JournalError> {
        self.invoices.get(&contract).map(Vec::as_slice).ok_or_else(|| never_invoiced(contract))
    }

    fn party(&self, organization: OrganizationId) -> Party {
        let name = self.names.get(&organization).cloned();
        let unnamed = || if organization == self.exchange { EXCHANGE.1.to_owned() } else { organization.to_string() };
        Party { organization, name: name.unwrap_or_else(unnamed) }
    }

    /// Issues a document under the next number of its series, and returns the number.
    fn issue(&mut self, issue: Issue, document: Unnumbered) -> String {
        let Unnumbered { kind, recipient, currency, contract, period, lines } = document;
        let year = issue.day.year();
        let last = self.numbers.entry((kind, year)).or_default();
        *last += 1;
        let number = format!("{}-{year:04}-{last:06}", kind.prefix());
        let mut corrects: Vec<String> = match kind {
            DocumentKind::CreditNote => lines.iter().filter_map(|line| line.document.clone()).collect(),
            _ => Vec::new(),
        };
        corrects.sort_unstable();
        corrects.dedup();
        let total = lines.iter().map(|line| line.amount).sum();
        let lines = lines.into_iter().map(|line| self.named(line)).collect();
        let document = Document {
            number: number.clone(),
            kind,
            issued: issue.day,
            sequence: issue.sequence,
            issuer: self.party(self.exchange),
            recipient: self.party(recipient),
            currency,
            contract,
            period,
            corrects,
            lines,
            total,
        };
        if let Some((contract, invoiced)) = Invoiced::of(&document) {
            self.invoices.entry(contract).or_default().push(invoiced);
        }
        self.issued.push(document);
        number
    }

    fn named(&self, line: Line<OrganizationId>) -> Line {
        Line {
            supplier: self.party(line.supplier),
            kind: line.kind,
            description: line.description,
            contract: line.contract,
            market: line.market,
            period: line.period,
            gpus: line.gpus,
            gpu_minutes: line.gpu_minutes,
            unit_price: line.unit_price,
            document: line.document,
            amount: line.amount,
        }
    }
}

/// Makes a line of capacity that a contract is charged for.
fn capacity(
    seller: OrganizationId,
    market: MarketId,
    contract: ContractId,
    period: Window,
    amount: Amount,
) -> Line<OrganizationId> {
    Line {
        contract: Some(contract),
        market: Some(market),
        period: Some(period.into()),
        ..Line::of(LineKind::Capacity, seller, amount)
    }
}

fn never_invoiced(contract: ContractId) -> JournalError {
    JournalError::Damaged(format!("the contract {contract} was never invoiced"))
}

/// Returns the span of a whole month.
fn period_of(month: ledger::Month) -> Period {
    let at = |month: ledger::Month| Instant::nearest_to(i64::from(month.first_day().days()) * 86_400_000_000);
    Period { start: at(month), end: Some(at(month.next())) }
}

/// Returns the span of a whole day.
fn period_of_day(day: Day) -> Period {
    let at = |days: i32| Instant::nearest_to(i64::from(days) * 86_400_000_000);
    Period { start: at(day.days()), end: Some(at(day.days() + 1)) }
}

/// Returns the span from the first of two hours to the end of the last.
fn period_of_hours(first: Hour, last: Hour) -> Period {
    Period { start: first.start(), end: Some(last.plus(1).start()) }
}
