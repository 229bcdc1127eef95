//! Parties of an event: whom it concerns. What each of them may see of it stands with the event
//! ([`EventType::part_for`](super::event::EventType::part_for)).
//!
//! An organization sees of its own events what its orders, trades and contracts show it anyway: a counterparty's name,
//! but neither the counterparty's order nor its fees. An event with parts for several organizations is cut down to the
//! reader's own.

use ledger::{ContractId, OrganizationId};

use crate::venue::SpotSale;

/// Organizations that an event concerns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parties {
    /// Organizations that it names, each once; empty for what concerns the whole market.
    pub organizations: Vec<OrganizationId>,
    /// Contracts whose buyers it concerns without naming them.
    pub bought: Vec<ContractId>,
}

impl Parties {
    /// Makes the parties of an event that names these organizations, in any order.
    pub(super) fn named(organizations: &[OrganizationId]) -> Self {
        let mut organizations = organizations.to_vec();
        organizations.sort_unstable();
        organizations.dedup();
        Self { organizations, bought: Vec::new() }
    }

    /// Makes the parties of spot sales: both sides of each.
    pub(super) fn of_sales(sales: &[SpotSale]) -> Self {
        let organizations: Vec<_> = sales.iter().flat_map(|sale| [sale.buyer, sale.seller]).collect();
        Self::named(&organizations)
    }

    /// Returns whether the event concerns `reader`, which bought these contracts.
    pub(super) fn include(&self, reader: OrganizationId, bought: &[ContractId]) -> bool {
        self.organizations.contains(&reader) || self.bought.iter().any(|contract| bought.contains(contract))
    }
}

#[cfg(test)]
mod tests {
    use ledger::{ContractId, OrganizationId};
    use serde_json::{Value, json};

    use crate::exchange::{Event, Parties};

    /// The event of a golden file.
    fn golden(name: &str, content: &str) -> Event {
        Event::decode(name, 1, content.trim_end().as_bytes()).expect("a golden file")
    }

    fn trade() -> Event {
        golden("trade_executed", include_str!("../../tests/golden/trade_executed.1.json"))
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
        let event = golden("market_opened", include_str!("../../tests/golden/market_opened.1.json"));
        assert_eq!(event.parties(), Parties::default());
        assert_eq!(event.part_of(organization("acme"), &[]), None);
    }
}
