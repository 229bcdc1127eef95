//! What an event means to the books: the facts it states, and their entries.

use ledger::{
    AccountKind, Amount, ContractId, Credit, Currency, Day, Delivery, Entry, Fact, OrganizationId, Redress,
    SpotDelivery, post,
};

use super::{ContractHour, Event, HourShortfall, HoursDelivered, MatchedItem, MatchedTarget, Reconciled, Record};
use crate::SpotSale;

impl Record {
    /// The journal entries of the event, computed from nothing else.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.facts(|fact, currency, day| {
            let entry = post(fact, currency, day);
            debug_assert!(entry.is_ok(), "{fact:?}: {entry:?}");
            entries.extend(entry);
        });
        entries
    }

    /// Hands over the facts that the event states, each with its currency and its date.
    #[expect(clippy::too_many_lines, reason = "an arm for every event")]
    pub(super) fn facts(&self, mut state: impl FnMut(&Fact<'_>, Currency, Day)) {
        let today = self.at.day();
        // Of what may come to nothing, nothing is stated then.
        let mut some = |amount: Amount, fact: Fact<'_>, currency: Currency| {
            if amount > Amount::ZERO {
                state(&fact, currency, today);
            }
        };
        match &self.event {
            Event::DepositReceived(e) => {
                some(e.amount, Fact::DepositRecorded { organization: e.organization, amount: e.amount }, e.currency);
            }
            Event::BankAccountOpened(e) => {
                let opened = Fact::BankOpened { account: e.account, amount: e.opening };
                some(e.opening.abs(), opened, e.currency);
            }
            Event::BankAccountClosed(e) => {
                let closed = Fact::BankClosed { account: e.account, amount: e.opening };
                some(e.opening.abs(), closed, e.currency);
            }
            Event::BankLinesBooked(e) => {
                let amounts: Vec<Amount> =
                    e.lines.iter().map(|line| line.amount).filter(|amount| !amount.is_zero()).collect();
                if !amounts.is_empty() {
                    state(&Fact::BankBooked { account: e.account, amounts: &amounts }, e.currency, e.day);
                }
            }
            Event::Reconciled(e) => {
                let day = e.day.unwrap_or(today);
                for fact in reconciled(e) {
                    state(&fact, e.currency, day);
                }
            }
            Event::ReconciliationUndone(e) => {
                let facts = reconciled(&e.undone);
                let undone = Fact::ReconciliationUndone { facts: &facts, event: e.corrects };
                state(&undone, e.undone.currency, e.day.unwrap_or(today));
            }
            Event::PayoutRequested(e) => {
                let (organization, source, amount) = (e.organization, e.source.kind(), e.amount);
                some(amount, Fact::PayoutRequested { organization, source, amount }, e.currency);
                some(e.withheld, Fact::TaxWithheld { organization, amount: e.withheld }, e.currency);
            }
            Event::PayoutReturned(e) => {
                let (organization, source, amount) = (e.organization, e.source.kind(), e.amount);
                some(amount, Fact::PayoutReturned { organization, source, amount }, e.currency);
                some(e.withheld, Fact::TaxReturned { organization, amount: e.withheld }, e.currency);
            }
            Event::JournalApproved(e) => {
                let journal = Fact::ManualJournal { lines: &e.proposed.lines, corrects: e.proposed.corrects };
                state(&journal, e.proposed.currency, e.day);
            }
            Event::OrderPlaced(e) => some(e.hold, placed(e.organization, e.hold), e.currency),
            Event::SpotOrderPlaced(e) => some(e.hold, placed(e.organization, e.hold), e.currency),
            Event::SpotBidResumed(e) => some(e.hold, placed(e.organization, e.hold), e.currency),
            Event::OrderAmended(e) => {
                some(e.hold_placed, placed(e.organization, e.hold_placed), e.currency);
                some(e.hold_released, voided(e.organization, e.hold_released), e.currency);
            }
            Event::OrderClosed(e) => some(e.hold_released, voided(e.organization, e.hold_released), e.currency),
            Event::SpotBidSuspended(e) => some(e.hold_released, voided(e.organization, e.hold_released), e.currency),
            Event::TradeExecuted(e) => {
                let (organization, contract) = (e.buyer, e.contract);
                let (prepaid, deposit) = (e.prepaid(), e.deposit());
                some(prepaid, Fact::TermPrepaid { organization, contract, amount: prepaid }, e.currency);
                some(deposit, Fact::SecurityTaken { organization, contract, amount: deposit }, e.currency);
                some(e.hold_released, voided(e.buyer, e.hold_released), e.currency);
            }
            Event::ContractBusted(e) => {
                let (organization, contract) = (e.buyer, e.contract);
                some(e.refund, Fact::TermBusted { organization, contract, amount: e.refund }, e.currency);
                some(e.deposit, returned(organization, contract, e.deposit), e.currency);
            }
            Event::PeriodCharged(e) => {
                let (organization, contract) = (e.buyer, e.contract);
                let (available, payable) = (e.from_available, e.from_payable);
                let billed = Fact::PeriodBilled { organization, contract, available, payable };
                some(available + payable, billed, e.currency);
                some(e.from_deposit, Fact::SecurityApplied { contract, amount: e.from_deposit }, e.currency);
                some(e.deposit_returned, returned(organization, contract, e.deposit_returned), e.currency);
            }
            Event::ContractTerminated(e) => {
                let (organization, contract) = (e.buyer, e.contract);
                some(e.refund, Fact::TermRefunded { organization, contract, amount: e.refund }, e.currency);
                let amount = e.deposit_forfeited;
                some(amount, Fact::SecurityForfeited { organization: e.seller, contract, amount }, e.currency);
                some(e.deposit_returned, returned(organization, contract, e.deposit_returned), e.currency);
            }
            Event::HoursDelivered(e) => hours_delivered(e, |fact| state(fact, e.currency, e.hour.day())),
            Event::OutageSettled(e) => {
                let (contract, buyer, seller) = (e.contract, e.buyer, e.seller);
                let (from_seller, from_fees) = (e.from_seller, e.buyer_fee + e.seller_fee);
                let hours = (e.from, e.until.unwrap_or(self.at));
                let reversed = Fact::DeliveryReversed { contract, buyer, seller, from_seller, from_fees, hours };
                some(from_seller + from_fees, reversed, e.currency);
                let redress = [Redress { contract, seller, buyer, amount: e.penalty_paid }];
                some(e.penalty_paid, Fact::PenaltyPaid { redress: &redress }, e.currency);
            }
            Event::SpotHoursSold(e) => {
                state(&Fact::SpotSold { sales: &spot_deliveries(&e.sales) }, e.currency, today);
                let holds: Vec<_> = e.holds.iter().map(|hold| (hold.organization, hold.amount)).collect();
                if !holds.is_empty() {
                    state(&Fact::SpotHeld { holds: &holds }, e.currency, today);
                }
            }
            Event::SpotHoursDelivered(e) => {
                state(&Fact::SpotDelivered { sales: &spot_deliveries(&e.sales) }, e.currency, e.hour.day());
            }
            Event::OrganizationRegistered(_)
            | Event::OrganizationSuspended(_)
            | Event::OrganizationReinstated(_)
            | Event::OrderLimitSet(_)
            | Event::BudgetSet(_)
            | Event::MarketOpened(_)
            | Event::MarketHalted(_)
            | Event::MarketResumed(_)
            | Event::PriceBandSet(_)
            | Event::LotRegistered(_)
            | Event::LotWithdrawn(_)
            | Event::LotExpired(_)
            | Event::DepositExpected(_)
            | Event::PeriodClosed(_)
            | Event::JournalProposed(_)
            | Event::JournalRejected(_)
            | Event::WithholdingSet(_)
            | Event::StatementImported(_)
            | Event::ChargeMissed(_)
            | Event::ContractNovated(_)
            | Event::DeliveryReady(_)
            | Event::OutageOpened(_)
            | Event::OutageRestored(_)
            | Event::OutageDismissed(_)
            | Event::NoticeGiven(_)
            | Event::SpotAuctionHeld(_)
            | Event::SpotAuctionMissed(_)
            | Event::SpotInterrupted(_) => {}
        }
    }
}

