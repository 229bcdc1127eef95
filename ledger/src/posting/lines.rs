//! Lines of facts: here those in the operator's books.

use crate::account::{Account, AccountKind, Owner};
use crate::entry::Line;
use crate::identity::ContractId;
use crate::money::{Amount, Currency};

use super::box_lines::BoxPosting;
use super::fact::{Credit, Fact, Payee, Redress};

impl Fact<'_> {
    /// Passes each line that records the fact to `line`. Skips lines whose amount is zero.
    #[expect(clippy::too_many_lines, reason = "an arm for every fact")]
    pub(crate) fn lines(&self, currency: Currency, line: &mut dyn FnMut(Line)) {
        use AccountKind::{
            Bank, BankUnmatched, CustomerAvailable, CustomerHeld, PayoutInTransit, SellerPayable, SpotPrepayment,
        };
        let mut posting = Posting { currency, contract: None, line };
        let own = |kind| Account::operator(kind, Owner::Entity, currency);
        let at_bank = |kind, id| Account::operator(kind, Owner::BankAccount(id), currency);
        let customer = |kind, id| Account::operator(kind, Owner::Organization(id), currency);
        let prepayment = |id| Account::operator(AccountKind::ContractPrepayment, Owner::Contract(id), currency);
        let box_in_transit = |id| Account::operator(PayoutInTransit, Owner::Box(id), currency);
        let security = |id| Account::operator(AccountKind::SecurityDeposit, Owner::Contract(id), currency);
        match *self {
            Self::BankOpened { account, amount } => {
                posting.transfer(at_bank(Bank, account), own(AccountKind::Equity), amount);
            }
            Self::BankClosed { account, amount } => {
                posting.transfer(own(AccountKind::Equity), at_bank(Bank, account), amount);
            }
            Self::BankBooked { account, amounts } => {
                for amount in amounts {
                    posting.transfer(at_bank(Bank, account), at_bank(BankUnmatched, account), *amount);
                }
            }
            Self::DepositRecorded { organization, amount } => {
                posting.transfer(own(BankUnmatched), customer(CustomerAvailable, organization), amount);
            }
            Self::DepositMatched { account, organization, amount } => {
                posting.transfer(at_bank(BankUnmatched, account), customer(CustomerAvailable, organization), amount);
            }
            Self::DepositConfirmed { account, amount } => {
                posting.transfer(at_bank(BankUnmatched, account), own(BankUnmatched), amount);
            }
            Self::PayoutRequested { organization, source, amount } => {
                posting.transfer(customer(source, organization), customer(PayoutInTransit, organization), amount);
            }
            Self::PayoutMatched { account, organization, amount } => {
                posting.transfer(customer(PayoutInTransit, organization), at_bank(BankUnmatched, account), amount);
            }
            Self::PayoutReturned { organization, source, amount } => {
                posting.transfer(customer(PayoutInTransit, organization), customer(source, organization), amount);
            }
            Self::BankExplained { account, kind, amount } => {
                posting.transfer(at_bank(BankUnmatched, account), own(kind), amount);
            }
            Self::BankDifference { account, amount } => {
                posting.transfer(at_bank(BankUnmatched, account), own(AccountKind::BankDifference), amount);
            }
            Self::CurrencyConverted { account, amount } => {
                posting.transfer(at_bank(BankUnmatched, account), own(AccountKind::CurrencyPosition), amount);
            }
            Self::TaxWithheld { organization, amount } => {
                posting.transfer(customer(SellerPayable, organization), own(AccountKind::WithheldTax), amount);
            }
            Self::TaxReturned { organization, amount } => {
                posting.transfer(own(AccountKind::WithheldTax), customer(SellerPayable, organization), amount);
            }
            Self::ManualJournal { lines, .. } => {
                for line in lines {
                    let account = line.organization.map_or(own(line.account), |id| customer(line.account, id));
                    posting.part(account, line.amount);
                }
            }
            Self::ReconciliationUndone { facts, .. }
            | Self::WaterfallReversed { facts, .. }
            | Self::CollectionReversed { facts, .. } => {
                for fact in facts {
                    fact.lines(currency, &mut |undone: Line| (posting.line)(Line { amount: -undone.amount, ..undone }));
                }
            }
            Self::HoldPlaced { organization, amount } => {
                posting.transfer(
                    customer(CustomerAvailable, organization),
                    customer(CustomerHeld, organization),
                    amount,
                );
            }
            Self::HoldVoided { organization, amount } => {
                posting.transfer(
                    customer(CustomerHeld, organization),
                    customer(CustomerAvailable, organization),
                    amount,
                );
            }
            Self::TermPrepaid { organization, contract, amount } => {
                posting.transfer(customer(CustomerHeld, organization), prepayment(contract), amount);
            }
            Self::SecurityTaken { organization, contract, amount } => {
                posting.transfer(customer(CustomerHeld, organization), security(contract), amount);
            }
            Self::PeriodBilled { organization, contract, available, payable } => {
                posting.part(customer(CustomerAvailable, organization), available);
                posting.part(customer(SellerPayable, organization), payable);
                posting.part(prepayment(contract), -(available + payable));
            }
            Self::SecurityApplied { contract, amount } => {
                posting.transfer(security(contract), prepayment(contract), amount);
            }
            Self::SecurityReturned { organization, contract, amount } => {
                posting.transfer(security(contract), customer(CustomerAvailable, organization), amount);
            }
            Self::SecurityForfeited { payee, contract, amount } => {
                posting.transfer(security(contract), payee.payable(currency), amount);
            }
            Self::TermRefunded { organization, contract, amount }
            | Self::TermBusted { organization, contract, amount } => {
                posting.transfer(prepayment(contract), customer(CustomerAvailable, organization), amount);
            }
            Self::HoursDelivered { deliveries } => {
                for hour in deliveries {
                    posting.contract = Some(hour.contract);
                    posting.earn(prepayment(hour.contract), hour.payee, hour.amount, hour.buyer_fee, hour.seller_fee);
                }
            }
            Self::HoursCredited { credits } => {
                for Credit { contract, buyer, amount } in credits {
                    posting.contract = Some(*contract);
                    posting.transfer(prepayment(*contract), customer(CustomerAvailable, *buyer), *amount);
                }
            }
            Self::DeliveryReversed { buyer, payee, from_payee, from_fees, .. } => {
                posting.part(payee.payable(currency), from_payee);
                posting.part(posting.fees(), from_fees);
                posting.part(customer(CustomerAvailable, buyer), -(from_payee + from_fees));
            }
            Self::CreditRecovered { redress } | Self::PenaltyPaid { redress } => {
                for Redress { contract, payee, buyer, amount } in redress {
                    posting.contract = Some(*contract);
                    posting.transfer(payee.payable(currency), customer(CustomerAvailable, *buyer), *amount);
                }
            }
            Self::SpotHeld { holds } => {
                for (organization, amount) in holds {
                    let available = customer(CustomerAvailable, *organization);
                    posting.transfer(available, customer(CustomerHeld, *organization), *amount);
                }
            }
            Self::SpotSold { sales } => {
                for sale in sales {
                    let paid = sale.amount + sale.buyer_fee;
                    posting.transfer(customer(CustomerHeld, sale.buyer), customer(SpotPrepayment, sale.buyer), paid);
                }
            }
            Self::SpotDelivered { sales } => {
                for sale in sales {
                    let prepayment = customer(SpotPrepayment, sale.buyer);
                    posting.earn(prepayment, Payee::Seller(sale.seller), sale.amount, sale.buyer_fee, sale.seller_fee);
                }
            }
            Self::BoxPaidOver { box_id, amount } => {
                posting.transfer(Payee::Box(box_id).payable(currency), box_in_transit(box_id), amount);
            }
            Self::BoxPaymentMatched { account, box_id, amount } => {
                posting.transfer(box_in_transit(box_id), at_bank(BankUnmatched, account), amount);
            }
            Self::BoxContributed { box_id, .. }
            | Self::DebtDrawn { box_id, .. }
            | Self::DebtPrepaid { box_id, .. }
            | Self::BoxWoundUp { box_id, .. }
            | Self::AssetBought { box_id, .. }
            | Self::ReserveFunded { box_id, .. }
            | Self::BoxCollected { box_id, .. }
            | Self::BoxEarned { box_id, .. }
            | Self::BoxAccrued { box_id, .. }
            | Self::WaterfallPaid { box_id, .. } => BoxPosting { posting, id: box_id }.record(self),
        }
    }
}

