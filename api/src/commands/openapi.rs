//! `secondwind openapi`.

use std::process::ExitCode;

use crate::server::document_of_routes;

/// Prints the OpenAPI document.
pub(super) fn print() -> anyhow::Result<ExitCode> {
    println!("{}", document_of_routes().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}
