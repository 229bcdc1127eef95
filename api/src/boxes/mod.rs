//! Boxes as they are told to people: projections as tables and charts, and the lender's statement.

mod lender_statement;
mod projection_charts;
mod projection_csv;

use clap::ValueEnum;
use ledger::deal::{Deal, Projection};
use wire::boxes::projection;

pub(crate) use lender_statement::{lender_statement, lender_statement_csv, lender_statement_html};
use projection_charts::projection_svg;
use projection_csv::projection_csv;

use crate::request::CSV_TYPE;

/// How a projection is told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, ValueEnum)]
pub enum ProjectionFormat {
    /// Every step, the covenants, and what the deal comes to.
    #[default]
    Json,
    /// A row for each determination date, with the payments by kind.
    Csv,
    /// Charts.
    Svg,
}

impl From<projection::ProjectionFormat> for ProjectionFormat {
    fn from(asked: projection::ProjectionFormat) -> Self {
        match asked {
            projection::ProjectionFormat::Json => Self::Json,
            projection::ProjectionFormat::Csv => Self::Csv,
            projection::ProjectionFormat::Svg => Self::Svg,
        }
    }
}

impl ProjectionFormat {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => CSV_TYPE,
            Self::Svg => "image/svg+xml",
        }
    }

    /// The projection in this form.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn tell(self, deal: &Deal, projection: &Projection) -> anyhow::Result<String> {
        match self {
            Self::Json => Ok(serde_json::to_string_pretty(projection)? + "\n"),
            Self::Csv => projection_csv(deal, projection),
            Self::Svg => projection_svg(deal, projection),
        }
    }
}
