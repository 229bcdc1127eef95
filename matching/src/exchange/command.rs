//! Commands: instructions as the exchange decides them.

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

/// Instruction of a caller with the id and the instant that the shell gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// UUIDv7 of the command; the ids of what it creates derive from it.
    pub id: CommandId,
    /// Instant of the decision. Time moves to it first; an instant before the exchange's own time counts as that.
    pub at: Instant,
    /// Instruction to decide.
    pub instruction: Instruction,
}

/// Instruction of a caller, parsed and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instruction {
    /// Lets time pass and does nothing else.
    Advance,
    /// Admits an organization.
    RegisterOrganization {
        /// Id that it will have.
        organization: OrganizationId,
        /// Name as people write it.
        name: Label,
    },
    /// Opens a market.
    OpenMarket(MarketSpec),
    /// Lists capacity.
    RegisterLot(NewLot),
    /// Ends the sale of what is free of a lot.
    WithdrawLot {
        /// Provider that listed the lot.
        organization: OrganizationId,
        /// Lot to withdraw.
        lot: LotId,
    },
    /// Places an order.
    PlaceOrder(NewOrder),
    /// Changes an open order.
    AmendOrder(Amendment),
    /// Cancels what is open of an order.
    CancelOrder {
        /// Organization that placed the order.
        organization: OrganizationId,
        /// Order to cancel.
        order: OrderId,
    },
    /// Cancels all open orders of an organization.
    CancelOrders {
        /// Organization that placed the orders.
        organization: OrganizationId,
        /// Market to which this is restricted; `None` cancels in all markets.
        market: Option<MarketId>,
    },
    /// Stops trading in a market; orders stay and can be placed and cancelled.
    HaltMarket {
        /// Market to halt.
        market: MarketId,
        /// Reason, which everybody can read.
        reason: Label,
    },
    /// Lets a market trade again.
    ResumeMarket {
        /// Market to resume.
        market: MarketId,
    },
    /// Sets or lifts a market's price band, its guard against mistyped prices.
    SetPriceBand {
        /// Market of the band.
        market: MarketId,
        /// Largest distance of a limit from the last price; `None` lifts the band.
        band: Option<PriceBand>,
    },
    /// Throws the kill switch: cancels an organization's orders and refuses new ones.
    SuspendOrganization {
        /// Organization to suspend.
        organization: OrganizationId,
        /// Reason given.
        reason: Label,
    },
    /// Accepts orders of a suspended organization again.
    ReinstateOrganization {
        /// Organization to reinstate.
        organization: OrganizationId,
    },
    /// Bounds the number of an organization's open orders.
    SetOrderLimit {
        /// Organization that is bounded.
        organization: OrganizationId,
        /// Largest number of open orders; `None` for the exchange's default.
        open_orders_max: Option<u32>,
    },
    /// Bounds what an organization commits in a calendar month.
    SetBudget {
        /// Organization that is bounded.
        organization: OrganizationId,
        /// Currency of the budget.
        currency: Currency,
        /// Most that trades of the month and open orders may come to, fees included; `None` lifts the bound.
        monthly: Option<Amount>,
    },
    /// Undoes a trade made in error before its delivery begins: the buyer is refunded and the capacity returns.
    BustContract {
        /// Contract that the trade created.
        contract: ContractId,
        /// Reason given.
        reason: Label,
    },
    /// Confirms that a contract's GPUs are ready, or changes where they are reached.
    ConfirmDelivery {
        /// Seller of the contract.
        organization: OrganizationId,
        /// Contract that is delivered.
        contract: ContractId,
        /// Instant since which they are ready, at the earliest the start of the hour in progress; `None` for the
        /// command's own instant.
        ready: Option<Instant>,
        /// Address at which they are reached; `None` leaves it as it is.
        endpoint: Option<Label>,
    },
    /// Claims that GPUs of a contract are out.
    OpenOutage(NewOutage),
    /// Accepts an outage that the other side claims.
    AcceptOutage {
        /// Side that accepts: buyer or seller of the contract.
        organization: OrganizationId,
        /// Outage to accept.
        outage: OutageId,
    },
    /// Ends an outage.
    RestoreOutage {
        /// Side that says so: buyer or seller of the contract.
        organization: OrganizationId,
        /// Outage that has ended.
        outage: OutageId,
        /// End of the outage, exclusive; `None` for the command's own instant.
        until: Option<Instant>,
    },
    /// Takes an outage back that the other side has not accepted.
    WithdrawOutage {
        /// Side that had opened it.
        organization: OrganizationId,
        /// Outage to withdraw.
        outage: OutageId,
    },
    /// Rules on an outage that one side claims.
    RuleOutage {
        /// Outage to rule on.
        outage: OutageId,
        /// Whether the outage counts.
        upheld: bool,
        /// Number of GPUs that were out; `None` for as claimed.
        gpus: Option<u32>,
        /// Start of the outage, inclusive; `None` for as claimed.
        from: Option<Instant>,
        /// End of the outage, exclusive; `None` for as claimed.
        until: Option<Instant>,
        /// Reason, which both sides can read.
        reason: Label,
    },
    /// Gives notice of a contract because of its outages.
    TerminateContract {
        /// Buyer of the contract.
        organization: OrganizationId,
        /// Contract to end.
        contract: ContractId,
        /// Reason given.
        reason: Label,
    },
    /// Takes the lead: voids auctions whose gate passed since the last event, while nobody led.
    TakeLead,
    /// Opens an account at a bank.
    OpenBankAccount {
        /// Account as its statements name it.
        account: BankAccountId,
        /// Currency of the account.
        currency: Currency,
        /// Balance before the first statement: positive is money that the bank owes.
        opening: Amount,
        /// Largest difference between a booking and what it is for, zero or more.
        tolerance: Amount,
    },
    /// Closes an account at a bank.
    CloseBankAccount {
        /// Account to close.
        account: BankAccountId,
    },
    /// Announces a deposit.
    ExpectDeposit {
        /// Organization that pays it in.
        organization: OrganizationId,
        /// Amount to come, more than zero.
        amount: Amount,
        /// Currency of the amount.
        currency: Currency,
    },
    /// Imports a bank statement, and reconciles the bookings that explain themselves.
    ImportStatement(Box<BankStatement>),
    /// Explains bookings by hand.
    Reconcile {
        /// Bookings with the part of each that is explained; `None` for all that is not explained yet.
        lines: Vec<(BankLineId, Option<Amount>)>,
        /// Items that they were for with the part for each; `None` for all that is open of an item, or for a single
        /// item without an amount of its own all that was booked.
        items: Vec<(ItemChoice, Option<Amount>)>,
        /// Client that enters it.
        by: ClientId,
    },
    /// Undoes a reconciliation: its bookings are unexplained again.
    UndoReconciliation {
        /// Reconciliation to undo.
        reconciliation: ReconciliationId,
        /// Reason given.
        reason: Label,
        /// Client that enters it.
        by: ClientId,
    },
    /// Requests a payout.
    RequestPayout {
        /// Organization that is paid.
        organization: OrganizationId,
        /// Amount to take out of the source, more than zero.
        amount: Amount,
        /// Currency of the amount.
        currency: Currency,
        /// Source of the money.
        source: PayoutSource,
    },
    /// Gives a payout back that did not leave the bank.
    ReturnPayout {
        /// Payout to return.
        payout: PayoutId,
        /// Reason given.
        reason: Label,
    },
    /// Closes a month for good.
    ClosePeriod {
        /// Month to close: the earliest that is open.
        period: Month,
        /// Client that closes it.
        by: ClientId,
    },
    /// Proposes a manual journal.
    ProposeJournal(NewJournal),
    /// Approves a journal that another client proposed.
    ApproveJournal {
        /// Journal to approve.
        journal: JournalId,
        /// Client that approves it: another than proposed it.
        by: ClientId,
    },
    /// Rejects a proposed journal, or takes it back.
    RejectJournal {
        /// Journal to reject.
        journal: JournalId,
        /// Client that rejects it.
        by: ClientId,
        /// Reason given.
        reason: Label,
    },
    /// Sets the tax that is withheld from a seller's payouts of earnings.
    SetWithholding {
        /// Seller that is taxed.
        organization: OrganizationId,
        /// Rate in basis points of a payout: 0 to 10 000.
        basis_points: u16,
    },
    /// Creates a box with the first version of its deal.
    CreateBox {
        /// Terms of the first version.
        deal: Box<DealTerms>,
        /// Party that creates it.
        party: DealParty,
        /// Client that enters it.
        by: ClientId,
    },
    /// Amends a box's deal.
    AmendDeal {
        /// Box whose deal it is.
        box_id: BoxId,
        /// Terms of the new version, complete.
        deal: Box<DealTerms>,
        /// Party that amends it.
        party: DealParty,
        /// Client that enters it.
        by: ClientId,
    },
    /// Closes a box's deal: draws and buys what its first day asks for.
    CloseDeal {
        /// Box whose deal it is.
        box_id: BoxId,
        /// Client that enters it.
        by: ClientId,
    },
    /// Assigns a contract of the exchange to a box, which earns its hours from the next period on.
    AssignContract {
        /// Box that will earn.
        box_id: BoxId,
        /// Name of the contract in the deal.
        contract: ItemName,
        /// Client that enters it.
        by: ClientId,
    },
    /// Enters a collection: a client's payment to a box, or what the exchange pays over of a contract's earnings.
    Collect(NewCollection),
    /// Reverses a collection that no run has paid out.
    ReverseCollection {
        /// Box that was paid.
        box_id: BoxId,
        /// Sequence of the event that recorded it.
        event: u64,
        /// Client that enters it.
        by: ClientId,
        /// Reason given.
        reason: Label,
    },
    /// Pays a box's cash out for its next determination date.
    RunWaterfall {
        /// Box whose cash it is.
        box_id: BoxId,
        /// Determination date of the run.
        date: Day,
        /// Amounts of facilities that the sponsor repays beyond the run.
        prepaid: Vec<ItemAmount>,
        /// Client that starts it.
        by: ClientId,
    },
    /// Enters a supplier's invoice for a month of an agreement.
    InvoiceAgreement {
        /// Box that is charged.
        box_id: BoxId,
        /// Name of the agreement in the deal.
        agreement: ItemName,
        /// Month that is invoiced.
        month: Month,
        /// Whole cost of the month, zero or more; replaces an earlier invoice.
        amount: Amount,
        /// Reference of the supplier.
        reference: Label,
        /// Client that enters it.
        by: ClientId,
    },
    /// Accelerates a box's debt, so that all of it is due, or rescinds that.
    Accelerate {
        /// Box whose debt it is.
        box_id: BoxId,
        /// Whether the debt is due: `false` rescinds.
        accelerated: bool,
        /// Client that enters it.
        by: ClientId,
        /// Reason given.
        reason: Label,
    },
    /// Winds a box up.
    WindUp {
        /// Box to wind up.
        box_id: BoxId,
        /// Client that enters it.
        by: ClientId,
    },
    /// Sets which organizations lend to a box, and may see it.
    SetLenders {
        /// Box that is lent to.
        box_id: BoxId,
        /// The new lender list; replaces the old one.
        lenders: BTreeSet<OrganizationId>,
        /// Client that enters it.
        by: ClientId,
    },
    /// Fixes an index from a day on.
    FixIndex(IndexFixed),
    /// Makes a parked item fall due again.
    ResumeDue {
        /// Item that is parked.
        due: ParkedDue,
        /// Client that enters it.
        by: ClientId,
    },
    /// Reverses a box's latest waterfall run.
    ReverseWaterfall {
        /// Box of the run.
        box_id: BoxId,
        /// Determination date of the run.
        date: Day,
        /// Client that enters it.
        by: ClientId,
        /// Reason given.
        reason: Label,
    },
    /// Credits a deposit before its booking is known.
    RecordDeposit {
        /// Organization that is credited.
        organization: OrganizationId,
        /// Amount credited, more than zero.
        amount: Amount,
        /// Currency of the amount.
        currency: Currency,
        /// Reference that the bank gave.
        reference: Label,
    },
}

