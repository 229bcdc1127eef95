//! A deal whose parts fit together, and its schedule.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

use super::agreement::AgreementCharge;
use super::contract::{ClientContract, ContractCharge};
use super::debt::{Amortization, DebtFacility, Fixing, InterestRate};
use super::invalid_deal::InvalidDeal;
use super::period::Period;
use super::priority::{Pays, PriorityStep};
use super::quantity::Quantity;
use super::rate::Rate;
use super::reserve::ReserveTarget;
use super::terms::DealTerms;
use crate::calendar::{Day, Month};
use crate::identity::ItemName;
use crate::money::Amount;

/// The most of anything that a deal lists.
const LIST_MAX: usize = 100;
/// The most characters of a name.
const NAME_MAX: usize = 60;
/// The most months of a contract or of a depreciation, and draws or fixings of one name.
const MONTHS_MAX: u16 = 600;

/// A deal document whose parts fit together, with the schedule that follows from it. Reading one checks it as
/// [`Deal::new`] does: what does not fit together is not read.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "DealTerms")]
pub struct Deal {
    terms: DealTerms,
    periods: Vec<Period>,
}

/// A deal is written as its document, from which all else follows.
impl Serialize for Deal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.terms.serialize(serializer)
    }
}

impl TryFrom<DealTerms> for Deal {
    type Error = InvalidDeal;

    fn try_from(terms: DealTerms) -> Result<Self, InvalidDeal> {
        Self::new(terms)
    }
}

type Check = Result<(), InvalidDeal>;

impl Deal {
    /// The deal of a document.
    ///
    /// # Errors
    /// [`InvalidDeal`] when its parts do not fit together.
    pub fn new(terms: DealTerms) -> Result<Self, InvalidDeal> {
        check_counts(&terms)?;
        check_names(&terms)?;
        check_dates(&terms)?;
        check_amounts(&terms)?;
        for facility in &terms.facilities {
            check_facility(facility, &terms)?;
        }
        check_priority(&terms)?;
        check_reserves(&terms)?;
        let periods = Period::schedule(&terms, end_of(&terms))?;
        let last = periods.last().map(|period| period.date);
        if let Some(facility) = terms.facilities.iter().find(|facility| facility.maturity > last) {
            return Err(InvalidDeal::Date(
                facility.name.to_string(),
                "the maturity is not behind the last determination date",
            ));
        }
        Ok(Self { terms, periods })
    }

    /// Whether the books can take the interest of each period. Not a part of what makes a deal: those of earlier releases were not checked
    /// for it.
    ///
    /// # Errors
    /// [`InvalidDeal::TooLarge`] where they cannot, such as over a first period of centuries.
    pub fn check_interest(&self) -> Result<(), InvalidDeal> {
        let fits = |facility: &&DebtFacility| self.periods.iter().all(|p| facility.interest_fits(p.from, p.date));
        let too_large = self.terms.facilities.iter().find(|facility| !fits(facility));
        too_large.map_or(Ok(()), |facility| Err(InvalidDeal::TooLarge(facility.name.to_string())))
    }

    /// The deal with indices fixed otherwise than it expects, by name and day; a fixing that it expects for a later day stays.
    pub fn fixed_at(&self, fixings: &BTreeMap<ItemName, BTreeMap<Day, Rate>>) -> Cow<'_, Self> {
        if !self.terms.indices.iter().any(|index| fixings.contains_key(&index.name)) {
            return Cow::Borrowed(self);
        }
        let mut deal = self.clone();
        for index in &mut deal.terms.indices {
            let expected = index.fixings.iter().map(|fixing| (fixing.from, fixing.rate));
            let fixed = fixings.get(&index.name).into_iter().flatten().map(|(from, rate)| (*from, *rate));
            let by_day: BTreeMap<Day, Rate> = expected.chain(fixed).collect();
            index.fixings = by_day.into_iter().map(|(from, rate)| Fixing { from, rate }).collect();
        }
        Cow::Owned(deal)
    }

    /// The document.
    pub const fn terms(&self) -> &DealTerms {
        &self.terms
    }

    /// Its periods, in order, up to the determination date behind the last month of its contracts.
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// The periods up to that of a number, from 0: those of the contracts, and behind them such in which nothing is earned or charged any more,
    /// and only what is still owed is paid.
    pub(super) fn periods_through(&self, number: usize) -> Cow<'_, [Period]> {
        let count = self.periods.len();
        if number < count {
            return Cow::Borrowed(&self.periods);
        }
        let mut periods = self.periods.clone();
        for date in self.terms.determination.dates().skip(count).take(number + 1 - count) {
            if let Some(last) = periods.last() {
                periods.push(last.followed_by_nothing_until(date));
            }
        }
        Cow::Owned(periods)
    }

    /// The determination date on which all that is left of a facility falls due.
    pub(super) fn maturity(&self, facility: &DebtFacility) -> Day {
        facility.maturity.or_else(|| self.periods.last().map(|period| period.date)).unwrap_or(self.terms.closing)
    }

    /// What of the assets' cost is not depreciated on a day.
    pub fn depreciated_cost(&self, on: Day) -> Amount {
        self.terms.assets.iter().map(|asset| asset.depreciated_cost(on)).sum()
    }

    /// The position of a step in the priority of payments.
    pub(super) fn position(&self, step: ItemName) -> Option<usize> {
        self.terms.priority.iter().position(|known| known.name == step)
    }
}

