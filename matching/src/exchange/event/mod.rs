//! Events: what happened. They are the log's format: a published version never changes; a new shape is a new version.
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

/// Longest content of an event, in bytes. With its key and headers it stays below 1,048,588 bytes, the default limit of
/// Kafka's brokers for one record.
pub const EVENT_BYTES_MAX: usize = 1_000_000;

/// Event with its place in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// Sequence in the log, from 1, without gaps.
    pub sequence: u64,
    /// Instant at which it happened.
    pub at: Instant,
    /// Command that led to it, even if only by moving time.
    pub command: CommandId,
    /// Content of the event.
    pub event: Event,
}

/// Error: a log row could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No version of this program wrote such an event.
    #[error("the log holds an event of type {name} version {version}, which this program does not know")]
    Unknown {
        /// Type found.
        name: String,
        /// Version found.
        version: u16,
    },
    /// The content does not have the form of its type.
    #[error("the content of an event of type {name} cannot be read: {error}")]
    Malformed {
        /// Type of the event.
        name: String,
        /// Error of the JSON reader.
        error: serde_json::Error,
    },
}

/// Type of event: everything that the exchange knows of it, beside its struct.
pub(super) trait EventType: Serialize + DeserializeOwned + JsonSchema {
    /// Name of the type in the log and on the topic.
    const NAME: &'static str;
    /// Version of the form in which it is written.
    const VERSION: u16;
    /// Oldest version that is read. A type that has grown only by optional fields and by values of its enumerations
    /// also reads its older versions.
    const READ_FROM: u16 = Self::VERSION;
    /// Whether people enter it, even if some of these events also happen by themselves; see [`EventType::entered`].
    const IS_ENTERED: bool = false;

    /// Returns the key that orders this event among others.
    fn key(&self) -> EventKey;

    /// Returns the id of what the event is about; `None` where that has no id of its own.
    fn subject(&self) -> Option<Uuid>;

    /// Returns the organizations that the event concerns.
    fn parties(&self) -> Parties;

    /// Returns what a reader whom it concerns may see of it.
    fn part_for(&self, reader: Reader<'_>) -> Part;

    /// Returns who entered it; `None` where it happened by itself.
    fn entered(&self) -> Option<Entered<'_>> {
        None
    }

    /// States what it means to the books.
    fn facts(&self, facts: &mut Facts<'_>);

    /// Folds it into the state. Total and without choices: everything was decided before.
    fn apply(&self, exchange: &mut Exchange, stamp: Stamp);
}

/// Place of an event in the log, as its fold sees it.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    /// Sequence of the event.
    pub sequence: u64,
    /// Instant at which it happened.
    pub at: Instant,
    /// Command that led to it.
    pub command: CommandId,
}

/// Organization that reads an event that concerns it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// Organization that reads.
    pub organization: OrganizationId,
    /// Contracts of [`Parties::bought`] whose buyer it is.
    pub bought: &'a [ContractId],
}

/// Content that a reader may see of an event, as JSON in the names of the log.
pub(super) struct Part(Option<serde_json::Result<serde_json::Value>>);

impl Part {
    /// Makes a part of this content.
    fn of(content: &impl Serialize) -> Self {
        Self(Some(serde_json::to_value(content)))
    }

    /// Makes an empty part, for content that only the exchange may see.
    fn none() -> Self {
        Self(None)
    }
}

