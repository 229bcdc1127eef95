//! Decisions on what a box pays: waterfall runs, suppliers' invoices, and acceleration.

use ledger::deal::{ItemAmount, PeriodRun, SupplierInvoice};
use ledger::{BoxId, ClientId, Day, Label, exact};

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
        let (record, deal) = self.box_and_deal(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let progress = life.progress();
        let next = deal.next_period(&progress).map(|period| period.date);
        if next != Some(date) {
            return Err(Refusal::WaterfallNotNext { next });
        }
        if self.now.day() < date {
            return Err(Refusal::BoxNotDue { due: date });
        }
        let next_run =
            deal.fixed_at(&self.rates).next_run(&progress).ok_or(Refusal::WaterfallNotNext { next: None })?;
        let PeriodRun { funding, revenue, depreciation, dues, run, corrections_left } = next_run;
        deal.check_prepayments(&run, prepaid)?;
        out.push(Event::from(WaterfallRun {
            box_id: id,
            currency: deal.terms().currency,
            version: exact(record.versions.len()),
            by,
            day: self.accounting.dated_back(date),
            funding,
            revenue,
            depreciation,
            dues,
            run: Box::new(run),
            prepaid: prepaid.to_vec(),
            corrections: corrections_left,
        }));
        Ok(())
    }

    pub(super) fn reverse_waterfall(
        &self,
        id: BoxId,
        date: Day,
        by: ClientId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, _) = self.box_and_deal(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let latest = life.runs.last().filter(|run| run.content.run.date == date);
        let latest =
            latest.ok_or(Refusal::WaterfallNotLatest { latest: life.runs.last().map(|run| run.content.run.date) })?;
        let (undone, day) = (Box::new(latest.content.clone()), self.accounting.dated_back(self.now.day()));
        let reason = reason.clone();
        out.push(WaterfallReversed { corrects: latest.sequence, undone, by, day, reason }.into());
        Ok(())
    }

    /// What a supplier invoices counts instead of what the terms say.
    pub(super) fn invoice_agreement(
        &self,
        id: BoxId,
        invoice: &SupplierInvoice,
        by: ClientId,
        reference: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (record, deal) = self.box_and_deal(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let correction = deal.correction(invoice, &life.progress(), self.now.day().month())?;
        let (SupplierInvoice { agreement, month, amount }, reference) = (*invoice, reference.clone());
        out.push(AgreementInvoiced { box_id: id, agreement, month, amount, correction, reference, by }.into());
        Ok(())
    }

    pub(super) fn accelerate(
        &self,
        id: BoxId,
        accelerated: bool,
        by: ClientId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let not_due = |problem: &str| Err(Refusal::AccelerationNotDue { problem: problem.to_owned() });
        let (record, deal) = self.box_and_deal(id)?;
        let life = record.life.as_ref().ok_or(Refusal::BoxNotClosed)?;
        let reason = reason.clone();
        if accelerated == life.standing.accelerated {
            return not_due(if accelerated { "all debt is due already" } else { "the debt is not accelerated" });
        }
        if !accelerated {
            out.push(AccelerationRescinded { box_id: id, by, reason }.into());
            return Ok(());
        }
        if !deal.is_in_default(&life.standing, life.runs.last().map(|run| &run.content.run.tests)) {
            return not_due(
                "on the latest determination date the DSCR was not below its default, and nothing due to lenders is unpaid",
            );
        }
        out.push(DebtAccelerated { box_id: id, by, reason }.into());
        Ok(())
    }
}
