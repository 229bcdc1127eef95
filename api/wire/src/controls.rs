//! What an operator decides of markets and organizations.

use std::borrow::Cow;

use ledger::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a control is used.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// Why, at most 120 characters.
    #[schema(example = "prices under review")]
    pub reason: String,
}

/// An organization as the operator sees it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrganizationStateBody {
    /// Its id.
    #[schema(value_type = String)]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// `active`, or `suspended`: its orders are cancelled and it places none.
    pub status: Cow<'static, str>,
    /// Its orders at rest.
    pub open_orders: u32,
    /// The most orders at rest that it may have.
    pub open_orders_max: u32,
}

/// A bound on the number of open orders.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLimitBody {
    /// The most orders at rest; the exchange's usual limit when null.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub open_orders_max: Option<u32>,
}
