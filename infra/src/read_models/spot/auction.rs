//! Auctions of a market as their events leave them.

use matching::{Event, Hour, MarketId, MissedCause, Price, Record};

use crate::database::named_column;
use crate::read_models::followed::Recorded;

named_column! {
    /// Reason why an auction was void.
    pub enum MissedReason {
        /// No process led the exchange when it was due.
        NobodyLed = "nobody_led",
        /// The market was halted.
        Halted = "halted",
    }
}

/// Auction of a market for an hour, held or void.
#[derive(Clone, Debug)]
pub struct AuctionRecord {
    /// Market of the auction.
    pub market: MarketId,
    /// Hour that was auctioned.
    pub hour: Hour,
    /// Clearing price per GPU-hour; `None` when no bid reached an ask.
    pub clearing_price: Option<Price>,
    /// Number of GPUs sold.
    pub gpus: u64,
    /// Number of GPUs bid for, at any price.
    pub gpus_bid: u64,
    /// Number of GPUs on offer, at any price.
    pub gpus_offered: u64,
    /// Reason why it was void; `None` where it was held.
    pub missed: Option<MissedReason>,
    /// Sequence of the auction in the log.
    pub sequence: u64,
}

impl Recorded for AuctionRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        let sequence = record.sequence;
        match &record.event {
            Event::SpotAuctionHeld(held) => vec![Self {
                market: held.market,
                hour: held.hour,
                clearing_price: held.price,
                gpus: u64::from(held.gpus),
                gpus_bid: held.gpus_bid,
                gpus_offered: held.gpus_offered,
                missed: None,
                sequence,
            }],
            Event::SpotAuctionMissed(missed) => vec![Self {
                market: missed.market,
                hour: missed.hour,
                clearing_price: None,
                gpus: 0,
                gpus_bid: 0,
                gpus_offered: 0,
                missed: Some(match missed.cause {
                    MissedCause::NobodyLed => MissedReason::NobodyLed,
                    MissedCause::Halted => MissedReason::Halted,
                }),
                sequence,
            }],
            _ => Vec::new(),
        }
    }
}
