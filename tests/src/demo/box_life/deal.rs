//! The box's deal: the reference deal, on a contract of the exchange.

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{GPUS, MONTHS, PRICE, SPONSOR};

/// The reference deal, closed on a day, with the contract in the place of its own.
pub(super) fn on(contract: &Value, closing: Date) -> anyhow::Result<Value> {
    let mut deal: Value = serde_json::from_str(include_str!("../../../../infra/examples/box/reference.json"))?;
    let first_run = closing.last_of_month().tomorrow()?;
    deal["name"] = "Older GPUs I".into();
    deal["sponsor"] = SPONSOR.into();
    deal["closing"] = json!(closing);
    deal["determination"]["first"] = json!(first_run);
    let charge = json!({"hourly": {"gpus": GPUS, "price": PRICE}});
    deal["contracts"] = json!([{"name": "anchor", "first": closing.strftime("%Y-%m").to_string(), "months": MONTHS,
                                "charge": charge, "exchange": contract}]);
    let senior = deal["facilities"].get_mut(0).context("a facility")?;
    senior["draws"][0]["on"] = json!(closing);
    deal["assets"][0]["in_service"] = json!(closing);
    Ok(deal)
}
