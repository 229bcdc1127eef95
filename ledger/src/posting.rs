//! Facts and the rule that posts each of them.
//!
//! A fact is something that happened, in the ledger's own words; the exchange turns its events into facts. Every
//! kind of fact has exactly one [`PostingRule`], and a rule whose lines change gets a new version, so that an entry
//! can always be recomputed from its event and its rule.

use smallvec::SmallVec;

use crate::{
    Account, AccountKind, Amount, ContractId, Currency, Day, EntityId, Entry, Line, OrganizationId, Owner, Unbalanced,
};

/// The identity of a posting rule, as every entry names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PostingRule {
    /// Its stable name.
    pub id: &'static str,
    /// Its version, from 1.
    pub version: u16,
}

const DEPOSIT_MATCHED: PostingRule = PostingRule { id: "deposit.matched", version: 1 };
const HOLD_PLACED: PostingRule = PostingRule { id: "hold.placed", version: 1 };
const HOLD_VOIDED: PostingRule = PostingRule { id: "hold.voided", version: 1 };
const TERM_PREPAID: PostingRule = PostingRule { id: "term.prepaid", version: 1 };
const HOURS_DELIVERED: PostingRule = PostingRule { id: "hours.delivered", version: 1 };
const TERM_BUSTED: PostingRule = PostingRule { id: "term.busted", version: 1 };
const SPOT_HELD: PostingRule = PostingRule { id: "spot.held", version: 1 };
const SPOT_SOLD: PostingRule = PostingRule { id: "spot.sold", version: 1 };
const SPOT_DELIVERED: PostingRule = PostingRule { id: "spot.delivered", version: 1 };

/// Every rule in force, in the order of a contract's life.
pub const RULES: [PostingRule; 9] = [
    DEPOSIT_MATCHED,
    HOLD_PLACED,
    HOLD_VOIDED,
    TERM_PREPAID,
    HOURS_DELIVERED,
    TERM_BUSTED,
    SPOT_HELD,
    SPOT_SOLD,
    SPOT_DELIVERED,
];

/// What one contract earned in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The contract.
    pub contract: ContractId,
    /// Who delivered.
    pub seller: OrganizationId,
    /// The hour at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it, on top of the price.
    pub buyer_fee: Amount,
    /// The seller's fee on it, deducted from the price.
    pub seller_fee: Amount,
}

/// One sale by the hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpotDelivery {
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The price for the time sold.
    pub amount: Amount,
    /// The buyer's fee on it, on top of the price.
    pub buyer_fee: Amount,
    /// The seller's fee on it, deducted from the price.
    pub seller_fee: Amount,
}

