//! Commands: what a caller asks of the exchange.

use std::collections::BTreeSet;

use ledger::deal::{DealTerms, ItemAmount};
use ledger::{
    AccountKind, Amount, BankAccountId, BankStatement, BoxId, ClientId, ContractId, Currency, Day, DepositId, Instant,
    ItemName, JournalId, JournalLine, Label, Month, OrganizationId, PayoutId, ReconciliationId,
};

use super::{BankLineId, IndexFixed, ParkedDue, PayoutSource};
use crate::hours::{TermWindow, Window};
use crate::identity::{CommandId, LotId, OrderId, OutageId};
use crate::lot::Supply;
use crate::market::{MarketFilter, MarketId, MarketSpec};
use crate::order::{BidOptions, ClientOrderId, SelfTradePrevention};
use crate::outage::DeliveryTerms;
use crate::price::Price;
use crate::venue::PriceBand;

/// A caller's request with the id and the instant that the shell gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Its id, a UUIDv7; the ids of what it brings into being derive from it.
    pub id: CommandId,
    /// When it is decided. Time moves to it first; an instant before the exchange's own time counts as that.
    pub at: Instant,
    /// What is asked.
    pub instruction: Instruction,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instruction {
    /// Only let time pass.
    Advance,
    /// Admit an organization.
    RegisterOrganization {
        /// Its id.
        organization: OrganizationId,
        /// Its name as people write it.
        name: Label,
    },
    /// Open a market.
    OpenMarket(MarketSpec),
    /// List capacity.
    RegisterLot(NewLot),
    /// End the sale of what is free of a lot.
    WithdrawLot {
        /// Whose lot.
        organization: OrganizationId,
        /// Which.
        lot: LotId,
    },
    /// Place an order.
    PlaceOrder(NewOrder),
    /// Change an open order.
    AmendOrder(Amendment),
    /// Cancel what is open of an order.
    CancelOrder {
        /// Whose order.
        organization: OrganizationId,
        /// Which.
        order: OrderId,
    },
    /// Cancel all open orders of an organization.
    CancelOrders {
        /// Whose orders.
        organization: OrganizationId,
        /// Only those that trade in this market.
        market: Option<MarketId>,
    },
    /// Stop trading in a market; orders stay and can be placed and cancelled.
    HaltMarket {
        /// Which.
        market: MarketId,
        /// Why, for all to read.
        reason: Label,
    },
    /// Let a market trade again.
    ResumeMarket {
        /// Which.
        market: MarketId,
    },
    /// Guard a market against mistyped prices, or do so no longer.
    SetPriceBand {
        /// Which market.
        market: MarketId,
        /// How far limits may be from the last price.
        band: Option<PriceBand>,
    },
    /// The kill switch: cancel an organization's orders and take no more from it.
    SuspendOrganization {
        /// Whose.
        organization: OrganizationId,
        /// Why.
        reason: Label,
    },
    /// Take orders from an organization again.
    ReinstateOrganization {
        /// Whose.
        organization: OrganizationId,
    },
    /// Bound the number of an organization's open orders.
    SetOrderLimit {
        /// Whose.
        organization: OrganizationId,
        /// The most open orders; the exchange's usual limit when not given.
        open_orders_max: Option<u32>,
    },
    /// Bound what an organization commits in a calendar month.
    SetBudget {
        /// Whose.
        organization: OrganizationId,
        /// In which currency.
        currency: Currency,
        /// The most that trades of the month and open orders may come to, fees included; no bound when not given.
        monthly: Option<Amount>,
    },
    /// Undo a trade made in error before its delivery begins: the buyer is refunded and the capacity returns.
    BustContract {
        /// The contract that the trade created.
        contract: ContractId,
        /// Why.
        reason: Label,
    },
    /// Say that a contract's GPUs are ready, or where they are reached.
    ConfirmDelivery {
        /// Who delivers.
        organization: OrganizationId,
        /// The contract.
        contract: ContractId,
        /// Since when; now when not given, and not before the hour in progress.
        ready: Option<Instant>,
        /// Where they are reached; as before when not given.
        endpoint: Option<Label>,
    },
    /// Say that GPUs of a contract are out.
    OpenOutage(NewOutage),
    /// Accept the other side's outage.
    AcceptOutage {
        /// Who accepts.
        organization: OrganizationId,
        /// Which.
        outage: OutageId,
    },
    /// Say that an outage has ended.
    RestoreOutage {
        /// Who says so: either side.
        organization: OrganizationId,
        /// Which.
        outage: OutageId,
        /// When; now when not given.
        until: Option<Instant>,
    },
    /// Take an outage back that the other side has not accepted.
    WithdrawOutage {
        /// Who had opened it.
        organization: OrganizationId,
        /// Which.
        outage: OutageId,
    },
    /// Rule on an outage that one side claims.
    RuleOutage {
        /// Which.
        outage: OutageId,
        /// Whether it counts.
        upheld: bool,
        /// How many GPUs were out; as claimed when not given.
        gpus: Option<u32>,
        /// Since when; as claimed when not given.
        from: Option<Instant>,
        /// Until when; as claimed when not given.
        until: Option<Instant>,
        /// Why, for both sides to read.
        reason: Label,
    },
    /// End a contract because of its outages.
    TerminateContract {
        /// Its buyer.
        organization: OrganizationId,
        /// Which.
        contract: ContractId,
        /// Why.
        reason: Label,
    },
    /// Lead from now on: auctions whose gate passed since the last event, while nobody led, are void.
    TakeLead,
    /// Take up an account at a bank.
    OpenBankAccount {
        /// The account, as its statements name it.
        account: BankAccountId,
        /// Its currency.
        currency: Currency,
        /// What is on it before the first statement.
        opening: Amount,
        /// How much a booking may differ from what it is for.
        tolerance: Amount,
    },
    /// Give up an account at a bank.
    CloseBankAccount {
        /// The account.
        account: BankAccountId,
    },
    /// Announce a deposit.
    ExpectDeposit {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
        /// In what currency.
        currency: Currency,
    },
    /// Take in a bank statement, and reconcile what explains itself.
    ImportStatement(Box<BankStatement>),
    /// Explain bookings.
    Reconcile {
        /// The bookings, and how much of each; all that is not explained when not given.
        lines: Vec<(BankLineId, Option<Amount>)>,
        /// What they were for, and how much is for each.
        items: Vec<(ItemChoice, Option<Amount>)>,
        /// Who says so.
        by: ClientId,
    },
    /// Make bookings unexplained again.
    UndoReconciliation {
        /// What explained them.
        reconciliation: ReconciliationId,
        /// Why.
        reason: Label,
        /// Who says so.
        by: ClientId,
    },
    /// Ask for one's money.
    RequestPayout {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
        /// In what currency.
        currency: Currency,
        /// Where it comes from.
        source: PayoutSource,
    },
    /// Give a payout back that did not leave the bank.
    ReturnPayout {
        /// Which.
        payout: PayoutId,
        /// Why.
        reason: Label,
    },
    /// Close a month for good.
    ClosePeriod {
        /// The month, the earliest that is open.
        period: Month,
        /// Who closes it.
        by: ClientId,
    },
    /// Propose lines for the books.
    ProposeJournal(NewJournal),
    /// Approve what somebody else proposed.
    ApproveJournal {
        /// Which.
        journal: JournalId,
        /// Who approves it.
        by: ClientId,
    },
    /// Let a proposal come to nothing.
    RejectJournal {
        /// Which.
        journal: JournalId,
        /// Who says so.
        by: ClientId,
        /// Why.
        reason: Label,
    },
    /// Withhold tax from what a seller has paid out of its earnings.
    SetWithholding {
        /// The seller.
        organization: OrganizationId,
        /// How much of it, in basis points: at most 10 000.
        basis_points: u16,
    },
    /// Create a box with the first version of its deal.
    CreateBox {
        /// The deal.
        deal: Box<DealTerms>,
        /// For whom it is entered.
        party: DealParty,
        /// Who enters it.
        by: ClientId,
    },
    /// Amend a box's deal.
    AmendDeal {
        /// The box.
        box_id: BoxId,
        /// The deal as it is to be from now on.
        deal: Box<DealTerms>,
        /// For whom it is amended.
        party: DealParty,
        /// Who enters it.
        by: ClientId,
    },
    /// Close a box's deal: what it draws and buys on the first day.
    CloseDeal {
        /// The box.
        box_id: BoxId,
        /// Who says so.
        by: ClientId,
    },
    /// Assign a contract of the exchange to a box, which earns its hours from the next period on.
    AssignContract {
        /// The box.
        box_id: BoxId,
        /// The contract, by the name that the deal gives it.
        contract: ItemName,
        /// Who says so.
        by: ClientId,
    },
    /// Enter what a client paid a box, or what the exchange pays over of a contract's earnings.
    Collect(NewCollection),
    /// Take back what was entered of a client's payment and no run has paid out.
    ReverseCollection {
        /// The box.
        box_id: BoxId,
        /// The event that recorded it.
        event: u64,
        /// Who says so.
        by: ClientId,
        /// Why.
        reason: Label,
    },
    /// Pay a box's cash out for its next determination date.
    RunWaterfall {
        /// The box.
        box_id: BoxId,
        /// The determination date.
        date: Day,
        /// What of each facility the sponsor repays beyond it.
        prepaid: Vec<ItemAmount>,
        /// Who starts it.
        by: ClientId,
    },
    /// Enter what the supplier of an agreement invoiced for a month.
    InvoiceAgreement {
        /// The box.
        box_id: BoxId,
        /// The agreement, by the name that the deal gives it.
        agreement: ItemName,
        /// The month.
        month: Month,
        /// What it costs in whole, zero at least.
        amount: Amount,
        /// The supplier's reference.
        reference: Label,
        /// Who enters it.
        by: ClientId,
    },
    /// All debt of a box is due, because its lenders say so, or not any more.
    Accelerate {
        /// The box.
        box_id: BoxId,
        /// Whether it is due.
        accelerated: bool,
        /// Who says so.
        by: ClientId,
        /// Why.
        reason: Label,
    },
    /// Bring a box to its end.
    WindUp {
        /// The box.
        box_id: BoxId,
        /// Who says so.
        by: ClientId,
    },
    /// Set which organizations lend to a box, and see it.
    SetLenders {
        /// The box.
        box_id: BoxId,
        /// They.
        lenders: BTreeSet<OrganizationId>,
        /// Who says so.
        by: ClientId,
    },
    /// Fix an index.
    FixIndex(IndexFixed),
    /// Let something that was set aside fall due again.
    ResumeDue {
        /// What.
        due: ParkedDue,
        /// Who says so.
        by: ClientId,
    },
    /// Reverse a box's latest waterfall run.
    ReverseWaterfall {
        /// The box.
        box_id: BoxId,
        /// Its determination date.
        date: Day,
        /// Who says so.
        by: ClientId,
        /// Why.
        reason: Label,
    },
    /// Credit a deposit before its booking is known.
    RecordDeposit {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
        /// In what currency.
        currency: Currency,
        /// The bank's reference.
        reference: Label,
    },
}

