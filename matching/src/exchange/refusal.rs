//! Refusals: why the exchange did not do what was asked. A refused command changes nothing.

use ledger::{Amount, Day, Instant, Month, Violation};
use serde::{Deserialize, Serialize};

use crate::{InvalidWindow, MarketId, OrderId, Price, TermWindow, Window};

/// Why a command was refused. Each variant has a [code](Refusal::code) that clients can rely on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The organization is registered already.
    #[error("the organization is registered already")]
    OrganizationExists,
    /// There is no such organization.
    #[error("there is no such organization")]
    OrganizationUnknown,
    /// The organization's kill switch is thrown, or was already.
    #[error("the organization is suspended: it places no orders until an operator reinstates it")]
    OrganizationSuspended,
    /// The organization is not suspended.
    #[error("the organization is not suspended")]
    OrganizationNotSuspended,
    /// The organization has as many open orders as it may.
    #[error("the organization has {max} open orders, which is its limit; cancel some first")]
    TooManyOpenOrders {
        /// The limit.
        max: u32,
    },
    /// As many asks rest on the lot as may.
    #[error("{max} asks rest on the lot, which is the limit; cancel some first")]
    TooManyAsksOnLot {
        /// The limit.
        max: u32,
    },
    /// The organization has as many asks in the market as it may.
    #[error("the organization has {max} asks in the market, which is its limit; cancel some first")]
    TooManyAsksInMarket {
        /// The limit.
        max: u32,
    },
    /// The order would exceed the organization's budget for the month.
    #[error("the order needs {required} and the month's budget has {left} left")]
    BudgetExceeded {
        /// What the order would set aside.
        required: Amount,
        /// What the budget leaves.
        left: Amount,
    },
    /// Another month is to be closed first, or this one is closed.
    #[error("periods close one after the other: the next to close is {next}")]
    PeriodNotNext {
        /// The earliest month that is open.
        next: Month,
    },
    /// The month has not ended.
    #[error("the period ends with {last_day}")]
    PeriodNotOver {
        /// Its last day.
        last_day: Day,
    },
    /// The books and the bank do not agree up to the month's end.
    #[error("{problem}")]
    PeriodUnreconciled {
        /// What is to be settled first.
        problem: String,
    },
    /// The day is in a month that is closed.
    #[error("the day is in a closed period; the first day that is open is {first_day}")]
    PeriodClosed {
        /// The first day that is open.
        first_day: Day,
    },
    /// The journal's lines are not possible.
    #[error("the journal is not possible: {problem}")]
    JournalInvalid {
        /// Which rule it breaks.
        problem: String,
    },
    /// There is no such box.
    #[error("there is no such box")]
    BoxUnknown,
    /// The box's deal has closed already.
    #[error("the box's deal has closed already")]
    BoxClosed,
    /// The box's deal has not closed yet.
    #[error("the box's deal has not closed yet")]
    BoxNotClosed,
    /// It is too early.
    #[error("it is due on {due}")]
    BoxNotDue {
        /// When it is due.
        due: Day,
    },
    /// What a client paid is not possible.
    #[error("the collection is not possible: {problem}")]
    CollectionInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// A contract cannot be assigned to a box.
    #[error("the contract cannot be assigned: {problem}")]
    ContractNotAssignable {
        /// What is in the way.
        problem: String,
    },
    /// The collection is not known, or a run has paid it out.
    #[error("there is no such collection that is still to be paid out; reverse the run first that paid it out")]
    CollectionNotOpen,
    /// The box has come to its end.
    #[error("the box has come to its end")]
    BoxWoundUp,
    /// The box cannot come to its end.
    #[error("the box cannot come to its end: {problem}")]
    WindUpNotDue {
        /// What is in the way.
        problem: String,
    },
    /// The debt cannot be made due, or it is not.
    #[error("{problem}")]
    AccelerationNotDue {
        /// What is in the way.
        problem: String,
    },
    /// What a supplier invoiced is not possible.
    #[error("the supplier's invoice is not possible: {problem}")]
    SupplierInvoiceInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// More, or something else, is prepaid than is owed.
    #[error("the prepayment is not possible: {problem}")]
    PrepaymentInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// Another determination date comes first, or none.
    #[error("{}", next.map_or_else(|| "the deal has no more determination dates".to_owned(), |next| format!("the next determination date is {next}")))]
    WaterfallNotNext {
        /// The next date.
        next: Option<Day>,
    },
    /// Only the latest waterfall run can be reversed.
    #[error("{}", latest.map_or_else(|| "there is no waterfall run".to_owned(), |latest| format!("only the latest run can be reversed, that of {latest}")))]
    WaterfallNotLatest {
        /// Its date.
        latest: Option<Day>,
    },
    /// The parts of a deal do not fit together, or it is amended in what stays.
    #[error("the deal is not possible: {problem}")]
    DealInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// A sponsor creates a box of another sponsor.
    #[error("a provider creates boxes whose sponsor it is itself")]
    SponsorForeign,
    /// A sponsor amends a deal that has closed.
    #[error("once its deal has closed, finance amends it")]
    AmendmentForFinance,
    /// An index is fixed from a day on for which no deal can ask.
    #[error("an index is fixed from a day of 1970 or later on")]
    FixingInvalid,
    /// There is no such journal.
    #[error("there is no such journal")]
    JournalUnknown,
    /// The journal is approved or rejected.
    #[error("the journal is approved or rejected already")]
    JournalNotOpen,
    /// Who proposed a journal may not approve it.
    #[error("a journal is approved by somebody other than its proposer")]
    ApprovalOwn,
    /// The bank account has money, or bookings that are not explained.
    #[error("the account has {closing} by its last statement, or bookings that are not explained")]
    BankAccountInUse {
        /// What is on it.
        closing: Amount,
    },
    /// The statement is of days that cannot be.
    #[error("the statement's dates are not possible: {problem}")]
    StatementDatesInvalid {
        /// Which.
        problem: String,
    },
    /// The amount has fractions of a cent, which banks do not move.
    #[error("what goes over the bank is in whole cents")]
    AmountNotInCents,
    /// More would be withheld than is paid out.
    #[error("at most {max} basis points can be withheld")]
    WithholdingInvalid {
        /// The most.
        max: u16,
    },
    /// Trading in the market is halted already.
    #[error("the market is halted already")]
    MarketHalted,
    /// Trading in the market is not halted.
    #[error("the market is not halted")]
    MarketNotHalted,
    /// The filter admits no market that can take the order.
    #[error("no market fits: name at least one, or a filter that admits one whose lot size and tick the order meets")]
    NoMarketChosen,
    /// The order names or admits too many markets.
    #[error("an order trades in at most {max} markets; name fewer or narrow the filter")]
    TooManyMarkets {
        /// The most.
        max: usize,
    },
    /// The markets of the order trade in different currencies.
    #[error("the markets of one order must trade in one currency")]
    CurrenciesDiffer,
    /// The limit is far from the last price and probably mistyped.
    #[error("the price {price} is more than {width_bps} basis points beyond the market's price {reference}")]
    PriceOutsideBand {
        /// The price given.
        price: Price,
        /// What the band is around.
        reference: Price,
        /// The band's width.
        width_bps: u32,
    },
    /// The order's end is missing, has passed, or does not go with its time in force.
    #[error("expires_at goes with time_in_force GTD, is needed for it, and lies ahead")]
    ExpiryInvalid,
    /// The order's options exclude each other.
    #[error(
        "these options exclude each other: post_only with IOC or FOK, or a window that this kind of order does not have"
    )]
    OptionsConflict,
    /// The lot was withdrawn.
    #[error("the lot was withdrawn and takes no more asks")]
    LotWithdrawn,
    /// The remnant that the lot forbids is longer than the lot.
    #[error("min_remnant_hours is at most the hours of the lot's window")]
    RemnantInvalid,
    /// The exchange has no such bank account, or none in the currency.
    #[error("there is no such bank account")]
    BankAccountUnknown,
    /// The bank account is open already.
    #[error("the bank account is open already")]
    BankAccountExists,
    /// The organization has announced as many deposits as it may.
    #[error("the organization has announced {max} deposits that have not come, which is its limit")]
    TooManyDeposits {
        /// The limit.
        max: usize,
    },
    /// The figures of a statement do not add up, or are not in the account's currency.
    #[error(
        "the statement does not add up, or is not in the account's currency: opening plus lines less closing is {gap}"
    )]
    StatementBroken {
        /// Opening plus lines less closing.
        gap: Amount,
    },
    /// The statement was imported before.
    #[error("the statement was imported before")]
    StatementImportedBefore,
    /// A statement is missing before this one, or this one is older.
    #[error(
        "the statement opens with {opening} and the last one of the account closed with {closing}: one is missing, or this one is older"
    )]
    StatementNotNext {
        /// What it opens with.
        opening: Amount,
        /// What the last one closed with.
        closing: Amount,
    },
    /// A statement has more lines than can be taken in at once.
    #[error("a statement has at most {max} lines")]
    StatementTooLong {
        /// The most.
        max: usize,
    },
    /// The bookings and what they are said to be for do not go together.
    #[error("the reconciliation is not possible: {problem}")]
    ReconciliationInvalid {
        /// Why not.
        problem: String,
    },
    /// The bookings come to more or less than what they are said to be for.
    #[error("the lines come to {difference} more than the items, and {tolerance} is tolerated")]
    DifferenceTooLarge {
        /// The lines less the items.
        difference: Amount,
        /// What is tolerated.
        tolerance: Amount,
    },
    /// There is no such reconciliation that stands.
    #[error("there is no such reconciliation, or it was undone")]
    ReconciliationUnknown,
    /// The payout is not in transit.
    #[error("the payout is not in transit: it has left, or was given back")]
    PayoutNotInTransit,
    /// What a lot promises about its delivery is out of range.
    #[error("penalty_bps is at most 10000 and termination_outages 1 to 1000")]
    DeliveryTermsInvalid,
    /// Nothing can be said of the outage any more, or it never was.
    #[error("the outage is settled or dismissed already")]
    OutageNotOpen,
    /// The outage cannot have been.
    #[error("the outage is not possible: {problem}")]
    OutageInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// The outage has an end already.
    #[error("the outage has ended already")]
    OutageEnded,
    /// Who opened an outage cannot accept it.
    #[error("an outage is accepted by the other side, or ruled on by an operator")]
    OutageOwn,
    /// Only who opened an outage takes it back.
    #[error("an outage is taken back by who opened it")]
    OutageNotOwn,
    /// The buyer has no reason to end the contract.
    #[error(
        "the contract has {outages} settled outages within 720 hours and may be ended after {needed}, \
         or 24 hours after its start where it is not ready; a contract in its last hour ends by itself"
    )]
    TerminationNotDue {
        /// So many there are.
        outages: u32,
        /// So many it takes.
        needed: u32,
    },
    /// There is no such contract in progress, or it is another organization's.
    #[error("there is no such contract in progress: it has ended, was undone, or is not yours")]
    ContractUnknown,
    /// The contract's delivery has begun.
    #[error("the contract's delivery has begun; a trade can be undone only before")]
    ContractInDelivery,
    /// Part of the contract was resold.
    #[error("part of the contract was resold; undo the resale first")]
    ContractResold,
    /// The amendment changes nothing.
    #[error("give at least one of gpus, limit_price and window")]
    NothingToAmend,
    /// The amendment contradicts what the order has traded.
    #[error("the order has traded {gpus} GPUs: gpus must stay above that, and the window as it is")]
    AlreadyTraded {
        /// What it has traded.
        gpus: u32,
    },
    /// A market of this name is open already.
    #[error("the market {market} is open already")]
    MarketExists {
        /// Its name.
        market: MarketId,
    },
    /// There is no such market.
    #[error("there is no market {market}")]
    MarketUnknown {
        /// The name asked for.
        market: MarketId,
    },
    /// The market's terms contradict each other.
    #[error("{problem}")]
    MarketInvalid {
        /// What is wrong.
        problem: String,
    },
    /// There is no such lot, or it is another organization's.
    #[error("there is no such lot of this organization")]
    LotUnknown,
    /// There is no such open order, or it is another organization's.
    #[error("there is no such open order of this organization")]
    OrderNotOpen,
    /// The price is not a multiple of the market's tick.
    #[error("the price {price} is not a multiple of the market's tick {tick}")]
    PriceOffTick {
        /// The price given.
        price: Price,
        /// The market's tick.
        tick: Price,
    },
    /// The quantity is not a whole multiple of the market's lot size, or is zero or out of range.
    #[error("gpus must be a multiple of {lot_size} from {lot_size} to {max}, not {gpus}")]
    QuantityInvalid {
        /// The quantity given.
        gpus: u32,
        /// The market's lot size.
        lot_size: u32,
        /// The most that is possible here.
        max: u32,
    },
    /// The smallest fill is not a multiple of the lot size up to the order's quantity.
    #[error("min_gpus must be a multiple of {lot_size} and at most the order's gpus, not {min_gpus}")]
    MinimumInvalid {
        /// The minimum given.
        min_gpus: u32,
        /// The market's lot size.
        lot_size: u32,
    },
    /// The two hours bound no window.
    #[error("{0}", problem)]
    WindowInvalid {
        /// What is wrong.
        problem: String,
    },
    /// The window has begun, or begins too soon.
    #[error("the window {window} has passed, or its latest start is so near that the market's gate has closed")]
    WindowPast {
        /// The window given.
        window: TermWindow,
    },
    /// The window leaves the lot's.
    #[error("the window {window} is not within the lot's window {lot_window}")]
    WindowOutsideLot {
        /// The window given.
        window: Window,
        /// The lot's window.
        lot_window: Window,
    },
    /// The bounds on a sale's length are empty or zero.
    #[error("min_hours must be at least 1 and at most max_hours")]
    HoursRangeInvalid,
    /// The price of everything is beyond what one journal line can carry.
    #[error("the amount is above the largest that one journal line carries, {max}", max = Amount::LINE_MAX)]
    AmountTooLarge,
    /// The amount is not above zero.
    #[error("the amount must be above zero")]
    AmountNotPositive,
    /// The organization's balance does not cover what is asked for.
    #[error("{required} is needed and {available} is available")]
    InsufficientFunds {
        /// What the order would set aside.
        required: Amount,
        /// What is available.
        available: Amount,
    },
    /// The organization used this `client_order_id` for another order.
    #[error("client_order_id was used for an order with other content")]
    ClientOrderIdConflict,
    /// The very same order was placed before under this `client_order_id`.
    #[error("the order was placed before as {order}")]
    OrderPlacedBefore {
        /// The order.
        order: OrderId,
    },
    /// A text field is empty, too long or has control characters.
    #[error("{field} must be 1 to {max} characters without control characters")]
    TextInvalid {
        /// The field.
        field: String,
        /// The most characters.
        max: usize,
    },
    /// The clock was asked to move further than it does at once.
    #[error("the clock moves at most {hours} hours at once, from {now}")]
    TimeTooFar {
        /// The exchange's time.
        now: Instant,
        /// The most hours.
        hours: u32,
    },
    /// Time cannot go back.
    #[error("the exchange's time is {now} already")]
    TimePassed {
        /// The exchange's time.
        now: Instant,
    },
    /// Nothing of the kind was set aside.
    #[error("this is not set aside: it falls due by itself, or is over")]
    NotParked,
    /// Carrying it out would have broken an invariant.
    #[error("it would break the invariant {invariant}, so nothing came of it; the operator has been told")]
    InvariantViolated {
        /// The invariant's id.
        invariant: String,
    },
}

