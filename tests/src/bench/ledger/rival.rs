//! A ledger in the style of pgledger: a function per transfer, row locks, a transaction each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio_postgres::{Client, Statement};

use super::payouts::{FUNDS, ORGANIZATIONS, Payout};
use crate::bench::latency::Latencies;
use crate::bench::postgres::DurablePostgres;

const SCHEMA: &str = include_str!("rival.sql");
/// Connections that transfer at once.
pub(super) const CLIENTS: usize = 8;

/// The rival in a database of its own.
pub(super) struct Rival {
    clients: Vec<(Client, Statement)>,
    transferred: usize,
}

impl Rival {
    /// Opens an account for each account of ours, with the same money.
    pub async fn open(postgres: &DurablePostgres) -> anyhow::Result<Self> {
        let database = postgres.empty_database("rival").await?;
        let owner = database.connect_as_owner().await?;
        owner.batch_execute(SCHEMA).await?;
        // An organization's accounts are next to each other: 2n + 1 with its money, 2n + 2 in transit. The bank's is the last.
        let accounts = "INSERT INTO accounts (name, currency, negative_balance_taken, positive_balance_taken) \
                        SELECT 'account-' || number, 'USD', number > $1, true FROM generate_series(1, $1 + 1) number";
        let (count, bank) = (i32::try_from(2 * ORGANIZATIONS)?, i64::try_from(2 * ORGANIZATIONS)? + 1);
        owner.execute(accounts, &[&count]).await?;
        let fund = "SELECT create_transfer($1, 2 * number + 1, $2) FROM generate_series(0, $3::int - 1) number";
        owner.execute(fund, &[&bank, &FUNDS.to_decimal(), &i32::try_from(ORGANIZATIONS)?]).await?;
        owner.batch_execute("ANALYZE").await?;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let client = database.connect_as_owner().await?;
            let statement = client.prepare("SELECT create_transfer($1, $2, $3)").await?;
            clients.push((client, statement));
        }
        Ok(Self { clients, transferred: ORGANIZATIONS })
    }

    /// Carries out the payouts, a transaction each, and tells how long it took.
    pub async fn carry_out(&mut self, payouts: &[Payout], latencies: &mut Latencies) -> anyhow::Result<Duration> {
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        let clients = self.clients.iter().map(async |(client, statement)| {
            let mut took = Vec::new();
            while let Some(payout) = payouts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let source = i64::try_from(2 * payout.organization + 1)?;
                let begun = Instant::now();
                client.query_one(statement, &[&source, &(source + 1), &payout.amount.to_decimal()]).await?;
                took.push(begun.elapsed());
            }
            Ok::<_, anyhow::Error>(took)
        });
        let took_each = futures::future::try_join_all(clients).await?;
        let took = started.elapsed();
        took_each.into_iter().flatten().for_each(|took| latencies.record(took));
        self.transferred += payouts.len();
        Ok(took)
    }

    /// Fails unless every transfer is there with its two entries, and they say what the balances say.
    pub async fn check(&self) -> anyhow::Result<()> {
        let [(client, _), ..] = self.clients.as_slice() else { return Ok(()) };
        let statement = "SELECT (SELECT count(*) FROM transfers), count(*), sum(amount) = 0, \
                         (SELECT bool_and(balance = moved) FROM (SELECT a.balance, sum(e.amount) AS moved FROM accounts a \
                         JOIN entries e ON e.account = a.id GROUP BY a.id) each) FROM entries";
        let row = client.query_one(statement, &[]).await?;
        let found: (i64, i64, bool, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
        let transferred = i64::try_from(self.transferred)?;
        ensure!(found == (transferred, 2 * transferred, true, true), "the rival's books are not sound: {found:?}");
        Ok(())
    }
}
