//! Texts from outside: what people write, and what banks write.
//!
//! Both are checked once, where they come in, and never again: text read back from the log is taken as it stands,
//! whatever an earlier version let pass. So a text is made in two ways, and neither is `Deserialize`: [`Label::parse`]
//! and [`BankText::parse`] check, and [`from_log`] does not. A type that derives `Deserialize` with a text in it does
//! not compile before it says which of the two it means.
//!
//! Since a text of the log may be anything, show and store it by [`Label::printable`] and [`BankText::printable`];
//! write it as it stands only to the log and to hashes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::identity::OrganizationId;

/// Replacement for a character that cannot be stored or shown.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Text that a person wrote, such as a name or a reason: one line of 1 to 120 characters, not all of them blank, at
/// most [480 bytes](Label::BYTES_MAX).
///
/// It has no control characters, no separators of lines or paragraphs, and nothing that turns the direction of the text
/// around it, so that a line shows what it says. It is in Unicode's normalization form C: whoever reads it from outside
/// normalizes it before [`Label::parse`], which knows no tables of Unicode and does not check that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Box<str>);

/// Error: the text is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label is one line of 1 to {} characters, not all blank, without control characters", Label::CHARS_MAX)]
pub struct InvalidLabel;

impl Label {
    /// Largest number of characters (Unicode scalar values).
    pub const CHARS_MAX: usize = 120;
    /// Largest number of bytes: a character has at most four.
    pub const BYTES_MAX: usize = Self::CHARS_MAX * 4;

    /// Checks a text and makes a label of it.
    ///
    /// # Errors
    /// [`InvalidLabel`] when the text is empty, too long, blank, or has a character that a label may not have.
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        if Self::is_label(text) { Ok(Self(text.into())) } else { Err(InvalidLabel) }
    }

    /// Returns whether it would be accepted today. A label that was read from the log may not be.
    pub fn is_valid(&self) -> bool {
        Self::is_label(&self.0)
    }

    fn is_label(text: &str) -> bool {
        // The bytes first: they are counted already.
        text.len() <= Self::BYTES_MAX
            && text.chars().count() <= Self::CHARS_MAX
            && !text.trim().is_empty()
            && !text.chars().any(breaks_a_line)
    }

    /// Returns the text as it stands in the log. Only for the log itself, for hashes and for comparing.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Returns the text in a form that can be stored and shown: U+FFFD stands for each control character. A label that
    /// was checked has none.
    pub fn printable(&self) -> Cow<'_, str> {
        replaced(&self.0, char::is_control)
    }
}

/// Names an organization that gave no name by its slug.
impl From<OrganizationId> for Label {
    fn from(id: OrganizationId) -> Self {
        Self(id.as_str().into())
    }
}

/// Returns whether a character would end or garble its line, or show nothing in it: controls, separators of lines and
/// paragraphs, what embeds, overrides or isolates a direction, and spaces without a width.
fn breaks_a_line(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Text as a bank wrote it, line breaks included, without NUL: at most [16,384 bytes](BankText::BYTES_MAX).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankText(Box<str>);

/// Reason why a text cannot be kept as a bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBankText {
    /// The text has more than [`BankText::BYTES_MAX`] bytes.
    #[error("a text of a bank has at most {} bytes", BankText::BYTES_MAX)]
    TooLong,
    /// The text has a NUL.
    #[error("a text of a bank has no NUL")]
    Nul,
}

impl BankText {
    /// Largest number of bytes. The five texts of a line, each at most six times as long in JSON, fit into one event.
    pub const BYTES_MAX: usize = 16_384;

    /// Checks a text and keeps it as it stands.
    ///
    /// # Errors
    /// [`InvalidBankText`] when it is too long or has a NUL.
    pub fn parse(text: &str) -> Result<Self, InvalidBankText> {
        if text.len() > Self::BYTES_MAX {
            Err(InvalidBankText::TooLong)
        } else if text.contains('\0') {
            Err(InvalidBankText::Nul)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// Returns the text as it stands in the log. Only for the log itself, for hashes and for comparing.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Returns the text in a form that can be stored and shown: U+FFFD stands for each NUL.
    pub fn printable(&self) -> Cow<'_, str> {
        replaced(&self.0, |character| character == '\0')
    }
}

fn replaced(text: &str, unfit: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&unfit) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|character| if unfit(character) { REPLACEMENT } else { character }).collect())
}

