//! Documents of buyers besides the invoices of their contracts: credit notes, and the invoice of spot hours.

use ledger::{Amount, ContractId, Month, OrganizationId};
use matching::{Hour, Window};

use super::{Invoiced, Issue, Register, Unnumbered, never_invoiced, period_of, period_of_day, period_of_hours};
use crate::invoicing::document::{DocumentKind, Line, LineKind, Period};
use crate::invoicing::fold::Refund;
use crate::invoicing::month::{Account, Missed, MonthOfContract, MonthOfSpot, Reversal, gpu_minutes};
use crate::journal::JournalError;

impl Register {
    /// Issues the credit note of a contract and a month.
    pub(super) fn credit(
        &mut self,
        issue: Issue,
        contract: ContractId,
        month: &MonthOfContract,
    ) -> Result<(), JournalError> {
        let invoices = self.invoices_of(contract)?;
        let number_at = |hour: Hour| invoice_at(invoices, hour).map(|invoice| invoice.number.clone());
        let mut lines = Vec::new();
        for missed in &month.missed {
            lines.extend(self.missed(invoices, missed).ok_or_else(|| never_invoiced(contract))?);
        }
        for reversal in &month.reversals {
            let document = number_at(Hour::containing(reversal.from));
            lines.extend(self.reversed(reversal).map(|line| Line { document: document.clone(), ..line }));
        }
        for (kind, paid) in [(LineKind::Recovered, &month.recovered), (LineKind::Penalty, &month.penalties)] {
            lines.extend(paid.iter().map(|(seller, paid)| Line {
                period: Some(period_of_hours(paid.first, paid.last)),
                document: number_at(paid.first),
                ..Line::of(kind, *seller, paid.amount)
            }));
        }
        let lines = lines.into_iter().filter(|line| !line.amount.is_zero()).map(|line| Line {
            contract: Some(contract),
            market: Some(month.market),
            ..line
        });
        let lines: Vec<_> = lines.collect();
        let Some(period) = covering(lines.iter().filter_map(|line| line.period)) else { return Ok(()) };
        let (kind, recipient, currency) = (DocumentKind::CreditNote, month.buyer, month.currency);
        self.issue(issue, Unnumbered { kind, recipient, currency, contract: Some(contract), period, lines });
        Ok(())
    }

    /// Makes the lines for price and fee of consecutive hours that were not delivered, or not wholly.
    fn missed(&self, invoices: &[Invoiced], missed: &Missed) -> Option<[Line<OrganizationId>; 2]> {
        let invoice = invoice_at(invoices, missed.from).or(invoices.first())?;
        let last = missed.from.plus(missed.hours - 1);
        // What is not earned of the price is given back; the rest of what is given back is the fee on it.
        let price = invoice.price.cost(invoice.gpus, missed.hours) - missed.earned;
        let line = |kind, supplier, amount| Line {
            period: Some(period_of_hours(missed.from, last)),
            document: Some(invoice.number.clone()),
            ..Line::of(kind, supplier, amount)
        };
        let time = Line {
            description: format!(
                "{}: {} GPU-minutes of each hour",
                LineKind::NotDelivered.description(),
                missed.gpu_minutes
            ),
            gpu_minutes: Some(u64::from(missed.gpu_minutes) * u64::from(missed.hours)),
            unit_price: Some(invoice.price),
            ..line(LineKind::NotDelivered, missed.seller, price)
        };
        Some([time, line(LineKind::ExchangeFee, self.exchange, missed.credit - price)])
    }

    /// Makes the lines for price, fee and penalty of time that was recorded as delivered and was not.
    fn reversed(&self, of: &Reversal) -> impl Iterator<Item = Line<OrganizationId>> {
        let period = Some(Period { start: of.from, end: of.until });
        let time = Line {
            gpus: Some(of.gpus),
            gpu_minutes: Some(of.gpu_minutes),
            ..Line::of(LineKind::DeliveryReversed, of.seller, of.price)
        };
        let fee = Line::of(LineKind::ExchangeFee, self.exchange, of.fee);
        let penalty = Line::of(LineKind::Penalty, of.seller, of.penalty);
        [time, fee, penalty].into_iter().map(move |line| Line { period, ..line })
    }

    /// Issues the credit note of a contract that ended before its time: the hours of each invoice that will not be
    /// delivered.
    pub(super) fn refund(&mut self, issue: Issue, refund: &Refund) -> Result<(), JournalError> {
        let invoices = self.invoices_of(refund.contract)?;
        let mut lines = Vec::new();
        for invoice in invoices {
            let Some(hours) = invoice.period.intersection(refund.undelivered) else { continue };
            lines.push(Line {
                contract: Some(refund.contract),
                period: Some(hours.into()),
                gpus: Some(invoice.gpus),
                gpu_minutes: Some(gpu_minutes(invoice.gpus, hours.hours())),
                unit_price: Some(invoice.price),
                document: Some(invoice.number.clone()),
                ..Line::of(LineKind::Refund, refund.seller, invoice.price.cost(invoice.gpus, hours.hours()))
            });
        }
        let prices: Amount = lines.iter().map(|line| line.amount).sum();
        let fee = refund.amount - prices;
        if !fee.is_zero() {
            lines.push(Line {
                contract: Some(refund.contract),
                period: covering(lines.iter().filter_map(|line| line.period)),
                document: lines.last().and_then(|line| line.document.clone()),
                ..Line::of(LineKind::ExchangeFee, self.exchange, fee)
            });
        }
        let period = covering(lines.iter().filter_map(|line| line.period));
        let period = period.unwrap_or_else(|| refund.undelivered.into());
        let (kind, recipient, currency) = (DocumentKind::CreditNote, refund.buyer, refund.currency);
        self.issue(issue, Unnumbered { kind, recipient, currency, contract: Some(refund.contract), period, lines });
        Ok(())
    }

    /// Issues the invoice of a month's spot hours.
    pub(super) fn spot(
        &mut self,
        issue: Issue,
        Account { organization: recipient, currency }: Account,
        month: Month,
        of: &MonthOfSpot,
    ) {
        let capacity = of.capacity.iter().map(|((day, market, seller), sold)| Line {
            market: Some(*market),
            period: Some(period_of_day(*day)),
            gpu_minutes: Some(sold.gpu_minutes),
            unit_price: sold.price(),
            ..Line::of(LineKind::Capacity, *seller, sold.amount)
        });
        let fees = of.fees.iter().map(|(market, amount)| Line {
            market: Some(*market),
            period: Some(period_of(month)),
            ..Line::of(LineKind::ExchangeFee, self.exchange, *amount)
        });
        let lines: Vec<_> = capacity.chain(fees).filter(|line| !line.amount.is_zero()).collect();
        if !lines.is_empty() {
            let (kind, period) = (DocumentKind::Invoice, period_of(month));
            self.issue(issue, Unnumbered { kind, recipient, currency, contract: None, period, lines });
        }
    }
}

/// Finds the invoice by which an hour was paid.
fn invoice_at(invoices: &[Invoiced], hour: Hour) -> Option<&Invoiced> {
    let hour = Window::new(hour, hour.plus(1)).ok()?;
    invoices.iter().find(|invoice| invoice.period.covers(hour))
}

/// Returns the span from the first start to the last end; without an end where one has none.
fn covering(periods: impl Iterator<Item = Period>) -> Option<Period> {
    periods.reduce(|all, one| Period {
        start: all.start.min(one.start),
        end: all.end.zip(one.end).map(|(all, one)| all.max(one)),
    })
}
