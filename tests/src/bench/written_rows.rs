//! The rows that the exchange has written, to be written once more by the baselines.
//!
//! They are read back in COPY's own format and kept encoded, so that a baseline costs its client next to nothing.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{SinkExt as _, TryStreamExt as _};
use infra::Database;
use tokio_postgres::{Client, Statement};

use super::postgres::TABLES;

/// Signature, flags and the length of an empty extension.
const HEADER_BYTES: usize = 19;

/// The tuples of one table in order, each in COPY's binary format.
struct Tuples {
    bytes: Bytes,
    /// Where each tuple begins, and the last one ends.
    bounds: Vec<usize>,
}

/// What one order wrote.
struct OrderRows {
    /// First and last event.
    events: (i64, i64),
    /// First and last entry; the last before the first when there is none.
    entries: (i64, i64),
    lines: usize,
    digest: Vec<u8>,
}

/// Everything that a run of orders wrote: each order's events follow the ones before without a gap.
pub(super) struct WrittenRows {
    tables: [Tuples; 4],
    orders: Vec<OrderRows>,
}

/// One transaction's rows of `events`, `entries`, `lines` and `idempotency_keys`, as four copies.
pub(super) struct Block([Bytes; 4]);

impl Tuples {
    async fn read(client: &Client, query: &str) -> anyhow::Result<Self> {
        let stream = client.copy_out(&format!("COPY ({query}) TO STDOUT (FORMAT binary)")).await?;
        let bytes = stream.try_fold(BytesMut::new(), async |mut all, part| {
            all.extend_from_slice(&part);
            Ok(all)
        });
        let bytes = bytes.await?.freeze();
        let mut bounds = vec![HEADER_BYTES];
        let mut position = HEADER_BYTES;
        loop {
            let fields = i16::from_be_bytes(number(&bytes, position)?);
            if fields < 0 {
                return Ok(Self { bytes, bounds });
            }
            position += 2;
            for _ in 0..fields {
                let length = i32::from_be_bytes(number(&bytes, position)?);
                position += 4 + usize::try_from(length).unwrap_or(0);
            }
            bounds.push(position);
        }
    }

    /// Some of the tuples as a complete copy.
    fn copy(&self, from: usize, count: usize) -> anyhow::Result<Bytes> {
        let bound = |index: usize| self.bounds.get(index).copied().context("fewer rows than orders say");
        let tuples = &self.bytes[bound(from)?..bound(from + count)?];
        let mut copy = BytesMut::with_capacity(HEADER_BYTES + tuples.len() + 2);
        copy.extend_from_slice(&self.bytes[..HEADER_BYTES]);
        copy.extend_from_slice(tuples);
        copy.put_i16(-1);
        Ok(copy.freeze())
    }
}

fn number<const N: usize>(bytes: &[u8], position: usize) -> anyhow::Result<[u8; N]> {
    let number = bytes.get(position..position + N).context("a copy ends too early")?;
    Ok(number.try_into()?)
}

impl WrittenRows {
    /// Reads what orders wrote after the event `after`. All of them had an idempotency key, and none was refused.
    pub async fn read(database: &Database, after: u64) -> anyhow::Result<Self> {
        let client = database.connect_as_owner().await?;
        let tables = [
            format!("SELECT * FROM events WHERE sequence > {after} ORDER BY sequence"),
            format!("SELECT * FROM entries WHERE event > {after} ORDER BY sequence"),
            format!(
                "SELECT l.* FROM lines l JOIN entries e ON (e.book, e.sequence) = (l.book, l.entry) \
                 WHERE e.event > {after} ORDER BY l.entry, l.line"
            ),
            format!("SELECT * FROM idempotency_keys WHERE first_sequence > {after} ORDER BY first_sequence"),
        ];
        let tables = [
            Tuples::read(&client, &tables[0]).await?,
            Tuples::read(&client, &tables[1]).await?,
            Tuples::read(&client, &tables[2]).await?,
            Tuples::read(&client, &tables[3]).await?,
        ];
        let after = i64::try_from(after)?;
        let keys = "SELECT first_sequence, last_sequence, digest FROM idempotency_keys WHERE first_sequence > $1 \
                    ORDER BY first_sequence";
        let entries = "SELECT event, sequence, line_count FROM entries WHERE event > $1 ORDER BY sequence";
        let entries = client.query(entries, &[&after]).await?;
        let mut entries = entries.iter().peekable();
        let mut orders = Vec::new();
        for key in client.query(keys, &[&after]).await? {
            let events: (i64, i64) = (key.get(0), key.get(1));
            let mut order = OrderRows { events, entries: (0, -1), lines: 0, digest: key.get(2) };
            while let Some(entry) = entries.next_if(|entry| entry.get::<_, i64>(0) <= events.1) {
                let sequence = entry.get(1);
                order.entries = (if order.entries.1 < 0 { sequence } else { order.entries.0 }, sequence);
                order.lines += usize::try_from(entry.get::<_, i32>(2))?;
            }
            orders.push(order);
        }
        ensure!(entries.next().is_none(), "an entry belongs to no order");
        Ok(Self { tables, orders })
    }

