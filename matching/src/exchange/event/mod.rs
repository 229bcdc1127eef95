//! Events: what happened. They are the log's format: a published version never changes, a new shape is a new version.
//!
//! Every event carries all that its journal entries need, so that the books can be recomputed from the log alone.

mod accounting;
mod bank;
mod boxes;
mod contract;
mod delivery;
mod due;
mod ending;
mod entered;
mod market;
mod organization;
mod spot;
mod sweep;
mod term;

use ledger::{BankAccountId, BoxId, ContractId, Instant, Invariant, Month, OrganizationId, invariant};
use uuid::Uuid;

pub use accounting::{JournalApproved, JournalProposed, JournalRejected, PeriodClosed, WithholdingSet};
pub use bank::{
    BankAccountClosed, BankAccountOpened, BankLineId, BankLinesBooked, DepositExpected, MatchedItem, MatchedLine,
    MatchedTarget, PayoutRequested, PayoutReturned, PayoutSource, Reconciled, ReconciliationUndone, StatementImported,
};
pub use boxes::{
    AccelerationRescinded, AgreementInvoiced, BoxCollected, BoxCreated, BoxWoundUp, CollectionReversed, DealAmended,
    DealClosed, DebtAccelerated, IndexFixed, LendersSet, WaterfallReversed, WaterfallRun,
};
pub use contract::{
    Advance, ChargeMissed, ContractAssigned, ContractNovated, ContractTerminated, PeriodCharged, TerminationCause,
};
pub use delivery::{
    DeliveryReady, DismissalCause, HourShortfall, NoticeGiven, OutageDismissed, OutageOpened, OutageRestored,
    OutageSettled,
};
pub use due::{DueParked, DueResumed, ParkedDue};
pub use ending::{Ending, OrdersEnded, OrdersEnding};
pub use entered::Entered;
pub use market::{LotExpired, LotRegistered, LotWithdrawn, MarketHalted, MarketOpened, MarketResumed, PriceBandSet};
pub use organization::{
    BudgetSet, DepositReceived, OrderLimitSet, OrganizationRegistered, OrganizationReinstated, OrganizationSuspended,
};
pub use spot::{
    MissedCause, SpotAuctionHeld, SpotAuctionMissed, SpotBidResumed, SpotBidSuspended, SpotHold, SpotHoursDelivered,
    SpotHoursSold, SpotInterrupted, SpotOrderPlaced, SpotSide, SpotTerms,
};
pub use sweep::{LookedAt, SweepEnded, SweepPaused, Swept, SweptBid, SweptOffer};
pub(super) use term::supply_of;
pub use term::{
    CloseReason, ContractBusted, ContractHour, HoursDelivered, OrderAmended, OrderClosed, OrderPlaced, OrderSide,
    OrderTerms, TradeExecuted,
};

use crate::identity::CommandId;
use crate::market::MarketId;
use crate::venue::UnfilledReason;

/// The longest content of an event, in bytes: with its key and headers it stays below what Kafka's brokers take of one record unless
/// told otherwise, 1,048,588 bytes.
pub const EVENT_BYTES_MAX: usize = 1_000_000;

/// An event with its place in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// Its place in the log, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Instant,
    /// The command that led to it, be it only by moving time.
    pub command: CommandId,
    /// What happened.
    pub event: Event,
}

/// A log row could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No version of this program wrote such an event.
    #[error("the log holds an event of type {name} version {version}, which this program does not know")]
    Unknown {
        /// The type found.
        name: String,
        /// The version found.
        version: u16,
    },
    /// The content does not have the form of its type.
    #[error("the content of an event of type {name} cannot be read: {error}")]
    Malformed {
        /// The type.
        name: String,
        /// What the reader met.
        error: serde_json::Error,
    },
}

