//! What is told of a demonstration, for people to read.

use std::io::Write;

use infra::audit::Report;
use serde_json::Value;

/// Where it is told.
pub struct Teller<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Teller<'a> {
    /// Tells it there.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    pub(super) fn heading(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.out, "\n{text}\n{}", "-".repeat(text.chars().count()))?;
        Ok(())
    }

    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.out, "{text}")?;
        Ok(())
    }

    /// Rows of a report: the named columns, the first to the left and the others to the right.
    pub(super) fn table(&mut self, rows: &Value, columns: &[&str]) -> anyhow::Result<()> {
        let none = Vec::new();
        let text = |row: &Value, column: &str| match &row[column] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let row = |cells: Vec<String>| {
            let cells = cells.into_iter().enumerate();
            let wide = cells.map(|(n, cell)| if n == 0 { format!("{cell:<28}") } else { format!("{cell:>16}") });
            wide.collect::<String>()
        };
        writeln!(self.out, "{}", row(columns.iter().map(ToString::to_string).collect()))?;
        for of in rows.as_array().unwrap_or(&none) {
            writeln!(self.out, "{}", row(columns.iter().map(|column| text(of, column)).collect()))?;
        }
        Ok(())
    }

    /// What an audit found.
    pub(super) fn audit(&mut self, report: &Report) -> anyhow::Result<()> {
        write!(self.out, "{}", api::commands::audit_table(report))?;
        Ok(())
    }
}
