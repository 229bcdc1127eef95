//! Check of the read models, where the state knows what they say: contracts, open orders, lots.

use jiff::Timestamp;
use ledger::{Amount, ContractId, Map};
use matching::{Exchange, Hour, Order, OrderId, Supply};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use uuid::Uuid;

use super::AuditError;
use super::contracts::LoggedContract;
use super::copied::CopiedRow;
use super::entries::or_none;
use super::report::{Check, Finding, Outcome};
use super::snapshot::{Rows, Snapshot};
use crate::journal::timestamp;

/// Row of table `contracts`: the columns that are compared, with their values as text.
pub(super) struct ContractRow {
    id: ContractId,
    columns: Vec<(&'static str, String)>,
}

/// Comparer of the tables with the state as it was when they had reached it.
pub(super) struct ReadModelsCheck {
    pub outcome: Outcome,
}

impl ReadModelsCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::ReadModels) }
    }

    /// Compares the rows of contracts with the log up to the same event.
    pub fn contracts(
        &mut self,
        mut rows: Rows<ContractRow>,
        told: &Map<ContractId, LoggedContract>,
    ) -> Result<(), AuditError> {
        let mut known = 0;
        while let Some(row) = rows.take()? {
            self.outcome.compared += 1;
            let place = |column: &str| format!("contracts, the row {}, column {column}", row.id);
            let Some(contract) = told.get(&row.id) else {
                let expected = "no row: the log has no such contract".to_owned();
                self.outcome.differ(|| Finding { place: place("id"), expected, found: "one".to_owned() });
                continue;
            };
            known += 1;
            for ((column, found), expected) in row.columns.iter().zip(expected_columns(contract)) {
                self.outcome.compare(|| place(column), &expected, found);
            }
        }
        let missing = told.len() as u64 - known;
        let place = || "contracts, rows that are not there".to_owned();
        self.outcome.compare(place, 0, missing);
        Ok(())
    }

    /// Compares the rows of open orders with the orders at rest in the state.
    pub fn orders(&mut self, rows: &[Row], exchange: &Exchange) {
        let venue = exchange.venue();
        let mut found = 0;
        for row in rows {
            self.outcome.compared += 1;
            let id = OrderId::new(row.get(0));
            let place = |column: &'static str| move || format!("orders, the row {id}, column {column}");
            let Some(order) = venue.order(id) else {
                let status = row.get::<_, String>(1);
                self.outcome.compare(place("status"), "one of an order that has ended".to_owned(), status);
                continue;
            };
            found += 1;
            let (kind, side, gpus, filled, limit, suspended) = order_columns(order);
            self.outcome.compare(place("organization"), order.organization().as_str(), row.get(2));
            self.outcome.compare(place("market"), venue.at(order.market()).spec.id.as_str(), row.get(3));
            self.outcome.compare(place("kind"), kind, row.get(4));
            self.outcome.compare(place("side"), side, row.get(5));
            self.outcome.compare(place("gpus"), i64::from(gpus), i64::from(row.get::<_, i32>(6)));
            let limit = Decimal::from_i128_with_scale(i128::from(limit.micros()), 6);
            self.outcome.compare(place("limit_price"), limit, row.get(8));
            // The filled quantity of a spot order is of its last hour, which the state forgets.
            if let Some(filled) = filled {
                self.outcome.compare(place("filled_gpus"), i64::from(filled), i64::from(row.get::<_, i32>(7)));
                let status = if filled == 0 { "open" } else { "partially_filled" };
                self.outcome.compare(place("status"), status, row.get(1));
            } else {
                let status = if suspended { "suspended" } else { "open" };
                self.outcome.compare(place("status"), status, row.get(1));
            }
        }
        let place = || "orders, open ones whose rows are not there or say that they have ended".to_owned();
        self.outcome.compare(place, 0, venue.orders().len() - found);
    }

    /// Compares the rows of lots with the lots in the state.
    pub fn lots(&mut self, rows: &[Row], exchange: &Exchange) {
        let mut found = 0;
        for row in rows {
            self.outcome.compared += 1;
            let id: Uuid = row.get(0);
            let place = |column: &'static str| move || format!("lots, the row {id}, column {column}");
            let Some(lot) = exchange.venue().lot(matching::LotId::new(id)) else {
                self.outcome.compare(place("expired"), true, false);
                continue;
            };
            found += 1;
            self.outcome.compare(place("organization"), lot.seller.as_str(), row.get(1));
            self.outcome.compare(place("market"), lot.market.as_str(), row.get(2));
            self.outcome.compare(place("gpus"), i64::from(lot.gpus), i64::from(row.get::<_, i32>(3)));
            self.outcome.compare(place("window_start"), timestamp(lot.window.start().start()), row.get(4));
            self.outcome.compare(place("window_end"), timestamp(lot.window.end().start()), row.get(5));
            self.outcome.compare(place("fabric"), &*lot.fabric.printable(), row.get(6));
            self.outcome.compare(place("withdrawn"), lot.withdrawn.is_some(), row.get(7));
        }
        let own = exchange.venue().lots().into_iter().filter(|lot| matches!(lot.supply, Supply::Lot(_))).count();
        let place = || "lots, whose rows are not there or say that they have expired".to_owned();
        self.outcome.compare(place, 0, own - found);
    }
}

