//! Keys: places of items within a venue, while it lasts. They mean nothing outside of it.

use serde::Serialize;

/// Key of a market within its venue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct MarketKey(pub(crate) u32);

/// Key of a lot within its venue, while its window lasts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LotKey(pub(crate) u32);

/// Key of an organization that has or had asks, within its venue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OwnerKey(pub(crate) u32);
