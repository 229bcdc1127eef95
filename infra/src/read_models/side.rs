//! Sides of a market.

use crate::database::named_column;

named_column! {
    /// Side of a market.
    pub enum Side {
        /// Side of the buyer.
        Buy = "buy",
        /// Side of the seller.
        Sell = "sell",
    }
}
