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
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use bank::{BankLineId, MatchedItem, MatchedLine, MatchedTarget, PayoutSource};
pub use contract::{Advance, TerminationCause};
pub use delivery::{DismissalCause, HourShortfall};
pub use due::ParkedDue;
pub use ending::Ending;
pub use entered::Entered;
pub use spot::{MissedCause, SpotHold, SpotSide, SpotTerms};
pub use sweep::{LookedAt, Swept, SweptBid, SweptOffer};
pub(super) use term::supply_of;
pub use term::{CloseReason, ContractHour, OrderSide, OrderTerms};

use super::facts::Facts;
use super::{Exchange, Parties};
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

/// A type of event: all that the exchange knows of it, beside its struct.
pub(super) trait EventType: Serialize + DeserializeOwned + JsonSchema {
    /// The type's name in the log and on the topic.
    const NAME: &'static str;
    /// The version of the form in which it is written.
    const VERSION: u16;
    /// The oldest version that is read. A type that has grown by optional fields and by values of its enumerations alone also reads its
    /// older versions.
    const READ_FROM: u16 = Self::VERSION;
    /// Whether people enter it, be it that some also happen by themselves; see [`EventType::entered`].
    const IS_ENTERED: bool = false;

    /// What orders this event among others.
    fn key(&self) -> EventKey;

    /// The thing that the event is about, where it has an id of its own.
    fn subject(&self) -> Option<Uuid>;

    /// Whom the event concerns.
    fn parties(&self) -> Parties;

    /// What a reader whom it concerns may see of it.
    fn part_for(&self, reader: Reader<'_>) -> Part;

    /// Who entered it; none where it happened by itself.
    fn entered(&self) -> Option<Entered<'_>> {
        None
    }

    /// States what it means to the books.
    fn facts(&self, facts: &mut Facts<'_>);

    /// Folds it into the state. Total, and without choices: everything was decided before.
    fn apply(&self, exchange: &mut Exchange, stamp: Stamp);
}

/// An event's place in the log.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    /// The event's sequence.
    pub sequence: u64,
    /// When it happened.
    pub at: Instant,
    /// The command that led to it.
    pub command: CommandId,
}

/// An organization that reads an event that concerns it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The organization.
    pub organization: OrganizationId,
    /// Its own among the contracts of [`Parties::bought`].
    pub bought: &'a [ContractId],
}

/// What a reader may see of an event, as JSON in the names of the log.
pub(super) struct Part(Option<serde_json::Result<serde_json::Value>>);

impl Part {
    /// This content.
    fn of(content: &impl Serialize) -> Self {
        Self(Some(serde_json::to_value(content)))
    }

    /// Nothing: what is nobody's business but the exchange's.
    fn none() -> Self {
        Self(None)
    }
}

