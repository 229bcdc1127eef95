//! Records of CSV as RFC 4180 has them.

/// Appends a record. Fields are quoted where they must be.
pub fn push_record(text: &mut String, fields: &[&str]) {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push_str("\r\n");
}

/// The text of a value that may be missing; empty when it is.
pub fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut text = String::new();
        push_record(&mut text, &["a", "", "b,c", "say \"no\"", "two\nlines"]);
        assert_eq!(text, "a,,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
    }
}
