//! What the clients of a replay own, as the exchange lists it to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::admission::{Member, Members};
use super::error::ReplayError;
use super::session::{Account, Exchange};
use super::wire::{Created, Order, Page, SpotSale, Trade};
use crate::Role;

/// Organizations read at once.
const CONCURRENCY: usize = 4;
const PAGE: usize = 500;
/// Lists are computed from the log and may trail the acknowledgements; this is how long they may.
const SETTLE_MAX: Duration = Duration::from_secs(30);
const SETTLE_PAUSE: Duration = Duration::from_millis(500);

/// Orders, trades and contracts of all clients, by id. Trades and contracts are the buyers': each has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holdings {
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) trades: BTreeMap<String, Trade>,
    pub(super) contracts: BTreeSet<String>,
    /// What the buyers bought by the hour.
    pub(super) spot_sales: Vec<SpotSale>,
    /// GPUs filled of all term orders of a buyer, and GPUs of all its trades.
    pub(super) filled_and_traded: BTreeMap<String, (u64, u64)>,
}

impl Holdings {
    /// Reads all lists.
    pub(super) async fn read(exchange: &Exchange, members: &Members) -> Result<Self, ReplayError> {
        let mut read = stream::iter(members).map(|member| Self::of(exchange, member)).buffer_unordered(CONCURRENCY);
        let mut all = Self::default();
        while let Some(of_one) = read.try_next().await? {
            all.orders.extend(of_one.orders);
            all.trades.extend(of_one.trades);
            all.contracts.extend(of_one.contracts);
            all.spot_sales.extend(of_one.spot_sales);
            all.filled_and_traded.extend(of_one.filled_and_traded);
        }
        Ok(all)
    }

    async fn of(exchange: &Exchange, (name, member): (&String, &Member)) -> Result<Self, ReplayError> {
        let account = &member.account;
        let mut holdings = Self::default();
        for order in pages::<Order>(exchange, account, "/v1/orders").await? {
            holdings.orders.insert(order.id.clone(), order);
        }
        if member.role == Role::Buyer {
            for trade in pages::<Trade>(exchange, account, "/v1/trades").await? {
                holdings.trades.insert(trade.id.clone(), trade);
            }
            let contracts = pages::<Created>(exchange, account, "/v1/contracts").await?;
            holdings.contracts = contracts.into_iter().map(|contract| contract.id).collect();
            holdings.spot_sales = pages::<SpotSale>(exchange, account, "/v1/spot-sales").await?;
            let term = holdings.orders.values().filter(|order| order.kind == "term");
            let filled = term.map(|order| order.filled_gpus).sum();
            let traded = holdings.trades.values().map(|trade| u64::from(trade.gpus)).sum();
            holdings.filled_and_traded.insert(name.clone(), (filled, traded));
        }
        Ok(holdings)
    }

    /// Reads all lists until they agree with each other and hold the acknowledged orders, or for a bounded time.
    pub(super) async fn settled<'a>(
        exchange: &Exchange,
        members: &Members,
        acknowledged: impl Iterator<Item = &'a String> + Clone,
    ) -> Result<Self, ReplayError> {
        let until = (Instant::now() + SETTLE_MAX).min(exchange.deadline());
        loop {
            let holdings = Self::read(exchange, members).await?;
            let complete = acknowledged.clone().all(|id| holdings.orders.contains_key(id));
            if (complete && holdings.agree()) || Instant::now() + SETTLE_PAUSE >= until {
                return Ok(holdings);
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
    }

    fn agree(&self) -> bool {
        self.filled_and_traded.values().all(|(filled, traded)| filled == traded)
            && self.trades.values().all(|trade| self.contracts.contains(&trade.contract))
    }

    /// What came since `before`: the lists of organizations that played earlier replays hold those as well.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut new = self.clone();
        new.orders.retain(|id, _| !before.orders.contains_key(id));
        new.trades.retain(|id, _| !before.trades.contains_key(id));
        new.contracts.retain(|id| !before.contracts.contains(id));
        new.spot_sales.retain(|sale| new.orders.contains_key(&sale.order));
        new
    }
}

/// All pages of a list.
pub(super) async fn pages<T: DeserializeOwned>(
    exchange: &Exchange,
    account: &Account,
    path: &str,
) -> Result<Vec<T>, ReplayError> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let query = match &cursor {
            Some(cursor) => format!("{path}?limit={PAGE}&cursor={}", percent_encoded(cursor)),
            None => format!("{path}?limit={PAGE}"),
        };
        let page: Page<T> = exchange.get(account, &query).await?;
        let empty = page.data.is_empty();
        all.extend(page.data);
        match page.next_cursor {
            Some(next) if cursor.as_ref() == Some(&next) || empty => {
                let detail = "a page that is empty or repeats its cursor has a next page".to_owned();
                return Err(ReplayError::Answer { what: format!("GET {query}"), detail });
            }
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
}

/// Cursors are opaque: everything but letters and digits is escaped.
fn percent_encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_escaped() {
        assert_eq!(percent_encoded("aZ09-_"), "aZ09-_");
        assert_eq!(percent_encoded("a+b/=&"), "a%2Bb%2F%3D%26");
    }

    #[test]
    fn earlier_replays_are_left_out() {
        let order =
            |id: &str| Order { id: id.to_owned(), kind: "term".to_owned(), status: "open".to_owned(), filled_gpus: 0 };
        let with = |ids: &[&str]| Holdings {
            orders: ids.iter().map(|id| ((*id).to_owned(), order(id))).collect(),
            contracts: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..Holdings::default()
        };
        assert_eq!(with(&["a", "b"]).since(&with(&["a"])), with(&["b"]));
    }
}
