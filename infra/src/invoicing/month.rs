//! Open month: credits by contract, spot hours by buyer, earnings by seller.

use std::collections::BTreeMap;

use ledger::{Amount, ContractId, Currency, Day, Instant, OrganizationId};
use matching::{ContractHour, Hour, HourShortfall, MarketId, Price, SpotSale};

const MINUTES_PER_HOUR: u64 = 60;

/// Organization and currency of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Account {
    /// Recipient of the document.
    pub organization: OrganizationId,
    /// Currency of its amounts.
    pub currency: Currency,
}

/// Items to bill at the end of the month.
#[derive(Default)]
pub(super) struct OpenMonth {
    pub credits: BTreeMap<ContractId, MonthOfContract>,
    pub spot: BTreeMap<Account, MonthOfSpot>,
    pub sellers: BTreeMap<Account, MonthOfSeller>,
}

impl OpenMonth {
    /// Returns a contract's credits to its buyer, to add to.
    pub fn contract(
        &mut self,
        id: ContractId,
        buyer: OrganizationId,
        market: MarketId,
        currency: Currency,
    ) -> &mut MonthOfContract {
        self.credits.entry(id).or_insert_with(|| MonthOfContract {
            buyer,
            market,
            currency,
            missed: Vec::new(),
            reversals: Vec::new(),
            recovered: BTreeMap::new(),
            penalties: BTreeMap::new(),
        })
    }

    /// Returns what a buyer buys by the hour, to add to.
    pub fn spot(&mut self, buyer: OrganizationId, currency: Currency) -> &mut MonthOfSpot {
        self.spot.entry(Account { organization: buyer, currency }).or_default()
    }

    /// Returns what a seller earns, to add to.
    pub fn seller(&mut self, seller: OrganizationId, currency: Currency) -> &mut MonthOfSeller {
        self.sellers.entry(Account { organization: seller, currency }).or_default()
    }
}

/// Credits of a month to a contract's buyer, by seller.
pub(super) struct MonthOfContract {
    pub buyer: OrganizationId,
    pub market: MarketId,
    pub currency: Currency,
    pub missed: Vec<Missed>,
    /// Outages that were settled after their time had been recorded as delivered.
    pub reversals: Vec<Reversal>,
    /// Earnings that sellers gave back for earlier time.
    pub recovered: BTreeMap<OrganizationId, PaidInHours>,
    /// Penalties that sellers paid with their hours.
    pub penalties: BTreeMap<OrganizationId, PaidInHours>,
}

/// Payments of a seller out of its earnings of some hours.
pub(super) struct PaidInHours {
    pub first: Hour,
    pub last: Hour,
    pub amount: Amount,
}

/// Consecutive hours of which the same was not delivered.
pub(super) struct Missed {
    pub seller: OrganizationId,
    pub from: Hour,
    pub hours: u32,
    /// GPU-minutes of each hour that were not delivered.
    pub gpu_minutes: u32,
    /// Price and buyer's fee, given back for all of them.
    pub credit: Amount,
    /// Earnings of the hours nevertheless, without the fee.
    pub earned: Amount,
}

/// Time that was recorded as delivered and was not.
pub(super) struct Reversal {
    pub seller: OrganizationId,
    pub from: Instant,
    pub until: Option<Instant>,
    pub gpus: u32,
    pub gpu_minutes: u64,
    /// Part of the price that was given back.
    pub price: Amount,
    /// Fee of the buyer on the whole of it.
    pub fee: Amount,
    pub penalty: Amount,
}

impl MonthOfContract {
    pub fn is_empty(&self) -> bool {
        let credits = self.missed.iter().map(|missed| missed.credit);
        let reversals = self.reversals.iter().map(|of| of.price + of.fee + of.penalty);
        let paid = self.recovered.values().chain(self.penalties.values()).map(|paid| paid.amount);
        credits.chain(reversals).chain(paid).all(Amount::is_zero)
    }

    /// Adds what was not delivered of an hour, and what was paid in it for earlier time.
    pub fn miss(&mut self, delivered: &ContractHour, hour: Hour, shortfall: &HourShortfall) {
        let seller = delivered.seller;
        pay(&mut self.recovered, seller, hour, shortfall.recovered);
        pay(&mut self.penalties, seller, hour, shortfall.penalty_paid);
        let gpu_minutes = shortfall.gpu_minutes;
        if gpu_minutes == 0 {
            return;
        }
        match self.missed.last_mut() {
            Some(last)
                if last.seller == seller && last.gpu_minutes == gpu_minutes && last.from.plus(last.hours) == hour =>
            {
                last.hours += 1;
                last.credit += shortfall.credit;
                last.earned += delivered.amount;
            }
            _ => {
                let (credit, earned) = (shortfall.credit, delivered.amount);
                self.missed.push(Missed { seller, from: hour, hours: 1, gpu_minutes, credit, earned });
            }
        }
    }
}

