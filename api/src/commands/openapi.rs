//! `secondwind openapi`.

use std::process::ExitCode;

use super::print_out;
use crate::server::document_of_routes;

/// Prints the OpenAPI document.
pub(super) fn print() -> anyhow::Result<ExitCode> {
    print_out(&(document_of_routes().to_pretty_json()? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
