use ledger::{Amount, ContractId, Currency, Fact, OrganizationId, exact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::billing::first_charge;
use crate::contract::{Contract, Owed};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp, supply_of};
use crate::exchange::facts::{Facts, voided};
use crate::exchange::{Advance, Exchange, Parties};
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId, TradeId};
use crate::market::{Liquidity, MarketId};
use crate::order::{Order, is_default};
use crate::price::Price;

/// A bid and an ask traded, which created a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TradeExecuted {
    /// Id of the trade.
    pub trade: TradeId,
    /// Contract that it created.
    pub contract: ContractId,
    /// Market in which it traded: that of the ask.
    pub market: MarketId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Contract of which a part was resold; `None` for a sale from a lot.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
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
    /// Hours that were sold.
    pub window: Window,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Price of the whole window, without fees.
    pub amount: Amount,
    /// Whether the buyer's order rested or arrived.
    pub buyer_liquidity: Liquidity,
    /// Fee rate of the buyer, in basis points.
    pub buyer_fee_bps: u16,
    /// Fee of the buyer on the amount, on top of it.
    pub buyer_fee: Amount,
    /// Fee rate of the seller, in basis points.
    pub seller_fee_bps: u16,
    /// Fee of the seller on the amount, deducted from it.
    pub seller_fee: Amount,
    /// Payment now for a contract that is cut into periods; `None` for one that is paid whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub advance: Option<Advance>,
    /// Amount that the bid had set aside beyond what is paid now, given back.
    pub hold_released: Amount,
    /// Number of GPUs that the bid still wants.
    pub bid_remaining: u32,
    /// Most GPUs that the ask has now sold in any one hour.
    pub ask_sold_gpus: u32,
    /// Whether the ask has sold every hour of its window.
    pub ask_filled: bool,
}

impl TradeExecuted {
    /// Returns what the buyer has paid: the whole, or the first period.
    pub fn prepaid(&self) -> Amount {
        self.advance.map_or(self.amount + self.buyer_fee, |advance| advance.prepaid)
    }

    /// Returns the end of the hours that the buyer has paid.
    pub fn paid_until(&self) -> Hour {
        self.advance.map_or(self.window.end(), |advance| advance.billing.first_period(self.window).end())
    }

    /// Returns the security deposit that the buyer has paid.
    pub fn deposit(&self) -> Amount {
        self.advance.map_or(Amount::ZERO, |advance| advance.deposit)
    }
}

impl EventType for TradeExecuted {
    const NAME: &'static str = "trade_executed";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.trade.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnTrade::of(self, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (organization, contract) = (self.buyer, self.contract);
        let (prepaid, deposit) = (self.prepaid(), self.deposit());
        facts.state_nonzero(prepaid, Fact::TermPrepaid { organization, contract, amount: prepaid }, self.currency);
        facts.state_nonzero(deposit, Fact::SecurityTaken { organization, contract, amount: deposit }, self.currency);
        facts.state_nonzero(self.hold_released, voided(self.buyer, self.hold_released), self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.venue.fill(self.bid, self.ask, self.gpus, self.window);
        if self.bid_remaining == 0 {
            exchange.end_order(self.bid);
        } else {
            exchange.move_expiry(self.bid);
        }
        if self.ask_filled
            && let Some(Order::Ask(ask)) = exchange.end_order(self.ask)
        {
            exchange.venue.keep_sold_out(ask);
        }
        exchange.change_market(self.market, |market| market.last_price = Some(self.price));
        exchange.spend(self.buyer, self.currency, self.prepaid() + self.deposit());
        let billing = self.advance.map(|advance| advance.billing);
        let paid_until = self.paid_until();
        let contract = Contract {
            id: self.contract,
            trade: self.trade,
            sequence: exchange.sequence,
            market: self.market,
            lot: self.lot,
            head: self.head,
            ask: self.ask,
            buyer: self.buyer,
            seller: self.seller,
            gpus: self.gpus,
            price: self.price,
            window: self.window,
            buyer_fee_bps: self.buyer_fee_bps,
            seller_fee_bps: self.seller_fee_bps,
            traded: exchange.now.day().month(),
            billing: billing.unwrap_or_default(),
            paid_until,
            deposit: self.deposit(),
            next_charge: billing.map(|_| first_charge(paid_until, exchange.now)),
            delivered: 0,
            delivery: exchange.venue.supply(supply_of(self.lot, self.head)).map(|lot| lot.delivery).unwrap_or_default(),
            ready: self.head.and_then(|head| exchange.contract(head)).and_then(|head| head.ready),
            outages: Vec::new(),
            undelivered_minutes: 0,
            owed: Owed::default(),
            ends: None,
            assignment: None,
        };
        if let Some(market) = exchange.venue.key(self.market) {
            let due = (contract.next_hour(), market);
            let key = exact(exchange.contracts.insert(contract));
            exchange.contract_keys.insert(self.contract, key);
            exchange.traded.add(market, key);
            exchange.deliveries.set(key, due);
        }
        if let Some(head) = self.head {
            exchange.resales.insert((head, self.contract));
        }
        exchange.reschedule_charge(self.contract, |_| {});
    }
}

/// Trade as one of its two sides sees it.
#[derive(Serialize)]
struct OwnTrade {
    trade: TradeId,
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    price: Price,
    window: Window,
    currency: Currency,
    amount: Amount,
    #[serde(flatten)]
    bought: Option<BuyersTrade>,
    #[serde(flatten)]
    sold: Option<SellersTrade>,
}

/// Part of a trade that only the buyer sees.
#[derive(Serialize)]
struct BuyersTrade {
    bid: OrderId,
    buyer_liquidity: Liquidity,
    buyer_fee_bps: u16,
    buyer_fee: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    advance: Option<Advance>,
    hold_released: Amount,
    bid_remaining: u32,
}

/// Part of a trade that only the seller sees.
#[derive(Serialize)]
struct SellersTrade {
    ask: OrderId,
    seller_fee_bps: u16,
    seller_fee: Amount,
    ask_sold_gpus: u32,
    ask_filled: bool,
}

impl OwnTrade {
    fn of(e: &TradeExecuted, reader: OrganizationId) -> Self {
        Self {
            trade: e.trade,
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            price: e.price,
            window: e.window,
            currency: e.currency,
            amount: e.amount,
            bought: (reader == e.buyer).then_some(BuyersTrade {
                bid: e.bid,
                buyer_liquidity: e.buyer_liquidity,
                buyer_fee_bps: e.buyer_fee_bps,
                buyer_fee: e.buyer_fee,
                advance: e.advance,
                hold_released: e.hold_released,
                bid_remaining: e.bid_remaining,
            }),
            sold: (reader == e.seller).then_some(SellersTrade {
                ask: e.ask,
                seller_fee_bps: e.seller_fee_bps,
                seller_fee: e.seller_fee,
                ask_sold_gpus: e.ask_sold_gpus,
                ask_filled: e.ask_filled,
            }),
        }
    }
}
