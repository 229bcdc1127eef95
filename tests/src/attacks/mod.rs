//! What hostile clients do, and what becomes of it.
//!
//! An attack is written once. A test plays it against an exchange of its own and asserts what must hold; `make attacks` plays all of
//! them against a release build, with a bystander who goes on trading, and prints what each came to.
//!
//! An attack sends to loopback only, and is bounded in requests and in time.

pub mod amounts;
pub mod bystander;
mod connections;
pub mod faults;
mod floods;
pub mod search;
mod shapes;
mod stage;
pub mod table;
pub mod text;
mod tokens;

pub use stage::Stage;

use futures::future::BoxFuture;

/// One attack of the threat model (`docs/security.md`).
pub struct Attack {
    /// The name under which the threat model lists it, such as `nul_in_a_deal`.
    pub name: &'static str,
    /// What a hostile client does, in a few words.
    pub what: &'static str,
    /// What came of it before it was mended, as measured then.
    pub before: &'static str,
    /// Plays it and tells what came of it.
    pub play: for<'a> fn(&'a Stage) -> BoxFuture<'a, anyhow::Result<String>>,
}

/// Every attack that `make attacks` plays, in the order of the threat model.
pub fn all() -> Vec<Attack> {
    let topics = [
        search::all(),
        text::all(),
        amounts::all(),
        shapes::attacks(),
        tokens::attacks(),
        floods::attacks(),
        connections::attacks(),
    ];
    topics.into_iter().flatten().collect()
}

/// The attack of this name.
///
/// # Panics
/// When there is none.
pub fn named(name: &str) -> Attack {
    all().into_iter().find(|attack| attack.name == name).unwrap_or_else(|| panic!("no attack is called {name}"))
}