impl Instruction {
    /// The buyer or seller who gives it; none when the house or a box's party may.
    pub fn trader(&self) -> Option<OrganizationId> {
        match self {
            Self::PlaceOrder(new) => Some(new.organization),
            Self::AmendOrder(amendment) => Some(amendment.organization),
            Self::RegisterLot(new) => Some(new.organization),
            Self::OpenOutage(new) => Some(new.organization),
            Self::WithdrawLot { organization, .. }
            | Self::CancelOrder { organization, .. }
            | Self::CancelOrders { organization, .. }
            | Self::SetBudget { organization, .. }
            | Self::ConfirmDelivery { organization, .. }
            | Self::AcceptOutage { organization, .. }
            | Self::TerminateContract { organization, .. }
            | Self::ExpectDeposit { organization, .. }
            | Self::RequestPayout { organization, .. } => Some(*organization),
            _ => None,
        }
    }
}

/// For whom somebody enters or amends a box's deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DealParty {
    /// An organization that sponsors boxes: only its own, and only until their deals close.
    Sponsor(OrganizationId),
    /// The operator's finance.
    Finance,
}

/// What a client paid a box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCollection {
    /// The box.
    pub box_id: BoxId,
    /// Who enters it.
    pub by: ClientId,
    /// The contract, by the name that the deal gives it.
    pub contract: ItemName,
    /// How much, more than zero.
    pub amount: Amount,
    /// The day the money came.
    pub paid: Day,
    /// The bank's reference.
    pub reference: Label,
}

