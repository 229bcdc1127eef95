//! Decisions on collections of boxes: payments of their clients, and of the exchange for its contracts.

use ledger::deal::Collected;
use ledger::{Account, AccountKind, Amount, BoxId, ClientId, Currency, ItemName, Label, Owner, Payee, TransferId};

use super::bank::check_cents;
use crate::exchange::{BoxCollected, CollectionReversed, Event, Exchange, NewCollection, Refusal};
use crate::identity::DerivedIds;

fn invalid<T>(problem: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::CollectionInvalid { problem: problem.into() })
}

impl Exchange {
    pub(super) fn collect(
        &self,
        new: &NewCollection,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let NewCollection { box_id, by, contract, amount, paid, ref reference } = *new;
        let (record, deal) = self.box_and_deal(box_id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        check_cents(amount)?;
        let before: Amount = life.collected.iter().map(|collection| collection.content.amount).sum();
        if before + amount > Amount::LINE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        let currency = deal.terms().currency;
        let Some(item) = deal.terms().contracts.iter().find(|item| item.name == contract) else {
            return invalid("the deal has no contract of this name");
        };
        if paid > self.now.day() {
            return invalid("the money came in the future");
        }
        let collected = Collected { paid, amount };
        if life.runs.last().is_some_and(|last| collected.is_taken_up_on(last.content.run.date)) {
            return invalid("the money came before the last waterfall run");
        }
        let closing = deal.terms().closing;
        if paid < closing {
            return invalid(format!("the money came before the deal closed, on {closing}"));
        }
        let owed = self.owed_to_box(box_id, contract, currency);
        if item.exchange.is_some() && amount > owed {
            return invalid(format!("the exchange owes the box {owed} under this contract"));
        }
        let transfer = item.exchange.map(|_| TransferId::new(ids.mint()));
        let (day, reference) = (self.accounting.dated_back(paid), reference.clone());
        out.push(BoxCollected { box_id, currency, by, contract, amount, paid, day, reference, transfer }.into());
        Ok(())
    }

    /// Returns what the exchange owes a box under one of its contracts.
    pub fn owed_to_box(&self, box_id: BoxId, contract: ItemName, currency: Currency) -> Amount {
        let receivable = Account::of_box(box_id, AccountKind::Receivable, Owner::Item(contract), currency);
        self.books.balance(&receivable).min(self.books.payable(Payee::Box(box_id), currency)).max(Amount::ZERO)
    }

    pub(super) fn reverse_collection(
        &self,
        id: BoxId,
        event: u64,
        by: ClientId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, _) = self.box_and_deal(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let open = life.collected.iter().find(|collection| collection.sequence == event);
        let undone = open.ok_or(Refusal::CollectionNotOpen)?.content.clone();
        if undone.transfer.is_some() && undone.amount > self.in_transit_to_box(id, undone.currency) {
            return invalid("the bank has booked the exchange's payment: undo that reconciliation first");
        }
        let (day, reason) = (self.accounting.dated_back(undone.day), reason.clone());
        out.push(CollectionReversed { corrects: event, undone, by, day, reason }.into());
        Ok(())
    }

    /// Returns what the exchange has paid a box and its bank has not booked.
    pub fn in_transit_to_box(&self, box_id: BoxId, currency: Currency) -> Amount {
        -self.books.balance(&Account::operator(AccountKind::PayoutInTransit, Owner::Box(box_id), currency))
    }
}
