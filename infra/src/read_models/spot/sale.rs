//! GPUs bought and sold for an hour.

use ledger::{Amount, Currency, Instant, OrganizationId, exact};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, Record};

use crate::read_models::followed::Recorded;
use crate::read_models::side::Side;

/// GPUs bought and sold for an hour or the rest of one.
#[derive(Clone, Debug)]
pub struct SaleRecord {
    /// The log's sequence of the event that sold them.
    pub sequence: u64,
    /// The place among that event's sales, from 0.
    pub ordinal: u32,
    /// When they were sold.
    pub at: Instant,
    /// Where.
    pub market: MarketId,
    /// The hour.
    pub hour: Hour,
    /// The bid.
    pub bid: OrderId,
    /// The ask.
    pub ask: OrderId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The lot that serves them.
    pub lot: LotId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
    /// The minutes of the hour, up to its end.
    pub minutes: u32,
    /// What amounts are in.
    pub currency: Currency,
    /// The price for these minutes.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
}

impl Recorded for SaleRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let Event::SpotHoursSold(sold) = &record.event else { return Vec::new() };
        let sales = (0u32..).zip(&sold.sales).map(|(ordinal, sale)| Self {
            sequence: record.sequence,
            ordinal,
            at: record.at,
            market: sold.market,
            hour: sold.hour,
            bid: sale.bid,
            ask: sale.ask,
            buyer: sale.buyer,
            seller: sale.seller,
            lot: sale.lot,
            gpus: sale.gpus,
            price: sale.price,
            minutes: sale.minutes,
            currency: sold.currency,
            amount: sale.amount,
            buyer_fee: sale.buyer_fee,
            seller_fee: sale.seller_fee,
        });
        sales.collect()
    }
}

/// A sale as one of its sides has it in its list. Who sells to itself has it twice.
#[derive(Clone, Debug)]
pub struct OwnSale {
    /// The sale.
    pub sale: SaleRecord,
    /// Whose part of it this is.
    pub side: Side,
}

impl OwnSale {
    /// More sales than one event has.
    pub(super) const SALES_PER_EVENT: i64 = 4_096;

    /// The parts of a sale that are an organization's: the buyer's, then the seller's.
    pub fn of(sale: &SaleRecord, organization: OrganizationId) -> impl Iterator<Item = Self> {
        let sides = [(Side::Buy, sale.buyer), (Side::Sell, sale.seller)];
        let own = sides.into_iter().filter(move |(_, whose)| *whose == organization);
        own.map(|(side, _)| Self { sale: sale.clone(), side })
    }

    /// Where it stands in a list: sales in the order of the log, the buyer's part of each before the seller's.
    pub fn place(&self) -> i64 {
        let sale = exact::<_, i64>(self.sale.sequence) * Self::SALES_PER_EVENT + i64::from(self.sale.ordinal);
        sale * 2 + i64::from(self.side == Side::Sell)
    }

    /// The order that traded.
    pub fn order(&self) -> OrderId {
        match self.side {
            Side::Buy => self.sale.bid,
            Side::Sell => self.sale.ask,
        }
    }

    /// The fee of this side.
    pub fn fee(&self) -> Amount {
        match self.side {
            Side::Buy => self.sale.buyer_fee,
            Side::Sell => self.sale.seller_fee,
        }
    }
}