    /// The orders that wrote them.
    pub fn orders(&self) -> usize {
        self.orders.len()
    }

    /// The rows in transactions of so many orders.
    pub fn blocks(&self, orders_per_block: usize) -> anyhow::Result<Vec<Block>> {
        let mut from = [0; 4];
        let blocks = self.orders.chunks(orders_per_block).map(|orders| {
            let of_range = |(first, last): (i64, i64)| usize::try_from(last - first + 1);
            let mut counts = [0, 0, 0, orders.len()];
            for order in orders {
                counts[0] += of_range(order.events)?;
                counts[1] += of_range(order.entries).unwrap_or(0);
                counts[2] += order.lines;
            }
            let mut copies = [Bytes::new(), Bytes::new(), Bytes::new(), Bytes::new()];
            for (table, copy) in copies.iter_mut().enumerate() {
                *copy = self.tables[table].copy(from[table], counts[table])?;
                from[table] += counts[table];
            }
            Ok(Block(copies))
        });
        let blocks = blocks.collect::<anyhow::Result<Vec<_>>>()?;
        for (tuples, written) in self.tables.iter().zip(from) {
            ensure!(tuples.bounds.len() == written + 1, "rows are left that belong to no order");
        }
        Ok(blocks)
    }

    /// Writes the rows of up to `orders_max` orders in a transaction each, as one statement, over several connections; tells how
    /// many and how long it took. The server copies them from the real tables, so that neither client nor network costs anything.
    pub async fn insert_one_by_one(
        &self,
        database: &Database,
        schema: &str,
        connections: usize,
        orders_max: usize,
    ) -> anyhow::Result<(usize, Duration)> {
        let statement = format!(
            "WITH e AS (INSERT INTO {schema}.events SELECT * FROM public.events WHERE sequence BETWEEN $1 AND $2), \
             n AS (INSERT INTO {schema}.entries SELECT * FROM public.entries WHERE book = 1 AND sequence BETWEEN $3 AND $4), \
             l AS (INSERT INTO {schema}.lines SELECT * FROM public.lines WHERE book = 1 AND entry BETWEEN $3 AND $4) \
             INSERT INTO {schema}.idempotency_keys SELECT * FROM public.idempotency_keys WHERE digest = $5"
        );
        let mut clients = Vec::new();
        for _ in 0..connections {
            let client = database.connect_as_owner().await?;
            let statement = client.prepare(&statement).await?;
            clients.push((client, statement));
        }
        let orders = &self.orders[..self.orders.len().min(orders_max)];
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        let workers = clients.iter().map(async |(client, statement)| {
            while let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) {
                let OrderRows { events, entries, digest, .. } = order;
                client.execute(statement, &[&events.0, &events.1, &entries.0, &entries.1, digest]).await?;
            }
            Ok::<_, tokio_postgres::Error>(())
        });
        futures::future::try_join_all(workers).await?;
        Ok((orders.len(), started.elapsed()))
    }
}

/// Copies blocks into a schema's plain tables.
pub(super) struct PlainCopy {
    client: Client,
    statements: Vec<Statement>,
}

impl PlainCopy {
    pub async fn into_schema(database: &Database, schema: &str) -> anyhow::Result<Self> {
        let client = database.connect_as_owner().await?;
        let mut statements = Vec::new();
        for table in TABLES {
            statements.push(client.prepare(&format!("COPY {schema}.{table} FROM STDIN (FORMAT binary)")).await?);
        }
        Ok(Self { client, statements })
    }

    /// Writes the blocks, a transaction each, and tells how long it took.
    pub async fn write(&mut self, blocks: Vec<Block>) -> anyhow::Result<Duration> {
        let started = Instant::now();
        for Block(copies) in blocks {
            let transaction = self.client.transaction().await?;
            for (statement, copy) in self.statements.iter().zip(copies) {
                let mut sink = pin!(transaction.copy_in::<_, Bytes>(statement).await?);
                sink.send(copy).await?;
                sink.finish().await?;
            }
            transaction.commit().await?;
        }
        Ok(started.elapsed())
    }
}