impl Refusal {
    /// Every code.
    pub const CODES: &[&str] = &[
        "organization_exists",
        "organization_unknown",
        "organization_suspended",
        "organization_not_suspended",
        "too_many_open_orders",
        "too_many_asks_on_lot",
        "too_many_asks_in_market",
        "budget_exceeded",
        "market_halted",
        "market_not_halted",
        "no_market_chosen",
        "too_many_markets",
        "currencies_differ",
        "price_outside_band",
        "expiry_invalid",
        "options_conflict",
        "lot_withdrawn",
        "remnant_invalid",
        "bank_account_unknown",
        "bank_account_exists",
        "too_many_deposits",
        "statement_broken",
        "statement_imported_before",
        "statement_not_next",
        "statement_too_long",
        "reconciliation_invalid",
        "difference_too_large",
        "reconciliation_unknown",
        "payout_not_in_transit",
        "delivery_terms_invalid",
        "period_not_next",
        "period_not_over",
        "period_unreconciled",
        "period_closed",
        "box_unknown",
        "box_closed",
        "box_not_closed",
        "box_not_due",
        "contract_not_assignable",
        "box_wound_up",
        "wind_up_not_due",
        "acceleration_not_due",
        "supplier_invoice_invalid",
        "prepayment_invalid",
        "collection_not_open",
        "collection_invalid",
        "waterfall_not_next",
        "waterfall_not_latest",
        "deal_invalid",
        "journal_invalid",
        "journal_unknown",
        "journal_not_open",
        "approval_own",
        "withholding_invalid",
        "bank_account_in_use",
        "statement_dates_invalid",
        "amount_not_in_cents",
        "outage_not_open",
        "outage_invalid",
        "outage_ended",
        "outage_own",
        "outage_not_own",
        "termination_not_due",
        "contract_unknown",
        "contract_in_delivery",
        "contract_resold",
        "nothing_to_amend",
        "already_traded",
        "market_exists",
        "market_unknown",
        "market_invalid",
        "lot_unknown",
        "order_not_open",
        "price_off_tick",
        "quantity_invalid",
        "minimum_invalid",
        "window_invalid",
        "window_past",
        "window_outside_lot",
        "hours_range_invalid",
        "amount_too_large",
        "amount_not_positive",
        "insufficient_funds",
        "client_order_id_conflict",
        "order_placed_before",
        "text_invalid",
        "time_too_far",
        "time_passed",
        "not_parked",
        "invariant_violated",
    ];

