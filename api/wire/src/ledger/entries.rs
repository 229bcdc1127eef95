//! Journal entries with their lines.

use jiff::civil::Date;
use ledger::{Amount, ContractId, Line};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which entries to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// Only entries of this event of the log.
    pub event: Option<u64>,
    /// Only entries that concern this contract.
    pub contract: Option<Uuid>,
    /// Only entries that concern this box.
    #[serde(rename = "box")]
    pub box_id: Option<Uuid>,
    /// Only entries with a line on this account of the chart, given by its code.
    pub account: Option<String>,
    /// Only entries of this entity's books. When not given, those of the box that is asked for, or all books that the event that is asked for
    /// moved, or else the operator's.
    pub entity: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
}

/// A line of an entry.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct LineBody {
    /// The account's code in the chart.
    pub account: String,
    /// Whose part of the account: empty, `org:<id>`, `contract:<id>`, `bank:<account>` `box:<id>` or, in a box, `item:<name>`.
    pub owner: String,
    /// How much: debit positive.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// In what currency.
    pub currency: String,
    /// The contract it concerns.
    pub contract: Option<Uuid>,
}

/// A journal entry.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EntryBody {
    /// Its name: the entity and its number.
    #[schema(example = "operator:17")]
    pub id: String,
    /// Whose books.
    pub entity: String,
    /// Its number in the entity's books, without gaps.
    pub sequence: i64,
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    pub effective_date: Date,
    /// The posting rule with its version.
    #[schema(example = "term.prepaid.1")]
    pub rule: String,
    /// The event that it records.
    pub event: Option<i64>,
    /// The contract that all of it concerns.
    pub contract: Option<Uuid>,
    /// The box that it concerns.
    #[serde(rename = "box")]
    pub box_id: Option<Uuid>,
    /// What it corrects: `event:<sequence>`, or `hours:<from>/<until>` of its contract.
    #[schema(example = "event:17")]
    pub corrects: Option<String>,
    /// The hash that chains it to the entry before, in hexadecimal.
    pub hash: String,
    /// Its lines, which sum to zero.
    pub lines: Vec<LineBody>,
}

impl From<&Line> for LineBody {
    fn from(line: &Line) -> Self {
        Self {
            account: line.account.kind.code().to_owned(),
            owner: line.account.owner.to_string(),
            amount: line.amount,
            currency: line.account.currency.to_string(),
            contract: line.contract.map(ContractId::uuid),
        }
    }
}
