//! The ageing of payables: for how long sellers' earnings have not been paid out.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use jiff::civil::Date;
use ledger::{AccountKind, Amount, Currency, Owner};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};

use super::csv_record::push_record;
use super::day_span::check_day;
use super::statement::StatementFormat;
use super::{book_of, check_currency, date_of, table};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemBody};
use crate::request::answer;
use crate::wire::amount;

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
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
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
    let snapshot = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let book = book_of(snapshot.client(), &query.entity).await?;
    check_currency(snapshot.client(), book, query.currency).await?;
    let head: i64 = snapshot.query_one("SELECT head FROM leadership", &[]).await?.get(0);
    // A day's credits are unpaid as far as the balance exceeds the credits of later days.
    let statement = "WITH days AS ( \
                         SELECT a.owner, e.effective, coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credit, \
                                -sum(l.amount) AS net \
                         FROM accounts a JOIN lines l ON l.account = a.id \
                         JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                         WHERE a.book = $1 AND a.currency = $2 AND a.code = $3 AND e.effective <= $4 \
                         GROUP BY a.owner, e.effective), \
                     aged AS ( \
                         SELECT owner, $4::date - effective AS age, credit, sum(net) OVER (PARTITION BY owner) AS balance, \
                                coalesce(sum(credit) OVER (PARTITION BY owner ORDER BY effective DESC \
                                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later \
                         FROM days), \
                     unpaid AS ( \
                         SELECT owner, age, balance, greatest(0, least(credit, balance - later)) AS amount FROM aged) \
                     SELECT owner, balance, coalesce(sum(amount) FILTER (WHERE age <= 30), 0), \
                            coalesce(sum(amount) FILTER (WHERE age BETWEEN 31 AND 60), 0), \
                            coalesce(sum(amount) FILTER (WHERE age BETWEEN 61 AND 90), 0), \
                            coalesce(sum(amount) FILTER (WHERE age > 90), 0) \
                     FROM unpaid GROUP BY owner, balance HAVING balance <> 0 ORDER BY owner";
    let code = AccountKind::SellerPayable.code();
    let rows = snapshot.query(statement, &[&book, &query.currency.as_str(), &code, &as_of]).await?;
    let sellers = rows.iter().map(SellerAgesBody::of_row).collect::<Result<Vec<_>, _>>()?;
    let total = sellers.iter().fold(AgesBody::default(), |total, seller| total.plus(seller.ages));
    let sequence = u64::try_from(head).unwrap_or(0);
    let PayablesAgeingQuery { entity, currency, format, .. } = query;
    let body = PayablesAgeingBody { entity, currency, as_of, sequence, sellers, total };
    match StatementFormat::of(format, &request) {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), sequence, &body)),
        StatementFormat::Csv => Ok(table(sequence, body.csv())),
    }
}

impl SellerAgesBody {
    fn of_row(row: &Row) -> Result<Self, Problem> {
        let column = |index: usize| amount(row.get::<_, Decimal>(index));
        let organization = match row.get::<_, &str>(0).parse() {
            Ok(Owner::Organization(organization)) => organization.to_string(),
            _ => return Err(Problem::internal(&"a payable is not an organization's")),
        };
        let ages = AgesBody {
            payable: column(1)?,
            days_0_30: column(2)?,
            days_31_60: column(3)?,
            days_61_90: column(4)?,
            days_over_90: column(5)?,
        };
        if ages.sum() != ages.payable {
            return Err(Problem::internal(&format!("the ages of {organization}'s payable do not come to it")));
        }
        Ok(Self { organization, ages })
    }
}

impl AgesBody {
    fn sum(self) -> Amount {
        self.days_0_30 + self.days_31_60 + self.days_61_90 + self.days_over_90
    }

    fn plus(self, other: Self) -> Self {
        Self {
            payable: self.payable + other.payable,
            days_0_30: self.days_0_30 + other.days_0_30,
            days_31_60: self.days_31_60 + other.days_31_60,
            days_61_90: self.days_61_90 + other.days_61_90,
            days_over_90: self.days_over_90 + other.days_over_90,
        }
    }

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
