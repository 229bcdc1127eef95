//! Every version of every event ever written can be read, and is written the same way again.

use std::collections::BTreeMap;

use matching::Event;

/// The golden files, named `<type>.<version>.json`: content as it stands in logs.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

fn golden() -> BTreeMap<(String, u16), String> {
    let files = std::fs::read_dir(FILES).expect("a golden file").map(|file| file.expect("a golden file").path());
    files
        .map(|path| {
            let stem = path.file_stem().expect("a golden file").to_string_lossy().into_owned();
            let (name, version) = stem.rsplit_once('.').expect("a golden file");
            (
                (name.to_owned(), version.parse().expect("a golden file")),
                std::fs::read_to_string(path).expect("a golden file"),
            )
        })
        .collect()
}

#[test]
fn what_was_written_is_read_and_written_alike() {
    for ((name, version), text) in golden() {
        let event = Event::decode(&name, version, text.trim_end().as_bytes()).unwrap();
        // Later versions only add what may be left out, so that what an older one said is still said alike.
        assert_eq!(event.name(), name);
        assert!(event.version() >= version);
        let mut again = Vec::new();
        event.encode(&mut again);
        assert_eq!(String::from_utf8(again).unwrap(), text.trim_end(), "{name}.{version}");
    }
}

#[test]
fn every_type_in_use_has_a_golden_file() {
    let files = golden();
    for (name, version, _) in Event::schemas() {
        assert!(files.contains_key(&(name.to_owned(), version)), "tests/golden/{name}.{version}.json is missing");
    }
}

/// Nothing folds a document that is no deal: an event carries a deal, which is checked where it is made and where it is read.
#[test]
fn a_document_that_is_no_deal_is_not_read() {
    let golden = golden();
    for name in ["box_created", "deal_amended"] {
        let mut content: serde_json::Value = serde_json::from_str(&golden[&(name.to_owned(), 1)]).unwrap();
        content["deal"]["contracts"] = serde_json::json!([]);
        let read = Event::decode(name, 1, content.to_string().as_bytes());
        let told = read.expect_err("no deal has no contracts").to_string();
        assert!(told.contains("a deal has a contract and an asset at least"), "{told}");
    }
}

#[test]
fn what_nobody_wrote_is_refused() {
    assert!(Event::decode("order_placed", 9, b"{}").is_err());
    assert!(Event::decode("order_misplaced", 1, b"{}").is_err());
    assert!(Event::decode("order_placed", 1, b"{}").is_err());
}
