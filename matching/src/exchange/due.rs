//! What time alone brings about: delivered hours, and the end of orders and lots.

use ledger::Instant;

use super::{CloseReason, ContractHour, Event, Exchange, Expiring, HoursDelivered, LotExpired};
use crate::{Hour, MarketId};

/// The most contracts in one delivery event, so that records and transactions stay bounded.
const CONTRACTS_PER_EVENT_MAX: usize = 500;

/// The next thing that falls due.
enum Due {
    /// An hour of a market's contracts ends.
    Delivery(MarketId, Hour),
    /// Something ends by itself.
    Expiry(Expiring),
}

impl Exchange {
    /// When the next thing falls due by itself.
    pub fn next_due(&self) -> Option<Instant> {
        self.first_due().map(|(at, _)| at)
    }

    /// Decides the first thing that falls due, at the instant it does.
    pub(super) fn decide_due(&self, out: &mut Vec<Event>) {
        match self.first_due() {
            None => {}
            Some((_, Due::Delivery(market, hour))) => self.deliver(market, hour, out),
            Some((_, Due::Expiry(Expiring::Order(id)))) => {
                let resting = self.venue.order(id);
                out.extend(resting.and_then(|order| self.closed(id, order, CloseReason::Expired)));
            }
            Some((_, Due::Expiry(Expiring::Lot(id)))) => {
                let expired =
                    self.venue.lot(id).map(|lot| LotExpired { lot: id, organization: lot.seller, market: lot.market });
                out.extend(expired.map(Event::from));
            }
        }
    }

    /// Deliveries come before expiries of the same instant: an hour is complete before the lot that served it ends.
    fn first_due(&self) -> Option<(Instant, Due)> {
        let delivery =
            self.deliveries.first().map(|(hour, market, _)| (hour.plus(1).start(), Due::Delivery(*market, *hour)));
        let expiry = self.expiries.first().map(|(at, expiring)| (*at, Due::Expiry(*expiring)));
        match (delivery, expiry) {
            (Some(delivery), Some(expiry)) if expiry.0 < delivery.0 => Some(expiry),
            (Some(delivery), _) => Some(delivery),
            (None, expiry) => expiry,
        }
    }

    fn deliver(&self, market: MarketId, hour: Hour, out: &mut Vec<Event>) {
        let Some(currency) = self.venue.market(market).map(|market| market.spec.currency) else { return };
        let due = self.deliveries.iter().take_while(|(h, m, _)| (*h, *m) == (hour, market));
        let contracts: Vec<ContractHour> = due
            .filter_map(|(_, _, id)| self.contracts.get(id))
            .map(|contract| {
                let earned = contract.next_earnings();
                ContractHour {
                    contract: contract.id,
                    seller: contract.seller,
                    amount: earned.amount,
                    buyer_fee: earned.buyer_fee,
                    seller_fee: earned.seller_fee,
                    completed: contract.delivered + 1 == contract.window.hours(),
                }
            })
            .collect();
        out.extend(
            contracts
                .chunks(CONTRACTS_PER_EVENT_MAX)
                .map(|chunk| Event::from(HoursDelivered { market, hour, currency, contracts: chunk.to_vec() })),
        );
    }
}
