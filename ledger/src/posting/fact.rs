//! Facts: what happened, in the ledger's own terms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountKind, Owner};
use crate::calendar::Instant;
use crate::correction::Correction;
use crate::identity::{BankAccountId, BoxId, ContractId, EntityId, ItemName, OrganizationId};
use crate::money::{Amount, Currency};

use crate::posting_rule::{self as rule, PostingRule};

/// Party that is owed a contract's earnings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Payee {
    /// Seller of the contract.
    Seller(OrganizationId),
    /// Box that the contract is assigned to.
    Box(BoxId),
}

impl Payee {
    /// Returns the account of what the payee is owed, in the operator's books.
    pub const fn payable(self, currency: Currency) -> Account {
        let (kind, owner) = match self {
            Self::Seller(id) => (AccountKind::SellerPayable, Owner::Organization(id)),
            Self::Box(id) => (AccountKind::BoxPayable, Owner::Box(id)),
        };
        Account::operator(kind, owner, currency)
    }
}

/// Earnings of one contract in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Contract that delivered.
    pub contract: ContractId,
    /// Party that earned it.
    pub payee: Payee,
    /// Price of the time delivered.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, deducted from the price.
    pub seller_fee: Amount,
}

/// Sale of one hour, or of minutes of it, in a spot auction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpotDelivery {
    /// Organization that pays.
    pub buyer: OrganizationId,
    /// Organization that delivers.
    pub seller: OrganizationId,
    /// Price of the time sold.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, deducted from the price.
    pub seller_fee: Amount,
}

/// Refund to a buyer out of one contract's prepayment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credit {
    /// Contract that was prepaid.
    pub contract: ContractId,
    /// Buyer that gets the money back.
    pub buyer: OrganizationId,
    /// Price and buyer's fee together, more than zero.
    pub amount: Amount,
}

/// Debt of a payee to the buyer of one contract, paid out of what the payee has earned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redress {
    /// Contract that was not delivered as promised.
    pub contract: ContractId,
    /// Party that pays.
    pub payee: Payee,
    /// Buyer that is paid.
    pub buyer: OrganizationId,
    /// Amount paid, more than zero.
    pub amount: Amount,
}

/// Earnings of a box under one contract of the exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Earned {
    /// Contract of the exchange.
    pub contract: ContractId,
    /// Name of the contract in the box's deal.
    pub name: ItemName,
    /// Earnings less fees; negative where the box gave back.
    pub amount: Amount,
}

/// Line that people propose and approve, in the operator's books.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JournalLine {
    /// Account in the chart.
    pub account: AccountKind,
    /// Organization whose part of the account it moves; `None` for the operator's own part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// Signed amount: debit positive, credit negative, never zero.
    pub amount: Amount,
}

/// Account of a box as the box is wound up, with the balance that closing it takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClosedAccount {
    /// Account in the chart.
    pub account: AccountKind,
    /// Item of the deal that the account was for; `None` for the box's own part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ItemName>,
    /// Balance before the closing: debit positive, never zero.
    pub balance: Amount,
}

/// Item that became due since the last determination date and that a box's books take up before cash is paid out.
/// Amounts are not negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accrual {
    /// Revenue of a contract.
    Revenue(ItemName, Amount),
    /// Cost of an agreement.
    Cost(ItemName, Amount),
    /// Interest of a facility.
    Interest(ItemName, Amount),
    /// Depreciation of an asset.
    Depreciation(ItemName, Amount),
}

/// Movement of a box's cash in a waterfall run. Amounts are what leaves the cash: negative where a reserve, or the
/// trap, gives back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashMove {
    /// Payment of an agreement.
    Agreement(ItemName, Amount),
    /// Payment of a facility's interest.
    Interest(ItemName, Amount),
    /// Repayment of a facility's principal.
    Principal(ItemName, Amount),
    /// Payment into a reserve; negative out of it.
    Reserve(ItemName, Amount),
    /// Payment into the cash trap; negative out of it.
    Trap(Amount),
    /// Distribution to the sponsor.
    Sponsor(Amount),
}