/// Something that happened and that the books record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact<'a> {
    /// A buyer's deposit arrived at the bank.
    DepositMatched {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// An order set money aside.
    HoldPlaced {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// An order, or part of it, ended without needing its money.
    HoldVoided {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
    },
    /// A bid traded: held money became the contract's prepayment.
    TermPrepaid {
        /// The buyer.
        organization: OrganizationId,
        /// The contract that came into being.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// An hour of a market's contracts was delivered.
    HoursDelivered {
        /// What each contract earned.
        deliveries: &'a [Delivery],
    },
    /// A trade was undone before any delivery: the contract's prepayment is the buyer's again.
    TermBusted {
        /// The buyer.
        organization: OrganizationId,
        /// The contract that is no more.
        contract: ContractId,
        /// Price and buyer's fee together, more than zero.
        amount: Amount,
    },
    /// Standing orders by the hour set money aside for their next hour.
    SpotHeld {
        /// Whose money and how much of it, each more than zero.
        holds: &'a [(OrganizationId, Amount)],
    },
    /// Hours were sold by the hour: held money became the buyers' prepayment of the hour.
    SpotSold {
        /// What was sold.
        sales: &'a [SpotDelivery],
    },
    /// An hour sold by the hour was delivered.
    SpotDelivered {
        /// What was sold of it.
        sales: &'a [SpotDelivery],
    },
}

impl Fact<'_> {
    /// The rule that posts this fact.
    pub fn rule(&self) -> PostingRule {
        match self {
            Self::DepositMatched { .. } => DEPOSIT_MATCHED,
            Self::HoldPlaced { .. } => HOLD_PLACED,
            Self::HoldVoided { .. } => HOLD_VOIDED,
            Self::TermPrepaid { .. } => TERM_PREPAID,
            Self::HoursDelivered { .. } => HOURS_DELIVERED,
            Self::TermBusted { .. } => TERM_BUSTED,
            Self::SpotHeld { .. } => SPOT_HELD,
            Self::SpotSold { .. } => SPOT_SOLD,
            Self::SpotDelivered { .. } => SPOT_DELIVERED,
        }
    }
}

impl Fact<'_> {
    /// The contract that all of it concerns.
    fn contract(&self) -> Option<ContractId> {
        match self {
            Self::TermPrepaid { contract, .. } | Self::TermBusted { contract, .. } => Some(*contract),
            _ => None,
        }
    }

    /// Hands over the lines that record it in the operator's books.
    pub(crate) fn lines(&self, currency: Currency, line: &mut impl FnMut(Line)) {
        use AccountKind::{
            Bank, ContractPrepayment, CustomerAvailable, CustomerHeld, FeeRevenue, SellerPayable, SpotPrepayment,
        };
        let customer = |kind, id| Account::operator(kind, Owner::Organization(id), currency);
        let prepayment = |contract| Account::operator(ContractPrepayment, Owner::Contract(contract), currency);
        let mut part = |account, amount: Amount, contract| {
            if !amount.is_zero() {
                line(Line { account, amount, contract });
            }
        };
        // `amount` from the account debited to the account credited.
        let mut transfer = |debit, credit, amount: Amount| {
            part(debit, amount, None);
            part(credit, -amount, None);
        };
        match *self {
            Self::DepositMatched { organization, amount } => {
                let bank = Account::operator(Bank, Owner::Entity, currency);
                transfer(bank, customer(CustomerAvailable, organization), amount);
            }
            Self::HoldPlaced { organization, amount } => {
                transfer(customer(CustomerAvailable, organization), customer(CustomerHeld, organization), amount);
            }
            Self::HoldVoided { organization, amount } => {
                transfer(customer(CustomerHeld, organization), customer(CustomerAvailable, organization), amount);
            }
            Self::TermPrepaid { organization, contract, amount } => {
                transfer(customer(CustomerHeld, organization), prepayment(contract), amount);
            }
            Self::TermBusted { organization, contract, amount } => {
                transfer(prepayment(contract), customer(CustomerAvailable, organization), amount);
            }
            Self::SpotHeld { holds } => {
                for (organization, amount) in holds {
                    let available = customer(CustomerAvailable, *organization);
                    transfer(available, customer(CustomerHeld, *organization), *amount);
                }
            }
            Self::SpotSold { sales } => {
                for sale in sales {
                    let paid = sale.amount + sale.buyer_fee;
                    transfer(customer(CustomerHeld, sale.buyer), customer(SpotPrepayment, sale.buyer), paid);
                }
            }
            Self::HoursDelivered { deliveries } => {
                for hour in deliveries {
                    let contract = Some(hour.contract);
                    part(prepayment(hour.contract), hour.amount + hour.buyer_fee, contract);
                    part(customer(SellerPayable, hour.seller), hour.seller_fee - hour.amount, contract);
                    let fees = hour.buyer_fee + hour.seller_fee;
                    part(Account::operator(FeeRevenue, Owner::Entity, currency), -fees, contract);
                }
            }
            Self::SpotDelivered { sales } => {
                for sale in sales {
                    part(customer(SpotPrepayment, sale.buyer), sale.amount + sale.buyer_fee, None);
                    part(customer(SellerPayable, sale.seller), sale.seller_fee - sale.amount, None);
                    let fees = sale.buyer_fee + sale.seller_fee;
                    part(Account::operator(FeeRevenue, Owner::Entity, currency), -fees, None);
                }
            }
        }
    }
}

