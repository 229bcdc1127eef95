//! Free TCP ports on the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

use super::ServiceError;
use super::random::random_bytes;

/// First port tried. The range lies below the ports that Linux and macOS hand
/// to outgoing connections: a server that is down for a while must find its
/// port unused when it returns.
const FIRST: u16 = 20_000;
/// Number of ports in the range.
const COUNT: u16 = 12_000;
/// Random ports tried before giving up.
const ATTEMPTS: usize = 500;

/// Whether a server could listen on `port` of 127.0.0.1 now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// `count` different ports of 127.0.0.1 that were free a moment ago.
///
/// Chosen at random so that parallel test processes rarely choose the same;
/// callers still retry when a server finds its port taken.
pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>, ServiceError> {
    let mut ports = Vec::with_capacity(count);
    for _ in 0..ATTEMPTS {
        if ports.len() == count {
            break;
        }
        let port = FIRST + u16::from_be_bytes(random_bytes()?) % COUNT;
        if !ports.contains(&port) && is_free(port) {
            ports.push(port);
        }
    }
    if ports.len() == count { Ok(ports) } else { Err(ServiceError::NoFreePort) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_differ() {
        let ports = free_ports(6).unwrap();
        let held: Vec<TcpListener> =
            ports.iter().map(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
        assert_eq!(held.len(), 6);
        assert!(!is_free(ports[0]));
    }
}
