//! The operations of the API: what a request asks for, told from its method and path before any handler runs.
//!
//! A test holds the table complete against the OpenAPI document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderValue};

use crate::problem::{Problem, ProblemCode};

/// What requests of a kind are counted against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Budget {
    /// What changes something: orders first of all.
    Instructions,
    /// Cancelling orders: whoever has spent everything on placing them can still take them back.
    Cancels,
    /// Reads that look something up.
    Reads,
    /// Reads that compute: quotes, books, projections, reports.
    Computing,
    /// Access tokens.
    Tokens,
    /// Never turned away: it costs nothing, and machines ask for it.
    Unlimited,
}

/// One operation.
#[derive(PartialEq, Eq, Debug)]
pub struct Operation {
    /// Its method, in capitals.
    pub method: &'static str,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// What it is counted against.
    pub budget: Budget,
}

const fn operation(method: &'static str, path: &'static str, budget: Budget) -> Operation {
    Operation { method, path, budget }
}

/// Every operation of the OpenAPI document.
pub static OPERATIONS: &[Operation] = &[
    operation("GET", "/.well-known/jwks.json", Budget::Reads),
    operation("GET", "/healthz", Budget::Unlimited),
    operation("GET", "/metrics", Budget::Reads),
    operation("POST", "/oauth/token", Budget::Tokens),
    operation("GET", "/readyz", Budget::Unlimited),
    operation("GET", "/v1/account/balances", Budget::Reads),
    operation("GET", "/v1/account/budgets", Budget::Reads),
    operation("PUT", "/v1/account/budgets/{currency}", Budget::Instructions),
    operation("DELETE", "/v1/account/budgets/{currency}", Budget::Instructions),
    operation("GET", "/v1/account/deposits", Budget::Reads),
    operation("POST", "/v1/account/deposits", Budget::Instructions),
    operation("GET", "/v1/account/statement", Budget::Computing),
    operation("GET", "/v1/account/withdrawals", Budget::Reads),
    operation("POST", "/v1/account/withdrawals", Budget::Instructions),
    operation("GET", "/v1/audit/state-hash", Budget::Computing),
    operation("GET", "/v1/bank-accounts", Budget::Reads),
    operation("POST", "/v1/bank-accounts", Budget::Instructions),
    operation("DELETE", "/v1/bank-accounts/{account}", Budget::Instructions),
    operation("POST", "/v1/bank-statements", Budget::Instructions),
    operation("GET", "/v1/bank-statements/{statement}", Budget::Reads),
    operation("GET", "/v1/boxes", Budget::Reads),
    operation("POST", "/v1/boxes", Budget::Instructions),
    operation("GET", "/v1/boxes/{box}", Budget::Reads),
    operation("POST", "/v1/boxes/{box}/acceleration", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/closing", Budget::Instructions),
    operation("GET", "/v1/boxes/{box}/collections", Budget::Reads),
    operation("POST", "/v1/boxes/{box}/collections", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/collections/reversals", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/contracts", Budget::Instructions),
    operation("PUT", "/v1/boxes/{box}/deal", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/invoices", Budget::Instructions),
    operation("PUT", "/v1/boxes/{box}/lenders", Budget::Instructions),
    operation("GET", "/v1/boxes/{box}/projection", Budget::Computing),
    operation("POST", "/v1/boxes/{box}/projection", Budget::Computing),
    operation("GET", "/v1/boxes/{box}/statement", Budget::Computing),
    operation("GET", "/v1/boxes/{box}/waterfalls", Budget::Reads),
    operation("POST", "/v1/boxes/{box}/waterfalls", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/waterfalls/reversals", Budget::Instructions),
    operation("POST", "/v1/boxes/{box}/wind-up", Budget::Instructions),
    operation("GET", "/v1/clock", Budget::Reads),
    operation("POST", "/v1/clock", Budget::Instructions),
    operation("POST", "/v1/clock/confirm", Budget::Instructions),
    operation("GET", "/v1/contracts", Budget::Reads),
    operation("GET", "/v1/contracts/{contract}", Budget::Reads),
    operation("POST", "/v1/contracts/{contract}/bust", Budget::Instructions),
    operation("POST", "/v1/contracts/{contract}/terminate", Budget::Instructions),
    operation("POST", "/v1/deliveries/{contract}/ready", Budget::Instructions),
    operation("POST", "/v1/deposits", Budget::Instructions),
    operation("GET", "/v1/events", Budget::Reads),
    operation("GET", "/v1/invoices", Budget::Reads),
    operation("GET", "/v1/invoices/{invoice}", Budget::Reads),
    operation("GET", "/v1/ledger/accounts", Budget::Computing),
    operation("GET", "/v1/ledger/accounts/{account}/lines", Budget::Computing),
    operation("GET", "/v1/ledger/deferred-revenue", Budget::Computing),
    operation("GET", "/v1/ledger/entries", Budget::Computing),
    operation("GET", "/v1/ledger/exports", Budget::Computing),
    operation("GET", "/v1/ledger/journals", Budget::Reads),
    operation("POST", "/v1/ledger/journals", Budget::Instructions),
    operation("GET", "/v1/ledger/journals/{journal}", Budget::Reads),
    operation("POST", "/v1/ledger/journals/{journal}/approve", Budget::Instructions),
    operation("POST", "/v1/ledger/journals/{journal}/reject", Budget::Instructions),
    operation("GET", "/v1/ledger/open-holds", Budget::Computing),
    operation("GET", "/v1/ledger/payables-ageing", Budget::Computing),
    operation("GET", "/v1/ledger/periods", Budget::Reads),
    operation("POST", "/v1/ledger/periods/{period}/close", Budget::Instructions),
    operation("GET", "/v1/ledger/statements", Budget::Computing),
    operation("GET", "/v1/ledger/trial-balance", Budget::Computing),
    operation("GET", "/v1/lots", Budget::Reads),
    operation("POST", "/v1/lots", Budget::Instructions),
    operation("GET", "/v1/lots/{lot}", Budget::Reads),
    operation("DELETE", "/v1/lots/{lot}", Budget::Instructions),
    operation("GET", "/v1/lots/{lot}/calendar", Budget::Reads),
    operation("GET", "/v1/markets", Budget::Reads),
    operation("POST", "/v1/markets", Budget::Instructions),
    operation("GET", "/v1/markets/{market}", Budget::Reads),
    operation("GET", "/v1/markets/{market}/book", Budget::Computing),
    operation("GET", "/v1/markets/{market}/candles", Budget::Computing),
    operation("GET", "/v1/markets/{market}/curve", Budget::Computing),
    operation("POST", "/v1/markets/{market}/halt", Budget::Instructions),
    operation("PUT", "/v1/markets/{market}/price-band", Budget::Instructions),
    operation("DELETE", "/v1/markets/{market}/price-band", Budget::Instructions),
    operation("POST", "/v1/markets/{market}/resume", Budget::Instructions),
    operation("GET", "/v1/markets/{market}/spot", Budget::Reads),
    operation("GET", "/v1/markets/{market}/stream", Budget::Computing),
    operation("GET", "/v1/markets/{market}/trades", Budget::Reads),
    operation("GET", "/v1/orders", Budget::Reads),
    operation("POST", "/v1/orders", Budget::Instructions),
    operation("DELETE", "/v1/orders", Budget::Cancels),
    operation("POST", "/v1/orders/batch", Budget::Instructions),
    operation("GET", "/v1/orders/{order}", Budget::Reads),
    operation("DELETE", "/v1/orders/{order}", Budget::Cancels),
    operation("PATCH", "/v1/orders/{order}", Budget::Instructions),
    operation("POST", "/v1/organizations", Budget::Instructions),
    operation("GET", "/v1/organizations/{organization}", Budget::Reads),
    operation("POST", "/v1/organizations/{organization}/clients", Budget::Instructions),
    operation("PUT", "/v1/organizations/{organization}/order-limit", Budget::Instructions),
    operation("GET", "/v1/organizations/{organization}/rate-limits", Budget::Reads),
    operation("PUT", "/v1/organizations/{organization}/rate-limits", Budget::Instructions),
    operation("POST", "/v1/organizations/{organization}/reinstate", Budget::Instructions),
    operation("POST", "/v1/organizations/{organization}/suspend", Budget::Instructions),
    operation("GET", "/v1/organizations/{organization}/withholding", Budget::Reads),
    operation("PUT", "/v1/organizations/{organization}/withholding", Budget::Instructions),
    operation("GET", "/v1/outages", Budget::Reads),
    operation("POST", "/v1/outages", Budget::Instructions),
    operation("GET", "/v1/outages/{outage}", Budget::Reads),
    operation("POST", "/v1/outages/{outage}/accept", Budget::Instructions),
    operation("POST", "/v1/outages/{outage}/restore", Budget::Instructions),
    operation("POST", "/v1/outages/{outage}/ruling", Budget::Instructions),
    operation("POST", "/v1/outages/{outage}/withdraw", Budget::Instructions),
    operation("GET", "/v1/parked", Budget::Reads),
    operation("POST", "/v1/parked/resume", Budget::Instructions),
    operation("GET", "/v1/payouts", Budget::Reads),
    operation("POST", "/v1/payouts", Budget::Instructions),
    operation("POST", "/v1/payouts/{payout}/return", Budget::Instructions),
    operation("POST", "/v1/quotes", Budget::Computing),
    operation("GET", "/v1/rates", Budget::Reads),
    operation("POST", "/v1/rates", Budget::Instructions),
    operation("GET", "/v1/reconciliations", Budget::Reads),
    operation("POST", "/v1/reconciliations", Budget::Instructions),
    operation("GET", "/v1/reconciliations/{reconciliation}", Budget::Reads),
    operation("POST", "/v1/reconciliations/{reconciliation}/undo", Budget::Instructions),
    operation("GET", "/v1/relay", Budget::Reads),
    operation("POST", "/v1/relay/resume", Budget::Instructions),
    operation("GET", "/v1/spot-sales", Budget::Reads),
    operation("GET", "/v1/trades", Budget::Reads),
    operation("GET", "/v1/webhooks", Budget::Reads),
    operation("POST", "/v1/webhooks", Budget::Instructions),
    operation("GET", "/v1/webhooks/{webhook}", Budget::Reads),
    operation("DELETE", "/v1/webhooks/{webhook}", Budget::Instructions),
    operation("GET", "/v1/webhooks/{webhook}/deliveries", Budget::Reads),
    operation("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", Budget::Instructions),
    operation("POST", "/v1/webhooks/{webhook}/enable", Budget::Instructions),
    operation("POST", "/v1/webhooks/{webhook}/replay", Budget::Instructions),
    operation("POST", "/v1/webhooks/{webhook}/rotate-secret", Budget::Instructions),
];

/// What is served besides, for people.
static PAGES: &[Operation] = &[
    operation("GET", "/openapi.json", Budget::Reads),
    operation("GET", "/errors/{code}", Budget::Reads),
    operation("GET", "/docs", Budget::Reads),
    operation("GET", "/docs/", Budget::Reads),
];

/// What a method and a path stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// An operation.
    Operation(&'static Operation),
    /// A path that has operations, none of them with this method.
    OtherMethods(&'static [&'static Operation]),
    /// No path of the API.
    Nothing,
}

impl Asked {
    /// What is asked for. `path` is as the router sees it: percent-decoded but for `%`, `/` and `+`.
    pub fn by(method: &str, path: &str) -> Self {
        let Some(operations) = path.strip_prefix('/').and_then(|path| ROUTES.find(path.split('/'))) else {
            return Self::Nothing;
        };
        let asked = operations.iter().find(|operation| operation.method == method);
        asked.map_or(Self::OtherMethods(operations), |operation| Self::Operation(operation))
    }

    /// What it is counted against.
    pub fn budget(self) -> Budget {
        match self {
            Self::Operation(operation) => operation.budget,
            Self::OtherMethods(_) | Self::Nothing => Budget::Reads,
        }
    }
}

/// Why no handler is for a request: its path is none of the API, or has no operation with its method.
pub(crate) fn no_operation(method: &str, path: &str) -> Problem {
    let Asked::OtherMethods(others) = Asked::by(method, path) else { return Problem::not_found("path") };
    let methods = others.iter().map(|operation| operation.method).collect::<Vec<_>>().join(", ");
    let problem = Problem::new(ProblemCode::MethodNotAllowed, format!("This path is for: {methods}."));
    match HeaderValue::from_str(&methods) {
        Ok(methods) => problem.with_header(header::ALLOW, methods),
        Err(error) => Problem::internal(&error),
    }
}

/// The operations by the segments of their paths.
static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let mut routes = Routes::default();
    for operation in OPERATIONS.iter().chain(PAGES) {
        routes.add(operation);
    }
    routes
});

