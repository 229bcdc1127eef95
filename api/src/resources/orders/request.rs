//! An order as it is asked for.

use ledger::{ContractId, OrganizationId};
use matching::{
    BidOptions, LotId, MarketChoice, MarketFilter, NewOrder, NewSide, Price, QuoteRequest, Supply, TermWindow,
    TimeInForce, Window,
};
use wire::orders::{FilterBody, KindBody, NewOrderBody, OrderWindowBody, SideBody};
use wire::organizations::Role;
use wire::window::WindowBody;

use crate::label::{by_label, label, label_if_given};
use crate::problem::{Problem, ProblemCode};

/// The window that a body gives.
pub(super) fn term_window(body: &OrderWindowBody) -> Result<TermWindow, Problem> {
    match *body {
        OrderWindowBody { start: Some(start), end: Some(end), earliest: None, latest: None, hours: None } => {
            Ok(Window::new(start, end)?.into())
        }
        OrderWindowBody {
            start: None,
            end: None,
            earliest: Some(earliest),
            latest: Some(latest),
            hours: Some(hours),
        } => Ok(TermWindow::flexible(earliest, latest, hours)?),
        _ => Err(Problem::new(
            ProblemCode::InvalidField,
            "window takes either start and end, or earliest, latest and hours.",
        )),
    }
}

fn exact_window(body: &OrderWindowBody) -> Result<Window, Problem> {
    let exact = term_window(body)?.exact();
    exact.ok_or_else(|| Problem::new(ProblemCode::InvalidField, "An order to sell has no flexible window."))
}

fn market_filter(body: &FilterBody) -> Result<MarketFilter, Problem> {
    let classes = body.classes.iter().map(|class| label("classes", class)).collect::<Result<_, _>>()?;
    let mut filter = MarketFilter { classes, ..MarketFilter::default() };
    if let Some(zone) = &body.zone {
        filter.region = label_if_given("zone.region", zone.region.as_deref())?;
        filter.grid = label_if_given("zone.grid", zone.grid.as_deref())?;
        filter.round_trip_ms_max = by_label("zone.round_trip_ms_max", &zone.round_trip_ms_max)?;
        filter.renewable_share_min_bps = zone.renewable_share_min.map(|share| share.basis_points);
    }
    Ok(filter)
}

/// Whether a role may place an order: buyers buy, providers sell their lots, and who holds a contract may resell it.
pub(crate) fn check_role(body: &NewOrderBody, role: Role) -> Result<(), Problem> {
    let (allowed, detail) = match body.side {
        SideBody::Buy => (role == Role::Buyer, "An order to buy is for: buyer."),
        SideBody::Sell if body.contract.is_some() => (true, ""),
        SideBody::Sell => (role == Role::Provider, "An order to sell from a lot is for: provider."),
    };
    if allowed { Ok(()) } else { Err(Problem::new(ProblemCode::ForbiddenRole, detail)) }
}

/// The order that a body asks for.
pub(crate) fn new_order(body: &NewOrderBody, organization: OrganizationId) -> Result<NewOrder, Problem> {
    let side = match (body.side, body.kind) {
        (SideBody::Buy, KindBody::Term) => buy(body)?,
        (SideBody::Sell, KindBody::Term) => sell(body)?,
        (SideBody::Buy, KindBody::Spot) => spot_buy(body)?,
        (SideBody::Sell, KindBody::Spot) => spot_sell(body)?,
    };
    let limit_price = body.limit_price.ok_or_else(|| missing("limit_price"))?;
    let NewOrderBody { client_order_id, gpus, .. } = *body;
    Ok(NewOrder { organization, client_order_id, gpus, limit_price, side })
}

/// What a body asks about, as a quote.
pub(crate) fn quote_request(body: &NewOrderBody, organization: OrganizationId) -> Result<QuoteRequest, Problem> {
    if body.side != SideBody::Buy || body.kind != KindBody::Term {
        return Err(Problem::new(ProblemCode::InvalidField, "Quotes are for orders to buy for a term."));
    }
    let NewSide::Buy { markets, window, options } = buy(body)? else { return Err(missing("market")) };
    let NewOrderBody { gpus, limit_price, .. } = *body;
    Ok(QuoteRequest { organization, markets, gpus, limit_price, window, options })
}

/// The order that fills as quoted, or not at all.
pub(super) fn filling(body: NewOrderBody, limit_price: Price, window: WindowBody) -> NewOrderBody {
    let time_in_force = body.time_in_force.or(Some(TimeInForce::Fok));
    NewOrderBody { limit_price: Some(limit_price), window: Some(window.into()), time_in_force, ..body }
}

fn buy(body: &NewOrderBody) -> Result<NewSide, Problem> {
    refuse(body, "an order to buy for a term", &[Field::Lot, Field::Contract, Field::MinHours, Field::MaxHours])?;
    Ok(NewSide::Buy {
        markets: market_choice(body)?,
        window: term_window(body.window.as_ref().ok_or_else(|| missing("window"))?)?,
        options: BidOptions {
            time_in_force: body.time_in_force.unwrap_or_default(),
            min_gpus: body.min_gpus,
            expires_at: body.expires_at,
            placement: body.placement.unwrap_or_default(),
            post_only: body.post_only.unwrap_or_default(),
            self_trade_prevention: body.self_trade_prevention.unwrap_or_default(),
            billing: body.billing,
        },
    })
}

