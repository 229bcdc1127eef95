//! Changes that events make to a contract, as sums and as last values, computed from the log alone: they are compared
//! with the read models' own fold.

use ledger::{Amount, BoxId, ContractId, OrganizationId, exact};
use matching::{ContractHour, Event, Hour, OutageSettled, TerminationCause};

const NOT_PAID: &str = "not_paid";
const OUTAGES: &str = "outages";
const BUSTED: &str = "busted";

/// Change of a contract by one or several events.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContractChange {
    /// Hours that have passed, delivered or credited.
    pub hours: u32,
    /// Price and buyer's fee of time delivered; negative where more was taken back than delivered.
    pub recognized: Amount,
    /// Amount that the buyer paid for periods.
    pub paid: Amount,
    /// Amount added to the security deposit; negative where it was taken from it.
    pub deposit: Amount,
    /// Price and buyer's fee of time that was not delivered.
    pub credited: Amount,
    /// Refund of paid hours to the buyer as the contract ended.
    pub refunded: Amount,
    /// Penalties that the seller paid.
    pub penalties: Amount,
    /// Change of the seller's debts in credits and penalties.
    pub owed: Amount,
    /// GPU-minutes that were not delivered.
    pub undelivered_minutes: i64,
    /// End of the paid periods, exclusive; `None` when it did not change.
    pub paid_until: Option<Hour>,
    /// New seller, and the contract that it resells; `None` when the contract was not novated.
    pub novated: Option<(OrganizationId, Option<ContractId>)>,
    /// Whether the box that earns its hours changed.
    pub reassigned: bool,
    /// Box that earns its hours since; `None` where none does any more.
    pub box_id: Option<BoxId>,
    /// Hour before which it ends; `None` when no notice was given.
    pub ends: Option<Hour>,
    /// Reason of the end before its time: `not_paid`, `outages` or `busted`; `None` when it did not end.
    pub termination: Option<&'static str>,
}

impl ContractChange {
    /// Lists the contracts that an event changes, with the changes. Trades are not changes.
    pub fn of(event: &Event) -> Vec<(ContractId, Self)> {
        let change = |contract: ContractId, change: Self| vec![(contract, change)];
        match event {
            Event::HoursDelivered(e) => e.contracts.iter().map(|hour| (hour.contract, Self::of_hour(hour))).collect(),
            Event::OutageSettled(e) => change(e.contract, Self::of_settlement(e)),
            Event::PeriodCharged(e) => change(
                e.contract,
                Self {
                    paid: e.from_available + e.from_payable + e.from_deposit,
                    deposit: -(e.from_deposit + e.deposit_returned),
                    paid_until: Some(e.period.end()),
                    ..Self::default()
                },
            ),
            Event::ContractTerminated(e) => change(
                e.contract,
                Self {
                    refunded: e.refund,
                    deposit: -(e.deposit_forfeited + e.deposit_returned),
                    ends: Some(e.undelivered.start()),
                    termination: Some(match e.cause {
                        TerminationCause::NotPaid => NOT_PAID,
                        TerminationCause::Outages => OUTAGES,
                    }),
                    ..Self::default()
                },
            ),
            Event::ContractBusted(e) => change(
                e.contract,
                Self { refunded: e.refund, deposit: -e.deposit, termination: Some(BUSTED), ..Self::default() },
            ),
            Event::ContractNovated(e) => {
                let box_id = e.assignee.map(|assignee| assignee.box_id);
                let novated = Some((e.seller, e.head));
                change(e.contract, Self { novated, reassigned: true, box_id, ..Self::default() })
            }
            Event::ContractAssigned(e) => {
                change(e.contract, Self { reassigned: true, box_id: Some(e.to.box_id), ..Self::default() })
            }
            Event::NoticeGiven(e) => change(e.contract, Self { ends: Some(e.ends), ..Self::default() }),
            _ => Vec::new(),
        }
    }

    fn of_hour(hour: &ContractHour) -> Self {
        let change = Self { hours: 1, recognized: hour.amount + hour.buyer_fee, ..Self::default() };
        let Some(shortfall) = &hour.shortfall else { return change };
        Self {
            credited: shortfall.credit,
            penalties: shortfall.penalty_paid,
            owed: shortfall.penalty - shortfall.penalty_paid - shortfall.recovered,
            undelivered_minutes: i64::from(shortfall.gpu_minutes),
            ..change
        }
    }

    fn of_settlement(e: &OutageSettled) -> Self {
        Self {
            recognized: -(e.amount + e.buyer_fee),
            credited: e.amount + e.buyer_fee,
            penalties: e.penalty_paid,
            owed: e.amount - e.seller_fee - e.from_seller + e.penalty - e.penalty_paid,
            undelivered_minutes: exact(e.gpu_minutes),
            ..Self::default()
        }
    }

    /// Adds a later change to this one.
    pub fn then(&mut self, later: Self) {
        self.hours += later.hours;
        self.recognized += later.recognized;
        self.paid += later.paid;
        self.deposit += later.deposit;
        self.credited += later.credited;
        self.refunded += later.refunded;
        self.penalties += later.penalties;
        self.owed += later.owed;
        self.undelivered_minutes += later.undelivered_minutes;
        self.paid_until = later.paid_until.or(self.paid_until);
        self.novated = later.novated.or(self.novated);
        if later.reassigned {
            (self.reassigned, self.box_id) = (true, later.box_id);
        }
        self.ends = later.ends.or(self.ends);
        self.termination = later.termination.or(self.termination);
    }
}
