//! Set-up: everything that must exist before the first order is sent.
//!
//! A closed loop: what is asked next depends on what was answered. Markets and organizations of an earlier replay
//! are used again; clients, deposits and lots are new in every replay.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::error::ReplayError;
use super::generator::ReadyOrder;
use super::progress::Progress;
use super::run_id::RunId;
use super::selection::{Participant, Selection};
use super::session::{Account, Exchange};
use super::tally::Side;
use super::trace_hours::{Cancellation, TraceHour};
use super::wire::{self, Created, CreatedClient};
use crate::{Action, Role};

/// Requests under way at once.
const CONCURRENCY: usize = 8;
const SECONDS_PER_HOUR: u64 = 3600;
/// What the organizations of the plan pay in.
const CURRENCY: &str = "USD";

/// A client of an admitted organization.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) account: Arc<Account>,
}

/// Clients by organization.
pub(super) type Members = BTreeMap<String, Member>;

/// The desk of the operator.
#[derive(Debug)]
pub(super) struct Admission<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) operator: &'a Account,
    pub(super) run: &'a RunId,
}

impl Admission<'_> {
    /// Opens the markets that do not exist yet.
    pub(super) async fn markets(&self, selection: &Selection<'_>) -> Result<(), ReplayError> {
        for market in &selection.markets {
            let body = wire::bytes(&wire::market(market));
            let key = self.run.idempotency_key(&format!("market {}", market.id));
            let answer = self.exchange.post(self.operator, "/v1/markets", &body, &key).await?;
            if !answer.is_success() && answer.problem().code != "market_exists" {
                return Err(answer.refused(&format!("opening the market {}", market.id)));
            }
        }
        Ok(())
    }

    /// Admits the organizations, each with a client and its deposit.
    pub(super) async fn members(&self, selection: &Selection<'_>) -> Result<Members, ReplayError> {
        let mut progress = Progress::of("admitting organizations", selection.participants.len());
        let mut admitted = stream::iter(&selection.participants)
            .map(|participant| self.admit(participant))
            .buffer_unordered(CONCURRENCY);
        let mut members = Members::new();
        while let Some((name, member)) = admitted.try_next().await? {
            members.insert(name, member);
            progress.advance();
        }
        progress.finish();
        Ok(members)
    }

    async fn admit(&self, participant: &Participant<'_>) -> Result<(String, Member), ReplayError> {
        let Participant { name, role, deposit } = *participant;
        let body = wire::bytes(&json!({"id": name, "name": name}));
        let key = self.run.idempotency_key(&format!("organization {name}"));
        let answer = self.exchange.post(self.operator, "/v1/organizations", &body, &key).await?;
        if !answer.is_success() && answer.problem().code != "organization_exists" {
            return Err(answer.refused(&format!("admitting {name}")));
        }

        let role_name = match role {
            Role::Provider => "provider",
            Role::Buyer => "buyer",
        };
        let body = wire::bytes(&json!({"role": role_name}));
        let key = self.run.idempotency_key(&format!("client {name}"));
        let path = format!("/v1/organizations/{name}/clients");
        let answer = self.exchange.post(self.operator, &path, &body, &key).await?;
        let client: CreatedClient = answer.expect(&format!("making a client for {name}"))?;

        if !deposit.is_zero() {
            let reference = format!("replay {}", self.run.as_str());
            let body = wire::bytes(&json!({"organization": name, "amount": deposit.to_string(),
                "currency": CURRENCY, "reference": reference}));
            let key = self.run.idempotency_key(&format!("deposit {name}"));
            let answer = self.exchange.post(self.operator, "/v1/deposits", &body, &key).await?;
            if !answer.is_success() {
                return Err(answer.refused(&format!("the deposit of {name}")));
            }
        }

        let account = Account::new(client.client_id, client.client_secret);
        self.exchange.sign_in(&account).await?;
        Ok((name.to_owned(), Member { role, account: Arc::new(account) }))
    }

    /// Registers the lots; their ids by key.
    pub(super) async fn lots(
        &self,
        selection: &Selection<'_>,
        members: &Members,
    ) -> Result<BTreeMap<String, String>, ReplayError> {
        let mut progress = Progress::of("registering lots", selection.lots.len());
        let mut registered =
            stream::iter(&selection.lots).map(|lot| self.register(lot, members)).buffer_unordered(CONCURRENCY);
        let mut lots = BTreeMap::new();
        while let Some((key, id)) = registered.try_next().await? {
            lots.insert(key, id);
            progress.advance();
        }
        progress.finish();
        Ok(lots)
    }

    async fn register(&self, lot: &Action, members: &Members) -> Result<(String, String), ReplayError> {
        let Action::RegisterLot { key, provider, market, gpus, window, fabric } = lot else {
            return Err(missing("a lot", "the plan"));
        };
        let member = members.get(provider).ok_or_else(|| missing(provider, key))?;
        let body = wire::bytes(&wire::lot(market, *gpus, *window, fabric));
        let answer = self.exchange.post(&member.account, "/v1/lots", &body, &self.run.idempotency_key(key)).await?;
        let created: Created = answer.expect(&format!("registering {key}"))?;
        Ok((key.clone(), created.id))
    }
}

