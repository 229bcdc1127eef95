//! The attacks of the threat model (`docs/security.md`), each as a test that failed before it was mended.

mod isolation;
mod jumping_clock;
mod search;
mod stopped_database;