/// Declares the types of events: variant, name, version. A type that has grown by optional fields and by values of its
/// enumerations alone also reads its older versions, from the first in brackets.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $version:literal $([from $oldest:literal])?;)*) => {
        /// Something that happened on the exchange.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($(#[$doc])* $variant($variant),)*
        }

        impl Event {
            /// The type's name in the log and on the topic.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// The version of the type's form.
            pub const fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// Appends the content as JSON, the form in which it is stored and published.
            ///
            /// # Panics
            /// A [violation](ledger::Violation) where it cannot be written, or is longer than [`EVENT_BYTES_MAX`]; see
            /// [`ledger::checked`].
            pub fn encode(&self, out: &mut Vec<u8>) {
                let first = out.len();
                let written = match self { $(Self::$variant(content) => serde_json::to_writer(&mut *out, content),)* };
                if let Err(error) = written {
                    Invariant::EventEncodes.violated(format_args!("{}: {error}", self.name()));
                }
                let bytes = out.len() - first;
                invariant!(bytes <= EVENT_BYTES_MAX, EventInSize, "{} has {bytes} bytes", self.name());
            }

            /// Reads back what [`Event::encode`] wrote.
            ///
            /// # Errors
            /// [`DecodeError`] when the type or version is unknown or the content does not fit it.
            pub fn decode(name: &str, version: u16, content: &[u8]) -> Result<Self, DecodeError> {
                match (name, version) {
                    $(($name, $($oldest..=)? $version) => serde_json::from_slice(content)
                        .map(Self::$variant)
                        .map_err(|error| DecodeError::Malformed { name: name.to_owned(), error }),)*
                    _ => Err(DecodeError::Unknown { name: name.to_owned(), version }),
                }
            }

            /// The JSON Schema of every type: name, version, schema.
            pub fn schemas() -> Vec<(&'static str, u16, schemars::Schema)> {
                vec![$(($name, $version, schemars::schema_for!($variant)),)*]
            }
        }

        $(impl From<$variant> for Event {
            fn from(content: $variant) -> Self {
                Self::$variant(content)
            }
        })*
    };
}

