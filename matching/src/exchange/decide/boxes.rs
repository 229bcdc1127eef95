//! Decisions on boxes: creating them, amending and closing their deals, their lenders, and winding up.

use std::collections::BTreeSet;

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
        party: DealParty,
        by: ClientId,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if matches!(party, DealParty::Sponsor(organization) if organization != deal.sponsor) {
            return Err(Refusal::SponsorForeign);
        }
        self.require_organization(deal.sponsor)?;
        let deal = Box::new(checked(deal)?);
        out.push(BoxCreated { box_id: BoxId::new(ids.mint()), by, deal }.into());
        Ok(())
    }

    pub(super) fn amend_deal(
        &self,
        id: BoxId,
        deal: &DealTerms,
        party: DealParty,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, before) = self.box_and_deal(id)?;
        match party {
            DealParty::Sponsor(organization) if organization != before.terms().sponsor => {
                return Err(Refusal::BoxUnknown);
            }
            // Once the deal is closed, a sponsor does not change on its own what the box owes and whom it pays first.
            DealParty::Sponsor(_) if record.life.is_some() => return Err(Refusal::AmendmentForFinance),
            DealParty::Sponsor(_) | DealParty::Finance => {}
        }
        let invalid = |problem: &str| Err(Refusal::DealInvalid { problem: problem.to_owned() });
        if !before.terms().keeps_frame(deal) {
            return invalid("sponsor, currency, closing and determination dates stay as they are");
        }
        if record.life.as_ref().is_some_and(|life| !deal.names_all_of(&life.standing)) {
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
        let booked_until = |life: &BoxLife| life.runs.last().map_or(before.terms().closing, |run| run.content.run.date);
        if record.life.as_ref().is_some_and(|life| !before.terms().keeps_booked(deal, booked_until(life))) {
            return invalid(
                "assets in service, draws and what reserves were funded with stay as they are in the books",
            );
        }
        let (version, deal) = (exact(record.versions.len() + 1), Box::new(checked(deal)?));
        out.push(DealAmended { box_id: id, version, by, deal }.into());
        Ok(())
    }

    pub(super) fn close_deal(&self, id: BoxId, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let (record, deal) = self.box_and_deal(id)?;
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
        let (record, deal) = self.box_and_deal(id)?;
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
    pub(super) fn box_and_deal(&self, id: BoxId) -> Result<(&BoxRecord, &Deal), Refusal> {
        let record = self.boxes.get(id).ok_or(Refusal::BoxUnknown)?;
        if record.life.as_ref().is_some_and(|life| life.wound_up) {
            return Err(Refusal::BoxWoundUp);
        }
        Ok((record, record.deal().ok_or(Refusal::BoxUnknown)?))
    }
}

/// The deal of a document that somebody entered: its only check, since what is decided carries the deal.
fn checked(document: &DealTerms) -> Result<Deal, Refusal> {
    // The document comes in one piece, its name with it, so that nothing before has parsed that.
    if !document.name.is_valid() {
        return Err(Refusal::TextInvalid { field: "name".to_owned(), max: Label::CHARS_MAX });
    }
    // Not a part of what makes a deal: those of earlier releases may be longer.
    if super::json_bytes(document) > DEAL_BYTES_MAX {
        return Err(Refusal::DealInvalid { problem: format!("its document is longer than {DEAL_BYTES_MAX} bytes") });
    }
    let deal = Deal::new(document.clone())?;
    deal.check_interest()?;
    Ok(deal)
}
