//! Lots: the capacity that providers list.

use std::borrow::Cow;

use matching::MarketId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::window::WindowBody;

/// Capacity to be listed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLotBody {
    /// Where it is sold.
    #[schema(value_type = String, example = "a100-80g-sxm4-ib.us-tx-1")]
    pub market: MarketId,
    /// How many GPUs: a multiple of the market's lot size.
    #[schema(example = 512)]
    pub gpus: u32,
    /// When.
    pub window: WindowBody,
    /// Your name for the network that the GPUs share, at most 120 characters.
    #[schema(example = "hall-3")]
    pub fabric: String,
    /// The shortest free run, in hours, that a term sale may leave; any when 0. Sales by the hour do not mind it.
    #[serde(default)]
    pub min_remnant_hours: u32,
    /// `automatic` (default): live from the window's start; `confirmed`: time counts as delivered from when you say that it is ready.
    #[serde(default)]
    pub delivery: DeliveryModeBody,
    /// What you pay on top of the credit for time not delivered, in basis points of its price; 0 when not given.
    #[serde(default)]
    pub penalty_bps: u16,
    /// So many settled outages within 720 hours let a buyer end a contract; 3 when not given.
    pub termination_outages: Option<u32>,
}

/// When time of a lot counts as delivered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryModeBody {
    /// From the window's start.
    #[default]
    Automatic,
    /// From when the provider says that it is ready.
    Confirmed,
}

/// A lot.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct LotBody {
    /// Its id.
    pub id: Uuid,
    /// Who delivers.
    pub organization: String,
    /// Where it is sold.
    pub market: String,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: WindowBody,
    /// The provider's name for the network that the GPUs share.
    pub fabric: String,
    /// The shortest hole that a sale may leave.
    pub min_remnant_hours: u32,
    /// When time counts as delivered.
    pub delivery: DeliveryModeBody,
    /// What the provider pays on top of the credit for time not delivered, in basis points of its price.
    pub penalty_bps: u16,
    /// So many settled outages within 720 hours let a buyer end a contract.
    pub termination_outages: u32,
    /// The fewest GPUs that are free in any hour; 0 when the window has passed.
    pub free_gpus_min: u32,
    /// `listed`, `withdrawn`, or `expired` when the window has passed.
    pub status: Cow<'static, str>,
}

/// GPUs over a part of a lot's window.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CalendarStep {
    /// The first hour of the part.
    #[serde(flatten)]
    pub window: WindowBody,
    /// GPUs that are free in each of its hours.
    pub free_gpus: u32,
    /// GPUs sold for a term.
    pub sold_term: u32,
    /// GPUs sold by the hour.
    pub sold_spot: u32,
}
