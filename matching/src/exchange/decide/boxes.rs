//! Decisions on boxes: creating them, amending and closing their deals, their lenders, and winding up.

use std::collections::{BTreeMap, BTreeSet};

use ledger::deal::{Deal, DealTerms};
use ledger::{
    Account, AccountKind, Amount, BoxId, ClientId, ClosedAccount, ContractId, ItemName, Label, OrganizationId, Owner,
    exact,
};

use crate::exchange::boxes::{BoxLife, BoxRecord};
use crate::exchange::{
    BoxCreated, BoxWoundUp, DealAmended, DealClosed, DealParty, Event, Exchange, LendersSet, Refusal,
};
use crate::identity::DerivedIds;

/// Largest size of a deal as JSON, in bytes: far below the limit of an event.
const DEAL_BYTES_MAX: usize = 262_144;
/// Largest number of lenders of a box.
const LENDERS_MAX: usize = 1_000;

impl Exchange {
    pub(super) fn create_box(
        &self,
        deal: &DealTerms,
        (party, by): (DealParty, ClientId),
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if matches!(party, DealParty::Sponsor(organization) if organization != deal.sponsor) {
            return Err(Refusal::SponsorForeign);
        }
        self.require_organization(deal.sponsor)?;
        check_deal(deal)?;
        out.push(BoxCreated { box_id: BoxId::new(ids.mint()), by, deal: Box::new(deal.clone()) }.into());
        Ok(())
    }

    pub(super) fn amend_deal(
        &self,
        id: BoxId,
        deal: &DealTerms,
        (party, by): (DealParty, ClientId),
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, before) = self.boxed(id)?;
        match party {
            DealParty::Sponsor(organization) if organization != before.terms().sponsor => {
                return Err(Refusal::BoxUnknown);
            }
            // Once the deal is closed, a sponsor does not change on its own what the box owes and whom it pays first.
            DealParty::Sponsor(_) if record.life.is_some() => return Err(Refusal::AmendmentForFinance),
            DealParty::Sponsor(_) | DealParty::Finance => {}
        }
        let fixed = |terms: &DealTerms| (terms.sponsor, terms.currency, terms.closing, terms.determination.clone());
        let invalid = |problem: &str| Err(Refusal::DealInvalid { problem: problem.to_owned() });
        if fixed(before.terms()) != fixed(deal) {
            return invalid("sponsor, currency, closing and determination dates stay as they are");
        }
        if record.life.as_ref().is_some_and(|life| !keeps_what_stands(life, deal)) {
            return invalid("a facility that is owed, a reserve that holds cash, and a step that is short stay");
        }
        let contract =
            |terms: &DealTerms, name: ItemName| terms.contracts.iter().find(|contract| contract.name == name).cloned();
        let keeps_assigned = |(name, exchange): (&ItemName, &ContractId)| {
            let (was, is) = (contract(before.terms(), *name), contract(deal, *name));
            // A contract that ended before its time may have fewer months.
            let is_over = self.contract(*exchange).is_none();
            is == was || (is_over && is.is_some_and(|is| is.exchange == Some(*exchange)))
        };
        if !record.assigned.iter().all(keeps_assigned) {
            return invalid("a contract that is assigned to the box stays as it was traded");
        }
        if record.life.as_ref().is_some_and(|life| !keeps_what_was(life, before.terms(), deal)) {
            return invalid(
                "assets in service, draws and what reserves were funded with stay as they are in the books",
            );
        }
        check_deal(deal)?;
        let version = exact(record.versions.len() + 1);
        out.push(DealAmended { box_id: id, version, by, deal: Box::new(deal.clone()) }.into());
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
        let funding = deal.terms().funding_at_closing();
        out.push(DealClosed { box_id: id, currency, by, day: self.accounting.dated_back(closing), funding }.into());
        Ok(())
    }

    pub(super) fn set_lenders(
        &self,
        id: BoxId,
        lenders: &BTreeSet<OrganizationId>,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        // Readers of the past can still be set when a box is wound up.
        self.boxes.get(id).ok_or(Refusal::BoxUnknown)?;
        if lenders.len() > LENDERS_MAX {
            return Err(Refusal::DealInvalid { problem: format!("a box has at most {LENDERS_MAX} lenders") });
        }
        for lender in lenders {
            self.require_organization(*lender)?;
        }
        out.push(LendersSet { box_id: id, lenders: lenders.clone(), by }.into());
        Ok(())
    }

    /// Decides that a box is wound up. Nothing may be owed, kept, in transit or still to come. What is left is the
    /// hardware, which is the sponsor's, what clients never paid, and how the books came to be what they are.
    pub(super) fn wind_up(&self, id: BoxId, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let not_due = |problem: &str| Err(Refusal::WindUpNotDue { problem: problem.to_owned() });
        let (record, deal) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        if life.runs.len() < deal.periods().len() {
            return not_due("a determination date is still to come");
        }
        if record.assigned.values().any(|contract| self.contract(*contract).is_some()) {
            return not_due("a contract that is assigned to it is in progress");
        }
        if !life.collected.is_empty() {
            return not_due("something was collected that no run has paid out: start the next one");
        }
        let currency = deal.terms().currency;
        let balances: Vec<(Account, Amount)> = self.books.of_box(id).collect();
        let is_open = |account: &Account| {
            use AccountKind::{AccruedCost, AccruedInterest, BoxCash, Debt, Receivable, ReserveCash, TrappedCash};
            let open = [BoxCash, ReserveCash, TrappedCash, AccruedCost, AccruedInterest, Debt];
            // Claims on the exchange are still to come; what a client has not paid by now is lost.
            let is_the_exchanges = matches!(account.owner, Owner::Item(name) if record.assigned.contains_key(&name));
            open.contains(&account.kind) || (account.kind == Receivable && is_the_exchanges)
        };
        if let Some((account, balance)) = balances.iter().find(|(account, _)| is_open(account)) {
            let problem = format!("{balance} {currency} is on {} {}", account.kind, account.owner);
            return not_due(problem.trim_end());
        }
        let on = |kinds: &[AccountKind]| {
            let of_kinds = balances.iter().filter(|(account, _)| kinds.contains(&account.kind));
            of_kinds.map(|(_, amount)| *amount).sum::<Amount>()
        };
        if balances.iter().any(|(account, balance)| account.kind == AccountKind::Receivable && *balance < Amount::ZERO)
        {
            return not_due("a client has paid more than it owed");
        }
        let hardware = on(&[AccountKind::Equipment, AccountKind::AccumulatedDepreciation]);
        let written_off = on(&[AccountKind::Receivable]);
        let closed = |(account, balance): (Account, Amount)| {
            let name = if let Owner::Item(name) = account.owner { Some(name) } else { None };
            ClosedAccount { account: account.kind, name, balance }
        };
        let accounts = balances.into_iter().map(closed).collect();
        let day = self.accounting.dated_back(self.now.day());
        out.push(BoxWoundUp { box_id: id, currency, by, day, hardware, written_off, accounts }.into());
        Ok(())
    }

    /// Finds a box that is not wound up, with its deal.
    pub(super) fn boxed(&self, id: BoxId) -> Result<(&BoxRecord, &Deal), Refusal> {
        let record = self.boxes.get(id).ok_or(Refusal::BoxUnknown)?;
        if record.life.as_ref().is_some_and(|life| life.wound_up) {
            return Err(Refusal::BoxWoundUp);
        }
        Ok((record, record.deal().ok_or(Refusal::BoxUnknown)?))
    }
}

