//! Contracts after their trade, and their outages.

use ledger::Label;
use tokio_postgres::{Error, Transaction};

use super::{at_hour, int, signed};
use crate::journal::timestamp;
use crate::projection::changes::Changes;

pub async fn update(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), Error> {
    let moved = &changes.contracts;
    if moved.is_empty() {
        return Ok(());
    }
    let statement = "UPDATE contracts t \
                     SET delivered_hours = t.delivered_hours + c.hours, recognized = t.recognized + c.recognized, \
                         paid = t.paid + c.paid, deposit = t.deposit + c.deposit, credited = t.credited + c.credited, \
                         refunded = t.refunded + c.refunded, penalties = t.penalties + c.penalties, owed = t.owed + c.owed, \
                         undelivered_minutes = t.undelivered_minutes + c.undelivered_minutes, \
                         missed_charges = c.missed_charges + CASE WHEN c.charged THEN 0 ELSE t.missed_charges END, \
                         paid_until = coalesce(c.paid_until, t.paid_until), \
                         seller = coalesce(c.seller, t.seller), \
                         head = CASE WHEN c.seller IS NULL THEN t.head ELSE c.head END, \
                         box = CASE WHEN c.assigned THEN c.box ELSE t.box END, \
                         ready = coalesce(c.ready, t.ready), endpoint = coalesce(c.endpoint, t.endpoint), \
                         ends = coalesce(c.ends, t.ends), \
                         termination = coalesce(c.termination, t.termination), \
                         terminated = t.terminated OR c.termination IS NOT NULL \
                     FROM unnest($1::uuid[], $2::int[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], \
                     $7::numeric[], $8::numeric[], $9::numeric[], $10::bigint[], $11::int[], $12::bool[], \
                     $13::timestamptz[], $14::text[], $15::uuid[], $16::timestamptz[], $17::text[], $18::timestamptz[], \
                     $19::text[], $20::bool[], $21::uuid[]) \
                     AS c (id, hours, recognized, paid, deposit, credited, refunded, penalties, owed, undelivered_minutes, \
                     missed_charges, charged, paid_until, seller, head, ready, endpoint, ends, termination, assigned, box) \
                     WHERE t.id = c.id";
    transaction
        .execute(
            statement,
            &[
                &column!(moved, (id, _) => id.uuid()),
                &column!(moved, (_, change) => int(change.hours)),
                &column!(moved, (_, change) => change.recognized.to_decimal()),
                &column!(moved, (_, change) => change.paid.to_decimal()),
                &column!(moved, (_, change) => change.deposit.to_decimal()),
                &column!(moved, (_, change) => change.credited.to_decimal()),
                &column!(moved, (_, change) => change.refunded.to_decimal()),
                &column!(moved, (_, change) => change.penalties.to_decimal()),
                &column!(moved, (_, change) => change.owed.to_decimal()),
                &column!(moved, (_, change) => change.undelivered_minutes),
                &column!(moved, (_, change) => int(change.missed_charges)),
                &column!(moved, (_, change) => change.charged),
                &column!(moved, (_, change) => change.paid_until.map(at_hour)),
                &column!(moved, (_, change) => change.novated.map(|(seller, _)| seller.to_string())),
                &column!(moved, (_, change) => change.novated.and_then(|(_, head)| head).map(ledger::ContractId::uuid)),
                &column!(moved, (_, change) => change.ready.map(timestamp)),
                &column!(moved, (_, change) => change.endpoint.as_deref()),
                &column!(moved, (_, change) => change.ends.map(at_hour)),
                &column!(moved, (_, change) => change.termination),
                &column!(moved, (_, change) => change.assigned.is_some()),
                &column!(moved, (_, change) => change.assigned.flatten().map(ledger::BoxId::uuid)),
            ],
        )
        .await?;
    Ok(())
}

pub async fn bust_trades(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), Error> {
    if changes.busted_trades.is_empty() {
        return Ok(());
    }
    let contracts = column!(changes.busted_trades, contract => contract.uuid());
    transaction.execute("UPDATE trades SET busted = true WHERE contract = ANY($1)", &[&contracts]).await?;
    Ok(())
}

pub async fn insert_outages(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), Error> {
    let outages = &changes.outages;
    if outages.is_empty() {
        return Ok(());
    }
    let statement = "INSERT INTO outages (id, sequence, contract, market, buyer, seller, opened_by, opened_at, gpus, \
                     from_time, until_time, reason, status) \
                     SELECT *, 'claimed' FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], \
                     $6::text[], $7::text[], $8::timestamptz[], $9::int[], $10::timestamptz[], $11::timestamptz[], \
                     $12::text[])";
    transaction
        .execute(
            statement,
            &[
                &column!(outages, (_, e) => e.outage.uuid()),
                &column!(outages, (record, _) => signed(record.sequence)),
                &column!(outages, (_, e) => e.contract.uuid()),
                &column!(outages, (_, e) => e.market.as_str()),
                &column!(outages, (_, e) => e.buyer.as_str()),
                &column!(outages, (_, e) => e.seller.as_str()),
                &column!(outages, (_, e) => e.opened_by.as_str()),
                &column!(outages, (record, _) => timestamp(record.at)),
                &column!(outages, (_, e) => int(e.gpus)),
                &column!(outages, (_, e) => timestamp(e.from)),
                &column!(outages, (_, e) => e.until.map(timestamp)),
                &column!(outages, (_, e) => e.reason.printable()),
            ],
        )
        .await?;
    Ok(())
}

pub async fn update_outages(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), Error> {
    let moved = &changes.moved_outages;
    if moved.is_empty() {
        return Ok(());
    }
    let statement = "UPDATE outages o \
                     SET until_time = coalesce(c.until_time, o.until_time), gpus = coalesce(c.gpus, o.gpus), \
                         from_time = coalesce(c.from_time, o.from_time), status = coalesce(c.status, o.status), \
                         ruling = coalesce(c.ruling, o.ruling), gpu_minutes = coalesce(c.gpu_minutes, o.gpu_minutes), \
                         credit = coalesce(c.credit, o.credit), penalty = coalesce(c.penalty, o.penalty) \
                     FROM unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], \
                     $7::bigint[], $8::numeric[], $9::numeric[]) \
                     AS c (id, until_time, gpus, from_time, status, ruling, gpu_minutes, credit, penalty) WHERE o.id = c.id";
    let status = column!(moved, (_, change) => match (change.settled, change.dismissed) {
        (_, Some(_)) => Some("dismissed"),
        (Some(_), None) => Some("settled"),
        (None, None) => None,
    });
    let ruling = column!(moved, (_, change) => {
        let settled = change.settled.and_then(|e| e.ruling.as_ref());
        settled.or_else(|| change.dismissed.and_then(|e| e.ruling.as_ref())).map(Label::printable)
    });
    transaction
        .execute(
            statement,
            &[
                &column!(moved, (id, _) => id.uuid()),
                &column!(moved, (_, change) => change.until.map(timestamp)),
                &column!(moved, (_, change) => change.settled.map(|e| int(e.gpus))),
                &column!(moved, (_, change) => change.settled.map(|e| timestamp(e.from))),
                &status,
                &ruling,
                &column!(moved, (_, change) => change.settled.map(|e| signed(e.gpu_minutes))),
                &column!(moved, (_, change) => change.settled.map(|e| (e.amount + e.buyer_fee).to_decimal())),
                &column!(moved, (_, change) => change.settled.map(|e| e.penalty.to_decimal())),
            ],
        )
        .await?;
    Ok(())
}