/// Makes the events of their types: what an event is stands beside its struct ([`EventType`]).
macro_rules! events {
    ($($(#[$doc:meta])* $domain:ident::$variant:ident;)*) => {
        $(pub use $domain::$variant;)*

        /// Something that happened on the exchange.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($(#[$doc])* $variant($variant),)*
        }

        impl Event {
            /// The types of events that people enter, some of which also happen by themselves.
            pub fn entered_types() -> Vec<&'static str> {
                let types = [$((<$variant as EventType>::NAME, <$variant as EventType>::IS_ENTERED),)*];
                types.into_iter().filter(|(_, is_entered)| *is_entered).map(|(name, _)| name).collect()
            }

            /// The type's name in the log and on the topic.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$variant as EventType>::NAME,)* }
            }

            /// The version of the type's form.
            pub const fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => <$variant as EventType>::VERSION,)* }
            }

            /// What orders this event among others.
            pub fn key(&self) -> EventKey {
                match self { $(Self::$variant(content) => content.key(),)* }
            }

            /// The thing that the event is about, where it has an id of its own.
            pub fn subject(&self) -> Option<Uuid> {
                match self { $(Self::$variant(content) => content.subject(),)* }
            }

            /// Whom the event concerns.
            pub fn parties(&self) -> Parties {
                match self { $(Self::$variant(content) => content.parties(),)* }
            }

            /// Who entered it; none where it happened by itself.
            pub fn entered(&self) -> Option<Entered<'_>> {
                match self { $(Self::$variant(content) => content.entered(),)* }
            }

            fn part_for(&self, reader: Reader<'_>) -> Part {
                match self { $(Self::$variant(content) => content.part_for(reader),)* }
            }

            /// States what it means to the books.
            pub(super) fn facts(&self, facts: &mut Facts<'_>) {
                match self { $(Self::$variant(content) => content.facts(facts),)* }
            }

            /// Folds it into the state.
            pub(super) fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
                match self { $(Self::$variant(content) => content.apply(exchange, stamp),)* }
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
                    $((<$variant as EventType>::NAME, <$variant as EventType>::READ_FROM..=<$variant as EventType>::VERSION) => {
                        serde_json::from_slice(content)
                            .map(Self::$variant)
                            .map_err(|error| DecodeError::Malformed { name: name.to_owned(), error })
                    })*
                    _ => Err(DecodeError::Unknown { name: name.to_owned(), version }),
                }
            }

            /// The JSON Schema of every type: name, version, schema.
            pub fn schemas() -> Vec<(&'static str, u16, schemars::Schema)> {
                vec![$((<$variant as EventType>::NAME, <$variant as EventType>::VERSION, schemars::schema_for!($variant)),)*]
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
    organization::OrganizationRegistered;
    /// The kill switch was thrown.
    organization::OrganizationSuspended;
    /// The kill switch was released.
    organization::OrganizationReinstated;
    /// The number of an organization's open orders was bounded.
    organization::OrderLimitSet;
    /// What an organization commits in a month was bounded.
    organization::BudgetSet;
    /// A deposit arrived at the bank.
    organization::DepositReceived;
    /// An account at a bank was opened.
    bank::BankAccountOpened;
    /// An account at a bank was given up.
    bank::BankAccountClosed;
    /// A deposit was announced.
    bank::DepositExpected;
    /// A bank statement was imported.
    bank::StatementImported;
    /// Lines of a bank statement.
    bank::BankLinesBooked;
    /// Bookings were explained.
    bank::Reconciled;
    /// Bookings are unexplained again.
    bank::ReconciliationUndone;
    /// An organization asked for its money.
    bank::PayoutRequested;
    /// A payout did not leave.
    bank::PayoutReturned;
    /// A month was closed.
    accounting::PeriodClosed;
    /// Somebody proposed lines for the books.
    accounting::JournalProposed;
    /// Somebody else approved them.
    accounting::JournalApproved;
    /// Proposed lines will not be in the books.
    accounting::JournalRejected;
    /// How much of a seller's payouts is withheld as tax was set.
    accounting::WithholdingSet;
    /// A box was created.
    boxes::BoxCreated;
    /// A box's deal was amended.
    boxes::DealAmended;
    /// A box's deal closed.
    boxes::DealClosed;
    /// A client paid a box.
    boxes::BoxCollected;
    /// What was entered of a client's payment was a mistake.
    boxes::CollectionReversed;
    /// A box's cash was paid out.
    boxes::WaterfallRun;
    /// A waterfall run was reversed.
    boxes::WaterfallReversed;
    /// A box's supplier invoiced a month.
    boxes::AgreementInvoiced;
    /// A box's debt is due.
    boxes::DebtAccelerated;
    /// A box's debt is not due any more.
    boxes::AccelerationRescinded;
    /// A box came to its end.
    boxes::BoxWoundUp;
    /// Who lends to a box was set.
    boxes::LendersSet;
    /// An index was fixed.
    boxes::IndexFixed;
    /// Something that fell due was set aside.
    due::DueParked;
    /// Something set aside falls due again.
    due::DueResumed;
    /// A market opened.
    market::MarketOpened;
    /// Trading stopped.
    market::MarketHalted;
    /// Trading goes on.
    market::MarketResumed;
    /// A guard against mistyped prices was set or lifted.
    market::PriceBandSet;
    /// A lot was listed.
    market::LotRegistered;
    /// What was free of a lot was withdrawn.
    market::LotWithdrawn;
    /// A lot's window passed.
    market::LotExpired;
    /// An order for a term was placed.
    term::OrderPlaced;
    /// An order by the hour was placed.
    spot::SpotOrderPlaced;
    /// An order was changed.
    term::OrderAmended;
    /// A bid and an ask traded.
    term::TradeExecuted;
    /// An order ended with something left of it.
    term::OrderClosed;
    /// More orders end together than one step ends.
    ending::OrdersEnding;
    /// All of them have ended.
    ending::OrdersEnded;
    /// A sweep through the resting bids goes on in further steps.
    sweep::SweepPaused;
    /// It came to its end.
    sweep::SweepEnded;
    /// A trade was undone.
    term::ContractBusted;
    /// A period of a contract was paid.
    contract::PeriodCharged;
    /// A period of a contract could not be paid yet.
    contract::ChargeMissed;
    /// A contract ended before its time.
    contract::ContractTerminated;
    /// A contract passed to another seller.
    contract::ContractNovated;
    /// A contract was assigned to a box.
    contract::ContractAssigned;
    /// An hour of a market's contracts was delivered.
    term::HoursDelivered;
    /// A contract's GPUs are ready.
    delivery::DeliveryReady;
    /// GPUs of a contract are said to be out.
    delivery::OutageOpened;
    /// An outage ended.
    delivery::OutageRestored;
    /// An outage counts.
    delivery::OutageSettled;
    /// An outage does not count.
    delivery::OutageDismissed;
    /// A buyer ended a contract because of its outages.
    delivery::NoticeGiven;
    /// A market's auction for an hour was held.
    spot::SpotAuctionHeld;
    /// A market's auction for an hour was void.
    spot::SpotAuctionMissed;
    /// GPUs were sold for an hour.
    spot::SpotHoursSold;
    /// A buyer by the hour loses GPUs at the end of the hour in progress.
    spot::SpotInterrupted;
    /// A spot bid waits for funds.
    spot::SpotBidSuspended;
    /// A spot bid has funds again.
    spot::SpotBidResumed;
    /// An hour sold by the hour was delivered.
    spot::SpotHoursDelivered;
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

    /// The content that `reader` may see, as JSON in the names of the log; nothing when the event does not concern it. `bought` are
    /// the reader's own among the contracts of [`Parties::bought`].
    ///
    /// # Panics
    /// A [violation](ledger::Violation) where it cannot be written as JSON.
    pub fn part_of(&self, reader: OrganizationId, bought: &[ContractId]) -> Option<serde_json::Value> {
        if !self.parties().include(reader, bought) {
            return None;
        }
        let Part(part) = self.part_for(Reader { organization: reader, bought });
        match part? {
            Ok(part) => Some(part),
            Err(error) => Invariant::EventEncodes.violated(format_args!("{}: {error}", self.name())),
        }
    }
}
