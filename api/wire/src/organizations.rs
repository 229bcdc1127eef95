//! Organizations and their API clients.

use ledger::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An organization.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationBody {
    /// Its id: 2 to 32 of a–z, 0–9 and inner hyphens.
    #[schema(value_type = String, example = "acme")]
    pub id: OrganizationId,
    /// Its name as people write it, at most 120 characters.
    #[schema(example = "Acme Robotics")]
    pub name: String,
}

/// A client to be created.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClientBody {
    /// What it may do.
    pub role: Role,
}

/// What a client may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys capacity.
    Buyer,
    /// Sells capacity.
    Provider,
    /// Keeps the operator's books.
    Finance,
    /// Runs the exchange.
    Operator,
    /// Lends to boxes.
    Lender,
    /// Checks.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Buyer, Self::Provider, Self::Finance, Self::Operator, Self::Lender, Self::Auditor];

    /// The role's name, which is also its scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Provider => "provider",
            Self::Finance => "finance",
            Self::Operator => "operator",
            Self::Lender => "lender",
            Self::Auditor => "auditor",
        }
    }

    /// What it is for, in a few words.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Buyer => "Buys capacity",
            Self::Provider => "Sells capacity",
            Self::Finance => "Keeps the operator's books",
            Self::Operator => "Runs the exchange",
            Self::Lender => "Lends to boxes",
            Self::Auditor => "Checks",
        }
    }

    /// The role of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether clients of this role belong to the operator's own organization.
    pub const fn is_of_the_house(self) -> bool {
        matches!(self, Self::Finance | Self::Operator | Self::Auditor)
    }
}

/// A client as it was created. The secret is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewClient {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Whose it is.
    #[schema(value_type = String)]
    pub organization: OrganizationId,
    /// What it may do.
    pub role: Role,
}
