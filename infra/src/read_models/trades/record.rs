//! Term trades as their events leave them.

use ledger::{Amount, ContractId, Currency, Instant, OrganizationId};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, Record, TradeId};

use crate::read_models::followed::{Followed, Recorded};

/// Term trade.
#[derive(Clone, Debug)]
pub struct TradeRecord {
    /// Id of the trade.
    pub id: TradeId,
    /// Instant of the trade.
    pub at: Instant,
    /// Contract that it created.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Order id of the bid.
    pub bid: OrderId,
    /// Order id of the ask.
    pub ask: OrderId,
    /// Buyer, who pays.
    pub buyer: OrganizationId,
    /// Seller, who answers for the delivery.
    pub seller: OrganizationId,
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
    /// Price of the whole window, without fees.
    pub amount: Amount,
    /// Fee of the buyer on the amount, on top of it.
    pub buyer_fee: Amount,
    /// Fee of the seller on the amount, deducted from it.
    pub seller_fee: Amount,
    /// Whether it was busted.
    pub busted: bool,
    /// Sequence of the trade in the log.
    pub sequence: u64,
}

impl TradeRecord {
    /// Returns whether an organization is one of its two sides.
    pub fn concerns(&self, organization: OrganizationId) -> bool {
        [self.buyer, self.seller].contains(&organization)
    }
}

impl Recorded for TradeRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let Event::TradeExecuted(trade) = &record.event else { return Vec::new() };
        vec![Self {
            id: trade.trade,
            at: record.at,
            contract: trade.contract,
            market: trade.market,
            lot: trade.lot,
            bid: trade.bid,
            ask: trade.ask,
            buyer: trade.buyer,
            seller: trade.seller,
            gpus: trade.gpus,
            price: trade.price,
            window_start: trade.window.start(),
            window_end: trade.window.end(),
            currency: trade.currency,
            amount: trade.amount,
            buyer_fee: trade.buyer_fee,
            seller_fee: trade.seller_fee,
            busted: false,
            sequence: record.sequence,
        }]
    }
}

/// Follows the events of the contract that the trade created.
impl Followed for TradeRecord {
    type Id = ContractId;

    fn id(&self) -> ContractId {
        self.contract
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn changed_by(event: &Event) -> Vec<ContractId> {
        match event {
            Event::ContractBusted(e) => vec![e.contract],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, event: &Event) {
        if matches!(event, Event::ContractBusted(_)) {
            self.busted = true;
        }
    }
}