/// Declares the enumeration of events from their types; all about an event stands beside its struct ([`EventType`]).
macro_rules! events {
    ($($(#[$doc:meta])* $domain:ident::$variant:ident;)*) => {
        $(pub use $domain::$variant;)*

        /// Event of the exchange.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($(#[$doc])* $variant($variant),)*
        }

        impl Event {
            /// Lists the types of events that people enter, some of which also happen by themselves.
            pub fn entered_types() -> Vec<&'static str> {
                let types = [$((<$variant as EventType>::NAME, <$variant as EventType>::IS_ENTERED),)*];
                types.into_iter().filter(|(_, is_entered)| *is_entered).map(|(name, _)| name).collect()
            }

            /// Returns the type's name in the log and on the topic.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$variant as EventType>::NAME,)* }
            }

            /// Returns the version of the type's form.
            pub const fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => <$variant as EventType>::VERSION,)* }
            }

            /// Returns the key that orders this event among others.
            pub fn key(&self) -> EventKey {
                match self { $(Self::$variant(content) => content.key(),)* }
            }

            /// Returns the id of what the event is about; `None` where that has no id of its own.
            pub fn subject(&self) -> Option<Uuid> {
                match self { $(Self::$variant(content) => content.subject(),)* }
            }

            /// Returns the organizations that the event concerns.
            pub fn parties(&self) -> Parties {
                match self { $(Self::$variant(content) => content.parties(),)* }
            }

            /// Returns who entered it; `None` where it happened by itself.
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
            /// A [violation](ledger::Violation) when it cannot be written, or is longer than [`EVENT_BYTES_MAX`]; see
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

            /// Returns the JSON Schema of every type: name, version, schema.
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
    /// An organization was suspended by its kill switch.
    organization::OrganizationSuspended;
    /// An organization was reinstated.
    organization::OrganizationReinstated;
    /// The number of an organization's open orders was bounded.
    organization::OrderLimitSet;
    /// The amount that an organization commits in a month was bounded.
    organization::BudgetSet;
    /// A deposit was credited before its booking was known.
    organization::DepositReceived;
    /// An account at a bank was opened.
    bank::BankAccountOpened;
    /// An account at a bank was closed.
    bank::BankAccountClosed;
    /// A deposit was announced.
    bank::DepositExpected;
    /// A bank statement was imported.
    bank::StatementImported;
    /// Lines of a bank statement were booked.
    bank::BankLinesBooked;
    /// Bookings were explained.
    bank::Reconciled;
    /// A reconciliation was undone: its bookings are unexplained again.
    bank::ReconciliationUndone;
    /// An organization requested a payout.
    bank::PayoutRequested;
    /// A payout did not leave and was given back.
    bank::PayoutReturned;
    /// A month was closed.
    accounting::PeriodClosed;
    /// A manual journal was proposed.
    accounting::JournalProposed;
    /// A manual journal was approved by a second person.
    accounting::JournalApproved;
    /// A manual journal was rejected.
    accounting::JournalRejected;
    /// The tax withheld from a seller's payouts was set.
    accounting::WithholdingSet;
    /// A box was created.
    boxes::BoxCreated;
    /// A box's deal was amended.
    boxes::DealAmended;
    /// A box's deal closed.
    boxes::DealClosed;
    /// A client paid a box.
    boxes::BoxCollected;
    /// A collection that was entered by mistake was reversed.
    boxes::CollectionReversed;
    /// A box's cash was paid out.
    boxes::WaterfallRun;
    /// A waterfall run was reversed.
    boxes::WaterfallReversed;
    /// A box's supplier invoiced a month.
    boxes::AgreementInvoiced;
    /// A box's debt was accelerated.
    boxes::DebtAccelerated;
    /// The acceleration of a box's debt was rescinded.
    boxes::AccelerationRescinded;
    /// A box was wound up.
    boxes::BoxWoundUp;
    /// The lenders of a box were set.
    boxes::LendersSet;
    /// An index was fixed.
    boxes::IndexFixed;
    /// An item that fell due was parked.
    due::DueParked;
    /// A parked item fell due again.
    due::DueResumed;
    /// A market opened.
    market::MarketOpened;
    /// Trading in a market stopped.
    market::MarketHalted;
    /// Trading in a halted market resumed.
    market::MarketResumed;
    /// The price band of a market was set or lifted.
    market::PriceBandSet;
    /// A lot was listed.
    market::LotRegistered;
    /// The free part of a lot was withdrawn.
    market::LotWithdrawn;
    /// The window of a lot ended.
    market::LotExpired;
    /// An order for a term was placed.
    term::OrderPlaced;
    /// A spot order was placed.
    spot::SpotOrderPlaced;
    /// An order was changed.
    term::OrderAmended;
    /// A bid and an ask traded.
    term::TradeExecuted;
    /// An order ended with a part of it unfilled.
    term::OrderClosed;
    /// More orders end together than one step ends.
    ending::OrdersEnding;
    /// The orders that end together have all ended.
    ending::OrdersEnded;
    /// A sweep through the resting bids goes on in further steps.
    sweep::SweepPaused;
    /// A sweep that had paused came to its end.
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
    /// A contract's GPUs are ready, or are reached elsewhere.
    delivery::DeliveryReady;
    /// A side of a contract claimed an outage.
    delivery::OutageOpened;
    /// An outage ended.
    delivery::OutageRestored;
    /// An outage was accepted or upheld.
    delivery::OutageSettled;
    /// An outage was withdrawn or ruled not to count.
    delivery::OutageDismissed;
    /// A buyer gave notice of a contract because of its outages.
    delivery::NoticeGiven;
    /// A market's auction for an hour was held.
    spot::SpotAuctionHeld;
    /// A market's auction for an hour was void.
    spot::SpotAuctionMissed;
    /// GPUs were sold for an hour, in its auction or after it.
    spot::SpotHoursSold;
    /// A spot buyer loses GPUs at the end of the hour in progress.
    spot::SpotInterrupted;
    /// A spot bid was suspended for lack of funds.
    spot::SpotBidSuspended;
    /// A spot bid has funds again.
    spot::SpotBidResumed;
    /// Spot sales of an hour were delivered.
    spot::SpotHoursDelivered;
}

/// Key that orders events: those of one key are published in the order of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKey {
    /// Events of a market.
    Market(MarketId),
    /// Events of an organization.
    Organization(OrganizationId),
    /// Events of an account at a bank.
    BankAccount(BankAccountId),
    /// Events of a box.
    Box(BoxId),
    /// Events of the books themselves.
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
    /// Returns the month that it closes; `None` for other events.
    pub const fn period(&self) -> Option<Month> {
        match self {
            Self::PeriodClosed(closed) => Some(closed.period),
            _ => None,
        }
    }

    /// Returns the contract that it ended before its time; `None` for other events.
    pub(super) fn ended(&self) -> Option<ContractId> {
        match self {
            Self::ContractTerminated(e) => Some(e.contract),
            _ => None,
        }
    }

    /// Returns whether a search that led to it, or a sweep, met its limit.
    pub fn met_search_limit(&self) -> bool {
        let unfilled = match self {
            Self::OrderPlaced(e) => e.unfilled,
            Self::OrderAmended(e) => e.unfilled,
            Self::SweepPaused(e) => return e.limited,
            _ => None,
        };
        unfilled.is_some_and(|unfilled| unfilled.reason == UnfilledReason::SearchLimit)
    }

    /// Returns the content that `reader` may see, as JSON in the names of the log; `None` when the event does not
    /// concern it. `bought` are the contracts of [`Parties::bought`] whose buyer the reader is.
    ///
    /// # Panics
    /// A [violation](ledger::Violation) when it cannot be written as JSON.
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
