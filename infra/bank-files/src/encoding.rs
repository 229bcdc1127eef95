//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{BankFileError, Place};

/// How far into a file an XML declaration can name its encoding.
const DECLARATION_BYTES_MAX: usize = 256;

/// The text of a file: as its byte order mark or XML declaration says, else UTF-8, else Latin-1 with its Windows extension, in which
/// banks still write MT940 and which has a character for every byte.
///
/// # Errors
/// [`BankFileError::Unreadable`] when the bytes are not in the encoding that the file itself names, or that is not known.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, BankFileError> {
    let refused = |what: String| BankFileError::unreadable(Place::new(1, "encoding"), what);
    let (encoding, content) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (Some(encoding), &bytes[length..]),
        None => (declared(bytes).map_err(refused)?, bytes),
    };
    let decoded = match encoding {
        Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(content),
        None => UTF_8
            .decode_without_bom_handling_and_without_replacement(content)
            .or_else(|| WINDOWS_1252.decode_without_bom_handling_and_without_replacement(content)),
    };
    decoded.ok_or_else(|| refused(format!("the bytes are not {}", encoding.unwrap_or(UTF_8).name())))
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Result<Option<&'static Encoding>, String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES_MAX)]);
    let Some((declaration, _)) = start.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else {
        return Ok(None);
    };
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(Some(UTF_8)) };
    let value = value.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '=');
    let label = value.split(['"', '\'']).nth(1).unwrap_or_default();
    let encoding =
        Encoding::for_label(label.as_bytes()).ok_or_else(|| format!("the encoding {label:?} is not known"))?;
    Ok(Some(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text() {
        let cases: [(&[u8], Option<&str>); 9] = [
            ("Zürich".as_bytes(), Some("Zürich")),
            (b"Z\xfcrich", Some("Zürich")),
            (b"\x80\x81", Some("€\u{81}")),
            (b"\xef\xbb\xbfa", Some("a")),
            (b"\xff\xfea\0", Some("a")),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?>\xfc", Some("<?xml version='1.0' encoding='ISO-8859-1'?>ü")),
            (b"<?xml version='1.0'?>\xfc", None),
            (b"<?xml version='1.0' encoding='utf-8'?>\xfc", None),
            (b"<?xml version='1.0' encoding='klingon'?>", None),
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes).ok().as_deref(), text, "{bytes:?}");
        }
    }
}
