//! What the security documents say has a test: each row names one that exists, or says why there is none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Chapters of ASVS 5.0 that `docs/security/asvs.md` walks through, and how many requirements each of their
/// sections has.
const ASVS: &[(usize, &[usize])] =
    &[(6, &[3, 12, 8, 6, 8, 4, 2, 4]), (7, &[3, 4, 2, 5, 3, 2]), (9, &[3, 4]), (10, &[2, 3, 5, 16, 5, 2, 3])];

/// How a row begins to say why no test shows it.
const REASONS: [&str; 2] = ["Not kept: ", "Does not apply: "];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(super) fn document(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// Names in backquotes that look like a test's.
pub(super) fn named(text: &str) -> BTreeSet<&str> {
    let in_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.matches('_').count() >= 2 && name.bytes().all(in_name)).collect()
}

/// The tests of every crate: functions under `#[test]` or in `both!`, and those that `on_both!` lists.
pub(super) fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    sources(&root().join("crates"), &mut found);
    found
}

fn sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            declared(&std::fs::read_to_string(&path).unwrap(), found);
        }
    }
}

fn declared(text: &str, found: &mut BTreeSet<String>) {
    let (mut announced, mut listed) = (false, false);
    for line in text.lines().map(str::trim) {
        let words = line.strip_prefix("async ").unwrap_or(line);
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") || line.starts_with("both!") {
            announced = true;
        } else if line.starts_with("on_both!(") {
            listed = true;
        } else if line == ");" {
            listed = false;
        } else if listed {
            found.insert(line.trim_end_matches(',').to_owned());
        } else if let Some((name, _)) = words.strip_prefix("fn ").and_then(|rest| rest.split_once('('))
            && std::mem::take(&mut announced)
        {
            found.insert(name.to_owned());
        }
    }
}

/// The rows of a document's tables, without their heads.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let lines: Vec<&str> = document.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let is_head = lines.get(number + 1).is_some_and(|next| next.starts_with("|--"));
        if line.starts_with("| ") && !is_head {
            rows.push(line.trim_matches('|').split('|').map(str::trim).collect());
        }
    }
    rows
}

#[test]
fn every_test_named_in_a_security_document_exists() {
    let tests = tests();
    assert!(tests.len() > 500, "{} tests", tests.len());
    for (name, least) in
        [("security.md", 60), ("security/rfc9700.md", 30), ("security/asvs.md", 60), ("conformance.md", 6)]
    {
        let document = document(name);
        let named = named(&document);
        assert!(named.len() >= least, "{name}: {named:?}");
        let missing: Vec<_> = named.iter().filter(|test| !tests.contains(**test)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn every_row_of_who_dies_when_names_its_test() {
    let document = document("security.md");
    for row in rows(&document) {
        assert!(!named(row.last().unwrap()).is_empty(), "a row without a test: {row:?}");
    }
}

#[test]
fn every_demand_has_its_test_or_the_reason_why_not() {
    for name in ["security/rfc9700.md", "security/asvs.md"] {
        let document = document(name);
        let rows = rows(&document);
        assert!(rows.len() > 40, "{name}: {} rows", rows.len());
        for row in rows {
            let [_, asked, shown, why] = row[..] else { panic!("{name}: not four cells: {row:?}") };
            let reasoned = REASONS.iter().any(|reason| why.starts_with(reason));
            assert!(!asked.is_empty() && (reasoned || !named(shown).is_empty()), "{name}: {row:?}");
        }
    }
}

#[test]
fn every_requirement_of_the_four_chapters_of_asvs_has_one_row() {
    let document = document("security/asvs.md");
    let told: Vec<&str> = rows(&document).iter().map(|row| row[0]).collect();
    let mut asked = Vec::new();
    for (chapter, sections) in ASVS {
        for (section, count) in (1..).zip(*sections) {
            asked.extend((1..=*count).map(|number| format!("{chapter}.{section}.{number}")));
        }
    }
    assert_eq!(told, asked);
}
