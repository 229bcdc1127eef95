//! The words of a scenario's line and what they mean.

use ledger::{Amount, BankText, ClientId, Currency, Instant, Label, OrganizationId};
use matching::{
    BidOptions, Billing, DeliveryTerms, Hour, MarketChoice, MarketFilter, MarketId, Placement, Price,
    SelfTradePrevention, TermWindow, TimeInForce, Unfilled, UnfilledReason, Window, WouldFill, ZoneAttributes,
};

use crate::scenario::{ORIGIN, instant};

/// A line's words and what its options mean.
pub struct Line<'a> {
    pub words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    pub fn option(&self, key: &str) -> Option<&'a str> {
        self.words.iter().find_map(|word| word.strip_prefix(key))
    }

    pub fn window(&self) -> Option<Window> {
        self.words.iter().find(|word| word.contains("..")).map(|hours| window(hours))
    }

    pub fn bid_options(&self) -> BidOptions {
        BidOptions {
            time_in_force: self.time_in_force(),
            min_gpus: self.option("min=").map(number),
            expires_at: self.option("gtd=").map(at_hour),
            placement: self.placement(),
            post_only: self.has("post_only"),
            self_trade_prevention: self.self_trade_prevention(),
            billing: Some(self.billing()),
        }
    }

    pub fn time_in_force(&self) -> TimeInForce {
        match () {
            () if self.has("ioc") => TimeInForce::Ioc,
            () if self.has("fok") => TimeInForce::Fok,
            () if self.option("gtd=").is_some() => TimeInForce::Gtd,
            () => TimeInForce::Gtc,
        }
    }

    pub fn placement(&self) -> Placement {
        match () {
            () if self.has("one_provider") => Placement::OneProvider,
            () if self.has("one_fabric") => Placement::OneFabric,
            () => Placement::Any,
        }
    }

    pub fn delivery(&self) -> DeliveryTerms {
        let usual = DeliveryTerms::default();
        DeliveryTerms {
            confirmed: self.has("confirmed"),
            penalty_bps: self.option("penalty=").map_or(usual.penalty_bps, |bps| bps.parse().expect("basis points")),
            termination_outages: self.option("outages=").map_or(usual.termination_outages, number),
        }
    }

    pub fn billing(&self) -> Billing {
        if self.has("monthly") { Billing::CalendarMonth } else { Billing::Hours720 }
    }

    pub fn self_trade_prevention(&self) -> SelfTradePrevention {
        match () {
            () if self.has("cancel_oldest") => SelfTradePrevention::CancelOldest,
            () if self.has("cancel_both") => SelfTradePrevention::CancelBoth,
            () => SelfTradePrevention::CancelNewest,
        }
    }

    /// In what currency, dollars when not said.
    pub fn currency(&self) -> Currency {
        self.option("currency=").map_or(Currency::USD, |code| code.parse().expect("a currency"))
    }

    /// Who does it, as far as the books ask for that.
    pub fn by(&self) -> ClientId {
        self.option("by=").unwrap_or("ann").parse().expect("a client")
    }

    pub fn market(&self, name: &str) -> matching::MarketSpec {
        matching::MarketSpec {
            id: market_id(name),
            class: matching::Class {
                model: label("A100"),
                memory_gb: 80,
                form_factor: label("SXM4"),
                fabric: label("infiniband"),
                gpus_per_node: 8,
            },
            zone: label("us-tx-1"),
            currency: self.currency(),
            price_tick: price(self.option("tick=").unwrap_or("0.0001")),
            lot_size: self.option("lot=").map_or(8, number),
            maker_fee_bps: self.option("maker=").map_or(0, |bps| bps.parse().expect("basis points")),
            taker_fee_bps: self.option("taker=").map_or(0, |bps| bps.parse().expect("basis points")),
            gate_minutes: self.option("gate=").map_or(5, |minutes| minutes.parse().expect("minutes")),
            zone_attributes: ZoneAttributes {
                region: self.option("region=").map(label),
                renewable_share_bps: self.option("renewable=").map(|share| share.parse().expect("basis points")),
                ..ZoneAttributes::default()
            },
        }
    }
}

/// Why not, and what would.
pub fn tell_unfilled(unfilled: Unfilled) -> String {
    let would = match unfilled.would_fill {
        None => String::new(),
        Some(WouldFill::LimitPrice(price)) => format!("@{price}"),
        Some(WouldFill::Window(window)) => hours(window),
        Some(WouldFill::Gpus(gpus)) => gpus.to_string(),
    };
    let reason = match unfilled.reason {
        UnfilledReason::Closed => "closed",
        UnfilledReason::Price => "price",
        UnfilledReason::Hours => "hours",
        UnfilledReason::Quantity => "quantity",
        UnfilledReason::Fabric => "fabric",
        UnfilledReason::Provider => "provider",
        UnfilledReason::PostOnly => "post_only",
        UnfilledReason::SelfTrade => "self_trade",
        UnfilledReason::SearchLimit => "search_limit",
    };
    format!(" ({})", format!("{reason} {would}").trim())
}

pub fn markets(text: &str) -> MarketChoice {
    let Some(filter) = text.strip_prefix('?') else {
        return MarketChoice::Named(text.split(',').map(market_id).collect());
    };
    let mut wanted = MarketFilter::default();
    for rule in filter.split(';').filter(|rule| !rule.is_empty()) {
        match rule.split_once('=') {
            Some(("class", class)) => wanted.classes.push(label(class)),
            Some(("region", region)) => wanted.region = Some(label(region)),
            Some(("renewable", bps)) => wanted.renewable_share_min_bps = Some(bps.parse().expect("basis points")),
            _ => panic!("not a rule: {rule}"),
        }
    }
    MarketChoice::Filtered(wanted)
}

pub fn term_window(text: &str) -> TermWindow {
    let Some((earliest, rest)) = text.split_once('~') else { return window(text).into() };
    let (latest, length) = rest.split_once('+').expect("earliest~latest+hours");
    let hour = |text: &str| Hour::from_hours(ORIGIN + number(text));
    TermWindow::flexible(hour(earliest), hour(latest), number(length)).expect("a flexible window")
}

pub fn at_hour(text: &str) -> Instant {
    match text.split_once('-') {
        Some((hour, minutes)) => instant(number(hour), i64::from(number(minutes))),
        None => instant(number(text), 0),
    }
}

pub fn label(text: &str) -> Label {
    text.parse().expect("a label")
}

pub fn bank_text(text: &str) -> BankText {
    text.parse().expect("a text")
}

pub fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

pub fn limit(text: &str) -> Price {
    price(text.strip_prefix('@').expect("@price"))
}

pub fn organization(name: &str) -> OrganizationId {
    name.parse().expect("a slug")
}

pub fn market_id(name: &str) -> MarketId {
    format!("a100.{name}").parse().expect("a market")
}

pub fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}

pub fn window(text: &str) -> Window {
    let (start, end) = text.split_once("..").expect("start..end");
    Window::new(Hour::from_hours(ORIGIN + number(start)), Hour::from_hours(ORIGIN + number(end))).expect("a window")
}

pub fn hours(window: Window) -> String {
    format!("{}..{}", window.start().hours() - ORIGIN, window.end().hours() - ORIGIN)
}

/// A price in text, for tests that build orders directly.
pub fn price(text: &str) -> Price {
    text.parse().expect("a price")
}
