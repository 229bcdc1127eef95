//! Decisions: a command against the state, as events or a refusal.
//!
//! - `admission`: organizations, markets, deposits.
//! - `supply`: lots and the asks on them.
//! - `term`: bids for a term and the trades they make.
//! - `spot`: orders by the hour.
//! - `amendment`: changes to open orders.
//! - `ending`: orders that end together.
//! - `accounting`: closed months and manual journals.
//! - `boxes`: boxes and their deals.
//! - `bank`: statements, what they are for, payouts.
//! - `contract`: charges, and the end of contracts before their time.
//! - `delivery`: readiness, outages, notices.
//! - `control`: halts, kill switches, limits, busted trades.

mod accounting;
mod admission;
mod amendment;
mod assignment;
mod bank;
mod boxes;
mod collection;
mod contract;
mod control;
mod delivery;
mod ending;
mod spot;
mod supply;
mod term;
mod waterfall;

use ledger::deal::SupplierInvoice;
use ledger::{AccountKind, Amount, Currency, Instant, Invariant, OrganizationId};
use sha2::{Digest, Sha256};

use super::{
    CloseReason, Event, Exchange, IndexFixed, Instruction, NewOrder, OPEN_ORDERS_MAX, OrderClosed, OrderTerms,
    Organization, Refusal, SpotSide, SpotTerms,
};
use crate::identity::{DerivedIds, OrderId};
use crate::keys::MarketKey;
use crate::order::Order;
use crate::price::Price;
use crate::venue::Market;

use supply::Offered;
use term::BidMarkets;

pub(super) use term::Match;

/// New order with every default filled in, and what was found for it.
pub(super) enum Resolved<'a> {
    Bid(OrderTerms, BidMarkets),
    Ask(OrderTerms, Offered<'a>),
    Spot(SpotTerms),
}

impl Resolved<'_> {
    /// Returns a digest of the content, which recognizes the same order under the same `client_order_id`.
    pub fn digest(&self) -> [u8; 16] {
        match self {
            Self::Bid(terms, _) | Self::Ask(terms, _) => digest(terms),
            Self::Spot(terms) => digest(terms),
        }
    }
}

