//! Decisions on the delivery of a contract: what its two sides say, and an operator's rulings.

use ledger::{Amount, ContractId, Instant, Label, OrganizationId, exact};

use crate::contract::{Assignee, Contract};
use crate::exchange::{
    DeliveryReady, DismissalCause, Ending, Event, Exchange, NewOutage, NoticeGiven, OutageDismissed, OutageOpened,
    OutageRestored, OutageSettled, Refusal,
};
use crate::hours::Hour;
use crate::identity::{DerivedIds, OutageId};
use crate::outage::{DeliveryTerms, Outage, OutageStatus, minute_of};

/// Hours after an outage's start within which it must be claimed.
const CLAIM_HOURS_MAX: i64 = 720;
/// Hours that the outages must come to for a buyer to end a contract.
const TERMINATION_HOURS: i64 = 720;
/// Hours after a contract's start after which its buyer may end it if it is not ready.
const READY_WITHIN_HOURS: i64 = 24;
/// Largest number of claims of one contract at a time.
const CLAIMS_MAX: usize = 16;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

fn invalid<T>(problem: &str) -> Result<T, Refusal> {
    Err(Refusal::OutageInvalid { problem: problem.to_owned() })
}

impl Exchange {
    pub(super) fn check_delivery_terms(terms: DeliveryTerms) -> Result<(), Refusal> {
        if terms.penalty_bps > 10_000 || !(1..=1_000).contains(&terms.termination_outages) {
            return Err(Refusal::DeliveryTermsInvalid);
        }
        Ok(())
    }

    pub(super) fn confirm_delivery(
        &self,
        organization: OrganizationId,
        id: ContractId,
        ready: Option<Instant>,
        endpoint: Option<&Label>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let contract = self.contract(id).filter(|contract| contract.seller == organization);
        let contract = contract.ok_or(Refusal::ContractUnknown)?;
        let since = match (contract.ready, ready) {
            // Readiness was said before: only where the GPUs are reached changes.
            (Some(since), _) => since,
            (None, Some(given)) if given > self.now || given < contract.next_hour().start() => {
                return invalid("ready is not after now and not before the hour in progress");
            }
            (None, given) => minute_of(given.unwrap_or(self.now)),
        };
        out.push(Event::from(DeliveryReady {
            contract: id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            ready: since,
            endpoint: endpoint.cloned(),
        }));
        Ok(())
    }

    pub(super) fn open_outage(
        &self,
        new: &NewOutage,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let own = |contract: &&Contract| [contract.buyer, contract.seller].contains(&new.organization);
        let contract = self.contract(new.contract).filter(own).ok_or(Refusal::ContractUnknown)?;
        let claims = contract.outages.iter().filter(|outage| outage.status == OutageStatus::Claimed).count();
        if claims >= CLAIMS_MAX {
            return invalid("the contract has 16 outages that are not settled");
        }
        let outage = Outage {
            id: OutageId::new(ids.mint()),
            opened_by: new.organization,
            gpus: new.gpus.unwrap_or(contract.gpus),
            from: minute_of(new.from.unwrap_or(self.now)),
            until: new.until.map(minute_of),
            status: OutageStatus::Claimed,
        };
        if outage.from.micros() < self.now.micros() - CLAIM_HOURS_MAX * MICROS_PER_HOUR {
            return invalid("an outage is claimed within 720 hours of its beginning");
        }
        self.check_outage(contract, &outage)?;
        out.push(Event::from(OutageOpened {
            outage: outage.id,
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            opened_by: outage.opened_by,
            gpus: outage.gpus,
            from: outage.from,
            until: outage.until,
            reason: new.reason.clone(),
        }));
        Ok(())
    }

    /// Checks that an outage can have been: of GPUs that the contract has, within its hours, and not in the future.
    fn check_outage(&self, contract: &Contract, outage: &Outage) -> Result<(), Refusal> {
        if outage.gpus == 0 || outage.gpus > contract.gpus {
            return invalid("gpus is 1 to the contract's");
        }
        if outage.from < contract.window.start().start() || outage.from > self.now {
            return invalid("an outage begins within the contract's window and not after now");
        }
        if outage.until.is_some_and(|until| until <= outage.from || until > self.now) {
            return invalid("an outage ends after it begins and not after now");
        }
        Ok(())
    }

    pub(super) fn accept_outage(
        &self,
        organization: OrganizationId,
        id: OutageId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (contract, outage) = self.claim(id, Some(organization))?;
        if outage.opened_by == organization {
            return Err(Refusal::OutageOwn);
        }
        out.push(self.settled(contract, outage, None));
        Ok(())
    }

    pub(super) fn rule_outage(
        &self,
        id: OutageId,
        upheld: bool,
        changed: (Option<u32>, Option<Instant>, Option<Instant>),
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (contract, outage) = self.claim(id, None)?;
        if !upheld {
            out.push(Self::dismissed(contract, id, DismissalCause::Ruled, Some(reason)));
            return Ok(());
        }
        let (gpus, from, until) = changed;
        let ruled = Outage {
            gpus: gpus.unwrap_or(outage.gpus),
            from: from.map_or(outage.from, minute_of),
            until: until.map(minute_of).or(outage.until),
            ..outage.clone()
        };
        self.check_outage(contract, &ruled)?;
        out.push(self.settled(contract, &ruled, Some(reason)));
        Ok(())
    }

