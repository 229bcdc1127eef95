//! How much of a processor some of this process's threads have used.

use std::fs;
use std::time::Duration;

/// The time on a processor of all threads of this name; nothing where the system does not tell.
pub(super) fn of_threads(name: &str) -> Option<Duration> {
    let mut total = None;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        let read = |file: &str| fs::read_to_string(task.path().join(file)).ok();
        if read("comm").is_some_and(|comm| comm.trim_end() == name) {
            let nanos: u64 = read("schedstat")?.split(' ').next()?.parse().ok()?;
            total = Some(total.unwrap_or_default() + Duration::from_nanos(nanos));
        }
    }
    total
}
