use ledger::{Amount, Currency, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Budget, Exchange, Parties};

/// The amount that an organization commits in a calendar month was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetSet {
    /// Organization that is bounded.
    pub organization: OrganizationId,
    /// Currency of the budget.
    pub currency: Currency,
    /// Most that trades of the month and open orders may come to, fees included; `None` lifts the bound.
    pub monthly: Option<Amount>,
}

impl EventType for BudgetSet {
    const NAME: &'static str = "budget_set";
    const VERSION: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Organization(self.organization)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.organization])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let month = exchange.now.day().month();
        exchange.change(self.organization, |organization| match self.monthly {
            None => {
                organization.budgets.remove(&self.currency);
            }
            Some(monthly) => {
                let spent =
                    organization.budgets.get(&self.currency).map_or(Amount::ZERO, |budget| budget.spent_in(month));
                organization.budgets.insert(self.currency, Budget { monthly, month, spent });
            }
        });
    }
}
