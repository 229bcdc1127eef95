//! What each side of a contract sees of its charges and its end.

use ledger::{Amount, BoxId, ContractId, Currency, Instant, Label, OrganizationId};
use serde::Serialize;

use crate::exchange::{
    ChargeMissed, ContractAssigned, ContractTerminated, OutageSettled, PeriodCharged, TerminationCause,
};
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId, OutageId};
use crate::market::MarketId;

/// A paid period as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnCharge {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    period: Window,
    currency: Currency,
    amount: Amount,
    #[serde(flatten)]
    paid: Option<BuyersCharge>,
}

/// What only the buyer sees of a paid period.
#[derive(Serialize)]
struct BuyersCharge {
    buyer_fee: Amount,
    from_available: Amount,
    from_payable: Amount,
    from_deposit: Amount,
    deposit_returned: Amount,
}

impl OwnCharge {
    pub fn of(e: &PeriodCharged, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            period: e.period,
            currency: e.currency,
            amount: e.amount,
            paid: (reader == e.buyer).then_some(BuyersCharge {
                buyer_fee: e.buyer_fee,
                from_available: e.from_available,
                from_payable: e.from_payable,
                from_deposit: e.from_deposit,
                deposit_returned: e.deposit_returned,
            }),
        }
    }
}

/// A missed charge as one of the two sides sees it: the seller that, and until when, but not what the buyer has.
#[derive(Serialize)]
pub(super) struct OwnMissedCharge {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    period: Window,
    next_try: Instant,
    #[serde(flatten)]
    owed: Option<Owed>,
}

/// What only the buyer sees of a missed charge.
#[derive(Serialize)]
struct Owed {
    currency: Currency,
    due: Amount,
    available: Amount,
}

impl OwnMissedCharge {
    pub fn of(e: &ChargeMissed, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            period: e.period,
            next_try: e.next_try,
            owed: (reader == e.buyer).then_some(Owed { currency: e.currency, due: e.due, available: e.available }),
        }
    }
}

/// An assignment to a box as both sides see it: not who entered it.
#[derive(Serialize)]
pub(super) struct OwnAssignment {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    r#box: BoxId,
    from: Hour,
}

impl OwnAssignment {
    pub const fn of(e: &ContractAssigned) -> Self {
        let ContractAssigned { contract, market, buyer, seller, to, from, .. } = *e;
        Self { contract, market, buyer, seller, r#box: to.r#box, from }
    }
}

/// The end of a contract before its time as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnTermination {
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    undelivered: Window,
    cause: TerminationCause,
    currency: Currency,
    deposit_forfeited: Amount,
    #[serde(flatten)]
    bought: Option<BuyersTermination>,
    #[serde(flatten)]
    sold: Option<SellersTermination>,
}

/// What only the buyer sees of it.
#[derive(Serialize)]
struct BuyersTermination {
    refund: Amount,
    deposit_returned: Amount,
}

/// What only the seller sees of it.
#[derive(Serialize)]
struct SellersTermination {
    ask: OrderId,
    ask_sold_gpus: Option<u32>,
}

impl OwnTermination {
    pub fn of(e: &ContractTerminated, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            undelivered: e.undelivered,
            cause: e.cause,
            currency: e.currency,
            deposit_forfeited: e.deposit_forfeited,
            bought: (reader == e.buyer)
                .then_some(BuyersTermination { refund: e.refund, deposit_returned: e.deposit_returned }),
            sold: (reader == e.seller).then_some(SellersTermination { ask: e.ask, ask_sold_gpus: e.ask_sold_gpus }),
        }
    }
}

/// An outage that counts as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnSettlement {
    outage: OutageId,
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    ruling: Option<Label>,
    gpus: u32,
    from: Instant,
    until: Option<Instant>,
    currency: Currency,
    gpu_minutes: u64,
    amount: Amount,
    penalty: Amount,
    penalty_paid: Amount,
    from_seller: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
}

impl OwnSettlement {
    pub fn of(e: &OutageSettled, reader: OrganizationId) -> Self {
        Self {
            outage: e.outage,
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            ruling: e.ruling.clone(),
            gpus: e.gpus,
            from: e.from,
            until: e.until,
            currency: e.currency,
            gpu_minutes: e.gpu_minutes,
            amount: e.amount,
            penalty: e.penalty,
            penalty_paid: e.penalty_paid,
            from_seller: e.from_seller,
            buyer_fee: (reader == e.buyer).then_some(e.buyer_fee),
            seller_fee: (reader == e.seller).then_some(e.seller_fee),
        }
    }
}
