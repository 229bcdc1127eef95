//! What the events of a run come to: over HTTP the read models of the database, here folds of the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use infra::journal::LogRow;
use infra::own_events::OwnEvent;
use infra::projection::ContractChange;
use ledger::{ContractId, OrganizationId};
use matching::{Event, MarketId, OutageId};
use uuid::Uuid;

use super::log::RunLog;
use crate::problem::Problem;
use crate::request::{Page, PageSpan, position};
use crate::resources::contracts::ContractRecord;
use crate::resources::lots::LotBody;
use crate::resources::orders::OrderBody;
use crate::resources::outages::OutageBody;
use crate::resources::spot::AuctionBody;

/// Things in the order in which they came into being, to be found by their ids.
pub(super) struct Shelf<T> {
    items: Vec<(i64, T)>,
    places: BTreeMap<Uuid, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T> Shelf<T> {
    fn put(&mut self, id: Uuid, sequence: u64, item: T) {
        self.places.insert(id, self.items.len());
        self.items.push((position(sequence), item));
    }

    /// The thing of this id.
    pub fn find(&self, id: Uuid) -> Option<&T> {
        self.places.get(&id).map(|place| &self.items[*place].1)
    }

    fn find_mut(&mut self, id: Uuid) -> Option<&mut T> {
        self.places.get(&id).map(|place| &mut self.items[*place].1)
    }

    /// All things, oldest first, each with its position in lists.
    pub fn all(&self) -> impl Iterator<Item = (i64, &T)> {
        self.items.iter().map(|(position, item)| (*position, item))
    }
}

/// An order with its owner, which the order as it is shown does not say.
pub(super) struct OwnOrder {
    pub organization: OrganizationId,
    pub order: OrderBody,
}

/// An event of an organization's own: its place in the log, and which of its contracts are the organization's as buyer.
struct OwnPlace {
    row: usize,
    bought: Vec<ContractId>,
}

/// What the events have come to.
#[derive(Default)]
pub(super) struct History {
    pub orders: Shelf<OwnOrder>,
    pub contracts: Shelf<ContractRecord>,
    pub lots: Shelf<LotBody>,
    pub outages: Shelf<OutageBody>,
    pub auctions: Vec<(i64, MarketId, AuctionBody)>,
    buyers: BTreeMap<ContractId, OrganizationId>,
    own_events: BTreeMap<OrganizationId, Vec<OwnPlace>>,
    followed: usize,
}

impl History {
    /// Whether the trade that made this contract was undone.
    pub fn is_busted(&self, contract: ContractId) -> bool {
        self.contracts.find(contract.uuid()).is_some_and(ContractRecord::is_busted)
    }

    /// Who bought a contract.
    pub fn buyer_of(&self, contract: ContractId) -> Option<OrganizationId> {
        self.buyers.get(&contract).copied()
    }

    /// Takes up what the log has grown by.
    pub fn follow(&mut self, log: &RunLog) {
        for (place, row) in log.rows().iter().enumerate().skip(self.followed) {
            self.fold(row);
            self.index(place, &row.record.event);
        }
        self.followed = log.rows().len();
    }

