//! Contracts, their notices and what undoes them.

use std::borrow::Cow;

use ledger::{Amount, Instant};
use matching::{Hour, Price};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::window::WindowBody;

/// A contract.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ContractBody {
    /// Its id.
    pub id: Uuid,
    /// Who pays.
    pub buyer: String,
    /// Who delivers.
    pub seller: String,
    /// The lot that serves it.
    pub lot: Uuid,
    /// The contract that it resells part of, if it does; shown to its seller, who holds that one.
    pub head: Option<Uuid>,
    /// Where it traded.
    pub market: String,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When.
    pub window: WindowBody,
    /// `pending` before its window, `active` within, `completed` when every hour has passed, `terminated` when it ended before its
    /// time.
    pub status: Cow<'static, str>,
    /// Of a terminated one: `not_paid`, `outages` or `busted`.
    pub termination: Option<Cow<'static, str>>,
    /// The hour before which it ends, where that is not the window's end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends: Option<Hour>,
    /// What amounts are in.
    pub currency: String,
    /// Price and buyer's fee for the whole window.
    #[schema(value_type = String)]
    pub total: Amount,
    /// What the buyer has paid so far.
    #[schema(value_type = String)]
    pub prepaid: Amount,
    /// The part of the total for hours that were delivered.
    #[schema(value_type = String)]
    pub recognized: Amount,
    /// The part of the total for time that was not delivered, given back to the buyer.
    #[schema(value_type = String)]
    pub credited: Amount,
    /// The rest of the total, of a contract that goes on.
    #[schema(value_type = String)]
    pub remaining: Amount,
    /// What the buyer got back of paid hours when it ended before its time.
    #[schema(value_type = String)]
    pub refunded: Amount,
    /// `hours_720` or `calendar_month`; null where the contract was paid whole when it was traded.
    pub billing: Option<String>,
    /// The end of the hours that are paid.
    #[schema(value_type = String, format = DateTime)]
    pub paid_until: Hour,
    /// Charges of the next period that could not be paid so far. One not paid when the period begins ends the contract.
    pub missed_charges: u32,
    /// The security deposit.
    #[schema(value_type = String)]
    pub deposit: Amount,
    /// Hours that have passed.
    pub delivered_hours: u32,
    /// GPU-minutes of them that were not delivered.
    pub undelivered_gpu_minutes: i64,
    /// Penalties for them that the seller has paid.
    #[schema(value_type = String)]
    pub penalties: Amount,
    /// What the seller still owes of credits and penalties: it is paid out of what it earns next.
    #[schema(value_type = String)]
    pub owed_by_seller: Amount,
    /// When the seller said that the GPUs were ready.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ready: Option<Instant>,
    /// Where they are reached.
    pub endpoint: Option<String>,
    /// The box that the contract is assigned to, which earns its hours from its next period on.
    #[serde(rename = "box")]
    pub box_id: Option<Uuid>,
}

/// Why a contract is ended.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminationBody {
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "three outages within a week")]
    pub reason: String,
}

/// A notice that was given.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NoticeBody {
    /// The contract.
    pub contract: Uuid,
    /// The first hour that is not delivered any more. What is paid for it and later goes back to the buyer then, with the security
    /// deposit.
    #[schema(value_type = String, format = DateTime)]
    pub ends: Hour,
}

/// Why a trade is undone.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BustBody {
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "price mistyped by the seller")]
    pub reason: String,
}

/// A trade that was undone.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BustedBody {
    /// The contract.
    pub contract: Uuid,
    /// `terminated`.
    pub status: Cow<'static, str>,
    /// What the buyer got back: the price, the fee and the security deposit.
    #[schema(value_type = String)]
    pub refund: Amount,
}