/// What bookings were for, item by item, and what they came to beyond that.
fn reconciled(e: &Reconciled) -> Vec<Fact<'static>> {
    let account = e.account;
    let fact = |item: &MatchedItem| match &item.target {
        MatchedTarget::Deposit { organization, .. } | MatchedTarget::Organization { organization } => {
            Fact::DepositMatched { account, organization: *organization, amount: item.amount }
        }
        MatchedTarget::Recorded { .. } => Fact::DepositConfirmed { account, amount: item.amount },
        MatchedTarget::Payout { organization, .. } => {
            Fact::PayoutMatched { account, organization: *organization, amount: -item.amount }
        }
        MatchedTarget::Account { account: AccountKind::CurrencyPosition } => {
            Fact::CurrencyConverted { account, amount: item.amount }
        }
        MatchedTarget::Account { account: kind } => Fact::BankExplained { account, kind: *kind, amount: item.amount },
    };
    let mut facts: Vec<Fact<'static>> = e.items.iter().map(fact).collect();
    if !e.difference.is_zero() {
        facts.push(Fact::BankDifference { account, amount: e.difference });
    }
    facts
}

/// The facts of a delivered hour: what was earned, what went back, and what sellers paid for time not delivered.
fn hours_delivered(e: &HoursDelivered, mut state: impl FnMut(&Fact<'_>)) {
    let delivery = |hour: &ContractHour| Delivery {
        contract: hour.contract,
        seller: hour.seller,
        amount: hour.amount,
        buyer_fee: hour.buyer_fee,
        seller_fee: hour.seller_fee,
    };
    let earns =
        |hour: &&ContractHour| [hour.amount, hour.buyer_fee, hour.seller_fee].iter().any(|part| !part.is_zero());
    let deliveries: Vec<Delivery> = e.contracts.iter().filter(earns).map(delivery).collect();
    if !deliveries.is_empty() {
        state(&Fact::HoursDelivered { deliveries: &deliveries });
    }
    let shortfalls = || e.contracts.iter().filter_map(|hour| Some((hour, hour.shortfall.as_ref()?)));
    let credit = |(hour, shortfall): (&ContractHour, &HourShortfall)| Credit {
        contract: hour.contract,
        buyer: shortfall.buyer,
        amount: shortfall.credit,
    };
    let credits: Vec<Credit> = shortfalls().map(credit).filter(|credit| credit.amount > Amount::ZERO).collect();
    if !credits.is_empty() {
        state(&Fact::HoursCredited { credits: &credits });
    }
    let redress = |amount: fn(&HourShortfall) -> Amount| {
        let paid = shortfalls().filter(|(_, shortfall)| amount(shortfall) > Amount::ZERO);
        let redress = paid.map(|(hour, shortfall)| Redress {
            contract: hour.contract,
            seller: hour.seller,
            buyer: shortfall.buyer,
            amount: amount(shortfall),
        });
        redress.collect::<Vec<_>>()
    };
    let recovered = redress(|shortfall| shortfall.recovered);
    if !recovered.is_empty() {
        state(&Fact::CreditRecovered { redress: &recovered });
    }
    let penalties = redress(|shortfall| shortfall.penalty_paid);
    if !penalties.is_empty() {
        state(&Fact::PenaltyPaid { redress: &penalties });
    }
}

fn placed(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldPlaced { organization, amount }
}

fn voided(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldVoided { organization, amount }
}

fn returned(organization: OrganizationId, contract: ContractId, amount: Amount) -> Fact<'static> {
    Fact::SecurityReturned { organization, contract, amount }
}

fn spot_deliveries(sales: &[SpotSale]) -> Vec<SpotDelivery> {
    let delivery = |sale: &SpotSale| SpotDelivery {
        buyer: sale.buyer,
        seller: sale.seller,
        amount: sale.amount,
        buyer_fee: sale.buyer_fee,
        seller_fee: sale.seller_fee,
    };
    sales.iter().map(delivery).collect()
}
