//! Boxes as they are told to people: projections as tables and charts.

mod projection_charts;
mod projection_csv;

pub use projection_charts::projection_svg;
pub use projection_csv::projection_csv;