impl Instruction {
    /// Returns the buyer or seller that gives the instruction; `None` for instructions of the operator or of a box's
    /// parties.
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

/// Party for which a client enters or amends a box's deal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DealParty {
    /// Organization that sponsors the box: may create and amend only its own, and amend only until the deal closes.
    Sponsor(OrganizationId),
    /// Finance of the operator.
    Finance,
}

/// Collection to be entered: a client's payment to a box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCollection {
    /// Box that is paid.
    pub box_id: BoxId,
    /// Client that enters it.
    pub by: ClientId,
    /// Name of the contract in the deal.
    pub contract: ItemName,
    /// Amount received, more than zero.
    pub amount: Amount,
    /// Day on which the money came.
    pub paid: Day,
    /// Reference that the bank gave.
    pub reference: Label,
}

/// Manual journal to be proposed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewJournal {
    /// Client that proposes it.
    pub by: ClientId,
    /// Day on which the books date it, in an open month; `None` for the day of the approval.
    pub day: Option<Day>,
    /// Currency of all lines.
    pub currency: Currency,
    /// Lines: 2 to 100, each on another account, which add up to zero.
    pub lines: Vec<JournalLine>,
    /// Purpose of the journal.
    pub text: Label,
    /// Sequence of the event whose entries it corrects; `None` when it corrects nothing.
    pub corrects: Option<u64>,
}

