//! The HTTP server: routes, limits, request ids, and one form of error for all of them.

use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::Server as ActixServer;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, get, web};
use infra::config::Limits;
use infra::node::Node;
use infra::open_files;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use crate::auth::{self, Tokens};
use crate::computing::Computing;
use crate::connection::{Guarded, Timeouts};
use crate::gate::gate;
use crate::limits::{OwnRatesError, RequestLimits, network_of};
use crate::problem::{Problem, ProblemCode};
use crate::request::{form_config, path_config, query_config};
use crate::resources::health::MetricsAccess;
use crate::resources::ledger::streaming::Reports;
use crate::{openapi, operations, resources};

/// How long a connection that is being closed may still send what nobody wants.
const DISCONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// How long a stopping server waits for requests that are being answered, in seconds.
const SHUTDOWN_PATIENCE_SECONDS: u64 = 5;

/// How a server serves.
pub struct ServerSettings {
    /// How much of the exchange one organization, client or address may use.
    pub limits: Limits,
    /// Who is told the metrics at `/metrics`.
    pub metrics: MetricsAccess,
}

impl ServerSettings {
    /// The settings of an exchange that one person has on one machine.
    pub fn of_one_machine() -> Self {
        Self { limits: Limits::of_one_machine(), metrics: MetricsAccess::Everyone }
    }
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// A server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The listener cannot be used.
    #[error("the listener cannot be used: {0}")]
    Listener(#[from] std::io::Error),
    /// Organizations' own rates cannot be read.
    #[error(transparent)]
    Rates(#[from] OwnRatesError),
}

impl Server {
    /// Serves `node` on a listener that is bound already.
    ///
    /// # Errors
    /// [`ServerError`] when the listener cannot be used, or the database cannot be read.
    pub async fn start(
        node: Node,
        tokens: Tokens,
        listener: TcpListener,
        settings: ServerSettings,
    ) -> Result<Self, ServerError> {
        let address = listener.local_addr()?;
        let ServerSettings { mut limits, metrics } = settings;
        let room = open_files::make_room(limits.connections_max)?;
        if room < limits.connections_max {
            tracing::warn!(room, wanted = limits.connections_max, "fewer connections than set: raise LimitNOFILE");
            limits.connections_max = room;
        }
        let limits = RequestLimits::new(limits);
        limits.load(&node.database).await?;
        let (node, tokens, limits) = (web::Data::new(node), web::Data::new(tokens), web::Data::new(limits));
        let reports = web::Data::new(Reports::new(&limits.settings));
        let computing = web::Data::new(Computing::new(&node, &limits.settings));
        let metrics = web::Data::new(metrics);
        let builder = ActixServer::build().shutdown_timeout(SHUTDOWN_PATIENCE_SECONDS).disable_signals();
        let shutdown = builder.graceful_shutdown_signal();
        let server = builder
            .listen("api", listener, move || {
                let (node, tokens, limits) = (node.clone(), tokens.clone(), limits.clone());
                let (timeouts, shutdown) = (timeouts(&limits), shutdown.clone());
                let (reports, metrics, computing) = (reports.clone(), metrics.clone(), computing.clone());
                let admission = (limits.clone(), node.clone());
                let (app, api) = App::new()
                    .into_utoipa_app()
                    .openapi(openapi::frame())
                    .app_data(node)
                    .app_data(tokens)
                    .app_data(limits)
                    .app_data(reports)
                    .app_data(metrics)
                    .app_data(computing)
                    .app_data(form_config())
                    .app_data(path_config())
                    .app_data(query_config())
                    .configure(machine_and_access)
                    .service(scope::scope("/v1").configure(version_1))
                    .split_for_parts();
                let api = openapi::with_common_answers(api);
                let app = app
                    .app_data(web::Data::new(Document(serde_json::to_vec(&api).unwrap_or_default().into())))
                    .service(document)
                    .service(error_page)
                    .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", api))
                    .service(web::redirect("/docs", "/docs/"))
                    .default_service(web::to(nothing_here))
                    .wrap(from_fn(gate))
                    .into_factory()
                    .map_err(|error: Error| error.error_response());
                let http = HttpService::<Guarded, _, _>::build()
                    .keep_alive(timeouts.head)
                    .client_request_timeout(timeouts.head)
                    .client_disconnect_timeout(DISCONNECT_PATIENCE)
                    // Whoever has hung up waits for nothing any more: its stream or report ends at once.
                    .h1_allow_half_closed(false)
                    .local_addr(address)
                    .on_connect_ext(|guarded: &Guarded, data| drop(data.insert(guarded.connection().clone())))
                    .graceful_shutdown_signal(move || {
                        let shutdown = shutdown.clone();
                        async move { shutdown.notified().await }
                    })
                    .h1(map_config(app, |()| AppConfig::default()));
                let (limits, node) = admission;
                fn_service(move |stream| ready(guarded(stream, timeouts, &limits, &node))).and_then(http)
            })?
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

/// A server that tells the metrics, and nothing else.
///
/// # Errors
/// The operating system's error when the listener cannot be used.
pub fn serve_metrics(node: Node, listener: TcpListener) -> std::io::Result<ServerHandle> {
    let node = web::Data::new(node);
    let server = HttpServer::new(move || {
        let access = web::Data::new(MetricsAccess::Everyone);
        App::new().app_data(node.clone()).app_data(access).service(resources::health::metrics)
    });
    let server = server.workers(1).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

fn timeouts(limits: &RequestLimits) -> Timeouts {
    Timeouts { head: limits.settings.head_timeout(), answer: limits.settings.answer_timeout() }
}

/// A new connection with its place, unless there are too many.
fn guarded(
    stream: TcpStream,
    timeouts: Timeouts,
    limits: &RequestLimits,
    node: &Node,
) -> Result<(Guarded, Option<SocketAddr>), DispatchError> {
    let peer = stream.peer_addr().map_err(DispatchError::Io)?;
    // The connections of a proxy are those of many.
    let address = Some(peer.ip().to_canonical()).filter(|address| !limits.settings.trusts(*address)).map(network_of);
    let Some(place) = limits.connections.take(address) else {
        node.metrics.connections_refused.inc();
        return Err(DispatchError::Io(std::io::ErrorKind::QuotaExceeded.into()));
    };
    Ok((Guarded::new(stream, timeouts, place), Some(peer)))
}

/// The document that the server would publish.
pub fn document_of_routes() -> OpenApi {
    let (_, api) = App::new()
        .into_utoipa_app()
        .openapi(openapi::frame())
        .configure(machine_and_access)
        .service(scope::scope("/v1").configure(version_1))
        .split_for_parts();
    openapi::with_common_answers(api)
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
        outages, parked, rate_limits, relay, spot, stream, trades, webhooks,
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
        .service(rate_limits::show)
        .service(rate_limits::set)
        .configure(bank_and_books);
}

/// The OpenAPI document as it is sent.
struct Document(web::Bytes);

#[get("/openapi.json")]
async fn document(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
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