/// What is sent in each hour of the trace: the orders as documents, each with the client that sends it.
pub(super) fn trace_hours(
    selection: &Selection<'_>,
    members: &Members,
    lots: &BTreeMap<String, String>,
    run: &RunId,
) -> Result<Vec<TraceHour>, ReplayError> {
    let market_of: BTreeMap<&str, &str> = selection
        .lots
        .iter()
        .filter_map(|lot| match lot {
            Action::RegisterLot { key, market, .. } => Some((key.as_str(), market.as_str())),
            _ => None,
        })
        .collect();
    let account = |organization: &String, key: &String| {
        members.get(organization).map(|member| member.account.clone()).ok_or_else(|| missing(organization, key))
    };
    let mut hours: Vec<TraceHour> = Vec::new();
    for step in &selection.steps {
        let hour = step.at / SECONDS_PER_HOUR;
        if hours.last().is_none_or(|last| last.hour != hour) {
            hours.push(TraceHour { hour, ..TraceHour::default() });
        }
        let Some(into) = hours.last_mut() else { continue };
        let (key, organization, side, market, lot) = match &step.action {
            Action::CancelSpotBid { key, buyer } => {
                into.cancellations.push(Cancellation { key: key.clone(), account: account(buyer, key)? });
                continue;
            }
            Action::TermAsk { key, provider, lot_key, .. } | Action::SpotAsk { key, provider, lot_key, .. } => {
                let lot = lots.get(lot_key).ok_or_else(|| missing(lot_key, key))?;
                let market = market_of.get(lot_key.as_str()).ok_or_else(|| missing(lot_key, key))?;
                let spot = matches!(step.action, Action::SpotAsk { .. });
                (key, provider, if spot { Side::SpotAsks } else { Side::Asks }, *market, lot.as_str())
            }
            Action::TermBid { key, buyer, market, .. } => (key, buyer, Side::Bids, market.as_str(), ""),
            Action::SpotBid { key, buyer, market, .. } => (key, buyer, Side::SpotBids, market.as_str(), ""),
            _ => return Err(missing("an order", "the plan")),
        };
        let document = wire::order(&step.action, lot).ok_or_else(|| missing("an order", key))?;
        into.orders.push(ReadyOrder {
            key: key.clone(),
            side,
            market: market.to_owned(),
            account: account(organization, key)?,
            body: wire::bytes(&document),
            idempotency_key: run.idempotency_key(key),
        });
    }
    Ok(hours)
}

/// GPUs of each registered lot, by its id.
pub(super) fn capacity(selection: &Selection<'_>, lots: &BTreeMap<String, String>) -> BTreeMap<String, u32> {
    let of = |lot: &&Action| match lot {
        Action::RegisterLot { key, gpus, .. } => Some((lots.get(key)?.clone(), *gpus)),
        _ => None,
    };
    selection.lots.iter().filter_map(of).collect()
}

/// The plan refers to something that it does not hold: a mistake of the plan, not of the exchange.
fn missing(what: &str, of: &str) -> ReplayError {
    ReplayError::Task(format!("{what}, which {of} refers to, is not there"))
}