/// Returns an order's kind, side, GPUs, those filled where it knows, its limit, and whether it waits for funds.
fn order_columns(order: &Order) -> (&'static str, &'static str, u32, Option<u32>, matching::Price, bool) {
    match order {
        Order::Bid(bid) => {
            ("term", "buy", bid.gpus, Some(bid.gpus - bid.terms.remaining), bid.terms.limit_price, false)
        }
        Order::Ask(ask) => ("term", "sell", ask.gpus, Some(ask.gpus - ask.remaining.min()), ask.limit_price, false),
        Order::SpotBid(bid) => ("spot", "buy", bid.gpus, None, bid.limit_price, bid.suspended),
        Order::SpotAsk(ask) => ("spot", "sell", ask.gpus, None, ask.limit_price, false),
    }
}

/// Reads the rows of open orders.
pub(super) async fn open_orders(snapshot: &Snapshot) -> Result<Vec<Row>, AuditError> {
    let statement = "SELECT id, status, organization, market, kind, side, gpus, filled_gpus, limit_price FROM orders \
                     WHERE status NOT IN ('filled', 'cancelled', 'expired') ORDER BY sequence";
    Ok(snapshot.client.query(statement, &[]).await?)
}

/// Reads the rows of lots that have not expired.
pub(super) async fn lots(snapshot: &Snapshot) -> Result<Vec<Row>, AuditError> {
    let statement = "SELECT id, organization, market, gpus, window_start, window_end, fabric, withdrawn FROM lots \
                     WHERE NOT expired ORDER BY sequence";
    Ok(snapshot.client.query(statement, &[]).await?)
}

/// Reads the rows of contracts, in the columns of [`expected_columns`].
pub(super) async fn contracts(snapshot: &Snapshot) -> Result<Rows<ContractRow>, AuditError> {
    let query = "SELECT id, sequence, market, buyer, seller, gpus, price, window_start, window_end, currency, lot, head, total, \
                 recognized, paid, deposit, credited, refunded, penalties, owed, delivered_hours, undelivered_minutes, \
                 paid_until, termination, ends, terminated, box FROM contracts ORDER BY sequence";
    snapshot.rows(query, read_contract).await
}

fn read_contract(row: &mut CopiedRow<'_>) -> Result<ContractRow, AuditError> {
    let text = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(row.value::<&str>()?.to_owned());
    let int = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(row.value::<i32>()?.to_string());
    let long = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(row.value::<i64>()?.to_string());
    let amount = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(row.value::<Amount>()?.to_string());
    let time = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(or_none(row.value::<Option<Timestamp>>()?));
    let id_of = |row: &mut CopiedRow<'_>| Ok::<String, AuditError>(or_none(row.value::<Option<Uuid>>()?));
    let id = ContractId::new(row.value()?);
    let columns = vec![
        ("sequence", long(row)?),
        ("market", text(row)?),
        ("buyer", text(row)?),
        ("seller", text(row)?),
        ("gpus", int(row)?),
        ("price", amount(row)?),
        ("window_start", time(row)?),
        ("window_end", time(row)?),
        ("currency", text(row)?),
        ("lot", id_of(row)?),
        ("head", id_of(row)?),
        ("total", amount(row)?),
        ("recognized", amount(row)?),
        ("paid", amount(row)?),
        ("deposit", amount(row)?),
        ("credited", amount(row)?),
        ("refunded", amount(row)?),
        ("penalties", amount(row)?),
        ("owed", amount(row)?),
        ("delivered_hours", int(row)?),
        ("undelivered_minutes", long(row)?),
        ("paid_until", time(row)?),
        ("termination", or_none(row.value::<Option<&str>>()?)),
        ("ends", time(row)?),
        ("terminated", row.value::<bool>()?.to_string()),
        ("box", id_of(row)?),
    ];
    Ok(ContractRow { id, columns })
}

/// Computes what a contract's row should have, in the order of [`read_contract`].
fn expected_columns(told: &LoggedContract) -> [String; 26] {
    let (trade, change) = (&told.trade, &told.change);
    let time = |hour: Hour| timestamp(hour.start()).to_string();
    let (seller, head) = change.novated.unwrap_or((trade.seller, trade.head));
    [
        told.sequence.to_string(),
        trade.market.to_string(),
        trade.buyer.to_string(),
        seller.to_string(),
        trade.gpus.to_string(),
        Amount::from_micros(i128::from(trade.price.micros())).to_string(),
        time(trade.window.start()),
        time(trade.window.end()),
        trade.currency.to_string(),
        trade.lot.to_string(),
        or_none(head),
        told.total().to_string(),
        change.recognized.to_string(),
        told.paid().to_string(),
        told.deposit().to_string(),
        change.credited.to_string(),
        change.refunded.to_string(),
        change.penalties.to_string(),
        change.owed.to_string(),
        change.hours.to_string(),
        change.undelivered_minutes.to_string(),
        time(change.paid_until.unwrap_or(trade.paid_until())),
        or_none(change.termination),
        or_none(change.ends.map(time)),
        change.termination.is_some().to_string(),
        or_none(change.box_id),
    ]
}
