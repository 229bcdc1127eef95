//! Decisions: a command against the state, as events or a refusal.

use ledger::{Account, AccountKind, Amount, ContractId, DepositId, OrganizationId, Owner};
use sha2::{Digest, Sha256};

use super::{
    CloseReason, DepositReceived, Event, Exchange, GPUS_MAX, Instruction, LotRegistered, MarketOpened, NewLot,
    NewOrder, NewSide, OrderClosed, OrderPlaced, OrderSide, OrderTerms, OrganizationRegistered, Refusal, TradeExecuted,
    gate,
};
use crate::{
    Arrival, BidTerms, DerivedIds, Execution, Hour, HoursRange, Liquidity, LotId, MarketSpec, Order, OrderId, Plan,
    TimeInForce, TradeId, Unfilled, UnfilledReason, Window,
};

/// The longest name or reference, in characters.
const TEXT_MAX: usize = 120;

/// A trade's two orders and what the bid still wanted before it.
pub(super) struct Match<'a> {
    pub bid: OrderId,
    pub buyer: OrganizationId,
    pub terms: &'a BidTerms,
    pub buyer_liquidity: Liquidity,
}

impl Exchange {
    /// Decides one instruction at the exchange's present time. What falls due by itself has been decided before.
    ///
    /// Writes the events that follow into `out`, or nothing.
    ///
    /// # Errors
    /// [`Refusal`] says why the instruction cannot be carried out.
    pub fn decide(&self, instruction: &Instruction, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        match instruction {
            Instruction::Advance => Ok(()),
            Instruction::RegisterOrganization { organization, name } => {
                self.register_organization(*organization, name, out)
            }
            Instruction::OpenMarket(spec) => self.open_market(spec, out),
            Instruction::RegisterLot(lot) => self.register_lot(lot, ids, out),
            Instruction::PlaceOrder(order) => self.place_order(order, ids, out),
            Instruction::CancelOrder { organization, order } => self.cancel_order(*organization, *order, out),
            Instruction::RecordDeposit { organization, amount, currency, reference } => {
                let deposit = DepositId::new(ids.mint());
                let (organization, amount, currency) = (*organization, *amount, *currency);
                let reference = reference.clone();
                self.record_deposit(DepositReceived { deposit, organization, amount, currency, reference }, out)
            }
        }
    }

    fn record_deposit(&self, deposit: DepositReceived, out: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_organization(deposit.organization)?;
        check_text("reference", &deposit.reference)?;
        if deposit.amount <= Amount::ZERO {
            return Err(Refusal::AmountNotPositive);
        }
        // All money there is came through the bank, so no other balance can exceed its.
        let bank = self.books.balance(&Account::operator(AccountKind::Bank, Owner::Entity, deposit.currency));
        if deposit.amount > Amount::LINE_MAX || bank + deposit.amount > Amount::BALANCE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        out.push(deposit.into());
        Ok(())
    }

    fn register_organization(
        &self,
        organization: OrganizationId,
        name: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        check_text("name", name)?;
        if self.organizations.contains_key(&organization) {
            return Err(Refusal::OrganizationExists);
        }
        out.push(OrganizationRegistered { organization, name: name.to_owned() }.into());
        Ok(())
    }

    fn open_market(&self, spec: &MarketSpec, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if self.venue.market(spec.id).is_some() {
            return Err(Refusal::MarketExists { market: spec.id });
        }
        let texts = [
            ("zone", &spec.zone),
            ("class.model", &spec.class.model),
            ("class.form_factor", &spec.class.form_factor),
            ("class.fabric", &spec.class.fabric),
        ];
        for (field, text) in texts {
            check_text(field, text)?;
        }
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
        out.push(MarketOpened { market: spec.clone() }.into());
        Ok(())
    }

    fn register_lot(&self, new: &NewLot, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_organization(new.organization)?;
        let market = self.venue.market(new.market).ok_or(Refusal::MarketUnknown { market: new.market })?;
        check_text("fabric", &new.fabric)?;
        check_quantity(new.gpus, market.spec.lot_size, GPUS_MAX)?;
        if new.window.end().start() <= self.now {
            return Err(Refusal::WindowPast { window: new.window });
        }
        let lot = LotId::new(ids.mint());
        let NewLot { organization, market, gpus, window, fabric } = new.clone();
        out.push(LotRegistered { lot, organization, market, gpus, window, fabric }.into());
        Ok(())
    }

    fn cancel_order(&self, organization: OrganizationId, order: OrderId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let resting = self.venue.order(order).filter(|resting| resting.organization() == organization);
        let resting = resting.ok_or(Refusal::OrderNotOpen)?;
        out.extend(self.closed(order, resting, CloseReason::Cancelled));
        Ok(())
    }

