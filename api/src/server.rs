//! The HTTP server: routes, limits, request ids, and one form of error for all of them.

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError, get, web};
use infra::node::Node;
use tracing_actix_web::{RequestId, TracingLogger};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use crate::auth::{self, Tokens};
use crate::connection::Connection;
use crate::problem::{Problem, ProblemCode, REQUEST_ID};
use crate::request::{control_characters, form_config, has_control_characters, path_config, query_config};
use crate::resources::ledger::streaming::Reports;
use crate::{openapi, operations, resources};

/// The header that carries a request's id.
const REQUEST_ID_HEADER: &str = "x-request-id";
/// How long a stopping server waits for requests that are being answered, in seconds.
const SHUTDOWN_PATIENCE_SECONDS: u64 = 5;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves `node` on a listener that is bound already.
    ///
    /// # Errors
    /// The operating system's error when the listener cannot be used.
    pub fn start(node: Node, tokens: Tokens, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (node, tokens) = (web::Data::new(node), web::Data::new(tokens));
        let reports = web::Data::new(Reports::default());
        let server = HttpServer::new(move || {
            let (app, api) = App::new()
                .into_utoipa_app()
                .openapi(openapi::frame())
                .app_data(node.clone())
                .app_data(tokens.clone())
                .app_data(reports.clone())
                .app_data(form_config())
                .app_data(path_config())
                .app_data(query_config())
                .configure(machine_and_access)
                .service(scope::scope("/v1").configure(version_1))
                .split_for_parts();
            app.app_data(web::Data::new(api.clone()))
                .service(document)
                .service(error_page)
                .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", api))
                .service(web::redirect("/docs", "/docs/"))
                .default_service(web::to(nothing_here))
                .wrap(from_fn(answer_in_one_form))
                .wrap(TracingLogger::default())
        })
        .on_connect(Connection::keep)
        .shutdown_timeout(SHUTDOWN_PATIENCE_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        Ok(Self { address, handle, task: tokio::spawn(server) })
    }

    /// Stops taking requests and waits for those that are being answered.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the server did not end in order");
        }
    }
}

/// The document that the server would publish.
pub fn document_of_routes() -> OpenApi {
    let (_, api) = App::new()
        .into_utoipa_app()
        .openapi(openapi::frame())
        .configure(machine_and_access)
        .service(scope::scope("/v1").configure(version_1))
        .split_for_parts();
    api
}

fn machine_and_access(routes: &mut ServiceConfig<'_>) {
    routes
        .service(auth::token)
        .service(auth::jwks)
        .service(resources::health::healthz)
        .service(resources::health::readyz)
        .service(resources::health::metrics);
}

/// What moves money, and the books of it.
fn bank_and_books(routes: &mut ServiceConfig<'_>) {
    use resources::{account, bank, boxes, invoices, ledger, rates};
    routes
        .service(account::balances)
        .service(account::deposit)
        .service(bank::transfers::expect)
        .service(bank::transfers::deposits)
        .service(bank::transfers::withdraw)
        .service(bank::transfers::withdrawals)
        .service(bank::transfers::pay_out)
        .service(bank::transfers::payouts)
        .service(bank::transfers::return_payout)
        .service(bank::accounts::open)
        .service(bank::accounts::close)
        .service(bank::accounts::list)
        .service(bank::statements::import)
        .service(bank::statements::show)
        .service(bank::reconciliations::reconcile)
        .service(bank::reconciliations::list)
        .service(bank::reconciliations::show)
        .service(bank::reconciliations::undo)
        .service(invoices::list)
        .service(invoices::show)
        .service(bank::withholding::show)
        .service(bank::withholding::set)
        .service(ledger::periods::list)
        .service(ledger::periods::close)
        .service(ledger::journals::propose)
        .service(ledger::journals::list)
        .service(ledger::journals::show)
        .service(ledger::journals::approve)
        .service(ledger::journals::reject)
        .service(ledger::accounts::list)
        .service(ledger::account_lines::list)
        .service(ledger::trial_balance::show)
        .service(ledger::deferred_revenue::show)
        .service(ledger::payables_ageing::show)
        .service(ledger::open_holds::list)
        .service(ledger::entries::list)
        .service(ledger::statements::of_owner)
        .service(ledger::statements::own)
        .service(ledger::exports::export)
        .service(boxes::create)
        .service(boxes::list)
        .service(boxes::show)
        .service(boxes::amend)
        .service(boxes::projection::show)
        .service(boxes::projection::what_if)
        .service(boxes::life::close)
        .service(boxes::assignment::assign)
        .service(boxes::set_lenders)
        .service(boxes::life::invoice)
        .service(boxes::life::accelerate)
        .service(boxes::life::wind_up)
        .service(rates::fix)
        .service(rates::list)
        .service(boxes::collections::collect)
        .service(boxes::collections::list)
        .service(boxes::collections::reverse)
        .service(boxes::waterfalls::list)
        .service(boxes::waterfalls::pay_out)
        .service(boxes::waterfalls::reverse)
        .service(boxes::statement::show);
}