    /// The stable code of this cause.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OrganizationExists => "organization_exists",
            Self::OrganizationUnknown => "organization_unknown",
            Self::OrganizationSuspended => "organization_suspended",
            Self::OrganizationNotSuspended => "organization_not_suspended",
            Self::TooManyOpenOrders { .. } => "too_many_open_orders",
            Self::TooManyAsksOnLot { .. } => "too_many_asks_on_lot",
            Self::TooManyAsksInMarket { .. } => "too_many_asks_in_market",
            Self::BudgetExceeded { .. } => "budget_exceeded",
            Self::MarketHalted => "market_halted",
            Self::MarketNotHalted => "market_not_halted",
            Self::NoMarketChosen => "no_market_chosen",
            Self::TooManyMarkets { .. } => "too_many_markets",
            Self::CurrenciesDiffer => "currencies_differ",
            Self::PriceOutsideBand { .. } => "price_outside_band",
            Self::ExpiryInvalid => "expiry_invalid",
            Self::OptionsConflict => "options_conflict",
            Self::LotWithdrawn => "lot_withdrawn",
            Self::RemnantInvalid => "remnant_invalid",
            Self::BankAccountUnknown => "bank_account_unknown",
            Self::BankAccountExists => "bank_account_exists",
            Self::TooManyDeposits { .. } => "too_many_deposits",
            Self::StatementBroken { .. } => "statement_broken",
            Self::StatementImportedBefore => "statement_imported_before",
            Self::StatementNotNext { .. } => "statement_not_next",
            Self::StatementTooLong { .. } => "statement_too_long",
            Self::ReconciliationInvalid { .. } => "reconciliation_invalid",
            Self::DifferenceTooLarge { .. } => "difference_too_large",
            Self::ReconciliationUnknown => "reconciliation_unknown",
            Self::PayoutNotInTransit => "payout_not_in_transit",
            Self::DeliveryTermsInvalid => "delivery_terms_invalid",
            Self::PeriodNotNext { .. } => "period_not_next",
            Self::PeriodNotOver { .. } => "period_not_over",
            Self::PeriodUnreconciled { .. } => "period_unreconciled",
            Self::PeriodClosed { .. } => "period_closed",
            Self::BoxUnknown => "box_unknown",
            Self::BoxClosed => "box_closed",
            Self::BoxNotClosed => "box_not_closed",
            Self::BoxNotDue { .. } => "box_not_due",
            Self::BoxWoundUp => "box_wound_up",
            Self::WindUpNotDue { .. } => "wind_up_not_due",
            Self::AccelerationNotDue { .. } => "acceleration_not_due",
            Self::SupplierInvoiceInvalid { .. } => "supplier_invoice_invalid",
            Self::PrepaymentInvalid { .. } => "prepayment_invalid",
            Self::ContractNotAssignable { .. } => "contract_not_assignable",
            Self::CollectionNotOpen => "collection_not_open",
            Self::CollectionInvalid { .. } => "collection_invalid",
            Self::WaterfallNotNext { .. } => "waterfall_not_next",
            Self::WaterfallNotLatest { .. } => "waterfall_not_latest",
            Self::DealInvalid { .. } => "deal_invalid",
            Self::SponsorForeign => "forbidden_entity",
            Self::AmendmentForFinance => "forbidden_role",
            Self::FixingInvalid => "invalid_field",
            Self::JournalInvalid { .. } => "journal_invalid",
            Self::JournalUnknown => "journal_unknown",
            Self::JournalNotOpen => "journal_not_open",
            Self::ApprovalOwn => "approval_own",
            Self::BankAccountInUse { .. } => "bank_account_in_use",
            Self::StatementDatesInvalid { .. } => "statement_dates_invalid",
            Self::AmountNotInCents => "amount_not_in_cents",
            Self::WithholdingInvalid { .. } => "withholding_invalid",
            Self::OutageNotOpen => "outage_not_open",
            Self::OutageInvalid { .. } => "outage_invalid",
            Self::OutageEnded => "outage_ended",
            Self::OutageOwn => "outage_own",
            Self::OutageNotOwn => "outage_not_own",
            Self::TerminationNotDue { .. } => "termination_not_due",
            Self::ContractUnknown => "contract_unknown",
            Self::ContractInDelivery => "contract_in_delivery",
            Self::ContractResold => "contract_resold",
            Self::NothingToAmend => "nothing_to_amend",
            Self::AlreadyTraded { .. } => "already_traded",
            Self::MarketExists { .. } => "market_exists",
            Self::MarketUnknown { .. } => "market_unknown",
            Self::MarketInvalid { .. } => "market_invalid",
            Self::LotUnknown => "lot_unknown",
            Self::OrderNotOpen => "order_not_open",
            Self::PriceOffTick { .. } => "price_off_tick",
            Self::QuantityInvalid { .. } => "quantity_invalid",
            Self::MinimumInvalid { .. } => "minimum_invalid",
            Self::WindowInvalid { .. } => "window_invalid",
            Self::WindowPast { .. } => "window_past",
            Self::WindowOutsideLot { .. } => "window_outside_lot",
            Self::HoursRangeInvalid => "hours_range_invalid",
            Self::AmountTooLarge => "amount_too_large",
            Self::AmountNotPositive => "amount_not_positive",
            Self::InsufficientFunds { .. } => "insufficient_funds",
            Self::ClientOrderIdConflict => "client_order_id_conflict",
            Self::OrderPlacedBefore { .. } => "order_placed_before",
            Self::TextInvalid { .. } => "text_invalid",
            Self::TimeTooFar { .. } => "time_too_far",
            Self::TimePassed { .. } => "time_passed",
            Self::NotParked => "not_parked",
            Self::InvariantViolated { .. } => "invariant_violated",
        }
    }
}

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
