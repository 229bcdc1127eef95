//! What the server sends can be read by the same types, those that are made of others too.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::ledger::statements::AccountLinesBody;
use wire::lots::CalendarStep;
use wire::markets::MarketStateBody;
use wire::orders::{BatchOutcome, OrderBody};
use wire::page::Page;
use wire::webhooks::CreatedWebhookBody;

#[track_caller]
fn read_back<T: Serialize + DeserializeOwned>(sent: &Value) {
    let read: T = serde_json::from_value(sent.clone()).expect("what was sent");
    assert_eq!(serde_json::to_value(read).expect("JSON"), *sent);
}

fn order() -> Value {
    json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "client_order_id": "mine", "side": "buy", "kind": "term",
        "market": "a100-80g-sxm4-ib.us-tx-1", "markets": null, "lot": null, "contract": null, "status": "partially_filled",
        "gpus": 16, "filled_gpus": 8, "remaining_gpus": 8, "limit_price": "1.1000", "average_price": "1.0500",
        "window": {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}, "time_in_force": "GTC",
        "expires_at": null, "placement": "any", "post_only": false, "self_trade_prevention": "cancel_newest",
        "billing": null, "min_gpus": null, "min_hours": null, "max_hours": null,
        "trades": [{
            "id": "01890a5d-ac96-774b-bcce-b302099a8058", "contract": "01890a5d-ac96-774b-bcce-b302099a8059",
            "market": "a100-80g-sxm4-ib.us-tx-1", "lot": "01890a5d-ac96-774b-bcce-b302099a8060", "gpus": 8,
            "price": "1.0500", "window": {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"},
        }],
        "unfilled": null, "placed_at": "2026-12-01T00:00:00Z", "sequence": 17,
    })
}

#[test]
fn orders() {
    read_back::<Page<OrderBody>>(&json!({"data": [order()], "next_cursor": null}));
    let problem = json!({
        "type": "/errors/price_off_tick", "title": "Not on the tick", "status": 422, "detail": "1.00005 is between ticks.",
        "code": "price_off_tick", "request_id": "1",
    });
    let data = [json!({"status": 201, "order": order()}), json!({"status": 422, "problem": problem})];
    read_back::<BatchOutcome>(&json!({"data": data}));
}

#[test]
fn bodies_within_bodies() {
    read_back::<MarketStateBody>(&json!({
        "id": "a100-80g-sxm4-ib.us-tx-1",
        "class": {"model": "A100", "memory_gb": 80, "form_factor": "SXM4", "fabric": "infiniband", "gpus_per_node": 8},
        "zone": "us-tx-1", "currency": "USD", "price_tick": "0.0001", "lot_size": 8, "maker_fee_bps": 0,
        "taker_fee_bps": 150, "gate_minutes": 5,
        "zone_attributes": {"region": "us", "renewable_share": "0.92", "grid": null, "round_trip_ms": {"dallas": 6}},
        "status": "open", "price_band": {"width_bps": 5000, "reference": null}, "last_price": "1.0500",
        "last_spot_price": null,
    }));
    read_back::<CalendarStep>(&json!({
        "start": "2027-01-01T00:00:00Z", "end": "2027-01-01T05:00:00Z", "free_gpus": 8, "sold_term": 8, "sold_spot": 0,
    }));
    read_back::<AccountLinesBody>(&json!({
        "entity": "operator", "from": null, "to": "2027-01-31", "sequence": 7, "account": "2000-customer-available",
        "owner": null, "currency": "USD", "opening": "0.00", "lines": [], "closing": "0.00",
    }));
    read_back::<CreatedWebhookBody>(&json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "url": "https://hooks.example.com", "event_types": null,
        "after_sequence": 3, "status": "enabled", "disabled_reason": null, "disabled_at": null, "failing_since": null,
        "created_at": "2027-01-01T00:00:00Z", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }));
}
