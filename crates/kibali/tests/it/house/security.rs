//! The tests that `docs/security.md` names exist.

use std::collections::BTreeSet;
use std::path::Path;

/// Names in backquotes that look like a test's.
fn named(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|name| {
            name.matches('_').count() >= 3 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
        .collect()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_named_in_the_security_document_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("../../docs/security.md")).unwrap();
    let mut tests = String::new();
    sources(&root.join("tests/it"), &mut tests);
    let named = named(&document);
    assert!(named.len() >= 15, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !tests.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for row in document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| What happens")) {
        assert!(row.contains('`'), "a row without a test: {row}");
    }
}
