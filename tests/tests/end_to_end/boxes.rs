//! Boxes over HTTP: their deals, version by version, and what those come to.

use std::path::Path;

use api::auth::Role;
use infra::audit::{Check, TopicSource};
use infra::relay::RelayStatus;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient, MARKET, TRIAL_BALANCE};
use tests::condition::until;
use tests::exchange::{TOPIC, TestExchange};
use tests::log::audit;
use tests::picking::{List, any, one_whose, only, rules, text};

use crate::opening::admit;

/// The reference deal as a box of `sponsor`.
pub fn reference_deal(sponsor: &str) -> Value {
    let mut deal: Value = serde_json::from_str(&example("reference.json")).expect("JSON");
    deal["sponsor"] = sponsor.into();
    deal
}

/// The facility of a deal or of a statement of it: the reference deal has one, which is called senior.
fn senior(body: &Value) -> &Value {
    one_whose(&body["facilities"], "name", "senior")
}

/// The reference deal as a box of north, with another rate of its senior facility.
fn with_rate(rate: Value) -> Value {
    let mut deal = reference_deal("north");
    let mut facilities = deal["facilities"].as_array_mut().expect("facilities").iter_mut();
    facilities.find(|facility| facility["name"] == "senior").expect("a senior facility")["rate"] = rate;
    deal
}

/// The days of a projection.
fn days(projection: &Value) -> Vec<&str> {
    projection["dates"].items().iter().map(|date| date["date"].as_str().expect("a day")).collect()
}

/// A step of a run, by what it pays.
fn step<'a>(run: &'a Value, name: &str) -> &'a Value {
    one_whose(&run["steps"], "name", name)
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/examples/box").join(name);
    std::fs::read_to_string(path).expect("an example")
}

/// A box of north's, with those who have to do with it.
struct Boxed {
    exchange: TestExchange,
    north: ApiClient,
    finance: ApiClient,
    id: String,
    path: String,
}

