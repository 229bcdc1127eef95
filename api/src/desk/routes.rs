//! The operations that a file can ask for: those of the API that make sense without a server.

use ::ledger::OrganizationId;
use serde_json::Value;
use wire::organizations::Role;

use super::Desk;
use super::names::Names;
use super::operations::{account, controls, events, ledger, lots, markets, orders, outages, statements, time, trades};
use super::request::{Answer, Request};
use crate::auth::{
    Anyone, AuditorOrOperator, BuyerOnly, Financial, Member, OperatorOnly, ProviderOnly, RoleSet, Trader,
    TraderOrOperator,
};
use crate::operations::no_operation;
use crate::problem::Problem;
use crate::request::{control_characters, has_control_characters};

/// What an operation does.
pub(super) type Operation = fn(&mut Desk, &Request) -> Result<Answer, Problem>;

/// The way to an operation.
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// Who may take it.
    pub roles: &'static [Role],
    pub operation: Operation,
}

const fn route<R: RoleSet>(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { method, path, roles: R::ROLES, operation }
}

/// Every route, for the same roles as over HTTP.
pub(super) static ROUTES: &[Route] = &[
    route::<OperatorOnly>("POST", "/v1/organizations", controls::register_organization),
    route::<OperatorOnly>("GET", "/v1/organizations/{organization}", controls::show_organization),
    route::<OperatorOnly>("POST", "/v1/organizations/{organization}/suspend", controls::suspend_organization),
    route::<OperatorOnly>("POST", "/v1/organizations/{organization}/reinstate", controls::reinstate_organization),
    route::<OperatorOnly>("PUT", "/v1/organizations/{organization}/order-limit", controls::set_order_limit),
    route::<OperatorOnly>("POST", "/v1/markets", markets::open),
    route::<Anyone>("GET", "/v1/markets", markets::list),
    route::<Anyone>("GET", "/v1/markets/{market}", markets::show),
    route::<Anyone>("GET", "/v1/markets/{market}/book", markets::book),
    route::<Anyone>("GET", "/v1/markets/{market}/spot", markets::auctions),
    route::<Anyone>("GET", "/v1/markets/{market}/trades", markets::trades),
    route::<OperatorOnly>("POST", "/v1/markets/{market}/halt", controls::halt_market),
    route::<OperatorOnly>("POST", "/v1/markets/{market}/resume", controls::resume_market),
    route::<OperatorOnly>("PUT", "/v1/markets/{market}/price-band", controls::set_price_band),
    route::<OperatorOnly>("DELETE", "/v1/markets/{market}/price-band", controls::lift_price_band),
    route::<ProviderOnly>("POST", "/v1/lots", lots::register),
    route::<ProviderOnly>("GET", "/v1/lots", lots::list),
    route::<ProviderOnly>("GET", "/v1/lots/{lot}", lots::show),
    route::<ProviderOnly>("DELETE", "/v1/lots/{lot}", lots::withdraw),
    route::<ProviderOnly>("GET", "/v1/lots/{lot}/calendar", lots::calendar),
    route::<BuyerOnly>("POST", "/v1/quotes", orders::ask),
    route::<Trader>("POST", "/v1/orders/batch", orders::place_batch),
    route::<Trader>("POST", "/v1/orders", orders::place),
    route::<Trader>("GET", "/v1/orders", orders::list),
    route::<Trader>("DELETE", "/v1/orders", orders::cancel_all),
    route::<Trader>("GET", "/v1/orders/{order}", orders::show),
    route::<Trader>("PATCH", "/v1/orders/{order}", orders::amend),
    route::<Trader>("DELETE", "/v1/orders/{order}", orders::cancel),
    route::<Trader>("GET", "/v1/trades", trades::list),
    route::<Trader>("GET", "/v1/spot-sales", trades::spot_sales),
    route::<Trader>("GET", "/v1/contracts", trades::contracts),
    route::<Trader>("GET", "/v1/contracts/{contract}", trades::contract),
    route::<OperatorOnly>("POST", "/v1/contracts/{contract}/bust", trades::bust),
    route::<Trader>("POST", "/v1/contracts/{contract}/terminate", trades::terminate),
    route::<Trader>("POST", "/v1/deliveries/{contract}/ready", outages::confirm),
    route::<Trader>("POST", "/v1/outages", outages::open),
    route::<TraderOrOperator>("GET", "/v1/outages", outages::list),
    route::<TraderOrOperator>("GET", "/v1/outages/{outage}", outages::show),
    route::<Trader>("POST", "/v1/outages/{outage}/accept", outages::accept),
    route::<Trader>("POST", "/v1/outages/{outage}/withdraw", outages::withdraw),
    route::<Trader>("POST", "/v1/outages/{outage}/restore", outages::restore),
    route::<OperatorOnly>("POST", "/v1/outages/{outage}/ruling", outages::rule),
    route::<Member>("GET", "/v1/events", events::list),
    route::<OperatorOnly>("POST", "/v1/deposits", account::deposit),
    route::<Trader>("GET", "/v1/account/balances", account::balances),
    route::<Trader>("POST", "/v1/account/deposits", account::expect_deposit),
    route::<Trader>("GET", "/v1/account/deposits", account::deposits),
    route::<Trader>("POST", "/v1/account/withdrawals", account::withdraw),
    route::<Trader>("GET", "/v1/account/withdrawals", account::withdrawals),
    route::<Trader>("POST", "/v1/payouts", account::pay_out),
    route::<Trader>("GET", "/v1/payouts", account::payouts),
    route::<BuyerOnly>("GET", "/v1/account/budgets", account::budgets),
    route::<BuyerOnly>("PUT", "/v1/account/budgets/{currency}", account::set_budget),
    route::<BuyerOnly>("DELETE", "/v1/account/budgets/{currency}", account::lift_budget),
    route::<Financial>("GET", "/v1/ledger/accounts", ledger::accounts),
    route::<Financial>("GET", "/v1/ledger/accounts/{account}/lines", statements::account_lines),
    route::<Financial>("GET", "/v1/ledger/statements", statements::of_owner),
    route::<Trader>("GET", "/v1/account/statement", statements::own),
    route::<Financial>("GET", "/v1/ledger/trial-balance", ledger::trial_balance),
    route::<Financial>("GET", "/v1/ledger/entries", ledger::entries),
    route::<Anyone>("GET", "/v1/clock", time::show),
    route::<OperatorOnly>("POST", "/v1/clock", time::set),
    route::<AuditorOrOperator>("GET", "/v1/audit/state-hash", events::state_hash),
];

/// The route that a line takes, and its request.
pub(super) fn of_line(
    names: &Names,
    operation: &str,
    caller: (Option<OrganizationId>, Option<Role>),
    body: Option<Value>,
) -> Result<(&'static Route, Request), Problem> {
    let operation = names.in_path(operation)?;
    let (method, target) = operation.split_once(' ').unwrap_or((&operation, ""));
    if has_control_characters(target) {
        return Err(control_characters());
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (route, parameters) = find(method, path).ok_or_else(|| no_operation(method, path))?;
    let body = match body {
        Some(mut body) => {
            names.in_body(&mut body)?;
            body.to_string()
        }
        None => String::new(),
    };
    Ok((route, Request::of(caller, route.roles, parameters, query, body)?))
}

/// The route of a method and a path, with the path's parameters.
fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<(&'static str, String)>)> {
    let mut of_method = ROUTES.iter().filter(|route| route.method == method);
    of_method.find_map(|route| Some((route, parameters(route.path, path)?)))
}

/// The parameters of a path that has this form.
fn parameters(form: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut form, mut path) = (form.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (form.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(form), Some(part)) => match form.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !part.is_empty() => parameters.push((name, part.to_owned())),
                None if form == part => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}
