//! Facts: what happened, in the ledger's own words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountKind, Owner};
use crate::calendar::Instant;
use crate::correction::Correction;
use crate::identity::{BankAccountId, BoxId, ContractId, EntityId, ItemName, OrganizationId};
use crate::money::{Amount, Currency};

use crate::posting_rule::{self as rule, PostingRule};

/// Whom the exchange owes what a contract earns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Payee {
    /// Its seller.
    Seller(OrganizationId),
    /// The box that it is assigned to.
    Box(BoxId),
}

impl Payee {
    /// The account of what it is owed, in the operator's books.
    pub const fn payable(self, currency: Currency) -> Account {
        let (kind, owner) = match self {
            Self::Seller(id) => (AccountKind::SellerPayable, Owner::Organization(id)),
            Self::Box(id) => (AccountKind::BoxPayable, Owner::Box(id)),
        };
        Account::operator(kind, owner, currency)
    }
}

/// What one contract earned in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The contract.
    pub contract: ContractId,
    /// Who earned it.
    pub payee: Payee,
    /// The hour at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it, on top of the price.
    pub buyer_fee: Amount,
    /// The seller's fee on it, deducted from the price.
    pub seller_fee: Amount,
}

/// One sale by the hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpotDelivery {
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The price for the time sold.
    pub amount: Amount,
    /// The buyer's fee on it, on top of the price.
    pub buyer_fee: Amount,
    /// The seller's fee on it, deducted from the price.
    pub seller_fee: Amount,
}

/// What a buyer gets back of one contract's prepayment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credit {
    /// The contract.
    pub contract: ContractId,
    /// Who paid.
    pub buyer: OrganizationId,
    /// Price and buyer's fee together, more than zero.
    pub amount: Amount,
}

/// What a payee owes the buyer of one contract and pays out of what it has earned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redress {
    /// The contract.
    pub contract: ContractId,
    /// Who pays.
    pub payee: Payee,
    /// Who gets it.
    pub buyer: OrganizationId,
    /// How much, more than zero.
    pub amount: Amount,
}

/// What a box earned under one contract of the exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Earned {
    /// The contract.
    pub contract: ContractId,
    /// What the box's deal calls it.
    pub name: ItemName,
    /// How much, fees deducted; below zero what it gave back.
    pub amount: Amount,
}

/// A line that people propose and approve, in the operator's books.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalLine {
    /// The account in the chart.
    pub account: AccountKind,
    /// Whose part of it; the operator's own when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// How much: debit positive, credit negative, never zero.
    pub amount: Amount,
}

/// An account of a box that is closed, with what was on it: debit positive, never zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClosedAccount {
    /// The account in the chart.
    pub account: AccountKind,
    /// What of the deal it was for, where it was for one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ItemName>,
    /// What was on it.
    pub balance: Amount,
}

/// What a box's books take up at a determination date before cash is paid out: what became due since the last. Amounts are not negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accrual {
    /// A contract earned this.
    Revenue(ItemName, Amount),
    /// An agreement cost this.
    Cost(ItemName, Amount),
    /// A facility cost this in interest.
    Interest(ItemName, Amount),
    /// So much of an asset was used up.
    Depreciation(ItemName, Amount),
}

/// What a waterfall run does with a box's cash. Amounts are what leaves the cash: negative where a reserve, or the trap, gives back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashMove {
    /// An agreement is paid.
    Agreement(ItemName, Amount),
    /// The interest of a facility is paid.
    Interest(ItemName, Amount),
    /// Principal of a facility is repaid.
    Principal(ItemName, Amount),
    /// A reserve takes, or gives.
    Reserve(ItemName, Amount),
    /// The trap takes, or gives.
    Trap(Amount),
    /// The sponsor is paid.
    Sponsor(Amount),
}

