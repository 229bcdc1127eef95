//! Check of holds: what open orders set aside, and spot hours that are paid and not delivered.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Amount, Currency, Map, OrganizationId, Owner};
use matching::{Exchange, Order};

use super::balances::named;
use super::report::{Check, Outcome};

type Needed = BTreeMap<(OrganizationId, Currency), Amount>;

/// Compares, per organization and currency, what the books hold with what the state's orders and sales need.
pub(super) fn check(sums: &Map<Account, Amount>, exchange: &Exchange) -> Outcome {
    let mut outcome = Outcome::of(Check::Holds);
    let venue = exchange.venue();
    let (mut set_aside, mut prepaid) = (Needed::new(), Needed::new());
    for order in venue.orders() {
        let spec = &venue.at(order.market()).spec;
        let hold = match order {
            Order::Bid(bid) => bid.hold(),
            Order::SpotBid(bid) if !bid.suspended => bid.next_hour(spec.fee_bps_max()),
            Order::Ask(_) | Order::SpotBid(_) | Order::SpotAsk(_) => continue,
        };
        *set_aside.entry((order.organization(), spec.currency)).or_default() += hold;
    }
    for market in venue.markets() {
        for sale in market.spot.hours.values().flat_map(|hour| &hour.sales) {
            *prepaid.entry((sale.buyer, market.spec.currency)).or_default() += sale.amount + sale.buyer_fee;
        }
    }
    compare(&mut outcome, AccountKind::CustomerHeld, set_aside, sums);
    compare(&mut outcome, AccountKind::SpotPrepayment, prepaid, sums);
    outcome
}

fn compare(outcome: &mut Outcome, kind: AccountKind, mut needed: Needed, sums: &Map<Account, Amount>) {
    for account in sums.keys().filter(|account| account.kind == kind) {
        if let Owner::Organization(id) = account.owner {
            needed.entry((id, account.currency)).or_default();
        }
    }
    outcome.compared += needed.len() as u64;
    for ((organization, currency), needed) in needed {
        let account = Account::operator(kind, Owner::Organization(organization), currency);
        let sum = sums.get(&account).copied().unwrap_or_default();
        outcome.compare(|| named(&account), needed, -sum);
    }
}
