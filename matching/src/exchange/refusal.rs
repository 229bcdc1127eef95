//! Refusals: why the exchange did not do what was asked. A refused command changes nothing.
//!
//! A refusal is declared once, here, with everything that is said of it; its page is `docs/errors/` and its code.

use ledger::deal::{InvalidDeal, InvalidInvoice, InvalidPrepayment};
use ledger::{Amount, Day, Instant, Month, Violation};
use serde::{Deserialize, Serialize};

use crate::hours::{InvalidWindow, TermWindow, Window};
use crate::identity::OrderId;
use crate::market::MarketId;
use crate::price::Price;

/// What kind of answer a refusal is. A protocol says in one place what it makes of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusalClass {
    /// What the command is about does not exist, or whoever asked may not know of it.
    NotFound,
    /// Whoever asked may not do this.
    Forbidden,
    /// The present state does not allow it: the same command may succeed at another time.
    Conflict,
    /// The command cannot be carried out as it is: it has to be changed, or what it needs provided, first.
    Unprocessable,
}

/// Passes every refusal to the macro `$with`, after the tokens `$first`.
///
/// Each of the first group has its documentation, variant and fields; its stable code; its [class](RefusalClass); the
/// cause in a few words; and the text for whoever asked. The second group has codes that requests are also refused with
/// before they come here: the code's name, code, class and cause, then its refusals, each with its documentation,
/// variant and text.
#[macro_export]
macro_rules! refusals {
    ($with:ident { $($first:tt)* }) => { $with! { { $($first)* } {
    /// The organization is registered already.
    OrganizationExists = "organization_exists", Conflict, "The organization exists",
        "the organization is registered already";
    /// There is no such organization.
    OrganizationUnknown = "organization_unknown", Unprocessable, "No such organization",
        "there is no such organization";
    /// The organization's kill switch is thrown, or was already.
    OrganizationSuspended = "organization_suspended", Conflict, "The organization is suspended",
        "the organization is suspended: it places no orders until an operator reinstates it";
    /// The organization is not suspended.
    OrganizationNotSuspended = "organization_not_suspended", Conflict, "The organization is not suspended",
        "the organization is not suspended";
    /// The organization has as many open orders as it may.
    TooManyOpenOrders {
        /// The limit.
        max: u32,
    } = "too_many_open_orders", Conflict, "Too many open orders",
        "the organization has {max} open orders, which is its limit; cancel some first";
    /// As many asks rest on the lot as may.
    TooManyAsksOnLot {
        /// The limit.
        max: u32,
    } = "too_many_asks_on_lot", Conflict, "Too many asks on the lot",
        "{max} asks rest on the lot, which is the limit; cancel some first";
    /// The organization has as many asks in the market as it may.
    TooManyAsksInMarket {
        /// The limit.
        max: u32,
    } = "too_many_asks_in_market", Conflict, "Too many asks in the market",
        "the organization has {max} asks in the market, which is its limit; cancel some first";
    /// The order would exceed the organization's budget for the month.
    BudgetExceeded {
        /// What the order would set aside.
        required: Amount,
        /// What the budget leaves.
        left: Amount,
    } = "budget_exceeded", Unprocessable, "The month's budget is spent",
        "the order needs {required} and the month's budget has {left} left";
    /// Another month is to be closed first, or this one is closed.
    PeriodNotNext {
        /// The earliest month that is open.
        next: Month,
    } = "period_not_next", Conflict, "Another period is next",
        "periods close one after the other: the next to close is {next}";
    /// The month has not ended.
    PeriodNotOver {
        /// Its last day.
        last_day: Day,
    } = "period_not_over", Conflict, "The period is not over",
        "the period ends with {last_day}";
    /// The books and the bank do not agree up to the month's end.
    PeriodUnreconciled {
        /// What is to be settled first.
        problem: String,
    } = "period_unreconciled", Conflict, "The bank is not reconciled",
        "{problem}";
    /// The day is in a month that is closed.
    PeriodClosed {
        /// The first day that is open.
        first_day: Day,
    } = "period_closed", Unprocessable, "The period is closed",
        "the day is in a closed period; the first day that is open is {first_day}";
    /// The journal's lines are not possible.
    JournalInvalid {
        /// Which rule it breaks.
        problem: String,
    } = "journal_invalid", Unprocessable, "The journal is not possible",
        "the journal is not possible: {problem}";
    /// There is no such box.
    BoxUnknown = "box_unknown", NotFound, "No such box",
        "there is no such box";
    /// The box's deal has closed already.
    BoxClosed = "box_closed", Conflict, "The deal has closed",
        "the box's deal has closed already";
    /// The box's deal has not closed yet.
    BoxNotClosed = "box_not_closed", Conflict, "The deal has not closed yet",
        "the box's deal has not closed yet";
    /// It is too early.
    BoxNotDue {
        /// When it is due.
        due: Day,
    } = "box_not_due", Conflict, "It is too early",
        "it is due on {due}";
    /// What a client paid is not possible.
    CollectionInvalid {
        /// What is wrong with it.
        problem: String,
    } = "collection_invalid", Unprocessable, "The collection is not possible",
        "the collection is not possible: {problem}";
    /// A contract cannot be assigned to a box.
    ContractNotAssignable {
        /// What is in the way.
        problem: String,
    } = "contract_not_assignable", Conflict, "The contract cannot be assigned",
        "the contract cannot be assigned: {problem}";
    /// The collection is not known, or a run has paid it out.
    CollectionNotOpen = "collection_not_open", Conflict, "The collection is not open",
        "there is no such collection that is still to be paid out; reverse the run first that paid it out";
    /// The box has come to its end.
    BoxWoundUp = "box_wound_up", Conflict, "The box has come to its end",
        "the box has come to its end";
    /// The box cannot come to its end.
    WindUpNotDue {
        /// What is in the way.
        problem: String,
    } = "wind_up_not_due", Conflict, "The box cannot come to its end",
        "the box cannot come to its end: {problem}";
    /// The debt cannot be made due, or it is not.
    AccelerationNotDue {
        /// What is in the way.
        problem: String,
    } = "acceleration_not_due", Conflict, "The debt cannot be made due",
        "{problem}";
    /// What a supplier invoiced is not possible.
    SupplierInvoiceInvalid {
        /// What is wrong with it.
        problem: String,
    } = "supplier_invoice_invalid", Unprocessable, "The supplier's invoice is not possible",
        "the supplier's invoice is not possible: {problem}";
    /// More, or something else, is prepaid than is owed.
    PrepaymentInvalid {
        /// What is wrong with it.
        problem: String,
    } = "prepayment_invalid", Unprocessable, "The prepayment is not possible",
        "the prepayment is not possible: {problem}";
    /// Another determination date comes first, or none.
    WaterfallNotNext {
        /// The next date.
        next: Option<Day>,
    } = "waterfall_not_next", Conflict, "Another determination date comes first",
        "{}", next.map_or_else(|| "the deal has no more determination dates".to_owned(), |next| format!("the next determination date is {next}"));
    /// Only the latest waterfall run can be reversed.
    WaterfallNotLatest {
        /// Its date.
        latest: Option<Day>,
    } = "waterfall_not_latest", Conflict, "Not the latest waterfall run",
        "{}", latest.map_or_else(|| "there is no waterfall run".to_owned(), |latest| format!("only the latest run can be reversed, that of {latest}"));
    /// The parts of a deal do not fit together, or it is amended in what stays.
    DealInvalid {
        /// What is wrong with it.
        problem: String,
    } = "deal_invalid", Unprocessable, "The deal is not possible",
        "the deal is not possible: {problem}";
    /// There is no such journal.
    JournalUnknown = "journal_unknown", NotFound, "No such journal",
        "there is no such journal";
    /// The journal is approved or rejected.
    JournalNotOpen = "journal_not_open", Conflict, "The journal is approved or rejected",
        "the journal is approved or rejected already";
    /// Who proposed a journal may not approve it.
    ApprovalOwn = "approval_own", Forbidden, "The journal is your own",
        "a journal is approved by somebody other than its proposer";
    /// The bank account has money, or bookings that are not explained.
    BankAccountInUse {
        /// What is on it.
        closing: Amount,
    } = "bank_account_in_use", Conflict, "The bank account is in use",
        "the account has {closing} by its last statement, or bookings that are not explained";
    /// The statement is of days that cannot be.
    StatementDatesInvalid {
        /// Which.
        problem: String,
    } = "statement_dates_invalid", Unprocessable, "The statement's dates are not possible",
        "the statement's dates are not possible: {problem}";
    /// The amount has fractions of a cent, which banks do not move.
    AmountNotInCents = "amount_not_in_cents", Unprocessable, "The amount is not in whole cents",
        "what goes over the bank is in whole cents";
    /// More would be withheld than is paid out.
    WithholdingInvalid {
        /// The most.
        max: u16,
    } = "withholding_invalid", Unprocessable, "The tax rate is not possible",
        "at most {max} basis points can be withheld";
    /// Trading in the market is halted already.
    MarketHalted = "market_halted", Conflict, "The market is halted",
        "the market is halted already";
    /// Trading in the market is not halted.
    MarketNotHalted = "market_not_halted", Conflict, "The market is not halted",
        "the market is not halted";
    /// The filter admits no market that can take the order.
    NoMarketChosen = "no_market_chosen", Unprocessable, "No market fits",
        "no market fits: name at least one, or a filter that admits one whose lot size and tick the order meets";
    /// The order names or admits too many markets.
    TooManyMarkets {
        /// The most.
        max: usize,
    } = "too_many_markets", Unprocessable, "Too many markets",
        "an order trades in at most {max} markets; name fewer or narrow the filter";
    /// The markets of the order trade in different currencies.
    CurrenciesDiffer = "currencies_differ", Unprocessable, "The markets' currencies differ",
        "the markets of one order must trade in one currency";
    /// The limit is far from the last price and probably mistyped.
    PriceOutsideBand {
        /// The price given.
        price: Price,
        /// What the band is around.
        reference: Price,
        /// The band's width.
        width_bps: u32,
    } = "price_outside_band", Unprocessable, "The price is probably mistyped",
        "the price {price} is more than {width_bps} basis points beyond the market's price {reference}";
    /// The order's end is missing, has passed, or does not go with its time in force.
    ExpiryInvalid = "expiry_invalid", Unprocessable, "The order's end is not possible",
        "expires_at goes with time_in_force GTD, is needed for it, and lies ahead";
    /// The order's options exclude each other.
    OptionsConflict = "options_conflict", Unprocessable, "The options exclude each other",
        "these options exclude each other: post_only with IOC or FOK, or a window that this kind of order does not have";
    /// The lot was withdrawn.
    LotWithdrawn = "lot_withdrawn", Conflict, "The lot was withdrawn",
        "the lot was withdrawn and takes no more asks";
    /// The remnant that the lot forbids is longer than the lot.
    RemnantInvalid = "remnant_invalid", Unprocessable, "The remnant is not possible",
        "min_remnant_hours is at most the hours of the lot's window";
    /// The exchange has no such bank account, or none in the currency.
    BankAccountUnknown = "bank_account_unknown", NotFound, "No such bank account",
        "there is no such bank account";
    /// The bank account is open already.
    BankAccountExists = "bank_account_exists", Conflict, "The bank account is open",
        "the bank account is open already";
    /// The organization has announced as many deposits as it may.
    TooManyDeposits {
        /// The limit.
        max: usize,
    } = "too_many_deposits", Unprocessable, "Too many announced deposits",
        "the organization has announced {max} deposits that have not come, which is its limit";
    /// The figures of a statement do not add up, or are not in the account's currency.
    StatementBroken {
        /// Opening plus lines less closing.
        gap: Amount,
    } = "statement_broken", Unprocessable, "The statement does not add up",
        "the statement does not add up, or is not in the account's currency: opening plus lines less closing is {gap}";
    /// The statement was imported before.
    StatementImportedBefore = "statement_imported_before", Conflict, "The statement was imported",
        "the statement was imported before";
    /// A statement is missing before this one, or this one is older.
    StatementNotNext {
        /// What it opens with.
        opening: Amount,
        /// What the last one closed with.
        closing: Amount,
    } = "statement_not_next", Conflict, "The statement does not follow the last",
        "the statement opens with {opening} and the last one of the account closed with {closing}: one is missing, or this one is older";
    /// A statement has more lines than can be taken in at once.
    StatementTooLong {
        /// The most.
        max: usize,
    } = "statement_too_long", Unprocessable, "The statement has too many lines",
        "a statement has at most {max} lines";
    /// The bookings and what they are said to be for do not go together.
    ReconciliationInvalid {
        /// Why not.
        problem: String,
    } = "reconciliation_invalid", Unprocessable, "The reconciliation is not possible",
        "the reconciliation is not possible: {problem}";
    /// The bookings come to more or less than what they are said to be for.
    DifferenceTooLarge {
        /// The lines less the items.
        difference: Amount,
        /// What is tolerated.
        tolerance: Amount,
    } = "difference_too_large", Unprocessable, "The difference is too large",
        "the lines come to {difference} more than the items, and {tolerance} is tolerated";
    /// There is no such reconciliation that stands.
    ReconciliationUnknown = "reconciliation_unknown", Conflict, "No such reconciliation stands",
        "there is no such reconciliation, or it was undone";
    /// The payout is not in transit.
    PayoutNotInTransit = "payout_not_in_transit", Conflict, "The payout is not in transit",
        "the payout is not in transit: it has left, or was given back";
    /// What a lot promises about its delivery is out of range.
    DeliveryTermsInvalid = "delivery_terms_invalid", Unprocessable, "The delivery terms are out of range",
        "penalty_bps is at most 10000 and termination_outages 1 to 1000";
    /// Nothing can be said of the outage any more, or it never was.
    OutageNotOpen = "outage_not_open", Conflict, "The outage is settled or dismissed",
        "the outage is settled or dismissed already";
    /// The outage cannot have been.
    OutageInvalid {
        /// What is wrong with it.
        problem: String,
    } = "outage_invalid", Unprocessable, "The outage is not possible",
        "the outage is not possible: {problem}";
    /// The outage has an end already.
    OutageEnded = "outage_ended", Conflict, "The outage has ended",
        "the outage has ended already";
    /// Who opened an outage cannot accept it.
    OutageOwn = "outage_own", Conflict, "The outage is your own",
        "an outage is accepted by the other side, or ruled on by an operator";
    /// Only who opened an outage takes it back.
    OutageNotOwn = "outage_not_own", Conflict, "The outage is the other side's",
        "an outage is taken back by who opened it";
    /// The buyer has no reason to end the contract.
    TerminationNotDue {
        /// So many there are.
        outages: u32,
        /// So many it takes.
        needed: u32,
    } = "termination_not_due", Conflict, "The contract may not be ended",
        "the contract has {outages} settled outages within 720 hours and may be ended after {needed}, \
         or 24 hours after its start where it is not ready; a contract in its last hour ends by itself";
    /// There is no such contract in progress, or it is another organization's.
    ContractUnknown = "contract_unknown", Unprocessable, "No such contract",
        "there is no such contract in progress: it has ended, was undone, or is not yours";
    /// The contract's delivery has begun.
    ContractInDelivery = "contract_in_delivery", Conflict, "The contract is in delivery",
        "the contract's delivery has begun; a trade can be undone only before";
    /// Part of the contract was resold.
    ContractResold = "contract_resold", Conflict, "The contract was resold",
        "part of the contract was resold; undo the resale first";
    /// The amendment changes nothing.
    NothingToAmend = "nothing_to_amend", Unprocessable, "Nothing to change",
        "give at least one of gpus, limit_price and window";
    /// The amendment contradicts what the order has traded.
    AlreadyTraded {
        /// What it has traded.
        gpus: u32,
    } = "already_traded", Conflict, "The order has traded",
        "the order has traded {gpus} GPUs: gpus must stay above that, and the window as it is";
    /// A market of this name is open already.
    MarketExists {
        /// Market that is open under the name.
        market: MarketId,
    } = "market_exists", Conflict, "The market exists",
        "the market {market} is open already";
    /// There is no such market.
    MarketUnknown {
        /// The name asked for.
        market: MarketId,
    } = "market_unknown", Unprocessable, "No such market",
        "there is no market {market}";
    /// The market's terms contradict each other.
    MarketInvalid {
        /// What is wrong.
        problem: String,
    } = "market_invalid", Unprocessable, "The market's terms contradict each other",
        "{problem}";
    /// There is no such lot, or it is another organization's.
    LotUnknown = "lot_unknown", Unprocessable, "No such lot",
        "there is no such lot of this organization";
    /// There is no such open order, or it is another organization's.
    OrderNotOpen = "order_not_open", Conflict, "The order is not open",
        "there is no such open order of this organization";
    /// The price is not a multiple of the market's tick.
    PriceOffTick {
        /// The price given.
        price: Price,
        /// The market's tick.
        tick: Price,
    } = "price_off_tick", Unprocessable, "The price is off the tick",
        "the price {price} is not a multiple of the market's tick {tick}";
    /// The quantity is not a whole multiple of the market's lot size, or is zero or out of range.
    QuantityInvalid {
        /// The quantity given.
        gpus: u32,
        /// The market's lot size.
        lot_size: u32,
        /// The most that is possible here.
        max: u32,
    } = "quantity_invalid", Unprocessable, "The quantity is not possible",
        "gpus must be a multiple of {lot_size} from {lot_size} to {max}, not {gpus}";
    /// The smallest fill is not a multiple of the lot size up to the order's quantity.
    MinimumInvalid {
        /// The minimum given.
        min_gpus: u32,
        /// The market's lot size.
        lot_size: u32,
    } = "minimum_invalid", Unprocessable, "The minimum is not possible",
        "min_gpus must be a multiple of {lot_size} and at most the order's gpus, not {min_gpus}";
    /// The two hours bound no window.
    WindowInvalid {
        /// What is wrong.
        problem: String,
    } = "window_invalid", Unprocessable, "The window is not possible",
        "{problem}";
    /// The window has begun, or begins too soon.
    WindowPast {
        /// The window given.
        window: TermWindow,
    } = "window_past", Unprocessable, "The window has passed",
        "the window {window} has passed, or its latest start is so near that the market's gate has closed";
    /// The window leaves the lot's.
    WindowOutsideLot {
        /// The window given.
        window: Window,
        /// The lot's window.
        lot_window: Window,
    } = "window_outside_lot", Unprocessable, "The window leaves the lot",
        "the window {window} is not within the lot's window {lot_window}";
    /// The bounds on a sale's length are empty or zero.
    HoursRangeInvalid = "hours_range_invalid", Unprocessable, "The sale's length is not possible",
        "min_hours must be at least 1 and at most max_hours";
    /// The price of everything is beyond what one journal line can carry.
    AmountTooLarge = "amount_too_large", Unprocessable, "The total is too large",
        "the amount is above the largest that one journal line carries, {}", Amount::LINE_MAX;
    /// The amount is not above zero.
    AmountNotPositive = "amount_not_positive", Unprocessable, "The amount is not above zero",
        "the amount must be above zero";
    /// The organization's balance does not cover what is asked for.
    InsufficientFunds {
        /// What the order would set aside.
        required: Amount,
        /// What is available.
        available: Amount,
    } = "insufficient_funds", Unprocessable, "Not enough money",
        "{required} is needed and {available} is available";
    /// The organization used this `client_order_id` for another order.
    ClientOrderIdConflict = "client_order_id_conflict", Conflict, "The client order id stands for another order",
        "client_order_id was used for an order with other content";
    /// The very same order was placed before under this `client_order_id`.
    OrderPlacedBefore {
        /// Order that was placed then.
        order: OrderId,
    } = "order_placed_before", Conflict, "The order was placed before",
        "the order was placed before as {order}";
    /// A text field is empty, too long or has control characters.
    TextInvalid {
        /// The field.
        field: String,
        /// The most characters.
        max: usize,
    } = "text_invalid", Unprocessable, "A text is not usable",
        "{field} must be 1 to {max} characters without control characters";
    /// The clock was asked to move further than it does at once.
    TimeTooFar {
        /// The exchange's time.
        now: Instant,
        /// The most hours.
        hours: u32,
    } = "time_too_far", Unprocessable, "The clock does not move that far at once",
        "the clock moves at most {hours} hours at once, from {now}";
    /// Time cannot go back.
    TimePassed {
        /// The exchange's time.
        now: Instant,
    } = "time_passed", Unprocessable, "Time cannot go back",
        "the exchange's time is {now} already";
    /// Nothing of the kind was set aside.
    NotParked = "not_parked", Conflict, "This is not set aside",
        "this is not set aside: it falls due by itself, or is over";
    /// Carrying it out would have broken an invariant.
    InvariantViolated {
        /// The invariant's id.
        invariant: String,
    } = "invariant_violated", Unprocessable, "This would break an invariant",
        "it would break the invariant {invariant}, so nothing came of it; the operator has been told";
    } {
    ForbiddenEntity = "forbidden_entity", Forbidden, "Not your books" {
        /// A sponsor creates a box of another sponsor.
        SponsorForeign, "a provider creates boxes whose sponsor it is itself";
    }
    ForbiddenRole = "forbidden_role", Forbidden, "Not for this role" {
        /// A sponsor amends a deal that has closed.
        AmendmentForFinance, "once its deal has closed, finance amends it";
    }
    InvalidField = "invalid_field", Unprocessable, "A field is wrong" {
        /// An index is fixed from a day on for which no deal can ask.
        FixingInvalid, "an index is fixed from a day of 1970 or later on";
    }
    } } };
}

