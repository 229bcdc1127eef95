//! What a statement has in it.

use infra::reports::{StatementLine, StatementSection};
use ledger::Amount;
use wire::ledger::statements::{OpeningBody, StatementLineBody};

pub(crate) fn opening_body(section: &StatementSection) -> OpeningBody {
    let StatementSection { code, owner, currency, opening, .. } = section.clone();
    OpeningBody { account: code, owner, currency, opening }
}

/// A line of an entity's books, after which the account has this balance.
pub(super) fn statement_line_body(line: StatementLine, entity: &str, balance: Amount) -> StatementLineBody {
    StatementLineBody {
        effective_date: line.effective,
        entry: format!("{entity}:{}", line.entry),
        line: line.line,
        rule: line.rule,
        event: line.event,
        owner: line.owner,
        contract: line.contract,
        amount: line.amount,
        balance,
    }
}