fn check_deal(deal: &DealTerms) -> Result<(), Refusal> {
    // The document comes in one piece, its name with it, so nothing has checked the name before.
    if !deal.name.is_valid() {
        return Err(Refusal::TextInvalid { field: "name".to_owned(), max: Label::CHARS_MAX });
    }
    // Not a part of a deal's validity: deals of earlier releases may be longer.
    if super::json_bytes(deal) > DEAL_BYTES_MAX {
        return Err(Refusal::DealInvalid { problem: format!("its document is longer than {DEAL_BYTES_MAX} bytes") });
    }
    let checked = Deal::new(deal.clone()).and_then(|deal| deal.check_interest());
    checked.map_err(|invalid| Refusal::DealInvalid { problem: invalid.to_string() })
}

/// Returns whether a new version leaves everything of a deal that was booked as it was.
fn keeps_what_was(life: &BoxLife, before: &DealTerms, deal: &DealTerms) -> bool {
    let until = life.runs.last().map_or(before.closing, |run| run.content.run.date);
    let bought = |terms: &DealTerms| {
        let assets = terms.assets.iter().filter(|asset| asset.in_service <= until).cloned();
        assets.map(|asset| (asset.name, asset)).collect::<BTreeMap<_, _>>()
    };
    let drawn = |terms: &DealTerms| {
        let draws =
            terms.facilities.iter().flat_map(|facility| facility.draws.iter().map(|draw| (facility.name, *draw)));
        draws
            .filter(|(_, draw)| draw.on <= until)
            .map(|(name, draw)| (name, draw.on, draw.amount))
            .collect::<BTreeSet<_>>()
    };
    let funded = |terms: &DealTerms| {
        let reserves = terms.reserves.iter().filter(|reserve| !reserve.funded.is_zero());
        reserves.map(|reserve| (reserve.name, reserve.funded)).collect::<BTreeMap<_, _>>()
    };
    bought(before) == bought(deal) && drawn(before) == drawn(deal) && funded(before) == funded(deal)
}

/// Returns whether a deal still names everything that a box owes, holds or is short of.
fn keeps_what_stands(life: &BoxLife, deal: &DealTerms) -> bool {
    let standing = |amounts: &BTreeMap<ItemName, Amount>| {
        amounts.iter().filter(|(_, amount)| !amount.is_zero()).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let has = |names: Vec<ItemName>, kept: &dyn Fn(ItemName) -> bool| names.into_iter().all(kept);
    has(standing(&life.standing.debts), &|name| deal.facilities.iter().any(|facility| facility.name == name))
        && has(standing(&life.standing.reserves), &|name| deal.reserves.iter().any(|reserve| reserve.name == name))
        && has(standing(&life.standing.carried), &|name| deal.priority.iter().any(|step| step.name == name))
}
