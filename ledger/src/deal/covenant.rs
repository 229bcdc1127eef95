//! Covenants: what is tested on every determination date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::Deal;
use super::priority::Pays;
use super::quantity::{Figure, Quantity};
use super::standing::Standing;
use crate::money::Amount;

/// What the lenders were promised.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Covenants {
    /// Below this DSCR cash is trapped and not paid to the sponsor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_up_dscr: Option<Quantity>,
    /// Below this DSCR the lenders may accelerate the debt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_dscr: Option<Quantity>,
    /// Above this debt, as a share of the depreciated cost of the assets, cash is trapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ltv_max: Option<Quantity>,
    /// On how many dates in a row all must be kept before trapped cash is released; one where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cured_after: Option<u16>,
    /// What the debt may be at most; more is prepaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<Eligibility>,
}

/// What the debt may be at most: the least of what is given.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// This share of the depreciated cost of the assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depreciated_cost: Option<Quantity>,
    /// What the contracts support: the scheduled CFADS that is left, discounted at the debt's rate, over this ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracted_dscr: Option<Quantity>,
}

/// What came of the tests on one determination date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CovenantTests {
    /// What was collected less what operations cost.
    pub cfads: Amount,
    /// What fell due to the lenders and their agent: carried shortfalls are no part of it.
    pub debt_service: Amount,
    /// The one over the other; nothing once there is no debt.
    pub dscr: Option<Figure>,
    /// The debt before this date, as a share of the depreciated cost.
    pub ltv: Option<Figure>,
    /// What the debt may be at most after this date, where the deal says so.
    pub eligible_debt: Option<Amount>,
    /// Whether a covenant was broken on this date.
    pub broken: bool,
    /// Whether the sponsor is locked up: a covenant was broken now, or earlier and is not cured yet.
    pub locked_up: bool,
    /// Whether the lenders may accelerate.
    pub default: bool,
}

/// Whether a DSCR is below a ratio: by the exact amounts, so that one that rounds up to its covenant breaks it.
pub(super) fn is_below(cfads: Amount, debt_service: Amount, ratio: Quantity) -> bool {
    cfads.to_decimal() < debt_service.to_decimal() * ratio.decimal()
}

impl CovenantTests {
    /// Whether there is a DSCR, and it is below a ratio.
    pub fn is_below(&self, ratio: Quantity) -> bool {
        self.dscr.is_some() && is_below(self.cfads, self.debt_service, ratio)
    }
}

impl Deal {
    /// Whether the lenders may accelerate the debt: there is some, and the DSCR was below its default on the latest
    /// date, or interest or principal is unpaid. `latest` is None where no run stands.
    pub fn is_in_default(&self, standing: &Standing, latest: Option<&CovenantTests>) -> bool {
        let is_lenders = |pays: &Pays| matches!(pays, Pays::Interest(_) | Pays::Principal(_));
        let mut lenders = self.terms().priority.iter().filter(|step| is_lenders(&step.pays));
        let is_unpaid = lenders.any(|step| standing.carried.contains_key(&step.name));
        !standing.debt().is_zero() && (latest.is_some_and(|tests| tests.default) || is_unpaid)
    }
}

impl Covenants {
    /// Whether a debt is above its share of the depreciated cost, by the exact amounts.
    pub fn is_above_ltv(&self, debt: Amount, depreciated_cost: Amount) -> bool {
        self.ltv_max.is_some_and(|share| debt.to_decimal() > depreciated_cost.to_decimal() * share.decimal())
    }
}
