//! Why a document is no deal.

use crate::identity::ItemName;

/// Why a document is no deal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeal {
    /// Two of a kind have one name.
    #[error("the {0} {1} has the name of another one")]
    Name(&'static str, ItemName),
    /// Something is named that the deal does not have.
    #[error("{0} names the {1} {2}, which the deal does not have")]
    Unknown(String, &'static str, ItemName),
    /// A number is out of range.
    #[error("{0}: {1}")]
    Number(String, &'static str),
    /// A day or a month is not possible.
    #[error("{0}: {1}")]
    Date(String, &'static str),
    /// The priority of payments is not complete, or in no order that can be paid.
    #[error("the priority of payments: {0}")]
    Priority(String),
    /// Too many of something, or none of what there must be.
    #[error("a deal has {0}")]
    Count(&'static str),
    /// What it comes to is beyond what the books take.
    #[error("{0} comes to more than the books take in one amount")]
    TooLarge(String),
}
