//! Windows.

use matching::{Hour, InvalidWindow, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A range of hours, `[start, end)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowBody {
    /// The first hour, RFC 3339 in UTC, on the hour.
    #[schema(value_type = String, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub start: Hour,
    /// The hour after the last.
    #[schema(value_type = String, format = DateTime, example = "2027-02-01T00:00:00Z")]
    pub end: Hour,
}

impl WindowBody {
    /// The window, if it is one.
    ///
    /// # Errors
    /// [`InvalidWindow`] when it is empty, reversed or too long.
    pub fn window(self) -> Result<Window, InvalidWindow> {
        Window::new(self.start, self.end)
    }
}

impl From<Window> for WindowBody {
    fn from(window: Window) -> Self {
        Self { start: window.start(), end: window.end() }
    }
}