macro_rules! declare {
    ({} { $(
        $(#[$doc:meta])+
        $variant:ident $({ $($(#[$field_doc:meta])+ $field:ident: $type:ty,)* })? =
            $code:literal, $class:ident, $title:literal, $text:literal $(, $argument:expr)?;
    )* } { $(
        $name:ident = $shared_code:literal, $shared_class:ident, $shared_title:literal { $(
            $(#[$shared_doc:meta])+
            $shared:ident, $shared_text:literal;
        )+ }
    )* }) => {
        /// Why a command was refused. Each variant has a [code](Refusal::code) that clients can rely on.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
        #[serde(tag = "code", rename_all = "snake_case")]
        pub enum Refusal {
            $(
                $(#[$doc])+
                #[error($text $(, $argument)?)]
                $variant $({ $($(#[$field_doc])+ $field: $type,)* })?,
            )*
            $($(
                $(#[$shared_doc])+
                #[error($shared_text)]
                $shared,
            )+)*
        }

        impl Refusal {
            /// The stable code of this cause.
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                    $($(Self::$shared => $shared_code,)+)*
                }
            }
        }
    };
}

refusals! { declare {} }

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::InvariantViolated { invariant: violation.invariant.id().to_owned() }
    }
}

impl From<InvalidWindow> for Refusal {
    fn from(invalid: InvalidWindow) -> Self {
        Self::WindowInvalid { problem: invalid.to_string() }
    }
}

impl From<InvalidDeal> for Refusal {
    fn from(invalid: InvalidDeal) -> Self {
        Self::DealInvalid { problem: invalid.to_string() }
    }
}

impl From<InvalidInvoice> for Refusal {
    fn from(invalid: InvalidInvoice) -> Self {
        Self::SupplierInvoiceInvalid { problem: invalid.to_string() }
    }
}

impl From<InvalidPrepayment> for Refusal {
    fn from(invalid: InvalidPrepayment) -> Self {
        Self::PrepaymentInvalid { problem: invalid.to_string() }
    }
}
