//! Chart of accounts: the purpose of an account, its owner, and whether it may go negative.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::identity::{BankAccountId, BoxId, ContractId, EntityId, ItemName, OrganizationId};
use crate::money::Currency;

/// Whether a balance may cross to the wrong side of zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Permits either sign.
    Open,
    /// The balance never turns positive (debit): the books would owe less than nothing.
    NeverDebit,
}

/// Purpose of an account: one entry of the chart of accounts. The [code](AccountKind::code) is part of the log and the
/// database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// Balance of an account at a bank, as its statements say.
    Bank,
    /// Bookings of the bank that are not explained yet. A clearing account: zero once every booking is reconciled.
    BankUnmatched,
    /// Cash of a box that its next determination date pays out.
    BoxCash,
    /// Cash of a box that a reserve keeps.
    ReserveCash,
    /// Cash of a box that is kept from its sponsor while a covenant is broken.
    TrappedCash,
    /// Claims of a box on its clients for months that are over.
    Receivable,
    /// Cost of a box's hardware.
    Equipment,
    /// Depreciation of a box's hardware so far.
    AccumulatedDepreciation,
    /// Converted amount of each currency until the result of the conversion is booked: what conversions took less what
    /// they gave.
    CurrencyPosition,
    /// Buyers' money that is free to use.
    CustomerAvailable,
    /// Buyers' money set aside for open orders.
    CustomerHeld,
    /// Price and buyer's fee of a contract's hours that are paid and not yet delivered.
    ContractPrepayment,
    /// Security for a contract's next periods. Pays the last period; the payee keeps it if the buyer fails to pay.
    SecurityDeposit,
    /// Price and buyer's fee of spot hours that are paid and not yet delivered.
    SpotPrepayment,
    /// Earnings of sellers that are not paid out yet.
    SellerPayable,
    /// Earnings of boxes that are not paid over yet.
    BoxPayable,
    /// Money on its way to its owner, until the bank has booked it.
    PayoutInTransit,
    /// Tax that was withheld from sellers and not yet paid to the state.
    WithheldTax,
    /// Debts of a box under its agreements.
    AccruedCost,
    /// Interest that a box owes.
    AccruedInterest,
    /// Principal that a box has drawn and not repaid.
    Debt,
    /// Capital that the owners of the entity have put into it.
    Equity,
    /// Cash that the owners of the entity have been paid.
    Distribution,
    /// Fees that the exchange has earned.
    FeeRevenue,
    /// Revenue of a box's contracts.
    ContractRevenue,
    /// Other income of the entity, such as interest of the bank.
    OtherIncome,
    /// Expenses of the entity, such as the bank's charges.
    Expense,
    /// Cost of running a box.
    OperatingCost,
    /// Depreciation expense of a box's hardware.
    Depreciation,
    /// Interest expense of a box's debt.
    Interest,
    /// Differences between payments and what they were for.
    BankDifference,
}

impl AccountKind {
    /// All kinds, in the order of the chart.
    pub const ALL: [Self; 31] = [
        Self::Bank,
        Self::BankUnmatched,
        Self::BoxCash,
        Self::ReserveCash,
        Self::TrappedCash,
        Self::Receivable,
        Self::Equipment,
        Self::AccumulatedDepreciation,
        Self::CurrencyPosition,
        Self::CustomerAvailable,
        Self::CustomerHeld,
        Self::ContractPrepayment,
        Self::SecurityDeposit,
        Self::SpotPrepayment,
        Self::SellerPayable,
        Self::BoxPayable,
        Self::PayoutInTransit,
        Self::WithheldTax,
        Self::AccruedCost,
        Self::AccruedInterest,
        Self::Debt,
        Self::Equity,
        Self::Distribution,
        Self::FeeRevenue,
        Self::ContractRevenue,
        Self::OtherIncome,
        Self::Expense,
        Self::OperatingCost,
        Self::Depreciation,
        Self::Interest,
        Self::BankDifference,
    ];

