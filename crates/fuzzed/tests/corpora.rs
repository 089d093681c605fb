//! Replays every input that fuzzing found worth keeping.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop at the first surprise

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kibali_fuzzed::TARGETS;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(name)
}

/// What lies in a folder.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_input_that_fuzzing_kept_still_holds() {
    let mut broken = Vec::new();
    for (name, check) in TARGETS {
        let inputs = paths(&folder("corpus").join(name));
        assert!(inputs.len() >= 5, "the corpus of {name} is gone");
        for input in inputs {
            let data = fs::read(&input).unwrap();
            if data.len() > 8192 || std::panic::catch_unwind(|| check(&data)).is_err() {
                broken.push(format!("{name}/{}", input.file_name().unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "these break a promise, or are long: {broken:#?}");
}

#[test]
fn every_kind_of_input_has_a_binary_a_corpus_and_words() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for place in ["corpus", "fuzz_targets", "dictionaries"] {
        let names = paths(&folder(place))
            .into_iter()
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), targets, "{place}");
    }
}
