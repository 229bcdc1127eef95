//! A contract's life over HTTP: paid period by period, delivered or not, and ended before its time.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient, TRIAL_BALANCE, ask, bid, supply};
use tests::exchange::TestExchange;
use tests::picking::{balance, contract_of, only, text};

use crate::opening::{admit, deposit};

/// An exchange whose hours are counted from two hours after its clock's start.
pub struct Hours {
    first: i64,
}

impl Hours {
    pub async fn of(client: &ApiClient) -> Self {
        let now = client.get("/v1/clock").await.ok();
        let now: jiff::Timestamp = text(&now["now"]).parse().expect("a time");
        Self { first: now.as_second() / 3_600 + 2 }
    }

    /// The start of an hour.
    pub fn at(&self, hour: i64) -> String {
        jiff::Timestamp::from_second((self.first + hour) * 3_600).expect("a time").to_string()
    }

    /// Moves the exchange's clock there.
    pub async fn move_to(&self, exchange: &TestExchange, hour: i64) {
        exchange.move_clock_to(&self.at(hour)).await;
    }
}

/// A lot of north's with 16 GPUs for so many hours, all of it on offer at 1.00, and what it promises besides.
async fn offer(exchange: &TestExchange, hours: &Hours, length: i64, promises: Value) -> Value {
    let north = exchange.client("north", Role::Provider);
    let mut lot = supply(16, &hours.at(0), &hours.at(length));
    lot.as_object_mut().expect("an object").extend(promises.as_object().expect("an object").clone());
    let lot = north.post("/v1/lots", &lot).await.ok();
    north.post("/v1/orders", &ask(&lot["id"], 16, "1.0000")).await.ok();
    lot
}

/// Buys 8 GPUs at 1.00 and answers the contract's id.
async fn buy(buyer: &ApiClient, hours: &Hours, length: i64) -> String {
    let order = buyer.post("/v1/orders", &bid(8, "1.0000", &hours.at(0), &hours.at(length))).await.ok();
    assert_eq!(order["status"], "filled", "{order}");
    contract_of(&order)
}

/// An outage of a contract between acme and north, in its second hour, as acme claims it.
pub async fn claimed_outage(exchange: &TestExchange) -> String {
    let acme = exchange.client("acme", Role::Buyer);
    let hours = Hours::of(&acme).await;
    offer(exchange, &hours, 48, json!({})).await;
    let contract = buy(&acme, &hours, 24).await;
    hours.move_to(exchange, 1).await;
    let claim = json!({"contract": contract, "from": hours.at(0), "reason": "no answer"});
    text(&acme.post("/v1/outages", &claim).await.ok()["id"])
}

async fn contract(client: &ApiClient, id: &str) -> Value {
    client.get(&format!("/v1/contracts/{id}")).await.ok()
}

/// Fields of an object as text, separated by spaces.
fn fields(body: &Value, names: &str) -> String {
    let of = |name: &str| body[name].as_str().map_or_else(|| body[name].to_string(), str::to_owned);
    names.split(' ').map(of).collect::<Vec<_>>().join(" ")
}