/// Lines to be proposed for the books.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewJournal {
    /// Who proposes them.
    pub by: ClientId,
    /// The day they are to be dated, in a month that is open; that of the approval when not given.
    pub day: Option<Day>,
    /// Their currency.
    pub currency: Currency,
    /// The lines: 2 to 100, each of another account, which come to zero.
    pub lines: Vec<JournalLine>,
    /// What they are for.
    pub text: Label,
    /// The event whose entries they correct.
    pub corrects: Option<u64>,
}

/// What somebody says that a booking was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemChoice {
    /// A deposit, announced or credited before.
    Deposit(DepositId),
    /// A payout.
    Payout(PayoutId),
    /// A deposit of this organization that nobody had announced.
    Organization(OrganizationId),
    /// What the exchange paid a box.
    Box(BoxId),
    /// Something of the exchange's own.
    Account(AccountKind),
}

/// An outage to be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOutage {
    /// Who says so: the contract's buyer or its seller.
    pub organization: OrganizationId,
    /// The contract.
    pub contract: ContractId,
    /// How many of its GPUs are out; all when not given.
    pub gpus: Option<u32>,
    /// Since when; now when not given.
    pub from: Option<Instant>,
    /// Until when, if it is over.
    pub until: Option<Instant>,
    /// What happened.
    pub reason: Label,
}