    /// Returns the account's name in the chart. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bank => "1000-bank",
            Self::BankUnmatched => "1010-bank-unmatched",
            Self::BoxCash => "1020-box-cash",
            Self::ReserveCash => "1030-reserve-cash",
            Self::TrappedCash => "1040-trapped-cash",
            Self::Receivable => "1100-receivable",
            Self::Equipment => "1500-equipment",
            Self::AccumulatedDepreciation => "1590-accumulated-depreciation",
            Self::CurrencyPosition => "1900-currency-position",
            Self::CustomerAvailable => "2000-customer-available",
            Self::CustomerHeld => "2010-customer-held",
            Self::ContractPrepayment => "2100-contract-prepayment",
            Self::SecurityDeposit => "2105-security-deposit",
            Self::SpotPrepayment => "2110-spot-prepayment",
            Self::SellerPayable => "2200-seller-payable",
            Self::BoxPayable => "2210-box-payable",
            Self::PayoutInTransit => "2300-payout-in-transit",
            Self::WithheldTax => "2400-withheld-tax",
            Self::AccruedCost => "2500-accrued-cost",
            Self::AccruedInterest => "2550-accrued-interest",
            Self::Debt => "2600-debt",
            Self::Equity => "3000-equity",
            Self::Distribution => "3100-distribution",
            Self::FeeRevenue => "4000-fee-revenue",
            Self::ContractRevenue => "4100-contract-revenue",
            Self::OtherIncome => "4900-other-income",
            Self::Expense => "6000-expense",
            Self::OperatingCost => "6100-operating-cost",
            Self::Depreciation => "6200-depreciation",
            Self::Interest => "6300-interest",
            Self::BankDifference => "6900-bank-difference",
        }
    }

    /// Finds the kind with this code; `None` when there is none.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns whether the balance is guarded against overdraft.
    pub const fn guard(self) -> Guard {
        match self {
            Self::CustomerAvailable
            | Self::CustomerHeld
            | Self::ContractPrepayment
            | Self::SecurityDeposit
            | Self::SpotPrepayment
            | Self::SellerPayable
            | Self::BoxPayable
            | Self::PayoutInTransit => Guard::NeverDebit,
            Self::Bank
            | Self::BankUnmatched
            | Self::BoxCash
            | Self::ReserveCash
            | Self::TrappedCash
            | Self::Receivable
            | Self::Equipment
            | Self::AccumulatedDepreciation
            | Self::CurrencyPosition
            | Self::WithheldTax
            | Self::AccruedCost
            | Self::AccruedInterest
            | Self::Debt
            | Self::Equity
            | Self::Distribution
            | Self::FeeRevenue
            | Self::ContractRevenue
            | Self::OtherIncome
            | Self::Expense
            | Self::OperatingCost
            | Self::Depreciation
            | Self::Interest
            | Self::BankDifference => Guard::Open,
        }
    }
}

impl fmt::Display for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Error: the chart has no account with this code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chart has no such account")]
pub struct UnknownAccount;

impl FromStr for AccountKind {
    type Err = UnknownAccount;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::from_code(code).ok_or(UnknownAccount)
    }
}

text_form!(AccountKind, {"type": "string", "pattern": "^[1-6][0-9]{3}-[a-z-]+$"});

/// Subledger key: whose part of an account this is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Owner {
    /// The entity itself.
    Entity,
    /// An organization, in the operator's books.
    Organization(OrganizationId),
    /// A contract of the exchange.
    Contract(ContractId),
    /// One account at a bank.
    BankAccount(BankAccountId),
    /// One item that a box's deal names, such as a facility or an asset.
    Item(ItemName),
    /// A box, in the operator's books.
    Box(BoxId),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity => Ok(()),
            Self::Organization(id) => write!(f, "org:{id}"),
            Self::Contract(id) => write!(f, "contract:{id}"),
            Self::BankAccount(id) => write!(f, "bank:{id}"),
            Self::Item(name) => write!(f, "item:{name}"),
            Self::Box(id) => write!(f, "box:{id}"),
        }
    }
}

/// Error: the text names no owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an owner is empty, \"org:<id>\", \"contract:<id>\", \"bank:<account>\", \"item:<name>\" or \"box:<id>\"")]
pub struct InvalidOwner;

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::Entity);
        }
        match text.split_once(':') {
            Some(("org", id)) => id.parse().map(Self::Organization).map_err(|_| InvalidOwner),
            Some(("contract", id)) => {
                id.parse().map(|uuid| Self::Contract(ContractId::new(uuid))).map_err(|_| InvalidOwner)
            }
            Some(("bank", id)) => id.parse().map(Self::BankAccount).map_err(|_| InvalidOwner),
            Some(("item", name)) => name.parse().map(Self::Item).map_err(|_| InvalidOwner),
            Some(("box", id)) => id.parse().map(|uuid| Self::Box(BoxId::new(uuid))).map_err(|_| InvalidOwner),
            _ => Err(InvalidOwner),
        }
    }
}

/// Account of one entity, for one purpose and owner, in one currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Account {
    /// Entity in whose books the account is.
    pub entity: EntityId,
    /// Purpose of the account, by the chart.
    pub kind: AccountKind,
    /// Owner of this part of the account.
    pub owner: Owner,
    /// Currency of the balance; an account in two currencies is two accounts.
    pub currency: Currency,
}

/// Hashes whole words, not field by field: balances are looked up for every line.
impl Hash for Account {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(u32::from(self.kind as u8) << 24 | self.currency.number());
        if let EntityId::Box(id) = self.entity {
            id.hash(state);
        }
        match &self.owner {
            Owner::Entity => {}
            Owner::Organization(id) => id.hash(state),
            Owner::Contract(id) => id.hash(state),
            Owner::BankAccount(id) => id.hash(state),
            Owner::Item(name) => name.hash(state),
            Owner::Box(id) => id.hash(state),
        }
    }
}

impl Account {
    /// Makes an account in the operator's books.
    pub const fn operator(kind: AccountKind, owner: Owner, currency: Currency) -> Self {
        Self { entity: EntityId::Operator, kind, owner, currency }
    }

    /// Makes an account in a box's books.
    pub const fn of_box(id: BoxId, kind: AccountKind, owner: Owner, currency: Currency) -> Self {
        Self { entity: EntityId::Box(id), kind, owner, currency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_found() {
        for kind in AccountKind::ALL {
            assert_eq!(AccountKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(AccountKind::from_code("9999-nowhere"), None);
    }
}
