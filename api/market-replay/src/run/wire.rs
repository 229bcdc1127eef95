//! The documents that go over the wire, in the words of the REST API.

use bytes::Bytes;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};

use crate::{Action, MarketSpec, Window};

/// A document as it is sent, and sent again.
pub(super) fn bytes(document: &Value) -> Bytes {
    document.to_string().into()
}

pub(super) fn market(market: &MarketSpec) -> Value {
    let class = market.class;
    json!({
        "id": market.id,
        "class": {
            "model": class.model,
            "memory_gb": class.memory_gb,
            "form_factor": class.form_factor,
            "fabric": class.fabric,
            "gpus_per_node": class.gpus_per_node,
        },
        "zone": market.zone,
        "currency": market.currency,
        "price_tick": market.price_tick,
        "lot_size": market.lot_size,
        "maker_fee_bps": market.maker_fee_bps,
        "taker_fee_bps": market.taker_fee_bps,
    })
}

pub(super) fn lot(market: &str, gpus: u32, of: Window, fabric: &str) -> Value {
    json!({"market": market, "gpus": gpus, "window": window(of), "fabric": fabric, "min_remnant_hours": 0})
}

/// An ask on the lot with the id `lot`, or a bid, which needs none; nothing for other actions.
pub(super) fn order(action: &Action, lot: &str) -> Option<Value> {
    match action {
        Action::TermAsk { gpus, price, window: of, min_hours, max_hours, .. } => Some(json!({
            "side": "sell",
            "kind": "term",
            "lot": lot,
            "gpus": gpus,
            "limit_price": price.to_string(),
            "min_hours": min_hours,
            "max_hours": max_hours,
            "window": window(*of),
        })),
        Action::TermBid { market, gpus, min_gpus, window: of, limit_price, time_in_force, .. } => Some(json!({
            "side": "buy",
            "kind": "term",
            "market": market,
            "gpus": gpus,
            "min_gpus": min_gpus,
            "limit_price": limit_price.to_string(),
            "window": window(*of),
            "time_in_force": time_in_force.wire_name(),
        })),
        Action::SpotAsk { gpus, price, window: of, .. } => Some(json!({
            "side": "sell",
            "kind": "spot",
            "lot": lot,
            "gpus": gpus,
            "limit_price": price.to_string(),
            "window": window(*of),
        })),
        Action::SpotBid { market, gpus, min_gpus, limit_price, .. } => Some(json!({
            "side": "buy",
            "kind": "spot",
            "market": market,
            "gpus": gpus,
            "min_gpus": min_gpus,
            "limit_price": limit_price.to_string(),
        })),
        Action::CreateMarket(_)
        | Action::CreateOrganization { .. }
        | Action::RegisterLot { .. }
        | Action::CancelSpotBid { .. } => None,
    }
}

fn window(window: Window) -> Value {
    json!({"start": window.start.to_string(), "end": window.end.to_string()})
}

/// `GET /v1/clock`.
#[derive(Debug, Deserialize)]
pub(super) struct Clock {
    #[serde(deserialize_with = "instant")]
    pub(super) now: Timestamp,
    /// Whether it can be moved.
    pub(super) simulated: bool,
}

/// A resource of which only the id matters.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

/// A new OAuth2 client.
#[derive(Debug, Deserialize)]
pub(super) struct CreatedClient {
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// An order as it was acknowledged or is listed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) filled_gpus: u64,
}

/// A trade of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Trade {
    pub(super) id: String,
    pub(super) contract: String,
    pub(super) market: String,
    pub(super) lot: String,
    pub(super) gpus: u32,
    #[serde(deserialize_with = "decimal")]
    pub(super) price: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) amount: Decimal,
    pub(super) window: Hours,
}

/// GPUs bought by the hour.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SpotSale {
    /// The bid.
    pub(super) order: String,
    pub(super) market: String,
    #[serde(deserialize_with = "instant")]
    pub(super) hour: Timestamp,
    pub(super) minutes: u32,
    pub(super) lot: String,
    pub(super) gpus: u32,
    #[serde(deserialize_with = "decimal")]
    pub(super) price: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) amount: Decimal,
}

