//! Decisions on spot orders. A bid holds its next hour and buys at once what the hours in progress have left over.

use ledger::{Amount, exact};

use super::{check_minimum, check_quantity};
use crate::exchange::event::supply_of;
use crate::exchange::{
    Event, Exchange, GPUS_MAX, NewOrder, Refusal, SpotHoursSold, SpotOrderPlaced, SpotSide, SpotTerms,
};
use crate::hours::Hour;
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey};
use crate::market::{Liquidity, hold};
use crate::price::MINUTES_PER_HOUR;
use crate::venue::{SpotHour, SpotSale};

const MICROS_PER_MINUTE: i64 = 60_000_000;

impl Exchange {
    pub(super) fn place_spot_bid(
        &self,
        new: &NewOrder,
        order: OrderId,
        terms: SpotTerms,
        min_gpus: u32,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let key = self.venue.key(terms.market).ok_or(Refusal::MarketUnknown { market: terms.market })?;
        let market = self.venue.at(key);
        let spec = &market.spec;
        check_quantity(terms.gpus, spec.lot_size, GPUS_MAX)?;
        check_minimum(min_gpus, terms.gpus, spec.lot_size)?;
        Self::check_price(market, terms.limit_price, market.spot.last_price, true)?;
        let next_hour = hold(terms.limit_price, terms.gpus, 1, spec.fee_bps_max());
        self.check_funds(new.organization, spec.currency, next_hour)?;
        let mut purchases = Vec::new();
        let mut needed = next_hour;
        for hour in self.hours_in_progress(key) {
            let sales = self.left_over(key, hour, new, order, &terms, min_gpus);
            let cost: Amount = sales.iter().map(|sale| sale.amount + sale.buyer_fee).sum();
            if !sales.is_empty() && self.check_funds(new.organization, spec.currency, needed + cost).is_ok() {
                needed += cost;
                purchases.push((hour, sales));
            }
        }
        let (organization, client_order_id, currency) = (new.organization, new.client_order_id, spec.currency);
        out.push(SpotOrderPlaced { order, organization, client_order_id, terms, currency, hold: needed }.into());
        let sold = purchases.into_iter().map(|(hour, sales)| {
            Event::from(SpotHoursSold { market: spec.id, hour, currency, sales, holds: Vec::new() })
        });
        out.extend(sold);
        Ok(())
    }

    pub(super) fn place_spot_ask(
        &self,
        new: &NewOrder,
        order: OrderId,
        terms: SpotTerms,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let SpotSide::Sell { lot, contract, window } = terms.side else { return Err(Refusal::LotUnknown) };
        let offered = self.offered(new.organization, supply_of(lot, contract))?;
        self.check_ask_count(new.organization, &offered)?;
        check_quantity(terms.gpus, offered.market.spec.lot_size, offered.gpus)?;
        Self::check_price(offered.market, terms.limit_price, offered.market.spot.last_price, false)?;
        self.check_offered_window(window, offered.window)?;
        let (organization, client_order_id) = (new.organization, new.client_order_id);
        let (currency, hold) = (offered.market.spec.currency, Amount::ZERO);
        out.push(SpotOrderPlaced { order, organization, client_order_id, terms, currency, hold }.into());
        Ok(())
    }

    /// Lists the hours that have not ended and whose gate has passed, except those whose auction was void.
    fn hours_in_progress(&self, key: MarketKey) -> Vec<Hour> {
        let market = self.venue.at(key);
        let current = Hour::containing(self.now);
        let next = (market.spec.gate(current.plus(1)) <= self.now).then(|| current.plus(1));
        let hours = std::iter::once(current).chain(next);
        let void = |hour: &Hour| market.spot.hours.get(hour).is_some_and(|hour| hour.void);
        hours.filter(|hour| !market.halted && !void(hour)).collect()
    }

    /// Computes what a bid that arrives now buys of an hour: what the auction has left over, the cheapest first, at the
    /// clearing price or the ask's where that is higher, for the minutes that remain.
    fn left_over(
        &self,
        key: MarketKey,
        hour: Hour,
        new: &NewOrder,
        order: OrderId,
        terms: &SpotTerms,
        min_gpus: u32,
    ) -> Vec<SpotSale> {
        let spec = &self.venue.at(key).spec;
        let nothing_yet = SpotHour::default();
        let sold = self.venue.at(key).spot.hours.get(&hour).unwrap_or(&nothing_yet);
        let to_the_end = (hour.plus(1).start().micros() - self.now.micros()) / MICROS_PER_MINUTE;
        let minutes: u32 = exact(to_the_end.clamp(0, i64::from(MINUTES_PER_HOUR)));
        let mut sales: Vec<SpotSale> = Vec::new();
        let mut taken: Vec<(LotKey, u32)> = Vec::new();
        let mut wanted = terms.gpus;
        let sold_by = sold.sold_by_ask();
        for ask in self.venue.spot_asks(key) {
            let price = sold.price.map_or(ask.limit_price, |price| price.max(ask.limit_price));
            if wanted == 0 || price > terms.limit_price {
                break;
            }
            if !ask.offers(hour) || ask.organization == new.organization {
                continue;
            }
            let lot = self.venue.lot_at(ask.lot);
            let taken_here: u32 = taken.iter().filter(|(key, _)| *key == ask.lot).map(|(_, gpus)| gpus).sum();
            #[expect(
                clippy::disallowed_methods,
                reason = "an ask may have been amended to less than it has sold of the hour"
            )]
            let of_ask = ask.gpus.saturating_sub(sold_by.get(&ask.id).copied().unwrap_or(0));
            let free = (lot.residual.at(hour) - taken_here).min(of_ask).min(wanted);
            let gpus = free - free % spec.lot_size;
            let amount = price.cost_of_minutes(gpus, minutes);
            if amount <= Amount::ZERO {
                continue;
            }
            wanted -= gpus;
            taken.push((ask.lot, gpus));
            sales.push(SpotSale {
                bid: order,
                buyer: new.organization,
                ask: ask.id,
                seller: ask.organization,
                lot: lot.id,
                gpus,
                price,
                minutes,
                amount,
                buyer_fee: spec.fee(Liquidity::Taker, amount),
                seller_fee: spec.fee(Liquidity::Maker, amount),
            });
        }
        if terms.gpus - wanted < min_gpus { Vec::new() } else { sales }
    }
}
