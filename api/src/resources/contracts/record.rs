//! A contract as its events leave it, before somebody looks at it at some time.

use infra::projection::ContractChange;
use jiff::Timestamp;
use ledger::{Amount, BoxId, ContractId, Instant, OrganizationId};
use matching::{Hour, Price, TradeExecuted};
use tokio_postgres::Row;
use uuid::Uuid;

use super::ContractBody;
use crate::problem::Problem;
use crate::wire::{WindowBody, amount, instant, price, window_between};

/// A contract as its events leave it.
#[derive(Clone)]
pub(crate) struct ContractRecord {
    id: Uuid,
    buyer: String,
    seller: String,
    lot: Uuid,
    head: Option<Uuid>,
    market: String,
    gpus: u32,
    price: Price,
    window: WindowBody,
    currency: String,
    total: Amount,
    billing: Option<String>,
    /// What has happened to it since, its first payment included. Of a row, that its seller is another than before is told already.
    life: ContractChange,
}

/// The columns that [`ContractRecord::of_row`] reads, and the sequence that lists go by.
pub(super) const COLUMNS: &str = "id, buyer, seller, lot, head, market, gpus, price, window_start, window_end, currency, \
                                  total, recognized, credited, refunded, billing, paid, paid_until, missed_charges, \
                                  deposit, delivered_hours, undelivered_minutes, penalties, owed, ready, endpoint, ends, \
                                  termination, box, sequence";

impl From<&TradeExecuted> for ContractRecord {
    fn from(trade: &TradeExecuted) -> Self {
        Self {
            id: trade.contract.uuid(),
            buyer: trade.buyer.to_string(),
            seller: trade.seller.to_string(),
            lot: trade.lot.uuid(),
            head: trade.head.map(ContractId::uuid),
            market: trade.market.to_string(),
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            currency: trade.currency.to_string(),
            total: trade.amount + trade.buyer_fee,
            billing: trade.advance.map(|advance| advance.billing.name().to_owned()),
            life: ContractChange {
                paid: trade.prepaid(),
                paid_until: Some(trade.paid_until()),
                deposit: trade.deposit(),
                ..ContractChange::default()
            },
        }
    }
}

impl ContractRecord {
    /// A row of the read model.
    pub(super) fn of_row(row: &Row) -> Result<Self, Problem> {
        let number = |column: &str| u32::try_from(row.get::<_, i32>(column)).unwrap_or(0);
        let hour = |time: Timestamp| Hour::containing(instant(time));
        Ok(Self {
            id: row.get("id"),
            buyer: row.get("buyer"),
            seller: row.get("seller"),
            lot: row.get("lot"),
            head: row.get("head"),
            market: row.get("market"),
            gpus: number("gpus"),
            price: price(row.get("price"))?,
            window: window_between(row.get("window_start"), row.get("window_end")),
            currency: row.get("currency"),
            total: amount(row.get("total"))?,
            billing: row.get("billing"),
            life: ContractChange {
                hours: number("delivered_hours"),
                recognized: amount(row.get("recognized"))?,
                paid: amount(row.get("paid"))?,
                deposit: amount(row.get("deposit"))?,
                credited: amount(row.get("credited"))?,
                refunded: amount(row.get("refunded"))?,
                penalties: amount(row.get("penalties"))?,
                owed: amount(row.get("owed"))?,
                undelivered_minutes: row.get("undelivered_minutes"),
                missed_charges: number("missed_charges"),
                charged: false,
                paid_until: Some(hour(row.get("paid_until"))),
                novated: None,
                assigned: row.get::<_, Option<Uuid>>("box").map(|id| Some(BoxId::new(id))),
                ready: row.get::<_, Option<Timestamp>>("ready").map(instant),
                endpoint: row.get("endpoint"),
                ends: row.get::<_, Option<Timestamp>>("ends").map(hour),
                termination: row.get::<_, Option<&str>>("termination").and_then(ContractChange::termination_named),
            },
        })
    }

    /// Takes up what an event changed.
    pub(crate) fn follow(&mut self, change: ContractChange) {
        if let Some((seller, head)) = change.novated {
            (self.seller, self.head) = (seller.to_string(), head.map(ContractId::uuid));
        }
        self.life.then(change);
    }

    /// Whether its trade was undone.
    pub(crate) fn is_busted(&self) -> bool {
        self.life.is_busted()
    }

    /// Whether an organization is one of its two sides.
    pub(crate) fn concerns(&self, organization: OrganizationId) -> bool {
        [self.buyer.as_str(), self.seller.as_str()].contains(&organization.as_str())
    }

    /// The contract as `reader` sees it at `now`.
    pub(crate) fn shown(self, reader: OrganizationId, now: Instant) -> ContractBody {
        let (window, life) = (self.window, self.life);
        let is_terminated = life.termination.is_some();
        let status = if is_terminated {
            "terminated"
        } else if life.hours >= window.end.hours() - window.start.hours() {
            "completed"
        } else if window.start.start() <= now {
            "active"
        } else {
            "pending"
        };
        ContractBody {
            id: self.id,
            head: self.head.filter(|_| self.seller == reader.as_str()),
            buyer: self.buyer,
            seller: self.seller,
            lot: self.lot,
            market: self.market,
            gpus: self.gpus,
            price: self.price,
            window,
            status,
            termination: life.termination,
            ends: life.ends,
            currency: self.currency,
            total: self.total,
            prepaid: life.paid,
            recognized: life.recognized,
            credited: life.credited,
            remaining: if is_terminated { Amount::ZERO } else { self.total - life.recognized - life.credited },
            refunded: life.refunded,
            billing: self.billing,
            paid_until: life.paid_until.unwrap_or(window.end),
            missed_charges: life.missed_charges,
            deposit: life.deposit,
            delivered_hours: life.hours,
            undelivered_gpu_minutes: life.undelivered_minutes,
            penalties: life.penalties,
            owed_by_seller: life.owed,
            ready: life.ready,
            endpoint: life.endpoint,
            box_id: life.assigned.flatten().map(BoxId::uuid),
        }
    }
}