/// Item that a client says a booking was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemChoice {
    /// Deposit, announced or credited before.
    Deposit(DepositId),
    /// Payout that was requested.
    Payout(PayoutId),
    /// Deposit of this organization that it had not announced.
    Organization(OrganizationId),
    /// Payment of the exchange to this box.
    Box(BoxId),
    /// Item of the operator's own, by its account in the chart.
    Account(AccountKind),
}

/// Outage to be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOutage {
    /// Side that claims it: buyer or seller of the contract.
    pub organization: OrganizationId,
    /// Contract whose GPUs are out.
    pub contract: ContractId,
    /// Number of its GPUs that are out; `None` for all.
    pub gpus: Option<u32>,
    /// Start of the outage, inclusive; `None` for the command's own instant.
    pub from: Option<Instant>,
    /// End of the outage, exclusive; `None` while it lasts.
    pub until: Option<Instant>,
    /// Description of what happened.
    pub reason: Label,
}

/// Lot to be listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLot {
    /// Provider that lists it and will deliver.
    pub organization: OrganizationId,
    /// Market in which it is sold.
    pub market: MarketId,
    /// Number of GPUs in each hour: a multiple of the market's lot size.
    pub gpus: u32,
    /// Hours for which it is available.
    pub window: Window,
    /// Provider's name for the network that the GPUs share.
    pub fabric: Label,
    /// Shortest free run that a term sale may leave, in hours; 0 and 1 allow any.
    pub min_remnant_hours: u32,
    /// Delivery terms that its contracts get.
    pub delivery: DeliveryTerms,
}

