//! What a box's deal comes to, by its terms and otherwise.

use ledger::deal::{Quantity, WhatIf};
use matching::MarketId;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::strict_json;

/// How a projection is told.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectionQuery {
    /// `json`, `csv` or `svg`; `json` when not given.
    #[serde(default)]
    pub format: ProjectionFormat,
    /// From where: `standing`, where the box stands after its latest run, over the contracts that remain; or `closing`. `standing` when not
    /// given.
    #[serde(default)]
    pub from: ProjectionStart,
}

/// How a projection is told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionFormat {
    /// Every step, the covenants, and what the deal comes to.
    #[default]
    Json,
    /// A row for each determination date, with the payments by kind.
    Csv,
    /// Charts.
    Svg,
}

/// Where a projection begins.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionStart {
    /// Where the box stands; before its closing, at its closing.
    #[default]
    Standing,
    /// At its closing.
    Closing,
}

/// How things go otherwise than by the terms.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfsBody {
    /// At most 50, all at once, as `docs/boxes.md` has them. A renewal may name a `market` in the place of a `price`: it is at that market's spot
    /// index then, on average over the last 720 auctions that sold anything.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub what_ifs: Vec<WhatIfBody>,
}

/// A what-if, as it is asked for here.
#[derive(Serialize)]
#[serde(untagged)]
pub enum WhatIfBody {
    /// A renewal at a market's spot index.
    AtSpotIndex {
        /// The renewal.
        renewal: SpotRenewal,
    },
    /// Any other.
    AsGiven(WhatIf),
}

/// By what it names, so that what is wrong with it is told as of that kind.
impl<'de> Deserialize<'de> for WhatIfBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let told = match value.get("renewal").filter(|renewal| renewal.get("market").is_some()) {
            Some(renewal) => strict_json::from_value(renewal.clone()).map(|renewal| Self::AtSpotIndex { renewal }),
            None => strict_json::from_value(value).map(Self::AsGiven),
        };
        told.map_err(D::Error::custom)
    }
}

/// The GPUs are sold for longer, at a market's spot index.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotRenewal {
    /// How many GPUs.
    pub gpus: u32,
    /// The market whose spot index is the price.
    pub market: MarketId,
    /// The share of the hours that is sold.
    pub utilization: Quantity,
    /// For how many months.
    pub months: u16,
}
