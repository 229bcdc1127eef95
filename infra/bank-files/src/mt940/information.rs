//! Field `:86:`, information to the account owner: free text, or one of the structures that banks put into it.
//!
//! German and other banks number subfields (`166?00GUTSCHRIFT?20EREF+…?32NAME`), and name parts of the remittance text inside
//! (`EREF+`, `SVWZ+`). Dutch banks and others write code words between slashes (`/EREF/…/NAME/…/REMI/…`).

use crate::notation::{given, joined};

/// A full subfield; the next one continues it without a blank.
const SUBFIELD_CHARS: usize = 27;
/// The parts that a remittance text can name.
const PARTS: [&str; 13] =
    ["EREF", "KREF", "MREF", "CRED", "DEBT", "SVWZ", "ABWA", "ABWE", "COAM", "OAMT", "IBAN", "BIC", "RREF"];
/// The code words between slashes.
const CODE_WORDS: [&str; 20] = [
    "TRTP", "IBAN", "BIC", "NAME", "REMI", "EREF", "MARF", "CSID", "ORDP", "BENM", "TRCD", "ISDT", "PREF", "ULTC",
    "ULTD", "RTRN", "SVCL", "PURP", "CNTP", "ID",
];
const NOT_PROVIDED: [&str; 2] = ["NOTPROVIDED", "NONREF"];

/// What the field says.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Information {
    /// The end-to-end reference.
    pub end_to_end: Option<String>,
    /// The customer's own reference.
    pub customers: Option<String>,
    pub counterparty: Option<String>,
    pub counterparty_account: Option<String>,
    /// What the payment is for.
    pub text: Option<String>,
}

impl Information {
    /// What these lines say.
    pub fn of(lines: &[String]) -> Self {
        if let Some(numbered) = numbered(lines) {
            return numbered;
        }
        // A line is cut where it is full, in the middle of a word as may be; code words tell where a value ends.
        let whole = lines.concat();
        if CODE_WORDS.iter().any(|word| whole.starts_with(&format!("/{word}/"))) {
            return between_slashes(&whole);
        }
        Self { text: joined(lines.iter().map(String::as_str)), ..Self::default() }
    }
}

/// The information in numbered subfields; none when the lines are not of that form.
fn numbered(lines: &[String]) -> Option<Information> {
    let whole = lines.concat();
    let code = whole.trim_start();
    let digits = code.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits <= 3)?;
    let separator =
        code.get(digits..)?.chars().next().filter(|letter| matches!(letter, '?' | '>' | '<' | '~' | '^'))?;
    let mut text = Subfields::default();
    let (mut name, mut account, mut iban, mut posting) = (Subfields::default(), None, None, None);
    for subfield in code.split(separator).skip(1) {
        let Some((number, content)) = subfield.split_at_checked(2) else { continue };
        match number.parse::<u8>().ok() {
            Some(0) => posting = given(content),
            Some(20..=29 | 60..=63) => text.push(content),
            Some(31) => account = given(content),
            Some(32 | 33) => name.push(content),
            Some(38) => iban = given(content),
            _ => {}
        }
    }
    let parts = text.parts();
    let part = |name: &str| parts.iter().find(|(part, _)| *part == Some(name)).and_then(|(_, text)| given(text));
    let reference = |name| part(name).filter(|reference| !NOT_PROVIDED.contains(&reference.as_str()));
    let unnamed = joined(text.texts.iter().map(String::as_str));
    Some(Information {
        end_to_end: reference("EREF"),
        customers: reference("KREF"),
        counterparty: joined(name.texts.iter().map(String::as_str)),
        counterparty_account: iban.or(account).or_else(|| part("IBAN")),
        text: part("SVWZ").or(unnamed).or(posting),
    })
}

/// Subfields that continue one another, put together to whole texts.
#[derive(Default)]
struct Subfields {
    texts: Vec<String>,
    last_is_full: bool,
}

impl Subfields {
    /// Adds a subfield to the text, behind the last when that was full, and unless the subfield starts a part of its own.
    fn push(&mut self, content: &str) {
        let full = content.chars().count() >= SUBFIELD_CHARS;
        match self.texts.last_mut().filter(|_| self.last_is_full && part_of(content).is_none()) {
            Some(last) => last.push_str(content),
            None => self.texts.push(content.to_owned()),
        }
        self.last_is_full = full;
    }

