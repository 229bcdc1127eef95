//! What one organization, client or address may use of the exchange, so that none takes what the others need.
//!
//! Each request is counted against one budget ([`Budget`]) of the address that it comes from, and, when it has a token, of its client
//! and its organization. The operator may set an organization rates of its own; then its clients are not counted one by one.

mod blocked;
mod occupancy;
mod own_rates;
mod quota;

pub use occupancy::{Occupancy, Place};
pub use own_rates::{OwnRates, OwnRatesError};
pub use quota::{Exhausted, Left};

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use infra::Database;
use infra::config::Limits;
use infra::own_rates::{OrganizationRates, StoredRates, load_all, store};
use ledger::{ClientId, OrganizationId};

use crate::auth::Identity;
use crate::operations::Budget;
use crate::problem::{Problem, ProblemCode};
use blocked::Blocked;
use quota::Level;

/// What the server says of the rates (draft-ietf-httpapi-ratelimit-headers).
const POLICY_HEADER: HeaderName = HeaderName::from_static("ratelimit-policy");
const REMAINING_HEADER: HeaderName = HeaderName::from_static("ratelimit");
/// Bits of an IPv6 address that one customer of a network usually has alike.
const IPV6_PREFIX_BITS: u32 = 64;

/// Counts requests, connections and streams, and turns away what is too much.
pub struct RequestLimits {
    /// The settings.
    pub settings: Limits,
    /// The connections.
    pub connections: Arc<Occupancy<IpAddr>>,
    /// The market streams.
    pub streams: Arc<Occupancy<OrganizationId>>,
    address: Level<IpAddr>,
    client: Level<ClientId>,
    organization: Level<OrganizationId>,
    own: RwLock<HashMap<OrganizationId, Arc<OwnRates>>>,
    blocked: Blocked,
}

/// What is left to each of those that a request was counted for.
#[derive(Clone, Default, Debug)]
pub struct Allowance(Vec<Left>);

impl RequestLimits {
    /// Limits by these settings, with nothing counted yet and no organization's own rates.
    pub fn new(settings: Limits) -> Self {
        Self {
            connections: Occupancy::new(settings.connections_max, settings.connections_per_address_max),
            streams: Occupancy::new(usize::MAX, settings.streams_per_organization_max),
            address: Level::new("address", &settings.address),
            client: Level::new("client", &settings.client),
            organization: Level::new("organization", &settings.organization),
            own: RwLock::default(),
            blocked: Blocked::default(),
            settings,
        }
    }

    /// Reads organizations' own rates.
    ///
    /// # Errors
    /// [`OwnRatesError`] when the database cannot be read, or holds what are no rates.
    pub async fn load(&self, database: &Database) -> Result<(), OwnRatesError> {
        for OrganizationRates { organization, rates } in load_all(database).await? {
            self.hold(organization, &rates);
        }
        Ok(())
    }

    /// Sets an organization's own rates, durably. Those that are missing are the configured ones.
    ///
    /// # Errors
    /// [`OwnRatesError`] when the database cannot be written.
    pub async fn set(
        self: Arc<Self>,
        database: Database,
        organization: OrganizationId,
        rates: StoredRates,
        set_by: ClientId,
    ) -> Result<(), OwnRatesError> {
        // What is stored holds, even if the caller hangs up in between.
        let setting = tokio::spawn(async move {
            store(&database, organization, &rates, set_by).await?;
            self.hold(organization, &rates);
            Ok(())
        });
        setting.await.unwrap_or(Err(OwnRatesError::Interrupted))
    }

    fn hold(&self, organization: OrganizationId, rates: &StoredRates) {
        let own = Arc::new(OwnRates::new(rates));
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(organization, own);
    }

