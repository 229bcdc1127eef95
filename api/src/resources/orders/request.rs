//! An order as it is asked for.

use std::collections::BTreeMap;

use ledger::{ContractId, Instant, OrganizationId};
use matching::{
    BidOptions, Billing, ClientOrderId, Hour, LotId, MarketChoice, MarketFilter, MarketId, NewOrder, NewSide,
    Placement, Price, QuoteRequest, SelfTradePrevention, Supply, TermWindow, TimeInForce, Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::share::Share;
use wire::window::WindowBody;

use crate::auth::Role;
use crate::label::{by_label, label, label_if_given};
use crate::problem::{Problem, ProblemCode};

/// To buy or to sell.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// To buy.
    Buy,
    /// To sell.
    Sell,
}

/// For a term or by the hour.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindBody {
    /// For a window agreed in advance.
    Term,
    /// By the hour, in hourly auctions.
    Spot,
}

/// The hours of an order.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderWindowBody {
    /// The first hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-01T00:00:00Z")]
    start: Option<Hour>,
    /// The hour after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-02-01T00:00:00Z")]
    end: Option<Hour>,
    /// Of a flexible window: the earliest start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    earliest: Option<Hour>,
    /// Of a flexible window: the latest start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    latest: Option<Hour>,
    /// Of a flexible window: how many hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<u32>,
}

impl OrderWindowBody {
    /// The window that it gives.
    pub fn term_window(&self) -> Result<TermWindow, Problem> {
        let invalid = |error| Problem::new(ProblemCode::WindowInvalid, format!("{error}."));
        match *self {
            Self { start: Some(start), end: Some(end), earliest: None, latest: None, hours: None } => {
                Window::new(start, end).map(TermWindow::from).map_err(invalid)
            }
            Self { start: None, end: None, earliest: Some(earliest), latest: Some(latest), hours: Some(hours) } => {
                TermWindow::flexible(earliest, latest, hours).map_err(invalid)
            }
            _ => Err(Problem::new(
                ProblemCode::InvalidField,
                "window takes either start and end, or earliest, latest and hours.",
            )),
        }
    }

    fn exact(&self) -> Result<Window, Problem> {
        let exact = self.term_window()?.exact();
        exact.ok_or_else(|| Problem::new(ProblemCode::InvalidField, "An order to sell has no flexible window."))
    }
}

impl From<WindowBody> for OrderWindowBody {
    fn from(window: WindowBody) -> Self {
        Self { start: Some(window.start), end: Some(window.end), earliest: None, latest: None, hours: None }
    }
}

/// Which markets a bid may trade in: what is named must hold.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterBody {
    /// Any of these classes: what stands before the first dot of a market's id.
    #[serde(default)]
    #[schema(example = json!(["a100-80g-sxm4-ib"]))]
    classes: Vec<String>,
    /// What the zone must have.
    zone: Option<ZoneFilterBody>,
}

/// What a zone must have.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneFilterBody {
    /// The region.
    #[schema(example = "us")]
    region: Option<String>,
    /// The least share of renewable energy, 0 to 1 with at most four decimals.
    #[schema(value_type = Option<String>, example = "0.9")]
    renewable_share_min: Option<Share>,
    /// The grid that feeds it.
    grid: Option<String>,
    /// The longest round trip to named cities, in milliseconds.
    #[serde(default)]
    round_trip_ms_max: BTreeMap<String, u32>,
}

impl FilterBody {
    fn filter(&self) -> Result<MarketFilter, Problem> {
        let classes = self.classes.iter().map(|class| label("classes", class)).collect::<Result<_, _>>()?;
        let mut filter = MarketFilter { classes, ..MarketFilter::default() };
        if let Some(zone) = &self.zone {
            filter.region = label_if_given("zone.region", zone.region.as_deref())?;
            filter.grid = label_if_given("zone.grid", zone.grid.as_deref())?;
            filter.round_trip_ms_max = by_label("zone.round_trip_ms_max", &zone.round_trip_ms_max)?;
            filter.renewable_share_min_bps = zone.renewable_share_min.map(|share| share.basis_points);
        }
        Ok(filter)
    }
}