impl Exchange {
    /// Decides one instruction at the exchange's present time. What falls due by time alone has been decided before.
    ///
    /// Appends the events that follow to `out`, or nothing.
    ///
    /// # Errors
    /// [`Refusal`] says why the instruction cannot be carried out.
    pub fn decide(&self, instruction: &Instruction, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        match instruction {
            Instruction::Advance | Instruction::TakeLead => Ok(()),
            Instruction::RegisterOrganization { organization, name } => {
                self.register_organization(*organization, name, out)
            }
            Instruction::OpenMarket(spec) => self.open_market(spec, out),
            Instruction::RegisterLot(lot) => self.register_lot(lot, ids, out),
            Instruction::WithdrawLot { organization, lot } => self.withdraw_lot(*organization, *lot, out),
            Instruction::PlaceOrder(order) => self.place_order(order, ids, out),
            Instruction::AmendOrder(amendment) => self.amend_order(amendment, ids, out),
            Instruction::CancelOrder { organization, order } => self.cancel_order(*organization, *order, out),
            Instruction::CancelOrders { organization, market } => self.cancel_orders(*organization, *market, out),
            Instruction::OpenBankAccount { account, currency, opening, tolerance } => {
                self.open_bank_account(*account, *currency, *opening, *tolerance, out)
            }
            Instruction::CloseBankAccount { account } => self.close_bank_account(*account, out),
            Instruction::ExpectDeposit { organization, amount, currency } => {
                self.expect_deposit(*organization, *amount, *currency, ids, out)
            }
            Instruction::ImportStatement(statement) => self.import_statement(statement, ids, out),
            Instruction::Reconcile { lines, items, by } => self.reconcile(lines, items, *by, ids, out),
            Instruction::UndoReconciliation { reconciliation, reason, by } => {
                self.undo_reconciliation(*reconciliation, reason, *by, out)
            }
            Instruction::RequestPayout { organization, amount, currency, source } => {
                self.request_payout(*organization, *amount, *currency, *source, ids, out)
            }
            Instruction::ReturnPayout { payout, reason } => self.return_payout(*payout, reason, out),
            Instruction::RecordDeposit { organization, amount, currency, reference } => {
                self.record_deposit(*organization, *amount, *currency, reference, ids, out)
            }
            Instruction::ClosePeriod { period, by } => self.close_period(*period, *by, out),
            Instruction::ProposeJournal(journal) => self.propose_journal(journal, ids, out),
            Instruction::ApproveJournal { journal, by } => self.approve_journal(*journal, *by, out),
            Instruction::RejectJournal { journal, by, reason } => self.reject_journal(*journal, *by, reason, out),
            Instruction::SetWithholding { organization, basis_points } => {
                self.set_withholding(*organization, *basis_points, out)
            }
            Instruction::CreateBox { deal, party, by } => self.create_box(deal, *party, *by, ids, out),
            Instruction::AmendDeal { box_id, deal, party, by } => self.amend_deal(*box_id, deal, *party, *by, out),
            Instruction::CloseDeal { box_id, by } => self.close_deal(*box_id, *by, out),
            Instruction::AssignContract { box_id, contract, by } => self.assign_contract(*box_id, *contract, *by, out),
            Instruction::Collect(collection) => self.collect(collection, ids, out),
            Instruction::ReverseCollection { box_id, event, by, reason } => {
                self.reverse_collection(*box_id, *event, *by, reason, out)
            }
            Instruction::RunWaterfall { box_id, date, prepaid, by } => {
                self.run_waterfall(*box_id, *date, prepaid, Some(*by), out)
            }
            Instruction::InvoiceAgreement { box_id, agreement, month, amount, reference, by } => {
                let invoice = SupplierInvoice { agreement: *agreement, month: *month, amount: *amount };
                self.invoice_agreement(*box_id, &invoice, *by, reference, out)
            }
            Instruction::Accelerate { box_id, accelerated, by, reason } => {
                self.accelerate(*box_id, *accelerated, *by, reason, out)
            }
            Instruction::WindUp { box_id, by } => self.wind_up(*box_id, *by, out),
            Instruction::SetLenders { box_id, lenders, by } => self.set_lenders(*box_id, lenders, *by, out),
            Instruction::FixIndex(fixed) => fix_index(*fixed, out),
            Instruction::ResumeDue { due, by } => self.resume_due(*due, *by, out),
            Instruction::ReverseWaterfall { box_id, date, by, reason } => {
                self.reverse_waterfall(*box_id, *date, *by, reason, out)
            }
            Instruction::HaltMarket { market, reason } => self.halt_market(*market, reason, out),
            Instruction::ResumeMarket { market } => self.resume_market(*market, out),
            Instruction::SetPriceBand { market, band } => self.set_price_band(*market, *band, out),
            Instruction::SuspendOrganization { organization, reason } => {
                self.suspend_organization(*organization, reason, out)
            }
            Instruction::ReinstateOrganization { organization } => self.reinstate_organization(*organization, out),
            Instruction::SetOrderLimit { organization, open_orders_max } => {
                self.set_order_limit(*organization, *open_orders_max, out)
            }
            Instruction::SetBudget { organization, currency, monthly } => {
                self.set_budget(*organization, *currency, *monthly, out)
            }
            Instruction::ConfirmDelivery { organization, contract, ready, endpoint } => {
                self.confirm_delivery(*organization, *contract, *ready, endpoint.as_ref(), out)
            }
            Instruction::OpenOutage(outage) => self.open_outage(outage, ids, out),
            Instruction::AcceptOutage { organization, outage } => self.accept_outage(*organization, *outage, out),
            Instruction::RestoreOutage { organization, outage, until } => {
                self.restore_outage(*organization, *outage, *until, out)
            }
            Instruction::WithdrawOutage { organization, outage } => self.withdraw_outage(*organization, *outage, out),
            Instruction::RuleOutage { outage, upheld, gpus, from, until, reason } => {
                self.rule_outage(*outage, *upheld, (*gpus, *from, *until), reason, out)
            }
            Instruction::TerminateContract { organization, contract, reason } => {
                self.terminate_contract(*organization, *contract, reason, out)
            }
            Instruction::BustContract { contract, reason } => self.bust_contract(*contract, reason, out),
        }
    }