    /// The parts with their names. What follows a part without a name of its own belongs to it.
    fn parts(&self) -> Vec<(Option<&'static str>, String)> {
        let mut parts: Vec<(Option<&'static str>, String)> = Vec::new();
        for text in &self.texts {
            match (part_of(text), parts.last_mut()) {
                (Some((name, content)), _) => parts.push((Some(name), content.to_owned())),
                (None, Some((_, last))) => {
                    last.push(' ');
                    last.push_str(text.trim());
                }
                (None, None) => parts.push((None, text.clone())),
            }
        }
        parts
    }
}

/// The name of the part that a text starts, and what stands behind it.
fn part_of(text: &str) -> Option<(&'static str, &str)> {
    PARTS.into_iter().find_map(|name| Some((name, text.strip_prefix(name)?.strip_prefix('+')?)))
}

/// The information behind code words between slashes.
fn between_slashes(text: &str) -> Information {
    let mut information = Information::default();
    let mut values: Vec<(&str, String)> = Vec::new();
    for piece in text.split('/').skip(1) {
        match (CODE_WORDS.contains(&piece.trim()), values.last_mut()) {
            (true, _) => values.push((piece.trim(), String::new())),
            (false, Some((_, value))) => {
                if !value.is_empty() {
                    value.push('/');
                }
                value.push_str(piece);
            }
            (false, None) => {}
        }
    }
    for (word, value) in &values {
        let value = || joined([value.trim_end_matches('/')]);
        match *word {
            "EREF" => information.end_to_end = value().filter(|text| !NOT_PROVIDED.contains(&text.as_str())),
            "NAME" => information.counterparty = value(),
            "IBAN" => information.counterparty_account = value(),
            "REMI" => information.text = value(),
            _ => {}
        }
    }
    information.text = information.text.or_else(|| joined([text]));
    information
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Information {
        Information::of(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn numbered_subfields() {
        let information =
            of("166?00CREDIT?109300?20EREF+2027-000000000000000012?213?22KREF+K-7?23SVWZ+Invoice INV-7 of \n\
             Jan?24uary?30DEUTDEFF?31DE02120300000000202051?32ACME Incorporated of Delawa?33re");
        let expected = Information {
            end_to_end: Some("2027-0000000000000000123".to_owned()),
            customers: Some("K-7".to_owned()),
            counterparty: Some("ACME Incorporated of Delaware".to_owned()),
            counterparty_account: Some("DE02120300000000202051".to_owned()),
            text: Some("Invoice INV-7 of Jan uary".to_owned()),
        };
        assert_eq!(information, expected);
    }

    #[test]
    fn subfields_without_parts_are_the_text() {
        let information = of(" 020?00WITHDRAWAL?20Rent November?32LANDLORD?38PL61109010140000071219812874");
        assert_eq!(information.text, Some("Rent November".to_owned()));
        assert_eq!(information.counterparty_account, Some("PL61109010140000071219812874".to_owned()));
        assert_eq!(of("000>100987654321>20INTEREST").text, Some("INTEREST".to_owned()));
        assert_eq!(of("079?00BATCH?109800").text, Some("BATCH".to_owned()));
    }

    #[test]
    fn code_words_between_slashes() {
        let information = of(
            "/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/ACME\nB.V./REMI/Inv 7/2027 of J\nanuary/EREF/NOTPROVIDED",
        );
        let expected = Information {
            counterparty: Some("ACMEB.V.".to_owned()),
            counterparty_account: Some("NL91ABNA0417164300".to_owned()),
            text: Some("Inv 7/2027 of January".to_owned()),
            ..Information::default()
        };
        assert_eq!(information, expected);
    }

    #[test]
    fn free_text() {
        assert_eq!(of("Payment of\n\n  invoice 7").text, Some("Payment of invoice 7".to_owned()));
        assert_eq!(of("12345678?20no code").text, Some("12345678?20no code".to_owned()));
        assert_eq!(of(""), Information::default());
        assert_eq!(of("/"), Information { text: Some("/".to_owned()), ..Information::default() });
    }
}
