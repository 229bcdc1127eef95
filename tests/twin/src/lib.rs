//! The twin: a second exchange that is slow and obviously right, to hold the fast one to its rules.
//!
//! It takes the same commands and tells what happens, without the money. Plain lists, an array of free GPUs per hour, full
//! scans, every start of a flexible window tried, every tick of an auction tried. Of `matching` it knows commands, events and
//! values, and nothing of how a book, a timeline or an auction is kept there. It never runs out of funds and nothing fails in it:
//! give it streams in which nobody does and nothing is said to.

mod arrival;
mod book;
mod charge;
mod plan;
mod spot;
mod time;
mod told;
mod unfilled;

use ledger::OrganizationId;
use matching::{
    CloseReason, Command, DerivedIds, Instruction, LotId, MarketId, NewLot, ORDERS_PER_STEP_MAX, OrderId, Supply,
    Unfilled, UnfilledReason,
};
use std::collections::BTreeMap;

pub use told::Told;

use book::{Contract, Hours, Lot, MICROS_PER_HOUR, Market, Order, Side};

/// The command is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused;

pub(crate) fn refuse(when: bool) -> Result<(), Refused> {
    if when { Err(Refused) } else { Ok(()) }
}

/// The second exchange.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The candidates that one search looks at.
    search_candidates: u32,
    now: i64,
    priority: u64,
    /// Whether each organization is suspended, and how many orders it may have.
    organizations: BTreeMap<OrganizationId, (bool, Option<u32>)>,
    markets: Vec<Market>,
    lots: Vec<Lot>,
    orders: Vec<Order>,
    /// Asks that have sold every hour.
    sold_out: Vec<Order>,
    contracts: Vec<Contract>,
    told: Vec<Told>,
}

