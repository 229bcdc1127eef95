//! The index of organizations' own events.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{ContractId, exact};
use matching::Parties;
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::journal::LogRow;

/// Whom the events after `after` concern.
pub(super) fn parties(rows: &[Arc<LogRow>], after: u64) -> Vec<(u64, Parties)> {
    let new = rows.iter().map(|row| &row.record).filter(|record| record.sequence > after);
    new.map(|record| (record.sequence, record.event.parties())).collect()
}

/// Says which events concern whom. It comes after the trades, for contracts tell who bought the hours that are delivered.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    parties: &[(u64, Parties)],
) -> Result<(), tokio_postgres::Error> {
    let mut contracts: Vec<Uuid> =
        parties.iter().flat_map(|(_, parties)| &parties.bought).map(|contract| contract.uuid()).collect();
    contracts.sort_unstable();
    contracts.dedup();
    let rows = if contracts.is_empty() {
        Vec::new()
    } else {
        transaction.query("SELECT id, buyer FROM contracts WHERE id = ANY($1)", &[&contracts]).await?
    };
    let buyers: BTreeMap<Uuid, &str> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut own: BTreeMap<(u64, &str), Vec<ContractId>> = BTreeMap::new();
    for (sequence, parties) in parties {
        for organization in &parties.organizations {
            own.entry((*sequence, organization.as_str())).or_default();
        }
        for contract in &parties.bought {
            let Some(buyer) = buyers.get(&contract.uuid()) else { continue };
            own.entry((*sequence, buyer)).or_default().push(*contract);
        }
    }
    if own.is_empty() {
        return Ok(());
    }
    let statement = "INSERT INTO organization_events (organization, sequence, bought) \
                     SELECT organization, sequence, bought::uuid[] \
                     FROM unnest($1::text[], $2::bigint[], $3::text[]) AS o (organization, sequence, bought)";
    transaction
        .execute(
            statement,
            &[
                &own.keys().map(|(_, organization)| *organization).collect::<Vec<_>>(),
                &own.keys().map(|(sequence, _)| exact::<_, i64>(*sequence)).collect::<Vec<_>>(),
                &own.values().map(|bought| array_text(bought)).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

/// The array as PostgreSQL writes it, for `unnest` cannot make rows of arrays; nothing for none.
fn array_text(contracts: &[ContractId]) -> Option<String> {
    let texts: Vec<String> = contracts.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| format!("{{{}}}", texts.join(",")))
}
