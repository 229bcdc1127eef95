//! Quotes: what a bid would do now, without placing it.

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

/// Outcome of a bid if it came now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Quote {
    /// The bid would fill whole.
    Fillable {
        /// Hours that it would get.
        window: Window,
        /// Currency of the amounts.
        currency: Currency,
        /// Limit price at which it fills: the worst price among its trades, rounded up to the tick of all its markets.
        limit_price: Price,
        /// Price of the whole window over all trades, without fees.
        amount: Amount,
        /// Fees of the buyer on these trades.
        fees: Amount,
        /// Trades that it would make, best first.
        trades: Vec<QuotedTrade>,
    },
    /// The bid would not fill whole, for this reason.
    Unfillable(Unfilled),
}

/// Trade that a bid would make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotedTrade {
    /// Market of the trade.
    pub market: MarketId,
    /// Lot that would serve it.
    pub lot: LotId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
}

/// Bid for a term that is asked about, not placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuoteRequest {
    /// Organization that asks.
    pub organization: OrganizationId,
    /// Markets in which it may trade.
    pub markets: MarketChoice,
    /// Number of GPUs.
    pub gpus: u32,
    /// Worst price per GPU-hour; `None` for any.
    pub limit_price: Option<Price>,
    /// Hours that it wants.
    pub window: TermWindow,
    /// Further options of the bid.
    pub options: BidOptions,
}

impl Exchange {
    /// Computes what a bid for a term would do if it came at `now`. Ignores funds and the organization's limits;
    /// [`Exchange::check_bid`] checks them for the order that comes of it.
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

    /// Checks whether a bid for a term would be refused if it came at `now`, by the same checks that decide it.
    ///
    /// # Errors
    /// [`Refusal`] that the bid would get.
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
