//! The books after a trading session, checked from their rows alone.

use std::collections::BTreeMap;

use api::auth::Role;
use ledger::{Amount, Currency, EntityId};
use reqwest::Method;
use tests::client::{TRIAL_BALANCE, bid};
use tests::exchange::TestExchange;
use tests::picking::{amount, text};
use tests::postgres::TestDatabase;

use crate::trading::opened;

/// A session of plain trading: one contract over, one in delivery, one to come, a bid that rests and one that
/// was cancelled.
async fn after_a_session() -> TestExchange {
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    opened(&exchange).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    for (buyer, start, end) in [(&acme, 2, 3), (&beta, 2, 5), (&acme, 10, 12)] {
        let (start, end) = (format!("2037-01-{start:02}T00:00:00Z"), format!("2037-01-{end:02}T00:00:00Z"));
        let filled = buyer.post("/v1/orders", &bid(8, "1.1001", &start, &end)).await.ok();
        assert_eq!(filled["status"], "filled");
    }
    let resting = bid(16, "0.9137", "2037-01-20T00:00:00Z", "2037-01-21T07:00:00Z");
    acme.post("/v1/orders", &resting).await.ok();
    let cancelled = beta.post("/v1/orders", &resting).await.ok();
    let path = format!("/v1/orders/{}", cancelled["id"].as_str().expect("an id"));
    beta.send(beta.request(Method::DELETE, &path)).await.ok();
    exchange.move_clock_to("2037-01-03T12:00:00Z").await;
    exchange
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_can_be_recomputed_in_sql_from_the_documented_text() {
    let exchange = after_a_session().await;
    let owner = exchange.database.owner().await;
    // The text that `ledger::chain` documents: amounts have two to six decimal places.
    let recomputed = r"
        SELECT count(*), count(*) FILTER (WHERE hash = sha256(convert_to(text, 'UTF8')) AND previous_hash = link)
        FROM (
            SELECT e.hash, e.previous_hash,
                   coalesce(lag(e.hash) OVER (PARTITION BY e.book ORDER BY e.sequence), decode(repeat('00', 32), 'hex')) AS link,
                   concat_ws(E'\n', encode(e.previous_hash, 'hex'), b.entity, e.sequence, e.source_key,
                             e.rule || '.' || e.rule_version, to_char(e.effective, 'YYYY-MM-DD'),
                             coalesce(e.contract::text, ''), coalesce(e.box::text, ''), l.text) AS text
            FROM entries e JOIN books b ON b.id = e.book
            CROSS JOIN LATERAL (
                SELECT string_agg(concat_ws(' ', a.code, a.owner, a.currency, regexp_replace(l.amount::text, '0{1,4}$', ''),
                                            coalesce(l.contract::text, '')), E'\n' ORDER BY l.line) AS text
                FROM lines l JOIN accounts a ON a.id = l.account WHERE l.book = e.book AND l.entry = e.sequence
            ) l
        ) AS chained";
    let row = owner.query_one(recomputed, &[]).await.unwrap();
    let (entries, equal): (i64, i64) = (row.get(0), row.get(1));
    let (deposits, holds, prepayments, releases, hours) = (2, 5, 3, 4, 36);
    assert_eq!(entries, deposits + holds + prepayments + releases + hours);
    assert_eq!(equal, entries);
    let head = "SELECT head_sequence, head_hash = (SELECT hash FROM entries WHERE book = 1 ORDER BY sequence DESC LIMIT 1) \
                FROM books WHERE id = 1";
    let row = owner.query_one(head, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (entries, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_names_its_rule_and_the_event_that_it_records() {
    let exchange = after_a_session().await;
    let owner = exchange.database.owner().await;
    let pairs = "SELECT DISTINCT e.rule, e.rule_version, v.type \
                 FROM entries e LEFT JOIN events v ON v.sequence = e.event ORDER BY 1, 3";
    let rows = owner.query(pairs, &[]).await.unwrap();
    let pairs: Vec<(String, i16, Option<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = [
        ("deposit.recorded", "deposit_received"),
        ("hold.placed", "order_placed"),
        ("hold.voided", "order_closed"),
        ("hold.voided", "trade_executed"),
        ("hours.delivered", "hours_delivered"),
        ("term.prepaid", "trade_executed"),
    ];
    assert_eq!(pairs, expected.map(|(rule, event)| (rule.to_owned(), 1, Some(event.to_owned()))));
    let misnamed = "SELECT count(*) FROM (SELECT source_key, \
                    event || '.' || row_number() OVER (PARTITION BY event ORDER BY sequence) - 1 AS key FROM entries) e \
                    WHERE source_key <> key";
    assert_eq!(owner.query_one(misnamed, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_trial_balance_is_the_one_in_memory_and_the_sum_of_the_lines() {
    let exchange = after_a_session().await;
    let finance = exchange.finance();
    let trial = finance.get(TRIAL_BALANCE).await.ok();
    let published: BTreeMap<String, Amount> = trial["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["account"]), amount(&row["balance"])))
        .filter(|(_, balance)| !balance.is_zero())
        .collect();
    let in_memory = exchange.node.view.read().books().trial_balance(EntityId::Operator, Currency::USD);
    let remembered: BTreeMap<String, Amount> =
        in_memory.rows.iter().map(|row| (row.account.code().to_owned(), row.balance)).collect();
    assert_eq!(published, remembered);
    assert_eq!(published.len(), 6, "the session used the whole chart: {published:?}");
    assert_eq!(published.values().copied().sum::<Amount>(), Amount::ZERO);
    assert_eq!(trial["total_debit"], trial["total_credit"]);
    assert_eq!(amount(&trial["total_debit"]), in_memory.total_debit());

    let owner = exchange.database.owner().await;
    let apart = "SELECT count(*) FROM balances b WHERE balance <> \
                 (SELECT coalesce(sum(amount), 0) FROM lines l WHERE l.account = b.account)";
    assert_eq!(owner.query_one(apart, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contract_has_prepaid_is_what_remains_of_it() {
    let exchange = after_a_session().await;
    let owner = exchange.database.owner().await;
    let mut statuses = Vec::new();
    for organization in ["acme", "beta"] {
        let contracts = exchange.client(organization, Role::Buyer).get("/v1/contracts").await.ok();
        for contract in contracts["data"].as_array().unwrap() {
            let account = format!("contract:{}", text(&contract["id"]));
            let prepaid = "SELECT (-s.balance)::text FROM balances s JOIN accounts a ON a.id = s.account \
                           WHERE a.code = '2100-contract-prepayment' AND a.owner = $1";
            let prepaid: String = owner.query_one(prepaid, &[&account]).await.unwrap().get(0);
            assert_eq!(amount(&contract["remaining"]), prepaid.parse().unwrap(), "{contract}");
            let parts = amount(&contract["recognized"]) + amount(&contract["remaining"]);
            assert_eq!(amount(&contract["total"]), parts, "{contract}");
            statuses.push(text(&contract["status"]));
        }
    }
    statuses.sort();
    assert_eq!(statuses, ["active", "completed", "pending"]);
}
