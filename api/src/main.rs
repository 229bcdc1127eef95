//! The `secondwind` binary.

use std::process::ExitCode;

use api::commands::Invocation;
use clap::Parser;

fn main() -> ExitCode {
    match Invocation::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("secondwind: {error:#}");
            ExitCode::FAILURE
        }
    }
}