/// What an organization is told in events of a type, oldest first.
async fn told(client: &ApiClient, name: &str) -> Vec<Value> {
    let mut told = Vec::new();
    let mut path = "/v1/events?limit=500".to_owned();
    loop {
        let page = client.get(&path).await.ok();
        let events = page["data"].as_array().expect("a list").iter();
        told.extend(events.filter(|event| event["type"] == name).map(|event| event["data"].clone()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/events?limit=500&after={cursor}"),
            None => return told,
        }
    }
}

/// What is left on the accounts of a contract.
async fn left_on_accounts(exchange: &TestExchange, contract: &str) -> Vec<Value> {
    let finance = exchange.finance();
    let accounts = finance.get("/v1/ledger/accounts?limit=500").await.ok();
    let of_contract = |account: &&Value| account["owner"] == format!("contract:{contract}");
    let accounts = accounts["data"].as_array().expect("a list").iter().filter(of_contract);
    accounts.filter(|account| account["balance"] != "0.00").cloned().collect()
}

const MONEY: &str = "prepaid recognized credited remaining refunded deposit";

#[tokio::test(flavor = "multi_thread")]
async fn a_long_contract_is_paid_period_by_period() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (acme, north) = (exchange.client("acme", Role::Buyer), exchange.client("north", Role::Provider));
    let hours = Hours::of(&acme).await;
    offer(&exchange, &hours, 1_600, json!({})).await;
    let id = buy(&acme, &hours, 1_500).await;
    let traded = contract(&acme, &id).await;
    assert_eq!(fields(&traded, "billing status missed_charges"), "hours_720 pending 0");
    assert_eq!(fields(&traded, MONEY), "5788.80 0.00 0.00 12060.00 0.00 5788.80");
    assert_eq!(traded["paid_until"], hours.at(720));

    hours.move_to(&exchange, 720 - 168).await;
    let charged = contract(&acme, &id).await;
    assert_eq!(fields(&charged, MONEY), "11577.60 4438.08 0.00 7621.92 0.00 5788.80");
    assert_eq!(charged["paid_until"], hours.at(1_440));
    let (buyers, sellers) = (told(&acme, "period_charged").await, told(&north, "period_charged").await);
    assert_eq!(fields(only(&buyers), "amount buyer_fee from_available"), "5760.00 28.80 5788.80");
    assert_eq!(
        fields(only(&sellers), "amount buyer_fee from_available"),
        "5760.00 null null",
        "not the seller's business"
    );

    // The last 60 hours are paid out of the deposit, and what is left of it goes back.
    hours.move_to(&exchange, 1_500).await;
    let done = contract(&acme, &id).await;
    assert_eq!(fields(&done, "status billing"), "completed hours_720");
    assert_eq!(fields(&done, MONEY), "12060.00 12060.00 0.00 0.00 0.00 0.00");
    assert_eq!(left_on_accounts(&exchange, &id).await, [] as [Value; 0]);
    assert_eq!(balance(&acme, "available").await, "87940.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_is_not_paid_ends_and_its_deposit_is_the_sellers() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    exchange.operator().post("/v1/organizations", &json!({"id": "poor", "name": "Poor"})).await.ok();
    deposit(&exchange.operator(), "poor", "11577.60").await;
    let (poor, north) = (exchange.client("poor", Role::Buyer), exchange.client("north", Role::Provider));
    let hours = Hours::of(&poor).await;
    let lot = offer(&exchange, &hours, 1_600, json!({})).await;
    let id = buy(&poor, &hours, 1_500).await;

    hours.move_to(&exchange, 600).await;
    assert_eq!(fields(&contract(&poor, &id).await, "status missed_charges"), "active 3");
    let first_missed = async |client: &ApiClient| told(client, "charge_missed").await.first().expect("a miss").clone();
    let (buyers, sellers) = (first_missed(&poor).await, first_missed(&north).await);
    assert_eq!(fields(&buyers, "due available"), "5788.80 0.00");
    assert_eq!(fields(&sellers, "due available"), "null null", "the seller sees that, not what the buyer has");
    assert_eq!(sellers["next_try"], hours.at(720 - 144));

    hours.move_to(&exchange, 721).await;
    let ended = contract(&poor, &id).await;
    assert_eq!(fields(&ended, "status termination"), "terminated not_paid");
    assert_eq!(ended["ends"], hours.at(720));
    assert_eq!(fields(&ended, MONEY), "5788.80 5788.80 0.00 0.00 0.00 0.00");
    assert_eq!(left_on_accounts(&exchange, &id).await, [] as [Value; 0]);
    assert_eq!(balance(&north, "payable").await, "11548.80", "720 hours, and the deposit");
    let calendar = north.get(&format!("/v1/lots/{}/calendar", text(&lot["id"]))).await.ok();
    let free: Vec<String> =
        calendar["data"].as_array().expect("steps").iter().map(|step| fields(step, "start free_gpus")).collect();
    assert_eq!(free, [format!("{} 8", hours.at(0)), format!("{} 16", hours.at(720))]);
}

/// A contract of acme's for 50 hours that begins an hour late, and what north promised: three hours of it have passed.
struct Late {
    exchange: TestExchange,
    acme: ApiClient,
    north: ApiClient,
    hours: Hours,
    id: String,
}

impl Late {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let (acme, north) = (exchange.client("acme", Role::Buyer), exchange.client("north", Role::Provider));
        let hours = Hours::of(&acme).await;
        let promises = json!({"delivery": "confirmed", "penalty_bps": 2_500, "termination_outages": 2});
        let lot = offer(&exchange, &hours, 100, promises.clone()).await;
        for (name, promised) in promises.as_object().expect("an object") {
            assert_eq!(lot[name], *promised);
        }
        let id = buy(&acme, &hours, 50).await;
        // The first hour passes before anything is ready.
        hours.move_to(&exchange, 1).await;
        let ready = json!({"ready": hours.at(1), "endpoint": "ssh gpu-17.example"});
        let confirm = format!("/v1/deliveries/{id}/ready");
        assert_eq!(acme.post(&confirm, &ready).await.problem(), (422, "contract_unknown"), "its seller says so");
        north.post(&confirm, &ready).await.ok();
        hours.move_to(&exchange, 3).await;
        Self { exchange, acme, north, hours, id }
    }

    /// An outage of four GPUs in the second hour, claimed by acme.
    async fn claim_of_the_second_hour(&self) -> Value {
        let (from, until) = (self.hours.at(1), self.hours.at(2));
        let claim = json!({"contract": self.id, "gpus": 4, "from": from, "until": until, "reason": "no answer"});
        self.acme.post("/v1/outages", &claim).await.ok()
    }

    /// An outage from the third hour on, claimed by acme: where it is.
    async fn claim_from_the_third_hour(&self) -> String {
        let claim = json!({"contract": self.id, "from": self.hours.at(2), "reason": "no answer"});
        outage_path(&self.acme.post("/v1/outages", &claim).await.ok())
    }

    async fn accept(&self, outage: &str) -> Value {
        self.north.post(&format!("{outage}/accept"), &json!({})).await.ok()
    }

    /// North says that an outage is over after the third hour.
    async fn restore(&self, outage: &str) -> Value {
        self.north.post(&format!("{outage}/restore"), &json!({"until": self.hours.at(3)})).await.ok()
    }

    /// An operator rules that an outage was one, of two GPUs.
    async fn rule(&self, outage: &str) -> Answer {
        let ruling = json!({"upheld": true, "gpus": 2, "reason": "as the logs show"});
        self.exchange.operator().post(&format!("{outage}/ruling"), &ruling).await
    }

    async fn terminate(&self) -> Answer {
        self.acme.post(&format!("/v1/contracts/{}/terminate", self.id), &json!({"reason": "too often"})).await
    }
}

