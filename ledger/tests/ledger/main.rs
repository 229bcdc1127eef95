//! The ledger against worked examples and against what others have computed.

mod actus;
mod deal;
mod posting;
mod progress;
