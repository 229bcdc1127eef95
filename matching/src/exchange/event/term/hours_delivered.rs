use std::collections::BTreeMap;

use ledger::{Amount, BoxId, ContractId, Credit, Currency, Delivery, Earned, Fact, OrganizationId, Redress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::Assignee;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{ContractHour, Exchange, HourShortfall, Parties};
use crate::hours::Hour;
use crate::market::MarketId;

/// An hour of a market's contracts was delivered, by record. A market with many contracts has several events per hour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HoursDelivered {
    /// Market in which the contracts traded.
    pub market: MarketId,
    /// Hour that was delivered.
    pub hour: Hour,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Contracts with what each earned.
    pub contracts: Vec<ContractHour>,
}

impl EventType for HoursDelivered {
    const NAME: &'static str = "hours_delivered";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        None
    }

    fn parties(&self) -> Parties {
        let sellers: Vec<OrganizationId> = self.contracts.iter().map(|hour| hour.seller).collect();
        let bought = self.contracts.iter().map(|hour| hour.contract).collect();
        Parties { bought, ..Parties::named(&sellers) }
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnHours::of(self, reader.organization, reader.bought))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        hours_delivered(self, |fact| facts.state(fact, self.currency, self.hour.day()));
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(market) = exchange.venue.key(self.market) else { return };
        for hour in &self.contracts {
            let Some(key) = exchange.contract_keys.get(&hour.contract).copied() else { continue };
            let contract = &mut exchange.contracts[key as usize];
            contract.delivered += 1;
            if let Some(shortfall) = &hour.shortfall {
                contract.undelivered_minutes += u64::from(shortfall.gpu_minutes);
                contract.owed.credit -= shortfall.recovered;
                contract.owed.penalty += shortfall.penalty - shortfall.penalty_paid;
            }
            if contract.is_complete() {
                let traded = (contract.sequence, contract.price);
                let last = &mut exchange.venue.at_mut(market).last_completed;
                *last = (*last).max(Some(traded));
                exchange.end_contract(hour.contract);
            } else {
                exchange.deliveries.set(key, (contract.next_hour(), market));
            }
        }
    }
}

/// Delivered hour with one organization's contracts only.
#[derive(Serialize)]
struct OwnHours {
    market: MarketId,
    hour: Hour,
    currency: Currency,
    contracts: Vec<OwnContractHour>,
}

/// Part of a delivered hour for one contract, with the reader's fee only.
#[derive(Serialize)]
struct OwnContractHour {
    contract: ContractId,
    seller: OrganizationId,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
    completed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<HourShortfall>,
}

impl OwnHours {
    fn of(e: &HoursDelivered, reader: OrganizationId, bought: &[ContractId]) -> Self {
        let own = |hour: &ContractHour| {
            let (is_bought, is_sold) = (bought.contains(&hour.contract), hour.seller == reader);
            (is_bought || is_sold).then_some(OwnContractHour {
                contract: hour.contract,
                seller: hour.seller,
                amount: hour.amount,
                buyer_fee: is_bought.then_some(hour.buyer_fee),
                seller_fee: is_sold.then_some(hour.seller_fee),
                completed: hour.completed,
                shortfall: hour.shortfall.clone(),
            })
        };
        let contracts = e.contracts.iter().filter_map(own).collect();
        Self { market: e.market, hour: e.hour, currency: e.currency, contracts }
    }
}

/// States the facts of a delivered hour: earnings, credits, payments for time not delivered, and the earnings of boxes.
fn hours_delivered(e: &HoursDelivered, mut state: impl FnMut(&Fact<'_>)) {
    let delivery = |hour: &ContractHour| Delivery {
        contract: hour.contract,
        payee: Assignee::payee(hour.assignee, hour.seller),
        amount: hour.amount,
        buyer_fee: hour.buyer_fee,
        seller_fee: hour.seller_fee,
    };
    let earns =
        |hour: &&ContractHour| [hour.amount, hour.buyer_fee, hour.seller_fee].iter().any(|part| !part.is_zero());
    let deliveries: Vec<Delivery> = e.contracts.iter().filter(earns).map(delivery).collect();
    if !deliveries.is_empty() {
        state(&Fact::HoursDelivered { deliveries: &deliveries });
    }
    let shortfalls = || e.contracts.iter().filter_map(|hour| Some((hour, hour.shortfall.as_ref()?)));
    let credit = |(hour, shortfall): (&ContractHour, &HourShortfall)| Credit {
        contract: hour.contract,
        buyer: shortfall.buyer,
        amount: shortfall.credit,
    };
    let credits: Vec<Credit> = shortfalls().map(credit).filter(|credit| credit.amount > Amount::ZERO).collect();
    if !credits.is_empty() {
        state(&Fact::HoursCredited { credits: &credits });
    }
    let redress = |amount: fn(&HourShortfall) -> Amount| {
        let paid = shortfalls().filter(|(_, shortfall)| amount(shortfall) > Amount::ZERO);
        let redress = paid.map(|(hour, shortfall)| Redress {
            contract: hour.contract,
            payee: Assignee::payee(hour.assignee, hour.seller),
            buyer: shortfall.buyer,
            amount: amount(shortfall),
        });
        redress.collect::<Vec<_>>()
    };
    let recovered = redress(|shortfall| shortfall.recovered);
    if !recovered.is_empty() {
        state(&Fact::CreditRecovered { redress: &recovered });
    }
    let penalties = redress(|shortfall| shortfall.penalty_paid);
    if !penalties.is_empty() {
        state(&Fact::PenaltyPaid { redress: &penalties });
    }
    let mut boxes: BTreeMap<BoxId, Vec<Earned>> = BTreeMap::new();
    for (hour, to) in e.contracts.iter().filter_map(|hour| Some((hour, hour.assignee?))) {
        let given = hour.shortfall.as_ref().map(|shortfall| shortfall.recovered + shortfall.penalty_paid);
        let amount = hour.amount - hour.seller_fee - given.unwrap_or_default();
        if !amount.is_zero() {
            boxes.entry(to.box_id).or_default().push(Earned { contract: hour.contract, name: to.name, amount });
        }
    }
    for (box_id, earned) in boxes {
        state(&Fact::BoxEarned { box_id, earned: &earned });
    }
}