events! {
    /// An organization was admitted.
    OrganizationRegistered = "organization_registered", 1;
    /// The kill switch was thrown.
    OrganizationSuspended = "organization_suspended", 1;
    /// The kill switch was released.
    OrganizationReinstated = "organization_reinstated", 1;
    /// The number of an organization's open orders was bounded.
    OrderLimitSet = "order_limit_set", 1;
    /// What an organization commits in a month was bounded.
    BudgetSet = "budget_set", 1;
    /// A deposit arrived at the bank.
    DepositReceived = "deposit_received", 1;
    /// An account at a bank was opened.
    BankAccountOpened = "bank_account_opened", 1;
    /// An account at a bank was given up.
    BankAccountClosed = "bank_account_closed", 1;
    /// A deposit was announced.
    DepositExpected = "deposit_expected", 1;
    /// A bank statement was imported.
    StatementImported = "statement_imported", 1;
    /// Lines of a bank statement.
    BankLinesBooked = "bank_lines_booked", 1;
    /// Bookings were explained.
    Reconciled = "reconciled", 3 [from 1];
    /// Bookings are unexplained again.
    ReconciliationUndone = "reconciliation_undone", 3 [from 1];
    /// An organization asked for its money.
    PayoutRequested = "payout_requested", 2 [from 1];
    /// A payout did not leave.
    PayoutReturned = "payout_returned", 2 [from 1];
    /// A month was closed.
    PeriodClosed = "period_closed", 1;
    /// Somebody proposed lines for the books.
    JournalProposed = "journal_proposed", 1;
    /// Somebody else approved them.
    JournalApproved = "journal_approved", 1;
    /// Proposed lines will not be in the books.
    JournalRejected = "journal_rejected", 1;
    /// How much of a seller's payouts is withheld as tax was set.
    WithholdingSet = "withholding_set", 1;
    /// A box was created.
    BoxCreated = "box_created", 1;
    /// A box's deal was amended.
    DealAmended = "deal_amended", 1;
    /// A box's deal closed.
    DealClosed = "deal_closed", 1;
    /// A client paid a box.
    BoxCollected = "box_collected", 2 [from 1];
    /// What was entered of a client's payment was a mistake.
    CollectionReversed = "collection_reversed", 1;
    /// A box's cash was paid out.
    WaterfallRun = "waterfall_run", 2 [from 1];
    /// A waterfall run was reversed.
    WaterfallReversed = "waterfall_reversed", 2 [from 1];
    /// A box's supplier invoiced a month.
    AgreementInvoiced = "agreement_invoiced", 1;
    /// A box's debt is due.
    DebtAccelerated = "debt_accelerated", 1;
    /// A box's debt is not due any more.
    AccelerationRescinded = "acceleration_rescinded", 1;
    /// A box came to its end.
    BoxWoundUp = "box_wound_up", 1;
    /// Who lends to a box was set.
    LendersSet = "lenders_set", 1;
    /// An index was fixed.
    IndexFixed = "index_fixed", 1;
    /// Something that fell due was set aside.
    DueParked = "due_parked", 1;
    /// Something set aside falls due again.
    DueResumed = "due_resumed", 1;
    /// A market opened.
    MarketOpened = "market_opened", 2 [from 1];
    /// Trading stopped.
    MarketHalted = "market_halted", 1;
    /// Trading goes on.
    MarketResumed = "market_resumed", 1;
    /// A guard against mistyped prices was set or lifted.
    PriceBandSet = "price_band_set", 1;
    /// A lot was listed.
    LotRegistered = "lot_registered", 3 [from 1];
    /// What was free of a lot was withdrawn.
    LotWithdrawn = "lot_withdrawn", 1;
    /// A lot's window passed.
    LotExpired = "lot_expired", 1;
    /// An order for a term was placed.
    OrderPlaced = "order_placed", 3 [from 1];
    /// An order by the hour was placed.
    SpotOrderPlaced = "spot_order_placed", 1;
    /// An order was changed.
    OrderAmended = "order_amended", 1;
    /// A bid and an ask traded.
    TradeExecuted = "trade_executed", 3 [from 1];
    /// An order ended with something left of it.
    OrderClosed = "order_closed", 3 [from 1];
    /// More orders end together than one step ends.
    OrdersEnding = "orders_ending", 1;
    /// All of them have ended.
    OrdersEnded = "orders_ended", 1;
    /// A sweep through the resting bids goes on in further steps.
    SweepPaused = "sweep_paused", 2 [from 1];
    /// It came to its end.
    SweepEnded = "sweep_ended", 1;
    /// A trade was undone.
    ContractBusted = "contract_busted", 3 [from 1];
    /// A period of a contract was paid.
    PeriodCharged = "period_charged", 1;
    /// A period of a contract could not be paid yet.
    ChargeMissed = "charge_missed", 1;
    /// A contract ended before its time.
    ContractTerminated = "contract_terminated", 2 [from 1];
    /// A contract passed to another seller.
    ContractNovated = "contract_novated", 2 [from 1];
    /// A contract was assigned to a box.
    ContractAssigned = "contract_assigned", 1;
    /// An hour of a market's contracts was delivered.
    HoursDelivered = "hours_delivered", 3 [from 1];
    /// A contract's GPUs are ready.
    DeliveryReady = "delivery_ready", 1;
    /// GPUs of a contract are said to be out.
    OutageOpened = "outage_opened", 1;
    /// An outage ended.
    OutageRestored = "outage_restored", 1;
    /// An outage counts.
    OutageSettled = "outage_settled", 2 [from 1];
    /// An outage does not count.
    OutageDismissed = "outage_dismissed", 1;
    /// A buyer ended a contract because of its outages.
    NoticeGiven = "notice_given", 1;
    /// A market's auction for an hour was held.
    SpotAuctionHeld = "spot_auction_held", 1;
    /// A market's auction for an hour was void.
    SpotAuctionMissed = "spot_auction_missed", 1;
    /// GPUs were sold for an hour.
    SpotHoursSold = "spot_hours_sold", 1;
    /// A buyer by the hour loses GPUs at the end of the hour in progress.
    SpotInterrupted = "spot_interrupted", 1;
    /// A spot bid waits for funds.
    SpotBidSuspended = "spot_bid_suspended", 1;
    /// A spot bid has funds again.
    SpotBidResumed = "spot_bid_resumed", 1;
    /// An hour sold by the hour was delivered.
    SpotHoursDelivered = "spot_hours_delivered", 1;
}

