//! Targets of webhooks: addresses of the public internet, over TLS.
//!
//! An address is checked when it is connected to, so that a name which resolved to a public one when it was registered
//! cannot lead into the operator's network later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Largest length of a URL, in bytes.
pub const URL_LENGTH_MAX: usize = 2_048;
/// Time that a name may take to resolve when an endpoint is registered.
const RESOLVE_PATIENCE: Duration = Duration::from_secs(3);

/// Addresses to which webhooks may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Targets {
    /// Public addresses over HTTPS.
    Public,
    /// This machine as well, over HTTP or HTTPS.
    LoopbackToo,
}

/// Reason why nothing may be sent to a URL.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// The text is no URL.
    #[error("the url cannot be read: {0}")]
    NotAUrl(String),
    /// The text has characters that URLs do not have.
    #[error(
        "the url must be of printable ASCII characters without spaces; escape others with %, and write a host's name in Punycode"
    )]
    Characters,
    /// The URL is too long.
    #[error("the url is longer than {URL_LENGTH_MAX} characters")]
    TooLong,
    /// The URL is not HTTPS.
    #[error("the url must start with https://")]
    NotHttps,
    /// The URL has a user, a password or a fragment, or no host.
    #[error("the url must name a host, without user, password or fragment")]
    Parts,
    /// The URL leads to an address that is not public.
    #[error("the url leads to an address that is not on the public internet")]
    NotPublic,
}

impl Targets {
    /// Parses a URL, if its form and an address in it are allowed.
    ///
    /// # Errors
    /// [`TargetError`] names what is wrong with it.
    pub fn parse(self, text: &str) -> Result<Url, TargetError> {
        if text.len() > URL_LENGTH_MAX {
            return Err(TargetError::TooLong);
        }
        // A parser would drop or escape others, and keep something else than what was sent.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TargetError::Characters);
        }
        let url = Url::parse(text).map_err(|error| TargetError::NotAUrl(error.to_string()))?;
        // Escaping makes a URL longer.
        if url.as_str().len() > URL_LENGTH_MAX {
            return Err(TargetError::TooLong);
        }
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_local = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if self == Self::LoopbackToo && is_local => {}
            _ => return Err(TargetError::NotHttps),
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if host.is_empty() || has_user || url.fragment().is_some() {
            return Err(TargetError::Parts);
        }
        if address.is_some_and(|address| !self.allow(address)) {
            return Err(TargetError::NotPublic);
        }
        Ok(url)
    }

    /// Refuses a URL whose name resolves to addresses that are all forbidden. A name that does not resolve now may do
    /// so later.
    ///
    /// # Errors
    /// [`TargetError::NotPublic`] when every address that the name resolves to is forbidden.
    pub async fn check_name(self, url: &Url) -> Result<(), TargetError> {
        let host = url.host_str().unwrap_or_default();
        if host.starts_with('[') {
            return Ok(()); // an address, which was checked already
        }
        let resolved = tokio::time::timeout(RESOLVE_PATIENCE, tokio::net::lookup_host((host, 0))).await;
        let Ok(Ok(addresses)) = resolved else { return Ok(()) };
        let addresses: Vec<SocketAddr> = addresses.collect();
        let is_refused = !addresses.is_empty() && !addresses.iter().any(|address| self.allow(address.ip()));
        if is_refused { Err(TargetError::NotPublic) } else { Ok(()) }
    }

    /// Returns whether this address may be connected to.
    fn allow(self, address: IpAddr) -> bool {
        let is_public = match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        };
        is_public || (self == Self::LoopbackToo && address.is_loopback())
    }
}

/// Blocks that are set aside by RFC 6890 and its successors: the first address and the length of the prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared between carriers and customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, among them the metadata services of clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

/// Block of global unicast; every other block is local, multicast, or leads elsewhere.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Blocks of it that are set aside, or lead to an IPv4 address that is part of theirs.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, among them Teredo
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Returns whether an IPv4 address is on the public internet.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(first, length): &(Ipv4Addr, u32)| (address.to_bits() ^ first.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(within)
}

