//! The part of a plan that one replay plays: set-up first, then the orders in the plan's order.

use std::collections::BTreeSet;

use crate::replay::{Action, MarketSpec, Plan, Role};
use rust_decimal::Decimal;

/// An organization to be admitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Participant<'a> {
    pub(super) name: &'a str,
    pub(super) role: Role,
    pub(super) deposit: Decimal,
}

/// What is played of a plan.
#[derive(Debug, Default)]
pub(super) struct Selection<'a> {
    pub(super) markets: Vec<&'a MarketSpec>,
    pub(super) participants: Vec<Participant<'a>>,
    /// Each a [`Action::RegisterLot`].
    pub(super) lots: Vec<&'a Action>,
    /// Asks and bids.
    pub(super) orders: Vec<&'a Action>,
}

impl<'a> Selection<'a> {
    /// The plan's first orders, all of them without a limit, and the lots and organizations that they need.
    pub(super) fn of(plan: &'a Plan, limit: Option<u32>) -> Self {
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let actions = || plan.steps.iter().map(|step| &step.action);
        let is_order = |action: &&Action| matches!(action, Action::TermAsk { .. } | Action::TermBid { .. });
        let orders: Vec<&Action> = actions().filter(is_order).take(limit).collect();
        let (mut lots, mut names) = (BTreeSet::new(), BTreeSet::new());
        for order in &orders {
            match order {
                Action::TermAsk { lot_key, provider, .. } => {
                    lots.insert(lot_key.as_str());
                    names.insert(provider.as_str());
                }
                Action::TermBid { buyer, .. } => {
                    names.insert(buyer.as_str());
                }
                Action::CreateMarket(_) | Action::CreateOrganization { .. } | Action::RegisterLot { .. } => {}
            }
        }
        let mut selection = Self { orders, ..Self::default() };
        for action in actions() {
            match action {
                Action::CreateMarket(market) => selection.markets.push(market),
                Action::CreateOrganization { name, role, deposit } if names.contains(name.as_str()) => {
                    selection.participants.push(Participant { name, role: *role, deposit: *deposit });
                }
                Action::RegisterLot { key, .. } if lots.contains(key.as_str()) => selection.lots.push(action),
                _ => {}
            }
        }
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::run::sample;

    #[test]
    fn without_a_limit_everything_is_played() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let selection = Selection::of(&plan, None);
        assert_eq!(selection.orders.len() as u64, plan.summary.orders());
        assert_eq!(selection.lots.len() as u64, plan.summary.lots);
    }

    #[test]
    fn a_limit_keeps_the_first_orders_and_what_they_need() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let selection = Selection::of(&plan, Some(1));
        assert!(matches!(selection.orders[..], [Action::TermAsk { .. }]));
        assert_eq!(selection.lots.len(), 1);
        assert_eq!(selection.participants.len(), 1);
        assert_eq!(selection.participants[0].role, Role::Provider);
    }
}