/// Reads a text as it stands in the log, without a check: for fields of events, as `#[serde(deserialize_with =
/// "ledger::from_log")]`.
///
/// # Errors
/// The format's own error when the input is not of the field's form.
pub fn from_log<'de, D: Deserializer<'de>, T: FromLog<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_log(deserializer)
}

/// Value that [`from_log`] reads: a text, or something with texts in it.
pub trait FromLog<'de>: Sized {
    /// Reads the value as it stands, without a check.
    ///
    /// # Errors
    /// The format's own error when the input is not of this form.
    fn from_log<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

macro_rules! text_from_outside {
    ($type:ident, $error:ident) => {
        impl FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.printable())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> FromLog<'de> for $type {
            fn from_log<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Box::<str>::deserialize(deserializer).map(Self)
            }
        }

        impl<'de> FromLog<'de> for Option<$type> {
            fn from_log<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Option::<Box<str>>::deserialize(deserializer).map(|text| text.map($type))
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string"})
            }
        }
    };
}

text_from_outside!(Label, InvalidLabel);
text_from_outside!(BankText, InvalidBankText);

/// Reads a map whose keys are labels.
impl<'de, V: Deserialize<'de>> FromLog<'de> for BTreeMap<Label, V> {
    fn from_log<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = BTreeMap::<Box<str>, V>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|(text, value)| (Label(text), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
    struct Logged {
        #[serde(deserialize_with = "from_log")]
        label: Label,
        #[serde(default, deserialize_with = "from_log")]
        text: Option<BankText>,
        #[serde(default, deserialize_with = "from_log")]
        cities: BTreeMap<Label, u32>,
    }

    #[test]
    fn labels_are_one_line() {
        for good in ["a", " a ", "Ångström & Söhne", "日本", "👩‍🔬", "a\u{200f}b", &"é".repeat(120), &"𝔸".repeat(120)]
        {
            assert_eq!(Label::parse(good).expect(good).as_written(), good);
        }
        let separators = ["\0", "\n", "\r", "\t", "\u{1b}", "\u{7f}", "\u{85}", "\u{9f}", "\u{2028}", "\u{2029}"];
        let directions = ["\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}", "\u{200b}", "\u{2060}", "\u{feff}"];
        for bad in separators.into_iter().chain(directions) {
            for text in [format!("x{bad}y"), format!("{bad}x"), format!("x{bad}")] {
                assert_eq!(Label::parse(&text), Err(InvalidLabel), "{text:?}");
            }
        }
        for bad in ["", " ", "\u{3000}", &"x".repeat(121), &"𝔸".repeat(121), &"x".repeat(1_200_000)] {
            assert_eq!(Label::parse(bad), Err(InvalidLabel), "{} bytes", bad.len());
        }
    }

    #[test]
    fn banks_write_what_they_like_but_for_nul() {
        let most = "x".repeat(BankText::BYTES_MAX);
        for good in ["", "line 1\r\nline 2", "\u{1}\u{85}\u{2028}\u{202e}", &most] {
            assert_eq!(BankText::parse(good).expect(good).as_written(), good);
        }
        assert_eq!(BankText::parse("a\0b"), Err(InvalidBankText::Nul));
        assert_eq!(BankText::parse(&format!("{most}x")), Err(InvalidBankText::TooLong));
    }

    #[test]
    fn the_log_is_read_as_it_stands_and_shown_as_it_can_be() {
        let content = "{\"label\":\"x\\u0000y\\nz\",\"text\":\"a\\u0000b\\n\",\"cities\":{\"\\u2028\":7}}";
        let logged: Logged = serde_json::from_str(content).expect("readable");
        let text = logged.text.as_ref().expect("a text");
        assert_eq!((logged.label.as_written(), text.as_written()), ("x\0y\nz", "a\0b\n"));
        assert_eq!((&*logged.label.printable(), &*text.printable()), ("x\u{fffd}y\u{fffd}z", "a\u{fffd}b\n"));
        assert_eq!(logged.label.to_string(), logged.label.printable());
        assert!(!logged.label.is_valid());
        let again = serde_json::to_string(&logged).expect("writable");
        assert_eq!(serde_json::from_str::<Logged>(&again).expect("readable"), logged);
        assert!(again.starts_with("{\"label\":\"x\\u0000y\\nz\""), "{again}");

        let short: Logged = serde_json::from_str("{\"label\":\"\"}").expect("readable");
        assert_eq!((short.label.as_written(), short.text, short.cities.len()), ("", None, 0));
    }
}
