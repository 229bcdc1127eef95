//! Boxes: deals, contracts assigned to them, runs of their waterfall, and projections.

pub mod assignment;
pub mod collections;
pub mod deals;
pub mod life;
pub mod projection;
pub mod statement;
pub mod waterfalls;