impl Boxed {
    /// One that is entered, by north, and not yet closed.
    async fn entered() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let created = exchange.client("north", Role::Provider).post("/v1/boxes", &reference_deal("north")).await.ok();
        Self::on(exchange, text(&created["id"]))
    }

    /// One that has [`lived`] for so many months.
    async fn lived(months: u32) -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let id = lived(&exchange, months).await;
        Self::on(exchange, id)
    }

    fn on(exchange: TestExchange, id: String) -> Self {
        let (north, finance) = (exchange.client("north", Role::Provider), exchange.finance());
        let path = format!("/v1/boxes/{id}");
        Self { exchange, north, finance, id, path }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_makes_one_box() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let north = exchange.client("north", Role::Provider);
    let created = north.post_with_key("/v1/boxes", &reference_deal("north"), "reference").await.ok();
    assert_eq!((&created["version"], &created["deal"]["name"]), (&json!(1), &json!("Reference")));
    let again = north.post_with_key("/v1/boxes", &reference_deal("north"), "reference").await.ok();
    assert_eq!(created, again, "one request makes one box");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_comes_to_what_its_files_say() {
    let Boxed { exchange: _exchange, north, finance, path, .. } = Boxed::entered().await;
    assert_eq!(finance.text(&format!("{path}/projection?format=csv")).await, example("reference.csv"));
    assert!(finance.text(&format!("{path}/projection?format=svg")).await.starts_with("<svg"));
    let short =
        json!({"what_ifs": [{"short_payment": {"contract": "anchor", "month": "2026-07", "paid": "4100000.00"}}]});
    let projected = north.post(&format!("{path}/projection"), &short).await.ok();
    let tests = &one_whose(&projected["dates"], "date", "2026-08-01")["tests"];
    assert_eq!((&tests["dscr"], &tests["locked_up"]), (&json!("0.822"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_amended_version_by_version() {
    let Boxed { exchange: _exchange, north, finance, id, path } = Boxed::entered().await;
    let dearer = with_rate(json!({"fixed": "0.143"}));
    let amended = finance.put(&format!("{path}/deal"), &dearer).await.ok();
    assert_eq!((&amended["version"], &amended["newest_version"]), (&json!(2), &json!(2)));
    let rate =
        async |query: &str| senior(&north.get(&format!("{path}{query}")).await.ok()["deal"])["rate"]["fixed"].clone();
    assert_eq!((rate("?version=1").await, rate("").await), (json!("0.083"), json!("0.143")));
    assert_eq!(north.get(&format!("{path}?version=3")).await.problem(), (404, "not_found"));
    let payoff = finance.get(&format!("{path}/projection")).await.ok()["measures"]["payoff"]["number"].clone();
    assert_eq!(payoff, 33);

    let listed = north.get("/v1/boxes").await.ok();
    let listed = only(&listed["data"]);
    assert_eq!((&listed["id"], &listed["version"]), (&json!(id), &json!(2)));
    let events = north.get("/v1/events?limit=500").await.ok().to_string();
    assert!(events.contains("box_created") && events.contains("deal_amended"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_is_its_sponsors() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, south) = (exchange.client("north", Role::Provider), exchange.client("south", Role::Provider));
    let finance = exchange.finance();
    assert_eq!(south.post("/v1/boxes", &reference_deal("north")).await.problem(), (403, "forbidden_entity"));
    let created = finance.post("/v1/boxes", &reference_deal("north")).await.ok();
    let path = format!("/v1/boxes/{}", text(&created["id"]));
    assert_eq!(north.get(&path).await.ok()["id"], created["id"]);
    assert_eq!(south.get("/v1/boxes").await.ok()["data"], json!([]));
    assert!(!south.get("/v1/events?limit=500").await.ok().to_string().contains("box_created"));
    assert_eq!(north.post("/v1/boxes", &reference_deal("nobody")).await.problem(), (403, "forbidden_entity"));
    assert_eq!(finance.post("/v1/boxes", &reference_deal("nobody")).await.problem(), (422, "organization_unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_deal_is_refused() {
    let Boxed { exchange: _exchange, north, path, .. } = Boxed::entered().await;
    let changed = |pointer: &str, value: Value| {
        let mut deal = reference_deal("north");
        *deal.pointer_mut(pointer).expect("a place") = value;
        deal
    };
    for (deal, problem) in [
        (json!({}), (422, "invalid_field")),
        (changed("/facilities/0/rate", json!({"fixed": "8.3 %"})), (422, "invalid_field")),
        (changed("/priority/8/name", "trap".into()), (422, "deal_invalid")),
        (changed("/closing", "2026-02-01".into()), (422, "deal_invalid")),
    ] {
        assert_eq!(north.post("/v1/boxes", &deal).await.problem(), problem);
    }
    let moved = changed("/closing", "2025-12-01".into());
    assert_eq!(north.put(&format!("{path}/deal"), &moved).await.problem(), (422, "deal_invalid"));
    let unknown = json!({"what_ifs": [{"client_default": {"contract": "other", "from": "2026-07"}}]});
    assert_eq!(north.post(&format!("{path}/projection"), &unknown).await.problem(), (422, "deal_invalid"));
    assert_eq!(north.get(&path).await.ok()["newest_version"], 1);
}

/// The determination date of the month that [`lived`] has short.
const SHORT_DATE: &str = "2026-08-01";

/// The first months of north's reference deal, the seventh short: closed, collected, paid out. The id of the box.
pub async fn lived(exchange: &TestExchange, months: u32) -> String {
    let finance = exchange.finance();
    let created = finance.post("/v1/boxes", &reference_deal("north")).await.ok();
    let id = text(&created["id"]);
    let path = format!("/v1/boxes/{id}");
    finance.post(&format!("{path}/closing"), &json!({})).await.ok();
    for month in 2..months + 2 {
        let date = format!("2026-{month:02}-01");
        let amount = if month == 8 { "4100000.00" } else { "5400000.00" };
        let collection = json!({"contract": "anchor", "amount": amount, "date": date, "reference": "wire"});
        finance.post(&format!("{path}/collections"), &collection).await.ok();
        finance.post(&format!("{path}/waterfalls"), &json!({"determination_date": date})).await.ok();
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_month_draws_on_the_reserve_and_locks_the_sponsor_up() {
    let Boxed { exchange: _exchange, north, path, .. } = Boxed::lived(8).await;
    let runs = north.get(&format!("{path}/waterfalls")).await.ok();
    let short = one_whose(&runs["data"], "determination_date", SHORT_DATE);
    assert_eq!(short["debt"], "62437976.08");
    assert_eq!(short["run"]["drawn"], json!({"debt_service": "540000.00"}));
    assert_eq!((&short["run"]["tests"]["dscr"], &short["run"]["tests"]["locked_up"]), (&json!("0.822"), &json!(true)));
    let standing = north.get(&path).await.ok();
    assert_eq!(standing["standing"]["debts"], json!({"senior": "59869234.17"}));
    assert_eq!((&standing["next_determination"], &standing["due"]), (&json!("2026-10-01"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_has_borrowed_is_not_amended_by_its_sponsor() {
    let Boxed { exchange: _exchange, north, path, .. } = Boxed::lived(1).await;
    let amended = north.put(&format!("{path}/deal"), &reference_deal("north")).await;
    assert_eq!(amended.problem(), (403, "forbidden_role"), "the lender's rank is not the sponsor's to change");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lenders_statement_says_what_became_of_the_short_month() {
    let Boxed { exchange: _exchange, north, finance, path, .. } = Boxed::lived(8).await;
    let statement = north.get(&format!("{path}/statement?date=2026-08-01")).await.ok();
    assert_eq!(
        *senior(&statement),
        json!({"name": "senior", "opening": "64988488.91", "drawn": "0.00", "interest_due": "464487.17",
               "interest_paid": "464487.17", "principal_due": "2550512.83", "principal_paid": "2550512.83",
               "prepaid": "0.00", "closing": "62437976.08"})
    );
    assert_eq!(
        *one_whose(&statement["covenants"], "name", "DSCR, lock-up"),
        json!({"name": "DSCR, lock-up", "required": "at least 1.15", "actual": "0.822", "kept": false})
    );
    let reserve = one_whose(&statement["accounts"], "name", "debt_service");
    assert_eq!(
        (&reserve["opening"], &reserve["given"], &reserve["closing"]),
        (&json!("3000000.00"), &json!("540000.00"), &json!("2460000.00"))
    );
    let csv = finance.text(&format!("{path}/statement?date=2026-08-01&format=csv")).await;
    assert!(
        csv.contains("facility,senior,closing,62437976.08\n") && csv.contains("covenant,,locked_up,true\n"),
        "{csv}"
    );
    let html = finance.text(&format!("{path}/statement?format=html")).await;
    assert!(html.contains("59869234.17") && html.contains("1.250"), "{html}");
    assert_eq!(north.get(&format!("{path}/statement?date=2026-08-02")).await.problem(), (404, "not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_has_books_of_its_own_and_the_operators_have_nothing_of_it() {
    let Boxed { exchange: _exchange, north, finance, id, path } = Boxed::lived(8).await;
    let entity = format!("box:{id}");
    let trial = finance.get(&format!("/v1/ledger/trial-balance?entity={entity}&currency=USD")).await.ok().to_string();
    assert!(trial.contains("2600-debt") && trial.contains("-59869234.17"), "{trial}");
    let operators = finance.get(TRIAL_BALANCE).await.ok().to_string();
    assert!(!operators.contains("2600-debt"), "{operators}");
    let runs = north.get(&format!("{path}/waterfalls")).await.ok();
    let short = one_whose(&runs["data"], "determination_date", SHORT_DATE);
    let entries = finance.get(&format!("/v1/ledger/entries?event={}", short["sequence"])).await.ok();
    assert_eq!(any(&entries["data"])["entity"], entity);
    let of_box = finance.get(&format!("/v1/ledger/entries?box={id}&limit=1")).await.ok();
    assert_eq!(rules(&of_box), ["box.contributed.1"]);
    assert_eq!(rules(&entries), ["box.accrued.1", "box.waterfall.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_run_is_reversed_whole_and_made_again() {
    let Boxed { exchange, finance, path, .. } = Boxed::lived(8).await;
    let run =
        async |date: &str| finance.post(&format!("{path}/waterfalls"), &json!({"determination_date": date})).await;
    assert_eq!(run("2026-09-01").await.problem(), (409, "waterfall_not_next"));
    assert_eq!(run("2026-11-01").await.problem(), (409, "waterfall_not_next"));
    let reversal = |date: &str| json!({"determination_date": date, "reason": "counted twice"});
    let reversals = format!("{path}/waterfalls/reversals");
    assert_eq!(finance.post(&reversals, &reversal("2026-08-01")).await.problem(), (409, "waterfall_not_latest"));
    let reversed = finance.post(&reversals, &reversal("2026-09-01")).await.ok();
    assert_eq!(reversed["standing"]["debts"], json!({"senior": "62437976.08"}));
    assert_eq!(reversed["collected"], "5400000.00");
    let again = run("2026-09-01").await.ok();
    assert_eq!(again["debt"], "59869234.17");
    let early = json!({"contract": "anchor", "amount": "1.00", "date": "2026-09-01", "reference": "wire"});
    let collections = format!("{path}/collections");
    assert_eq!(finance.post(&collections, &early).await.problem(), (422, "collection_invalid"));
    assert_eq!(finance.post(&format!("{path}/closing"), &json!({})).await.problem(), (409, "box_closed"));

    // What is stored follows from the log, and so does what was published.
    let head = exchange.node.log.head();
    until("the relay has published all", async || {
        (exchange.node.relay.status() == RelayStatus::Published(head)).then_some(())
    })
    .await;
    let topic = TopicSource { brokers: exchange.brokers().expect("brokers").into(), topic: TOPIC.to_owned() };
    let report = audit(&exchange.database, Some(topic)).await.expect("an audit");
    assert!(report.sound, "{report:#?}");
    assert_eq!(report.outcome(Check::Boxes).map(|outcome| outcome.compared), Some(1));
}

/// The first months of `make demo-box`: a contract is traded and assigned, its hours earn for the box, the exchange pays over, the runs are those of
/// the projection, both books and the bank agree throughout, and the audit is sound.
#[tokio::test(flavor = "multi_thread")]
async fn the_box_of_the_demonstration_earns_and_pays_as_projected() {
    let mut told = Vec::new();
    tests::demo::box_life::play(2, &mut tests::demo::Teller::new(&mut told)).await.expect("months without a surprise");
    let told = String::from_utf8(told).expect("text");
    assert!(told.contains(" 77477059.38 "), "{told}");
}

/// A box that lives otherwise than planned, at a floating rate, and the bank that lends to it.
struct Floating {
    exchange: TestExchange,
    finance: ApiClient,
    lender: ApiClient,
    path: String,
}

impl Floating {
    /// It is closed, and has no lender yet.
    async fn closed() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        exchange.operator().post("/v1/organizations", &json!({"id": "bank-a", "name": "Bank A"})).await.ok();
        let (finance, lender) = (exchange.finance(), exchange.client("bank-a", Role::Lender));
        let mut floating = with_rate(json!({"floating": {"index": "sofr", "margin": "0.033"}}));
        floating["indices"] = json!([{"name": "sofr", "fixings": [{"from": "2026-01-01", "rate": "0.05"}]}]);
        let created = finance.post("/v1/boxes", &floating).await.ok();
        let path = format!("/v1/boxes/{}", text(&created["id"]));
        let closed = Self { exchange, finance, lender, path };
        closed.post("closing", json!({})).await.ok();
        closed
    }

    /// It is closed, and the bank lends to it.
    async fn lent_to() -> Self {
        let closed = Self::closed().await;
        closed.lend().await;
        closed
    }

    /// Of its first month, less power is invoiced than was planned, and the sponsor repays more than is due.
    async fn prepaid() -> Self {
        let lent_to = Box::pin(Self::lent_to()).await;
        lent_to.post("invoices", power_of_january()).await.ok();
        lent_to.post("collections", payment_of_january()).await.ok();
        lent_to.post("waterfalls", run_of_january("7556777.78")).await.ok();
        lent_to
    }

    async fn lend(&self) {
        self.finance.put(&format!("{}/lenders", self.path), &json!({"lenders": ["bank-a"]})).await.ok();
    }

    /// What finance enters of it.
    async fn post(&self, of: &str, body: Value) -> Answer {
        self.finance.post(&format!("{}/{of}", self.path), &body).await
    }
}

fn power_of_january() -> Value {
    json!({"agreement": "power", "month": "2026-01", "amount": "500000.00", "reference": "E-17"})
}

fn payment_of_january() -> Value {
    json!({"contract": "anchor", "amount": "5400000.00", "date": "2026-01-31", "reference": "wire"})
}

/// The run of the first month, on which the sponsor prepays so much.
fn run_of_january(prepaid: &str) -> Value {
    json!({"determination_date": "2026-02-01", "prepayments": [{"facility": "senior", "amount": prepaid}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_sees_the_boxes_that_it_lends_to_and_no_other() {
    let floating = Floating::closed().await;
    let Floating { finance, lender, path, .. } = &floating;
    assert_eq!(lender.get(path).await.problem(), (404, "not_found"), "not until it lends");
    floating.lend().await;
    let other = finance.post("/v1/boxes", &reference_deal("north")).await.ok();
    assert_eq!(lender.get(&format!("/v1/boxes/{}", text(&other["id"]))).await.problem(), (404, "not_found"));
    let seen = lender.get("/v1/boxes").await.ok();
    assert_eq!(seen["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_was_a_mistake_is_taken_back() {
    let floating = Floating::lent_to().await;
    let Floating { lender, path, .. } = &floating;
    let entered = floating.post("collections", payment_of_january()).await.ok();
    let undo = json!({"sequence": entered["sequence"], "reason": "entered twice"});
    floating.post("collections/reversals", undo.clone()).await.ok();
    assert_eq!(floating.post("collections/reversals", undo).await.problem(), (409, "collection_not_open"));
    floating.post("collections", payment_of_january()).await.ok();
    let collections = lender.get(&format!("{path}/collections")).await.ok();
    assert_eq!(only(&collections["data"])["amount"], "5400000.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_by_what_was_invoiced_and_takes_a_prepayment() {
    let floating = Floating::lent_to().await;
    let Floating { lender, path, .. } = &floating;
    floating.post("invoices", power_of_january()).await.ok();
    floating.post("collections", payment_of_january()).await.ok();
    let much = floating.post("waterfalls", run_of_january("90000000.00")).await;
    assert_eq!(much.problem(), (422, "prepayment_invalid"));
    let run = floating.post("waterfalls", run_of_january("7556777.78")).await.ok();
    assert_eq!((&run["debt"], &step(&run["run"], "power")["due"]), (&json!("70000000.00"), &json!("500000.00")));
    let statement = lender.get(&format!("{path}/statement")).await.ok();
    let facility = senior(&statement);
    assert_eq!((&facility["prepaid"], &facility["closing"]), (&json!("7556777.78"), &json!("70000000.00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_remains_is_projected_from_where_a_box_stands_at_the_newest_fixing() {
    let floating = Floating::prepaid().await;
    let Floating { exchange, lender, path, .. } = &floating;
    exchange.operator().post("/v1/rates", &json!({"index": "sofr", "from": "2026-02-01", "rate": "0.06"})).await.ok();
    assert_eq!(only(&lender.get("/v1/rates").await.ok()["data"])["rate"], "0.06");
    let rest = lender.get(&format!("{path}/projection")).await.ok();
    assert_eq!(days(&rest).first(), Some(&"2026-03-01"), "what remains");
    let march = one_whose(&rest["dates"], "date", "2026-03-01");
    assert_eq!(step(march, "interest")["due"], "506333.33", "70,000,000 at 9.30 % for 28 days");
    let whole = lender.get(&format!("{path}/projection?from=closing")).await.ok();
    assert_eq!(days(&whole).first(), Some(&"2026-02-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_is_accelerated_when_it_was_not_paid() {
    let floating = Floating::prepaid().await;
    let notice = json!({"accelerated": true, "reason": "notice of the agent"});
    assert_eq!(floating.post("acceleration", notice.clone()).await.problem(), (409, "acceleration_not_due"));
    floating.post("waterfalls", json!({"determination_date": "2026-03-01"})).await.ok();
    let standing = floating.post("acceleration", notice).await.ok();
    assert_eq!(standing["standing"]["accelerated"], true);
    assert_eq!(floating.post("wind-up", json!({})).await.problem(), (409, "wind_up_not_due"));
}

/// A renewal is priced by what hours were sold for; where nothing was, that is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_nothing_prices_is_no_what_if() {
    let floating = Floating::lent_to().await;
    let Floating { lender, path, .. } = &floating;
    let renewal = json!({"renewal": {"gpus": 6720, "market": MARKET, "utilization": "0.75", "months": 12}});
    let unpriced = lender.post(&format!("{path}/projection"), &json!({"what_ifs": [renewal]})).await;
    assert_eq!(unpriced.problem(), (422, "deal_invalid"));
    let mistyped = json!({"what_ifs": [{"renewals": {}}]});
    assert_eq!(lender.post(&format!("{path}/projection"), &mistyped).await.problem(), (422, "invalid_field"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_in_the_books_of_a_box_is_named() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    lived(&exchange, 8).await;
    let database = exchange.stop().await;
    let tampered = async |sql: &str| {
        let copy = database.copy().await;
        let owner = copy.owner().await;
        for table in ["books", "entries", "lines", "balances", "daily_movements"] {
            owner.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await.expect("the superuser may");
        }
        owner.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let report = audit(&copy, None).await.expect("an audit");
        copy.remove().await;
        assert!(!report.sound, "{sql}");
        let first = report.checks.iter().find_map(|outcome| outcome.first.as_ref());
        first.map(ToString::to_string).expect("a difference")
    };
    for (sql, named) in [
        ("UPDATE lines SET amount = amount + sign(amount) WHERE book = 2 AND entry = 2", "entry 2 of box:"),
        ("DELETE FROM entries WHERE book = 2 AND sequence = 4", "line 0 of entry 4 of the book 2: expected none"),
        ("DELETE FROM lines WHERE book = 2 AND entry = 4 AND line = 1", "lines: expected "),
        ("UPDATE entries SET hash = sha256('forged') WHERE book = 2 AND sequence = 5", " of box:"),
        ("UPDATE books SET head_sequence = head_sequence + 1 WHERE id = 2", "beside books.head of box:"),
        (
            "UPDATE daily_movements SET amount = amount + 1 WHERE code = '2600-debt'",
            " 2600-debt USD, movements of 2026-",
        ),
        (
            "INSERT INTO books (id, entity) VALUES (3, 'box:0192f0c1-0000-7000-8000-000000000001')",
            "no event created the box",
        ),
    ] {
        let first = tampered(sql).await;
        assert!(first.contains(named), "{sql}: {first}");
    }
}
