//! The ageing of payables: for how long sellers' earnings have not been paid out.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BriefSnapshot, PayableAges, PayablesAgeingOf, SellerPayable, book_of, has_accounts_in};
use jiff::civil::Date;
use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::problem::ProblemBody;

use super::csv_record::push_record;
use super::day_span::check_day;
use super::statement::StatementFormat;
use super::{check_currency, date_of, found_book, table};
use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::answer;

/// Which ageing.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PayablesAgeingQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    currency: Currency,
    /// The day from which ages are counted, whose entries are the last that count; the exchange's today when not given.
    #[param(value_type = Option<String>, format = Date)]
    as_of: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    format: Option<StatementFormat>,
}

/// What is payable, by the age of the credits that are not paid yet.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct AgesBody {
    /// All of it: the sum of the following.
    #[schema(value_type = String)]
    payable: Amount,
    /// Credited up to 30 days before.
    #[schema(value_type = String)]
    days_0_30: Amount,
    /// Credited 31 to 60 days before.
    #[schema(value_type = String)]
    days_31_60: Amount,
    /// Credited 61 to 90 days before.
    #[schema(value_type = String)]
    days_61_90: Amount,
    /// Credited earlier.
    #[schema(value_type = String)]
    days_over_90: Amount,
}

/// What is payable to one seller.
#[derive(Serialize, ToSchema)]
pub struct SellerAgesBody {
    /// The seller.
    organization: String,
    /// By age.
    #[serde(flatten)]
    ages: AgesBody,
}

/// The ageing of payables. Amounts are of what is owed: positive is owed.
#[derive(Serialize, ToSchema)]
pub struct PayablesAgeingBody {
    /// The entity.
    entity: String,
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The day from which ages are counted.
    #[schema(value_type = String, format = Date)]
    as_of: Date,
    /// The log's sequence that it includes.
    sequence: u64,
    /// The sellers to whom something is payable, by id.
    sellers: Vec<SellerAgesBody>,
    /// All of them together: the balance of the account.
    total: AgesBody,
}

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
    let total = sellers.iter().map(|seller| seller.ages).sum::<PayableAges>().into();
    let sellers = sellers.into_iter().map(SellerAgesBody::from).collect();
    let sequence = snapshot.sequence();
    let PayablesAgeingQuery { entity, currency, format, .. } = query;
    let body = PayablesAgeingBody { entity, currency, as_of, sequence, sellers, total };
    match StatementFormat::of(format, &request) {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), sequence, &body)),
        StatementFormat::Csv => Ok(table(sequence, body.csv())),
    }
}

impl From<SellerPayable> for SellerAgesBody {
    fn from(seller: SellerPayable) -> Self {
        Self { organization: seller.organization.to_string(), ages: seller.ages.into() }
    }
}

impl From<PayableAges> for AgesBody {
    fn from(ages: PayableAges) -> Self {
        let PayableAges { payable, days_0_30, days_31_60, days_61_90, days_over_90 } = ages;
        Self { payable, days_0_30, days_31_60, days_61_90, days_over_90 }
    }
}

impl AgesBody {
    fn fields(self) -> [String; 5] {
        [self.payable, self.days_0_30, self.days_31_60, self.days_61_90, self.days_over_90]
            .map(|amount| amount.to_string())
    }
}

impl PayablesAgeingBody {
    fn csv(&self) -> String {
        let mut text = String::new();
        let columns = ["organization", "currency", "payable", "days_0_30", "days_31_60", "days_61_90", "days_over_90"];
        push_record(&mut text, &columns);
        for SellerAgesBody { organization, ages } in &self.sellers {
            let [payable, first, second, third, last] = ages.fields();
            let fields = [organization, self.currency.as_str(), &payable, &first, &second, &third, &last];
            push_record(&mut text, &fields);
        }
        text
    }
}
