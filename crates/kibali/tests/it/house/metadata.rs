//! What cargo says of the workspace: `cargo metadata` for what may be linked, `cargo tree` for what is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of the workspace.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// `cargo metadata` for this machine's platform.
pub(super) struct Metadata {
    document: Value,
}

impl Metadata {
    pub(super) fn read() -> Self {
        let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &platform];
        Self { document: serde_json::from_str(&cargo(&arguments)).unwrap() }
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Value> {
        self.document["packages"].as_array().unwrap().iter()
    }

    /// Our own packages, by name.
    pub(super) fn ours(&self) -> BTreeMap<&str, &Value> {
        self.packages().filter(|package| package["source"].is_null()).map(|it| (name(it), it)).collect()
    }

    /// Every crate that `package` would link through crates that are not ours, itself left out.
    pub(super) fn linked_from_outside(&self, package: &str) -> BTreeSet<&str> {
        let ours: BTreeMap<&str, &str> =
            self.ours().into_iter().map(|(name, it)| (it["id"].as_str().unwrap(), name)).collect();
        let names: BTreeMap<&str, &str> =
            self.packages().map(|it| (it["id"].as_str().unwrap(), name(it))).collect();
        let nodes: BTreeMap<&str, &Value> = self.document["resolve"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| (node["id"].as_str().unwrap(), node))
            .collect();
        let mut waiting: Vec<&str> =
            ours.iter().filter(|(_, name)| **name == package).map(|(id, _)| *id).collect();
        let mut found = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            for dependency in nodes[id]["deps"].as_array().unwrap() {
                let linked =
                    dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
                let other = dependency["pkg"].as_str().unwrap();
                if linked && !ours.contains_key(other) && found.insert(names[other]) {
                    waiting.push(other);
                }
            }
        }
        found
    }
}

/// Name and version of every crate that is really compiled: `cargo metadata` also lists optional
/// dependencies that a feature only mentions.
pub(super) fn compiled() -> BTreeSet<(String, String)> {
    let tree = cargo(&["tree", "--workspace", "--locked", "--prefix", "none", "--edges", "normal,build,dev"]);
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

pub(super) fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).current_dir(root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
