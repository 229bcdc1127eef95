//! Contracts as their events leave them.

use ledger::{Amount, BoxId, ContractId, Currency, Instant, OrganizationId, exact};
use matching::{
    ContractHour, Event, Hour, HoursDelivered, LotId, MarketId, OutageSettled, PeriodCharged, Price, Record,
    TerminationCause,
};

use crate::database::named_column;
use crate::read_models::followed::{Followed, Recorded};

named_column! {
    /// Reason why a contract ended before its time.
    pub enum Termination {
        /// A period was not paid when it began.
        NotPaid = "not_paid",
        /// The buyer gave notice because of its outages.
        Outages = "outages",
        /// The trade was undone.
        Busted = "busted",
    }
}

/// Contract as its events leave it, whatever the time.
#[derive(Clone, Debug)]
pub struct ContractRecord {
    /// Id of the contract.
    pub id: ContractId,
    /// Buyer, who pays for it.
    pub buyer: OrganizationId,
    /// Seller, who answers for its delivery.
    pub seller: OrganizationId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Contract of which it resells a part; `None` for a sale from a lot.
    pub head: Option<ContractId>,
    /// Market in which it traded.
    pub market: MarketId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
    /// First hour, inclusive.
    pub window_start: Hour,
    /// End of the hours, exclusive.
    pub window_end: Hour,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Price and buyer's fee for the whole window.
    pub total: Amount,
    /// Name of the rule by which it is cut into periods; `None` where it was paid whole when it traded.
    pub billing: Option<String>,
    /// Amount that the buyer has paid so far.
    pub paid: Amount,
    /// End of the paid hours, exclusive.
    pub paid_until: Hour,
    /// Number of charges of the next period that could not be paid so far.
    pub missed_charges: u32,
    /// Rest of the security deposit.
    pub deposit: Amount,
    /// Number of its hours that have passed.
    pub delivered_hours: u32,
    /// Price and buyer's fee of time that was delivered.
    pub recognized: Amount,
    /// Price and buyer's fee of time that was not delivered, given back to the buyer.
    pub credited: Amount,
    /// Refund of paid hours to the buyer as it ended before its time.
    pub refunded: Amount,
    /// GPU-minutes of passed hours that were not delivered.
    pub undelivered_minutes: i64,
    /// Penalties that the seller has paid.
    pub penalties: Amount,
    /// Amount that the seller still owes in credits and penalties.
    pub owed: Amount,
    /// Instant since which the seller says that the GPUs are ready; `None` before it says so.
    pub ready: Option<Instant>,
    /// Address at which the GPUs are reached; `None` when none was given.
    pub endpoint: Option<String>,
    /// Hour before which it ends; `None` where that is its window's end.
    pub ends: Option<Hour>,
    /// Reason of its end before its time; `None` while it has not ended so.
    pub termination: Option<Termination>,
    /// Whether it ended before its time, as the first releases stored it.
    pub terminated: bool,
    /// Box that earns its hours; `None` while the seller earns them.
    pub box_id: Option<BoxId>,
    /// Sequence of its trade in the log.
    pub sequence: u64,
}

impl ContractRecord {
    /// Returns whether an organization is one of its two sides.
    pub fn concerns(&self, organization: OrganizationId) -> bool {
        [self.buyer, self.seller].contains(&organization)
    }

    fn pass_hour(&mut self, hour: &ContractHour) {
        self.delivered_hours += 1;
        self.recognized += hour.amount + hour.buyer_fee;
        if let Some(shortfall) = &hour.shortfall {
            self.credited += shortfall.credit;
            self.penalties += shortfall.penalty_paid;
            self.owed += shortfall.penalty - shortfall.penalty_paid - shortfall.recovered;
            self.undelivered_minutes += i64::from(shortfall.gpu_minutes);
        }
    }

    fn settle_outage(&mut self, e: &OutageSettled) {
        let credit = e.amount + e.buyer_fee;
        self.recognized -= credit;
        self.credited += credit;
        self.penalties += e.penalty_paid;
        self.owed += e.amount - e.seller_fee - e.from_seller + e.penalty - e.penalty_paid;
        self.undelivered_minutes += exact::<_, i64>(e.gpu_minutes);
    }

