//! The table of `make attacks`.

use std::time::Duration;

use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use infra::config::Limits;
use tokio::sync::watch;

use super::bystander::{Bystander, Fared};
use super::{Attack, Stage, all, connections, faults, floods, tokens};
use crate::exchange::TestExchange;

/// How long the bystander trades alone, for comparison.
const ALONE: Duration = Duration::from_secs(4);
/// The least time that an attack and what follows from it are watched.
const WATCHED_MIN: Duration = Duration::from_secs(4);

/// Plays every attack and fault whose name contains `filter`, each against an exchange of its own, and prints what it came to.
///
/// # Errors
/// When an attack could not be played, or a bystander's p99 rose above twice that of an idle server.
pub async fn play(filter: &str) -> anyhow::Result<()> {
    println!("| attack | before | after | others' p99, idle | during | orders of others that failed |");
    println!("|---|---|---|---|---|---|");
    let mut hurt = Vec::new();
    for attack in all().into_iter().filter(|attack| attack.name.contains(filter)) {
        let (after, idle, during) = watch_attack(&attack).await?;
        let Attack { name, what, before, .. } = attack;
        let millis = |fared: &Fared| format!("{:.1} ms", fared.p99.as_secs_f64() * 1_000.0);
        let reason = during.first_failure.as_ref().map(|first| format!(", first {first}")).unwrap_or_default();
        let failed = format!("{} of {}{reason}", during.failed, during.tried);
        println!("| `{name}`: {what} | {before} | {after} | {} | {} | {failed} |", millis(&idle), millis(&during));
        if during.p99 > idle.p99 * 2 || during.failed > 0 {
            hurt.push(name);
        }
    }
    println!("\n| fault | before | after |\n|---|---|---|");
    for fault in faults::all().into_iter().filter(|fault| fault.name.contains(filter)) {
        let after = (fault.play)().await?;
        println!("| `{}`: {} | {} | {after} |", fault.name, fault.what, fault.before);
    }
    anyhow::ensure!(hurt.is_empty(), "others were hurt by: {}", hurt.join(", "));
    Ok(())
}

/// Whether an attack is met by the limits that a server has unless they are set. Others set a stage with more requests than those allow.
fn meets_limits(name: &str) -> bool {
    let topics = [tokens::attacks(), floods::attacks(), connections::attacks()];
    topics.iter().flatten().any(|attack| attack.name == name)
}

/// The usual limits, but for those of addresses: attacker and bystander share one here.
fn usual_limits() -> ServerSettings {
    let Limits { connections_per_address_max, address, .. } = Limits::of_one_machine();
    let limits = Limits { connections_per_address_max, address, ..Limits::default() };
    ServerSettings { limits, metrics: MetricsAccess::Everyone }
}

async fn watch_attack(attack: &Attack) -> anyhow::Result<(String, Fared, Fared)> {
    let exchange = if meets_limits(attack.name) {
        TestExchange::start_limited(usual_limits()).await
    } else {
        TestExchange::start().await
    };
    let stage = Stage::from(&exchange);
    let bystander = Bystander::arrive(&stage).await?;
    let idle = {
        let (end, ends) = watch::channel(false);
        let alone = async {
            tokio::time::sleep(ALONE).await;
            end.send_replace(true);
        };
        tokio::join!(bystander.trade(ends), alone).0?
    };
    let (end, ends) = watch::channel(false);
    let attacked = async {
        let begun = std::time::Instant::now();
        let outcome = (attack.play)(&stage).await;
        tokio::time::sleep(WATCHED_MIN.saturating_sub(begun.elapsed())).await;
        end.send_replace(true);
        outcome
    };
    let (during, after) = tokio::join!(bystander.trade(ends), attacked);
    exchange.stop().await.remove().await;
    Ok((after?, idle, during?))
}
