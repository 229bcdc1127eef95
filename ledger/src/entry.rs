//! Journal entries: balanced sets of signed lines in one entity's books.

use smallvec::SmallVec;

use crate::account::Account;
use crate::calendar::Day;
use crate::correction::Correction;
use crate::identity::{BoxId, ContractId, EntityId};
use crate::money::Amount;
use crate::posting_rule::PostingRule;

/// Line of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Account that the line moves.
    pub account: Account,
    /// Signed amount: debit positive, credit negative, never zero, at most [`Amount::LINE_MAX`] in magnitude.
    pub amount: Amount,
    /// Contract that the line concerns, where the entry covers several; `None` otherwise.
    pub contract: Option<ContractId>,
}

/// Journal entry that balances to zero per currency.
///
/// Only [`Entry::new`] makes one, so an unbalanced entry cannot exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    entity: EntityId,
    rule: PostingRule,
    effective: Day,
    contract: Option<ContractId>,
    box_id: Option<BoxId>,
    corrects: Option<Correction>,
    lines: SmallVec<[Line; 4]>,
}

/// Reason why a set of lines is not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// Fewer than two lines.
    #[error("an entry has at least two lines")]
    TooFewLines,
    /// A currency's lines do not add up to zero.
    #[error("the lines do not add up to zero")]
    Sum,
    /// A line belongs to another entity's books.
    #[error("a line belongs to another entity")]
    ForeignLine,
    /// A line is zero or beyond [`Amount::LINE_MAX`].
    #[error("a line is zero or too large")]
    LineAmount,
}

impl Entry {
    /// Makes an entry of these lines. `contract` is set when all of it concerns one contract.
    ///
    /// # Errors
    /// [`Unbalanced`] names the first property of an entry that the lines lack.
    pub fn new(
        entity: EntityId,
        rule: PostingRule,
        effective: Day,
        contract: Option<ContractId>,
        lines: SmallVec<[Line; 4]>,
    ) -> Result<Self, Unbalanced> {
        if lines.len() < 2 {
            return Err(Unbalanced::TooFewLines);
        }
        if lines.iter().any(|line| line.account.entity != entity) {
            return Err(Unbalanced::ForeignLine);
        }
        if lines.iter().any(|line| line.amount.is_zero() || line.amount.abs() > Amount::LINE_MAX) {
            return Err(Unbalanced::LineAmount);
        }
        let sums_to_zero = |currency| {
            let of_currency = lines.iter().filter(|line| line.account.currency == currency);
            of_currency.map(|line| line.amount).sum::<Amount>().is_zero()
        };
        let first = lines[0].account.currency;
        let one_currency = lines.iter().all(|line| line.account.currency == first);
        let balanced = if one_currency {
            sums_to_zero(first)
        } else {
            lines.iter().all(|line| sums_to_zero(line.account.currency))
        };
        if !balanced {
            return Err(Unbalanced::Sum);
        }
        let box_id = match entity {
            EntityId::Operator => None,
            EntityId::Box(id) => Some(id),
        };
        Ok(Self { entity, rule, effective, contract, box_id, corrects: None, lines })
    }

    /// Returns the same entry marked as a correction; `None` marks nothing.
    #[must_use]
    pub fn correcting(self, corrects: Option<Correction>) -> Self {
        Self { corrects, ..self }
    }

    /// Returns the entity in whose books it is.
    pub fn entity(&self) -> EntityId {
        self.entity
    }

    /// Returns the rule that posted it.
    pub fn rule(&self) -> PostingRule {
        self.rule
    }

    /// Returns the day it is dated.
    pub fn effective(&self) -> Day {
        self.effective
    }

    /// Returns the contract that the whole entry concerns; `None` when it concerns none or several.
    pub fn contract(&self) -> Option<ContractId> {
        self.contract
    }

    /// Returns the box that the entry concerns, if any.
    pub fn box_id(&self) -> Option<BoxId> {
        self.box_id
    }

    /// Returns what the entry corrects; `None` for an ordinary one.
    pub fn corrects(&self) -> Option<Correction> {
        self.corrects
    }

    /// Returns the lines: at least two.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountKind, Owner};
    use crate::money::Currency;
    use crate::posting_rule::RULES;
    use smallvec::smallvec;

    fn line(kind: AccountKind, currency: Currency, units: i128) -> Line {
        let account = Account::operator(kind, Owner::Entity, currency);
        Line { account, amount: Amount::from_micros(units * 1_000_000), contract: None }
    }

    fn entry(lines: SmallVec<[Line; 4]>) -> Result<Entry, Unbalanced> {
        Entry::new(EntityId::Operator, RULES[0].rule, Day::from_days(0), None, lines)
    }

    #[test]
    fn only_balanced_lines_make_an_entry() {
        use AccountKind::{Bank, FeeRevenue};
        let eur: Currency = "EUR".parse().expect("valid");
        let usd = Currency::USD;
        assert!(entry(smallvec![line(Bank, usd, 5), line(FeeRevenue, usd, -5)]).is_ok());
        let two_currencies =
            smallvec![line(Bank, usd, 5), line(FeeRevenue, usd, -5), line(Bank, eur, 3), line(FeeRevenue, eur, -3)];
        assert!(entry(two_currencies).is_ok());
        let across = entry(smallvec![line(Bank, usd, 5), line(FeeRevenue, eur, -5)]);
        assert_eq!(across, Err(Unbalanced::Sum), "currencies never cancel each other");
        assert_eq!(entry(smallvec![line(Bank, usd, 5)]), Err(Unbalanced::TooFewLines));
        assert_eq!(entry(smallvec![line(Bank, usd, 0), line(Bank, usd, 0)]), Err(Unbalanced::LineAmount));
        let huge = Amount::LINE_MAX.micros() / 1_000_000 + 1;
        assert_eq!(entry(smallvec![line(Bank, usd, huge), line(Bank, usd, -huge)]), Err(Unbalanced::LineAmount));
        let mut foreign = line(FeeRevenue, usd, -5);
        foreign.account.entity = EntityId::Box(BoxId::new(uuid::Uuid::nil()));
        assert_eq!(entry(smallvec![line(Bank, usd, 5), foreign]), Err(Unbalanced::ForeignLine));
    }
}
