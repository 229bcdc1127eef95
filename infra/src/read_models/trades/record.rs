//! A trade for a term.

use ledger::{Amount, ContractId, Currency, Instant, OrganizationId};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, Record, TradeId};

use crate::read_models::followed::{Followed, Recorded};

/// A trade for a term.
#[derive(Clone, Debug)]
pub struct TradeRecord {
    /// The trade.
    pub id: TradeId,
    /// When it traded.
    pub at: Instant,
    /// The contract it created.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that serves it.
    pub lot: LotId,
    /// The bid.
    pub bid: OrderId,
    /// The ask.
    pub ask: OrderId,
    /// Who bought.
    pub buyer: OrganizationId,
    /// Who sold.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
    /// The first hour.
    pub window_start: Hour,
    /// The hour after the last.
    pub window_end: Hour,
    /// What amounts are in.
    pub currency: Currency,
    /// The whole window at the price.
    pub amount: Amount,
    /// The buyer's fee on the amount.
    pub buyer_fee: Amount,
    /// The seller's fee on the amount.
    pub seller_fee: Amount,
    /// Whether it was undone.
    pub busted: bool,
    /// Its sequence in the log.
    pub sequence: u64,
}

impl TradeRecord {
    /// Whether an organization is one of its two sides.
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

/// What happens to a trade is said of the contract that it created.
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