#[derive(Default)]
struct Routes {
    named: BTreeMap<&'static str, Routes>,
    parameter: Option<Box<Routes>>,
    operations: Vec<&'static Operation>,
}

impl Routes {
    fn add(&mut self, operation: &'static Operation) {
        let mut routes = self;
        for segment in operation.path.split('/').skip(1) {
            routes = if segment.starts_with('{') {
                routes.parameter.get_or_insert_default()
            } else {
                routes.named.entry(segment).or_default()
            };
        }
        routes.operations.push(operation);
    }

    fn find<'p>(&self, mut segments: impl Iterator<Item = &'p str> + Clone) -> Option<&[&'static Operation]> {
        let Some(segment) = segments.next() else {
            return Some(&*self.operations).filter(|operations| !operations.is_empty());
        };
        let named = self.named.get(segment).and_then(|routes| routes.find(segments.clone()));
        let parameter = self.parameter.as_ref().filter(|_| !segment.is_empty());
        named.or_else(|| parameter?.find(segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::document_of_routes;

    #[test]
    fn the_table_is_that_of_the_document() {
        let document = serde_json::to_value(document_of_routes()).unwrap();
        let mut described: Vec<String> = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = ["get", "put", "post", "patch", "delete"].into_iter();
            let methods = methods.filter(|method| item.get(method).is_some());
            described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let mut known: Vec<String> =
            OPERATIONS.iter().map(|operation| format!("{} {}", operation.method, operation.path)).collect();
        described.sort();
        known.sort();
        assert_eq!(known, described);
    }

    #[test]
    fn every_operation_is_found_by_its_path() {
        for operation in OPERATIONS {
            let parts = operation.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let path: Vec<&str> = parts.collect();
            assert_eq!(Asked::by(operation.method, &path.join("/")), Asked::Operation(operation));
        }
    }

    #[test]
    fn what_is_no_operation_is_told_apart() {
        assert!(matches!(Asked::by("PUT", "/v1/orders"), Asked::OtherMethods(others) if others.len() == 3));
        for path in ["", "/", "/v1", "/v1/", "/v1/orders/", "/v1/orders/a/b", "/v2/orders", "v1/orders", "/V1/orders"] {
            assert_eq!(Asked::by("GET", path), Asked::Nothing, "{path}");
        }
    }
}
