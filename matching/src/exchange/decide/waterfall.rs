//! Decisions on what a box pays: waterfall runs, suppliers' invoices, and acceleration.

use ledger::deal::{Deal, ItemAmount, Schedule, Standing};
use ledger::{Amount, BoxId, ClientId, Day, ItemName, Label, Month, exact};

use crate::exchange::boxes::{BoxLife, BoxRecord};
use crate::exchange::{
    AccelerationRescinded, AgreementInvoiced, DebtAccelerated, Event, Exchange, Refusal, WaterfallReversed,
    WaterfallRun,
};

impl Exchange {
    pub(in crate::exchange) fn run_waterfall(
        &self,
        id: BoxId,
        date: Day,
        prepaid: &[ItemAmount],
        by: Option<ClientId>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, deal) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let period = record.next_period().ok_or(Refusal::WaterfallNotNext { next: None })?;
        if period.date != date {
            return Err(Refusal::WaterfallNotNext { next: Some(period.date) });
        }
        if self.now.day() < date {
            return Err(Refusal::BoxNotDue { due: date });
        }
        let (deal, number) = (deal.fixed_at(&self.rates), life.runs.len());
        let periods = deal.periods_through(number);
        let schedule = Schedule::of(&deal, &periods, number).ok_or(Refusal::WaterfallNotNext { next: None })?;
        let invoiced = life.invoiced();
        let collected = life.collected_until(date).map(|collection| collection.content.amount).sum();
        let dues = schedule.dues(&life.standing, collected, invoiced);
        let mut standing = life.standing.clone();
        schedule.draw(&mut standing);
        let run = deal.run(&schedule, &standing, &dues);
        check_prepaid(&deal, &run.after, prepaid)?;
        let terms = deal.terms();
        out.push(Event::from(WaterfallRun {
            box_id: id,
            currency: terms.currency,
            version: exact(record.versions.len()),
            by,
            day: self.accounting.dated_back(date),
            funding: terms.funding_between(period.from, date),
            revenue: schedule.revenue(),
            depreciation: schedule.depreciation(),
            dues,
            run: Box::new(run),
            prepaid: prepaid.to_vec(),
            corrections: schedule.corrections_left(invoiced),
        }));
        Ok(())
    }

    pub(super) fn reverse_waterfall(
        &self,
        id: BoxId,
        date: Day,
        (by, reason): (ClientId, &Label),
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, _) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let latest = life.runs.last().filter(|run| run.content.run.date == date);
        let latest =
            latest.ok_or(Refusal::WaterfallNotLatest { latest: life.runs.last().map(|run| run.content.run.date) })?;
        let (undone, day) = (Box::new(latest.content.clone()), self.accounting.dated_back(self.now.day()));
        let reason = reason.clone();
        out.push(WaterfallReversed { corrects: latest.sequence, undone, by, day, reason }.into());
        Ok(())
    }

    /// Decides a supplier's invoice. It counts instead of what the terms say: in the run of its month, or as a
    /// correction in the next.
    pub(super) fn invoice_agreement(
        &self,
        id: BoxId,
        (agreement, month): (ItemName, Month),
        amount: Amount,
        (by, reference): (ClientId, &Label),
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let invalid = |problem: &str| Err(Refusal::SupplierInvoiceInvalid { problem: problem.to_owned() });
        let (record, deal) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let Some(known) = deal.terms().agreements.iter().find(|known| known.name == agreement) else {
            return invalid("the deal has no agreement of this name");
        };
        if !(Amount::ZERO..=Amount::LINE_MAX).contains(&amount) || amount != amount.whole_cents() {
            return invalid("an amount is zero to 1,000,000,000, in whole cents");
        }
        let closing = deal.terms().closing.month();
        if month < closing {
            return invalid("its month is before the deal's closing");
        }
        if month > self.now.day().month() {
            return invalid("its month is still to come");
        }
        let Some(next) = record.next_period() else {
            return invalid("the last run of the deal has been");
        };
        let was_taken_up = month < next.months.start;
        let of = (agreement, month);
        let before = life.as_corrected.get(&of).or_else(|| life.in_their_runs.get(&of)).copied();
        let before = before.or_else(|| known.charged(month, closing)).unwrap_or_default();
        // A reversed run takes up again what it did, and what was corrected since.
        let corrects = was_taken_up || life.as_corrected.contains_key(&of);
        let (correction, reference) = (corrects.then(|| amount - before), reference.clone());
        out.push(AgreementInvoiced { box_id: id, agreement, month, amount, correction, reference, by }.into());
        Ok(())
    }

    pub(super) fn accelerate(
        &self,
        id: BoxId,
        accelerated: bool,
        (by, reason): (ClientId, &Label),
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let not_due = |problem: &str| Err(Refusal::AccelerationNotDue { problem: problem.to_owned() });
        let (record, _) = self.boxed(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let reason = reason.clone();
        if accelerated == life.standing.accelerated {
            return not_due(if accelerated { "all debt is due already" } else { "the debt is not accelerated" });
        }
        if !accelerated {
            out.push(AccelerationRescinded { box_id: id, by, reason }.into());
            return Ok(());
        }
        if !is_in_default(record, life) {
            return not_due(
                "on the latest determination date the DSCR was not below its default, and nothing due to lenders is unpaid",
            );
        }
        out.push(DebtAccelerated { box_id: id, by, reason }.into());
        Ok(())
    }
}

/// Returns whether the lenders may accelerate: the DSCR was below its default level on the latest date, or interest or
/// principal is unpaid.
fn is_in_default(record: &BoxRecord, life: &BoxLife) -> bool {
    use ledger::deal::Pays::{Interest, Principal};
    let is_owed = !life.standing.debt().is_zero();
    let is_below = life.runs.last().is_some_and(|run| run.content.run.tests.default);
    let steps = record.deal().map(|deal| deal.terms().priority.as_slice()).unwrap_or_default();
    let lenders = steps.iter().filter(|step| matches!(step.pays, Interest(_) | Principal(_)));
    let is_unpaid = { lenders }.any(|step| life.standing.carried.contains_key(&step.name));
    is_owed && (is_below || is_unpaid)
}

/// Checks that no more is prepaid of a facility than is owed on it.
fn check_prepaid(deal: &Deal, after: &Standing, prepaid: &[ItemAmount]) -> Result<(), Refusal> {
    let invalid = |problem: String| Err(Refusal::PrepaymentInvalid { problem });
    for (place, ItemAmount { name, amount }) in prepaid.iter().enumerate() {
        if !deal.terms().facilities.iter().any(|facility| facility.name == *name) {
            return invalid(format!("the deal has no facility {name}"));
        }
        if prepaid[..place].iter().any(|other| other.name == *name) {
            return invalid(format!("{name} is named twice"));
        }
        let open = after.owed_on(*name);
        if *amount <= Amount::ZERO || *amount > open || *amount != amount.whole_cents() {
            return invalid(format!("{open} of {name} can be prepaid after this run, in whole cents"));
        }
    }
    Ok(())
}