/// Order to be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// Organization that places it.
    pub organization: OrganizationId,
    /// Caller's own name for it, unique in its organization; `None` when it has none.
    pub client_order_id: Option<ClientOrderId>,
    /// Number of GPUs: a multiple of the market's lot size.
    pub gpus: u32,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Price,
    /// Side and kind of the order, with what only that has.
    pub side: NewSide,
}

/// Side and kind of a new order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewSide {
    /// Buys for a term.
    Buy {
        /// Markets that it may trade in.
        markets: MarketChoice,
        /// Hours that it wants.
        window: TermWindow,
        /// Further options of the bid.
        options: BidOptions,
    },
    /// Sells for terms.
    Sell {
        /// Lot or contract to sell from.
        supply: Supply,
        /// Hours on offer; `None` for all of the supply's.
        window: Option<Window>,
        /// Shortest sale in hours; `None` for 1.
        min_hours: Option<u32>,
        /// Longest sale in hours; `None` for the window's length.
        max_hours: Option<u32>,
        /// Rule for meeting an order of its own organization.
        self_trade_prevention: SelfTradePrevention,
    },
    /// Buys the next hour in each auction.
    SpotBuy {
        /// Market that it trades in.
        market: MarketId,
        /// Smallest number of GPUs that it takes; `None` for the lot size.
        min_gpus: Option<u32>,
    },
    /// Sells by the hour.
    SpotSell {
        /// Lot or contract to sell from.
        supply: Supply,
        /// Hours on offer; `None` for all of the supply's.
        window: Option<Window>,
    },
}

/// Choice of the markets that a bid may trade in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MarketChoice {
    /// A single market.
    One(MarketId),
    /// Several markets, by name.
    Named(Vec<MarketId>),
    /// All markets that a filter admits when the bid arrives.
    Filtered(MarketFilter),
}

/// Change to an open order; a field that is `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amendment {
    /// Organization that placed the order.
    pub organization: OrganizationId,
    /// Order to change.
    pub order: OrderId,
    /// Number of GPUs, those already traded included.
    pub gpus: Option<u32>,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Option<Price>,
    /// Hours that a bid wants, or an ask offers.
    pub window: Option<TermWindow>,
}