    fn place_order(&self, new: &NewOrder, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let resolved = self.resolve_new(new)?;
        let order = OrderId::new(ids.mint());
        match resolved {
            Resolved::Bid(terms, markets) => self.place_bid(new, order, terms, &markets, ids, out),
            Resolved::Ask(terms, offered) => self.place_ask(new, order, terms, &offered, out),
            Resolved::Spot(terms) => match terms.side {
                SpotSide::Buy { min_gpus } => self.place_spot_bid(new, order, terms, min_gpus, out),
                SpotSide::Sell { .. } => self.place_spot_ask(new, order, terms, out),
            },
        }
    }

    /// Fills in every default of a new order, if its organization has not placed it before and may place one more.
    pub(super) fn resolve_new(&self, new: &NewOrder) -> Result<Resolved<'_>, Refusal> {
        let organization = self.require_organization(new.organization)?;
        let resolved = self.resolve(new)?;
        if let Some(name) = new.client_order_id
            && let Some(before) = self.client_orders.get(&(new.organization, name))
        {
            let same = before.digest == resolved.digest();
            return Err(if same {
                Refusal::OrderPlacedBefore { order: before.order }
            } else {
                Refusal::ClientOrderIdConflict
            });
        }
        if organization.suspended {
            return Err(Refusal::OrganizationSuspended);
        }
        let open_orders_max = organization.open_orders_max.unwrap_or(OPEN_ORDERS_MAX);
        if organization.open_orders >= open_orders_max {
            return Err(Refusal::TooManyOpenOrders { max: open_orders_max });
        }
        Ok(resolved)
    }

    fn cancel_order(&self, organization: OrganizationId, order: OrderId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let resting = self.own_order(organization, order)?;
        out.push(self.closed(resting, CloseReason::Cancelled));
        Ok(())
    }

    /// Finds an organization's own order at rest.
    fn own_order(&self, organization: OrganizationId, order: OrderId) -> Result<&Order, Refusal> {
        let resting = self.venue.order(order).filter(|resting| resting.organization() == organization);
        resting.ok_or(Refusal::OrderNotOpen)
    }

    /// Makes the event that ends an order at rest.
    pub(super) fn closed(&self, order: &Order, reason: CloseReason) -> Event {
        let market = &self.venue.at(order.market()).spec;
        let hold_released = match order {
            Order::Bid(bid) => bid.hold(),
            Order::SpotBid(bid) if !bid.suspended => bid.next_hour(market.fee_bps_max()),
            Order::SpotBid(_) | Order::Ask(_) | Order::SpotAsk(_) => Amount::ZERO,
        };
        let (order, organization, currency) = (order.id(), order.organization(), market.currency);
        OrderClosed { order, organization, market: market.id, reason, currency, hold_released }.into()
    }

    /// Returns the currency of a contract's market.
    pub(super) fn currency_of(&self, contract: &crate::contract::Contract) -> Currency {
        self.venue.market(contract.market).map_or(Currency::USD, |market| market.spec.currency)
    }

    fn require_organization(&self, organization: OrganizationId) -> Result<&Organization, Refusal> {
        self.organizations.get(&organization).ok_or(Refusal::OrganizationUnknown)
    }

    /// Checks that an organization has the funds, and the budget, to set `required` aside.
    fn check_funds(&self, organization: OrganizationId, currency: Currency, required: Amount) -> Result<(), Refusal> {
        self.check_funds_at(organization, currency, required, self.now)
    }

    /// Checks as [`Exchange::check_funds`] does, with the budget of the month of `now`.
    fn check_funds_at(
        &self,
        organization: OrganizationId,
        currency: Currency,
        required: Amount,
        now: Instant,
    ) -> Result<(), Refusal> {
        if required > Amount::LINE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        self.books.check_available(organization, currency, required).map_err(|overdraft| {
            Refusal::InsufficientFunds { required: overdraft.required, available: overdraft.available }
        })?;
        match self.budget_left_at(organization, currency, now) {
            Some(left) if required > left => Err(Refusal::BudgetExceeded { required, left: left.max(Amount::ZERO) }),
            _ => Ok(()),
        }
    }

    /// Returns what an organization may still commit this month; `None` when that is not bounded. May be negative.
    pub(super) fn budget_left(&self, organization: OrganizationId, currency: Currency) -> Option<Amount> {
        self.budget_left_at(organization, currency, self.now)
    }

    fn budget_left_at(&self, organization: OrganizationId, currency: Currency, now: Instant) -> Option<Amount> {
        let budget = self.organizations.get(&organization)?.budgets.get(&currency)?;
        let held = self.books.customer(AccountKind::CustomerHeld, organization, currency);
        Some(budget.monthly - budget.spent_in(now.day().month()) - held)
    }

    /// Checks that a bid may name this limit in all of its markets.
    pub(super) fn check_limit(&self, markets: &[MarketKey], limit: Price) -> Result<(), Refusal> {
        markets.iter().map(|key| self.venue.at(*key)).try_for_each(|market| {
            let last = market.last_price;
            Self::check_price(market, limit, last, true)
        })
    }

    /// Checks that a limit price is on the tick and no further from the last price than the market's band allows.
    fn check_price(market: &Market, limit: Price, last: Option<Price>, buys: bool) -> Result<(), Refusal> {
        if !limit.is_on(market.spec.price_tick) {
            return Err(Refusal::PriceOffTick { price: limit, tick: market.spec.price_tick });
        }
        let Some(band) = market.price_band else { return Ok(()) };
        let Some(reference) = last.or(band.reference) else { return Ok(()) };
        let reference_micros = i128::from(reference.micros());
        let width = reference_micros * i128::from(band.width_bps) / 10_000;
        let limit_micros = i128::from(limit.micros());
        let outside =
            if buys { limit_micros > reference_micros + width } else { limit_micros < reference_micros - width };
        if outside {
            Err(Refusal::PriceOutsideBand { price: limit, reference, width_bps: band.width_bps })
        } else {
            Ok(())
        }
    }
}

