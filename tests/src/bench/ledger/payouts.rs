//! Payouts: each moves money of an organization from its available account to its account in transit, in one entry of two lines.
//!
//! The organizations and the amounts come from a fixed seed and are the same for our exchange and for others.

use ledger::{Amount, Currency, OrganizationId};
use matching::{Instruction, PayoutSource};

use crate::bench::draw::Draw;

/// Organizations, each with two accounts.
pub(super) const ORGANIZATIONS: usize = 500;
const SEED: u64 = 0x5EC0_4D71_0D00_0006;
/// What each organization has, far more than it moves in a run.
pub(super) const FUNDS: Amount = Amount::from_micros(100_000_000_000_000);
const MICROS_PER_CENT: i128 = 10_000;
/// The most that is moved at once: ten units.
const CENTS_MAX: usize = 1_000;

/// Money on its way out of an organization's account.
#[derive(Clone, Copy)]
pub(super) struct Payout {
    pub organization: usize,
    pub amount: Amount,
}

/// Makes the payouts.
pub(super) struct Payouts {
    draw: Draw,
    organizations: Vec<OrganizationId>,
}

impl Payouts {
    pub fn new() -> anyhow::Result<Self> {
        let organizations = (0..ORGANIZATIONS).map(|number| Ok(format!("payee-{number:03}").parse()?));
        let organizations = organizations.collect::<anyhow::Result<_>>()?;
        Ok(Self { draw: Draw::seeded(SEED), organizations })
    }

    /// What must be there before the first: the organizations with their money.
    pub fn opening(&self) -> Vec<Instruction> {
        let register = |organization: &OrganizationId| Instruction::RegisterOrganization {
            organization: *organization,
            name: (*organization).into(),
        };
        let deposit = |organization: &OrganizationId| Instruction::RecordDeposit {
            organization: *organization,
            amount: FUNDS,
            currency: Currency::USD,
            reference: (*organization).into(),
        };
        self.organizations.iter().flat_map(|organization| [register(organization), deposit(organization)]).collect()
    }

    /// The next payouts.
    pub fn next(&mut self, count: usize) -> Vec<Payout> {
        let mut payout = || {
            let organization = self.draw.below(ORGANIZATIONS);
            let cents = i128::try_from(self.draw.below(CENTS_MAX)).unwrap_or(0) + 1;
            Payout { organization, amount: Amount::from_micros(cents * MICROS_PER_CENT) }
        };
        (0..count).map(|_| payout()).collect()
    }

    /// A payout as an instruction.
    pub fn instruction(&self, payout: Payout) -> Instruction {
        Instruction::RequestPayout {
            organization: self.organizations[payout.organization],
            amount: payout.amount,
            currency: Currency::USD,
            source: PayoutSource::Available,
        }
    }
}
