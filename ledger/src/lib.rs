//! Secondwind's books: double-entry accounting for every legal entity of the exchange.
//!
//! This crate owns money, accounts, journal entries, posting rules and balances. It promises that an
//! [`Entry`] it builds balances to zero per currency, that the same [`Fact`] always posts the same lines,
//! and that no arithmetic here is binary floating point.
//!
//! It must never know the clock, I/O, randomness, the order book, or how entries are stored: `ledger` is the
//! innermost crate (`ledger ← matching ← infra ← api`).

#![deny(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

#[macro_use]
mod invariant;
#[macro_use]
mod text_form;

mod account;
mod bank_statement;
mod books;
mod calendar;
mod chain;
mod correction;
pub mod deal;
mod deferred_revenue;
mod entry;
mod identity;
mod map;
mod money;
mod outside_text;
mod payment_reference;
mod posting;
mod posting_rule;
mod reconciliation;
mod rounding;
mod short_text;
mod trial_balance;

pub use account::{Account, AccountKind, Guard, InvalidOwner, Owner, UnknownAccount};
pub use bank_statement::{BankLine, BankStatement, InvalidDigest, StatedBalance, StatementDigest, StatementPeriod};
pub use books::{Books, Overdraft};
pub use calendar::{Day, Instant, InvalidTime, Month};
pub use chain::{ChainHash, ChainedEntry, chain};
pub use correction::{Correction, InvalidCorrection};
pub use deferred_revenue::{DEFERRED_REVENUE, Movement};
pub use entry::{Entry, Line, Unbalanced};
pub use identity::{
    BankAccountId, BoxId, ClientId, ContractId, DepositId, EntityId, InvalidBankAccount, InvalidClient, InvalidEntity,
    InvalidItemName, InvalidName, ItemName, JournalId, OrganizationId, PayoutId, ReconciliationId, StatementId,
    TransferId,
};
pub use invariant::{Invariant, Violation, checked, exact};
pub use map::{Map, Set};
pub use money::{Amount, AmountError, Currency, InvalidCurrency};
pub use outside_text::{BankText, FromLog, InvalidBankText, InvalidLabel, Label, from_log};
pub use payment_reference::{InvalidReference, PaymentReference};
pub use posting::{
    Accrual, CashMove, ClosedAccount, Credit, Delivery, Earned, Fact, JournalLine, Payee, Redress, SpotDelivery, post,
};
pub use posting_rule::{DescribedRule, PostingRule, RULES};
pub use reconciliation::{MatchRule, OpenItem, Proposal, propose};
pub use rounding::{share_ceil, share_floor, split};
pub use short_text::ShortText;
pub use text_form::deserialize_from_str;
pub use trial_balance::{TrialBalance, TrialBalanceRow};
