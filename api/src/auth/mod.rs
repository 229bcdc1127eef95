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
pub use clients::{ClientError, create_client};
pub use routes::{jwks, token};
pub use tokens::{Identity, SigningKey, SigningKeyError, Tokens, time_left};
pub use wire::organizations::Role;

/// The organization that runs the exchange.
pub const OPERATOR_ORGANIZATION: &str = "secondwind";
