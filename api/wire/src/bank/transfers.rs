//! Money that organizations pay in, and have paid out.

use std::borrow::Cow;

use ledger::{Amount, Currency, PaymentReference};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How much money is to be moved.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// How much, above zero.
    #[schema(value_type = String, example = "25000.00")]
    pub amount: Amount,
    /// In what currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
}

/// A deposit that was announced, or credited.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TransferBody {
    /// Its id.
    pub id: Uuid,
    /// What the payer quotes; none of a deposit that was credited by hand.
    #[schema(value_type = Option<String>, example = "SWD7K3M9QX20P")]
    pub reference: Option<PaymentReference>,
    /// How much was announced.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// In what currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// How much has come.
    #[schema(value_type = String)]
    pub received: Amount,
    /// `expected`, `partially_matched` or `matched`.
    pub status: Cow<'static, str>,
}

/// A payout or a withdrawal.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PayoutBody {
    /// Its id.
    pub id: Uuid,
    /// What the payment quotes.
    #[schema(value_type = String, example = "SWP7K3M9QX20P")]
    pub reference: PaymentReference,
    /// How much was asked for.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// In what currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// How much of it is withheld as tax.
    #[schema(value_type = String)]
    pub withheld: Amount,
    /// How much is on its way.
    #[schema(value_type = String)]
    pub in_transit: Amount,
    /// `in_transit`, `paid` when the bank has booked it, or `returned`.
    pub status: Cow<'static, str>,
}