/// Occurrence that the books record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact<'a> {
    /// An account at a bank was opened with what is on it.
    BankOpened {
        /// Account that was opened.
        account: BankAccountId,
        /// Opening balance: positive is money that the bank owes, negative an overdraft.
        amount: Amount,
    },
    /// An account at a bank was closed that no statement had confirmed.
    BankClosed {
        /// Account that was given up.
        account: BankAccountId,
        /// Balance that it had been opened with, which is taken back.
        amount: Amount,
    },
    /// The bank booked lines of a statement.
    BankBooked {
        /// Account that the bookings moved.
        account: BankAccountId,
        /// Bookings in the bank's order: positive is money received, negative money paid.
        amounts: &'a [Amount],
    },
    /// A deposit was credited before its booking was known.
    DepositRecorded {
        /// Organization that is credited.
        organization: OrganizationId,
        /// Amount moved, more than zero.
        amount: Amount,
    },
    /// A booking was for a deposit.
    DepositMatched {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Organization that is credited.
        organization: OrganizationId,
        /// Amount moved, more than zero.
        amount: Amount,
    },
    /// A booking was for a deposit that had been credited before.
    DepositConfirmed {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Amount moved, more than zero.
        amount: Amount,
    },
    /// An organization requested a payout.
    PayoutRequested {
        /// Organization that is paid.
        organization: OrganizationId,
        /// Account that the money is taken from: `SellerPayable` or `CustomerAvailable`.
        source: AccountKind,
        /// Amount moved, more than zero.
        amount: Amount,
    },
    /// A payout's booking was found: its money has left, or come back.
    PayoutMatched {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Organization that is paid.
        organization: OrganizationId,
        /// Amount that left; negative where it came back.
        amount: Amount,
    },
    /// A payout did not leave and was given back.
    PayoutReturned {
        /// Organization that is credited again.
        organization: OrganizationId,
        /// Account that the money had been taken from and goes back to: `SellerPayable` or `CustomerAvailable`.
        source: AccountKind,
        /// Amount moved, more than zero.
        amount: Amount,
    },
    /// A booking was explained by an item of the operator's own.
    BankExplained {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Account of the chart that takes the other side.
        kind: AccountKind,
        /// Booking: positive is money received, negative money paid.
        amount: Amount,
    },
    /// A booking came to more or less than what it was for.
    BankDifference {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Booking less what it was for; positive is a gain of the operator.
        amount: Amount,
    },
    /// A booking was one side of a currency conversion; the other is a booking in another currency.
    CurrencyConverted {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Booking: positive is money received, negative money paid.
        amount: Amount,
    },
    /// A reconciliation was undone.
    ReconciliationUndone {
        /// Facts that the reconciliation had recorded; all their lines are reversed.
        facts: &'a [Fact<'a>],
        /// Sequence of the event that had recorded them; `None` where that is not known.
        event: Option<u64>,
    },
    /// Tax on a seller's payout was kept for the state.
    TaxWithheld {
        /// Seller that is taxed.
        organization: OrganizationId,
        /// Tax withheld, more than zero.
        amount: Amount,
    },
    /// The tax withheld from a payout that did not leave was given back to the seller.
    TaxReturned {
        /// Seller that is credited again.
        organization: OrganizationId,
        /// Tax given back, more than zero.
        amount: Amount,
    },
    /// A manual journal was approved.
    ManualJournal {
        /// Lines of the entry, which add up to zero.
        lines: &'a [JournalLine],
        /// Sequence of the event whose entries it corrects; `None` when it corrects nothing.
        corrects: Option<u64>,
    },
    /// An order set money aside.
    HoldPlaced {
        /// Organization whose available money is set aside.
        organization: OrganizationId,
        /// Amount set aside, more than zero.
        amount: Amount,
    },
    /// An order, or a part of it, ended without needing its money.
    HoldVoided {
        /// Organization whose held money becomes available again.
        organization: OrganizationId,
        /// Amount released, more than zero.
        amount: Amount,
    },
    /// A bid traded: held money became the prepayment of the contract's first period.
    TermPrepaid {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract that the trade created.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// A bid traded: held money became the contract's security deposit.
    SecurityTaken {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract that the trade created.
        contract: ContractId,
        /// Price and buyer's fee of one period more, more than zero.
        amount: Amount,
    },
    /// A period of a contract was paid in advance.
    PeriodBilled {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract concerned.
        contract: ContractId,
        /// Part that the buyer's available money pays; zero or more.
        available: Amount,
        /// Part that the buyer's own earnings from reselling the contract pay; zero or more.
        payable: Amount,
    },
    /// The security deposit paid a contract's last period, or a part of it.
    SecurityApplied {
        /// Contract concerned.
        contract: ContractId,
        /// Part of the security deposit that is used, more than zero.
        amount: Amount,
    },
    /// The rest of a security deposit went back to the buyer.
    SecurityReturned {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract concerned.
        contract: ContractId,
        /// Amount that goes back, more than zero.
        amount: Amount,
    },
    /// A period was not paid: the payee of the contract keeps the security deposit.
    SecurityForfeited {
        /// Payee of the contract, which keeps it.
        payee: Payee,
        /// Contract concerned.
        contract: ContractId,
        /// Amount kept, more than zero.
        amount: Amount,
    },
    /// An hour of a market's contracts was delivered.
    HoursDelivered {
        /// Earnings of each contract in the hour.
        deliveries: &'a [Delivery],
    },
    /// Time of an hour was not delivered: the buyers have their money for it again.
    HoursCredited {
        /// Refunds, one per contract.
        credits: &'a [Credit],
    },
    /// Time that had been recorded as delivered was not: what was earned for it is the buyer's again.
    DeliveryReversed {
        /// Contract concerned.
        contract: ContractId,
        /// Buyer that gets the money back.
        buyer: OrganizationId,
        /// Payee that gives its earnings back.
        payee: Payee,
        /// Part out of the payee's earnings that are not paid out.
        from_payee: Amount,
        /// Part out of the fees of both sides.
        from_fees: Amount,
        /// Span of time that was not delivered: start inclusive, end exclusive.
        hours: (Instant, Instant),
    },
    /// A payee gave back what it had earned for time that was not delivered and could not give back before.
    CreditRecovered {
        /// Payments from payees to buyers.
        redress: &'a [Redress],
    },
    /// Payees paid the penalties that lots promise for time not delivered.
    PenaltyPaid {
        /// Payments from payees to buyers.
        redress: &'a [Redress],
    },
    /// Paid hours will not be delivered: their price and fee are the buyer's again.
    TermRefunded {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract concerned.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// A trade was undone before any delivery: the contract's prepayment is the buyer's again.
    TermBusted {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract that is undone.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// Standing orders by the hour set money aside for their next hour.
    SpotHeld {
        /// Organizations and the amounts set aside for them, each more than zero.
        holds: &'a [(OrganizationId, Amount)],
    },
    /// Hours were sold by the hour: held money became the buyers' prepayment of the hour.
    SpotSold {
        /// Sales of the auction.
        sales: &'a [SpotDelivery],
    },
    /// Spot sales of an hour were delivered.
    SpotDelivered {
        /// Parts of the sales that were delivered.
        sales: &'a [SpotDelivery],
    },
    /// The sponsor paid into its box.
    BoxContributed {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Amount paid in; negative where the sponsor got back what was drawn beyond what was spent.
        amount: Amount,
    },
    /// A box drew on a facility.
    DebtDrawn {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Name of the facility in the deal.
        facility: ItemName,
        /// Amount drawn, more than zero.
        amount: Amount,
    },
    /// A box repaid debt before it was due, with what its sponsor paid in for it.
    DebtPrepaid {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Name of the facility in the deal.
        facility: ItemName,
        /// Amount repaid, more than zero.
        amount: Amount,
    },
    /// A box was wound up: nothing is owed or kept, and what is left of its hardware is its sponsor's.
    BoxWoundUp {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Accounts with a balance, all of which are closed.
        accounts: &'a [ClosedAccount],
    },
    /// A box bought hardware.
    AssetBought {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Name of the asset in the deal.
        asset: ItemName,
        /// Cost of the asset, more than zero.
        amount: Amount,
    },
    /// A box set money aside in a reserve at its closing.
    ReserveFunded {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Name of the reserve in the deal.
        reserve: ItemName,
        /// Amount set aside, more than zero.
        amount: Amount,
    },
    /// A client paid a box.
    BoxCollected {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Name of the contract in the deal.
        contract: ItemName,
        /// Amount received, more than zero.
        amount: Amount,
    },
    /// A client's payment to a box that was entered by mistake was reversed.
    CollectionReversed {
        /// Entity in whose books it is reversed: the box, and the operator where the exchange had paid it.
        entity: EntityId,
        /// Facts that the payment had recorded in these books; all their lines are reversed.
        facts: &'a [Fact<'a>],
        /// Sequence of the event that had recorded them.
        event: u64,
    },
    /// A box earned something under contracts of the exchange: its own side of what the operator's books owe it.
    BoxEarned {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Earnings per contract.
        earned: &'a [Earned],
    },
    /// The exchange paid a box a part of what it had earned; the money is in transit until the bank has booked it.
    BoxPaidOver {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Amount paid over, more than zero.
        amount: Amount,
    },
    /// A booking was for a payment of the exchange to a box.
    BoxPaymentMatched {
        /// Account that the booking is on.
        account: BankAccountId,
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Amount that left; negative where it came back.
        amount: Amount,
    },
    /// Revenue, cost, interest and depreciation of a box became due since the last determination date.
    BoxAccrued {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Items that became due.
        accruals: &'a [Accrual],
    },
    /// A box's cash was paid out.
    WaterfallPaid {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Movements of the cash, step by step.
        moves: &'a [CashMove],
    },
    /// A waterfall run was reversed.
    WaterfallReversed {
        /// Box in whose books it is recorded.
        box_id: BoxId,
        /// Facts that the run had recorded: what was drawn and bought, what became due, and what was paid out. All
        /// their lines are reversed.
        facts: &'a [Fact<'a>],
        /// Sequence of the event that had recorded them.
        event: u64,
    },
}

impl Fact<'_> {
    /// Returns the rule that posts this fact.
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

    /// Returns the entity in whose books the fact is recorded.
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

    /// Returns what the fact's entry corrects; `None` for an ordinary fact.
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

    /// Returns the contract that all of the fact concerns; `None` when it concerns none or several.
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
