//! What the events of a run come to: the same records that a server keeps in its read models, here in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use infra::journal::LogRow;
use infra::read_models::{
    AuctionRecord, ContractRecord, Fill, Followed, LotRecord, OrderRecord, OutageRecord, OwnEvent, Recorded as _,
    SaleRecord, Shelf, TradeRecord, concerned,
};
use ledger::{ContractId, OrganizationId};
use matching::{OrderId, Record};
use wire::page::Page;

use super::log::RunLog;
use crate::problem::Problem;
use crate::request::{PageSpan, position};

/// An event of an organization's own: its place in the log, and which of its contracts are the organization's as buyer.
struct OwnPlace {
    row: usize,
    bought: Vec<ContractId>,
}

/// What the events have come to.
#[derive(Default)]
pub(super) struct History {
    pub orders: Shelf<OrderRecord>,
    pub trades: Shelf<TradeRecord>,
    pub contracts: Shelf<ContractRecord>,
    pub lots: Shelf<LotRecord>,
    pub outages: Shelf<OutageRecord>,
    pub auctions: Vec<AuctionRecord>,
    pub sales: Vec<SaleRecord>,
    fills: BTreeMap<OrderId, Vec<Fill>>,
    own_events: BTreeMap<OrganizationId, Vec<OwnPlace>>,
    followed: usize,
}

impl History {
    /// Takes up what the log has grown by.
    pub fn follow(&mut self, log: &RunLog) {
        for (place, row) in log.rows().iter().enumerate().skip(self.followed) {
            self.follow_one(place, &row.record);
        }
        self.followed = log.rows().len();
    }

    fn follow_one(&mut self, row: usize, record: &Record) {
        self.orders.follow(record);
        self.trades.follow(record);
        self.contracts.follow(record);
        self.lots.follow(record);
        self.outages.follow(record);
        self.auctions.extend(AuctionRecord::begun_by(record));
        self.sales.extend(SaleRecord::begun_by(record));
        for fill in Fill::all_of(&record.event) {
            self.fills.entry(fill.order).or_default().push(fill);
        }
        let buyer_of = |contract| self.contracts.find(contract).map(|contract| contract.buyer);
        for (organization, bought) in concerned(record.event.parties(), buyer_of) {
            self.own_events.entry(organization).or_default().push(OwnPlace { row, bought });
        }
    }

    /// What an order has traded, oldest first.
    pub fn fills(&self, order: OrderId) -> &[Fill] {
        self.fills.get(&order).map_or(&[], Vec::as_slice)
    }

    /// An organization's own events of a span, one more than its page takes.
    pub fn own_events(&self, rows: &[Arc<LogRow>], reader: OrganizationId, span: PageSpan) -> Vec<OwnEvent> {
        let places = self.own_events.get(&reader).into_iter().flatten();
        let after = places.skip_while(|place| position(rows[place.row].record.sequence) <= span.after);
        let events = after.filter_map(|place| OwnEvent::of(&rows[place.row].record, reader, &place.bought));
        events.take(span.fetch_items()).collect()
    }
}

/// The records of a shelf, oldest first, each with its position in lists.
pub(super) fn listed<T: Followed>(shelf: &Shelf<T>) -> impl Iterator<Item = (i64, &T)> {
    shelf.all().iter().map(|record| (position(record.sequence()), record))
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
