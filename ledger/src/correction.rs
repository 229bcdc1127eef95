//! Corrections: what an entry corrects.

use std::fmt;
use std::str::FromStr;

use crate::calendar::Instant;

/// Target of a correcting entry. Entries are never changed: another entry that points to the wrong one puts it right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Entries of the event with this sequence in the log.
    Event(u64),
    /// Postings for a contract's hours in a span of time.
    Hours {
        /// Start of the span, inclusive.
        from: Instant,
        /// End of the span, exclusive.
        until: Instant,
    },
}

impl fmt::Display for Correction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(sequence) => write!(f, "event:{sequence}"),
            Self::Hours { from, until } => write!(f, "hours:{from}/{until}"),
        }
    }
}

/// Error: the text names no correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a correction is of \"event:<sequence>\" or \"hours:<from>/<until>\"")]
pub struct InvalidCorrection;

impl FromStr for Correction {
    type Err = InvalidCorrection;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, what) = text.split_once(':').ok_or(InvalidCorrection)?;
        match kind {
            "event" => what.parse().map(Self::Event).map_err(|_| InvalidCorrection),
            "hours" => {
                let (from, until) = what.split_once('/').ok_or(InvalidCorrection)?;
                let instant = |text: &str| text.parse().map_err(|_| InvalidCorrection);
                Ok(Self::Hours { from: instant(from)?, until: instant(until)? })
            }
            _ => Err(InvalidCorrection),
        }
    }
}

text_form!(Correction, {"type": "string", "pattern": "^(event|hours):.+$"});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_in_text() {
        for text in ["event:17", "hours:2027-01-05T03:00:00Z/2027-01-05T07:30:00Z"] {
            assert_eq!(text.parse::<Correction>().map(|correction| correction.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "17", "event:", "event:-1", "hours:2027-01-05T03:00:00Z", "entry:1"] {
            assert_eq!(bad.parse::<Correction>(), Err(InvalidCorrection), "{bad}");
        }
    }
}
