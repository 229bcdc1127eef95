//! Boxes: creating them, amending and closing their deals, and waterfall runs.

use std::collections::BTreeMap;

use ledger::deal::{Deal, DealTerms, Dues, Schedule};
use ledger::{Amount, BoxId, ClientId, ContractId, Day, ItemName};

use super::check_text;
use crate::DerivedIds;
use crate::exchange::boxes::{BoxLife, BoxRecord};
use crate::exchange::{
    BoxCreated, DealAmended, DealClosed, Event, Exchange, Funding, ItemAmount, Refusal, WaterfallReversed, WaterfallRun,
};

impl Exchange {
    pub(super) fn create_box(
        &self,
        deal: &DealTerms,
        by: ClientId,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_organization(deal.sponsor)?;
        check_deal(deal)?;
        out.push(BoxCreated { r#box: BoxId::new(ids.mint()), by, deal: Box::new(deal.clone()) }.into());
        Ok(())
    }

    pub(super) fn amend_deal(
        &self,
        id: BoxId,
        deal: &DealTerms,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, before) = self.boxed(id)?;
        let fixed = |terms: &DealTerms| (terms.sponsor, terms.currency, terms.closing, terms.determination.clone());
        let invalid = |problem: &str| Err(Refusal::DealInvalid { problem: problem.to_owned() });
        if fixed(before.terms()) != fixed(deal) {
            return invalid("sponsor, currency, closing and determination dates stay as they are");
        }
        if record.life.as_ref().is_some_and(|life| !keeps_what_stands(life, deal)) {
            return invalid("a facility that is owed, a reserve that holds cash, and a step that is short stay");
        }
        let keeps_assigned = |(name, exchange): (&ItemName, &ContractId)| {
            deal.contracts.iter().any(|contract| contract.name == *name && contract.exchange == Some(*exchange))
        };
        if !record.assigned.iter().all(keeps_assigned) {
            return invalid("a contract that is assigned to the box stays");
        }
        check_deal(deal)?;
        let version = u32::try_from(record.versions.len() + 1).unwrap_or(u32::MAX);
        out.push(DealAmended { r#box: id, version, by, deal: Box::new(deal.clone()) }.into());
        Ok(())
    }

    pub(super) fn close_deal(&self, id: BoxId, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let (record, deal) = self.boxed(id)?;
        if record.life.is_some() {
            return Err(Refusal::BoxClosed);
        }
        let DealTerms { closing, currency, .. } = *deal.terms();
        if self.now.day() < closing {
            return Err(Refusal::BoxNotDue { due: closing });
        }
        let funding = Funding::of(deal.terms(), None, closing);
        out.push(DealClosed { r#box: id, currency, by, day: self.accounting.dated_back(closing), funding }.into());
        Ok(())
    }

    pub(super) fn run_waterfall(
        &self,
        id: BoxId,
        date: Day,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, deal) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let schedule = record.next_schedule().ok_or(Refusal::WaterfallNotNext { next: None })?;
        let period = schedule.period();
        if period.date != date {
            return Err(Refusal::WaterfallNotNext { next: Some(period.date) });
        }
        if self.now.day() < date {
            return Err(Refusal::BoxNotDue { due: date });
        }
        let terms = deal.terms();
        let funding = Funding::of(terms, Some(period.from), date);
        let dues = dues(&schedule, life, terms, date);
        let mut standing = life.standing.clone();
        schedule.draw(&mut standing);
        let run = deal.run(&schedule, &standing, &dues);
        let version = u32::try_from(record.versions.len()).unwrap_or(u32::MAX);
        let (currency, day) = (terms.currency, self.accounting.dated_back(date));
        let (revenue, depreciation) = (revenue(&schedule, terms), depreciation(terms, period.from, date));
        let run = Box::new(run);
        let event = WaterfallRun { r#box: id, currency, version, by, day, funding, revenue, depreciation, dues, run };
        out.push(event.into());
        Ok(())
    }

    pub(super) fn reverse_waterfall(
        &self,
        id: BoxId,
        date: Day,
        (by, reason): (ClientId, &str),
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        check_text("reason", reason)?;
        let (record, _) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let latest = life.runs.last().filter(|run| run.content.run.date == date);
        let latest =
            latest.ok_or(Refusal::WaterfallNotLatest { latest: life.runs.last().map(|run| run.content.run.date) })?;
        let (undone, day) = (Box::new(latest.content.clone()), self.accounting.dated_back(self.now.day()));
        let reason = reason.to_owned();
        out.push(WaterfallReversed { corrects: latest.sequence, undone, by, day, reason }.into());
        Ok(())
    }

    pub(super) fn boxed(&self, id: BoxId) -> Result<(&BoxRecord, &Deal), Refusal> {
        let record = self.boxes.get(id).ok_or(Refusal::BoxUnknown)?;
        Ok((record, record.deal().ok_or(Refusal::BoxUnknown)?))
    }
}

impl Funding {
    /// What a deal means to draw, buy and set aside behind one day up to another; all up to there at the closing.
    fn of(terms: &DealTerms, after: Option<Day>, until: Day) -> Self {
        let falls = |day: Day| after.is_none_or(|after| day > after) && day <= until;
        let item = |name: ItemName, amount: Amount| (!amount.is_zero()).then_some(ItemAmount { name, amount });
        let draws = terms.facilities.iter().filter_map(|facility| {
            let draws = facility.draws.iter().filter(|draw| falls(draw.on));
            item(facility.name, draws.map(|draw| draw.amount).sum())
        });
        let assets = terms.assets.iter().filter(|asset| falls(asset.in_service));
        let assets = assets.map(|asset| ItemAmount { name: asset.name, amount: asset.cost });
        let reserves = terms.reserves.iter().filter(|_| after.is_none());
        let reserves = reserves.filter_map(|reserve| item(reserve.name, reserve.funded));
        let (draws, assets, reserves): (Vec<_>, Vec<_>, Vec<_>) =
            (draws.collect(), assets.collect(), reserves.collect());
        let sum = |items: &[ItemAmount]| items.iter().map(|item| item.amount).sum::<Amount>();
        // Where more is drawn than is spent, the sponsor gets the rest.
        let contributed = sum(&assets) + sum(&reserves) - sum(&draws);
        Self { contributed, draws, assets, reserves }
    }
}

fn check_deal(deal: &DealTerms) -> Result<(), Refusal> {
    let checked = Deal::new(deal.clone());
    checked.map(drop).map_err(|invalid| Refusal::DealInvalid { problem: invalid.to_string() })
}

/// Whether a deal still names everything that a box owes, holds or is short of.
fn keeps_what_stands(life: &BoxLife, deal: &DealTerms) -> bool {
    let standing = |amounts: &BTreeMap<ItemName, Amount>| {
        amounts.iter().filter(|(_, amount)| !amount.is_zero()).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let has = |names: Vec<ItemName>, kept: &dyn Fn(ItemName) -> bool| names.into_iter().all(kept);
    has(standing(&life.standing.debts), &|name| deal.facilities.iter().any(|facility| facility.name == name))
        && has(standing(&life.standing.reserves), &|name| deal.reserves.iter().any(|reserve| reserve.name == name))
        && has(standing(&life.standing.carried), &|name| deal.priority.iter().any(|step| step.name == name))
}

/// What was collected by a date, and what falls due on it by the deal's terms.
fn dues(schedule: &Schedule<'_>, life: &BoxLife, terms: &DealTerms, date: Day) -> Dues {
    let agreements = terms.agreements.iter().zip(&schedule.period().agreements);
    Dues {
        collected: life.collected_until(date).map(|collection| collection.content.amount).sum(),
        agreements: agreements.map(|(agreement, due)| (agreement.name, *due)).collect(),
        interest: schedule.interest(&life.standing),
    }
}

/// What each contract that was made elsewhere earned in the months of a period. Those of the exchange earn by the hour.
fn revenue(schedule: &Schedule<'_>, terms: &DealTerms) -> Vec<ItemAmount> {
    let months = || schedule.period().months();
    let own = terms.contracts.iter().filter(|contract| contract.exchange.is_none());
    let earned = own.map(|contract| {
        // A deal's charges are in range.
        let own = months().filter(|month| contract.charges_for(*month));
        let amount = own.filter_map(|month| contract.charged(month)).sum();
        ItemAmount { name: contract.name, amount }
    });
    earned.filter(|item| !item.amount.is_zero()).collect()
}

/// What of each asset was used up from one day to another.
fn depreciation(terms: &DealTerms, from: Day, to: Day) -> Vec<ItemAmount> {
    let used_up = terms.assets.iter().map(|asset| {
        let before = if from < asset.in_service { asset.cost } else { asset.depreciated_cost(from) };
        let after = if to < asset.in_service { asset.cost } else { asset.depreciated_cost(to) };
        ItemAmount { name: asset.name, amount: before - after }
    });
    used_up.filter(|item| !item.amount.is_zero()).collect()
}