    /// The address that a request counts for: its connection's, or whom a trusted proxy speaks for.
    pub fn address_of(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.to_canonical());
        if !self.settings.trusts(peer) {
            return network_of(peer);
        }
        let forwarded = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        // Whoever stands before the proxies may have written anything: what counts is what the first trusted one has seen.
        let addresses = forwarded.iter().rev().map_while(|text| text.parse::<IpAddr>().ok());
        let mut addresses = addresses.map(|address| address.to_canonical());
        network_of(addresses.find(|address| !self.settings.trusts(*address)).unwrap_or(peer))
    }

    /// Counts requests of an address.
    ///
    /// # Errors
    /// [`Exhausted`] when its budget is spent.
    pub fn spend_address(&self, address: IpAddr, budget: Budget, n: NonZeroU32) -> Result<Allowance, Exhausted> {
        Ok(Allowance(self.address.spend(&address, budget, n)?.into_iter().collect()))
    }

    /// Counts requests of a client and its organization.
    ///
    /// # Errors
    /// [`Exhausted`] when one of their budgets is spent.
    pub fn spend(&self, who: Identity, budget: Budget, n: NonZeroU32) -> Result<Allowance, Exhausted> {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).get(&who.organization).cloned();
        if let Some(single) = own.as_ref().and_then(|own| own.of(budget)) {
            return Ok(Allowance(vec![single.spend("organization", n)?]));
        }
        let client = self.client.spend(&who.client, budget, n)?;
        let organization = self.organization.spend(&who.organization, budget, n)?;
        Ok(Allowance(client.into_iter().chain(organization).collect()))
    }

    /// Refuses a client that is turned away.
    ///
    /// # Errors
    /// A [`Problem`] with the code `client_blocked`.
    pub fn check_blocked(&self, client: ClientId) -> Result<(), Problem> {
        let Some(left) = self.blocked.remaining(client, Instant::now()) else { return Ok(()) };
        let detail = "Requests of this client kept breaking what must never be; it is turned away for a while.";
        Err(Problem::new(ProblemCode::ClientBlocked, detail).with_header(RETRY_AFTER, seconds(left).into()))
    }

    /// Counts that so many instructions of a client broke what must never be.
    pub fn strike(&self, client: ClientId, strikes: usize) {
        if self.blocked.strike(client, strikes, Instant::now()) {
            tracing::error!(%client, "a client is turned away: its requests kept breaking what must never be");
        }
    }
}

impl Allowance {
    /// Adds what is left to others that the request was counted for.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Tells what is left.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let told = self.0.iter().map(|left| (left.level, left.rate, left.remaining));
        tell(told, headers);
    }
}

impl From<Exhausted> for Problem {
    fn from(exhausted: Exhausted) -> Self {
        let Exhausted { level, rate, wait } = exhausted;
        let (per_second, burst) = (rate.per_second, rate.burst);
        let detail = format!("The {level} may send {per_second} of these a second, and {burst} at once.");
        let problem = Self::new(ProblemCode::RateLimited, detail);
        match wait {
            Some(wait) => problem.with_header(RETRY_AFTER, seconds(wait).into()),
            None => problem,
        }
    }
}

impl Exhausted {
    /// Tells that nothing is left.
    pub fn tell(&self, headers: &mut HeaderMap) {
        tell(std::iter::once((self.level, self.rate, 0)), headers);
    }
}

fn tell(levels: impl Iterator<Item = (&'static str, infra::config::Rate, u32)>, headers: &mut HeaderMap) {
    let (mut policy, mut left) = (String::with_capacity(64), String::with_capacity(64));
    for (level, rate, remaining) in levels {
        let (per_second, burst) = (rate.per_second.get(), rate.burst.get());
        let separator = if policy.is_empty() { "" } else { ", " };
        let (window, reset) = (burst.div_ceil(per_second), (burst - remaining.min(burst)).div_ceil(per_second));
        // Writing to a string does not fail.
        let _ = write!(policy, "{separator}\"{level}\";q={burst};w={window}");
        let _ = write!(left, "{separator}\"{level}\";r={remaining};t={reset}");
    }
    for (name, text) in [(POLICY_HEADER, policy), (REMAINING_HEADER, left)] {
        if let Ok(value) = HeaderValue::try_from(text)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}

/// Whole seconds to wait, at least one.
fn seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + begun).max(1)
}

/// What counts as one address.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (u128::BITS - IPV6_PREFIX_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RequestLimits {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        RequestLimits::new(Limits { trusted_proxies, ..Limits::default() })
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let name = || HeaderName::from_static("x-forwarded-for");
        values.iter().map(|value| (name(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn only_trusted_proxies_say_whom_they_speak_for() {
        let limits = limits();
        let address = |peer: &str, values: &[&str]| {
            limits.address_of(Some(peer.parse().unwrap()), &forwarded(values)).to_string()
        };
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "anyone can send the header");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("::ffff:192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(address("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
    }

    #[test]
    fn what_is_left_is_told_as_structured_fields() {
        let rate = infra::config::Rate::new(200, 500);
        let mut headers = HeaderMap::new();
        let left = |level, remaining| Left { level, rate, remaining };
        Allowance(vec![left("client", 499), left("organization", 0)]).tell(&mut headers);
        assert_eq!(headers.get("ratelimit-policy").unwrap(), r#""client";q=500;w=3, "organization";q=500;w=3"#);
        assert_eq!(headers.get("ratelimit").unwrap(), r#""client";r=499;t=1, "organization";r=0;t=3"#);
    }
}
