//! Open holds: which orders have set aside what is held of customers' money.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{HeldBalancesOf, Snapshot, book_of, has_accounts_in};
use ledger::{Amount, Currency, OrganizationId};
use matching::{Exchange, Order, OrderId};
use wire::ledger::open_holds::{OpenHoldBody, OpenHoldsBody, OpenHoldsQuery, OrganizationHoldsBody};
use wire::ledger::statements::StatementFormat;
use wire::problem::ProblemBody;

use super::csv_record::push_record;
use super::statement::statement_format;
use super::streaming::{Interrupted, Reading, Report, Reports, Sheet, stream};
use super::{check_currency, found_book};
use crate::auth::{Caller, Financial};
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::CSV_TYPE;

/// The open orders with what each has set aside, and what the ledger says is held of each organization's money.
#[utoipa::path(
    operation_id = "list_open_holds",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(OpenHoldsQuery),
    responses(
        (status = 200, description = "The holds, streamed", content((OpenHoldsBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such entity or currency", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many reports at a time", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/open-holds")]
pub async fn list(
    caller: Caller<Financial>,
    request: HttpRequest,
    query: web::Query<OpenHoldsQuery>,
    node: web::Data<Node>,
    reports: web::Data<Reports>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let OpenHoldsQuery { entity, currency, format } = query.into_inner();
    // The orders first: the database has what they include, and maybe more, which can be left out there.
    let holds = move |exchange: &Exchange| (exchange.sequence(), holds_in(exchange, currency));
    let (sequence, holds) = computing.with_state(caller.organization, holds).await?;
    let reading = Reading::begin(&node, reports.turn_of_finance().await?).await?;
    let client = reading.snapshot().client();
    let book = found_book(book_of(client, &entity).await?, &entity)?;
    check_currency(has_accounts_in(client, book, currency).await?, currency)?;
    let balances = HeldBalancesOf { book, currency, sequence }.by_organization(client).await?;
    let format = statement_format(format, &request);
    let mut answer = HttpResponse::Ok();
    answer.content_type(match format {
        StatementFormat::Json => "application/json",
        StatementFormat::Csv => CSV_TYPE,
    });
    Ok(stream(answer, reading, OpenHolds { entity, currency, sequence, holds, balances, format }))
}

/// What an order has set aside.
struct Hold {
    order: OrderId,
    is_spot: bool,
    amount: Amount,
}

/// The orders that have money set aside, by organization.
fn holds_in(exchange: &Exchange, currency: Currency) -> BTreeMap<OrganizationId, Vec<Hold>> {
    let venue = exchange.venue();
    let mut holds: BTreeMap<OrganizationId, Vec<Hold>> = BTreeMap::new();
    for order in venue.orders() {
        let (market, is_spot, amount) = match order {
            // The markets of a bid have one currency.
            Order::Bid(bid) => (bid.markets.first().copied(), false, bid.hold()),
            Order::SpotBid(bid) if !bid.suspended => {
                (Some(bid.market), true, bid.next_hour(venue.at(bid.market).spec.fee_bps_max()))
            }
            Order::Ask(_) | Order::SpotBid(_) | Order::SpotAsk(_) => continue,
        };
        if market.is_some_and(|market| venue.at(market).spec.currency == currency) {
            holds.entry(order.organization()).or_default().push(Hold { order: order.id(), is_spot, amount });
        }
    }
    holds
}

/// The report that is yet to be written.
struct OpenHolds {
    entity: String,
    currency: Currency,
    sequence: u64,
    holds: BTreeMap<OrganizationId, Vec<Hold>>,
    balances: BTreeMap<OrganizationId, Amount>,
    format: StatementFormat,
}

impl Report for OpenHolds {
    async fn write(mut self, _: &Snapshot, sheet: &mut Sheet) -> Result<(), Interrupted> {
        let (mut balance, mut difference) = (Amount::ZERO, Amount::ZERO);
        sheet.write(self.head()).await?;
        // An organization whose orders hold what the ledger does not know is shown as well: with a difference.
        let holders: BTreeSet<_> = self.balances.keys().chain(self.holds.keys()).copied().collect();
        for (place, organization) in holders.into_iter().enumerate() {
            let held = self.balances.get(&organization).copied().unwrap_or(Amount::ZERO);
            let of = organization_holds(organization, held, self.holds.remove(&organization).unwrap_or_default());
            balance += of.balance;
            difference += of.difference;
            let text = match self.format {
                StatementFormat::Json => {
                    let comma = if place > 0 { "," } else { "" };
                    format!("{comma}{}", serde_json::to_string(&of).map_err(|error| Problem::internal(&error))?)
                }
                StatementFormat::Csv => organization_holds_csv(&of, self.currency),
            };
            sheet.write(text).await?;
        }
        match self.format {
            StatementFormat::Json => {
                sheet.write(format!("],\"balance\":\"{balance}\",\"difference\":\"{difference}\"}}")).await
            }
            StatementFormat::Csv => Ok(()),
        }
    }
}

impl OpenHolds {
    fn head(&self) -> String {
        match self.format {
            StatementFormat::Json => {
                let Self { entity, currency, sequence, .. } = self;
                format!(
                    "{{\"entity\":\"{entity}\",\"currency\":\"{currency}\",\"sequence\":{sequence},\"organizations\":["
                )
            }
            StatementFormat::Csv => {
                let mut text = String::new();
                push_record(&mut text, &["row", "organization", "order", "kind", "currency", "amount"]);
                text
            }
        }
    }
}

fn organization_holds(organization: OrganizationId, balance: Amount, holds: Vec<Hold>) -> OrganizationHoldsBody {
    let sum: Amount = holds.iter().map(|hold| hold.amount).sum();
    let orders = holds.into_iter().map(|hold| OpenHoldBody {
        order: hold.order.uuid(),
        kind: if hold.is_spot { "spot".into() } else { "term".into() },
        hold: hold.amount,
    });
    let orders = orders.collect();
    OrganizationHoldsBody {
        organization: organization.to_string(),
        orders,
        holds: sum,
        balance,
        difference: balance - sum,
    }
}

/// A record for each hold, and three for what they come to.
fn organization_holds_csv(body: &OrganizationHoldsBody, currency: Currency) -> String {
    let mut text = String::new();
    let mut row = |row: &str, (order, kind): (&str, &str), amount: Amount| {
        let fields = [row, &body.organization, order, kind, currency.as_str(), &amount.to_string()];
        push_record(&mut text, &fields);
    };
    for hold in &body.orders {
        row("hold", (&hold.order.to_string(), &hold.kind), hold.hold);
    }
    for (name, amount) in [("holds", body.holds), ("balance", body.balance), ("difference", body.difference)] {
        row(name, ("", ""), amount);
    }
    text
}
