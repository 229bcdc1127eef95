//! Who is calling: OAuth2 client credentials, access tokens, roles and organizations.

mod caller;
mod clients;
mod routes;
mod secrets;
mod tokens;

pub(crate) use caller::bearer_token;
pub use caller::{
    Anyone, AuditorOrOperator, BoxMaker, BoxReader, BuyerOnly, Caller, FinanceOnly, Financial, Member, OperatorOnly,
    ProviderOnly, RoleSet, Trader, TraderOrFinancial, TraderOrOperator, require_role,
};
pub use clients::{ClientError, NewClient, create_client};
pub use routes::{TokenBody, jwks, token};
pub use tokens::{Identity, SigningKey, SigningKeyError, Tokens, time_left};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// The organization that runs the exchange.
pub const OPERATOR_ORGANIZATION: &str = "secondwind";