fn outage_path(outage: &Value) -> String {
    format!("/v1/outages/{}", text(&outage["id"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_ready_in_time_is_credited() {
    let late = Late::start().await;
    let begun = contract(&late.acme, &late.id).await;
    assert_eq!(
        fields(&begun, "endpoint undelivered_gpu_minutes credited penalties"),
        "ssh gpu-17.example 480 8.04 2.00"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_claimed_by_the_buyer_and_accepted_by_the_provider() {
    let late = Late::start().await;
    let claimed = late.claim_of_the_second_hour().await;
    assert_eq!(fields(&claimed, "status gpus opened_by"), "claimed 4 acme");
    let outage = outage_path(&claimed);
    let own = late.acme.post(&format!("{outage}/accept"), &json!({})).await;
    assert_eq!(own.problem(), (409, "outage_own"));
    assert_eq!(fields(&late.accept(&outage).await, "status gpu_minutes credit penalty"), "settled 240 4.02 1.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_rules_on_an_outage_that_nobody_accepts() {
    let late = Late::start().await;
    let outage = late.claim_from_the_third_hour().await;
    let ended = late.restore(&outage).await;
    assert_eq!(ended["until"], late.hours.at(3));
    let claimed = late.exchange.operator().get("/v1/outages?status=claimed").await.ok();
    assert_eq!(claimed["data"].as_array().map(Vec::len), Some(1));
    let ruled = late.rule(&outage).await.ok();
    assert_eq!(fields(&ruled, "status gpus ruling gpu_minutes"), "settled 2 as the logs show 120");
    assert_eq!(late.rule(&outage).await.problem(), (409, "outage_not_open"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_ends_for_its_outages_with_the_hour_in_progress() {
    let late = Late::start().await;
    late.accept(&outage_path(&late.claim_of_the_second_hour().await)).await;
    let second = late.claim_from_the_third_hour().await;
    late.restore(&second).await;
    assert_eq!(late.terminate().await.problem(), (409, "termination_not_due"), "one outage, and a claim");
    late.rule(&second).await.ok();
    let Late { exchange, acme, hours, id, .. } = &late;
    assert_eq!(late.terminate().await.ok()["ends"], hours.at(4));
    hours.move_to(exchange, 5).await;
    let ended = contract(acme, id).await;
    assert_eq!(fields(&ended, "status termination undelivered_gpu_minutes"), "terminated outages 840");
    // 50 hours were paid: 4 have passed, of which 14 GPU-hours were not delivered.
    assert_eq!(fields(&ended, MONEY), "402.00 18.09 14.07 0.00 369.84 0.00");
    assert_eq!(fields(&ended, "penalties owed_by_seller"), "3.50 0.00");
    assert_eq!(left_on_accounts(exchange, id).await, [] as [Value; 0]);
    let trial = exchange.finance().get(TRIAL_BALANCE).await.ok();
    assert_eq!(trial["total_debit"], trial["total_credit"]);
}