/// An order to be placed, or asked about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderBody {
    /// To buy or to sell.
    side: SideBody,
    /// For a term or by the hour.
    kind: KindBody,
    /// GPUs: a multiple of the market's lot size.
    #[schema(example = 16)]
    gpus: u32,
    /// The worst price per GPU-hour, a multiple of the market's tick. A quote may leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, example = "1.1000")]
    limit_price: Option<Price>,
    /// Where to buy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "a100-80g-sxm4-ib.us-tx-1")]
    market: Option<MarketId>,
    /// Or several markets to buy in, the cheapest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    markets: Option<Vec<MarketId>>,
    /// Or what the markets to buy in have in common; those open now are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<FilterBody>,
    /// The hours to buy; for an ask, the hours on offer, all of the lot's when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<OrderWindowBody>,
    /// Of a term bid: how long it stays; GTC when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "GTC")]
    time_in_force: Option<TimeInForce>,
    /// Of a GTD bid: when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// Of a bid: the fewest GPUs in one trade; all of them for all-or-none; the lot size when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_gpus: Option<u32>,
    /// Of a term bid: `any` (default), `one_provider` or `one_fabric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "any")]
    placement: Option<Placement>,
    /// Of a term bid: whether it is cancelled rather than trade at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_only: Option<bool>,
    /// Of a term order: `cancel_newest` (default), `cancel_oldest` or `cancel_both`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "cancel_newest")]
    self_trade_prevention: Option<SelfTradePrevention>,
    /// Of an ask: the lot to sell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    lot: Option<Uuid>,
    /// Of an ask: the contract to resell.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<Uuid>,
    /// Of a term ask: the shortest sale in hours; 1 when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_hours: Option<u32>,
    /// Of a term ask: the longest sale in hours; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_hours: Option<u32>,
    /// Your own name for the order, unique within your organization: the same order under the same name is placed once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 64)]
    client_order_id: Option<ClientOrderId>,
    /// Of a term bid of more than 720 hours: the periods in which its contracts are paid, each in advance: `hours_720` (default) or
    /// `calendar_month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "hours_720")]
    billing: Option<Billing>,
}

impl NewOrderBody {
    /// Whether a role may place it: buyers buy, providers sell their lots, and who holds a contract may resell it.
    pub(crate) fn check_role(&self, role: Role) -> Result<(), Problem> {
        let (allowed, detail) = match self.side {
            SideBody::Buy => (role == Role::Buyer, "An order to buy is for: buyer."),
            SideBody::Sell if self.contract.is_some() => (true, ""),
            SideBody::Sell => (role == Role::Provider, "An order to sell from a lot is for: provider."),
        };
        if allowed { Ok(()) } else { Err(Problem::new(ProblemCode::ForbiddenRole, detail)) }
    }

    /// The order that it asks for.
    pub(crate) fn order(&self, organization: OrganizationId) -> Result<NewOrder, Problem> {
        let side = match (self.side, self.kind) {
            (SideBody::Buy, KindBody::Term) => self.buy()?,
            (SideBody::Sell, KindBody::Term) => self.sell()?,
            (SideBody::Buy, KindBody::Spot) => self.spot_buy()?,
            (SideBody::Sell, KindBody::Spot) => self.spot_sell()?,
        };
        let limit_price = self.limit_price.ok_or_else(|| missing("limit_price"))?;
        let Self { client_order_id, gpus, .. } = *self;
        Ok(NewOrder { organization, client_order_id, gpus, limit_price, side })
    }

    /// What it asks about, as a quote.
    pub(crate) fn quote(&self, organization: OrganizationId) -> Result<QuoteRequest, Problem> {
        if self.side != SideBody::Buy || self.kind != KindBody::Term {
            return Err(Problem::new(ProblemCode::InvalidField, "Quotes are for orders to buy for a term."));
        }
        let NewSide::Buy { markets, window, options } = self.buy()? else { return Err(missing("market")) };
        let Self { gpus, limit_price, .. } = *self;
        Ok(QuoteRequest { organization, markets, gpus, limit_price, window, options })
    }

