//! The fold: one event into the state. Total, and without choices: everything was decided before.

use super::{
    CLIENT_ORDER_ID_KEPT_MICROS, ClientOrder, Event, Exchange, Expiring, HoursDelivered, LotRegistered, OrderPlaced,
    OrderSide, Record, TradeExecuted, decide::digest, gate,
};
use crate::{Ask, Bid, BidTerms, Contract, Lot, Order, OrderId, Timeline};

impl Exchange {
    /// Folds the next event of the log into the state. [`Exchange::posted`] then has its journal entries.
    pub fn apply(&mut self, record: &Record) {
        debug_assert_eq!(record.sequence, self.sequence + 1, "the log has no gaps");
        self.sequence = record.sequence;
        self.now = self.now.max(record.at);
        self.forget_old_client_order_ids();
        self.post(record);
        match &record.event {
            Event::OrganizationRegistered(e) => {
                self.organizations.insert(e.organization, e.name.clone());
            }
            Event::MarketOpened(e) => self.venue.open(e.market.clone()),
            Event::DepositReceived(_) => {}
            Event::LotRegistered(e) => self.apply_lot(e),
            Event::LotExpired(e) => {
                if let Some(lot) = self.venue.lot(e.lot) {
                    self.expiries.remove(&(lot.window.end().start(), Expiring::Lot(e.lot)));
                }
                self.venue.remove_lot(e.lot);
            }
            Event::OrderPlaced(e) => self.apply_order(e),
            Event::TradeExecuted(e) => self.apply_trade(e),
            Event::OrderClosed(e) => self.end_order(e.order),
            Event::HoursDelivered(e) => self.apply_delivery(e),
        }
    }

    fn apply_lot(&mut self, e: &LotRegistered) {
        self.expiries.insert((e.window.end().start(), Expiring::Lot(e.lot)));
        self.venue.add_lot(Lot {
            id: e.lot,
            seller: e.organization,
            market: e.market,
            gpus: e.gpus,
            window: e.window,
            fabric: e.fabric.clone(),
            residual: Timeline::flat(e.window, e.gpus),
        });
    }

    fn apply_order(&mut self, e: &OrderPlaced) {
        let terms = &e.terms;
        if let Some(name) = e.client_order_id {
            let client_order = ClientOrder { order: e.order, digest: digest(terms) };
            self.client_orders.insert((e.organization, name), client_order);
        }
        let order = match terms.side {
            OrderSide::Buy { min_gpus, .. } => {
                let lot_size = self.venue.market(terms.market).map_or(1, |market| market.spec.lot_size);
                Order::Bid(Bid {
                    id: e.order,
                    priority: self.sequence,
                    organization: e.organization,
                    market: terms.market,
                    terms: BidTerms {
                        remaining: terms.gpus,
                        min_gpus,
                        all_or_none: min_gpus == terms.gpus && terms.gpus > lot_size,
                        window: terms.window,
                        limit_price: terms.limit_price,
                    },
                    client_order_id: e.client_order_id,
                })
            }
            OrderSide::Sell { lot, hours } => Order::Ask(Ask {
                id: e.order,
                priority: self.sequence,
                organization: e.organization,
                market: terms.market,
                lot,
                gpus: terms.gpus,
                limit_price: terms.limit_price,
                window: terms.window,
                hours,
                remaining: Timeline::flat(terms.window, terms.gpus),
                client_order_id: e.client_order_id,
            }),
        };
        self.expiries.insert((order.expires(), Expiring::Order(e.order)));
        self.venue.rest(order);
    }

    fn apply_trade(&mut self, e: &TradeExecuted) {
        self.venue.fill(e.bid, e.ask, e.gpus, e.window);
        if e.bid_remaining == 0 {
            self.end_order(e.bid);
        }
        if e.ask_filled {
            self.end_order(e.ask);
        }
        let contract = Contract {
            id: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            price: e.price,
            window: e.window,
            buyer_fee_bps: e.buyer_fee_bps,
            seller_fee_bps: e.seller_fee_bps,
            delivered: 0,
        };
        self.deliveries.insert((contract.next_hour(), e.market, e.contract));
        self.contracts.insert(e.contract, contract);
    }

    fn apply_delivery(&mut self, e: &HoursDelivered) {
        for hour in &e.contracts {
            self.deliveries.remove(&(e.hour, e.market, hour.contract));
            let Some(contract) = self.contracts.get_mut(&hour.contract) else { continue };
            contract.delivered += 1;
            if contract.is_complete() {
                self.contracts.remove(&hour.contract);
            } else {
                self.deliveries.insert((contract.next_hour(), e.market, hour.contract));
            }
        }
    }

    fn end_order(&mut self, id: OrderId) {
        let Some(order) = self.venue.remove(id) else { return };
        self.expiries.remove(&(order.expires(), Expiring::Order(id)));
        if let Some(name) = order.client_order_id() {
            self.client_orders_ended.push_back((self.now, order.organization(), name));
        }
    }

    fn forget_old_client_order_ids(&mut self) {
        while let Some((ended, organization, name)) = self.client_orders_ended.front().copied() {
            if self.now.micros() - ended.micros() < CLIENT_ORDER_ID_KEPT_MICROS {
                break;
            }
            self.client_orders_ended.pop_front();
            self.client_orders.remove(&(organization, name));
        }
    }
}

impl Order {
    /// When the order ends by itself: a bid at its gate, an ask with its window.
    fn expires(&self) -> ledger::Instant {
        match self {
            Self::Bid(bid) => gate(bid.terms.window.start()),
            Self::Ask(ask) => ask.window.end().start(),
        }
    }
}
