//! What a command leaves unfinished because it is more than one step does.
//!
//! The state holds it from the event that says so to the event that says that it is done. Until then it goes on before anything else
//! happens, one bounded step at a time and under the command's own id. Whoever leads next goes on where the last one stood.

use ledger::OrganizationId;
use serde::Serialize;

use super::{Ending, Event, Exchange, OrdersEnded, SweepEnded, Swept, SweptOffer};
use crate::{CommandId, DerivedIds, MarketId, SearchPlace};

/// The most orders that one step ends.
pub const ORDERS_PER_STEP_MAX: usize = 256;

/// Work with the command that left it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Unfinished {
    pub command: CommandId,
    pub work: Work,
}

/// What is still to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) enum Work {
    /// Orders of an organization end together.
    EndOrders { organization: OrganizationId, ending: Ending },
    /// Bids behind a place in the ranking of a market may take what has come to it, or a bid that has come is searched on.
    Sweep { market: MarketId, offer: SweptOffer, cursor: Option<Swept>, ids: DerivedIds },
}

impl Exchange {
    /// The command whose work goes on next; none when no command left any.
    pub fn unfinished(&self) -> Option<CommandId> {
        self.unfinished.first_key_value().map(|(_, unfinished)| unfinished.command)
    }

    /// Decides the next step of the work that the event `begun` recorded.
    pub(super) fn decide_work(&self, begun: u64, work: &Work, out: &mut Vec<Event>) {
        match work {
            Work::EndOrders { organization, ending } => {
                if self.end_orders(*organization, ending, out) {
                    out.push(OrdersEnded { organization: *organization, begun }.into());
                }
            }
            Work::Sweep { market, offer, cursor, ids } => {
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