impl SpotSale {
    pub(super) fn gpu_minutes(&self) -> u64 {
        u64::from(self.gpus) * u64::from(self.minutes)
    }
}

/// A market's auction for an hour.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Auction {
    #[serde(deserialize_with = "instant")]
    pub(super) hour: Timestamp,
    #[serde(deserialize_with = "optional_decimal")]
    pub(super) clearing_price: Option<Decimal>,
}

/// A window that was traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Hours {
    #[serde(deserialize_with = "instant")]
    start: Timestamp,
    #[serde(deserialize_with = "instant")]
    end: Timestamp,
}

impl Hours {
    /// The hours since 1970.
    pub(super) fn hours(self) -> std::ops::Range<i64> {
        self.start.as_second() / 3600..self.end.as_second() / 3600
    }
}

impl Trade {
    pub(super) fn gpu_hours(&self) -> u64 {
        let seconds = self.window.end.as_second() - self.window.start.as_second();
        u64::from(self.gpus) * u64::try_from(seconds / 3600).unwrap_or(0)
    }
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

/// `GET /v1/ledger/trial-balance`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TrialBalance {
    pub(super) rows: Vec<TrialBalanceRow>,
    #[serde(deserialize_with = "decimal")]
    pub(super) total_debit: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) total_credit: Decimal,
}

/// One account of a trial balance.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TrialBalanceRow {
    #[serde(deserialize_with = "decimal")]
    pub(super) debit: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) credit: Decimal,
}

// Decimals and instants come as strings; neither may pass through a binary float.

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn optional_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    #[test]
    fn orders_are_written_in_the_contract_s_words() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let orders: Vec<Value> = plan.steps.iter().filter_map(|step| order(&step.action, "lot-1")).collect();
        let find = |side: &str, kind: &str| {
            orders.iter().find(|order| order["side"] == side && order["kind"] == kind).unwrap()
        };
        let ask = find("sell", "term");
        assert_eq!(
            *ask,
            json!({"side": "sell", "kind": "term", "lot": "lot-1", "gpus": 8, "limit_price": "0.5", "min_hours": 1,
                "max_hours": 336, "window": {"start": "2027-01-04T00:00:00Z", "end": "2027-01-18T00:00:00Z"}})
        );
        let bid = find("buy", "term");
        assert_eq!(bid["window"], json!({"start": "2027-01-05T01:00:00Z", "end": "2027-01-05T03:00:00Z"}));
        assert!(bid["limit_price"].is_string() && bid["time_in_force"].is_string());
        assert!(bid.get("lot").is_none());
        let week = json!({"start": "2027-01-04T00:00:00Z", "end": "2027-01-11T00:00:00Z"});
        assert_eq!(
            *find("sell", "spot"),
            json!({"side": "sell", "kind": "spot", "lot": "lot-1", "gpus": 8, "limit_price": "0.2", "window": week})
        );
        let bid = find("buy", "spot");
        assert!(bid.get("window").is_none() && bid.get("time_in_force").is_none());
        assert_eq!((&bid["gpus"], &bid["min_gpus"]), (&json!(4), &json!(4)));
    }

    #[test]
    fn a_market_s_class_is_spelled_out() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let Action::CreateMarket(first) = &plan.steps[0].action else { panic!("a market comes first") };
        let document = market(first);
        assert_eq!(document["id"], "a100-40g-pcie-eth.global-1");
        assert_eq!(document["class"]["gpus_per_node"], 4);
        assert_eq!((&document["price_tick"], &document["taker_fee_bps"]), (&json!("0.0001"), &json!(50)));
    }

    #[test]
    fn trades_count_gpu_hours_and_amounts_stay_decimal() {
        let trade: Trade = serde_json::from_value(json!({"id": "t", "contract": "c", "market": "m", "lot": "l",
            "gpus": 8, "price": "1.0500", "amount": "16.800000", "buyer_fee": "0.08",
            "window": {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T02:00:00Z"}}))
        .unwrap();
        assert_eq!(trade.gpu_hours(), 16);
        assert_eq!(trade.price * Decimal::from(trade.gpu_hours()), trade.amount);
        let float = json!({"rows": [], "total_debit": 1.5, "total_credit": "1.5"});
        assert!(serde_json::from_value::<TrialBalance>(float).is_err());
    }
}
