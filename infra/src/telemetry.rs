//! Metrics in the form that Prometheus reads, and logging.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ledger::Invariant;
use matching::Event;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::journal::BatchPart;

/// Label of a counter per stable code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Code {
    code: String,
}

/// Label of a counter per event type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventType {
    r#type: String,
}

/// Label of a counter per outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    outcome: &'static str,
}

/// Label of a counter per invariant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BrokenInvariant {
    invariant: &'static str,
}

/// Labels of a counter per status and code of answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answer {
    status: u16,
    code: &'static str,
}

/// Counters and measurements of the running system.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Number of orders that were placed.
    pub orders_placed: Counter,
    /// Number of searches for trades, and of sweeps, that met their limit.
    pub searches_limited: Counter,
    /// Number of commands that were refused, by code.
    pub commands_refused: Family<Code, Counter>,
    /// Number of events that were committed, by type.
    pub events_committed: Family<EventType, Counter>,
    /// Number of decisions that would have broken an invariant, by its id. Each is an alarm.
    pub invariant_violations: Family<BrokenInvariant, Counter>,
    /// Number of submissions turned away because the queue was full.
    pub queue_full: Counter,
    /// Number of events per transaction.
    pub batch_events: Histogram,
    /// Duration of a transaction, in seconds.
    pub commit_seconds: Histogram,
    /// Duration so far of the transaction under way, in seconds, once that is noticeable; 0 otherwise.
    pub commit_under_way_seconds: Gauge<f64, AtomicU64>,
    /// 1 while time stands still until an operator confirms the machine's clock, else 0.
    pub clock_held: Gauge<i64>,
    /// Number of events committed and not yet published to Kafka.
    pub relay_lag_events: Gauge<i64>,
    /// Time for which an event had been committed when it was published, in seconds.
    pub relay_lag_seconds: Gauge<f64, AtomicU64>,
    /// Number of events committed and not yet in the read models.
    pub projection_lag_events: Gauge<i64>,
    /// Number of attempts to deliver to webhooks, by outcome.
    pub webhook_attempts: Family<Outcome, Counter>,
    /// Number of market streams whose client fell behind.
    pub streams_dropped: Counter,
    /// Number of answers to requests, by status and problem code; the code of what is no problem is empty.
    pub answers: Family<Answer, Counter>,
    /// Number of connections that were closed at once, because there were too many.
    pub connections_refused: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("secondwind");
        let metrics = Self {
            registry: Arc::default(),
            orders_placed: Counter::default(),
            searches_limited: Counter::default(),
            commands_refused: Family::default(),
            events_committed: Family::default(),
            invariant_violations: Family::default(),
            queue_full: Counter::default(),
            batch_events: Histogram::new(exponential_buckets(1.0, 2.0, 14)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
            commit_under_way_seconds: Gauge::default(),
            clock_held: Gauge::default(),
            relay_lag_events: Gauge::default(),
            relay_lag_seconds: Gauge::default(),
            projection_lag_events: Gauge::default(),
            webhook_attempts: Family::default(),
            streams_dropped: Counter::default(),
            answers: Family::default(),
            connections_refused: Counter::default(),
        };
        // An alarm needs the series before the first violation.
        for invariant in Invariant::ALL {
            drop(metrics.invariant_violations.get_or_create(&BrokenInvariant { invariant: invariant.id() }));
        }
        registry.register("orders_placed", "Orders placed", metrics.orders_placed.clone());
        registry.register(
            "searches_limited",
            "Searches and sweeps that met their limit",
            metrics.searches_limited.clone(),
        );
        registry.register("commands_refused", "Commands refused, by code", metrics.commands_refused.clone());
        registry.register("events_committed", "Events committed, by type", metrics.events_committed.clone());
        registry.register(
            "invariant_violations",
            "Decisions that would have broken an invariant and were taken out, by invariant",
            metrics.invariant_violations.clone(),
        );
        registry.register(
            "queue_full",
            "Submissions turned away because the queue was full",
            metrics.queue_full.clone(),
        );
        registry.register("batch_events", "Events per transaction", metrics.batch_events.clone());
        registry.register_with_unit(
            "commit",
            "Duration of a transaction",
            Unit::Seconds,
            metrics.commit_seconds.clone(),
        );
        registry.register_with_unit(
            "commit_under_way",
            "Age of a transaction under way that takes noticeably long",
            Unit::Seconds,
            metrics.commit_under_way_seconds.clone(),
        );
        registry.register(
            "clock_held",
            "Whether time stands still until an operator confirms the machine's clock",
            metrics.clock_held.clone(),
        );
        registry.register(
            "relay_lag_events",
            "Events committed and not yet published",
            metrics.relay_lag_events.clone(),
        );
        registry.register_with_unit(
            "relay_lag",
            "Age of the last published event when it was published",
            Unit::Seconds,
            metrics.relay_lag_seconds.clone(),
        );
        registry.register(
            "projection_lag_events",
            "Events committed and not yet in the read models",
            metrics.projection_lag_events.clone(),
        );
        registry.register(
            "webhook_attempts",
            "Attempts to deliver to webhooks, by outcome",
            metrics.webhook_attempts.clone(),
        );
        registry.register(
            "streams_dropped",
            "Market streams whose client fell behind",
            metrics.streams_dropped.clone(),
        );
        registry.register("answers", "Answers to requests, by status and problem code", metrics.answers.clone());
        registry.register(
            "connections_refused",
            "Connections closed at once, because there were too many",
            metrics.connections_refused.clone(),
        );
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl Metrics {
    /// Counts a refused command.
    pub fn refused(&self, code: &str) {
        self.commands_refused.get_or_create(&Code { code: code.to_owned() }).inc();
    }

    /// Counts a decision that would have broken an invariant.
    pub fn violated(&self, invariant: Invariant) {
        self.invariant_violations.get_or_create(&BrokenInvariant { invariant: invariant.id() }).inc();
    }

    /// Counts an answer.
    pub fn answered(&self, status: u16, code: &'static str) {
        self.answers.get_or_create(&Answer { status, code }).inc();
    }

    /// Counts an attempt to deliver to a webhook.
    pub fn webhook_attempted(&self, succeeded: bool) {
        let outcome = if succeeded { "delivered" } else { "failed" };
        self.webhook_attempts.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a committed batch.
    pub fn committed(&self, batch: &BatchPart<'_>, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        self.batch_events.observe(f64::from(u32::try_from(batch.rows.len()).unwrap_or(u32::MAX)));
        for row in batch.rows {
            let event = &row.record.event;
            if matches!(event, Event::OrderPlaced(_)) {
                self.orders_placed.inc();
            }
            if event.met_search_limit() {
                self.searches_limited.inc();
            }
            self.events_committed.get_or_create(&EventType { r#type: event.name().to_owned() }).inc();
        }
    }

    /// Formats everything in the `OpenMetrics` text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
