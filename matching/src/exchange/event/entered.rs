//! Who entered what: what reports say beside the entries that people brought about.

use ledger::{ClientId, Label};

/// Who entered something, and what they said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entered<'a> {
    /// Who entered it, or proposed it.
    pub by: ClientId,
    /// Who approved it, where it takes two.
    pub approved_by: Option<ClientId>,
    /// What it is for, or why.
    pub text: Option<&'a Label>,
}

impl<'a> Entered<'a> {
    /// Entered by one client alone, without a text.
    pub(super) fn by(by: ClientId) -> Self {
        Self { by, approved_by: None, text: None }
    }

    /// The same with a text.
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
