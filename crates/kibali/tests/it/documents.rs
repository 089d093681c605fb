//! What the documents say is so: files they name exist, links lead somewhere, keys are those of the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents, by their path from the root.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions", "docs/security"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                found.push(Path::new(folder).join(name).to_str().unwrap().to_owned());
            }
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

/// The text of a document without its fenced blocks, which hold no links.
fn prose(document: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in document.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The name that a heading has in a link: small letters, digits and hyphens.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    let mut dead = Vec::new();
    for document in documents() {
        let folder = root().join(&document).parent().unwrap().to_owned();
        let text = prose(&read(&document));
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { root().join(&document) } else { folder.join(file) };
            let known = match std::fs::read_to_string(&path) {
                Ok(text) => prose(&text).lines().filter(|line| line.starts_with('#')).map(anchor).collect(),
                Err(_) if path.exists() => BTreeSet::new(),
                Err(_) => {
                    dead.push(format!("{document}: {target}"));
                    continue;
                }
            };
            if !heading.is_empty() && !known.contains(heading) {
                dead.push(format!("{document}: {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
    assert!(links > 20, "{links} links");
}

#[test]
fn every_file_named_in_a_document_exists() {
    let mut named = 0;
    let mut missing = Vec::new();
    for document in documents() {
        let text = prose(&read(&document));
        let is_path =
            |word: &&str| ["crates/", "docs/", "xtask/"].iter().any(|start| word.starts_with(start));
        for path in quoted(&text).filter(is_path) {
            named += 1;
            if !root().join(path).exists() {
                missing.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(named > 60, "{named} files");
}

#[test]
fn every_crate_has_a_row_in_the_architecture() {
    let text = read("docs/architecture.md");
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(text.contains(&format!("| `crates/{name}` |")), "{name}");
    }
}

#[test]
fn every_decision_is_in_the_index_under_its_title() {
    let index = read("docs/decisions/README.md");
    for document in documents().iter().filter(|path| path.starts_with("docs/decisions/0")) {
        let text = read(document);
        let title = text.lines().next().unwrap().trim_start_matches("# ");
        let (number, title) = title.split_once(". ").unwrap();
        let file = document.rsplit('/').next().unwrap();
        let row = format!("| [{number}]({file}) | {title} |");
        assert!(index.contains(&row), "docs/decisions/README.md lacks: {row}");
    }
}

/// The keys that `kibali serve --help` shows: default and meaning of each.
fn keys() -> BTreeMap<String, (String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_kibali")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let list = help.split_once("Keys of kibali.conf").unwrap().1.split_once("\n\n").unwrap().1;
    let mut keys: Vec<(String, String, String)> = Vec::new();
    for line in list.lines().filter(|line| !line.trim().is_empty()) {
        match (line.starts_with("   "), line.trim().split_once(" =")) {
            (false, Some((name, default))) => {
                keys.push((name.to_owned(), default.trim().to_owned(), String::new()));
            }
            _ => {
                let about = &mut keys.last_mut().unwrap().2;
                about.push_str(line.trim());
                about.push(' ');
            }
        }
    }
    keys.into_iter()
        .map(|(name, default, about)| {
            let variable = format!("KIBALI_{}", name.replace(['.', '-'], "_").to_uppercase());
            let about = about.trim().strip_suffix(variable.as_str()).unwrap().trim().trim_end_matches('.');
            (name, (default, about.to_owned()))
        })
        .collect()
}

#[test]
fn operations_has_the_keys_of_the_binary_and_no_other() {
    let text = read("docs/operations.md");
    let table = text.split_once("| Key | When not set | Meaning |\n").unwrap().1;
    let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    let keys = keys();
    let wanted: BTreeSet<String> = keys
        .iter()
        .map(|(name, (default, about))| match default.as_str() {
            "" => format!("| `{name}` |  | {about} |"),
            default => format!("| `{name}` | `{default}` | {about} |"),
        })
        .collect();
    for row in &wanted {
        assert!(rows.contains(&row.as_str()), "docs/operations.md lacks: {row}");
    }
    for row in &rows {
        assert!(wanted.contains(*row), "docs/operations.md has: {row}");
    }
    assert!(rows.len() > 15, "{} keys", rows.len());
}

#[test]
fn settings_in_the_documents_use_keys_of_the_binary() {
    let keys = keys();
    let mut seen = 0;
    for document in documents() {
        for block in read(&document).split("```properties\n").skip(1) {
            for line in block.split("```").next().unwrap().lines().filter(|line| line.contains('=')) {
                let key = line.split('=').next().unwrap().trim();
                assert!(keys.contains_key(key), "{document}: {line}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen} settings");
}

#[test]
fn commands_in_the_documents_are_commands_of_the_binary() {
    let mut seen = BTreeSet::new();
    for document in documents() {
        for rest in read(&document).split("kibali ").skip(1) {
            let mut words = rest
                .split(|c: char| !c.is_ascii_lowercase() && !matches!(c, ' ' | '-'))
                .next()
                .unwrap()
                .split(' ');
            match words.next() {
                Some(group @ ("user" | "client" | "key" | "audit")) => {
                    seen.extend(
                        words
                            .next()
                            .filter(|word| !word.is_empty() && !word.starts_with('-'))
                            .map(|word| vec![group.to_owned(), word.to_owned()]),
                    );
                }
                Some(word @ ("dev" | "serve" | "import" | "migrate" | "why")) => {
                    seen.insert(vec![word.to_owned()]);
                }
                _ => {}
            }
        }
        let text = read(&document);
        let unknown = quoted(&text).filter_map(|span| span.strip_prefix("kibali ")).find(|rest| {
            let word = rest.split(' ').next().unwrap();
            !word.starts_with('-')
                && !["dev", "serve", "import", "migrate", "user", "client", "key", "audit", "why"]
                    .contains(&word)
        });
        assert_eq!(unknown, None, "{document}");
    }
    assert!(seen.len() > 8, "{seen:?}");
    for words in seen {
        let output = Command::new(env!("CARGO_BIN_EXE_kibali")).args(&words).arg("--help").output().unwrap();
        assert!(output.status.success(), "kibali {} is in the documents only", words.join(" "));
    }
}
