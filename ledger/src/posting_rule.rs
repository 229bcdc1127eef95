//! Posting rules by name: what each records, and how it rounds.

/// Identity of a posting rule, as every entry names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PostingRule {
    /// Stable name, such as `deposit.matched`.
    pub id: &'static str,
    /// Version, from 1; a rule whose lines change gets a new one.
    pub version: u16,
}

/// Posting rule with its documentation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DescribedRule {
    /// Identity of the rule.
    pub rule: PostingRule,
    /// Sentence that says what happened when it posts.
    pub records: &'static str,
    /// Types of the events that state it.
    pub events: &'static [&'static str],
    /// Way in which its amounts are rounded.
    pub rounding: &'static str,
}

/// For amounts that a party states or that are sums of amounts in the books.
const NONE: &str = "none";
/// For deliveries and what reverses them: fees of a contract are floored on the sum so far.
const CUMULATIVE: &str = "cumulative: each part is the whole so far, rounded down, less what was posted before";
/// For spot sales, each of which is rounded on its own.
const EACH_SALE: &str = "each sale down to the micro-unit";

/// Declares the rules: constant, name, version, events, rounding; the comment is what a rule records.
macro_rules! rules {
    ($(#[doc = $records:literal] $name:ident = $id:literal, $version:literal, $events:expr, $rounding:expr;)*) => {
        $(pub(super) const $name: PostingRule = PostingRule { id: $id, version: $version };)*

        /// Every rule in force, in the order of a contract's life.
        pub const RULES: &[DescribedRule] = &[
            $(DescribedRule { rule: $name, records: $records, events: &$events, rounding: $rounding },)*
        ];
    };
}

rules! {
    #[doc = "An account at a bank was opened with what is on it."]
    BANK_OPENED = "bank.opened", 1, ["bank_account_opened"], NONE;
    #[doc = "An account at a bank was given up that no statement had told of: what it was opened with is taken back."]
    BANK_CLOSED = "bank.closed", 1, ["bank_account_closed"], NONE;
    #[doc = "The bank booked something: it is on the account, and not explained yet."]
    BANK_BOOKED = "bank.booked", 1, ["bank_lines_booked"], NONE;
    #[doc = "A deposit was credited before its booking was known, where that is allowed."]
    DEPOSIT_RECORDED = "deposit.recorded", 1, ["deposit_received"], NONE;
    #[doc = "A booking was for a deposit: it is the organization's."]
    DEPOSIT_MATCHED = "deposit.matched", 2, ["reconciled"], NONE;
    #[doc = "A booking was for a deposit that had been credited before."]
    DEPOSIT_CONFIRMED = "deposit.confirmed", 1, ["reconciled"], NONE;
    #[doc = "An organization asked for its money: it is in transit until the bank has booked it."]
    PAYOUT_REQUESTED = "payout.requested", 1, ["payout_requested"], NONE;
    #[doc = "A booking was for a payout: it has left, or with the other sign come back and is in transit again."]
    PAYOUT_MATCHED = "payout.matched", 1, ["reconciled"], NONE;
    #[doc = "A payout did not leave: its money is the organization's again."]
    PAYOUT_RETURNED = "payout.returned", 1, ["payout_returned"], NONE;
    #[doc = "A booking was for something of the exchange's own."]
    BANK_EXPLAINED = "bank.explained", 1, ["reconciled"], NONE;
    #[doc = "A booking came to a little more or less than what it was for."]
    BANK_DIFFERENCE = "bank.difference", 1, ["reconciled"], NONE;
    #[doc = "A booking was one side of a currency conversion. The position of each currency stays until its result is booked."]
    CURRENCY_CONVERTED = "currency.converted", 1, ["reconciled"], NONE;
    #[doc = "A reconciliation was a mistake: its lines are reversed, and the booking is unexplained again."]
    RECONCILIATION_UNDONE = "reconciliation.undone", 1, ["reconciliation_undone"], NONE;
    #[doc = "A seller had its earnings paid out: tax on them is kept for the state."]
    TAX_WITHHELD = "tax.withheld", 1, ["payout_requested"], "cumulative, down to the cent, which is what banks move";
    #[doc = "A payout did not leave: the tax withheld from it is the seller's again."]
    TAX_RETURNED = "tax.returned", 1, ["payout_returned"], NONE;
    #[doc = "What one person proposed and another approved."]
    MANUAL_JOURNAL = "journal.manual", 1, ["journal_approved"], NONE;
    #[doc = "An order set money aside."]
    HOLD_PLACED = "hold.placed", 1, ["order_placed", "spot_order_placed", "spot_bid_resumed", "order_amended"],
        "up to the micro-unit, so that the fees of all trades fit into it";
    #[doc = "An order, or part of it, ended without needing its money."]
    HOLD_VOIDED = "hold.voided", 1, ["order_closed", "order_amended", "trade_executed", "spot_bid_suspended"],
        "what was held less what is still needed";
    #[doc = "A bid traded: held money became the contract's prepayment of its first period."]
    TERM_PREPAID = "term.prepaid", 1, ["trade_executed"], CUMULATIVE;
    #[doc = "A bid traded: held money became the contract's security deposit, one period more."]
    SECURITY_TAKEN = "security.taken", 1, ["trade_executed"], CUMULATIVE;
    #[doc = "A period of a contract was paid in advance."]
    PERIOD_BILLED = "period.billed", 1, ["period_charged"], CUMULATIVE;
    #[doc = "The security deposit paid a contract's last period, or part of it."]
    SECURITY_APPLIED = "security.applied", 1, ["period_charged"], CUMULATIVE;
    #[doc = "A security deposit, or what was left of it, went back to the buyer."]
    SECURITY_RETURNED = "security.returned", 1, ["period_charged", "contract_terminated", "contract_busted"], NONE;
    #[doc = "A period was not paid when it began: the seller, or the box that the contract is assigned to, keeps the security deposit, and only that."]
    SECURITY_FORFEITED = "security.forfeited", 1, ["contract_terminated"], NONE;
    #[doc = "An hour of a market's contracts was delivered."]
    HOURS_DELIVERED = "hours.delivered", 1, ["hours_delivered"], CUMULATIVE;
    #[doc = "Time of an hour was not delivered: its price and the fee on it went back to the buyer."]
    HOURS_CREDITED = "hours.credited", 1, ["hours_delivered"], CUMULATIVE;
    #[doc = "Time recorded as delivered was not: what the seller, or the box, earned for it and the fees went back to the buyer."]
    DELIVERY_REVERSED = "delivery.reversed", 1, ["outage_settled"], CUMULATIVE;
    #[doc = "A seller gave back earnings for time not delivered that it could not give back at once."]
    CREDIT_RECOVERED = "credit.recovered", 1, ["hours_delivered"], NONE;
    #[doc = "A seller, or a box, paid the penalty that the lot promises for time not delivered."]
    PENALTY_PAID = "penalty.paid", 1, ["hours_delivered", "outage_settled"], CUMULATIVE;
    #[doc = "Paid hours that will not be delivered went back to the buyer with the fee on them."]
    TERM_REFUNDED = "term.refunded", 1, ["contract_terminated"], CUMULATIVE;
    #[doc = "A trade was undone before any delivery: the contract's prepayment is the buyer's again."]
    TERM_BUSTED = "term.busted", 1, ["contract_busted"], CUMULATIVE;
    #[doc = "Standing orders by the hour set money aside for their next hour."]
    SPOT_HELD = "spot.held", 1, ["spot_hours_sold"], "up to the micro-unit, as any hold";
    #[doc = "Hours were sold by the hour: held money became the buyers' prepayment of the hour."]
    SPOT_SOLD = "spot.sold", 1, ["spot_hours_sold"], EACH_SALE;
    #[doc = "An hour sold by the hour was delivered."]
    SPOT_DELIVERED = "spot.delivered", 1, ["spot_hours_delivered"], EACH_SALE;
    #[doc = "A box's sponsor paid in what the debt does not."]
    BOX_CONTRIBUTED = "box.contributed", 1, ["deal_closed", "waterfall_run"], NONE;
    #[doc = "A box drew on a facility."]
    DEBT_DRAWN = "box.drawn", 1, ["deal_closed", "waterfall_run"], NONE;
    #[doc = "A box repaid debt before it was due, with what its sponsor paid in for it on a determination date."]
    DEBT_PREPAID = "box.debt_prepaid", 1, ["waterfall_run"], NONE;
    #[doc = "A box came to its end: what is left of its hardware is its sponsor's, what clients never paid is lost, and every account is closed to zero."]
    BOX_WOUND_UP = "box.wound_up", 1, ["box_wound_up"], NONE;
    #[doc = "A box bought hardware."]
    ASSET_BOUGHT = "box.asset_bought", 1, ["deal_closed", "waterfall_run"], NONE;
    #[doc = "A box set money aside in a reserve at its closing."]
    RESERVE_FUNDED = "box.reserve_funded", 1, ["deal_closed"], NONE;
    #[doc = "A client paid a box, or the exchange what its clients had paid there."]
    BOX_COLLECTED = "box.collected", 1, ["box_collected"], NONE;
    #[doc = "What a box's own contracts earned and what its agreements, its debt and its hardware cost since the last determination date."]
    BOX_ACCRUED = "box.accrued", 1, ["waterfall_run"],
        "to the cent, halves to the even one; depreciation cumulatively: what is used up by now, rounded, less what was posted before";
    #[doc = "A box's cash was paid out in the order of its deal, in one entry."]
    WATERFALL_PAID = "box.waterfall", 1, ["waterfall_run"], "steps of one rank share by the largest remainder";
    #[doc = "A waterfall run was a mistake: what was drawn and bought for it, what it took up and what it paid out are reversed, in one entry."]
    WATERFALL_REVERSED = "box.waterfall_reversed", 1, ["waterfall_reversed"], NONE;
    #[doc = "What was entered of a client's payment to a box was a mistake: it is reversed, in the operator's books as well where the exchange had paid it."]
    COLLECTION_REVERSED = "box.collection_reversed", 1, ["collection_reversed"], NONE;
    #[doc = "What a box earned under its contracts of the exchange, fees deducted; below zero what it gave back for time not delivered, and paid in penalties."]
    BOX_EARNED = "box.earned", 1, ["hours_delivered", "outage_settled", "contract_terminated"], CUMULATIVE;
    #[doc = "The exchange paid a box some of what that had earned: in the operator's books, beside the box's own entry of the same transfer. It is in transit until the bank has booked it."]
    BOX_PAID_OVER = "box.paid_over", 1, ["box_collected"], NONE;
    #[doc = "A booking was for what the exchange paid a box: it has left, or with the other sign come back and is in transit again."]
    BOX_PAYMENT_MATCHED = "box.payment_matched", 1, ["reconciled"], NONE;
}
