//! The exchange end to end: HTTP in front, PostgreSQL and Kafka behind.

mod access;
mod architecture;
mod authorization;
mod bad_input;
mod books;
mod chain;
mod controls;
mod crash;
mod events;
mod exec;
mod idempotency;
mod ledger_growth;
mod market_data;
mod metrics;
mod openapi;
mod opening;
mod projection;
mod receiver;
mod relay;
mod roles;
mod sequencer;
mod spot;
mod term_options;
mod trading;
mod webhooks;
