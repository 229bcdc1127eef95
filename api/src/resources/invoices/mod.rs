//! Invoices, credit notes and sellers' statements: lists of them, and each as JSON or as a page to print and file.

mod body;
mod page;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::invoicing::{DocumentKind, InvoicesOf, document_of};
use infra::node::Node;
use ledger::OrganizationId;
use wire::invoices::{InvoiceBody, InvoiceFormat, InvoiceKind, InvoiceQuery, InvoiceSummaryBody, InvoicesQuery};
use wire::page::Page;
use wire::problem::ProblemBody;

use self::body::{invoice_body, invoice_summary_body};
use self::page::InvoicePage;
use super::ledger::day_span::DaySpan;
use crate::auth::{Caller, TraderOrFinancial};
use crate::problem::{Problem, ProblemCode};
use crate::request::{PageSpan, SEQUENCE_HEADER, answer, needed_sequence};

/// How long a read waits for the documents of what was committed when it came.
const READ_PATIENCE: Duration = Duration::from_secs(5);

fn document_kind(kind: InvoiceKind) -> DocumentKind {
    match kind {
        InvoiceKind::Invoice => DocumentKind::Invoice,
        InvoiceKind::CreditNote => DocumentKind::CreditNote,
        InvoiceKind::FeeInvoice => DocumentKind::FeeInvoice,
        InvoiceKind::SelfBilledInvoice => DocumentKind::SelfBilledInvoice,
    }
}

/// The invoices addressed to you, in the order in which they were issued; those of everyone for finance.
#[utoipa::path(
    operation_id = "list_invoices",
    tag = "account",
    security(
        ("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]),
        ("oauth2" = ["auditor"]),
    ),
    params(InvoicesQuery),
    responses((status = 200, description = "A page of invoices without their lines", body = Page<InvoiceSummaryBody>)),
)]
#[get("/invoices")]
pub async fn list(
    caller: Caller<TraderOrFinancial>,
    query: web::Query<InvoicesQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let month = query.month.as_deref().map(DaySpan::of_month).transpose()?;
    let (first, last) = month.map_or((None, None), |month| (month.from, month.to));
    await_invoices(&node, query.min_sequence).await?;
    let of = InvoicesOf {
        organization: reader_of(&caller),
        contract: query.contract,
        kind: query.kind.map(document_kind),
        first,
        last,
    };
    let client = node.database.get().await?;
    let summaries = of.after(&client, span.after, span.fetch()).await?;
    let page = span.page_by(summaries, |summary| summary.position, |summary| invoice_summary_body(&summary));
    Ok(answer(HttpResponse::Ok(), node.invoicing.position(), &page))
}

/// An invoice, a credit note or a statement, with its lines.
#[utoipa::path(
    operation_id = "get_invoice",
    tag = "account",
    security(
        ("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]),
        ("oauth2" = ["auditor"]),
    ),
    params(("invoice" = String, Path, description = "Its number", example = "INV-2027-000001"), InvoiceQuery),
    responses(
        (status = 200, description = "The invoice", content((InvoiceBody = "application/json"), (String = "text/html"))),
        (status = 404, description = "No such invoice of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/invoices/{invoice}")]
pub async fn show(
    caller: Caller<TraderOrFinancial>,
    invoice: web::Path<String>,
    request: HttpRequest,
    query: web::Query<InvoiceQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    await_invoices(&node, None).await?;
    let client = node.database.get().await?;
    let document = document_of(&client, &invoice, reader_of(&caller)).await?;
    let document = document.ok_or_else(|| Problem::not_found("invoice of your organization"))?;
    let sequence = node.invoicing.position();
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let by_accept = if accept.is_some_and(|accept| accept.contains("text/html")) {
        InvoiceFormat::Html
    } else {
        InvoiceFormat::Json
    };
    match query.format.unwrap_or(by_accept) {
        InvoiceFormat::Json => Ok(answer(HttpResponse::Ok(), sequence, &invoice_body(document))),
        InvoiceFormat::Html => Ok(HttpResponse::Ok()
            .insert_header((SEQUENCE_HEADER, sequence.to_string()))
            // The page needs nothing but its own style: whatever a name in it says, nothing is run or fetched.
            .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type("text/html; charset=utf-8")
            .body(InvoicePage::from(&document).to_html()?)),
    }
}

/// Whose invoices a caller sees; nothing for everyone's.
fn reader_of(caller: &Caller<TraderOrFinancial>) -> Option<OrganizationId> {
    (!caller.role.is_of_the_house()).then_some(caller.organization)
}

/// Waits until the invoices include everything that was committed when the request came, and `min_sequence`.
async fn await_invoices(node: &Node, min_sequence: Option<u64>) -> Result<(), Problem> {
    let needed = needed_sequence(node, min_sequence)?;
    if node.invoicing.reached(needed, READ_PATIENCE).await {
        return Ok(());
    }
    let detail = format!("The invoices are at {}, the request needs {needed}.", node.invoicing.position());
    Err(Problem::new(ProblemCode::NotCaughtUp, detail))
}
