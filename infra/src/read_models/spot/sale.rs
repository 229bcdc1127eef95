//! Spot sales as their events leave them.

use ledger::{Amount, Currency, Instant, OrganizationId, exact};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, Record};

use crate::read_models::followed::Recorded;
use crate::read_models::side::Side;

/// Sale of GPUs for an hour or the rest of one.
#[derive(Clone, Debug)]
pub struct SaleRecord {
    /// Sequence in the log of the event that sold them.
    pub sequence: u64,
    /// Place among that event's sales, from 0.
    pub ordinal: u32,
    /// Instant at which they were sold.
    pub at: Instant,
    /// Market in which they were sold.
    pub market: MarketId,
    /// Hour that was sold.
    pub hour: Hour,
    /// Order id of the bid.
    pub bid: OrderId,
    /// Order id of the ask.
    pub ask: OrderId,
    /// Buyer, who pays.
    pub buyer: OrganizationId,
    /// Seller, who answers for the delivery.
    pub seller: OrganizationId,
    /// Lot that serves them.
    pub lot: LotId,
    /// Number of GPUs.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
    /// Minutes of the hour, up to its end: 1 to 60.
    pub minutes: u32,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Price for these minutes, without fees.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, deducted from the price.
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

/// Sale as one of its sides has it in its list. An organization that sells to itself has it twice.
#[derive(Clone, Debug)]
pub struct OwnSale {
    /// Sale that the side belongs to.
    pub sale: SaleRecord,
    /// Side that this is.
    pub side: Side,
}

impl OwnSale {
    /// Number that the sales of one event stay below.
    pub(super) const SALES_PER_EVENT: i64 = 4_096;

    /// Lists the parts of a sale that are an organization's: the buyer's, then the seller's.
    pub fn of(sale: &SaleRecord, organization: OrganizationId) -> impl Iterator<Item = Self> {
        let sides = [(Side::Buy, sale.buyer), (Side::Sell, sale.seller)];
        let own = sides.into_iter().filter(move |(_, whose)| *whose == organization);
        own.map(|(side, _)| Self { sale: sale.clone(), side })
    }

    /// Returns the place in a list: sales in the order of the log, the buyer's part of each before the seller's.
    pub fn place(&self) -> i64 {
        let sale = exact::<_, i64>(self.sale.sequence) * Self::SALES_PER_EVENT + i64::from(self.sale.ordinal);
        sale * 2 + i64::from(self.side == Side::Sell)
    }

    /// Returns the order of this side.
    pub fn order(&self) -> OrderId {
        match self.side {
            Side::Buy => self.sale.bid,
            Side::Sell => self.sale.ask,
        }
    }

    /// Returns the fee of this side.
    pub fn fee(&self) -> Amount {
        match self.side {
            Side::Buy => self.sale.buyer_fee,
            Side::Sell => self.sale.seller_fee,
        }
    }
}
