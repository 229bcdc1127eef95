//! The ageing of payables: for how long sellers' earnings have not been paid out.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BriefSnapshot, PayableAges, PayablesAgeingOf, SellerPayable, book_of, has_accounts_in};
use wire::ledger::payables_ageing::{AgesBody, PayablesAgeingBody, PayablesAgeingQuery, SellerAgesBody};
use wire::ledger::statements::StatementFormat;
use wire::problem::ProblemBody;

use super::csv_record::push_record;
use super::day_span::check_day;
use super::statement::statement_format;
use super::{check_currency, date_of, found_book, table};
use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::answer;

/// What is payable to each seller, by the age of the credits that are not paid yet. What a seller was paid, or gave back, counts
/// against its oldest credits first.
#[utoipa::path(
    operation_id = "get_payables_ageing",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(PayablesAgeingQuery),
    responses(
        (status = 200, description = "The ageing", content((PayablesAgeingBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such entity or currency", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/payables-ageing")]
pub async fn show(
    _caller: Caller<Financial>,
    request: HttpRequest,
    query: web::Query<PayablesAgeingQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    check_day(query.as_of)?;
    let as_of = query.as_of.map_or_else(|| date_of(node.clock.now().day()), Ok)?;
    let mut client = node.database.get().await?;
    let snapshot = BriefSnapshot::take(&mut client).await?;
    let book = found_book(book_of(snapshot.client(), &query.entity).await?, &query.entity)?;
    check_currency(has_accounts_in(snapshot.client(), book, query.currency).await?, query.currency)?;
    let of = PayablesAgeingOf { book, currency: query.currency, as_of };
    let sellers = of.sellers(snapshot.client()).await?;
    let total = ages_body(sellers.iter().map(|seller| seller.ages).sum::<PayableAges>());
    let sellers = sellers.into_iter().map(seller_ages_body).collect();
    let sequence = snapshot.sequence();
    let PayablesAgeingQuery { entity, currency, format, .. } = query;
    let body = PayablesAgeingBody { entity, currency, as_of, sequence, sellers, total };
    match statement_format(format, &request) {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), sequence, &body)),
        StatementFormat::Csv => Ok(table(sequence, payables_ageing_csv(&body))),
    }
}

fn seller_ages_body(seller: SellerPayable) -> SellerAgesBody {
    SellerAgesBody { organization: seller.organization.to_string(), ages: ages_body(seller.ages) }
}

fn ages_body(ages: PayableAges) -> AgesBody {
    let PayableAges { payable, days_0_30, days_31_60, days_61_90, days_over_90 } = ages;
    AgesBody { payable, days_0_30, days_31_60, days_61_90, days_over_90 }
}

fn age_fields(ages: AgesBody) -> [String; 5] {
    [ages.payable, ages.days_0_30, ages.days_31_60, ages.days_61_90, ages.days_over_90].map(|amount| amount.to_string())
}

fn payables_ageing_csv(body: &PayablesAgeingBody) -> String {
    let mut text = String::new();
    let columns = ["organization", "currency", "payable", "days_0_30", "days_31_60", "days_61_90", "days_over_90"];
    push_record(&mut text, &columns);
    for SellerAgesBody { organization, ages } in &body.sellers {
        let [payable, first, second, third, last] = age_fields(*ages);
        let fields = [organization, body.currency.as_str(), &payable, &first, &second, &third, &last];
        push_record(&mut text, &fields);
    }
    text
}
