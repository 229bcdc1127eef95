//! Quotes: what a bid would do now, without one.

use ledger::{Amount, Currency, Instant, OrganizationId, checked};
use uuid::Uuid;

use super::decide::Resolved;
use super::{Exchange, MarketChoice, NewOrder, OrderSide, OrderTerms, Refusal};
use crate::hours::{TermWindow, Window};
use crate::identity::{LotId, OrderId};
use crate::market::{Liquidity, MarketId};
use crate::order::BidOptions;
use crate::price::Price;
use crate::venue::Unfilled;

/// What a bid would do if it came now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Quote {
    /// It would fill whole.
    Fillable {
        /// The hours that it would get.
        window: Window,
        /// What prices are in.
        currency: Currency,
        /// The limit at which it fills: the worst price among its trades, on the tick of all its markets.
        limit_price: Price,
        /// The whole window at the prices of its trades.
        amount: Amount,
        /// The buyer's fees on that.
        fees: Amount,
        /// Its trades, best first.
        trades: Vec<QuotedTrade>,
    },
    /// It would not.
    Unfillable(Unfilled),
}

/// A trade that a bid would make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotedTrade {
    /// Where.
    pub market: MarketId,
    /// The lot that would serve it.
    pub lot: LotId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
}

/// A bid for a term that is not placed, only asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuoteRequest {
    /// Who asks.
    pub organization: OrganizationId,
    /// Where it would trade.
    pub markets: MarketChoice,
    /// How many GPUs.
    pub gpus: u32,
    /// The worst price per GPU-hour; any when not given.
    pub limit_price: Option<Price>,
    /// The hours.
    pub window: TermWindow,
    /// What else it would ask for.
    pub options: BidOptions,
}

impl Exchange {
    /// What a bid for a term would do if it came at `now`. Funds and the organization's limits are not looked at:
    /// [`Exchange::check_bid`] does, for the order that comes of it.
    ///
    /// # Errors
    /// [`Refusal`] when such a bid would be refused.
    pub fn quote(&self, request: &QuoteRequest, now: Instant) -> Result<Quote, Refusal> {
        checked(|| self.quoted(request, now))?
    }

    fn quoted(&self, request: &QuoteRequest, now: Instant) -> Result<Quote, Refusal> {
        let QuoteRequest { organization, gpus, limit_price, window, .. } = *request;
        let (market, other_markets) = self.choose(&request.markets, gpus, limit_price)?;
        let markets = self.bid_markets(market, &other_markets)?;
        let side = OrderSide::Buy(markets.resolved(request.options));
        let limit_price = limit_price.unwrap_or(Price::MAX);
        let terms = OrderTerms { market, other_markets, gpus, limit_price, window, side };
        let now = now.max(self.now);
        let arriving = Self::arriving(OrderId::new(Uuid::nil()), organization, &terms, &markets, now)?;
        if request.limit_price.is_some() {
            self.check_limit(&markets.keys, limit_price)?;
        }
        let outcome = self.plan_arrival(&arriving, &markets, now);
        if let Some(unfilled) = outcome.unfilled {
            return Ok(Quote::Unfillable(unfilled));
        }
        let plan = outcome.plan;
        let window = plan.window.unwrap_or_else(|| arriving.terms.window.hull());
        let (mut amount, mut fees) = (Amount::ZERO, Amount::ZERO);
        for execution in &plan.executions {
            let cost = execution.price.cost(execution.gpus, window.hours());
            amount += cost;
            fees += self.venue.at(execution.market).spec.fee(Liquidity::Taker, cost);
        }
        let trades = plan.executions.iter().map(|execution| QuotedTrade {
            market: self.venue.at(execution.market).spec.id,
            lot: self.venue.lot_at(execution.lot).id,
            gpus: execution.gpus,
            price: execution.price,
        });
        Ok(Quote::Fillable {
            window,
            currency: self.venue.at(markets.keys[0]).spec.currency,
            limit_price: self.venue.limit_of(&plan, &markets.keys).unwrap_or(limit_price),
            amount,
            fees,
            trades: trades.collect(),
        })
    }

    /// Why a bid for a term would be refused if it came at `now`, by the very checks that decide it.
    ///
    /// # Errors
    /// That [`Refusal`].
    pub fn check_bid(&self, bid: &NewOrder, now: Instant) -> Result<(), Refusal> {
        match self.resolve_new(bid)? {
            Resolved::Bid(terms, markets) => {
                let order = OrderId::new(Uuid::nil());
                self.admit_bid(order, bid.organization, &terms, &markets, now.max(self.now)).map(drop)
            }
            Resolved::Ask(..) | Resolved::Spot(_) => Err(Refusal::OptionsConflict),
        }
    }
}