    /// The order that fills as quoted, or not at all.
    pub(super) fn filling(self, limit_price: Price, window: WindowBody) -> Self {
        let time_in_force = self.time_in_force.or(Some(TimeInForce::Fok));
        Self { limit_price: Some(limit_price), window: Some(window.into()), time_in_force, ..self }
    }

    fn buy(&self) -> Result<NewSide, Problem> {
        self.refuse("an order to buy for a term", &[Field::Lot, Field::Contract, Field::MinHours, Field::MaxHours])?;
        Ok(NewSide::Buy {
            markets: self.markets()?,
            window: self.window.as_ref().ok_or_else(|| missing("window"))?.term_window()?,
            options: BidOptions {
                time_in_force: self.time_in_force.unwrap_or_default(),
                min_gpus: self.min_gpus,
                expires_at: self.expires_at,
                placement: self.placement.unwrap_or_default(),
                post_only: self.post_only.unwrap_or_default(),
                self_trade_prevention: self.self_trade_prevention.unwrap_or_default(),
                billing: self.billing,
            },
        })
    }

    fn sell(&self) -> Result<NewSide, Problem> {
        let options = [Field::TimeInForce, Field::ExpiresAt, Field::MinGpus, Field::Placement, Field::PostOnly];
        self.refuse("an order to sell", &[&options[..], &MARKETS].concat())?;
        Ok(NewSide::Sell {
            supply: self.supply()?,
            window: self.window.as_ref().map(OrderWindowBody::exact).transpose()?,
            min_hours: self.min_hours,
            max_hours: self.max_hours,
            self_trade_prevention: self.self_trade_prevention.unwrap_or_default(),
        })
    }

    fn spot_buy(&self) -> Result<NewSide, Problem> {
        let others = [Field::Lot, Field::Contract, Field::Window, Field::Markets, Field::Filter];
        self.refuse("a spot order to buy", &[&others[..], &TERM_ONLY].concat())?;
        Ok(NewSide::SpotBuy { market: self.market.ok_or_else(|| missing("market"))?, min_gpus: self.min_gpus })
    }

    fn spot_sell(&self) -> Result<NewSide, Problem> {
        self.refuse("a spot order to sell", &[&[Field::MinGpus], &MARKETS[..], &TERM_ONLY].concat())?;
        let window = self.window.as_ref().map(OrderWindowBody::exact).transpose()?;
        Ok(NewSide::SpotSell { supply: self.supply()?, window })
    }

    fn markets(&self) -> Result<MarketChoice, Problem> {
        match (&self.market, &self.markets, &self.filter) {
            (Some(market), None, None) => Ok(MarketChoice::One(*market)),
            (None, Some(markets), None) => Ok(MarketChoice::Named(markets.clone())),
            (None, None, Some(filter)) => Ok(MarketChoice::Filtered(filter.filter()?)),
            (None, None, None) => Err(missing("market")),
            _ => Err(Problem::new(ProblemCode::InvalidField, "Give one of market, markets and filter.")),
        }
    }

    fn supply(&self) -> Result<Supply, Problem> {
        match (self.lot, self.contract) {
            (Some(lot), None) => Ok(Supply::Lot(LotId::new(lot))),
            (None, Some(contract)) => Ok(Supply::Contract(ContractId::new(contract))),
            (None, None) => Err(missing("lot")),
            (Some(_), Some(_)) => Err(Problem::new(ProblemCode::InvalidField, "Give one of lot and contract.")),
        }
    }

    /// Refuses the fields that do not go with a kind of order.
    fn refuse(&self, kind: &str, fields: &[Field]) -> Result<(), Problem> {
        match fields.iter().find(|field| field.is_in(self)) {
            None => Ok(()),
            Some(field) => {
                Err(Problem::new(ProblemCode::InvalidField, format!("{} does not go with {kind}.", field.name())))
            }
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
