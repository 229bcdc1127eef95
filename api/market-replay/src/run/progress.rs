//! What a person sees while the replay runs, on standard error: a bar on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Where there is no terminal, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(5);
const TICK_EVERY: Duration = Duration::from_millis(120);

/// One phase of known or unknown length.
#[derive(Debug)]
pub(super) struct Progress {
    label: &'static str,
    total: u64,
    done: u64,
    /// Nothing where standard error is no terminal.
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl Progress {
    /// A phase of so many steps.
    pub(super) fn of(label: &'static str, total: usize) -> Self {
        let template = "{msg:<22} {bar:32} {pos}/{len} · {per_sec} · {eta} left";
        Self::start(label, total as u64, || ProgressBar::new(total as u64), template)
    }

    /// A phase of which only the end is known.
    pub(super) fn spinner(label: &'static str) -> Self {
        Self::start(label, 0, ProgressBar::new_spinner, "{spinner} {msg}")
    }

    fn start(label: &'static str, total: u64, bar: impl Fn() -> ProgressBar, template: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = bar().with_style(style).with_message(label);
            bar.enable_steady_tick(TICK_EVERY);
            bar
        });
        if bar.is_none() {
            eprintln!("{label}");
        }
        Self { label, total, done: 0, bar, last_line: Instant::now() }
    }

    /// One step further.
    pub(super) fn advance(&mut self) {
        self.done += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                eprintln!("{}: {} of {}", self.label, self.done, self.total);
            }
            None => {}
        }
    }

    /// The end of the phase.
    pub(super) fn finish(self) {
        match self.bar {
            Some(bar) => bar.finish_and_clear(),
            None if self.total > 0 => eprintln!("{}: {} of {}", self.label, self.done, self.total),
            None => {}
        }
    }
}
