//! An invoice as a page to print and file: one file, A4, with nothing to fetch. Every text in it is escaped.

use askama::Template;
use infra::invoicing::{Document, DocumentKind, Line, Period};

use super::body::totals;
use crate::problem::Problem;

const MINUTES_PER_HOUR: u64 = 60;

/// What the template shows.
#[derive(Template)]
#[template(path = "invoice.html")]
pub(super) struct InvoicePage<'a> {
    document: &'a Document,
    title: &'static str,
    note: &'static str,
    period: String,
    lines: Vec<LineRow<'a>>,
    suppliers: Vec<(String, String)>,
}

/// A line as the template shows it.
struct LineRow<'a> {
    line: &'a Line,
    period: String,
    quantity: String,
    price: String,
}

impl InvoicePage<'_> {
    /// The page.
    ///
    /// # Errors
    /// A [`Problem`] when it cannot be written.
    pub fn to_html(&self) -> Result<String, Problem> {
        self.render().map_err(|error| Problem::internal(&error))
    }
}

impl<'a> From<&'a Document> for InvoicePage<'a> {
    fn from(document: &'a Document) -> Self {
        let (title, note) = match document.kind {
            DocumentKind::Invoice => ("Invoice", "Paid out of the money that the recipient holds at the exchange."),
            DocumentKind::CreditNote => ("Credit note", "Credited to the recipient's account at the exchange."),
            DocumentKind::FeeInvoice => ("Invoice", "Settled: deducted from the recipient's earnings."),
            DocumentKind::SelfBilledInvoice => (
                "Self-billed invoice",
                "Written by the exchange in the name of the recipient, who supplies the capacity.",
            ),
        };
        let row = |line: &'a Line| LineRow {
            line,
            period: line.period.map(in_words).unwrap_or_default(),
            quantity: line.gpu_minutes.map(gpu_time).unwrap_or_default(),
            price: line.unit_price.map(|price| price.to_string()).unwrap_or_default(),
        };
        let suppliers = totals(document).into_iter().map(|(party, amount)| (party.name, amount.to_string()));
        Self {
            document,
            title,
            note,
            period: in_words(document.period),
            lines: document.lines.iter().map(row).collect(),
            suppliers: suppliers.collect(),
        }
    }
}

fn in_words(period: Period) -> String {
    // To the minute, without the letters that machines want.
    let at = |instant: ledger::Instant| instant.to_string().replace('T', " ").chars().take(16).collect::<String>();
    let end = period.end.map_or_else(|| "open".to_owned(), at);
    format!("{} – {end}", at(period.start))
}

fn gpu_time(minutes: u64) -> String {
    if minutes.is_multiple_of(MINUTES_PER_HOUR) {
        format!("{} GPU-hours", minutes / MINUTES_PER_HOUR)
    } else {
        format!("{minutes} GPU-minutes")
    }
}
