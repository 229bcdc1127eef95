//! One request never costs another: what the database refuses for its content is taken out of its batch alone.
//!
//! Before, the whole batch was answered `outcome_unknown`, the state cloned and all keys read again, for each such request. The
//! refusals here come from triggers that a test adds: they stand for whatever the database will not take next.

use api::auth::Role;
use futures::future::join_all;
use infra::journal::IdempotencyKey;
use infra::sequencer::{Pending, Receipt, SubmitError};
use matching::{Instruction, Refusal};
use serde_json::{Value, json};
use tests::attacks::Stage;
use tests::attacks::amounts::unpayable_month;
use tests::client::{MARKET, bid};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::picking::{contract_of, only};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::opening::{NEXT_DAY, START, THIRD_DAY};
use crate::sequencer::{assert_consistent, commit_waits, hold_commits, instruction, open_exchange};

/// Has the database refuse every event of a type whose content has `text`, with this SQLSTATE.
pub async fn refuse(owner: &Client, event_type: &str, text: &str, code: &str) {
    let function = format!("refuse_{}", Uuid::now_v7().simple());
    let statement = format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '{code}'; END $$;
         CREATE TRIGGER {function} BEFORE INSERT ON events FOR EACH ROW
         WHEN (NEW.type = '{event_type}' AND NEW.content::text LIKE '%{text}%') EXECUTE FUNCTION {function}()"
    );
    owner.batch_execute(&statement).await.expect("the owner may");
}

/// Lets the database take everything again.
async fn accept_all(owner: &Client) {
    let statement = "SELECT string_agg(format('DROP FUNCTION %s CASCADE', proname), '; ') FROM pg_proc \
                     WHERE proname LIKE 'refuse\\_%' AND proname NOT IN ('refuse_change', 'refuse_discontinuity')";
    let drops: String = owner.query_one(statement, &[]).await.expect("functions").get(0);
    owner.batch_execute(&drops).await.expect("the owner may");
}

/// Whether the database did not accept what an instruction led to.
fn is_violation(outcome: &Result<Receipt, SubmitError>) -> bool {
    let Err(SubmitError::Refused(refusal)) = outcome else { return false };
    **refusal == Refusal::InvariantViolated { invariant: "database_accepts".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_is_refused_alone() {
    let exchange = open_exchange().await;
    let owner = exchange.database.owner().await;
    refuse(&owner, "market_halted", "poison", "22P05").await;
    let operator = exchange.operator();
    let halt = || Instruction::HaltMarket {
        market: MARKET.parse().expect("a market"),
        reason: "poison".parse().expect("a label"),
    };

    // While a commit waits, everything else gathers in one batch: orders before, between and behind two that are poisoned.
    let sequencer = &exchange.node.sequencer;
    let held = hold_commits(&exchange.database).await;
    let first = sequencer.enqueue(instruction(0), None).expect("there is room");
    commit_waits(&held).await;
    let orders = (1..30).map(|number| sequencer.enqueue(instruction(number), None).expect("there is room"));
    let mut pending: Vec<_> = orders.collect();
    let [first_key, second_key] =
        [1, 2].map(|digest| IdempotencyKey { organization: None, digest: [digest; 32], request_hash: [digest; 32] });
    let mut halts = vec![sequencer.enqueue(halt(), Some(first_key)).expect("there is room")];
    pending.extend((30..60).map(|number| sequencer.enqueue(instruction(number), None).expect("there is room")));
    halts.push(sequencer.enqueue(halt(), Some(second_key)).expect("there is room"));
    held.batch_execute("ROLLBACK").await.expect("the row is free");

    first.receipt().await.expect("it is committed");
    for order in join_all(pending.into_iter().map(Pending::receipt)).await {
        order.expect("it is committed");
    }
    for halted in join_all(halts.into_iter().map(Pending::receipt)).await {
        assert!(is_violation(&halted), "{halted:?}");
    }
    accept_all(&owner).await;
    assert!(is_violation(&sequencer.submit(halt(), Some(first_key)).await), "the refusal is what the key stands for");
    assert_eq!(operator.get(&format!("/v1/markets/{MARKET}")).await.ok()["status"], "open");
    assert_consistent(&exchange).await;
    let metrics = exchange.anonymous().text("/metrics").await;
    assert!(metrics.contains(r#"secondwind_invariant_violations_total{invariant="database_accepts"} 2"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_continue_the_log_stops_the_leader() {
    let exchange = open_exchange().await;
    refuse(&exchange.database.owner().await, "market_halted", "gap", "SW001").await;
    let halt = exchange.operator().post(&format!("/v1/markets/{MARKET}/halt"), &json!({"reason": "gap"})).await;
    assert_eq!(halt.problem(), (503, "outcome_unknown"));
    tokio::time::timeout(PATIENCE, exchange.node.sequencer.fenced()).await.expect("it stops leading");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_and_fails_is_set_aside_alone() {
    let exchange = open_exchange().await;
    let owner = exchange.database.owner().await;
    let operator = exchange.operator();
    let contract = async |organization: &str| {
        let buyer = exchange.client(organization, Role::Buyer);
        let order = buyer.post("/v1/orders", &bid(8, "1.1000", START, NEXT_DAY)).await.ok();
        contract_of(&order)
    };
    let (poisoned, sound) = (contract("acme").await, contract("beta").await);
    refuse(&owner, "hours_delivered", &poisoned, "22003").await;

    exchange.move_clock_to("2037-01-01T03:00:00Z").await;
    let parked = until("the contract is set aside", async || {
        let parked = operator.get("/v1/parked").await.ok();
        parked["data"].as_array().is_some_and(|parked| !parked.is_empty()).then_some(parked)
    })
    .await;
    let parked = only(&parked["data"]);
    assert_eq!(parked["due"], json!({"kind": "contract", "contract": poisoned}));
    assert_eq!(parked["invariant"], "database_accepts");
    let recognized = async |organization: &str, contract: &str| {
        let buyer = exchange.client(organization, Role::Buyer);
        buyer.get(&format!("/v1/contracts/{contract}")).await.ok()["recognized"].clone()
    };
    let delivered = async |organization: &'static str, contract: &str, amount: &str| {
        until("three hours are delivered", async || (recognized(organization, contract).await == amount).then_some(()))
            .await;
    };
    delivered("beta", &sound, "25.326").await;
    assert_eq!(recognized("acme", &poisoned).await, "0.00");
    let order = exchange.client("beta", Role::Buyer).post("/v1/orders", &bid(8, "0.5000", NEXT_DAY, THIRD_DAY)).await;
    assert_eq!(order.status, 201, "trading goes on");

    // Once the cause is mended, an operator lets it fall due again.
    accept_all(&owner).await;
    let due = parked["due"].clone();
    operator.post("/v1/parked/resume", &due).await.ok();
    delivered("acme", &poisoned, "25.326").await;
    assert_eq!(operator.get("/v1/parked").await.ok()["data"], Value::Array(vec![]));
    assert_eq!(operator.post("/v1/parked/resume", &due).await.problem(), (409, "not_parked"));
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_with_a_month_that_nobody_could_pay_is_refused_when_it_is_bought() {
    let exchange = TestExchange::start().await;
    assert_eq!(unpayable_month(&Stage::from(&exchange)).await.unwrap(), "422 amount_too_large");
}
