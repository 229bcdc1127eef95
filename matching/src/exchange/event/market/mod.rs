//! Events of markets and of the lots that are sold there.

mod lot_expired;
mod lot_registered;
mod lot_withdrawn;
mod market_halted;
mod market_opened;
mod market_resumed;
mod price_band_set;

pub use lot_expired::LotExpired;
pub use lot_registered::LotRegistered;
pub use lot_withdrawn::LotWithdrawn;
pub use market_halted::MarketHalted;
pub use market_opened::MarketOpened;
pub use market_resumed::MarketResumed;
pub use price_band_set::PriceBandSet;
