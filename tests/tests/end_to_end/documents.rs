//! The documents are true as far as a machine can tell.

use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The Markdown files in a directory.
fn documents(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The relative destinations of a document's links, without their fragments.
fn destinations(text: &str) -> Vec<String> {
    let links = Parser::new(text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    });
    // What begins with a slash is a path of the API.
    let relative = links.filter(|link| !link.contains(':') && !link.starts_with(['#', '/']));
    relative.map(|link| link.split('#').next().unwrap_or_default().to_owned()).collect()
}

/// The server shows them at `/errors/{code}`, apart from the other documents.
#[test]
fn pages_of_errors_link_to_nothing_that_is_not_served_with_them() {
    for page in documents(&root().join("docs/errors")) {
        let text = std::fs::read_to_string(&page).expect("a page");
        assert_eq!(destinations(&text), [""; 0], "{}", page.display());
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let directories = ["", "docs", "docs/adr", "docs/errors"];
    let documents: Vec<PathBuf> = directories.iter().flat_map(|name| documents(&root().join(name))).collect();
    assert!(documents.len() > 100, "{documents:?}");
    let mut followed = 0;
    for document in documents {
        let text = std::fs::read_to_string(&document).expect("a document");
        let directory = document.parent().expect("a directory");
        for destination in destinations(&text) {
            followed += 1;
            assert!(directory.join(&destination).exists(), "{} links to {destination}", document.display());
        }
    }
    assert!(followed > 100, "{followed}");
}
