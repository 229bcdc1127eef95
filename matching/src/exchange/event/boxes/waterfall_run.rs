use std::collections::BTreeMap;

use ledger::deal::{Dues, Funding, ItemAmount, Pays, Run};
use ledger::{Accrual, Amount, BoxId, CashMove, ClientId, Currency, Day, Fact, ItemName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::boxes::deal_closed::funded;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};
use crate::order::is_default;

/// A box's cash was paid out for a determination date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaterfallRun {
    /// Box whose cash it is.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Number of the deal's version in force.
    pub version: u32,
    /// Client that started it; `None` when it started by itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: Option<ClientId>,
    /// Day on which the books date it.
    pub day: Day,
    /// Amounts that the deal meant to draw and buy since the last determination date.
    pub funding: Funding,
    /// Revenue of each contract by its terms.
    pub revenue: Vec<ItemAmount>,
    /// Depreciation of each asset.
    pub depreciation: Vec<ItemAmount>,
    /// Amounts that were collected and that fell due.
    pub dues: Dues,
    /// Payments and resulting balances.
    pub run: Box<Run>,
    /// Amounts of facilities that the sponsor repaid beyond the run, before they were due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepaid: Vec<ItemAmount>,
    /// Amounts that agreements charged too much before and have still to take back, by name: negative.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrections: BTreeMap<ItemName, Amount>,
}

impl EventType for WaterfallRun {
    const NAME: &'static str = "waterfall_run";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by?))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        for fact in waterfall_run(self, &accruals(self), &cash_moves(self)) {
            facts.state(&fact, self.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.change_box(self.box_id, |boxes| boxes.run(self, stamp.at, stamp.sequence));
    }
}

/// Lists the facts of a waterfall run: draws and purchases, accruals, payments, and prepaid debt.
pub(super) fn waterfall_run<'a>(e: &WaterfallRun, accruals: &'a [Accrual], moves: &'a [CashMove]) -> Vec<Fact<'a>> {
    let box_id = e.box_id;
    let accrued = (!accruals.is_empty()).then_some(Fact::BoxAccrued { box_id, accruals });
    let paid = (!moves.is_empty()).then_some(Fact::WaterfallPaid { box_id, moves });
    let facts = funded(box_id, &e.funding).into_iter().chain(accrued).chain(paid);
    let amount: Amount = e.prepaid.iter().map(|item| item.amount).sum();
    let contributed = (!amount.is_zero()).then_some(Fact::BoxContributed { box_id, amount });
    let prepaid = e.prepaid.iter().map(|item| {
        let ItemAmount { name: facility, amount } = *item;
        Fact::DebtPrepaid { box_id, facility, amount }
    });
    facts.chain(contributed).chain(prepaid).collect()
}

/// Lists what became due in the period of a waterfall run.
pub(super) fn accruals(e: &WaterfallRun) -> Vec<Accrual> {
    let some = |amount: &Amount| !amount.is_zero();
    let revenue = e.revenue.iter().map(|item| Accrual::Revenue(item.name, item.amount));
    let costs = e.dues.agreements.iter().filter(|(_, amount)| some(amount));
    let interest = e.dues.interest.iter().filter(|(_, amount)| some(amount));
    let depreciation = e.depreciation.iter().map(|item| Accrual::Depreciation(item.name, item.amount));
    let costs = costs.map(|(name, amount)| Accrual::Cost(*name, *amount));
    let interest = interest.map(|(name, amount)| Accrual::Interest(*name, *amount));
    revenue.chain(costs).chain(interest).chain(depreciation).collect()
}

/// Lists the movements of cash in a waterfall run.
pub(super) fn cash_moves(e: &WaterfallRun) -> Vec<CashMove> {
    let some = |amount: Amount| !amount.is_zero();
    let run = &e.run;
    let given = run.drawn.iter().chain(&run.released).map(|(name, amount)| CashMove::Reserve(*name, -*amount));
    let untrapped = some(run.untrapped).then_some(CashMove::Trap(-run.untrapped));
    let paid = run.steps.iter().filter(|step| some(step.paid)).map(|step| match step.pays {
        Pays::Agreement(name) => CashMove::Agreement(name, step.paid),
        Pays::Interest(name) => CashMove::Interest(name, step.paid),
        Pays::Principal(name) | Pays::Prepayment(name) | Pays::Sweep { facility: name, .. } => {
            CashMove::Principal(name, step.paid)
        }
        Pays::Reserve(name) => CashMove::Reserve(name, step.paid),
        Pays::Trap {} => CashMove::Trap(step.paid),
        Pays::Sponsor {} => CashMove::Sponsor(step.paid),
    });
    given.chain(untrapped).chain(paid).collect()
}
