//! Reconciliation: finds what a booking of the bank was for.
//!
//! [`propose`] knows a booking and what is open. What it proposes comes to the booking to the micro-unit, a difference
//! within the tolerance included. It proposes nothing where more than one explanation would do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bank_statement::BankLine;
use crate::map::Set;
use crate::money::Amount;
use crate::payment_reference::PaymentReference;

/// Reason why a booking and open items belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchRule {
    /// The booking quotes the references.
    Reference,
    /// Only one open item has exactly this amount.
    Exact,
    /// The booking quotes the references, and the amounts differ by no more than is tolerated.
    Tolerance,
    /// A person said so.
    Manual,
}

/// Deposit or payout that a booking is expected for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenItem<K> {
    /// Caller's key for the item.
    pub key: K,
    /// Amount that is still open: positive is money to come, negative money to go.
    pub amount: Amount,
}

/// Explanation of a booking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal<K> {
    /// Open items, each with its part of the booking.
    pub items: Vec<(K, Amount)>,
    /// Booking less the items: positive was paid too much, negative too little.
    pub difference: Amount,
    /// Reason for the match.
    pub rule: MatchRule,
}

/// Explains a booking, if that is beyond doubt; `None` otherwise. `quoted` finds an open item by its reference, `only`
/// the one open item of an amount.
///
/// Money that came in is for the deposits that it quotes: one takes whatever came, several only what they come to
/// together. Money that went out is for the payouts that it quotes, to the tolerance, or for a part of one.
pub fn propose<K: Copy>(
    line: &BankLine,
    tolerance: Amount,
    quoted: impl Fn(PaymentReference) -> Option<OpenItem<K>>,
    only: impl Fn(Amount) -> Option<OpenItem<K>>,
) -> Option<Proposal<K>> {
    if line.amount.is_zero() {
        return None;
    }
    let is_incoming = |amount: Amount| amount > Amount::ZERO;
    let items: Vec<OpenItem<K>> = references(line)
        .into_iter()
        .filter_map(quoted)
        .filter(|item| is_incoming(item.amount) == is_incoming(line.amount))
        .collect();
    let whole = |rule, difference| {
        let items = items.iter().map(|item| (item.key, item.amount)).collect();
        Some(Proposal { items, difference, rule })
    };
    let difference = line.amount - items.iter().map(|item| item.amount).sum();
    match items[..] {
        [] => {
            let item = only(line.amount)?;
            Some(Proposal { items: vec![(item.key, line.amount)], difference: Amount::ZERO, rule: MatchRule::Exact })
        }
        _ if difference.is_zero() => whole(MatchRule::Reference, difference),
        [item] if is_incoming(line.amount) || line.amount - tolerance > item.amount => {
            let items = vec![(item.key, line.amount)];
            Some(Proposal { items, difference: Amount::ZERO, rule: MatchRule::Reference })
        }
        _ if !is_incoming(line.amount) && difference.abs() <= tolerance => whole(MatchRule::Tolerance, difference),
        _ => None,
    }
}

/// Collects the references that a booking quotes, wherever the bank has put them.
fn references(line: &BankLine) -> Vec<PaymentReference> {
    let mut seen = Set::default();
    let texts = [&line.reference, &line.text, &line.bank_reference].into_iter().flatten();
    let quoted = texts.flat_map(|text| PaymentReference::all_in(text.as_written()));
    quoted.filter(|reference| seen.insert(*reference)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Day;
    use crate::identity::{DepositId, PayoutId};
    use uuid::Uuid;

    fn amount(text: &str) -> Amount {
        text.parse().expect("an amount")
    }

    fn deposit(n: u128) -> PaymentReference {
        PaymentReference::of_deposit(DepositId::new(Uuid::from_u128(n)))
    }

    fn payout(n: u128) -> PaymentReference {
        PaymentReference::of_payout(PayoutId::new(Uuid::from_u128(n)))
    }

    fn line(amount_text: &str, text: &str) -> BankLine {
        let day = Day::from_days(20_000);
        BankLine {
            booking_day: day,
            value_day: day,
            amount: amount(amount_text),
            reference: None,
            bank_reference: None,
            counterparty: None,
            counterparty_account: None,
            text: Some(text.parse().expect("a text")),
            reversal: false,
        }
    }

    /// What a booking is for among two deposits of 100 and 50 and two payouts of 30 and 20, as text.
    fn proposed(line: &BankLine) -> String {
        let open = [(deposit(1), "100"), (deposit(2), "50"), (payout(3), "-30"), (payout(4), "-20")];
        let item = |(reference, open): &(PaymentReference, &str)| OpenItem { key: *reference, amount: amount(open) };
        let quoted = |reference| open.iter().find(|(known, _)| *known == reference).map(item);
        let only = |amount: Amount| open.iter().map(item).find(|item| item.amount == amount && amount < Amount::ZERO);
        let Some(proposal) = propose(line, amount("1"), quoted, only) else { return "nothing".to_owned() };
        let place = |key: &PaymentReference| open.iter().position(|(known, _)| known == key).expect("open") + 1;
        let items: Vec<String> = proposal.items.iter().map(|(key, part)| format!("{}:{part}", place(key))).collect();
        let total: Amount = proposal.items.iter().map(|(_, part)| *part).sum();
        assert_eq!(total + proposal.difference, line.amount, "what is proposed comes to the booking");
        format!("{:?} {} {}", proposal.rule, items.join(" "), proposal.difference)
    }

    #[test]
    fn a_booking_is_for_what_it_quotes() {
        let (d1, d2, p3, p4) = (deposit(1), deposit(2), payout(3), payout(4));
        for (line, expected) in [
            (line("100", &format!("deposit {d1}")), "Reference 1:100.00 0.00"),
            (line("60", &format!("deposit {d1}")), "Reference 1:60.00 0.00"),
            (line("140", &format!("deposit {d1}")), "Reference 1:140.00 0.00"),
            (line("150", &format!("{d1} and {d2}")), "Reference 1:100.00 2:50.00 0.00"),
            (line("149.99", &format!("{d1} and {d2}")), "nothing"),
            (line("-30", &format!("{p3}")), "Reference 3:-30.00 0.00"),
            (line("-30.50", &format!("{p3}")), "Tolerance 3:-30.00 -0.50"),
            (line("-29.50", &format!("{p3}")), "Tolerance 3:-30.00 0.50"),
            (line("-12", &format!("{p3}")), "Reference 3:-12.00 0.00"),
            (line("-32", &format!("{p3}")), "nothing"),
            (line("-50", &format!("{p3}{p4}")), "Reference 3:-30.00 4:-20.00 0.00"),
            (line("-49.20", &format!("{p3} {p4}")), "Tolerance 3:-30.00 4:-20.00 0.80"),
            (line("-20", "wages"), "Exact 4:-20.00 0.00"),
            (line("50", "from a friend"), "nothing"),
            (line("-100", &format!("returned: {d1}")), "nothing"),
            (line("0", &format!("{d1}")), "nothing"),
        ] {
            assert_eq!(proposed(&line), expected, "{line:?}");
        }
    }
}