/// Whether a field has the value that older versions did not write.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What orders events among themselves: events of one key are published in the order of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKey {
    /// A market's.
    Market(MarketId),
    /// An organization's.
    Organization(OrganizationId),
    /// A bank account's.
    BankAccount(BankAccountId),
    /// A box's.
    Box(BoxId),
    /// That of the books themselves.
    Ledger,
}

impl std::fmt::Display for EventKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Market(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
            Self::BankAccount(id) => id.fmt(f),
            Self::Box(id) => id.fmt(f),
            Self::Ledger => f.write_str("ledger"),
        }
    }
}

impl Event {
    /// What orders this event among others.
    pub fn key(&self) -> EventKey {
        match self {
            Self::OrganizationRegistered(e) => EventKey::Organization(e.organization),
            Self::OrganizationSuspended(e) => EventKey::Organization(e.organization),
            Self::OrganizationReinstated(e) => EventKey::Organization(e.organization),
            Self::OrderLimitSet(e) => EventKey::Organization(e.organization),
            Self::BudgetSet(e) => EventKey::Organization(e.organization),
            Self::DepositReceived(e) => EventKey::Organization(e.organization),
            Self::BankAccountOpened(e) => EventKey::BankAccount(e.account),
            Self::BankAccountClosed(e) => EventKey::BankAccount(e.account),
            Self::DepositExpected(e) => EventKey::Organization(e.organization),
            Self::StatementImported(e) => EventKey::BankAccount(e.account),
            Self::BankLinesBooked(e) => EventKey::BankAccount(e.account),
            Self::Reconciled(e) => EventKey::BankAccount(e.account),
            Self::ReconciliationUndone(e) => EventKey::BankAccount(e.undone.account),
            Self::PayoutRequested(e) => EventKey::Organization(e.organization),
            Self::PayoutReturned(e) => EventKey::Organization(e.organization),
            Self::WithholdingSet(e) => EventKey::Organization(e.organization),
            Self::PeriodClosed(_)
            | Self::JournalProposed(_)
            | Self::JournalApproved(_)
            | Self::JournalRejected(_)
            | Self::IndexFixed(_)
            | Self::DueParked(_)
            | Self::DueResumed(_) => EventKey::Ledger,
            Self::BoxCreated(e) => EventKey::Box(e.r#box),
            Self::DealAmended(e) => EventKey::Box(e.r#box),
            Self::DealClosed(e) => EventKey::Box(e.r#box),
            Self::BoxCollected(e) => EventKey::Box(e.r#box),
            Self::CollectionReversed(e) => EventKey::Box(e.undone.r#box),
            Self::WaterfallRun(e) => EventKey::Box(e.r#box),
            Self::WaterfallReversed(e) => EventKey::Box(e.undone.r#box),
            Self::AgreementInvoiced(e) => EventKey::Box(e.r#box),
            Self::DebtAccelerated(e) => EventKey::Box(e.r#box),
            Self::AccelerationRescinded(e) => EventKey::Box(e.r#box),
            Self::BoxWoundUp(e) => EventKey::Box(e.r#box),
            Self::LendersSet(e) => EventKey::Box(e.r#box),
            Self::MarketOpened(e) => EventKey::Market(e.market.id),
            Self::MarketHalted(e) => EventKey::Market(e.market),
            Self::MarketResumed(e) => EventKey::Market(e.market),
            Self::PriceBandSet(e) => EventKey::Market(e.market),
            Self::LotRegistered(e) => EventKey::Market(e.market),
            Self::LotWithdrawn(e) => EventKey::Market(e.market),
            Self::LotExpired(e) => EventKey::Market(e.market),
            Self::OrderPlaced(e) => EventKey::Market(e.terms.market),
            Self::SpotOrderPlaced(e) => EventKey::Market(e.terms.market),
            Self::OrderAmended(e) => EventKey::Market(e.market),
            Self::TradeExecuted(e) => EventKey::Market(e.market),
            Self::OrderClosed(e) => EventKey::Market(e.market),
            Self::OrdersEnding(e) => EventKey::Organization(e.organization),
            Self::OrdersEnded(e) => EventKey::Organization(e.organization),
            Self::SweepPaused(e) => EventKey::Market(e.market),
            Self::SweepEnded(e) => EventKey::Market(e.market),
            Self::ContractBusted(e) => EventKey::Market(e.market),
            Self::PeriodCharged(e) => EventKey::Market(e.market),
            Self::ChargeMissed(e) => EventKey::Market(e.market),
            Self::ContractTerminated(e) => EventKey::Market(e.market),
            Self::ContractNovated(e) => EventKey::Market(e.market),
            Self::ContractAssigned(e) => EventKey::Market(e.market),
            Self::NoticeGiven(e) => EventKey::Market(e.market),
            Self::OutageDismissed(e) => EventKey::Market(e.market),
            Self::OutageSettled(e) => EventKey::Market(e.market),
            Self::OutageRestored(e) => EventKey::Market(e.market),
            Self::OutageOpened(e) => EventKey::Market(e.market),
            Self::DeliveryReady(e) => EventKey::Market(e.market),
            Self::HoursDelivered(e) => EventKey::Market(e.market),
            Self::SpotAuctionHeld(e) => EventKey::Market(e.market),
            Self::SpotAuctionMissed(e) => EventKey::Market(e.market),
            Self::SpotHoursSold(e) => EventKey::Market(e.market),
            Self::SpotInterrupted(e) => EventKey::Market(e.market),
            Self::SpotBidSuspended(e) => EventKey::Market(e.market),
            Self::SpotBidResumed(e) => EventKey::Market(e.market),
            Self::SpotHoursDelivered(e) => EventKey::Market(e.market),
        }
    }

    /// The month that it closes.
    pub const fn period(&self) -> Option<Month> {
        match self {
            Self::PeriodClosed(closed) => Some(closed.period),
            _ => None,
        }
    }

    /// The contract that ended with it before its time.
    pub(super) fn ended(&self) -> Option<ContractId> {
        match self {
            Self::ContractTerminated(e) => Some(e.contract),
            _ => None,
        }
    }

    /// Whether a search that led to it met its limit, or a sweep did.
    pub fn met_search_limit(&self) -> bool {
        let unfilled = match self {
            Self::OrderPlaced(e) => e.unfilled,
            Self::OrderAmended(e) => e.unfilled,
            Self::SweepPaused(e) => return e.limited,
            _ => None,
        };
        unfilled.is_some_and(|unfilled| unfilled.reason == UnfilledReason::SearchLimit)
    }

    /// The thing that the event is about, where it has an id of its own.
    pub fn subject(&self) -> Option<Uuid> {
        match self {
            Self::OrganizationRegistered(_)
            | Self::OrganizationSuspended(_)
            | Self::OrganizationReinstated(_)
            | Self::OrderLimitSet(_)
            | Self::BudgetSet(_)
            | Self::WithholdingSet(_)
            | Self::OrdersEnding(_)
            | Self::OrdersEnded(_)
            | Self::SweepPaused(_)
            | Self::SweepEnded(_)
            | Self::PeriodClosed(_)
            | Self::IndexFixed(_)
            | Self::BankAccountOpened(_)
            | Self::BankAccountClosed(_)
            | Self::MarketOpened(_)
            | Self::MarketHalted(_)
            | Self::MarketResumed(_)
            | Self::PriceBandSet(_)
            | Self::HoursDelivered(_)
            | Self::SpotAuctionHeld(_)
            | Self::SpotAuctionMissed(_)
            | Self::SpotHoursSold(_)
            | Self::SpotHoursDelivered(_) => None,
            Self::DueParked(e) => e.due.subject(),
            Self::DueResumed(e) => e.due.subject(),
            Self::DepositReceived(e) => Some(e.deposit.uuid()),
            Self::DepositExpected(e) => Some(e.deposit.uuid()),
            Self::StatementImported(e) => Some(e.statement.uuid()),
            Self::BankLinesBooked(e) => Some(e.statement.uuid()),
            Self::Reconciled(e) => Some(e.reconciliation.uuid()),
            Self::ReconciliationUndone(e) => Some(e.undone.reconciliation.uuid()),
            Self::PayoutRequested(e) => Some(e.payout.uuid()),
            Self::PayoutReturned(e) => Some(e.payout.uuid()),
            Self::JournalProposed(e) => Some(e.journal.uuid()),
            Self::JournalApproved(e) => Some(e.proposed.journal.uuid()),
            Self::JournalRejected(e) => Some(e.journal.uuid()),
            Self::BoxCreated(e) => Some(e.r#box.uuid()),
            Self::DealAmended(e) => Some(e.r#box.uuid()),
            Self::DealClosed(e) => Some(e.r#box.uuid()),
            Self::BoxCollected(e) => Some(e.r#box.uuid()),
            Self::CollectionReversed(e) => Some(e.undone.r#box.uuid()),
            Self::WaterfallRun(e) => Some(e.r#box.uuid()),
            Self::WaterfallReversed(e) => Some(e.undone.r#box.uuid()),
            Self::AgreementInvoiced(e) => Some(e.r#box.uuid()),
            Self::DebtAccelerated(e) => Some(e.r#box.uuid()),
            Self::AccelerationRescinded(e) => Some(e.r#box.uuid()),
            Self::BoxWoundUp(e) => Some(e.r#box.uuid()),
            Self::LendersSet(e) => Some(e.r#box.uuid()),
            Self::LotRegistered(e) => Some(e.lot.uuid()),
            Self::LotWithdrawn(e) => Some(e.lot.uuid()),
            Self::LotExpired(e) => Some(e.lot.uuid()),
            Self::OrderPlaced(e) => Some(e.order.uuid()),
            Self::SpotOrderPlaced(e) => Some(e.order.uuid()),
            Self::OrderAmended(e) => Some(e.order.uuid()),
            Self::TradeExecuted(e) => Some(e.trade.uuid()),
            Self::OrderClosed(e) => Some(e.order.uuid()),
            Self::ContractBusted(e) => Some(e.contract.uuid()),
            Self::PeriodCharged(e) => Some(e.contract.uuid()),
            Self::ChargeMissed(e) => Some(e.contract.uuid()),
            Self::ContractTerminated(e) => Some(e.contract.uuid()),
            Self::ContractNovated(e) => Some(e.contract.uuid()),
            Self::ContractAssigned(e) => Some(e.contract.uuid()),
            Self::NoticeGiven(e) => Some(e.contract.uuid()),
            Self::OutageDismissed(e) => Some(e.outage.uuid()),
            Self::OutageSettled(e) => Some(e.outage.uuid()),
            Self::OutageRestored(e) => Some(e.outage.uuid()),
            Self::OutageOpened(e) => Some(e.outage.uuid()),
            Self::DeliveryReady(e) => Some(e.contract.uuid()),
            Self::SpotInterrupted(e) => Some(e.order.uuid()),
            Self::SpotBidSuspended(e) => Some(e.order.uuid()),
            Self::SpotBidResumed(e) => Some(e.order.uuid()),
        }
    }
}