/// The entry that records `fact` in the operator's books, dated `effective`.
///
/// # Errors
/// [`Unbalanced`] when the fact's amounts cannot make an entry: nothing but zeros, or an oversized amount. Whoever states a
/// fact checks its amounts first, so an error here is a defect of the caller.
pub fn post(fact: &Fact<'_>, currency: Currency, effective: Day) -> Result<Entry, Unbalanced> {
    let mut lines = SmallVec::new();
    fact.lines(currency, &mut |line| lines.push(line));
    Entry::new(EntityId::Operator, fact.rule(), effective, fact.contract(), lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const USD: Currency = Currency::USD;

    fn organization(name: &str) -> OrganizationId {
        name.parse().expect("a slug")
    }

    fn amount(text: &str) -> Amount {
        text.parse().expect("an amount")
    }

    /// The lines of a fact's entry as text: account, owner, amount.
    fn posted(fact: &Fact<'_>) -> Vec<String> {
        let entry = post(fact, USD, Day::from_days(20_000)).expect("balanced");
        assert_eq!(entry.rule(), fact.rule());
        let text = |line: &Line| format!("{} {} {}", line.account.kind.code(), line.account.owner, line.amount);
        entry.lines().iter().map(text).collect()
    }

    #[test]
    fn each_rule_posts_its_lines() {
        let contract = ContractId::new(Uuid::from_u128(1));
        let acme = organization("acme");
        let deliveries = [Delivery {
            contract,
            seller: organization("north"),
            amount: amount("16.80"),
            buyer_fee: amount("0.084"),
            seller_fee: amount("0.0336"),
        }];
        let sales = [SpotDelivery {
            buyer: acme,
            seller: organization("north"),
            amount: amount("6.40"),
            buyer_fee: amount("0.032"),
            seller_fee: amount("0.0128"),
        }];
        let cases: [(Fact<'_>, &[&str]); 9] = [
            (
                Fact::DepositMatched { organization: acme, amount: amount("100") },
                &["1000-bank  100.00", "2000-customer-available org:acme -100.00"],
            ),
            (
                Fact::HoldPlaced { organization: acme, amount: amount("40.2") },
                &["2000-customer-available org:acme 40.20", "2010-customer-held org:acme -40.20"],
            ),
            (
                Fact::HoldVoided { organization: acme, amount: amount("0.000001") },
                &["2010-customer-held org:acme 0.000001", "2000-customer-available org:acme -0.000001"],
            ),
            (
                Fact::TermPrepaid { organization: acme, contract, amount: amount("40.2") },
                &[
                    "2010-customer-held org:acme 40.20",
                    "2100-contract-prepayment contract:00000000-0000-0000-0000-000000000001 -40.20",
                ],
            ),
            (
                Fact::HoursDelivered { deliveries: &deliveries },
                &[
                    "2100-contract-prepayment contract:00000000-0000-0000-0000-000000000001 16.884",
                    "2200-seller-payable org:north -16.7664",
                    "4000-fee-revenue  -0.1176",
                ],
            ),
            (
                Fact::TermBusted { organization: acme, contract, amount: amount("40.2") },
                &[
                    "2100-contract-prepayment contract:00000000-0000-0000-0000-000000000001 40.20",
                    "2000-customer-available org:acme -40.20",
                ],
            ),
            (
                Fact::SpotHeld { holds: &[(acme, amount("7"))] },
                &["2000-customer-available org:acme 7.00", "2010-customer-held org:acme -7.00"],
            ),
            (
                Fact::SpotSold { sales: &sales },
                &["2010-customer-held org:acme 6.432", "2110-spot-prepayment org:acme -6.432"],
            ),
            (
                Fact::SpotDelivered { sales: &sales },
                &[
                    "2110-spot-prepayment org:acme 6.432",
                    "2200-seller-payable org:north -6.3872",
                    "4000-fee-revenue  -0.0448",
                ],
            ),
        ];
        assert_eq!(cases.len(), RULES.len(), "every rule has its row");
        for ((fact, lines), rule) in cases.iter().zip(RULES) {
            assert_eq!(fact.rule(), rule);
            assert_eq!(posted(fact), *lines, "{}", rule.id);
        }
    }

    #[test]
    fn a_fact_without_money_is_no_entry() {
        let fact = Fact::HoldPlaced { organization: organization("acme"), amount: Amount::ZERO };
        assert_eq!(post(&fact, USD, Day::from_days(0)), Err(Unbalanced::TooFewLines));
    }
}
