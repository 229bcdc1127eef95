//! Documents of sellers: the invoice of the exchange's fees, and the self-billed invoice of their earnings.

use ledger::{Amount, ContractId, Month, OrganizationId};

use super::{Issue, Register, Unnumbered, period_of, period_of_day, period_of_hours};
use crate::invoicing::document::{DocumentKind, Line, LineKind};
use crate::invoicing::month::{Account, EarnedOfContract, MonthOfSeller};

impl Register {
    /// Issues the documents of a seller and a month. The fee invoice comes first, for the statement refers to it.
    pub(super) fn seller(
        &mut self,
        issue: Issue,
        Account { organization: recipient, currency }: Account,
        month: Month,
        of: &MonthOfSeller,
    ) {
        let period = period_of(month);
        let fees = self.fees(of);
        let fee: Amount = fees.iter().map(|line| line.amount).sum();
        let addressed = |kind, lines| Unnumbered { kind, recipient, currency, contract: None, period, lines };
        let mut document = None;
        if fee > Amount::ZERO {
            document = Some(self.issue(issue, addressed(DocumentKind::FeeInvoice, fees)));
        } else if fee < Amount::ZERO {
            // More was taken back than delivered.
            let lines = fees.into_iter().map(|line| Line { amount: -line.amount, ..line }).collect();
            document = Some(self.issue(issue, addressed(DocumentKind::CreditNote, lines)));
        }
        let earned = of.contracts.iter().flat_map(|(contract, earned)| earned_of(recipient, *contract, earned));
        let spot = of.spot.iter().map(|((day, market), sold)| Line {
            market: Some(*market),
            period: Some(period_of_day(*day)),
            gpu_minutes: Some(sold.gpu_minutes),
            unit_price: sold.price(),
            ..Line::of(LineKind::Capacity, recipient, sold.amount)
        });
        let mut lines: Vec<_> = earned.chain(spot).filter(|line| !line.amount.is_zero()).collect();
        if document.is_some() {
            let of_the_month = Some(period);
            lines.push(Line { period: of_the_month, document, ..Line::of(LineKind::ExchangeFee, self.exchange, -fee) });
        }
        if !lines.is_empty() {
            self.issue(issue, addressed(DocumentKind::SelfBilledInvoice, lines));
        }
    }

    /// Makes the lines for the fees on what was delivered, less those on what was taken back.
    fn fees(&self, of: &MonthOfSeller) -> Vec<Line<OrganizationId>> {
        let contracts = of.contracts.iter().map(|(contract, earned)| Line {
            contract: Some(*contract),
            market: Some(earned.market),
            period: earned.hours.map(|(first, last)| period_of_hours(first, last)),
            ..Line::of(LineKind::ExchangeFee, self.exchange, earned.fee - earned.reversed_fee)
        });
        let spot = of.spot_fees.iter().map(|(market, fee)| Line {
            market: Some(*market),
            ..Line::of(LineKind::ExchangeFee, self.exchange, *fee)
        });
        contracts.chain(spot).filter(|line| !line.amount.is_zero()).collect()
    }
}

/// Makes the lines for what a contract earned its seller, and what was taken back of it.
fn earned_of(
    seller: OrganizationId,
    contract: ContractId,
    earned: &EarnedOfContract,
) -> impl Iterator<Item = Line<OrganizationId>> {
    let (market, hours) = (earned.market, earned.hours);
    let amounts = [
        (LineKind::Capacity, earned.amount),
        (LineKind::DeliveryReversed, -earned.reversed),
        (LineKind::Recovered, -earned.recovered),
        (LineKind::Penalty, -earned.penalties),
        (LineKind::DepositForfeited, earned.forfeited),
    ];
    amounts.into_iter().map(move |(kind, amount)| Line {
        contract: Some(contract),
        market: Some(market),
        period: hours.map(|(first, last)| period_of_hours(first, last)),
        ..Line::of(kind, seller, amount)
    })
}
