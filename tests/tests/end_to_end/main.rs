//! The exchange end to end: HTTP in front, PostgreSQL and Kafka behind.

mod architecture;
mod trading;
