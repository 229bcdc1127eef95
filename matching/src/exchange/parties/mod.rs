//! Whom an event concerns, and what each of them may see of it.
//!
//! An organization sees of its own events what its orders, trades and contracts show it anyway: a counterparty's name, but neither
//! the counterparty's order nor its fees. An event that has parts for several organizations is cut down to the reader's own.

mod accounting;
mod bank;
mod boxes;
mod contract;

use ledger::{Amount, ContractId, Currency, Invariant, Label, OrganizationId};
use serde::Serialize;

use accounting::OwnJournal;
use bank::OwnReconciliation;
use boxes::OwnDeal;
use contract::{OwnAssignment, OwnCharge, OwnMissedCharge, OwnSettlement, OwnTermination};

use super::{Advance, ContractBusted, ContractHour, Event, HourShortfall, HoursDelivered, SpotHold, TradeExecuted};
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId, TradeId};
use crate::market::{Liquidity, MarketId};
use crate::price::Price;
use crate::venue::SpotSale;

/// Whom an event concerns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parties {
    /// The organizations that it names, each once. None for what concerns the whole market.
    pub organizations: Vec<OrganizationId>,
    /// Contracts whose buyers it concerns without naming them.
    pub bought: Vec<ContractId>,
}

impl Parties {
    fn named(organizations: &[OrganizationId]) -> Self {
        let mut organizations = organizations.to_vec();
        organizations.sort_unstable();
        organizations.dedup();
        Self { organizations, bought: Vec::new() }
    }

    fn of_sales(sales: &[SpotSale]) -> Self {
        let organizations: Vec<_> = sales.iter().flat_map(|sale| [sale.buyer, sale.seller]).collect();
        Self::named(&organizations)
    }
}

