//! JSON Lines: an entry per line, with the body that the list of entries shows.

use infra::reports::ExportedEntry;

use crate::problem::Problem;
use crate::resources::ledger::entries::entry_of_book;
use crate::resources::ledger::journal::{ExportScope, JournalForm};

pub(super) struct JsonLines;

impl JournalForm for JsonLines {
    fn head(&self, _scope: &ExportScope) -> Result<String, Problem> {
        Ok(String::new())
    }

    fn entry(&self, scope: &ExportScope, ExportedEntry { entry, .. }: &ExportedEntry) -> Result<String, Problem> {
        let body = entry_of_book(&scope.entity, entry);
        let line = serde_json::to_string(&body).map_err(|error| Problem::internal(&error))?;
        Ok(line + "\n")
    }
}
