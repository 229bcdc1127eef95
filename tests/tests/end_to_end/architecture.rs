//! The walls between the crates.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What the pure crates may use: values, their text and byte forms, and hashing.
const LEDGER: &[&str] =
    &["foldhash", "jiff", "rust_decimal", "schemars", "serde", "sha2", "smallvec", "thiserror", "uuid"];
const MATCHING: &[&str] = &[
    "arrayvec",
    "ledger",
    "postcard",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "slab",
    "smallvec",
    "thiserror",
    "uuid",
];

/// What the types of the wire may use: values and their text forms, so that clients need nothing of the server.
const WIRE: &[&str] = &["jiff", "ledger", "matching", "rust_decimal", "serde", "serde_json", "utoipa", "uuid"];

/// What must not stand in the pure crates' sources: clocks, I/O, randomness, binary floating point, unordered iteration.
const FORBIDDEN: &[&str] = &[
    "f32",
    "f64",
    "std::time",
    "SystemTime",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "println!",
    "RandomState",
    "now_v7",
    "new_v4",
    "Timestamp::now",
];

/// The standard library's maps, whose order differs from run to run; [`ledger::Map`] is made of them once, with a fixed hash.
const RANDOM_BY_DEFAULT: &[&str] = &["HashMap", "HashSet"];

/// The workspace.
const MEMBERS: &[&str] = &[
    "api",
    "bank-files",
    "credentials",
    "dev-services",
    "infra",
    "ledger",
    "market-replay",
    "matching",
    "migrations",
    "tests",
    "twin",
    "wire",
];

fn dependencies(name: &str) -> BTreeSet<String> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo knows the workspace");
    let package = metadata.packages.iter().find(|package| package.name.as_str() == name).expect("a member");
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.clone()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn the_pure_crates_depend_on_nothing_but_values() {
    assert_eq!(dependencies("ledger"), set(LEDGER));
    assert_eq!(dependencies("matching"), set(MATCHING));
}

#[test]
fn the_types_of_the_wire_depend_on_nothing_but_values() {
    assert_eq!(dependencies("wire"), set(WIRE));
}

#[test]
fn dependencies_run_one_way() {
    let members = set(MEMBERS);
    let inner = |name: &str| -> BTreeSet<String> { dependencies(name).intersection(&members).cloned().collect() };
    assert_eq!(inner("ledger"), set(&[]));
    assert_eq!(inner("matching"), set(&["ledger"]));
    assert_eq!(inner("twin"), set(&["ledger", "matching"]));
    assert_eq!(inner("migrations"), set(&[]));
    assert_eq!(inner("infra"), set(&["ledger", "matching", "migrations"]));
    assert_eq!(inner("bank-files"), set(&["ledger"]));
    // What `serve` never starts, and what any client might be.
    assert_eq!(inner("dev-services"), set(&[]));
    assert_eq!(inner("credentials"), set(&[]));
    assert_eq!(inner("wire"), set(&["ledger", "matching"]));
    assert_eq!(inner("market-replay"), set(&["credentials", "infra"]));
    let shell = ["bank-files", "credentials", "dev-services", "infra", "ledger", "market-replay", "matching", "wire"];
    assert_eq!(inner("api"), set(&shell));
}

#[test]
fn the_workspace_has_exactly_its_members() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo knows the workspace");
    let members: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    assert_eq!(members, set(MEMBERS));
    let binaries = metadata.packages.iter().filter(|package| package.name.as_str() != "tests");
    let binaries = binaries.flat_map(|package| &package.targets).filter(|target| target.is_bin());
    assert_eq!(binaries.map(|target| target.name.as_str()).collect::<Vec<_>>(), ["secondwind"]);
}

#[test]
fn the_pure_crates_know_no_clock_no_io_and_no_floats() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for source in ["ledger/src", "matching/src"] {
        for file in sources(&root.join(source)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            let fixes_the_hash = file.ends_with("ledger/src/map.rs");
            for word in FORBIDDEN.iter().chain(RANDOM_BY_DEFAULT.iter().filter(|_| !fixes_the_hash)) {
                assert!(!text.contains(word), "{} has {word}", file.display());
            }
        }
    }
}

/// What a source that has no business with tables must not name.
const BEHIND_DOORS: &[&str] =
    &["tokio_postgres::Row", "RowStream", "SELECT ", "INSERT INTO ", "DELETE FROM ", ".query_one(", ".query_opt("];

#[test]
fn handlers_and_the_sequencer_know_no_sql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for source in ["api/src", "infra/src/sequencer"] {
        // The table of clients is the API's own.
        let files = sources(&root.join(source)).into_iter().filter(|file| !file.ends_with("api/src/auth/clients.rs"));
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for word in BEHIND_DOORS {
                assert!(!text.contains(word), "{} has {word}", file.display());
            }
        }
    }
}

fn sources(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The modules of the pure crates, from the ground up. Each takes what it needs from those below it, and from where that lives.
const FLOORS: [(&str, &[&str]); 2] = [
    (
        "ledger",
        &[
            "invariant",
            "text_form",
            "map",
            "short_text",
            "money",
            "calendar",
            "rounding",
            "identity",
            "outside_text",
            "account",
            "deferred_revenue",
            "correction",
            "posting_rule",
            "entry",
            "posting",
            "chain",
            "trial_balance",
            "books",
            "bank_statement",
            "payment_reference",
            "reconciliation",
            "deal",
        ],
    ),
    (
        "matching",
        &[
            "hours", "timeline", "price", "identity", "keys", "billing", "outage", "market", "lot", "order", "linked",
            "frontier", "ladder", "auction", "venue", "contract", "exchange",
        ],
    ),
];

/// The modules of its own crate that a source names, with what it says to the compiler of its tests left out.
fn named_modules(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    // Macros that other crates use name what they need by the crate's face.
    let text = text.replace("$crate::", "");
    let after = text.split("crate::").skip(1);
    after
        .map(|after| after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn each_floor_stands_on_those_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for (name, floors) in FLOORS {
        let source = root.join(name).join("src");
        for file in sources(&source) {
            let inside = file.strip_prefix(&source).expect("a file of the crate");
            let own = inside.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
            if own == "lib" {
                continue;
            }
            let floor = |module: &str| floors.iter().position(|floor| *floor == module);
            let own_floor = floor(&own).unwrap_or_else(|| panic!("{own} stands on no floor of {name}"));
            let text = std::fs::read_to_string(&file).expect("a source file");
            for module in named_modules(&text) {
                let below = floor(&module).is_some_and(|below| below <= own_floor);
                assert!(below, "{} takes {module} from above it, or from the face of {name}", file.display());
            }
        }
    }
}