/// Returns whether an IPv6 address is on the public internet.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |(first, length): &(Ipv6Addr, u32)| (address.to_bits() ^ first.to_bits()) >> (128 - length) == 0;
    within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(within)
}

/// Resolver of names to allowed addresses only.
pub(super) struct GuardedResolver(pub Targets);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.0;
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = addresses.filter(|address| targets.allow(address.ip())).collect();
            if allowed.is_empty() {
                return Err(TargetError::NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_to_public_hosts_is_allowed() {
        for (url, expected) in [
            ("https://hooks.example.com/a?b=c", Ok(())),
            ("https://8.8.8.8:8443/", Ok(())),
            ("https://[2606:4700::1111]/", Ok(())),
            ("http://hooks.example.com/", Err(TargetError::NotHttps)),
            ("http://127.0.0.1/", Err(TargetError::NotHttps)),
            ("ftp://hooks.example.com/", Err(TargetError::NotHttps)),
            ("https://hooks.example.com/a\u{0}b", Err(TargetError::Characters)),
            ("https://hooks.example.com/a\nb", Err(TargetError::Characters)),
            (" https://hooks.example.com/", Err(TargetError::Characters)),
            ("https://hooks.example.com/\u{202e}", Err(TargetError::Characters)),
            ("https://user@hooks.example.com/", Err(TargetError::Parts)),
            ("https://:word@hooks.example.com/", Err(TargetError::Parts)),
            ("https://hooks.example.com/#part", Err(TargetError::Parts)),
            ("https://127.0.0.1/", Err(TargetError::NotPublic)),
            ("https://0x7f.1/", Err(TargetError::NotPublic)),
            ("https://2130706433/", Err(TargetError::NotPublic)),
            ("https://[::1]/", Err(TargetError::NotPublic)),
            ("https://[::ffff:10.0.0.1]/", Err(TargetError::NotPublic)),
        ] {
            assert_eq!(Targets::Public.parse(url).map(|_| ()), expected, "{url}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(URL_LENGTH_MAX));
        assert_eq!(Targets::Public.parse(&long), Err(TargetError::TooLong));
        let escaped = format!("https://hooks.example.com/{}", "<".repeat(URL_LENGTH_MAX / 2));
        assert_eq!(Targets::Public.parse(&escaped), Err(TargetError::TooLong));
        assert!(matches!(Targets::Public.parse("hooks"), Err(TargetError::NotAUrl(_))));
    }

    #[test]
    fn loopback_is_allowed_where_it_is_asked_for_and_nothing_else_is() {
        for url in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "https://127.0.0.1/"] {
            assert!(Targets::LoopbackToo.parse(url).is_ok(), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://hooks.example.com/"] {
            assert_eq!(Targets::LoopbackToo.parse(url), Err(TargetError::NotHttps), "{url}");
        }
        assert_eq!(Targets::LoopbackToo.parse("https://192.168.1.1/"), Err(TargetError::NotPublic));
    }

    #[test]
    fn no_special_block_is_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff:1::",
        ] {
            assert!(!Targets::Public.allow(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2606:4700::1111", "2a00::1"]
        {
            assert!(Targets::Public.allow(address.parse().unwrap()), "{address}");
        }
    }

    /// A name that leads to this machine is refused when it is connected to, whatever was checked before.
    #[tokio::test]
    async fn names_are_checked_when_they_are_connected_to() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(GuardedResolver(Targets::Public).resolve(name()).await.is_err());
        let mut local = GuardedResolver(Targets::LoopbackToo).resolve(name()).await.unwrap();
        assert!(local.all(|address| address.ip().is_loopback()));
        let url = Targets::Public.parse("https://localhost/").unwrap();
        assert_eq!(Targets::Public.check_name(&url).await, Err(TargetError::NotPublic));
    }
}