impl Event {
    /// Whom the event concerns.
    pub fn parties(&self) -> Parties {
        match self {
            // A box is known by its deal; its sponsor reads its life where the box is shown.
            Self::DealClosed(_)
            | Self::BoxCollected(_)
            | Self::CollectionReversed(_)
            | Self::WaterfallRun(_)
            | Self::WaterfallReversed(_)
            | Self::AgreementInvoiced(_)
            | Self::DebtAccelerated(_)
            | Self::AccelerationRescinded(_)
            | Self::BoxWoundUp(_)
            | Self::LendersSet(_)
            | Self::IndexFixed(_)
            | Self::DueParked(_)
            | Self::DueResumed(_)
            | Self::PeriodClosed(_)
            | Self::JournalProposed(_)
            | Self::JournalRejected(_)
            | Self::BankAccountOpened(_)
            | Self::BankAccountClosed(_)
            | Self::StatementImported(_)
            | Self::BankLinesBooked(_)
            | Self::MarketOpened(_)
            | Self::MarketHalted(_)
            | Self::MarketResumed(_)
            | Self::PriceBandSet(_)
            | Self::SpotAuctionHeld(_)
            | Self::SpotAuctionMissed(_)
            | Self::SweepPaused(_)
            | Self::SweepEnded(_) => Parties::default(),
            Self::OrganizationRegistered(e) => Parties::named(&[e.organization]),
            Self::OrganizationSuspended(e) => Parties::named(&[e.organization]),
            Self::OrganizationReinstated(e) => Parties::named(&[e.organization]),
            Self::OrderLimitSet(e) => Parties::named(&[e.organization]),
            Self::BudgetSet(e) => Parties::named(&[e.organization]),
            Self::DepositReceived(e) => Parties::named(&[e.organization]),
            Self::DepositExpected(e) => Parties::named(&[e.organization]),
            Self::PayoutRequested(e) => Parties::named(&[e.organization]),
            Self::PayoutReturned(e) => Parties::named(&[e.organization]),
            Self::WithholdingSet(e) => Parties::named(&[e.organization]),
            Self::JournalApproved(e) => Parties::named(&e.organizations()),
            Self::Reconciled(e) => Parties::named(&e.organizations()),
            Self::ReconciliationUndone(e) => Parties::named(&e.undone.organizations()),
            Self::BoxCreated(e) => Parties::named(&[e.deal.sponsor]),
            Self::DealAmended(e) => Parties::named(&[e.deal.sponsor]),
            Self::LotRegistered(e) => Parties::named(&[e.organization]),
            Self::LotWithdrawn(e) => Parties::named(&[e.organization]),
            Self::LotExpired(e) => Parties::named(&[e.organization]),
            Self::OrderPlaced(e) => Parties::named(&[e.organization]),
            Self::TradeExecuted(e) => Parties::named(&[e.buyer, e.seller]),
            Self::SpotOrderPlaced(e) => Parties::named(&[e.organization]),
            Self::OrderAmended(e) => Parties::named(&[e.organization]),
            Self::OrderClosed(e) => Parties::named(&[e.organization]),
            Self::OrdersEnding(e) => Parties::named(&[e.organization]),
            Self::OrdersEnded(e) => Parties::named(&[e.organization]),
            Self::ContractBusted(e) => Parties::named(&[e.buyer, e.seller]),
            Self::PeriodCharged(e) => Parties::named(&[e.buyer, e.seller]),
            Self::ChargeMissed(e) => Parties::named(&[e.buyer, e.seller]),
            Self::ContractTerminated(e) => Parties::named(&[e.buyer, e.seller]),
            Self::ContractAssigned(e) => Parties::named(&[e.buyer, e.seller]),
            Self::ContractNovated(e) => Parties::named(&[e.buyer, e.seller, e.seller_before]),
            Self::DeliveryReady(e) => Parties::named(&[e.buyer, e.seller]),
            Self::OutageOpened(e) => Parties::named(&[e.buyer, e.seller]),
            Self::OutageRestored(e) => Parties::named(&[e.buyer, e.seller]),
            Self::OutageSettled(e) => Parties::named(&[e.buyer, e.seller]),
            Self::OutageDismissed(e) => Parties::named(&[e.buyer, e.seller]),
            Self::NoticeGiven(e) => Parties::named(&[e.buyer, e.seller]),
            Self::SpotInterrupted(e) => Parties::named(&[e.organization]),
            Self::SpotBidSuspended(e) => Parties::named(&[e.organization]),
            Self::SpotBidResumed(e) => Parties::named(&[e.organization]),
            Self::SpotHoursSold(e) => Parties::of_sales(&e.sales),
            Self::SpotHoursDelivered(e) => Parties::of_sales(&e.sales),
            Self::HoursDelivered(e) => {
                let sellers: Vec<OrganizationId> = e.contracts.iter().map(|hour| hour.seller).collect();
                let bought = e.contracts.iter().map(|hour| hour.contract).collect();
                Parties { bought, ..Parties::named(&sellers) }
            }
        }
    }