    fn fold(&mut self, row: &LogRow) {
        let (sequence, at) = (row.record.sequence, row.record.at.to_string());
        let event = &row.record.event;
        for (contract, change) in ContractChange::of(event) {
            if let Some(contract) = self.contracts.find_mut(contract.uuid()) {
                contract.follow(change);
            }
        }
        match event {
            Event::LotRegistered(lot) => self.lots.put(lot.lot.uuid(), sequence, LotBody::from(lot)),
            Event::LotWithdrawn(lot) => self.lots.find_mut(lot.lot.uuid()).into_iter().for_each(LotBody::withdraw),
            Event::LotExpired(lot) => self.lots.find_mut(lot.lot.uuid()).into_iter().for_each(LotBody::expire),
            Event::OrderPlaced(placed) => {
                let order = OrderBody::placed(placed, at, sequence);
                self.orders.put(placed.order.uuid(), sequence, OwnOrder { organization: placed.organization, order });
            }
            Event::SpotOrderPlaced(placed) => {
                let order = OrderBody::spot_placed(placed, at, sequence);
                self.orders.put(placed.order.uuid(), sequence, OwnOrder { organization: placed.organization, order });
            }
            Event::OrderAmended(amended) => self.order_follows([amended.order.uuid()], event),
            Event::OrderClosed(closed) => self.order_follows([closed.order.uuid()], event),
            Event::SpotInterrupted(interrupted) => self.order_follows([interrupted.order.uuid()], event),
            Event::SpotBidSuspended(suspended) => self.order_follows([suspended.order.uuid()], event),
            Event::SpotBidResumed(resumed) => self.order_follows([resumed.order.uuid()], event),
            Event::SpotHoursSold(sold) => {
                let sides = sold.sales.iter().flat_map(|sale| [sale.bid.uuid(), sale.ask.uuid()]);
                let mut sides: Vec<Uuid> = sides.collect();
                sides.sort_unstable();
                sides.dedup();
                self.order_follows(sides, event);
            }
            Event::TradeExecuted(trade) => {
                self.order_follows([trade.bid.uuid(), trade.ask.uuid()], event);
                self.contracts.put(trade.contract.uuid(), sequence, ContractRecord::from(trade));
                self.buyers.insert(trade.contract, trade.buyer);
            }
            Event::ContractBusted(busted) => self.order_follows([busted.ask.uuid()], event),
            Event::ContractTerminated(ended) => self.order_follows([ended.ask.uuid()], event),
            Event::OutageOpened(opened) => {
                self.outages.put(opened.outage.uuid(), sequence, OutageBody::opened(opened, row.record.at));
            }
            Event::OutageRestored(restored) => self.outage_follows(restored.outage, event),
            Event::OutageSettled(settled) => self.outage_follows(settled.outage, event),
            Event::OutageDismissed(dismissed) => self.outage_follows(dismissed.outage, event),
            Event::SpotAuctionHeld(_) | Event::SpotAuctionMissed(_) => {
                let auction = AuctionBody::of_event(event);
                self.auctions.extend(auction.map(|(market, auction)| (position(sequence), market, auction)));
            }
            // What the others come to is read from the state.
            _ => {}
        }
    }

    fn outage_follows(&mut self, outage: OutageId, event: &Event) {
        if let Some(outage) = self.outages.find_mut(outage.uuid()) {
            outage.follow(event);
        }
    }

    fn order_follows(&mut self, orders: impl IntoIterator<Item = Uuid>, event: &Event) {
        for id in orders {
            if let Some(own) = self.orders.find_mut(id) {
                own.order.follow(event);
            }
        }
    }

    /// Notes whom an event concerns.
    fn index(&mut self, row: usize, event: &Event) {
        let parties = event.parties();
        let mut own: BTreeMap<OrganizationId, Vec<ContractId>> = BTreeMap::new();
        for organization in parties.organizations {
            own.entry(organization).or_default();
        }
        for contract in parties.bought {
            if let Some(buyer) = self.buyers.get(&contract) {
                own.entry(*buyer).or_default().push(contract);
            }
        }
        for (organization, bought) in own {
            self.own_events.entry(organization).or_default().push(OwnPlace { row, bought });
        }
    }

    /// An organization's own events of a span, one more than its page takes.
    pub fn own_events(&self, rows: &[Arc<LogRow>], reader: OrganizationId, span: PageSpan) -> Vec<OwnEvent> {
        let places = self.own_events.get(&reader).into_iter().flatten();
        let after = places.skip_while(|place| position(rows[place.row].record.sequence) <= span.after);
        let events = after.filter_map(|place| {
            let record = &rows[place.row].record;
            Some(OwnEvent {
                sequence: record.sequence,
                at: record.at,
                name: record.event.name(),
                version: record.event.version(),
                data: record.event.part_of(reader, &place.bought)?,
            })
        });
        events.take(usize::try_from(span.fetch()).unwrap_or(usize::MAX)).collect()
    }
}

/// The page of those of `items` that stand after the span's position.
pub(super) fn page<T, B>(
    span: PageSpan,
    items: impl Iterator<Item = (i64, T)>,
    body: impl Fn(&T) -> Result<B, Problem>,
) -> Result<Page<B>, Problem> {
    let rows: Vec<(i64, T)> = items.filter(|(position, _)| *position > span.after).take(span.fetch_items()).collect();
    span.page(&rows, |(position, _)| *position, |(_, item)| body(item))
}
