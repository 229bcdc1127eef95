//! Fold of the events into documents: issued at once, or gathered until the month ends.

use ledger::{Amount, ContractId, Currency, Day, Month, OrganizationId};
use matching::{
    ContractTerminated, Event, HoursDelivered, OutageSettled, PeriodCharged, Record, SpotHoursDelivered, TradeExecuted,
    Window,
};

use super::month::{Account, MonthOfContract, MonthOfSeller, MonthOfSpot, OpenMonth, Reversal};

/// Document that has no number yet.
pub(super) struct Draft {
    /// Day of issue.
    pub issued: Day,
    /// Sequence of the event with which it is issued.
    pub sequence: u64,
    /// Content of the document.
    pub content: Content,
}

/// Content of a document.
pub(super) enum Content {
    /// Name of an organization, for the documents that follow; not a document.
    Name(OrganizationId, String),
    /// First payment of a contract, with its trade.
    Trade(Box<FirstPayment>),
    /// Further period of a contract.
    Period(PeriodCharged),
    /// Credits of a month to a contract's buyer.
    Credits(ContractId, MonthOfContract),
    /// Refund to a contract's buyer as it ended before its time.
    Refund(Refund),
    /// Spot hours that a buyer bought in a month.
    Spot(Account, Month, MonthOfSpot),
    /// Earnings of a seller in a month.
    Seller(Account, Month, MonthOfSeller),
}

/// The first payment of a contract.
pub(super) struct FirstPayment {
    pub trade: TradeExecuted,
    /// Hours that it pays.
    pub period: Window,
}

/// Refund of paid hours to a contract's buyer.
pub(super) struct Refund {
    pub contract: ContractId,
    pub buyer: OrganizationId,
    pub seller: OrganizationId,
    pub currency: Currency,
    /// Hours that will not be delivered, paid or not.
    pub undelivered: Window,
    /// Price and buyer's fee that are refunded.
    pub amount: Amount,
}

impl Content {
    /// Lists what is issued for a month, always in the same order.
    fn of_month(month: Month, gathered: OpenMonth) -> impl Iterator<Item = Self> {
        let credits = gathered.credits.into_iter().filter(|(_, of)| !of.is_empty());
        let spot = gathered.spot.into_iter().map(move |(account, of)| Self::Spot(account, month, of));
        let sellers = gathered.sellers.into_iter().map(move |(account, of)| Self::Seller(account, month, of));
        credits.map(|(id, of)| Self::Credits(id, of)).chain(spot).chain(sellers)
    }

    /// Returns the contract whose invoices must be known to write it; `None` when it needs none.
    pub fn refers_to(&self) -> Option<ContractId> {
        match self {
            Self::Period(e) => Some(e.contract),
            Self::Credits(contract, _) => Some(*contract),
            Self::Refund(refund) => Some(refund.contract),
            Self::Name(..) | Self::Trade(_) | Self::Spot(..) | Self::Seller(..) => None,
        }
    }
}

/// Fold over the log, with the open month.
pub(super) struct Fold {
    open: OpenMonth,
    month: Option<Month>,
    month_sequence: u64,
    sequence: u64,
}

impl Fold {
    /// Makes the fold before the first event of a month, the one after `sequence`.
    pub fn after(sequence: u64) -> Self {
        Self { open: OpenMonth::default(), month: None, month_sequence: sequence, sequence }
    }

    /// Returns the sequence of the last event before the open month.
    pub fn month_sequence(&self) -> u64 {
        self.month_sequence
    }