    fn pay_period(&mut self, e: &PeriodCharged) {
        self.paid += e.from_available + e.from_payable + e.from_deposit;
        self.deposit -= e.from_deposit + e.deposit_returned;
        self.paid_until = e.period.end();
        self.missed_charges = 0;
    }

    fn terminate(&mut self, cause: Termination, refund: Amount, deposit: Amount) {
        self.refunded += refund;
        self.deposit -= deposit;
        (self.termination, self.terminated) = (Some(cause), true);
    }
}

impl Recorded for ContractRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let Event::TradeExecuted(trade) = &record.event else { return Vec::new() };
        vec![Self {
            id: trade.contract,
            buyer: trade.buyer,
            seller: trade.seller,
            lot: trade.lot,
            head: trade.head,
            market: trade.market,
            gpus: trade.gpus,
            price: trade.price,
            window_start: trade.window.start(),
            window_end: trade.window.end(),
            currency: trade.currency,
            total: trade.amount + trade.buyer_fee,
            billing: trade.advance.map(|advance| advance.billing.name().to_owned()),
            paid: trade.prepaid(),
            paid_until: trade.paid_until(),
            missed_charges: 0,
            deposit: trade.deposit(),
            delivered_hours: 0,
            recognized: Amount::ZERO,
            credited: Amount::ZERO,
            refunded: Amount::ZERO,
            undelivered_minutes: 0,
            penalties: Amount::ZERO,
            owed: Amount::ZERO,
            ready: None,
            endpoint: None,
            ends: None,
            termination: None,
            terminated: false,
            box_id: None,
            sequence: record.sequence,
        }]
    }
}

impl Followed for ContractRecord {
    type Id = ContractId;

    fn id(&self) -> ContractId {
        self.id
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn changed_by(event: &Event) -> Vec<ContractId> {
        match event {
            Event::HoursDelivered(HoursDelivered { contracts, .. }) => {
                contracts.iter().map(|hour| hour.contract).collect()
            }
            Event::OutageSettled(e) => vec![e.contract],
            Event::PeriodCharged(e) => vec![e.contract],
            Event::ChargeMissed(e) => vec![e.contract],
            Event::ContractTerminated(e) => vec![e.contract],
            Event::ContractBusted(e) => vec![e.contract],
            Event::ContractNovated(e) => vec![e.contract],
            Event::ContractAssigned(e) => vec![e.contract],
            Event::DeliveryReady(e) => vec![e.contract],
            Event::NoticeGiven(e) => vec![e.contract],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::HoursDelivered(e) => {
                let id = self.id;
                e.contracts.iter().filter(|hour| hour.contract == id).for_each(|hour| self.pass_hour(hour));
            }
            Event::OutageSettled(e) => self.settle_outage(e),
            Event::PeriodCharged(e) => self.pay_period(e),
            Event::ChargeMissed(_) => self.missed_charges += 1,
            Event::ContractTerminated(e) => {
                let cause = match e.cause {
                    TerminationCause::NotPaid => Termination::NotPaid,
                    TerminationCause::Outages => Termination::Outages,
                };
                self.terminate(cause, e.refund, e.deposit_forfeited + e.deposit_returned);
                self.ends = Some(e.undelivered.start());
            }
            Event::ContractBusted(e) => self.terminate(Termination::Busted, e.refund, e.deposit),
            Event::ContractNovated(e) => {
                (self.seller, self.head) = (e.seller, e.head);
                self.box_id = e.assignee.map(|assignee| assignee.box_id);
            }
            Event::ContractAssigned(e) => self.box_id = Some(e.to.box_id),
            Event::DeliveryReady(e) => {
                self.ready = Some(e.ready);
                self.endpoint =
                    e.endpoint.as_ref().map(|label| label.printable().into_owned()).or(self.endpoint.take());
            }
            Event::NoticeGiven(e) => self.ends = Some(e.ends),
            _ => {}
        }
    }
}
