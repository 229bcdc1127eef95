use ledger::deal::SupplierInvoice;
use ledger::{Amount, BoxId, ClientId, ItemName, Label, Month, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};
use crate::order::is_default;

/// The supplier of an agreement invoiced a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgreementInvoiced {
    /// Box that is charged.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Name of the agreement in the deal.
    pub agreement: ItemName,
    /// Month that is invoiced.
    pub month: Month,
    /// Whole cost of the month, zero or more.
    pub amount: Amount,
    /// Cost of the month beyond what a run has taken up, negative when less; `None` when no run has taken the month up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub correction: Option<Amount>,
    /// Reference of the supplier.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
    /// Client that entered it.
    pub by: ClientId,
}

impl AgreementInvoiced {
    /// The invoice, as a run takes it up.
    pub(in crate::exchange) const fn invoice(&self) -> SupplierInvoice {
        SupplierInvoice { agreement: self.agreement, month: self.month, amount: self.amount }
    }
}

impl EventType for AgreementInvoiced {
    const NAME: &'static str = "agreement_invoiced";
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

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.invoice(self);
    }
}
