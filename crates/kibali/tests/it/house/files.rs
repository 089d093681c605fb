//! How files look: short, documented, and knowing nothing of the machine they were written on.

use std::collections::BTreeMap;
use std::path::Path;

use super::metadata::root;

/// A file is short enough to hold in the head.
const LINES: usize = 400;

/// Files that are longer, and why they are not two.
const LONG: &[(&str, &str)] = &[];

/// Folders that are made, not written.
const MADE: &[&str] = &["target", ".git", "node_modules", "__pycache__", ".venv", "dev-data"];

/// Where people and build machines keep their checkouts. Put together here so that this file has none.
const MACHINE: &[&str] = &[
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
    concat!("/", "work/"),
    concat!("/tmp", "/wt"),
    concat!("registry", ".npmjs"),
    concat!("files.python", "hosted"),
];

#[test]
fn files_are_short_or_listed_with_a_reason() {
    let files = written();
    let long = |path: &&String| path.ends_with(".rs") && files[*path].lines().count() > LINES;
    let listed = |path: &str| LONG.iter().any(|it| it.0 == path);
    let new: Vec<_> = files.keys().filter(long).filter(|path| !listed(path)).collect();
    assert!(new.is_empty(), "over {LINES} lines: {new:#?}");
    let past: Vec<_> = LONG.iter().filter(|it| files.keys().filter(long).all(|path| *path != it.0)).collect();
    assert!(past.is_empty(), "no longer long: {past:#?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = |(path, text): &(&String, &String)| path.ends_with(".rs") && !text.starts_with("//!");
    let files = written();
    let silent: Vec<_> = files.iter().filter(silent).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "without a line of docs on top: {silent:#?}");
}

#[test]
fn no_file_names_a_machine() {
    let here = root().to_string_lossy().into_owned();
    let mut found = Vec::new();
    for (path, text) in written() {
        for (number, line) in text.lines().enumerate() {
            if line.contains(&here) || MACHINE.iter().any(|it| line.contains(it)) {
                found.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The clippy list cannot name a type's construction: who makes real randomness is told by its name.
#[test]
fn only_the_binary_and_tests_take_the_systems_randomness() {
    let files = written();
    let pure = |path: &str| {
        path.starts_with("crates/") && !["kibali/", "testkit/"].iter().any(|it| path[7..].starts_with(it))
    };
    let takes = |(path, text): &(&String, &String)| {
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        pure(path) && !path.ends_with("/tests.rs") && shipped.contains("SystemRandom")
    };
    let takers: Vec<_> = files.iter().filter(takes).map(|(path, _)| path.as_str()).collect();
    assert_eq!(takers, ["crates/crypto/src/lib.rs", "crates/crypto/src/random.rs"]);
}

/// Every text file of the project and what it says.
pub(super) fn written() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    collect(&root(), &root(), &mut files);
    assert!(files.len() > 100, "the project was not found");
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if MADE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            files.insert(path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), text);
        }
    }
}
