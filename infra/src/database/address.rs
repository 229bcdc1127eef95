//! Address of the database, as `DATABASE_URL` has it, and the protection of the connection.

use std::net::IpAddr;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::DatabaseError;

/// Parsed URL.
pub(super) struct Address {
    pub config: Config,
    /// Authorities that may vouch for the server; `None` when the connection is not encrypted.
    pub trust: Option<Trust>,
}

/// Authorities that may vouch for the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// Certificate authorities of the machine.
    System,
    /// Certificate authorities in a PEM file.
    File(PathBuf),
}

/// Parses a URL. The driver knows neither `sslrootcert` nor the modes that verify, so they are taken out first.
///
/// An encrypted connection is always verified, the host's name included: `require`, `verify-ca` and `verify-full` are
/// the same. Without a mode, or with one that lets the server choose (`prefer`, `allow`), it is encrypted unless the
/// server is on this machine.
pub(super) fn parse(url: &str) -> Result<Address, DatabaseError> {
    let mut mode = None;
    let mut trust = Trust::System;
    let mut rest = url.to_owned();
    if let Some((base, query)) = url.split_once('?').filter(|(base, _)| base.starts_with("postgres")) {
        let mut kept = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", "system")) => trust = Trust::System,
                Some(("sslrootcert", _)) => trust = Trust::File(decoded(pair)),
                _ => kept.push(pair),
            }
        }
        rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    }
    let mut config: Config = rest.parse().map_err(DatabaseError::Url)?;
    let mode = mode.unwrap_or(match config.get_ssl_mode() {
        SslMode::Disable => "disable",
        SslMode::Require => "require",
        _ => "prefer",
    });
    let encrypted = match mode {
        "disable" => false,
        "require" | "verify-ca" | "verify-full" => true,
        "prefer" | "allow" => !config.get_hosts().iter().all(is_this_machine),
        other => return Err(DatabaseError::SslMode(other.to_owned())),
    };
    config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
    Ok(Address { config, trust: encrypted.then_some(trust) })
}

/// Returns the value of a `name=value` pair of a query.
fn decoded(pair: &str) -> PathBuf {
    let url = reqwest::Url::parse(&format!("postgres:?{pair}"));
    let value = url.ok().and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned()));
    PathBuf::from(value.unwrap_or_default())
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn trust(url: &str) -> Option<Trust> {
        parse(url).unwrap().trust
    }

    #[test]
    fn connections_to_other_machines_are_encrypted_unless_that_is_declined() {
        let file = || Some(Trust::File("/etc/ca file.pem".into()));
        for (url, expected) in [
            ("postgres://u:p@127.0.0.1:5432/d", None),
            ("postgres://u:p@localhost/d?sslmode=prefer", None),
            ("postgres://u:p@db.example/d", Some(Trust::System)),
            ("postgres://u:p@db.example/d?sslmode=disable", None),
            ("postgres://u:p@localhost/d?sslmode=require", Some(Trust::System)),
            ("postgres://u@localhost,db.example/d?connect_timeout=3", Some(Trust::System)),
            (
                "postgresql://u@db.example/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%20file.pem&connect_timeout=3",
                file(),
            ),
            ("postgres://u@db.example/d?sslrootcert=system", Some(Trust::System)),
            ("host=db.example user=u", Some(Trust::System)),
            ("host=db.example user=u sslmode=disable", None),
        ] {
            assert_eq!(trust(url), expected, "{url}");
        }
        let kept = parse("postgres://u@h/d?sslmode=verify-ca&connect_timeout=7").unwrap().config;
        assert_eq!(kept.get_connect_timeout(), Some(&std::time::Duration::from_secs(7)));
        assert!(matches!(parse("postgres://u@h/d?sslmode=maybe"), Err(DatabaseError::SslMode(_))));
    }
}