    fn place_order(&self, new: &NewOrder, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_organization(new.organization)?;
        let terms = self.resolve(new)?;
        if let Some(name) = new.client_order_id
            && let Some(before) = self.client_orders.get(&(new.organization, name))
        {
            let same = before.digest == digest(&terms);
            return Err(if same {
                Refusal::OrderPlacedBefore { order: before.order }
            } else {
                Refusal::ClientOrderIdConflict
            });
        }
        let market = &self.venue.market(terms.market).ok_or(Refusal::MarketUnknown { market: terms.market })?.spec;
        if !terms.limit_price.is_on(market.price_tick) {
            return Err(Refusal::PriceOffTick { price: terms.limit_price, tick: market.price_tick });
        }
        let placed = OrderPlaced {
            order: OrderId::new(ids.mint()),
            organization: new.organization,
            client_order_id: new.client_order_id,
            currency: market.currency,
            hold: Amount::ZERO,
            unfilled: None,
            terms,
        };
        match placed.terms.side {
            OrderSide::Buy { time_in_force, min_gpus } => {
                self.place_bid(market, placed, (time_in_force, min_gpus), ids, out)
            }
            OrderSide::Sell { lot, hours } => self.place_ask(market, placed, lot, hours, out),
        }
    }

    /// The order with every default filled in.
    fn resolve(&self, new: &NewOrder) -> Result<OrderTerms, Refusal> {
        let (market, window, side) = match &new.side {
            NewSide::Buy { market, window, time_in_force, min_gpus } => {
                let spec = &self.venue.market(*market).ok_or(Refusal::MarketUnknown { market: *market })?.spec;
                let min_gpus = min_gpus.unwrap_or(spec.lot_size);
                (*market, *window, OrderSide::Buy { time_in_force: *time_in_force, min_gpus })
            }
            NewSide::Sell { lot: id, window, min_hours, max_hours } => {
                let lot = self.venue.lot(*id).filter(|lot| lot.seller == new.organization);
                let lot = lot.ok_or(Refusal::LotUnknown)?;
                let window = window.unwrap_or(lot.window);
                let hours =
                    HoursRange { min: min_hours.unwrap_or(1), max: max_hours.unwrap_or_else(|| window.hours()) };
                (lot.market, window, OrderSide::Sell { lot: *id, hours })
            }
        };
        Ok(OrderTerms { market, gpus: new.gpus, limit_price: new.limit_price, window, side })
    }

    fn place_bid(
        &self,
        market: &MarketSpec,
        mut placed: OrderPlaced,
        (time_in_force, min_gpus): (TimeInForce, u32),
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let OrderTerms { gpus, window, limit_price, .. } = placed.terms;
        check_quantity(gpus, market.lot_size, GPUS_MAX)?;
        if min_gpus == 0 || !min_gpus.is_multiple_of(market.lot_size) || min_gpus > gpus {
            return Err(Refusal::MinimumInvalid { min_gpus, lot_size: market.lot_size });
        }
        if gate(window.start()) <= self.now {
            return Err(Refusal::WindowPast { window });
        }
        let hold = market.hold(limit_price, gpus, window);
        if hold > Amount::LINE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        self.books.check_available(placed.organization, market.currency, hold).map_err(|overdraft| {
            Refusal::InsufficientFunds { required: overdraft.required, available: overdraft.available }
        })?;
        let all_or_none = min_gpus == gpus && gpus > market.lot_size;
        let mut terms = BidTerms { remaining: gpus, min_gpus, all_or_none, window, limit_price };
        let mut plan = self.venue.plan(market.id, placed.organization, &terms, Arrival::Now);
        if time_in_force == TimeInForce::Fok && plan.gpus() < gpus {
            plan.executions.clear();
        }
        placed.hold = hold;
        placed.unfilled = self.unfilled(market, &placed, &terms, &plan);
        let (order, organization) = (placed.order, placed.organization);
        out.push(placed.into());
        for execution in &plan.executions {
            let matched = Match { bid: order, buyer: organization, terms: &terms, buyer_liquidity: Liquidity::Taker };
            out.push(self.trade(market, &matched, execution, ids).into());
            terms.remaining -= execution.gpus;
        }
        let reason = match time_in_force {
            _ if plan.met_own_order => Some(CloseReason::SelfTrade),
            TimeInForce::Gtc => None,
            TimeInForce::Ioc | TimeInForce::Fok => Some(CloseReason::TimeInForce),
        };
        if let Some(reason) = reason.filter(|_| terms.remaining > 0) {
            let hold_released = market.hold(limit_price, terms.remaining, window);
            let (market, currency) = (market.id, market.currency);
            out.push(OrderClosed { order, organization, market, reason, currency, hold_released }.into());
        }
        Ok(())
    }