/// Something that happened and that the books record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact<'a> {
    /// An account at a bank was opened with what is on it.
    BankOpened {
        /// The account.
        account: BankAccountId,
        /// What is on it.
        amount: Amount,
    },
    /// An account at a bank was given up that no statement had told of.
    BankClosed {
        /// The account.
        account: BankAccountId,
        /// What it had been opened with.
        amount: Amount,
    },
    /// The bank booked something.
    BankBooked {
        /// The account.
        account: BankAccountId,
        /// The bookings: money received is positive.
        amounts: &'a [Amount],
    },
    /// A deposit was credited before its booking was known.
    DepositRecorded {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A booking was for a deposit.
    DepositMatched {
        /// The account that it came to.
        account: BankAccountId,
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A booking was for a deposit that had been credited before.
    DepositConfirmed {
        /// The account that it came to.
        account: BankAccountId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// An organization asked for its money.
    PayoutRequested {
        /// Whose money.
        organization: OrganizationId,
        /// Out of which account: what it has earned, or what it has free.
        source: AccountKind,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A booking was for a payout: it has left, or come back.
    PayoutMatched {
        /// The account that it left.
        account: BankAccountId,
        /// Whose money.
        organization: OrganizationId,
        /// How much has left; less than zero where it came back.
        amount: Amount,
    },
    /// A payout did not leave.
    PayoutReturned {
        /// Whose money.
        organization: OrganizationId,
        /// Where it came out of.
        source: AccountKind,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A booking was for something of the exchange's own.
    BankExplained {
        /// The account at the bank.
        account: BankAccountId,
        /// What it was for.
        kind: AccountKind,
        /// The booking: money received is positive.
        amount: Amount,
    },
    /// A booking came to more or less than what it was for.
    BankDifference {
        /// The account at the bank.
        account: BankAccountId,
        /// The booking less what it was for.
        amount: Amount,
    },
    /// A booking was one side of a currency conversion; the other is a booking in another currency.
    CurrencyConverted {
        /// The account at the bank.
        account: BankAccountId,
        /// The booking: money received is positive.
        amount: Amount,
    },
    /// A reconciliation was a mistake.
    ReconciliationUndone {
        /// What it had recorded.
        facts: &'a [Fact<'a>],
        /// The event that had recorded it, where that is known.
        event: Option<u64>,
    },
    /// Of what a seller has paid out, tax is kept for the state.
    TaxWithheld {
        /// The seller.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// The tax withheld from a payout that did not leave is the seller's again.
    TaxReturned {
        /// The seller.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// What one person proposed and another approved.
    ManualJournal {
        /// The lines, which come to zero.
        lines: &'a [JournalLine],
        /// The event whose entries it corrects.
        corrects: Option<u64>,
    },
    /// An order set money aside.
    HoldPlaced {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// An order, or part of it, ended without needing its money.
    HoldVoided {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A bid traded: held money became the prepayment of the contract's first period.
    TermPrepaid {
        /// The buyer.
        organization: OrganizationId,
        /// The contract that came into being.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// A bid traded: held money became the contract's security deposit.
    SecurityTaken {
        /// The buyer.
        organization: OrganizationId,
        /// The contract that came into being.
        contract: ContractId,
        /// Price and buyer's fee of one period more, more than zero.
        amount: Amount,
    },
    /// A period was paid in advance.
    PeriodBilled {
        /// The buyer.
        organization: OrganizationId,
        /// The contract.
        contract: ContractId,
        /// What came out of the buyer's free money.
        available: Amount,
        /// What came out of the buyer's own earnings from reselling the contract.
        payable: Amount,
    },
    /// The security deposit paid for the last period.
    SecurityApplied {
        /// The contract.
        contract: ContractId,
        /// How much of it, more than zero.
        amount: Amount,
    },
    /// What was left of a security deposit went back.
    SecurityReturned {
        /// The buyer.
        organization: OrganizationId,
        /// The contract.
        contract: ContractId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A period was not paid: who earns the contract's hours keeps the security deposit.
    SecurityForfeited {
        /// Who that is.
        payee: Payee,
        /// The contract.
        contract: ContractId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// An hour of a market's contracts was delivered.
    HoursDelivered {
        /// What each contract earned.
        deliveries: &'a [Delivery],
    },
    /// Time of an hour was not delivered: the buyers have their money for it again.
    HoursCredited {
        /// What each contract gives back.
        credits: &'a [Credit],
    },
    /// Time that had been recorded as delivered was not: what was earned for it is the buyer's again.
    DeliveryReversed {
        /// The contract.
        contract: ContractId,
        /// Who gets it back.
        buyer: OrganizationId,
        /// Who gives it back.
        payee: Payee,
        /// Out of what that one has earned and not been paid.
        from_payee: Amount,
        /// Out of the fees of both sides.
        from_fees: Amount,
        /// The first instant and the one after the last of the time.
        hours: (Instant, Instant),
    },
    /// A payee gave back what it had earned for time that was not delivered and could not give back before.
    CreditRecovered {
        /// Who gives back what.
        redress: &'a [Redress],
    },
    /// Payees paid the penalties that lots promise for time not delivered.
    PenaltyPaid {
        /// Who pays what.
        redress: &'a [Redress],
    },
    /// Paid hours will not be delivered: their price and fee are the buyer's again.
    TermRefunded {
        /// The buyer.
        organization: OrganizationId,
        /// The contract.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// A trade was undone before any delivery: the contract's prepayment is the buyer's again.
    TermBusted {
        /// The buyer.
        organization: OrganizationId,
        /// The contract that is no more.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// Standing orders by the hour set money aside for their next hour.
    SpotHeld {
        /// Whose money and how much of it, each more than zero.
        holds: &'a [(OrganizationId, Amount)],
    },
    /// Hours were sold by the hour: held money became the buyers' prepayment of the hour.
    SpotSold {
        /// What was sold.
        sales: &'a [SpotDelivery],
    },
    /// An hour sold by the hour was delivered.
    SpotDelivered {
        /// What was sold of it.
        sales: &'a [SpotDelivery],
    },
    /// The sponsor paid into its box.
    BoxContributed {
        /// The box.
        box_id: BoxId,
        /// How much; below zero where it got back what was drawn beyond what was spent.
        amount: Amount,
    },
    /// A box drew on a facility.
    DebtDrawn {
        /// The box.
        box_id: BoxId,
        /// The facility.
        facility: ItemName,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A box repaid debt before it was due, with what its sponsor paid in for it.
    DebtPrepaid {
        /// The box.
        box_id: BoxId,
        /// The facility.
        facility: ItemName,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A box came to its end: nothing is owed or kept, and what is left of its hardware is its sponsor's.
    BoxWoundUp {
        /// The box.
        box_id: BoxId,
        /// What was on its accounts.
        accounts: &'a [ClosedAccount],
    },
    /// A box bought hardware.
    AssetBought {
        /// The box.
        box_id: BoxId,
        /// The asset.
        asset: ItemName,
        /// What it cost, more than zero.
        amount: Amount,
    },
    /// A box set money aside in a reserve at its closing.
    ReserveFunded {
        /// The box.
        box_id: BoxId,
        /// The reserve.
        reserve: ItemName,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A client paid a box.
    BoxCollected {
        /// The box.
        box_id: BoxId,
        /// The contract.
        contract: ItemName,
        /// How much, more than zero.
        amount: Amount,
    },
    /// What was entered of a client's payment to a box was a mistake.
    CollectionReversed {
        /// In whose books: the box's, and the operator's where the exchange had paid it.
        entity: EntityId,
        /// What it had recorded there.
        facts: &'a [Fact<'a>],
        /// The event that had recorded it.
        event: u64,
    },
    /// What a box earned under contracts of the exchange: what the operator's books owe it, on its own side.
    BoxEarned {
        /// The box.
        box_id: BoxId,
        /// Under which contract how much.
        earned: &'a [Earned],
    },
    /// The exchange paid a box some of what that had earned; it is on its way until the bank has booked it.
    BoxPaidOver {
        /// The box.
        box_id: BoxId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A booking was for what the exchange paid a box.
    BoxPaymentMatched {
        /// The account that it left.
        account: BankAccountId,
        /// The box.
        box_id: BoxId,
        /// How much has left; less than zero where it came back.
        amount: Amount,
    },
    /// What became due to and from a box since the last determination date.
    BoxAccrued {
        /// The box.
        box_id: BoxId,
        /// What.
        accruals: &'a [Accrual],
    },
    /// A box's cash was paid out.
    WaterfallPaid {
        /// The box.
        box_id: BoxId,
        /// To whom.
        moves: &'a [CashMove],
    },
    /// A waterfall run was a mistake.
    WaterfallReversed {
        /// The box.
        box_id: BoxId,
        /// What it had recorded: what was drawn and bought, what had become due, and what had been paid out.
        facts: &'a [Fact<'a>],
        /// The event that had recorded it.
        event: u64,
    },
}

impl Fact<'_> {
    /// The rule that posts this fact.
    pub fn rule(&self) -> PostingRule {
        match self {
            Self::BankOpened { .. } => rule::BANK_OPENED,
            Self::BankClosed { .. } => rule::BANK_CLOSED,
            Self::BankBooked { .. } => rule::BANK_BOOKED,
            Self::DepositRecorded { .. } => rule::DEPOSIT_RECORDED,
            Self::DepositMatched { .. } => rule::DEPOSIT_MATCHED,
            Self::DepositConfirmed { .. } => rule::DEPOSIT_CONFIRMED,
            Self::PayoutRequested { .. } => rule::PAYOUT_REQUESTED,
            Self::PayoutMatched { .. } => rule::PAYOUT_MATCHED,
            Self::PayoutReturned { .. } => rule::PAYOUT_RETURNED,
            Self::BankExplained { .. } => rule::BANK_EXPLAINED,
            Self::BankDifference { .. } => rule::BANK_DIFFERENCE,
            Self::CurrencyConverted { .. } => rule::CURRENCY_CONVERTED,
            Self::TaxWithheld { .. } => rule::TAX_WITHHELD,
            Self::TaxReturned { .. } => rule::TAX_RETURNED,
            Self::ManualJournal { .. } => rule::MANUAL_JOURNAL,
            Self::ReconciliationUndone { .. } => rule::RECONCILIATION_UNDONE,
            Self::HoldPlaced { .. } => rule::HOLD_PLACED,
            Self::HoldVoided { .. } => rule::HOLD_VOIDED,
            Self::TermPrepaid { .. } => rule::TERM_PREPAID,
            Self::SecurityTaken { .. } => rule::SECURITY_TAKEN,
            Self::PeriodBilled { .. } => rule::PERIOD_BILLED,
            Self::SecurityApplied { .. } => rule::SECURITY_APPLIED,
            Self::SecurityReturned { .. } => rule::SECURITY_RETURNED,
            Self::SecurityForfeited { .. } => rule::SECURITY_FORFEITED,
            Self::HoursDelivered { .. } => rule::HOURS_DELIVERED,
            Self::HoursCredited { .. } => rule::HOURS_CREDITED,
            Self::DeliveryReversed { .. } => rule::DELIVERY_REVERSED,
            Self::CreditRecovered { .. } => rule::CREDIT_RECOVERED,
            Self::PenaltyPaid { .. } => rule::PENALTY_PAID,
            Self::TermRefunded { .. } => rule::TERM_REFUNDED,
            Self::TermBusted { .. } => rule::TERM_BUSTED,
            Self::SpotHeld { .. } => rule::SPOT_HELD,
            Self::SpotSold { .. } => rule::SPOT_SOLD,
            Self::SpotDelivered { .. } => rule::SPOT_DELIVERED,
            Self::BoxContributed { .. } => rule::BOX_CONTRIBUTED,
            Self::DebtDrawn { .. } => rule::DEBT_DRAWN,
            Self::DebtPrepaid { .. } => rule::DEBT_PREPAID,
            Self::BoxWoundUp { .. } => rule::BOX_WOUND_UP,
            Self::AssetBought { .. } => rule::ASSET_BOUGHT,
            Self::ReserveFunded { .. } => rule::RESERVE_FUNDED,
            Self::BoxCollected { .. } => rule::BOX_COLLECTED,
            Self::CollectionReversed { .. } => rule::COLLECTION_REVERSED,
            Self::BoxEarned { .. } => rule::BOX_EARNED,
            Self::BoxPaidOver { .. } => rule::BOX_PAID_OVER,
            Self::BoxPaymentMatched { .. } => rule::BOX_PAYMENT_MATCHED,
            Self::BoxAccrued { .. } => rule::BOX_ACCRUED,
            Self::WaterfallPaid { .. } => rule::WATERFALL_PAID,
            Self::WaterfallReversed { .. } => rule::WATERFALL_REVERSED,
        }
    }

    /// Whose books record it.
    pub fn entity(&self) -> EntityId {
        match self {
            Self::BoxContributed { box_id, .. }
            | Self::DebtDrawn { box_id, .. }
            | Self::DebtPrepaid { box_id, .. }
            | Self::BoxWoundUp { box_id, .. }
            | Self::AssetBought { box_id, .. }
            | Self::ReserveFunded { box_id, .. }
            | Self::BoxCollected { box_id, .. }
            | Self::BoxEarned { box_id, .. }
            | Self::BoxAccrued { box_id, .. }
            | Self::WaterfallPaid { box_id, .. }
            | Self::WaterfallReversed { box_id, .. } => EntityId::Box(*box_id),
            Self::CollectionReversed { entity, .. } => *entity,
            _ => EntityId::Operator,
        }
    }

    /// What it corrects.
    pub(super) fn corrects(&self) -> Option<Correction> {
        match self {
            Self::ReconciliationUndone { event, .. } | Self::ManualJournal { corrects: event, .. } => {
                event.map(Correction::Event)
            }
            Self::WaterfallReversed { event, .. } | Self::CollectionReversed { event, .. } => {
                Some(Correction::Event(*event))
            }
            Self::DeliveryReversed { hours: (from, until), .. } => {
                Some(Correction::Hours { from: *from, until: *until })
            }
            _ => None,
        }
    }

    /// The contract that all of it concerns.
    pub(super) fn contract(&self) -> Option<ContractId> {
        match self {
            Self::TermPrepaid { contract, .. }
            | Self::SecurityTaken { contract, .. }
            | Self::PeriodBilled { contract, .. }
            | Self::SecurityApplied { contract, .. }
            | Self::SecurityReturned { contract, .. }
            | Self::SecurityForfeited { contract, .. }
            | Self::DeliveryReversed { contract, .. }
            | Self::TermRefunded { contract, .. }
            | Self::TermBusted { contract, .. } => Some(*contract),
            Self::BankOpened { .. }
            | Self::BankClosed { .. }
            | Self::BankBooked { .. }
            | Self::DepositRecorded { .. }
            | Self::DepositMatched { .. }
            | Self::DepositConfirmed { .. }
            | Self::PayoutRequested { .. }
            | Self::PayoutMatched { .. }
            | Self::PayoutReturned { .. }
            | Self::BankExplained { .. }
            | Self::BankDifference { .. }
            | Self::CurrencyConverted { .. }
            | Self::ReconciliationUndone { .. }
            | Self::TaxWithheld { .. }
            | Self::TaxReturned { .. }
            | Self::ManualJournal { .. }
            | Self::HoldPlaced { .. }
            | Self::HoldVoided { .. }
            | Self::HoursDelivered { .. }
            | Self::HoursCredited { .. }
            | Self::CreditRecovered { .. }
            | Self::PenaltyPaid { .. }
            | Self::SpotHeld { .. }
            | Self::SpotSold { .. }
            | Self::SpotDelivered { .. }
            | Self::BoxContributed { .. }
            | Self::DebtDrawn { .. }
            | Self::DebtPrepaid { .. }
            | Self::BoxWoundUp { .. }
            | Self::AssetBought { .. }
            | Self::ReserveFunded { .. }
            | Self::BoxCollected { .. }
            | Self::CollectionReversed { .. }
            | Self::BoxEarned { .. }
            | Self::BoxPaidOver { .. }
            | Self::BoxPaymentMatched { .. }
            | Self::BoxAccrued { .. }
            | Self::WaterfallPaid { .. }
            | Self::WaterfallReversed { .. } => None,
        }
    }
}
