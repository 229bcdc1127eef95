//! What an event means to the books: the facts it states, and their entries.

use std::collections::BTreeMap;

use ledger::deal::{Funding, ItemAmount, Pays};
use ledger::{
    AccountKind, Accrual, Amount, BoxId, CashMove, ContractId, Credit, Currency, Day, Delivery, Earned, Entry, Fact,
    Invariant, OrganizationId, Redress, SpotDelivery, post,
};

use super::{
    BoxCollected, ContractHour, Event, HourShortfall, HoursDelivered, MatchedItem, MatchedTarget, Reconciled, Record,
    WaterfallRun,
};
use crate::contract::Assignee;
use crate::venue::SpotSale;

impl Record {
    /// The journal entries of the event, computed from nothing else.
    ///
    /// # Panics
    /// A [violation](ledger::Violation) where a fact makes no entry; see [`ledger::checked`].
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.facts(|fact, currency, day| match post(fact, currency, day) {
            Ok(entry) => entries.push(entry),
            Err(defect) => Invariant::EntryBalanced.violated(format_args!("{defect}: {fact:?}")),
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
                let payee = Assignee::payee(e.assignee, e.seller);
                some(amount, Fact::SecurityForfeited { payee, contract, amount }, e.currency);
                if let Some(to) = e.assignee {
                    let earned = [Earned { contract, name: to.name, amount }];
                    some(amount, Fact::BoxEarned { r#box: to.r#box, earned: &earned }, e.currency);
                }
                some(e.deposit_returned, returned(organization, contract, e.deposit_returned), e.currency);
            }
            Event::HoursDelivered(e) => hours_delivered(e, |fact| state(fact, e.currency, e.hour.day())),
            Event::OutageSettled(e) => {
                let (contract, buyer, payee) = (e.contract, e.buyer, Assignee::payee(e.assignee, e.seller));
                let (from_payee, from_fees) = (e.from_seller, e.buyer_fee + e.seller_fee);
                let hours = (e.from, e.until.unwrap_or(self.at));
                let reversed = Fact::DeliveryReversed { contract, buyer, payee, from_payee, from_fees, hours };
                some(from_payee + from_fees, reversed, e.currency);
                let redress = [Redress { contract, payee, buyer, amount: e.penalty_paid }];
                some(e.penalty_paid, Fact::PenaltyPaid { redress: &redress }, e.currency);
                let given = from_payee + e.penalty_paid;
                if let Some(to) = e.assignee {
                    let earned = [Earned { contract, name: to.name, amount: -given }];
                    some(given, Fact::BoxEarned { r#box: to.r#box, earned: &earned }, e.currency);
                }
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
            Event::DealClosed(e) => {
                for fact in funded(e.r#box, &e.funding) {
                    state(&fact, e.currency, e.day);
                }
            }
            Event::BoxCollected(e) => {
                for fact in box_collected(e) {
                    state(&fact, e.currency, e.day);
                }
            }
            Event::CollectionReversed(e) => {
                for fact in box_collected(&e.undone) {
                    let entity = fact.entity();
                    let reversed = Fact::CollectionReversed { entity, facts: &[fact], event: e.corrects };
                    state(&reversed, e.undone.currency, e.day);
                }
            }
            Event::WaterfallRun(e) => {
                for fact in waterfall_run(e, &accruals(e), &cash_moves(e)) {
                    state(&fact, e.currency, e.day);
                }
            }
            Event::BoxWoundUp(e) => {
                let accounts = &e.accounts;
                if !accounts.is_empty() {
                    state(&Fact::BoxWoundUp { r#box: e.r#box, accounts }, e.currency, e.day);
                }
            }
            Event::WaterfallReversed(e) => {
                let (accruals, moves) = (accruals(&e.undone), cash_moves(&e.undone));
                let facts = waterfall_run(&e.undone, &accruals, &moves);
                if !facts.is_empty() {
                    let (r#box, event) = (e.undone.r#box, e.corrects);
                    state(&Fact::WaterfallReversed { r#box, facts: &facts, event }, e.undone.currency, e.day);
                }
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
            | Event::OrdersEnding(_)
            | Event::OrdersEnded(_)
            | Event::SweepPaused(_)
            | Event::SweepEnded(_)
            | Event::DepositExpected(_)
            | Event::PeriodClosed(_)
            | Event::BoxCreated(_)
            | Event::AgreementInvoiced(_)
            | Event::DebtAccelerated(_)
            | Event::AccelerationRescinded(_)
            | Event::LendersSet(_)
            | Event::IndexFixed(_)
            | Event::DueParked(_)
            | Event::DueResumed(_)
            | Event::DealAmended(_)
            | Event::JournalProposed(_)
            | Event::JournalRejected(_)
            | Event::WithholdingSet(_)
            | Event::StatementImported(_)
            | Event::ChargeMissed(_)
            | Event::ContractNovated(_)
            | Event::ContractAssigned(_)
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
        MatchedTarget::Box { r#box } => Fact::BoxPaymentMatched { account, r#box: *r#box, amount: -item.amount },
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

/// The facts of a delivered hour: what was earned, what went back, what was paid for time not delivered, and what of it boxes earned.
fn hours_delivered(e: &HoursDelivered, mut state: impl FnMut(&Fact<'_>)) {
    let delivery = |hour: &ContractHour| Delivery {
        contract: hour.contract,
        payee: Assignee::payee(hour.assignee, hour.seller),
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
            payee: Assignee::payee(hour.assignee, hour.seller),
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
    let mut boxes: BTreeMap<BoxId, Vec<Earned>> = BTreeMap::new();
    for (hour, to) in e.contracts.iter().filter_map(|hour| Some((hour, hour.assignee?))) {
        let given = hour.shortfall.as_ref().map(|shortfall| shortfall.recovered + shortfall.penalty_paid);
        let amount = hour.amount - hour.seller_fee - given.unwrap_or_default();
        if !amount.is_zero() {
            boxes.entry(to.r#box).or_default().push(Earned { contract: hour.contract, name: to.name, amount });
        }
    }
    for (r#box, earned) in boxes {
        state(&Fact::BoxEarned { r#box, earned: &earned });
    }
}

/// What a client paid a box: of what the exchange pays over, an entry in the books of either.
fn box_collected(e: &BoxCollected) -> Vec<Fact<'static>> {
    let (r#box, contract, amount) = (e.r#box, e.contract, e.amount);
    let paid_over = e.transfer.map(|_| Fact::BoxPaidOver { r#box, amount });
    paid_over.into_iter().chain([Fact::BoxCollected { r#box, contract, amount }]).collect()
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

/// What a box draws, buys and sets aside.
fn funded(r#box: BoxId, funding: &Funding) -> Vec<Fact<'static>> {
    let amount = funding.contributed;
    let contributed = (!amount.is_zero()).then_some(Fact::BoxContributed { r#box, amount });
    let drawn = funding.draws.iter().map(|draw| {
        let ItemAmount { name: facility, amount } = *draw;
        Fact::DebtDrawn { r#box, facility, amount }
    });
    let bought = funding.assets.iter().map(|asset| {
        let ItemAmount { name: asset, amount } = *asset;
        Fact::AssetBought { r#box, asset, amount }
    });
    let set_aside = funding.reserves.iter().map(|reserve| {
        let ItemAmount { name: reserve, amount } = *reserve;
        Fact::ReserveFunded { r#box, reserve, amount }
    });
    contributed.into_iter().chain(drawn).chain(bought).chain(set_aside).collect()
}

/// What was drawn and bought before a waterfall run, what became due, what was paid, and what was prepaid.
fn waterfall_run<'a>(e: &WaterfallRun, accruals: &'a [Accrual], moves: &'a [CashMove]) -> Vec<Fact<'a>> {
    let r#box = e.r#box;
    let accrued = (!accruals.is_empty()).then_some(Fact::BoxAccrued { r#box, accruals });
    let paid = (!moves.is_empty()).then_some(Fact::WaterfallPaid { r#box, moves });
    let facts = funded(r#box, &e.funding).into_iter().chain(accrued).chain(paid);
    let amount: Amount = e.prepaid.iter().map(|item| item.amount).sum();
    let contributed = (!amount.is_zero()).then_some(Fact::BoxContributed { r#box, amount });
    let prepaid = e.prepaid.iter().map(|item| {
        let ItemAmount { name: facility, amount } = *item;
        Fact::DebtPrepaid { r#box, facility, amount }
    });
    facts.chain(contributed).chain(prepaid).collect()
}

/// What became due in the period of a waterfall run.
fn accruals(e: &WaterfallRun) -> Vec<Accrual> {
    let some = |amount: &Amount| !amount.is_zero();
    let revenue = e.revenue.iter().map(|item| Accrual::Revenue(item.name, item.amount));
    let costs = e.dues.agreements.iter().filter(|(_, amount)| some(amount));
    let interest = e.dues.interest.iter().filter(|(_, amount)| some(amount));
    let depreciation = e.depreciation.iter().map(|item| Accrual::Depreciation(item.name, item.amount));
    let costs = costs.map(|(name, amount)| Accrual::Cost(*name, *amount));
    let interest = interest.map(|(name, amount)| Accrual::Interest(*name, *amount));
    revenue.chain(costs).chain(interest).chain(depreciation).collect()
}

/// What a waterfall run does with cash.
fn cash_moves(e: &WaterfallRun) -> Vec<CashMove> {
    let some = |amount: Amount| !amount.is_zero();
    let run = &e.run;
    let given = run.drawn.iter().chain(&run.released).map(|(name, amount)| CashMove::Reserve(*name, -*amount));
    let untrapped = some(run.untrapped).then_some(CashMove::Trap(-run.untrapped));
    let paid = run.steps.iter().filter(|step| some(step.paid)).map(|step| match step.pays {
        Pays::Agreement(name) => CashMove::Agreement(name, step.paid),
        Pays::Interest(name) => CashMove::Interest(name, step.paid),
        Pays::Principal(name) | Pays::Prepayment(name) | Pays::Sweep { facility: name, .. } => {
            CashMove::Principal(name, step.paid)
        }
        Pays::Reserve(name) => CashMove::Reserve(name, step.paid),
        Pays::Trap {} => CashMove::Trap(step.paid),
        Pays::Sponsor {} => CashMove::Sponsor(step.paid),
    });
    given.chain(untrapped).chain(paid).collect()
}
