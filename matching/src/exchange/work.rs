//! Unfinished work: what a command leaves because it is more than one step does.
//!
//! The state holds it from the event that records it to the event that says that it is done. Until then it goes on, one
//! bounded step at a time and under the command's own id. Meanwhile only commands that concern other markets are
//! decided. The next leader goes on where the last one stopped.
//!
//! Orders that end by themselves at one instant may be more than one step ends, too. No work is recorded for these:
//! they stay due.

use ledger::{Instant, OrganizationId};
use serde::Serialize;
use smallvec::SmallVec;

use super::{
    Command, Ending, Event, Exchange, Instruction, LookedAt, NewOrder, NewSide, OrdersEnded, SweepEnded, Swept,
    SweptBid, SweptOffer,
};
use crate::hours::Hour;
use crate::identity::{CommandId, DerivedIds, OrderId};
use crate::keys::MarketKey;
use crate::lot::Supply;
use crate::market::{MarketId, first_open_hour};
use crate::order::Order;
use crate::venue::SearchPlace;

/// Largest number of orders that one step ends.
pub const ORDERS_PER_STEP_MAX: usize = 64;

/// Largest number of overdue orders whose markets are looked up. With more, every command waits for them.
const OVERDUE_MAX: usize = 256;

/// Work with the command that left it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Unfinished {
    pub command: CommandId,
    pub work: Work,
}

/// Work that is still to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) enum Work {
    /// Ending of an organization's orders together.
    EndOrders { organization: OrganizationId, ending: Ending },
    /// Sweep of bids behind a place in the ranking of a market, or search of a bid that has come.
    Sweep {
        market: MarketId,
        offer: SweptOffer,
        cursor: Option<Swept>,
        ids: DerivedIds,
        looked_at: Vec<LookedAt>,
        #[serde(skip_serializing_if = "Option::is_none")]
        bid: Option<SweptBid>,
    },
}

/// Organization and markets that an instruction concerns.
struct Reach {
    /// Organization concerned; `None` when only markets are.
    organization: Option<OrganizationId>,
    /// Markets concerned; empty when only money is, or the instruction will be refused.
    markets: SmallVec<[MarketKey; 2]>,
}

impl Exchange {
    /// Returns whether a command left work that is not done.
    pub fn has_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// Counts the pieces of work that are not done.
    pub fn count_unfinished(&self) -> usize {
        self.unfinished.len()
    }

    /// Returns whether this command left work that is not done.
    pub fn is_unfinished(&self, command: CommandId) -> bool {
        self.unfinished.values().any(|unfinished| unfinished.command == command)
    }

    /// Returns whether there is much to do at the state's own instant: unfinished work, or more orders to end than one
    /// step ends.
    pub fn is_busy(&self) -> bool {
        self.has_unfinished() || {
            let ending = self.expiries.iter().take_while(|((at, _), _)| *at <= self.now).flat_map(|(_, orders)| orders);
            ending.take(ORDERS_PER_STEP_MAX + 1).count() > ORDERS_PER_STEP_MAX
        }
    }

    /// Returns the instant at which a command may be carried out before the work with which the exchange is
    /// [busy](Self::is_busy); `None` when it has to wait. A command goes ahead when it concerns other markets, and
    /// another organization than the one whose orders end. What falls due meanwhile waits for the work, and time stops
    /// before it, for as long as the command has the same effect then.
    pub fn ahead_at(&self, command: &Command) -> Option<Instant> {
        if !self.is_busy() {
            return None;
        }
        let reach = self.reach(&command.instruction)?;
        if self.unfinished.values().any(|unfinished| self.touches(&unfinished.work, &reach)) {
            return None;
        }
        let Some(due) = self.next_due().filter(|due| *due <= command.at) else { return Some(command.at) };
        let at = Instant::nearest_to(due.micros() - 1).max(self.now);
        let passes = due > at || (due == at && self.passes_due(&reach));
        (passes && self.comes_to_the_same(&reach, at, command.at)).then_some(at)
    }

    /// Returns whether a command, at its own instant, is carried out before the work with which the exchange is busy.
    pub fn goes_ahead(&self, command: &Command) -> bool {
        self.ahead_at(command) == Some(command.at)
    }

    /// Returns whether a command for these markets has the same effect at an instant as later: no hour has begun in
    /// between and no gate has closed, and nothing there has ended or was to be auctioned.
    fn comes_to_the_same(&self, reach: &Reach, at: Instant, later: Instant) -> bool {
        if Hour::containing(at) != Hour::containing(later) {
            return false;
        }
        let gate_closed = |key: &MarketKey| {
            let minutes = self.venue.at(*key).spec.gate_minutes;
            first_open_hour(at, minutes) != first_open_hour(later, minutes)
        };
        let overdue = self.expiries.iter().take_while(|((due, _), _)| *due <= later);
        // Orders of one market trade in that market alone: the first stands for all.
        let asked = |market: Option<MarketKey>| if market.is_some() { 1 } else { OVERDUE_MAX + 1 };
        let overdue = overdue.flat_map(|((_, market), orders)| orders.take(asked(market)));
        let trades_here = |key| reach.markets.iter().any(|market| self.venue.order_at(key).trades_in(*market));
        let has_ended = overdue.enumerate().any(|(nth, key)| nth == OVERDUE_MAX || trades_here(key));
        let mut gates = self.gates.iter().take_while(|(due, _)| *due <= later);
        !has_ended && !reach.markets.iter().any(gate_closed) && !gates.any(|(_, market)| reach.markets.contains(market))
    }

