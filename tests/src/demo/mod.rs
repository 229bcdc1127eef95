//! Demonstrations: what an exchange does over a long time, played through its REST API on a simulated clock, and told for people to read.
//!
//! - `month`: a month of 20 buyers and 8 providers, from its first deposit to its closed books.
//! - `box_life`: five years of a box on a contract of the exchange.
//! - `bank`: the bank of either, `telling`: what is told.

mod bank;
pub mod box_life;
pub mod month;
mod telling;

use anyhow::Context as _;
use infra::audit::{Report, TopicSource};
use infra::relay::RelayStatus;

use crate::condition::until;
use crate::exchange::{TOPIC, TestExchange};
use crate::log::audit;

pub use telling::Teller;

/// The topic of an exchange's own broker, which keeps a few thousand records.
fn own_topic(exchange: &TestExchange) -> anyhow::Result<TopicSource> {
    let brokers = exchange.brokers().context("a broker of one's own")?;
    Ok(TopicSource { brokers: brokers.into(), topic: TOPIC.to_owned() })
}

/// Audits an exchange, and the topic once everything is published.
async fn audited(exchange: &TestExchange, topic: Option<TopicSource>) -> anyhow::Result<Report> {
    let node = &exchange.node;
    until("everything is published", async || {
        (node.relay.status() == RelayStatus::Published(node.log.head())).then_some(())
    })
    .await;
    Ok(audit(&exchange.database, topic).await?)
}
