//! The two sides of a market.

use crate::database::named_column;

named_column! {
    /// One of the two sides of a market.
    pub enum Side {
        /// The buyer's.
        Buy = "buy",
        /// The seller's.
        Sell = "sell",
    }
}
