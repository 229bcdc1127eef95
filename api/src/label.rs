//! Texts of people as callers send them: normalized here, and checked where they become labels.

use std::collections::BTreeMap;

use ledger::Label;
use matching::Refusal;
use unicode_normalization::UnicodeNormalization as _;

use crate::problem::Problem;

/// The label that a caller's text is, in normalization form C. `field` names it in the refusal.
///
/// # Errors
/// A [`Problem`] with the code `text_invalid` when it is none.
pub fn label(field: &str, text: &str) -> Result<Label, Problem> {
    let refused = || Refusal::TextInvalid { field: field.to_owned(), max: Label::CHARS_MAX };
    Label::parse(&text.nfc().collect::<String>()).map_err(|_| Problem::from(&refused()))
}

/// The same of a text that there may be.
///
/// # Errors
/// As [`label`].
pub fn label_if_given(field: &str, text: Option<&str>) -> Result<Option<Label>, Problem> {
    text.map(|text| label(field, text)).transpose()
}

/// Values by the label that a caller's text is. Of two texts that are the same label the later stands.
///
/// # Errors
/// As [`label`].
pub fn by_label<V: Copy>(field: &str, values: &BTreeMap<String, V>) -> Result<BTreeMap<Label, V>, Problem> {
    values.iter().map(|(text, value)| Ok((label(field, text)?, *value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemCode;

    #[test]
    fn labels_are_in_normal_form() {
        assert_eq!(label("name", "Cafe\u{301}").expect("a label").as_written(), "Caf\u{e9}");
        // What counts is what is kept: 120 letters with an accent each are 120 characters.
        assert!(label("name", &"e\u{301}".repeat(120)).is_ok());
        assert!(label("name", &"e\u{301}".repeat(121)).is_err());
        let refused = label_if_given("endpoint", Some("a\0b")).expect_err("a NUL");
        assert_eq!(refused.code(), ProblemCode::TextInvalid);
        assert!(matches!(label_if_given("endpoint", None), Ok(None)));
    }
}
