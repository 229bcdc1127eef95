use ledger::{Amount, BoxId, ClientId, ClosedAccount, Currency, Day, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A box came to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxWoundUp {
    /// The box.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// In what currency.
    pub currency: Currency,
    /// The client that entered it.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
    /// What its sponsor gets of the hardware, at its depreciated cost.
    pub hardware: Amount,
    /// What its clients never paid.
    pub written_off: Amount,
    /// Its accounts, which are closed.
    pub accounts: Vec<ClosedAccount>,
}

impl EventType for BoxWoundUp {
    const NAME: &'static str = "box_wound_up";
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
        let accounts = &self.accounts;
        if !accounts.is_empty() {
            facts.state(&Fact::BoxWoundUp { box_id: self.box_id, accounts }, self.currency, self.day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.wind_up(self.box_id);
    }
}
