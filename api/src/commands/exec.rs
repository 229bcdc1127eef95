//! `secondwind exec`: the exchange in memory, worked from a file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::desk;

/// Carries out the commands of a file, or of standard input for `-`, and prints their answers.
pub(super) fn exec(commands: &Path) -> anyhow::Result<ExitCode> {
    let mut output = BufWriter::new(io::stdout().lock());
    if commands.as_os_str() == "-" {
        desk::run(io::stdin().lock(), &mut output).context("the commands cannot be carried out")?;
    } else {
        let named = || format!("{} cannot be carried out", commands.display());
        let file = File::open(commands).with_context(named)?;
        desk::run(BufReader::new(file), &mut output).with_context(named)?;
    }
    Ok(ExitCode::SUCCESS)
}
