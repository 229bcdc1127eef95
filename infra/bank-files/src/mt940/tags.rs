//! Fields: a tag between colons at the start of a line, and all up to the next.

use crate::{BankFileError, Place};

/// The tags of MT940, and those that banks put among them. What else stands between colons belongs to the text that it is in.
const TAGS: [&str; 21] = [
    "13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "60F", "60M", "61", "62F", "62M", "64", "65", "86",
    "90C", "90D", "940", "NS",
];

/// A tagged field.
pub(super) struct Field<'a> {
    pub tag: &'a str,
    /// The line of the tag in the file, from 1.
    pub line: usize,
    lines: Vec<&'a str>,
}

impl<'a> Field<'a> {
    /// What stands behind the tag.
    pub fn first_line(&self) -> &'a str {
        self.lines.first().map_or("", |line| line.trim_end())
    }

    /// All of it.
    pub fn lines(&self) -> impl Iterator<Item = &'a str> {
        self.lines.iter().copied()
    }

    pub fn place(&self) -> Place {
        Place::new(self.line, format!(":{}:", self.tag))
    }

    pub fn refused(&self, what: &str) -> BankFileError {
        BankFileError::unreadable(self.place(), what)
    }
}

/// The fields of a file in their order. What stands before a message's first tag or behind its end is passed over.
pub(super) fn fields(text: &str) -> impl Iterator<Item = Field<'_>> {
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r')).enumerate().peekable();
    std::iter::from_fn(move || {
        let (number, tag, rest) = lines.by_ref().find_map(|(number, line)| {
            let (tag, rest) = tagged(line)?;
            Some((number, tag, rest))
        })?;
        let mut content = vec![rest];
        while let Some((_, line)) = lines.next_if(|(_, line)| tagged(line).is_none()) {
            if ends_message(line) {
                break;
            }
            content.push(line);
        }
        Some(Field { tag, line: number + 1, lines: content })
    })
}

/// The tag of a line, and what stands behind it. The first may stand behind the envelope's headers.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let line = if line.starts_with('{') { line.rsplit_once('{').map_or(line, |(_, last)| last) } else { line };
    let line = line.strip_prefix("4:").unwrap_or(line);
    let (tag, rest) = line.strip_prefix(':')?.split_once(':')?;
    TAGS.contains(&tag).then_some((tag, rest))
}

fn ends_message(line: &str) -> bool {
    line.trim_end() == "-" || line.starts_with("-}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_reach_to_the_next_tag_or_the_end_of_the_message() {
        let text = "BANK\r\n940\r\n{1:F01}{2:O940}{4:\r\n:20:a\r\n:86:b\r\n :61:c\r\n:12:30 d\r\n\r\n-}{5:}\r\njunk\r\n:25:e\r\n-\r\nmore";
        let found: Vec<_> = fields(text).map(|field| (field.tag, field.line, field.lines)).collect();
        let expected = [("20", 4, vec!["a"]), ("86", 5, vec!["b", " :61:c", ":12:30 d", ""]), ("25", 11, vec!["e"])];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_tag_may_stand_behind_the_header() {
        assert_eq!(tagged("{1:F01}{4::20:a"), Some(("20", "a")));
        assert_eq!(tagged("{1:F01}{4:"), None);
        assert_eq!(tagged(":99:a"), None);
    }
}