fn fix_index(fixed: IndexFixed, out: &mut Vec<Event>) -> Result<(), Refusal> {
    if fixed.from.days() < 0 {
        return Err(Refusal::FixingInvalid);
    }
    out.push(fixed.into());
    Ok(())
}

/// Returns the length of a value's JSON, in bytes.
fn json_bytes(part: &impl serde::Serialize) -> usize {
    match serde_json::to_vec(part) {
        Ok(json) => json.len(),
        Err(error) => Invariant::EventEncodes.violated(format_args!("a part of an event: {error}")),
    }
}

pub(super) fn digest(terms: &impl serde::Serialize) -> [u8; 16] {
    let bytes = match postcard::to_allocvec(terms) {
        Ok(bytes) => bytes,
        Err(error) => Invariant::EventEncodes.violated(format_args!("terms to take a digest of: {error}")),
    };
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    digest
}

fn check_quantity(gpus: u32, lot_size: u32, max: u32) -> Result<(), Refusal> {
    if gpus == 0 || gpus > max || !gpus.is_multiple_of(lot_size) {
        return Err(Refusal::QuantityInvalid { gpus, lot_size, max });
    }
    Ok(())
}

fn check_minimum(min_gpus: u32, gpus: u32, lot_size: u32) -> Result<(), Refusal> {
    if min_gpus == 0 || !min_gpus.is_multiple_of(lot_size) || min_gpus > gpus {
        return Err(Refusal::MinimumInvalid { min_gpus, lot_size });
    }
    Ok(())
}