    /// Adds an event, and to `drafts` what is issued with it.
    pub fn add(&mut self, record: &Record, drafts: &mut Vec<Draft>) {
        self.open_month_of(record, drafts);
        self.sequence = record.sequence;
        let mut issue = |content| drafts.push(Draft { issued: record.at.day(), sequence: record.sequence, content });
        match &record.event {
            Event::OrganizationRegistered(e) => issue(Content::Name(e.organization, e.name.to_string())),
            Event::TradeExecuted(e) => {
                let period = e.advance.map_or(e.window, |advance| advance.billing.first_period(e.window));
                issue(Content::Trade(Box::new(FirstPayment { trade: e.clone(), period })));
            }
            Event::PeriodCharged(e) => issue(Content::Period(e.clone())),
            Event::ContractBusted(e) if !e.refund.is_zero() => issue(Content::Refund(Refund {
                contract: e.contract,
                buyer: e.buyer,
                seller: e.seller,
                currency: e.currency,
                undelivered: e.window,
                amount: e.refund,
            })),
            Event::ContractTerminated(e) => {
                if !e.refund.is_zero() {
                    issue(Content::Refund(Refund {
                        contract: e.contract,
                        buyer: e.buyer,
                        seller: e.seller,
                        currency: e.currency,
                        undelivered: e.undelivered,
                        amount: e.refund,
                    }));
                }
                self.forfeit(e);
            }
            Event::HoursDelivered(e) => self.deliver(e),
            Event::SpotHoursDelivered(e) => self.deliver_spot(e),
            Event::OutageSettled(e) => self.settle(e),
            _ => {}
        }
    }

    /// Closes the open month with the first event of a later one. An hour belongs to the month it starts in, and
    /// deliveries come before all else of an instant: so the last hour of a month is in it.
    fn open_month_of(&mut self, record: &Record, drafts: &mut Vec<Draft>) {
        let month = match &record.event {
            Event::HoursDelivered(e) => e.hour.day().month(),
            Event::SpotHoursDelivered(e) => e.hour.day().month(),
            _ => record.at.day().month(),
        };
        let open = *self.month.get_or_insert(month);
        if month <= open {
            return;
        }
        let issued = Day::from_days(open.next().first_day().days() - 1);
        for content in Content::of_month(open, std::mem::take(&mut self.open)) {
            drafts.push(Draft { issued, sequence: record.sequence, content });
        }
        (self.month, self.month_sequence) = (Some(month), self.sequence);
    }

    fn deliver(&mut self, e: &HoursDelivered) {
        for hour in &e.contracts {
            let earned = self.open.seller(hour.seller, e.currency).contract(hour.contract, e.market);
            earned.deliver(e.hour, hour.amount, hour.seller_fee);
            let Some(shortfall) = &hour.shortfall else { continue };
            earned.recovered += shortfall.recovered;
            earned.penalties += shortfall.penalty_paid;
            let month = self.open.contract(hour.contract, shortfall.buyer, e.market, e.currency);
            month.miss(hour, e.hour, shortfall);
        }
    }

    fn deliver_spot(&mut self, e: &SpotHoursDelivered) {
        for sale in &e.sales {
            self.open.seller(sale.seller, e.currency).sell(e.hour.day(), e.market, sale);
            self.open.spot(sale.buyer, e.currency).buy(e.hour.day(), e.market, sale);
        }
    }

    fn settle(&mut self, e: &OutageSettled) {
        let earned = self.open.seller(e.seller, e.currency).contract(e.contract, e.market);
        earned.reversed += e.from_seller + e.seller_fee;
        earned.reversed_fee += e.seller_fee;
        earned.penalties += e.penalty_paid;
        let month = self.open.contract(e.contract, e.buyer, e.market, e.currency);
        month.reversals.push(Reversal {
            seller: e.seller,
            from: e.from,
            until: e.until,
            gpus: e.gpus,
            gpu_minutes: e.gpu_minutes,
            price: e.from_seller + e.seller_fee,
            fee: e.buyer_fee,
            penalty: e.penalty_paid,
        });
    }

    fn forfeit(&mut self, e: &ContractTerminated) {
        if !e.deposit_forfeited.is_zero() {
            let earned = self.open.seller(e.seller, e.currency).contract(e.contract, e.market);
            earned.forfeited += e.deposit_forfeited;
        }
    }
}