impl Twin {
    /// An exchange before its first event, in which one search looks at so many candidates.
    pub fn new(search_candidates: u32) -> Self {
        Self {
            search_candidates,
            now: 0,
            priority: 0,
            organizations: BTreeMap::new(),
            markets: Vec::new(),
            lots: Vec::new(),
            orders: Vec::new(),
            sold_out: Vec::new(),
            contracts: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Carries out a command and tells all that happened, be it by time alone, and whether the command was refused.
    pub fn execute(&mut self, command: &Command) -> (Vec<Told>, Result<(), Refused>) {
        let led = command.instruction != Instruction::TakeLead;
        self.advance(command.at.micros(), led);
        let outcome = self.carry_out(&command.instruction, &mut DerivedIds::of(command.id));
        (std::mem::take(&mut self.told), outcome)
    }

    /// Whether two reports agree. The nearest window of a bid that would fill in other hours may differ, or be missing, where
    /// `matching` stops looking.
    pub fn agree(ours: &[Told], theirs: &[Told]) -> bool {
        let forgive = |told: &Told, other: &Told| {
            let (mine, yours) = (unfilled_of(told)?, unfilled_of(other)?);
            let later = matches!(
                yours.reason,
                UnfilledReason::Hours
                    | UnfilledReason::Quantity
                    | UnfilledReason::Fabric
                    | UnfilledReason::Provider
                    | UnfilledReason::SelfTrade
            );
            (mine.reason == UnfilledReason::Hours && later).then(|| with_unfilled(told, Some(yours)))
        };
        let same =
            |(told, other): (&Told, &Told)| told == other || forgive(told, other).is_some_and(|told| told == *other);
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
    }

    /// The free GPUs of a lot, from its first hour.
    pub fn free(&self, supply: Supply) -> Option<&[u32]> {
        self.lot(supply).map(|lot| &lot.free.gpus[..])
    }

    /// Every order at rest.
    pub fn orders(&self) -> Vec<OrderId> {
        let mut orders: Vec<_> = self.orders.iter().map(|order| order.id).collect();
        orders.sort_unstable();
        orders
    }

    fn carry_out(&mut self, instruction: &Instruction, ids: &mut DerivedIds) -> Result<(), Refused> {
        match instruction {
            // Bands and budgets are not the twin's business.
            Instruction::Advance
            | Instruction::TakeLead
            | Instruction::SetPriceBand { .. }
            | Instruction::SetBudget { .. } => {}
            // Everything is delivered here, and nobody knows of a bank or keeps books.
            Instruction::ClosePeriod { .. }
            | Instruction::ProposeJournal(_)
            | Instruction::ApproveJournal { .. }
            | Instruction::RejectJournal { .. }
            | Instruction::SetWithholding { .. }
            | Instruction::CreateBox { .. }
            | Instruction::AmendDeal { .. }
            | Instruction::CloseDeal { .. }
            | Instruction::AssignContract { .. }
            | Instruction::Collect(_)
            | Instruction::ReverseCollection { .. }
            | Instruction::RunWaterfall { .. }
            | Instruction::InvoiceAgreement { .. }
            | Instruction::Accelerate { .. }
            | Instruction::WindUp { .. }
            | Instruction::SetLenders { .. }
            | Instruction::FixIndex(_)
            | Instruction::ResumeDue { .. }
            | Instruction::ReverseWaterfall { .. }
            | Instruction::OpenBankAccount { .. }
            | Instruction::CloseBankAccount { .. }
            | Instruction::ExpectDeposit { .. }
            | Instruction::ImportStatement(_)
            | Instruction::Reconcile { .. }
            | Instruction::UndoReconciliation { .. }
            | Instruction::RequestPayout { .. }
            | Instruction::ReturnPayout { .. }
            | Instruction::ConfirmDelivery { .. }
            | Instruction::OpenOutage(_)
            | Instruction::AcceptOutage { .. }
            | Instruction::RestoreOutage { .. }
            | Instruction::WithdrawOutage { .. }
            | Instruction::RuleOutage { .. }
            | Instruction::TerminateContract { .. } => return Err(Refused),
            Instruction::RegisterOrganization { organization, .. } => {
                refuse(self.organizations.insert(*organization, (false, None)).is_some())?;
                self.tell(Told::Other("organization_registered"));
            }
            Instruction::OpenMarket(spec) => {
                let passed = (0..=2)
                    .map(|hour| self.now_hour() + hour)
                    .find(|hour| spec.gate(matching::Hour::from_hours(*hour)).micros() > self.now);
                self.markets.push(Market {
                    spec: spec.clone(),
                    halted: false,
                    passed: passed.unwrap_or(0).saturating_sub(1),
                    last_spot: None,
                    spot: BTreeMap::new(),
                });
                self.tell(Told::Other("market_opened"));
            }
            Instruction::RegisterLot(new) => self.list(new, ids)?,
            Instruction::WithdrawLot { organization, lot } => self.withdraw(*organization, *lot)?,
            Instruction::PlaceOrder(new) => self.place(new, ids)?,
            Instruction::AmendOrder(amendment) => self.amend(amendment, ids)?,
            Instruction::CancelOrder { organization, order } => {
                let own = self.find(*order).is_some_and(|order| order.organization == *organization);
                refuse(!own)?;
                self.close(*order, CloseReason::Cancelled);
            }
            Instruction::CancelOrders { organization, market } => {
                let market = market.map(|market| self.market_at(market)).transpose()?;
                self.close_all(*organization, market, CloseReason::Cancelled);
            }
            Instruction::HaltMarket { market, .. } => self.set_halted(*market, true)?,
            Instruction::ResumeMarket { market } => {
                self.set_halted(*market, false)?;
                self.match_market(self.market_at(*market)?, ids);
            }
            Instruction::SuspendOrganization { organization, .. } => {
                let suspended = &mut self.organizations.get_mut(organization).ok_or(Refused)?.0;
                refuse(std::mem::replace(suspended, true))?;
                self.close_all(*organization, None, CloseReason::Suspended);
                self.tell(Told::Other("organization_suspended"));
            }
            Instruction::ReinstateOrganization { organization } => {
                let suspended = &mut self.organizations.get_mut(organization).ok_or(Refused)?.0;
                refuse(!std::mem::replace(suspended, false))?;
                self.tell(Told::Other("organization_reinstated"));
            }
            Instruction::SetOrderLimit { organization, open_orders_max } => {
                self.organizations.get_mut(organization).ok_or(Refused)?.1 = *open_orders_max;
            }
            Instruction::BustContract { contract, .. } => self.bust(*contract, ids)?,
            Instruction::RecordDeposit { .. } => self.tell(Told::Other("deposit_received")),
        }
        Ok(())
    }

    fn list(&mut self, new: &NewLot, ids: &mut DerivedIds) -> Result<(), Refused> {
        let market = self.market_at(new.market)?;
        let (start, end) = (new.window.start().hours(), new.window.end().hours());
        refuse(new.gpus == 0 || !new.gpus.is_multiple_of(self.markets[market].spec.lot_size))?;
        refuse(i64::from(end) * MICROS_PER_HOUR <= self.now || new.min_remnant_hours > new.window.hours())?;
        let id = LotId::new(ids.mint());
        self.tell(Told::Listed { lot: id });
        self.lots.push(Lot {
            supply: Supply::Lot(id),
            id,
            seller: new.organization,
            provider: new.organization,
            market,
            gpus: new.gpus,
            start,
            end,
            remnant: new.min_remnant_hours,
            free: Hours::flat(start, end, new.gpus),
            withdrawn: false,
        });
        Ok(())
    }

    fn withdraw(&mut self, organization: OrganizationId, id: LotId) -> Result<(), Refused> {
        let supply = Supply::Lot(id);
        let lot = self.lot(supply).filter(|lot| lot.seller == organization && !lot.withdrawn);
        let (start, end) = lot.map(|lot| (lot.start, lot.end)).ok_or(Refused)?;
        self.close_asks_on(supply, CloseReason::Withdrawn);
        self.tell(Told::LotWithdrawn { lot: id });
        let lot = self.lot_mut(supply).ok_or(Refused)?;
        lot.withdrawn = true;
        lot.free.change(start, end, |_| 0);
        Ok(())
    }

    fn bust(&mut self, id: ledger::ContractId, ids: &mut DerivedIds) -> Result<(), Refused> {
        let contract = self.contracts.iter().find(|contract| contract.id == id).cloned().ok_or(Refused)?;
        refuse(i64::from(contract.start) * MICROS_PER_HOUR <= self.now)?;
        let resale = Supply::Contract(id);
        refuse(self.lot(resale).is_some_and(|lot| lot.free.gpus.iter().any(|free| *free < contract.gpus)))?;
        self.close_asks_on(resale, CloseReason::Busted);
        self.contracts.retain(|contract| contract.id != id);
        self.lots.retain(|lot| lot.supply != resale);
        // An ask that had sold all is open again, where its lot and its seller still sell.
        if let Some(place) = self.sold_out.iter().position(|ask| ask.id == contract.ask) {
            let sells =
                self.lot(contract.supply).is_some_and(|lot| !lot.withdrawn && !self.organizations[&lot.seller].0);
            if sells {
                let ask = self.sold_out.remove(place);
                self.orders.push(ask);
            }
        }
        let mut ask_sold_gpus = None;
        if let Some(Side::Ask(offer)) = self.find_mut(contract.ask).map(|order| &mut order.side) {
            offer.sold.change(contract.start, contract.end, |sold| sold - contract.gpus);
            ask_sold_gpus = offer.sold.gpus.iter().copied().max();
        }
        self.tell(Told::Busted { contract: id, ask_sold_gpus });
        if let Some(lot) = self.lot_mut(contract.supply).filter(|lot| !lot.withdrawn) {
            lot.free.change(contract.start, contract.end, |free| free + contract.gpus);
        }
        self.match_lot(contract.supply, ids);
        Ok(())
    }

    fn set_halted(&mut self, market: MarketId, halted: bool) -> Result<(), Refused> {
        let market = self.market_at(market)?;
        refuse(self.markets[market].halted == halted)?;
        self.markets[market].halted = halted;
        self.tell(Told::Other(if halted { "market_halted" } else { "market_resumed" }));
        Ok(())
    }

    fn close_all(&mut self, organization: OrganizationId, market: Option<usize>, reason: CloseReason) {
        let own = self
            .orders
            .iter()
            .filter(|order| order.organization == organization && market.is_none_or(|market| order.trades_in(market)));
        let mut own: Vec<_> = own.map(|order| order.id).collect();
        for step in own.chunks_mut(ORDERS_PER_STEP_MAX) {
            step.sort_unstable();
            for order in step {
                self.close(*order, reason);
            }
        }
    }

    fn close_asks_on(&mut self, supply: Supply, reason: CloseReason) {
        let mut asks: Vec<&Order> = self.orders.iter().filter(|order| order.supply() == Some(supply)).collect();
        asks.sort_by_key(|ask| (ask.limit, ask.priority));
        let asks: Vec<OrderId> = asks.into_iter().map(|ask| ask.id).collect();
        for ask in asks {
            self.close(ask, reason);
        }
    }

    pub(crate) fn close(&mut self, order: OrderId, reason: CloseReason) {
        self.tell(Told::Closed { order, reason });
        self.orders.retain(|resting| resting.id != order);
        self.forget_idle_resale();
    }

    /// Forgets what contracts that are over gave to resell, once nothing is on offer of it.
    pub(crate) fn forget_idle_resale(&mut self) {
        let (orders, contracts) = (&self.orders, &self.contracts);
        self.lots.retain(|lot| match lot.supply {
            Supply::Lot(_) => true,
            Supply::Contract(id) => {
                contracts.iter().any(|contract| contract.id == id)
                    || orders.iter().any(|order| order.supply() == Some(lot.supply))
            }
        });
    }

    fn check_may_order(&self, organization: OrganizationId) -> Result<(), Refused> {
        let (suspended, most) = self.organizations.get(&organization).copied().ok_or(Refused)?;
        let open = self.orders.iter().filter(|order| order.organization == organization).count();
        refuse(suspended || most.is_some_and(|most| open >= most as usize))
    }

    fn next_priority(&mut self) -> u64 {
        self.priority += 1;
        self.priority
    }

    fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    fn now_hour(&self) -> u32 {
        u32::try_from(self.now / MICROS_PER_HOUR).unwrap_or(u32::MAX)
    }

    fn market_at(&self, id: MarketId) -> Result<usize, Refused> {
        self.markets.iter().position(|market| market.spec.id == id).ok_or(Refused)
    }

    fn lot(&self, supply: Supply) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.supply == supply)
    }

    fn lot_mut(&mut self, supply: Supply) -> Option<&mut Lot> {
        self.lots.iter_mut().find(|lot| lot.supply == supply)
    }

    fn find(&self, order: OrderId) -> Option<&Order> {
        self.orders.iter().find(|resting| resting.id == order)
    }

    fn find_mut(&mut self, order: OrderId) -> Option<&mut Order> {
        self.orders.iter_mut().find(|resting| resting.id == order)
    }
}

fn unfilled_of(told: &Told) -> Option<Unfilled> {
    match told {
        Told::Placed { unfilled, .. } | Told::Amended { unfilled, .. } => *unfilled,
        _ => None,
    }
}

fn with_unfilled(told: &Told, changed: Option<Unfilled>) -> Told {
    let mut told = told.clone();
    if let Told::Placed { unfilled, .. } | Told::Amended { unfilled, .. } = &mut told {
        *unfilled = changed;
    }
    told
}