fn sell(body: &NewOrderBody) -> Result<NewSide, Problem> {
    let options = [Field::TimeInForce, Field::ExpiresAt, Field::MinGpus, Field::Placement, Field::PostOnly];
    refuse(body, "an order to sell", &[&options[..], &MARKETS].concat())?;
    Ok(NewSide::Sell {
        supply: supply(body)?,
        window: body.window.as_ref().map(exact_window).transpose()?,
        min_hours: body.min_hours,
        max_hours: body.max_hours,
        self_trade_prevention: body.self_trade_prevention.unwrap_or_default(),
    })
}

fn spot_buy(body: &NewOrderBody) -> Result<NewSide, Problem> {
    let others = [Field::Lot, Field::Contract, Field::Window, Field::Markets, Field::Filter];
    refuse(body, "a spot order to buy", &[&others[..], &TERM_ONLY].concat())?;
    Ok(NewSide::SpotBuy { market: body.market.ok_or_else(|| missing("market"))?, min_gpus: body.min_gpus })
}

fn spot_sell(body: &NewOrderBody) -> Result<NewSide, Problem> {
    refuse(body, "a spot order to sell", &[&[Field::MinGpus], &MARKETS[..], &TERM_ONLY].concat())?;
    let window = body.window.as_ref().map(exact_window).transpose()?;
    Ok(NewSide::SpotSell { supply: supply(body)?, window })
}

fn market_choice(body: &NewOrderBody) -> Result<MarketChoice, Problem> {
    match (&body.market, &body.markets, &body.filter) {
        (Some(market), None, None) => Ok(MarketChoice::One(*market)),
        (None, Some(markets), None) => Ok(MarketChoice::Named(markets.clone())),
        (None, None, Some(filter)) => Ok(MarketChoice::Filtered(market_filter(filter)?)),
        (None, None, None) => Err(missing("market")),
        _ => Err(Problem::new(ProblemCode::InvalidField, "Give one of market, markets and filter.")),
    }
}

fn supply(body: &NewOrderBody) -> Result<Supply, Problem> {
    match (body.lot, body.contract) {
        (Some(lot), None) => Ok(Supply::Lot(LotId::new(lot))),
        (None, Some(contract)) => Ok(Supply::Contract(ContractId::new(contract))),
        (None, None) => Err(missing("lot")),
        (Some(_), Some(_)) => Err(Problem::new(ProblemCode::InvalidField, "Give one of lot and contract.")),
    }
}

/// Refuses the fields that do not go with a kind of order.
fn refuse(body: &NewOrderBody, kind: &str, fields: &[Field]) -> Result<(), Problem> {
    match fields.iter().find(|field| field.is_in(body)) {
        None => Ok(()),
        Some(field) => {
            Err(Problem::new(ProblemCode::InvalidField, format!("{} does not go with {kind}.", field.name())))
        }
    }
}

/// The optional fields that some kinds of order do not have.
#[derive(Clone, Copy)]
enum Field {
    Market,
    Markets,
    Filter,
    Window,
    TimeInForce,
    ExpiresAt,
    MinGpus,
    Placement,
    PostOnly,
    SelfTradePrevention,
    Lot,
    Contract,
    MinHours,
    MaxHours,
    Billing,
}

const MARKETS: [Field; 4] = [Field::Market, Field::Markets, Field::Filter, Field::Billing];
const TERM_ONLY: [Field; 8] = [
    Field::TimeInForce,
    Field::ExpiresAt,
    Field::Placement,
    Field::PostOnly,
    Field::SelfTradePrevention,
    Field::MinHours,
    Field::MaxHours,
    Field::Billing,
];

impl Field {
    fn is_in(self, body: &NewOrderBody) -> bool {
        match self {
            Self::Market => body.market.is_some(),
            Self::Markets => body.markets.is_some(),
            Self::Filter => body.filter.is_some(),
            Self::Window => body.window.is_some(),
            Self::TimeInForce => body.time_in_force.is_some(),
            Self::ExpiresAt => body.expires_at.is_some(),
            Self::MinGpus => body.min_gpus.is_some(),
            Self::Placement => body.placement.is_some(),
            Self::PostOnly => body.post_only.is_some(),
            Self::SelfTradePrevention => body.self_trade_prevention.is_some(),
            Self::Lot => body.lot.is_some(),
            Self::Contract => body.contract.is_some(),
            Self::MinHours => body.min_hours.is_some(),
            Self::MaxHours => body.max_hours.is_some(),
            Self::Billing => body.billing.is_some(),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Markets => "markets",
            Self::Filter => "filter",
            Self::Window => "window",
            Self::TimeInForce => "time_in_force",
            Self::ExpiresAt => "expires_at",
            Self::MinGpus => "min_gpus",
            Self::Placement => "placement",
            Self::PostOnly => "post_only",
            Self::SelfTradePrevention => "self_trade_prevention",
            Self::Lot => "lot",
            Self::Contract => "contract",
            Self::MinHours => "min_hours",
            Self::MaxHours => "max_hours",
            Self::Billing => "billing",
        }
    }
}

fn missing(field: &str) -> Problem {
    Problem::new(ProblemCode::InvalidField, format!("{field} is missing."))
}
