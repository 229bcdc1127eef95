use ledger::{
    AccountKind, Amount, BankAccountId, ClientId, Currency, Day, Fact, MatchRule, OrganizationId, ReconciliationId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::bank::OwnReconciliation;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, MatchedItem, MatchedLine, MatchedTarget, Parties};
use crate::order::is_default;

/// Bookings were explained.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reconciled {
    /// Id of the reconciliation.
    pub reconciliation: ReconciliationId,
    /// Account at the bank that the bookings are on.
    pub account: BankAccountId,
    /// Currency of the account.
    pub currency: Currency,
    /// Bookings with the part of each that is explained.
    pub lines: Vec<MatchedLine>,
    /// Items that they were for.
    pub items: Vec<MatchedItem>,
    /// Bookings less items: positive was paid too much, negative too little.
    #[serde(default, skip_serializing_if = "is_default")]
    pub difference: Amount,
    /// Reason why bookings and items belong together.
    pub rule: MatchRule,
    /// Day on which the books date it: that of the latest booking, or the first of the open month. `None` in events of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Client that entered it; `None` when the bookings explained themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ClientId>,
}

impl Reconciled {
    /// Returns the organizations whose money it is about.
    pub fn organizations(&self) -> Vec<OrganizationId> {
        self.items.iter().filter_map(MatchedItem::organization).collect()
    }
}

impl EventType for Reconciled {
    const NAME: &'static str = "reconciled";
    const VERSION: u16 = 3;
    const READ_FROM: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::BankAccount(self.account)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.reconciliation.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&self.organizations())
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnReconciliation::of(self, None, reader.organization))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by?))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let day = self.day.unwrap_or(facts.today);
        for fact in reconciled(self) {
            facts.state(&fact, self.currency, day);
        }
    }

    fn apply(&self, exchange: &mut Exchange, stamp: Stamp) {
        exchange.bank.reconcile(self, stamp.sequence);
    }
}

/// Lists the facts of a reconciliation: one per item, and one for the difference.
pub(super) fn reconciled(e: &Reconciled) -> Vec<Fact<'static>> {
    let account = e.account;
    let fact = |item: &MatchedItem| match &item.target {
        MatchedTarget::Deposit { organization, .. } | MatchedTarget::Organization { organization } => {
            Fact::DepositMatched { account, organization: *organization, amount: item.amount }
        }
        MatchedTarget::Recorded { .. } => Fact::DepositConfirmed { account, amount: item.amount },
        MatchedTarget::Payout { organization, .. } => {
            Fact::PayoutMatched { account, organization: *organization, amount: -item.amount }
        }
        MatchedTarget::Box { box_id } => Fact::BoxPaymentMatched { account, box_id: *box_id, amount: -item.amount },
        MatchedTarget::Account { account: AccountKind::CurrencyPosition } => {
            Fact::CurrencyConverted { account, amount: item.amount }
        }
        MatchedTarget::Account { account: kind } => Fact::BankExplained { account, kind: *kind, amount: item.amount },
    };
    let mut facts: Vec<Fact<'static>> = e.items.iter().map(fact).collect();
    if !e.difference.is_zero() {
        facts.push(Fact::BankDifference { account, amount: e.difference });
    }
    facts
}
