//! The ageing of payables: for how long sellers' earnings have not been paid out.

use std::iter::Sum;

use jiff::civil::Date;
use ledger::{AccountKind, Amount, Currency, OrganizationId, Owner};
use tokio_postgres::{Client, Row};

use super::BookId;
use crate::journal::JournalError;
use crate::{ColumnValue as _, NamedColumns as _};

/// A day's credits are unpaid as far as the balance exceeds the credits of later days.
const UNPAID: &str = "WITH days AS ( \
                          SELECT a.owner, e.effective, coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credit, \
                                 -sum(l.amount) AS net \
                          FROM accounts a JOIN lines l ON l.account = a.id \
                          JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                          WHERE a.book = $1 AND a.currency = $2 AND a.code = $3 AND e.effective <= $4 \
                          GROUP BY a.owner, e.effective), \
                      aged AS ( \
                          SELECT owner, $4::date - effective AS age, credit, sum(net) OVER (PARTITION BY owner) AS balance, \
                                 coalesce(sum(credit) OVER (PARTITION BY owner ORDER BY effective DESC \
                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later \
                          FROM days), \
                      unpaid AS ( \
                          SELECT owner, age, balance, greatest(0, least(credit, balance - later)) AS amount FROM aged) \
                      SELECT owner, balance, coalesce(sum(amount) FILTER (WHERE age <= 30), 0) AS days_0_30, \
                             coalesce(sum(amount) FILTER (WHERE age BETWEEN 31 AND 60), 0) AS days_31_60, \
                             coalesce(sum(amount) FILTER (WHERE age BETWEEN 61 AND 90), 0) AS days_61_90, \
                             coalesce(sum(amount) FILTER (WHERE age > 90), 0) AS days_over_90 \
                      FROM unpaid GROUP BY owner, balance HAVING balance <> 0 ORDER BY owner";

/// Which ageing.
#[derive(Clone, Copy, Debug)]
pub struct PayablesAgeingOf {
    /// The books.
    pub book: BookId,
    /// The currency.
    pub currency: Currency,
    /// The day from which ages are counted, whose entries are the last that count.
    pub as_of: Date,
}

/// What is payable, by the age of the credits that are not paid yet. Positive is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PayableAges {
    /// All of it: the sum of the following.
    pub payable: Amount,
    /// Credited up to 30 days before.
    pub days_0_30: Amount,
    /// Credited 31 to 60 days before.
    pub days_31_60: Amount,
    /// Credited 61 to 90 days before.
    pub days_61_90: Amount,
    /// Credited earlier.
    pub days_over_90: Amount,
}

/// What is payable to one seller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SellerPayable {
    /// The seller.
    pub organization: OrganizationId,
    /// By age.
    pub ages: PayableAges,
}

impl PayablesAgeingOf {
    /// Sellers to whom something is payable, by id. What a seller was paid, or gave back, counts against its oldest credits first.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read; [`JournalError::Damaged`] when ages do not come to what is payable.
    pub async fn sellers(&self, client: &Client) -> Result<Vec<SellerPayable>, JournalError> {
        let Self { book, currency, as_of } = self;
        let code = AccountKind::SellerPayable.code();
        let rows = client.query(UNPAID, &[&book.to_column(), &currency.as_str(), &code, as_of]).await?;
        rows.iter().map(SellerPayable::read).collect()
    }
}

impl SellerPayable {
    fn read(row: &Row) -> Result<Self, JournalError> {
        let Owner::Organization(organization) = row.read("owner")? else {
            return Err(JournalError::Damaged("a payable is not an organization's".into()));
        };
        let ages = PayableAges {
            payable: row.read("balance")?,
            days_0_30: row.read("days_0_30")?,
            days_31_60: row.read("days_31_60")?,
            days_61_90: row.read("days_61_90")?,
            days_over_90: row.read("days_over_90")?,
        };
        if ages.days_0_30 + ages.days_31_60 + ages.days_61_90 + ages.days_over_90 != ages.payable {
            return Err(JournalError::Damaged(format!("the ages of {organization}'s payable do not come to it")));
        }
        Ok(Self { organization, ages })
    }
}

impl Sum for PayableAges {
    fn sum<I: Iterator<Item = Self>>(ages: I) -> Self {
        ages.fold(Self::default(), |total, ages| Self {
            payable: total.payable + ages.payable,
            days_0_30: total.days_0_30 + ages.days_0_30,
            days_31_60: total.days_31_60 + ages.days_31_60,
            days_61_90: total.days_61_90 + ages.days_61_90,
            days_over_90: total.days_over_90 + ages.days_over_90,
        })
    }
}
