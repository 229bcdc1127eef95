//! What an entry corrects.

use std::fmt;
use std::str::FromStr;

use crate::calendar::Instant;

/// What an entry corrects: entries are never changed, and what was wrong is put right by another that points to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// What an event of the log posted, by its sequence.
    Event(u64),
    /// What was posted for a contract's hours: those from one instant until another.
    Hours {
        /// The first instant.
        from: Instant,
        /// The instant after the last.
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

/// The text names nothing that an entry could correct.
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