fn version_1(routes: &mut ServiceConfig<'_>) {
    use resources::{
        audit, budgets, candles, clock, contracts, controls, curve, events, lots, markets, orders, organizations,
        outages, parked, relay, spot, stream, trades, webhooks,
    };
    routes
        .service(organizations::register)
        .service(organizations::create)
        .service(markets::open)
        .service(markets::list)
        .service(markets::show)
        .service(markets::book)
        .service(controls::halt_market)
        .service(controls::resume_market)
        .service(controls::set_price_band)
        .service(controls::lift_price_band)
        .service(controls::show_organization)
        .service(controls::suspend_organization)
        .service(controls::reinstate_organization)
        .service(controls::set_order_limit)
        .service(spot::auctions)
        .service(spot::sales)
        .service(trades::of_market)
        .service(candles::candles)
        .service(curve::curve)
        .service(stream::stream)
        .service(lots::register)
        .service(lots::list)
        .service(lots::show)
        .service(lots::calendar)
        .service(lots::withdraw)
        .service(orders::ask)
        .service(orders::place_batch)
        .service(orders::place)
        .service(orders::list)
        .service(orders::show)
        .service(orders::amend)
        .service(orders::cancel)
        .service(orders::cancel_all)
        .service(trades::list)
        .service(contracts::list)
        .service(contracts::show)
        .service(contracts::terminate)
        .service(contracts::bust)
        .service(outages::confirm)
        .service(outages::open)
        .service(outages::list)
        .service(outages::show)
        .service(outages::accept)
        .service(outages::withdraw)
        .service(outages::restore)
        .service(outages::rule)
        .service(events::list)
        .service(webhooks::create)
        .service(webhooks::list)
        .service(webhooks::show)
        .service(webhooks::remove)
        .service(webhooks::rotate_secret)
        .service(webhooks::enable)
        .service(webhooks::deliveries)
        .service(webhooks::replay_delivery)
        .service(webhooks::replay_since)
        .service(budgets::list)
        .service(budgets::set)
        .service(budgets::lift)
        .service(clock::show)
        .service(clock::set)
        .service(clock::confirm)
        .service(relay::show)
        .service(relay::resume)
        .service(audit::state_hash)
        .service(parked::list)
        .service(parked::resume)
        .configure(bank_and_books);
}

#[get("/openapi.json")]
async fn document(api: web::Data<OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(&*api)
}

#[get("/errors/{code}")]
async fn error_page(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = ProblemCode::find(&code).ok_or_else(|| Problem::not_found("error code"))?;
    Ok(HttpResponse::Ok().content_type("text/markdown; charset=utf-8").body(code.page()))
}

/// What no handler is for: no path of the API, or not with this method.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(operations::no_operation(request.method().as_str(), request.match_info().as_str()))
}

/// Gives every answer its request's id, and every error the form of a problem.
async fn answer_in_one_form<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = {
        use actix_web::HttpMessage as _;
        request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
    };
    REQUEST_ID
        .scope(RefCell::new(id.clone()), async move {
            let mut response =
                if has_control_characters(request.uri().path_and_query().map_or("", PathAndQuery::as_str)) {
                    request.into_response(control_characters().error_response())
                } else {
                    next.call(request).await?.map_into_boxed_body()
                };
            let status = response.status();
            let is_problem = response
                .headers()
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
            let is_ready_body = response.request().path() == "/readyz";
            if (status.is_client_error() || status.is_server_error()) && !is_problem && !is_ready_body {
                // The framework's own refusals: the nearest cause we have a page for.
                let code = match status.as_u16() {
                    413 => ProblemCode::BodyTooLarge,
                    415 => ProblemCode::UnsupportedMediaType,
                    404 | 405 => ProblemCode::NotFound,
                    status if status < 500 => ProblemCode::InvalidQuery,
                    _ => ProblemCode::Internal,
                };
                let problem = Problem::new(code, "The request cannot be used.");
                response = response.into_response(problem.error_response());
            }
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), value);
            }
            Ok(response)
        })
        .await
}
