//! Organizations, and the operator's controls.

use ledger::OrganizationId;
use matching::{Instruction, MarketId, PriceBand};
use wire::controls::{OrderLimitBody, ReasonBody};
use wire::markets::PriceBandBody;
use wire::organizations::OrganizationBody;

use crate::desk::Desk;
use crate::desk::request::{Answer, Request};
use crate::label::label;
use crate::problem::Problem;
use crate::resources::controls::find_organization_state;
use crate::resources::markets::find_market_state;
use crate::resources::organizations::{organization_instruction, organization_of_receipt};

pub(in crate::desk) fn register_organization(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: OrganizationBody = request.body()?;
    let rows = desk.submit(organization_instruction(&body)?)?;
    Answer::created(&organization_of_receipt(&rows)?)
}

pub(in crate::desk) fn show_organization(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&find_organization_state(&desk.exchange, request.path("organization")?)?)
}

pub(in crate::desk) fn suspend_organization(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let organization: OrganizationId = request.path("organization")?;
    let reason = label("reason", &request.body::<ReasonBody>()?.reason)?;
    of_organization(desk, organization, Instruction::SuspendOrganization { organization, reason })
}

pub(in crate::desk) fn reinstate_organization(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let organization: OrganizationId = request.path("organization")?;
    of_organization(desk, organization, Instruction::ReinstateOrganization { organization })
}

pub(in crate::desk) fn set_order_limit(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let organization: OrganizationId = request.path("organization")?;
    let OrderLimitBody { open_orders_max } = request.body()?;
    of_organization(desk, organization, Instruction::SetOrderLimit { organization, open_orders_max })
}

pub(in crate::desk) fn halt_market(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    let reason = label("reason", &request.body::<ReasonBody>()?.reason)?;
    of_market(desk, market, Instruction::HaltMarket { market, reason })
}

pub(in crate::desk) fn resume_market(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    of_market(desk, market, Instruction::ResumeMarket { market })
}

pub(in crate::desk) fn set_price_band(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    let band: PriceBandBody = request.body()?;
    of_market(desk, market, Instruction::SetPriceBand { market, band: Some(PriceBand::from(band)) })
}

pub(in crate::desk) fn lift_price_band(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    of_market(desk, market, Instruction::SetPriceBand { market, band: None })
}

/// Carries out a control of an organization that is there, and shows it after.
fn of_organization(desk: &mut Desk, id: OrganizationId, instruction: Instruction) -> Result<Answer, Problem> {
    find_organization_state(&desk.exchange, id)?;
    desk.submit(instruction)?;
    Answer::ok(&find_organization_state(&desk.exchange, id)?)
}

/// Carries out a control of a market that is there, and shows it after.
fn of_market(desk: &mut Desk, market: MarketId, instruction: Instruction) -> Result<Answer, Problem> {
    find_market_state(&desk.exchange, market)?;
    desk.submit(instruction)?;
    Answer::ok(&find_market_state(&desk.exchange, market)?)
}
