//! The part of a plan that one replay plays: set-up first, then the orders in the plan's order.

use std::collections::BTreeSet;

use crate::{Action, MarketSpec, Plan, Role, Step};
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
    /// Asks, bids and cancellations, in order of time.
    pub(super) steps: Vec<&'a Step>,
}

impl<'a> Selection<'a> {
    /// The plan's first orders, all of them without a limit, with their cancellations and the lots and organizations
    /// that they need.
    pub(super) fn of(plan: &'a Plan, limit: Option<u32>) -> Self {
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let actions = || plan.steps.iter().map(|step| &step.action);
        let (mut lots, mut names, mut standing) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for order in actions().filter(|action| action.is_order()).take(limit) {
            match order {
                Action::TermAsk { lot_key, provider, .. } | Action::SpotAsk { lot_key, provider, .. } => {
                    lots.insert(lot_key.as_str());
                    names.insert(provider.as_str());
                }
                Action::TermBid { buyer, .. } => {
                    names.insert(buyer.as_str());
                }
                Action::SpotBid { key, buyer, .. } => {
                    names.insert(buyer.as_str());
                    standing.insert(key.as_str());
                }
                _ => {}
            }
        }
        let mut orders = 0;
        let taken = |step: &&Step| match &step.action {
            Action::CancelSpotBid { key, .. } => standing.contains(key.as_str()),
            action if action.is_order() => {
                orders += 1;
                orders <= limit
            }
            _ => false,
        };
        let steps = plan.steps.iter().filter(taken).collect();
        let mut selection = Self { steps, ..Self::default() };
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
    use crate::run::sample;

    #[test]
    fn without_a_limit_everything_is_played() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let selection = Selection::of(&plan, None);
        let orders = selection.steps.iter().filter(|step| step.action.is_order()).count();
        assert_eq!(orders as u64, plan.summary.orders());
        assert_eq!((selection.steps.len() - orders) as u64, plan.summary.spot_bids);
        assert_eq!(selection.lots.len() as u64, plan.summary.lots);
    }

    #[test]
    fn a_limit_keeps_the_first_orders_and_what_they_need() {
        let plan = sample::plan("2027-01-04T00:00:00Z");
        let selection = Selection::of(&plan, Some(1));
        assert!(matches!(selection.steps[..], [Step { action: Action::TermAsk { .. }, .. }]));
        assert_eq!(selection.lots.len(), 1);
        assert_eq!(selection.participants.len(), 1);
        assert_eq!(selection.participants[0].role, Role::Provider);
    }
}
