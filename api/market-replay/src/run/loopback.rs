//! The only addresses that the load generator sends to.

use std::net::IpAddr;

use reqwest::Url;

use super::error::ReplayError;

/// The address of an exchange on this machine, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoopbackUrl(String);

impl LoopbackUrl {
    /// Accepts plain HTTP to a loopback address or `localhost`.
    pub(super) fn parse(text: &str) -> Result<Self, ReplayError> {
        let refuse = |reason| ReplayError::Address { url: text.to_owned(), reason };
        let url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
        if url.scheme() != "http" {
            return Err(refuse("is not plain HTTP"));
        }
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if !loopback {
            return Err(refuse("is not on this machine"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(refuse("has more than scheme, host, port and path"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a resource; `path` begins with a slash.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_accepted() {
        let table = [
            ("http://127.0.0.1:8080", true),
            ("http://127.8.0.1:8080/", true),
            ("http://[::1]:8080", true),
            ("http://localhost:8080", true),
            ("https://127.0.0.1:8080", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@10.0.0.1/", false),
            ("http://10.0.0.1:8080", false),
            ("http://0.0.0.0:8080", false),
            ("127.0.0.1:8080", false),
        ];
        for (url, accepted) in table {
            assert_eq!(LoopbackUrl::parse(url).is_ok(), accepted, "{url}");
        }
    }

    #[test]
    fn paths_are_appended_once() {
        let url = LoopbackUrl::parse("http://127.0.0.1:8080/").unwrap();
        assert_eq!(url.at("/v1/clock"), "http://127.0.0.1:8080/v1/clock");
    }

    #[test]
    fn the_refusal_says_what_to_do() {
        let error = LoopbackUrl::parse("http://exchange.example.com").unwrap_err().to_string();
        assert!(error.contains("is not on this machine") && error.contains("127.0.0.1"), "{error}");
    }
}