    /// Returns what an instruction concerns; `None` when it may concern everybody.
    fn reach(&self, instruction: &Instruction) -> Option<Reach> {
        let (organization, markets) = match instruction {
            Instruction::PlaceOrder(new) => (Some(new.organization), self.markets_of_side(new)),
            Instruction::AmendOrder(new) => (Some(new.organization), self.markets_of_order(new.order)?),
            Instruction::CancelOrder { organization, order } => (Some(*organization), self.markets_of_order(*order)?),
            Instruction::CancelOrders { organization, .. } | Instruction::SuspendOrganization { organization, .. } => {
                (Some(*organization), self.markets_of_orders_of(*organization))
            }
            Instruction::RegisterLot(new) => (Some(new.organization), self.venue.key(new.market).into_iter().collect()),
            Instruction::HaltMarket { market, .. } | Instruction::ResumeMarket { market } => {
                (None, self.venue.key(*market).into_iter().collect())
            }
            Instruction::RegisterOrganization { organization, .. }
            | Instruction::ReinstateOrganization { organization }
            | Instruction::RecordDeposit { organization, .. } => (Some(*organization), SmallVec::new()),
            _ => return None,
        };
        Some(Reach { organization, markets })
    }

    /// Returns the markets in which an organization has orders at rest.
    fn markets_of_orders_of(&self, organization: OrganizationId) -> SmallVec<[MarketKey; 2]> {
        let mut markets: SmallVec<[MarketKey; 2]> = SmallVec::new();
        for order in self.venue.orders_of(organization) {
            let of_order: &[MarketKey] = if let Order::Bid(bid) = order { &bid.markets } else { &[order.market()] };
            for market in of_order {
                if !markets.contains(market) {
                    markets.push(*market);
                }
            }
        }
        markets
    }

    fn markets_of_side(&self, new: &NewOrder) -> SmallVec<[MarketKey; 2]> {
        let of = |market: MarketId| self.venue.key(market);
        match &new.side {
            NewSide::Buy { markets, .. } => match self.choose(markets, new.gpus, Some(new.limit_price)) {
                Ok((first, others)) => std::iter::once(first).chain(others).filter_map(of).collect(),
                Err(_) => SmallVec::new(),
            },
            NewSide::SpotBuy { market, .. } => of(*market).into_iter().collect(),
            NewSide::Sell { supply, .. } | NewSide::SpotSell { supply, .. } => self.market_of_supply(*supply),
        }
    }

    /// Returns the markets of an order at rest.
    fn markets_of_order(&self, order: OrderId) -> Option<SmallVec<[MarketKey; 2]>> {
        Some(match self.venue.order(order)? {
            Order::Bid(bid) => bid.markets.iter().copied().collect(),
            other => SmallVec::from_iter([other.market()]),
        })
    }

    fn market_of_supply(&self, supply: Supply) -> SmallVec<[MarketKey; 2]> {
        let market = match supply {
            Supply::Lot(_) => self.venue.supply(supply).map(|lot| lot.market_key),
            // The contract may not be on offer yet.
            Supply::Contract(id) => self.contract(id).and_then(|contract| self.venue.key(contract.market)),
        };
        market.into_iter().collect()
    }

    /// Returns whether what is due at the state's instant does not affect these markets: orders that end and auctions
    /// in other markets, or lots that end and boxes that pay.
    fn passes_due(&self, reach: &Reach) -> bool {
        let ends_in = |market| self.expiries.due_at((self.now, market)).next().is_some();
        let auctions_in = |market| self.gates.contains(&(self.now, market));
        self.next_payment().is_none_or(|at| at > self.now)
            && !ends_in(None)
            && !reach.markets.iter().any(|market| ends_in(Some(*market)) || auctions_in(*market))
    }

    fn touches(&self, work: &Work, reach: &Reach) -> bool {
        let reaches = |market: MarketKey| reach.markets.contains(&market);
        match work {
            Work::Sweep { offer: SweptOffer::ToBid { order, .. } | SweptOffer::ToResting(order), .. } => {
                self.markets_of_order(*order).is_some_and(|markets| markets.into_iter().any(reaches))
            }
            Work::Sweep { market, .. } => self.venue.key(*market).is_some_and(reaches),
            Work::EndOrders { organization, ending } => {
                let ends_in = match ending {
                    Ending::Withdrawn { lot } => self.market_of_supply(Supply::Lot(*lot)).into_iter().any(reaches),
                    Ending::Busted { contract, .. } | Ending::Noticed { contract, .. } => {
                        self.market_of_supply(Supply::Contract(*contract)).into_iter().any(reaches)
                    }
                    Ending::Cancelled { .. } | Ending::Suspended { .. } => {
                        let mut orders = self.venue.orders_of(*organization);
                        orders.any(|order| reach.markets.iter().any(|market| order.trades_in(*market)))
                    }
                };
                reach.organization == Some(*organization) || ends_in
            }
        }
    }

    /// Decides the next step of the work that the event `begun` recorded.
    pub(super) fn decide_work(&self, begun: u64, work: &Work, out: &mut Vec<Event>) {
        match work {
            Work::EndOrders { organization, ending } => {
                if self.end_orders(*organization, ending, out) {
                    out.push(OrdersEnded { organization: *organization, begun }.into());
                }
            }
            Work::Sweep { market, offer, cursor, ids, .. } => {
                if let SweptOffer::ToBid { order, start } = *offer
                    && let Some(bid) = self.venue.bid(order)
                {
                    let rank = cursor.map(|Swept { limit_price, priority }| (limit_price, priority));
                    self.go_on_searching(bid, SearchPlace { start, rank }, &mut ids.clone(), out);
                }
                match out.iter_mut().find_map(|event| if let Event::SweepPaused(e) = event { Some(e) } else { None }) {
                    Some(paused) => paused.begun = Some(begun),
                    None => out.push(SweepEnded { market: *market, begun }.into()),
                }
            }
        }
    }
}
