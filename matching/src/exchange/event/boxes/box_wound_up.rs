use ledger::{Amount, BoxId, ClientId, ClosedAccount, Currency, Day, Fact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};

/// A box was wound up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxWoundUp {
    /// Box that is wound up.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Client that entered it.
    pub by: ClientId,
    /// Day on which the books date it.
    pub day: Day,
    /// Hardware that its sponsor gets, at its depreciated cost.
    pub hardware: Amount,
    /// Claims on its clients that were never paid.
    pub written_off: Amount,
    /// Accounts with a balance, all of which are closed.
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
