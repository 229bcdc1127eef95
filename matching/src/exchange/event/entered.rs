//! Clients that entered events, for reports on entries that people brought about.

use ledger::{ClientId, Label};

/// Client that entered an event, with its approver and text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entered<'a> {
    /// Client that entered it, or proposed it.
    pub by: ClientId,
    /// Client that approved it; `None` where it takes no approval.
    pub approved_by: Option<ClientId>,
    /// Purpose or reason; `None` where the event has no text.
    pub text: Option<&'a Label>,
}

impl<'a> Entered<'a> {
    /// Makes the record of an event that one client entered, without a text.
    pub(super) fn by(by: ClientId) -> Self {
        Self { by, approved_by: None, text: None }
    }

    /// Returns the same with a text.
    pub(super) fn saying(self, text: &'a Label) -> Self {
        Self { text: Some(text), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::exchange::Event;

    #[test]
    fn every_type_that_says_by_whom_is_known() {
        let says_by = |schema: &schemars::Schema| schema.pointer("/properties/by").is_some();
        let saying: BTreeSet<&str> =
            Event::schemas().iter().filter(|(_, _, schema)| says_by(schema)).map(|(name, ..)| *name).collect();
        assert_eq!(saying, Event::entered_types().into_iter().collect());
    }
}