fn check_counts(terms: &DealTerms) -> Check {
    let lists = [
        terms.contracts.len(),
        terms.assets.len(),
        terms.agreements.len(),
        terms.indices.len(),
        terms.facilities.len(),
        terms.reserves.len(),
        terms.priority.len(),
    ];
    if lists.iter().any(|count| *count > LIST_MAX) {
        return Err(InvalidDeal::Count("no more than 100 of anything"));
    }
    if terms.name.as_written().trim().is_empty() || terms.name.as_written().chars().count() > NAME_MAX {
        return Err(InvalidDeal::Count("a name of 1 to 60 characters"));
    }
    if terms.contracts.is_empty() || terms.assets.is_empty() {
        return Err(InvalidDeal::Count("a contract and an asset at least"));
    }
    let draws = terms.facilities.iter().map(|facility| facility.draws.len());
    let fixings = terms.indices.iter().map(|index| index.fixings.len());
    if draws.chain(fixings).any(|count| count > usize::from(MONTHS_MAX)) {
        return Err(InvalidDeal::Count("no more than 600 draws or fixings of one name"));
    }
    Ok(())
}

/// Names are one's own, each among its kind.
fn check_names(terms: &DealTerms) -> Check {
    fn own(kind: &'static str, names: impl Iterator<Item = ItemName>) -> Check {
        let mut seen = BTreeSet::new();
        let taken = { names }.find(|name| !seen.insert(*name));
        taken.map_or(Ok(()), |name| Err(InvalidDeal::Name(kind, name)))
    }
    own("contract", terms.contracts.iter().map(|contract| contract.name))?;
    let mut exchanges = BTreeSet::new();
    let mut of_exchange = terms.contracts.iter().filter(|contract| contract.exchange.is_some());
    if let Some(again) = of_exchange.find(|contract| !exchanges.insert(contract.exchange)) {
        let why = "another contract of the deal is the same contract of the exchange";
        return Err(InvalidDeal::Number(again.name.to_string(), why));
    }
    own("asset", terms.assets.iter().map(|asset| asset.name))?;
    own("agreement", terms.agreements.iter().map(|agreement| agreement.name))?;
    own("index", terms.indices.iter().map(|index| index.name))?;
    own("facility", terms.facilities.iter().map(|facility| facility.name))?;
    own("reserve", terms.reserves.iter().map(|reserve| reserve.name))?;
    own("step", terms.priority.iter().map(|step| step.name))
}

fn check_dates(terms: &DealTerms) -> Check {
    let wrong = |at: &dyn Display, why: &'static str| Err(InvalidDeal::Date(at.to_string(), why));
    if terms.determination.a_year().is_none() {
        return wrong(&"determination", "dates are 1, 2, 3, 4, 6 or 12 months apart");
    }
    let first = terms.determination.dates().next();
    if first.is_none_or(|first| first <= terms.closing) {
        return wrong(&"determination", "the first date is after the closing");
    }
    for contract in &terms.contracts {
        if contract.first < terms.closing.month() {
            return wrong(&contract.name, "its first month is that of the closing or a later one");
        }
        if !(1..=MONTHS_MAX).contains(&contract.months) {
            return wrong(&contract.name, "a contract has 1 to 600 months");
        }
    }
    for asset in &terms.assets {
        if !(1..=MONTHS_MAX).contains(&asset.depreciation_months) {
            return wrong(&asset.name, "an asset is depreciated over 1 to 600 months");
        }
    }
    for agreement in &terms.agreements {
        if agreement.escalator.is_some_and(|escalator| escalator.every_months == 0) {
            return wrong(&agreement.name, "an escalator counts one month at least");
        }
        if agreement.escalator.is_some_and(|escalator| escalator.by.fraction() <= -Decimal::ONE) {
            return wrong(&agreement.name, "an escalator leaves more than nothing");
        }
        if agreement.last < agreement.first.filter(|_| agreement.last.is_some()) {
            return wrong(&agreement.name, "its last month is not before its first");
        }
    }
    for index in &terms.indices {
        if !index.fixings.is_sorted_by(|one, next| one.from < next.from) {
            return wrong(&index.name, "fixings are in the order of their days");
        }
    }
    Ok(())
}

