//! State hash: one value that two exchanges share exactly when their states are equal.

use std::collections::BTreeMap;
use std::fmt;

use ledger::{ContractId, Instant, Invariant, exact};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Agenda, Exchange};
use crate::identity::OrderId;
use crate::order::Order;

/// SHA-256 of an exchange's whole state in a canonical order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StateHash([u8; 32]);

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writer of canonical bytes into the hash.
struct Hasher(Sha256);

impl Hasher {
    fn add(&mut self, part: &impl Serialize) {
        let bytes = match postcard::to_allocvec(part) {
            Ok(bytes) => bytes,
            Err(error) => Invariant::EventEncodes.violated(format_args!("a part of the state: {error}")),
        };
        self.0.update(exact::<_, u64>(bytes.len()).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds an agenda by the ids of its items, not by where they are kept.
    fn add_agenda<K: Ord + Copy + Serialize, I: Ord + Serialize>(&mut self, agenda: &Agenda<K>, id: impl Fn(u32) -> I) {
        for (due, things) in agenda.iter() {
            let mut ids: Vec<I> = things.map(&id).collect();
            ids.sort_unstable();
            self.add(&(due, ids));
        }
    }

    /// Adds the orders that end by themselves, by instant and id.
    fn add_expiries(&mut self, exchange: &Exchange) {
        let mut by_instant: BTreeMap<Instant, Vec<OrderId>> = BTreeMap::new();
        for ((at, _), orders) in exchange.expiries.iter() {
            by_instant.entry(at).or_default().extend(orders.map(|key| exchange.venue.order_at(key).id()));
        }
        for (at, mut orders) in by_instant {
            orders.sort_unstable();
            self.add(&(at, orders));
        }
    }

    /// Adds an order by its content, not by where the venue keeps it.
    fn add_order(&mut self, exchange: &Exchange, order: &Order) {
        let supply = order.lot().map(|key| exchange.venue.lot_at(key).supply);
        let market = exchange.venue.at(order.market()).spec.id;
        let name = exchange.client_order_ids.get(&order.id());
        self.add(&(order.id(), order.organization(), market, supply, name));
        match order {
            Order::Bid(bid) => {
                let markets: Vec<_> = bid.markets.iter().map(|key| exchange.venue.at(*key).spec.id).collect();
                self.add(&(bid.priority, markets, bid.gpus, &bid.terms, bid.options.expires_at, bid.options.post_only));
                self.add(&(bid.options.self_trade_prevention, bid.gate_minutes, bid.fee_bps_max));
                self.add(&(bid.options.billing, bid.held_hours));
            }
            Order::Ask(ask) => {
                self.add(&(ask.priority, ask.gpus, ask.limit_price, ask.window, ask.hours, &ask.remaining));
                self.add(&ask.self_trade_prevention);
            }
            Order::SpotBid(bid) => {
                self.add(&(bid.priority, bid.gpus, bid.min_gpus, bid.limit_price, bid.suspended));
            }
            Order::SpotAsk(ask) => self.add(&(ask.priority, ask.gpus, ask.limit_price, ask.window)),
        }
    }
}

impl Exchange {
    /// Computes the hash of the state. Its cost grows with the state: for tests, checkpoints and audits.
    pub fn state_hash(&self) -> StateHash {
        let mut hasher = Hasher(Sha256::new());
        hasher.add(&(self.sequence, self.now.micros()));
        let mut organizations: Vec<_> = self.organizations.iter().collect();
        organizations.sort_unstable_by_key(|(id, _)| *id);
        hasher.add(&organizations);
        for market in self.venue.markets() {
            let key = self.venue.key(market.spec.id);
            hasher.add(&market.spec);
            hasher.add(&(market.halted, market.price_band, market.last_price, market.last_completed));
            hasher.add(&(market.spot.last_price, market.spot.next_hour, &market.spot.hours));
            let Some(key) = key else { continue };
            hasher.add(&self.venue.bids(key).map(|bid| bid.id).collect::<Vec<_>>());
            hasher.add(&self.venue.asks(key).map(|ask| ask.id).collect::<Vec<_>>());
            hasher.add(&self.venue.spot_bids(key).map(|bid| bid.id).collect::<Vec<_>>());
            hasher.add(&self.venue.spot_asks(key).map(|ask| ask.id).collect::<Vec<_>>());
        }
        for lot in self.venue.lots() {
            hasher.add(lot);
        }
        for order in self.venue.orders() {
            hasher.add_order(self, order);
        }
        for ask in self.venue.all_sold_out() {
            hasher.add(&(ask.id, ask.priority, ask.gpus, ask.limit_price, ask.hours, ask.window));
        }
        for contract in self.contracts() {
            hasher.add(contract);
        }
        let mut disputed: Vec<_> = self.disputed.values().collect();
        disputed.sort_unstable_by_key(|contract| contract.id);
        hasher.add(&disputed);
        hasher.add_agenda(&self.deliveries, |key| self.contracts[key as usize].id);
        let charges: Vec<(Instant, ContractId)> = self.charges.iter().copied().collect();
        for due in charges.chunk_by(|(at, _), (other, _)| at == other) {
            hasher.add(&(due[0].0, due.iter().map(|(_, contract)| *contract).collect::<Vec<_>>()));
        }
        hasher.add(&self.spot_deliveries);
        hasher.add(&self.gates);
        hasher.add_expiries(self);
        hasher.add(&self.lot_ends);
        let mut client_orders: Vec<_> = self.client_orders.iter().collect();
        client_orders.sort_unstable_by_key(|(name, _)| *name);
        hasher.add(&client_orders);
        hasher.add(&self.client_orders_ended);
        hasher.add(&self.bank);
        hasher.add(&self.accounting);
        hasher.add(&(&self.boxes, &self.box_runs, &self.rates));
        // Only where there is some: logs that never had any keep their hash.
        if !self.unfinished.is_empty() {
            hasher.add(&self.unfinished);
        }
        if !self.parked.is_empty() {
            hasher.add(&self.parked);
        }
        for (account, balance) in self.books.sorted() {
            let (entity, owner) = (account.entity.to_string(), account.owner.to_string());
            hasher.add(&(entity, account.kind.code(), owner, account.currency, balance));
        }
        StateHash(hasher.0.finalize().into())
    }
}