    /// What to answer about the part of a bid that its plan leaves open.
    fn unfilled(&self, market: &MarketSpec, placed: &OrderPlaced, terms: &BidTerms, plan: &Plan) -> Option<Unfilled> {
        if plan.gpus() == terms.remaining {
            return None;
        }
        if plan.met_own_order {
            return Some(Unfilled { reason: UnfilledReason::SelfTrade, would_fill: None });
        }
        // The first hour whose gate is still ahead.
        let mut earliest = Hour::containing(self.now).plus(1);
        if gate(earliest) <= self.now {
            earliest = earliest.plus(1);
        }
        Some(self.venue.explain(market.id, placed.organization, terms, earliest))
    }

    fn place_ask(
        &self,
        market: &MarketSpec,
        placed: OrderPlaced,
        lot: LotId,
        hours: HoursRange,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let lot = self.venue.lot(lot).ok_or(Refusal::LotUnknown)?;
        let window = placed.terms.window;
        check_quantity(placed.terms.gpus, market.lot_size, lot.gpus)?;
        if !lot.window.covers(window) {
            return Err(Refusal::WindowOutsideLot { window, lot_window: lot.window });
        }
        if window.end().start() <= self.now {
            return Err(Refusal::WindowPast { window });
        }
        if hours.min == 0 || hours.max < hours.min {
            return Err(Refusal::HoursRangeInvalid);
        }
        out.push(placed.into());
        Ok(())
    }

    /// The trade of one execution. `matched.terms.remaining` is what the bid wants before it.
    pub(super) fn trade(
        &self,
        market: &MarketSpec,
        matched: &Match<'_>,
        execution: &Execution,
        ids: &mut DerivedIds,
    ) -> TradeExecuted {
        let Execution { ask, lot, seller, gpus, price } = *execution;
        let BidTerms { remaining, window, limit_price, .. } = *matched.terms;
        let seller_liquidity = match matched.buyer_liquidity {
            Liquidity::Maker => Liquidity::Taker,
            Liquidity::Taker => Liquidity::Maker,
        };
        let amount = price.cost(gpus, window.hours());
        let buyer_fee = market.fee(matched.buyer_liquidity, amount);
        let bid_remaining = remaining - gpus;
        let freed = market.hold(limit_price, remaining, window) - market.hold(limit_price, bid_remaining, window);
        let (sold_gpus, ask_filled) = self.ask_after(ask, window, gpus);
        TradeExecuted {
            trade: TradeId::new(ids.mint()),
            contract: ContractId::new(ids.mint()),
            market: market.id,
            lot,
            bid: matched.bid,
            ask,
            buyer: matched.buyer,
            seller,
            gpus,
            price,
            window,
            currency: market.currency,
            amount,
            buyer_liquidity: matched.buyer_liquidity,
            buyer_fee_bps: market.fee_bps(matched.buyer_liquidity),
            buyer_fee,
            seller_fee_bps: market.fee_bps(seller_liquidity),
            seller_fee: market.fee(seller_liquidity, amount),
            hold_released: freed - amount - buyer_fee,
            bid_remaining,
            ask_sold_gpus: sold_gpus,
            ask_filled,
        }
    }

    /// What an ask has sold after one more sale: the most GPUs in any hour, and whether nothing is left to sell.
    fn ask_after(&self, ask: OrderId, window: Window, gpus: u32) -> (u32, bool) {
        let Some(ask) = self.venue.ask(ask) else { return (0, false) };
        let mut remaining = ask.remaining.clone();
        remaining.take(window, gpus);
        (ask.gpus - remaining.min(), remaining.max() == 0)
    }

    /// The end of an order at rest. Nothing when its market is unknown, which cannot be.
    pub(super) fn closed(&self, id: OrderId, order: &Order, reason: CloseReason) -> Option<Event> {
        let market = &self.venue.market(order.market())?.spec;
        let hold_released = match order {
            Order::Bid(bid) => market.hold(bid.terms.limit_price, bid.terms.remaining, bid.terms.window),
            Order::Ask(_) => Amount::ZERO,
        };
        let (organization, currency) = (order.organization(), market.currency);
        Some(OrderClosed { order: id, organization, market: market.id, reason, currency, hold_released }.into())
    }

    fn require_organization(&self, organization: OrganizationId) -> Result<(), Refusal> {
        if self.organizations.contains_key(&organization) { Ok(()) } else { Err(Refusal::OrganizationUnknown) }
    }
}

/// A digest of an order's content, to recognize the same order under the same `client_order_id`.
pub(super) fn digest(terms: &OrderTerms) -> [u8; 16] {
    let bytes = postcard::to_allocvec(terms).unwrap_or_default();
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

fn check_text(field: &str, text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length == 0 || length > TEXT_MAX || text.chars().any(char::is_control) {
        return Err(Refusal::TextInvalid { field: field.to_owned(), max: TEXT_MAX });
    }
    Ok(())
}
