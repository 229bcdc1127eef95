//! What is being measured now, on standard error.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

/// Tells what comes next: on a terminal in place, else on a line of its own.
pub(super) fn tell(what: &str, size: impl Display) {
    let mut out = std::io::stderr().lock();
    // Progress that cannot be shown is no reason to stop.
    let _ = if out.is_terminal() { write!(out, "\r\x1b[K{what}: {size}") } else { writeln!(out, "{what}: {size}") };
    let _ = out.flush();
}

/// Takes the last line away.
pub(super) fn done() {
    let mut out = std::io::stderr().lock();
    if out.is_terminal() {
        let _ = write!(out, "\r\x1b[K");
    }
}
