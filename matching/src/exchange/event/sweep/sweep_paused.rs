use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::work::{Unfinished, Work};
use crate::exchange::{Exchange, LookedAt, Parties, Swept, SweptBid, SweptOffer};
use crate::identity::DerivedIds;
use crate::market::MarketId;
use crate::order::is_default;

/// A sweep through resting bids, or a bid that has come, paused after as much as one step does. It goes on in the steps
/// that follow; meanwhile the market waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SweepPaused {
    /// Market in which the bids rest.
    pub market: MarketId,
    /// Offer that they may take.
    pub offer: SweptOffer,
    /// Place of the last bid that a sweep came to, or of the ask with which a search goes on; `None` when it is still
    /// at the first.
    pub cursor: Option<Swept>,
    /// Source of the ids that its next trades get.
    pub ids: DerivedIds,
    /// Sequence of the [`SweepPaused`] from which it had gone on; `None` for the first pause.
    pub begun: Option<u64>,
    /// Counts of what was looked at in vain since the sweep began, by organization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<LookedAt>,
    /// Bid at `cursor` while it has more trades than one step makes; `None` when the sweep is between two bids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid: Option<SweptBid>,
    /// Whether it paused because it has looked at as many candidates as one search may.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limited: bool,
}

impl EventType for SweepPaused {
    const NAME: &'static str = "sweep_paused";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        if let Some(begun) = self.begun {
            exchange.unfinished.remove(&begun);
        }
        let SweepPaused { market, offer, cursor, ids, looked_at, bid, .. } = self.clone();
        let work = Work::Sweep { market, offer, cursor, ids, looked_at, bid };
        exchange.unfinished.insert(stamp.sequence, Unfinished { command: stamp.command, work });
    }
}