    pub(super) fn withdraw_outage(
        &self,
        organization: OrganizationId,
        id: OutageId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (contract, outage) = self.claim(id, Some(organization))?;
        if outage.opened_by != organization {
            return Err(Refusal::OutageNotOwn);
        }
        out.push(Self::dismissed(contract, id, DismissalCause::Withdrawn, None));
        Ok(())
    }

    pub(super) fn restore_outage(
        &self,
        organization: OrganizationId,
        id: OutageId,
        until: Option<Instant>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let contract = self.outages.get(&id).and_then(|contract| self.contract(*contract));
        let contract = contract.filter(|contract| [contract.buyer, contract.seller].contains(&organization));
        let contract = contract.ok_or(Refusal::OutageNotOpen)?;
        let outage = contract.outages.iter().find(|outage| outage.id == id).ok_or(Refusal::OutageNotOpen)?;
        if outage.until.is_some() {
            return Err(Refusal::OutageEnded);
        }
        let until = minute_of(until.unwrap_or(self.now));
        if outage.status == OutageStatus::Settled && until < contract.next_hour().start() {
            return invalid("hours that were credited stay so: an accepted outage ends in the hour in progress");
        }
        let restored = Outage { until: Some(until), ..outage.clone() };
        if restored.from == until {
            return invalid("an outage lasts at least a minute; withdraw one that was none");
        }
        self.check_outage(contract, &restored)?;
        out.push(Event::from(OutageRestored {
            outage: id,
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            until,
        }));
        Ok(())
    }

    pub(super) fn terminate_contract(
        &self,
        organization: OrganizationId,
        id: ContractId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let contract = self.contract(id).filter(|contract| contract.buyer == organization);
        let contract = contract.ok_or(Refusal::ContractUnknown)?;
        let since = Instant::nearest_to(self.now.micros() - TERMINATION_HOURS * MICROS_PER_HOUR);
        let recent =
            contract.outages.iter().filter(|outage| outage.status == OutageStatus::Settled && outage.from >= since);
        let outages = exact(recent.count());
        let late = contract.window.start().start().micros() + READY_WITHIN_HOURS * MICROS_PER_HOUR;
        let never_ready = contract.counts_from() == Instant::MAX && self.now.micros() >= late;
        let ends = Hour::containing(self.now).plus(1);
        let needed = contract.delivery.termination_outages;
        if contract.ends.is_some() || ends >= contract.window.end() || (outages < needed && !never_ready) {
            return Err(Refusal::TerminationNotDue { outages, needed });
        }
        self.begin_ending(organization, Ending::Noticed { contract: id, reason: reason.clone() }, out);
        Ok(())
    }

    /// Makes the event of a buyer's notice: the contract ends with the hour in progress.
    pub(super) fn noticed(&self, contract: &Contract, reason: &Label) -> Event {
        Event::from(NoticeGiven {
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            ends: Hour::containing(self.now).plus(1),
            reason: reason.clone(),
        })
    }

    /// Finds a claimed outage with its contract, whether that is over or not. `side` limits it to contracts of this
    /// organization.
    fn claim(&self, id: OutageId, side: Option<OrganizationId>) -> Result<(&Contract, &Outage), Refusal> {
        let contract = self.outages.get(&id).and_then(|id| self.contract(*id).or_else(|| self.disputed.get(id)));
        let contract =
            contract.filter(|contract| side.is_none_or(|side| [contract.buyer, contract.seller].contains(&side)));
        let contract = contract.ok_or(Refusal::OutageNotOpen)?;
        let outage = contract.outages.iter().find(|outage| outage.id == id).ok_or(Refusal::OutageNotOpen)?;
        if outage.status == OutageStatus::Settled { Err(Refusal::OutageNotOpen) } else { Ok((contract, outage)) }
    }

    /// Makes the event of an outage that counts. Time recorded as delivered goes back to the buyer at once, as far as
    /// the exchange owes money to the payee of the hour in which the outage began; the rest is paid as that payee
    /// earns.
    fn settled(&self, contract: &Contract, outage: &Outage, ruling: Option<&Label>) -> Event {
        let passed = (contract.window.start(), contract.next_hour());
        let undelivered = contract.undelivered(passed, Some(outage)).max(contract.undelivered_minutes);
        let credit = contract.credit(undelivered) - contract.credit(contract.undelivered_minutes);
        let penalty = contract.penalty(undelivered) - contract.penalty(contract.undelivered_minutes);
        let currency = self.currency_of(contract);
        let assignee = contract.assignee_at(Hour::containing(outage.from));
        let payable = self.books.payable(Assignee::payee(assignee, contract.seller), currency);
        let from_seller = (credit.amount - credit.seller_fee).clamp(Amount::ZERO, payable);
        Event::from(OutageSettled {
            outage: outage.id,
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            ruling: ruling.cloned(),
            gpus: outage.gpus,
            from: outage.from,
            until: outage.until,
            currency,
            gpu_minutes: undelivered - contract.undelivered_minutes,
            amount: credit.amount,
            buyer_fee: credit.buyer_fee,
            seller_fee: credit.seller_fee,
            assignee,
            from_seller,
            penalty,
            penalty_paid: penalty.min(payable - from_seller),
        })
    }

    fn dismissed(contract: &Contract, id: OutageId, cause: DismissalCause, ruling: Option<&Label>) -> Event {
        Event::from(OutageDismissed {
            outage: id,
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            cause,
            ruling: ruling.cloned(),
        })
    }
}