/// Writer of a fact's lines.
pub(super) struct Posting<'a> {
    pub currency: Currency,
    /// Contract of the lines that follow, where a fact covers several; `None` otherwise.
    pub contract: Option<ContractId>,
    line: &'a mut dyn FnMut(Line),
}

impl Posting<'_> {
    pub fn part(&mut self, account: Account, amount: Amount) {
        if !amount.is_zero() {
            (self.line)(Line { account, amount, contract: self.contract });
        }
    }

    /// Moves `amount` from the account debited to the account credited.
    pub fn transfer(&mut self, debit: Account, credit: Account, amount: Amount) {
        self.part(debit, amount);
        self.part(credit, -amount);
    }

    /// Records delivered time that was prepaid: the price less the seller's fee is the payee's, and the fees of both
    /// sides are the exchange's.
    fn earn(&mut self, prepayment: Account, payee: Payee, amount: Amount, buyer_fee: Amount, seller_fee: Amount) {
        self.part(prepayment, amount + buyer_fee);
        self.part(payee.payable(self.currency), seller_fee - amount);
        self.part(self.fees(), -(buyer_fee + seller_fee));
    }

    fn fees(&self) -> Account {
        Account::operator(AccountKind::FeeRevenue, Owner::Entity, self.currency)
    }
}
