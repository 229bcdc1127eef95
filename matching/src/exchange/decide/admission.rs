//! Decisions on admitting organizations, markets and deposits.

use ledger::{Account, AccountKind, Amount, Currency, DepositId, Label, OrganizationId, Owner};

use crate::exchange::{DepositReceived, Event, Exchange, GPUS_MAX, MarketOpened, OrganizationRegistered, Refusal};
use crate::identity::DerivedIds;
use crate::market::MarketSpec;

/// Largest number of named cities of a zone.
const ROUND_TRIPS_MAX: usize = 32;

impl Exchange {
    pub(super) fn register_organization(
        &self,
        organization: OrganizationId,
        name: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.organizations.contains_key(&organization) {
            return Err(Refusal::OrganizationExists);
        }
        out.push(OrganizationRegistered { organization, name: name.clone() }.into());
        Ok(())
    }

    pub(super) fn record_deposit(
        &self,
        organization: OrganizationId,
        amount: Amount,
        currency: Currency,
        reference: &Label,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_organization(organization)?;
        if amount <= Amount::ZERO {
            return Err(Refusal::AmountNotPositive);
        }
        // All money came this way or through the bank, which stays far below the bound.
        let recorded = self.books.balance(&Account::operator(AccountKind::BankUnmatched, Owner::Entity, currency));
        if amount > Amount::LINE_MAX || recorded.abs() + amount > Amount::BALANCE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        let (deposit, reference) = (DepositId::new(ids.mint()), reference.clone());
        out.push(DepositReceived { deposit, organization, amount, currency, reference }.into());
        Ok(())
    }

    pub(super) fn open_market(&self, spec: &MarketSpec, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if self.venue.market(spec.id).is_some() {
            return Err(Refusal::MarketExists { market: spec.id });
        }
        let zone = &spec.zone_attributes;
        let invalid = |problem: &str| Err(Refusal::MarketInvalid { problem: problem.to_owned() });
        if spec.lot_size == 0 || spec.lot_size > GPUS_MAX {
            return invalid("lot_size must be at least 1 and at most 1000000");
        }
        if spec.class.gpus_per_node == 0 || spec.class.memory_gb == 0 {
            return invalid("gpus_per_node and memory_gb must be at least 1");
        }
        if spec.maker_fee_bps > 10_000 || spec.taker_fee_bps > 10_000 {
            return invalid("a fee is at most 10000 basis points");
        }
        if !(1..=60).contains(&spec.gate_minutes) {
            return invalid("gate_minutes must be 1 to 60");
        }
        if zone.renewable_share_bps.is_some_and(|share| share > 10_000) {
            return invalid("a renewable share is at most 10000 basis points");
        }
        if zone.round_trip_ms.len() > ROUND_TRIPS_MAX {
            return invalid("a zone names at most 32 cities");
        }
        out.push(MarketOpened { market: spec.clone() }.into());
        Ok(())
    }
}