fn check_amounts(terms: &DealTerms) -> Check {
    let positive = |at: ItemName, amount: Amount| -> Check {
        if amount > Amount::ZERO && amount <= Amount::LINE_MAX {
            Ok(())
        } else {
            Err(InvalidDeal::Number(at.to_string(), "an amount is more than zero and 1,000,000,000,000 at most"))
        }
    };
    for contract in &terms.contracts {
        let number = |why| Err(InvalidDeal::Number(contract.name.to_string(), why));
        match contract.charge {
            ContractCharge::Monthly(_) if contract.exchange.is_some() => {
                return number("a contract of the exchange is charged by the hour");
            }
            ContractCharge::Monthly(amount) => positive(contract.name, amount)?,
            ContractCharge::Hourly { gpus: 0, .. } => return number("it has one GPU at least"),
            ContractCharge::Hourly { fee_bps, .. } if fee_bps > 10_000 => return number("a fee is 0 to 10,000"),
            ContractCharge::Hourly { price, .. } => positive(contract.name, price)?,
        }
    }
    for agreement in &terms.agreements {
        let (AgreementCharge::Monthly(price)
        | AgreementCharge::PerKw { price, .. }
        | AgreementCharge::PerKwh { price, .. }) = agreement.charge;
        positive(agreement.name, price)?;
        if let AgreementCharge::PerKwh { load, pue, .. } = agreement.charge
            && (load > Quantity::ONE || pue < Quantity::ONE)
        {
            return Err(InvalidDeal::Number(agreement.name.to_string(), "a load is 0 to 1, and a PUE 1 or more"));
        }
    }
    for asset in &terms.assets {
        positive(asset.name, asset.cost)?;
        if asset.residual_value < Amount::ZERO || asset.residual_value > asset.cost {
            return Err(InvalidDeal::Number(asset.name.to_string(), "a residual value is zero to the cost"));
        }
    }
    for facility in &terms.facilities {
        positive(facility.name, facility.commitment)?;
        for draw in &facility.draws {
            positive(facility.name, draw.amount)?;
        }
    }
    for reserve in &terms.reserves {
        if reserve.funded < Amount::ZERO || reserve.funded > Amount::LINE_MAX {
            return Err(InvalidDeal::Number(reserve.name.to_string(), "it is funded with zero to 1,000,000,000,000"));
        }
        let ReserveTarget::Amount(target) = reserve.target else { continue };
        positive(reserve.name, target)?;
    }
    let caps = terms.priority.iter().map(|step| (step.name, step.cap));
    let caps = caps.chain(terms.reserves.iter().map(|reserve| (reserve.name, reserve.top_up_max)));
    for (name, cap) in caps {
        positive(name, cap.unwrap_or(Amount::LINE_MAX))?;
    }
    Ok(())
}

fn check_facility(facility: &DebtFacility, terms: &DealTerms) -> Check {
    let number = |why| Err(InvalidDeal::Number(facility.name.to_string(), why));
    let date = |why| Err(InvalidDeal::Date(facility.name.to_string(), why));
    if let InterestRate::Floating { index, .. } = &facility.rate {
        let Some(known) = terms.indices.iter().find(|known| known.name == *index) else {
            return Err(InvalidDeal::Unknown(facility.name.to_string(), "index", *index));
        };
        if known.at(terms.closing).is_none() {
            return date("its index is fixed at the closing or before");
        }
    }
    let last = facility.available_until.unwrap_or(terms.closing);
    if facility.draws.iter().any(|draw| draw.on < terms.closing || draw.on > last) {
        return date("draws are on the closing or later, while the facility is available");
    }
    if facility.drawn_by(last) > facility.commitment {
        return number("draws are no more than the commitment");
    }
    if let Some(share) = facility.advance_rate {
        let cost = |day: Day| -> Amount {
            terms.assets.iter().filter(|asset| asset.in_service <= day).map(|asset| asset.cost).sum()
        };
        let most = |day: Day| cost(day).to_decimal() * share.fraction();
        if facility.draws.iter().any(|draw| facility.drawn_by(draw.on).to_decimal() > most(draw.on)) {
            return number("draws are no more than the advance rate allows of the assets in service");
        }
    }
    match facility.repayment {
        Amortization::Sculpted(ratio) if ratio.decimal().is_zero() => number("a ratio is more than zero"),
        Amortization::TargetMonths(0) => number("a target is one month at least"),
        _ if facility.maturity.is_some_and(|maturity| maturity <= terms.closing) => {
            date("the maturity is after the closing")
        }
        _ => Ok(()),
    }
}