fn pay(paid: &mut BTreeMap<OrganizationId, PaidInHours>, seller: OrganizationId, hour: Hour, amount: Amount) {
    if !amount.is_zero() {
        let so_far = paid.entry(seller).or_insert(PaidInHours { first: hour, last: hour, amount: Amount::ZERO });
        so_far.last = hour;
        so_far.amount += amount;
    }
}

/// Spot sales of one day and market.
#[derive(Default)]
pub(super) struct SpotDay {
    pub gpu_minutes: u64,
    pub amount: Amount,
    prices: Option<(Price, Price)>,
}

impl SpotDay {
    fn add(&mut self, sale: &SpotSale) {
        self.gpu_minutes += u64::from(sale.gpus) * u64::from(sale.minutes);
        self.amount += sale.amount;
        let (low, high) = self.prices.unwrap_or((sale.price, sale.price));
        self.prices = Some((low.min(sale.price), high.max(sale.price)));
    }

    /// Returns the price per GPU-hour; `None` where it was not the same for all.
    pub fn price(&self) -> Option<Price> {
        self.prices.filter(|(low, high)| low == high).map(|(low, _)| low)
    }
}

/// Spot hours that a buyer bought.
#[derive(Default)]
pub(super) struct MonthOfSpot {
    /// Sales by day, market and seller.
    pub capacity: BTreeMap<(Day, MarketId, OrganizationId), SpotDay>,
    /// Fees of the buyer, by market.
    pub fees: BTreeMap<MarketId, Amount>,
}

impl MonthOfSpot {
    pub fn buy(&mut self, day: Day, market: MarketId, sale: &SpotSale) {
        self.capacity.entry((day, market, sale.seller)).or_default().add(sale);
        *self.fees.entry(market).or_default() += sale.buyer_fee;
    }
}

/// Earnings of a seller.
#[derive(Default)]
pub(super) struct MonthOfSeller {
    pub contracts: BTreeMap<ContractId, EarnedOfContract>,
    /// Spot sales by day and market.
    pub spot: BTreeMap<(Day, MarketId), SpotDay>,
    /// Fees of the seller on spot sales, by market.
    pub spot_fees: BTreeMap<MarketId, Amount>,
}

/// Earnings of a seller from one contract.
pub(super) struct EarnedOfContract {
    pub market: MarketId,
    /// First and last hour that were delivered; `None` when none was.
    pub hours: Option<(Hour, Hour)>,
    pub amount: Amount,
    pub fee: Amount,
    pub reversed: Amount,
    pub reversed_fee: Amount,
    pub recovered: Amount,
    pub penalties: Amount,
    pub forfeited: Amount,
}

impl EarnedOfContract {
    /// Adds an hour's earnings and the fee on them.
    pub fn deliver(&mut self, hour: Hour, amount: Amount, fee: Amount) {
        self.hours = Some((self.hours.map_or(hour, |(first, _)| first), hour));
        self.amount += amount;
        self.fee += fee;
    }
}

impl MonthOfSeller {
    pub fn contract(&mut self, id: ContractId, market: MarketId) -> &mut EarnedOfContract {
        self.contracts.entry(id).or_insert_with(|| EarnedOfContract {
            market,
            hours: None,
            amount: Amount::ZERO,
            fee: Amount::ZERO,
            reversed: Amount::ZERO,
            reversed_fee: Amount::ZERO,
            recovered: Amount::ZERO,
            penalties: Amount::ZERO,
            forfeited: Amount::ZERO,
        })
    }

    pub fn sell(&mut self, day: Day, market: MarketId, sale: &SpotSale) {
        self.spot.entry((day, market)).or_default().add(sale);
        *self.spot_fees.entry(market).or_default() += sale.seller_fee;
    }
}

/// Computes the GPU-minutes of `gpus` GPUs over `hours` hours.
pub(super) fn gpu_minutes(gpus: u32, hours: u32) -> u64 {
    u64::from(gpus) * u64::from(hours) * MINUTES_PER_HOUR
}
