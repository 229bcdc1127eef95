//! What the log's storage has to keep.

use std::sync::Arc;

use infra::Database;
use infra::journal::{Batch, IdempotencyKey, JournalError, KeyOutcome, LogRow, StoredKey};
use infra::storage::Storage;
use ledger::Instant;
use secrecy::SecretString;
use tests::postgres::TestDatabase;

use super::{admission, batch, deposit, noon};

/// An empty log in PostgreSQL.
async fn empty() -> Arc<dyn Storage> {
    let database = TestDatabase::create().await;
    Arc::new(Database::new(&SecretString::from(database.url())).expect("a URL"))
}

/// The sequences and contents of the rows after a sequence.
async fn contents(storage: &dyn Storage, after: u64, limit: usize) -> Vec<(u64, Vec<u8>)> {
    let rows = storage.read(after, limit).await.expect("the log can be read");
    rows.iter().map(|row| (row.record.sequence, row.content.clone())).collect()
}

fn expected(rows: &[Arc<LogRow>]) -> Vec<(u64, Vec<u8>)> {
    rows.iter().map(|row| (row.record.sequence, row.content.clone())).collect()
}

#[tokio::test]
async fn what_is_appended_is_read_back_in_order_and_byte_for_byte() {
    let storage = empty().await;
    let mut lease = storage.take_lead().await.expect("the lead");
    assert_eq!((lease.head(), storage.head().await.expect("a head")), (0, 0), "nothing is there at first");
    assert_eq!(contents(&*storage, 0, 10).await, []);
    let rows = [admission(1), deposit(2), admission(3)];
    lease.append(batch(rows[..2].to_vec()).whole()).await.expect("it is committed");
    lease.append(batch(rows[2..].to_vec()).whole()).await.expect("it is committed");
    assert_eq!((lease.head(), storage.head().await.expect("a head")), (3, 3));
    assert_eq!(contents(&*storage, 0, 10).await, expected(&rows));
    assert_eq!(contents(&*storage, 1, 1).await, expected(&rows[1..2]), "after a sequence, no more than asked for");
    assert_eq!(contents(&*storage, 3, 10).await, [], "nothing after the head");
    let read = storage.read(0, 10).await.expect("the log can be read");
    assert!(read.iter().zip(&rows).all(|(read, row)| read.record == row.record), "with place, time and command");
}

#[tokio::test]
async fn a_later_lease_has_a_higher_epoch_and_goes_on_where_the_log_ends() {
    let storage = empty().await;
    let mut first = storage.take_lead().await.expect("the lead");
    first.append(batch([admission(1)]).whole()).await.expect("it is committed");
    let mut second = storage.take_lead().await.expect("the lead");
    assert!(second.epoch() > first.epoch());
    assert_eq!(storage.epoch().await.expect("an epoch"), second.epoch());
    assert_eq!(second.head(), 1);
    second.append(batch([deposit(2)]).whole()).await.expect("it is committed");
    assert_eq!(storage.head().await.expect("a head"), 2);
}

#[tokio::test]
async fn who_has_lost_the_lead_appends_nothing() {
    let storage = empty().await;
    let mut replaced = storage.take_lead().await.expect("the lead");
    let mut leading = storage.take_lead().await.expect("the lead");
    for rows in [vec![admission(1)], vec![]] {
        let refused = replaced.append(batch(rows).whole()).await;
        assert!(matches!(refused, Err(JournalError::Fenced)), "{refused:?}");
    }
    let recovered = replaced.recover().await;
    assert!(matches!(recovered, Err(JournalError::Fenced)), "{recovered:?}");
    assert_eq!(storage.head().await.expect("a head"), 0);
    leading.append(batch([admission(1)]).whole()).await.expect("it is committed");
}

#[tokio::test]
async fn a_batch_is_committed_whole_or_not_at_all() {
    let storage = empty().await;
    let mut lease = storage.take_lead().await.expect("the lead");
    lease.append(batch([admission(1)]).whole()).await.expect("it is committed");
    // A gap: the log has no event 3.
    let mut broken = batch([deposit(2), admission(4)]);
    broken.keys.push(key(1, noon()));
    lease.append(broken.whole()).await.expect_err("it does not continue the log");
    lease.recover().await.expect("the head is read");
    assert_eq!((lease.head(), storage.head().await.expect("a head")), (1, 1), "nothing of it is there");
    assert_eq!(contents(&*storage, 1, 10).await, []);
    assert_eq!(known_keys(&*storage, before(noon())).await, []);
    lease.append(batch([deposit(2), admission(3)]).whole()).await.expect("another is committed");
    assert_eq!(storage.head().await.expect("a head"), 3);
}

#[tokio::test]
async fn an_append_that_was_cut_off_is_there_whole_or_not_at_all_when_its_lease_has_recovered() {
    let storage = empty().await;
    let mut lease = storage.take_lead().await.expect("the lead");
    let rows: Vec<_> = (1..=500).map(deposit).collect();
    let cut_off = batch(rows.clone());
    // Its caller stops waiting at once: the outcome is unknown.
    let given_up = tokio::time::timeout(std::time::Duration::ZERO, lease.append(cut_off.whole())).await;
    lease.recover().await.expect("the head is read");
    let committed = contents(&*storage, 0, 1_000).await;
    assert_eq!(lease.head(), committed.len() as u64, "the lease knows the true head; {given_up:?}");
    assert!(committed.is_empty() || committed == expected(&rows), "{} of 500", committed.len());
    let next = lease.head() + 1;
    lease.append(batch([admission(next)]).whole()).await.expect("it goes on from there");
}

#[tokio::test]
async fn keys_are_committed_with_their_events_and_forgotten_by_their_age() {
    let storage = empty().await;
    let mut lease = storage.take_lead().await.expect("the lead");
    let earlier = before(noon());
    let mut first = batch([admission(1)]);
    first.keys.push(key(1, earlier));
    lease.append(first.whole()).await.expect("it is committed");
    // A key of a request that was refused comes with no event.
    let second = Batch { keys: vec![key(2, noon())], ..Batch::default() };
    lease.append(second.whole()).await.expect("it is committed");
    let outcome = |first, last| KeyOutcome::Events { first, last };
    assert_eq!(known_keys(&*storage, before(earlier)).await, [(1, earlier), (2, noon())]);
    assert_eq!(known_keys(&*storage, earlier).await, [(2, noon())], "only those of later requests");
    let stored = storage.keys(earlier).await.expect("the keys can be read");
    assert_eq!(format!("{:?}", stored[0].outcome), format!("{:?}", outcome(1, 1)));
    assert_eq!(storage.forget_keys(noon()).await.expect("the keys can be forgotten"), 1);
    assert_eq!(known_keys(&*storage, before(earlier)).await, [(2, noon())]);
}

/// A minute earlier.
fn before(instant: Instant) -> Instant {
    Instant::nearest_to(instant.micros() - 60_000_000)
}

fn key(number: u8, created_at: Instant) -> StoredKey {
    let key = IdempotencyKey {
        organization: Some("acme".parse().expect("a slug")),
        digest: [number; 32],
        request_hash: [number; 32],
    };
    StoredKey { key, created_at, outcome: KeyOutcome::Events { first: 1, last: 1 } }
}

/// The numbers and times of the stored keys since an instant.
async fn known_keys(storage: &dyn Storage, since: Instant) -> Vec<(u8, Instant)> {
    let keys = storage.keys(since).await.expect("the keys can be read");
    let mut known: Vec<_> = keys.iter().map(|stored| (stored.key.digest[0], stored.created_at)).collect();
    known.sort_unstable();
    known
}