/// Capacity to be listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLot {
    /// Who delivers.
    pub organization: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// How many GPUs: a multiple of the market's lot size.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The seller's name for the network the GPUs share.
    pub fabric: Label,
    /// A term sale may not leave a free run shorter than this many hours; 0 and 1 allow any.
    pub min_remnant_hours: u32,
    /// What it promises about its delivery.
    pub delivery: DeliveryTerms,
}

/// An order to be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// Whose order.
    pub organization: OrganizationId,
    /// The caller's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// GPUs: a multiple of the market's lot size.
    pub gpus: u32,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// What distinguishes a bid from an ask.
    pub side: NewSide,
}

/// What distinguishes a bid from an ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewSide {
    /// Buy for a term.
    Buy {
        /// Where.
        markets: MarketChoice,
        /// The hours.
        window: TermWindow,
        /// What else it asks for.
        options: BidOptions,
    },
    /// Sell for terms.
    Sell {
        /// What to sell from.
        supply: Supply,
        /// The hours on offer; the supply's when not given.
        window: Option<Window>,
        /// The shortest sale in hours; 1 when not given.
        min_hours: Option<u32>,
        /// The longest sale in hours; the window's when not given.
        max_hours: Option<u32>,
        /// What happens when it meets an order of its own organization.
        self_trade_prevention: SelfTradePrevention,
    },
    /// Buy the next hour, again and again.
    SpotBuy {
        /// Where.
        market: MarketId,
        /// The fewest GPUs; the lot size when not given.
        min_gpus: Option<u32>,
    },
    /// Sell by the hour.
    SpotSell {
        /// What to sell from.
        supply: Supply,
        /// The hours on offer; the supply's when not given.
        window: Option<Window>,
    },
}

/// The markets that a bid may trade in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MarketChoice {
    /// This one.
    One(MarketId),
    /// These.
    Named(Vec<MarketId>),
    /// Those that a filter admits when the bid arrives.
    Filtered(MarketFilter),
}

/// A change to an open order; what is not given stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amendment {
    /// Whose order.
    pub organization: OrganizationId,
    /// Which.
    pub order: OrderId,
    /// GPUs, those already traded included.
    pub gpus: Option<u32>,
    /// The worst price per GPU-hour.
    pub limit_price: Option<Price>,
    /// The hours.
    pub window: Option<TermWindow>,
}