    /// The content that `reader` may see, as JSON in the names of the log; nothing when the event does not concern it. `bought` are
    /// the reader's own among the contracts of [`Parties::bought`].
    ///
    /// # Panics
    /// A [violation](ledger::Violation) where it cannot be written as JSON.
    pub fn part_of(&self, reader: OrganizationId, bought: &[ContractId]) -> Option<serde_json::Value> {
        let parties = self.parties();
        let is_named = parties.organizations.contains(&reader);
        if !is_named && !parties.bought.iter().any(|contract| bought.contains(contract)) {
            return None;
        }
        let part = match self {
            Self::MarketOpened(e) => serde_json::to_value(e),
            Self::MarketHalted(e) => serde_json::to_value(e),
            Self::MarketResumed(e) => serde_json::to_value(e),
            Self::PriceBandSet(e) => serde_json::to_value(e),
            Self::SpotAuctionHeld(e) => serde_json::to_value(e),
            Self::SpotAuctionMissed(e) => serde_json::to_value(e),
            Self::OrganizationRegistered(e) => serde_json::to_value(e),
            Self::OrganizationSuspended(e) => serde_json::to_value(e),
            Self::OrganizationReinstated(e) => serde_json::to_value(e),
            Self::OrderLimitSet(e) => serde_json::to_value(e),
            Self::BudgetSet(e) => serde_json::to_value(e),
            Self::DepositReceived(e) => serde_json::to_value(e),
            Self::DepositExpected(e) => serde_json::to_value(e),
            Self::PayoutRequested(e) => serde_json::to_value(e),
            Self::PayoutReturned(e) => serde_json::to_value(e),
            Self::WithholdingSet(e) => serde_json::to_value(e),
            Self::JournalApproved(e) => serde_json::to_value(OwnJournal::of(e, reader)),
            Self::Reconciled(e) => serde_json::to_value(OwnReconciliation::of(e, None, reader)),
            Self::ReconciliationUndone(e) => {
                serde_json::to_value(OwnReconciliation::of(&e.undone, Some(&e.reason), reader))
            }
            // The exchange's own bank and books are nobody else's business.
            Self::PeriodClosed(_)
            | Self::JournalProposed(_)
            | Self::JournalRejected(_)
            | Self::BankAccountOpened(_)
            | Self::BankAccountClosed(_)
            | Self::StatementImported(_)
            | Self::BankLinesBooked(_)
            | Self::DealClosed(_)
            | Self::BoxCollected(_)
            | Self::CollectionReversed(_)
            | Self::WaterfallRun(_)
            | Self::WaterfallReversed(_)
            | Self::AgreementInvoiced(_)
            | Self::DebtAccelerated(_)
            | Self::AccelerationRescinded(_)
            | Self::BoxWoundUp(_)
            | Self::LendersSet(_)
            | Self::IndexFixed(_)
            | Self::DueParked(_)
            | Self::DueResumed(_) => return None,
            Self::BoxCreated(e) => serde_json::to_value(OwnDeal::of(e.r#box, 1, &e.deal)),
            Self::DealAmended(e) => serde_json::to_value(OwnDeal::of(e.r#box, e.version, &e.deal)),
            Self::LotRegistered(e) => serde_json::to_value(e),
            Self::LotWithdrawn(e) => serde_json::to_value(e),
            Self::LotExpired(e) => serde_json::to_value(e),
            Self::OrderPlaced(e) => serde_json::to_value(e),
            Self::TradeExecuted(e) => serde_json::to_value(OwnTrade::of(e, reader)),
            Self::SpotOrderPlaced(e) => serde_json::to_value(e),
            Self::OrderAmended(e) => serde_json::to_value(e),
            Self::OrderClosed(e) => serde_json::to_value(e),
            Self::OrdersEnding(e) => serde_json::to_value(e),
            Self::OrdersEnded(e) => serde_json::to_value(e),
            Self::SweepPaused(e) => serde_json::to_value(e),
            Self::SweepEnded(e) => serde_json::to_value(e),
            Self::ContractBusted(e) => serde_json::to_value(OwnBust::of(e, reader)),
            Self::PeriodCharged(e) => serde_json::to_value(OwnCharge::of(e, reader)),
            Self::ChargeMissed(e) => serde_json::to_value(OwnMissedCharge::of(e, reader)),
            Self::ContractTerminated(e) => serde_json::to_value(OwnTermination::of(e, reader)),
            Self::ContractAssigned(e) => serde_json::to_value(OwnAssignment::of(e)),
            Self::ContractNovated(e) => serde_json::to_value(e),
            Self::DeliveryReady(e) => serde_json::to_value(e),
            Self::OutageOpened(e) => serde_json::to_value(e),
            Self::OutageRestored(e) => serde_json::to_value(e),
            Self::OutageSettled(e) => serde_json::to_value(OwnSettlement::of(e, reader)),
            Self::OutageDismissed(e) => serde_json::to_value(e),
            Self::NoticeGiven(e) => serde_json::to_value(e),
            Self::SpotInterrupted(e) => serde_json::to_value(e),
            Self::SpotBidSuspended(e) => serde_json::to_value(e),
            Self::SpotBidResumed(e) => serde_json::to_value(e),
            Self::SpotHoursSold(e) => {
                let holds = e.holds.iter().filter(|hold| hold.organization == reader).cloned().collect();
                serde_json::to_value(OwnSales { holds, ..OwnSales::of(e.market, e.hour, e.currency, &e.sales, reader) })
            }
            Self::SpotHoursDelivered(e) => {
                serde_json::to_value(OwnSales::of(e.market, e.hour, e.currency, &e.sales, reader))
            }
            Self::HoursDelivered(e) => serde_json::to_value(OwnHours::of(e, reader, bought)),
        };
        match part {
            Ok(part) => Some(part),
            Err(error) => Invariant::EventEncodes.violated(format_args!("{}: {error}", self.name())),
        }
    }
}

/// A trade as one of its two sides sees it.
#[derive(Serialize)]
struct OwnTrade {
    trade: TradeId,
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    price: Price,
    window: Window,
    currency: Currency,
    amount: Amount,
    #[serde(flatten)]
    bought: Option<BuyersTrade>,
    #[serde(flatten)]
    sold: Option<SellersTrade>,
}

/// What only the buyer sees of a trade.
#[derive(Serialize)]
struct BuyersTrade {
    bid: OrderId,
    buyer_liquidity: Liquidity,
    buyer_fee_bps: u16,
    buyer_fee: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    advance: Option<Advance>,
    hold_released: Amount,
    bid_remaining: u32,
}

/// What only the seller sees of a trade.
#[derive(Serialize)]
struct SellersTrade {
    ask: OrderId,
    seller_fee_bps: u16,
    seller_fee: Amount,
    ask_sold_gpus: u32,
    ask_filled: bool,
}

impl OwnTrade {
    fn of(e: &TradeExecuted, reader: OrganizationId) -> Self {
        Self {
            trade: e.trade,
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            price: e.price,
            window: e.window,
            currency: e.currency,
            amount: e.amount,
            bought: (reader == e.buyer).then_some(BuyersTrade {
                bid: e.bid,
                buyer_liquidity: e.buyer_liquidity,
                buyer_fee_bps: e.buyer_fee_bps,
                buyer_fee: e.buyer_fee,
                advance: e.advance,
                hold_released: e.hold_released,
                bid_remaining: e.bid_remaining,
            }),
            sold: (reader == e.seller).then_some(SellersTrade {
                ask: e.ask,
                seller_fee_bps: e.seller_fee_bps,
                seller_fee: e.seller_fee,
                ask_sold_gpus: e.ask_sold_gpus,
                ask_filled: e.ask_filled,
            }),
        }
    }
}

/// A delivered hour, with one organization's contracts only.
#[derive(Serialize)]
struct OwnHours {
    market: MarketId,
    hour: Hour,
    currency: Currency,
    contracts: Vec<OwnContractHour>,
}

/// One contract's part of a delivered hour, with the reader's fee only.
#[derive(Serialize)]
struct OwnContractHour {
    contract: ContractId,
    seller: OrganizationId,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
    completed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<HourShortfall>,
}

impl OwnHours {
    fn of(e: &HoursDelivered, reader: OrganizationId, bought: &[ContractId]) -> Self {
        let own = |hour: &ContractHour| {
            let (is_bought, is_sold) = (bought.contains(&hour.contract), hour.seller == reader);
            (is_bought || is_sold).then_some(OwnContractHour {
                contract: hour.contract,
                seller: hour.seller,
                amount: hour.amount,
                buyer_fee: is_bought.then_some(hour.buyer_fee),
                seller_fee: is_sold.then_some(hour.seller_fee),
                completed: hour.completed,
                shortfall: hour.shortfall.clone(),
            })
        };
        let contracts = e.contracts.iter().filter_map(own).collect();
        Self { market: e.market, hour: e.hour, currency: e.currency, contracts }
    }
}

/// An undone trade as one of its two sides sees it.
#[derive(Serialize)]
struct OwnBust {
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    window: Window,
    reason: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit: Option<Amount>,
}

impl OwnBust {
    fn of(e: &ContractBusted, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            window: e.window,
            reason: e.reason.clone(),
            refund: (reader == e.buyer).then_some(e.refund),
            deposit: (reader == e.buyer && !e.deposit.is_zero()).then_some(e.deposit),
        }
    }
}

/// Sales by the hour, with one organization's own only.
#[derive(Serialize)]
struct OwnSales {
    market: MarketId,
    hour: Hour,
    currency: Currency,
    sales: Vec<OwnSale>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holds: Vec<SpotHold>,
}

/// A sale by the hour as one of its two sides sees it.
#[derive(Serialize)]
struct OwnSale {
    buyer: OrganizationId,
    seller: OrganizationId,
    lot: LotId,
    gpus: u32,
    price: Price,
    minutes: u32,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
}

impl OwnSales {
    fn of(market: MarketId, hour: Hour, currency: Currency, sales: &[SpotSale], reader: OrganizationId) -> Self {
        let own = |sale: &SpotSale| {
            let (is_bought, is_sold) = (sale.buyer == reader, sale.seller == reader);
            (is_bought || is_sold).then_some(OwnSale {
                buyer: sale.buyer,
                seller: sale.seller,
                lot: sale.lot,
                gpus: sale.gpus,
                price: sale.price,
                minutes: sale.minutes,
                amount: sale.amount,
                bid: is_bought.then_some(sale.bid),
                buyer_fee: is_bought.then_some(sale.buyer_fee),
                ask: is_sold.then_some(sale.ask),
                seller_fee: is_sold.then_some(sale.seller_fee),
            })
        };
        Self { market, hour, currency, sales: sales.iter().filter_map(own).collect(), holds: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The event of a golden file.
    fn golden(name: &str, content: &str) -> Event {
        Event::decode(name, 1, content.trim_end().as_bytes()).expect("a golden file")
    }

    fn trade() -> Event {
        golden("trade_executed", include_str!("../../../tests/golden/trade_executed.1.json"))
    }

    fn organization(name: &str) -> OrganizationId {
        name.parse().expect("a slug")
    }

    fn keys(part: &Value) -> Vec<&str> {
        let mut keys: Vec<&str> = part.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn either_side_of_a_trade_sees_the_other_by_name_and_not_its_order_or_fee() {
        let event = trade();
        let Event::TradeExecuted(e) = &event else { panic!("a trade") };
        let common =
            ["amount", "buyer", "contract", "currency", "gpus", "lot", "market", "price", "seller", "trade", "window"];
        let buyers = ["bid", "bid_remaining", "buyer_fee", "buyer_fee_bps", "buyer_liquidity", "hold_released"];
        let sellers = ["ask", "ask_filled", "ask_sold_gpus", "seller_fee", "seller_fee_bps"];
        for (reader, own) in [(e.buyer, &buyers[..]), (e.seller, &sellers[..])] {
            let mut expected = [&common[..], own].concat();
            expected.sort_unstable();
            assert_eq!(keys(&event.part_of(reader, &[]).expect("a party")), expected);
        }
        assert_eq!(event.part_of(organization("stranger"), &[]), None);
    }

    #[test]
    fn a_delivered_hour_is_cut_down_to_ones_own_contracts() {
        let id = |last: u32| format!("0192f0c1-0000-7000-8000-{last:012}");
        let hour = |contract: u32, seller: &str| {
            json!({"contract": id(contract), "seller": seller, "amount": "8.40", "buyer_fee": "0.042",
                   "seller_fee": "0.01", "completed": false})
        };
        let content = json!({"market": "a100.us-1", "hour": "2037-01-01T00:00:00Z", "currency": "USD",
                             "contracts": [hour(1, "north"), hour(2, "south"), hour(3, "north")]});
        let event = golden("hours_delivered", &content.to_string());
        let parties = event.parties();
        assert_eq!(parties.organizations, [organization("north"), organization("south")]);
        assert_eq!(parties.bought.len(), 3);
        let shown = |reader: &str, bought: &[ContractId]| {
            let part = event.part_of(organization(reader), bought)?;
            Some(part["contracts"].as_array().expect("a list").clone())
        };
        let north = shown("north", &[]).expect("a seller");
        assert_eq!(north.iter().map(|hour| hour["contract"].clone()).collect::<Vec<_>>(), [id(1), id(3)]);
        assert!(north.iter().all(|hour| hour.get("buyer_fee").is_none() && hour["seller_fee"] == "0.01"));
        let acme = shown("acme", &parties.bought[1..2]).expect("a buyer");
        assert_eq!(acme.len(), 1);
        assert_eq!((&acme[0]["contract"], &acme[0]["buyer_fee"]), (&json!(id(2)), &json!("0.042")));
        assert_eq!(acme[0].get("seller_fee"), None);
        assert_eq!(shown("beta", &[]), None);
    }

    #[test]
    fn what_opens_to_everyone_is_nobodys_own() {
        let event = golden("market_opened", include_str!("../../../tests/golden/market_opened.1.json"));
        assert_eq!(event.parties(), Parties::default());
        assert_eq!(event.part_of(organization("acme"), &[]), None);
    }
}
