//! Limit on the files, connections among them, that this process may have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Number of file descriptors besides those of clients' connections: the database, Kafka, webhooks, files, the runtime.
const BESIDES: u64 = 200;

/// Raises the process's limit as far as `connections` need and the system lets it. Returns the number of connections
/// that fit.
///
/// # Errors
/// The system's error when it does not return or set the limit.
pub fn make_room(connections: usize) -> std::io::Result<usize> {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let raised = needed.min(hard);
    if soft < raised {
        setrlimit(Resource::RLIMIT_NOFILE, raised, hard)?;
    }
    let room = soft.max(raised).saturating_sub(BESIDES).max(1);
    Ok(usize::try_from(room).unwrap_or(usize::MAX).min(connections))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_no_more_than_asked_and_for_some() {
        assert_eq!(make_room(10).unwrap(), 10);
        assert!((1..usize::MAX).contains(&make_room(usize::MAX).unwrap()));
    }
}
