//! An invoice as the wire shows it.

use std::collections::BTreeMap;

use infra::invoicing::{Document, InvoiceSummary, Line, LineKind, Party, Period};
use ledger::{Amount, ContractId};
use wire::invoices::{
    InvoiceBody, InvoiceLineBody, InvoiceLineKind, InvoicePeriodBody, InvoiceSummaryBody, PartyBody, SupplierTotalBody,
};

pub(crate) fn invoice_summary_body(summary: &InvoiceSummary) -> InvoiceSummaryBody {
    let InvoiceSummary { number, kind, issued, organization, contract, currency, total, .. } = summary.clone();
    InvoiceSummaryBody { id: number, kind, issued, organization, contract, currency, total }
}

fn party_body(party: Party) -> PartyBody {
    PartyBody { organization: party.organization.to_string(), name: party.name }
}

fn invoice_period_body(period: Period) -> InvoicePeriodBody {
    InvoicePeriodBody { start: period.start, end: period.end }
}

fn line_kind(kind: LineKind) -> InvoiceLineKind {
    match kind {
        LineKind::Capacity => InvoiceLineKind::Capacity,
        LineKind::ExchangeFee => InvoiceLineKind::ExchangeFee,
        LineKind::NotDelivered => InvoiceLineKind::NotDelivered,
        LineKind::DeliveryReversed => InvoiceLineKind::DeliveryReversed,
        LineKind::Recovered => InvoiceLineKind::Recovered,
        LineKind::Penalty => InvoiceLineKind::Penalty,
        LineKind::Refund => InvoiceLineKind::Refund,
        LineKind::DepositForfeited => InvoiceLineKind::DepositForfeited,
    }
}

fn invoice_line_body(line: Line) -> InvoiceLineBody {
    InvoiceLineBody {
        kind: line_kind(line.kind),
        description: line.description,
        supplier: party_body(line.supplier),
        contract: line.contract.map(ContractId::uuid),
        market: line.market.map(|market| market.to_string()),
        period: line.period.map(invoice_period_body),
        gpus: line.gpus,
        gpu_minutes: line.gpu_minutes,
        unit_price: line.unit_price,
        document: line.document,
        amount: line.amount,
    }
}

pub(crate) fn invoice_body(document: Document) -> InvoiceBody {
    let suppliers = totals(&document).into_iter();
    let suppliers = suppliers.map(|(supplier, amount)| SupplierTotalBody { supplier: party_body(supplier), amount });
    InvoiceBody {
        suppliers: suppliers.collect(),
        id: document.number,
        kind: document.kind.name().into(),
        issued: document.issued,
        sequence: document.sequence,
        issuer: party_body(document.issuer),
        recipient: party_body(document.recipient),
        currency: document.currency.to_string(),
        contract: document.contract.map(ContractId::uuid),
        period: invoice_period_body(document.period),
        corrects: document.corrects,
        lines: document.lines.into_iter().map(invoice_line_body).collect(),
        total: document.total,
    }
}

/// What each supplier's lines come to, by the supplier's id.
pub(super) fn totals(document: &Document) -> Vec<(Party, Amount)> {
    let mut totals = BTreeMap::new();
    for line in &document.lines {
        let (_, total) =
            totals.entry(line.supplier.organization).or_insert_with(|| (line.supplier.clone(), Amount::ZERO));
        *total += line.amount;
    }
    totals.into_values().collect()
}
