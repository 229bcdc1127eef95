use ledger::deal::{Funding, ItemAmount};
use ledger::{BoxId, ClientId, Currency, Day, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A box's deal closed: what it draws and buys on the first day is in its books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DealClosed {
    /// Box whose deal it is.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Client that entered it.
    pub by: ClientId,
    /// Day on which the books date it.
    pub day: Day,
    /// Amounts drawn, bought and set aside at the closing.
    pub funding: Funding,
}

impl EventType for DealClosed {
    const NAME: &'static str = "deal_closed";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Box(self.box_id)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.box_id.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::default()
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::none()
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        for fact in funded(self.box_id, &self.funding) {
            facts.state(&fact, self.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.change_box(self.box_id, |boxes| boxes.close(self));
    }
}

/// Lists the facts of what a box draws, buys and sets aside.
pub(super) fn funded(box_id: BoxId, funding: &Funding) -> Vec<Fact<'static>> {
    let amount = funding.contributed;
    let contributed = (!amount.is_zero()).then_some(Fact::BoxContributed { box_id, amount });
    let drawn = funding.draws.iter().map(|draw| {
        let ItemAmount { name: facility, amount } = *draw;
        Fact::DebtDrawn { box_id, facility, amount }
    });
    let bought = funding.assets.iter().map(|asset| {
        let ItemAmount { name: asset, amount } = *asset;
        Fact::AssetBought { box_id, asset, amount }
    });
    let set_aside = funding.reserves.iter().map(|reserve| {
        let ItemAmount { name: reserve, amount } = *reserve;
        Fact::ReserveFunded { box_id, reserve, amount }
    });
    contributed.into_iter().chain(drawn).chain(bought).chain(set_aside).collect()
}