fn check_priority(terms: &DealTerms) -> Check {
    let wrong = |why: String| Err(InvalidDeal::Priority(why));
    let [.., trap, sponsor] = &terms.priority[..] else {
        return wrong("it ends with the cash trap and the sponsor".into());
    };
    let last = |step: &PriorityStep| step.cap.is_none() && step.group.is_none() && step.when.is_empty();
    if trap.pays != (Pays::Trap {}) || sponsor.pays != (Pays::Sponsor {}) || !last(trap) || !last(sponsor) {
        return wrong("it ends with the cash trap and the sponsor, without cap, group or condition".into());
    }
    let mut seen = BTreeSet::new();
    for step in &terms.priority {
        let (kind, name) = match &step.pays {
            Pays::Agreement(name) => ("agreement", name),
            Pays::Interest(name) | Pays::Principal(name) | Pays::Prepayment(name) => ("facility", name),
            Pays::Sweep { facility, share } => {
                if *share > Quantity::ONE {
                    return Err(InvalidDeal::Number(step.name.to_string(), "a share is 0 to 1"));
                }
                ("facility", facility)
            }
            Pays::Reserve(name) => ("reserve", name),
            Pays::Trap {} | Pays::Sponsor {} => ("step", &step.name),
        };
        let known = match kind {
            "agreement" => terms.agreements.iter().any(|agreement| agreement.name == *name),
            "facility" => terms.facilities.iter().any(|facility| facility.name == *name),
            "reserve" => terms.reserves.iter().any(|reserve| reserve.name == *name),
            _ => true,
        };
        if !known {
            return Err(InvalidDeal::Unknown(step.name.to_string(), kind, *name));
        }
        // By what it pays: its kind and whose.
        let paid = (std::mem::discriminant(&step.pays), name);
        if !seen.insert(format!("{paid:?}")) {
            return wrong(format!("{} pays what an earlier step pays", step.name));
        }
    }
    let paid = |pays: &Pays| terms.priority.iter().any(|step| step.pays == *pays);
    for agreement in &terms.agreements {
        if !paid(&Pays::Agreement(agreement.name)) {
            return wrong(format!("no step pays the agreement {}", agreement.name));
        }
    }
    for DebtFacility { name, .. } in &terms.facilities {
        if !paid(&Pays::Interest(*name)) || !paid(&Pays::Principal(*name)) {
            return wrong(format!("no step pays the interest, or none the principal, of {name}"));
        }
    }
    check_groups(terms)
}

fn check_groups(terms: &DealTerms) -> Check {
    let mut groups = BTreeSet::new();
    for rank in terms.priority.chunk_by(|one, next| one.group == next.group) {
        let Some(group) = rank.first().and_then(|step| step.group.as_ref()) else { continue };
        if !groups.insert(group) {
            return Err(InvalidDeal::Priority(format!("the steps of the group {group} do not follow each other")));
        }
        if rank.iter().any(|step| matches!(step.pays, Pays::Sweep { .. })) {
            return Err(InvalidDeal::Priority(format!(
                "the group {group} has a sweep, which takes a share of its own"
            )));
        }
    }
    Ok(())
}

fn check_reserves(terms: &DealTerms) -> Check {
    for reserve in &terms.reserves {
        let unknown = |kind, name: &ItemName| Err(InvalidDeal::Unknown(reserve.name.to_string(), kind, *name));
        let Some(last) = terms.priority.iter().position(|step| step.name == reserve.covers_through) else {
            return unknown("step", &reserve.covers_through);
        };
        let covered = &terms.priority[..=last];
        if !covered.iter().all(|step| matches!(step.pays, Pays::Agreement(_) | Pays::Interest(_) | Pays::Principal(_)))
        {
            return Err(InvalidDeal::Priority(format!(
                "{} covers more than agreements, interest and scheduled principal",
                reserve.name
            )));
        }
        match &reserve.target {
            ReserveTarget::Agreement { name, .. } if !terms.agreements.iter().any(|known| known.name == *name) => {
                return unknown("agreement", name);
            }
            ReserveTarget::SupportedService { dscr, .. } if dscr.decimal().is_zero() => {
                return Err(InvalidDeal::Number(reserve.name.to_string(), "a ratio is more than zero"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The month behind the last of all contracts.
pub(super) fn end_of(terms: &DealTerms) -> Month {
    terms.contracts.iter().map(ClientContract::end).max().unwrap_or_else(|| terms.closing.month())
}
