//! Citations lead somewhere: a rule or a section that the code names is a heading of `docs/rules.md` or
//! `docs/dhis2.md`, and a heading there is named by something.

use std::collections::{BTreeMap, BTreeSet};

use super::files::written;
use super::security::{document, named, tests};

/// How a citation begins; the numbers follow.
const CITED: [&str; 5] = [
    "rules of the door ",
    "rules of the metadata ",
    "legacy reference ",
    "modern reference ",
    "web-api reference ",
];

/// The documents whose headings are cited.
const CITABLE: [&str; 2] = ["docs/rules.md", "docs/dhis2.md"];

/// What a file says, without the marks of its comments and where its lines end.
fn said(text: &str) -> String {
    let marks = ["//!", "///", "//", "--"];
    let plain = |line: &str| {
        let line = line.trim();
        marks.iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim().to_owned()
    };
    text.lines().map(plain).collect::<Vec<_>>().join(" ")
}

/// The number that `text` begins with, `3` or `3.7`, and what is behind it.
fn number(text: &str) -> Option<(&str, &str)> {
    let part = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = part(text);
    let behind = text[whole..].strip_prefix('.').map_or(0, part);
    let end = if behind > 0 { whole + 1 + behind } else { whole };
    (whole > 0).then(|| text.split_at(end))
}

/// All that is cited in `text`: `legacy reference 3.7`. Numbers stand one after another with commas, `and`, or a dash
/// for all between.
fn cited(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for begins in CITED {
        for behind in text.split(begins).skip(1) {
            let (mut rest, mut range) = (behind, None);
            while let Some((this, behind)) = number(rest) {
                found.extend(between(range.take(), this).iter().map(|number| format!("{begins}{number}")));
                let joined = [", ", " and ", "–"].into_iter().find(|join| behind.starts_with(join));
                let Some(join) = joined else { break };
                range = (join == "–").then_some(this);
                rest = &behind[join.len()..];
            }
        }
    }
    found
}

/// The numbers behind `from` up to `to`: of `1.4` and `1.7`, three; `to` alone where there is no `from`.
fn between(from: Option<&str>, to: &str) -> Vec<String> {
    let both = from.and_then(|from| Some((from.rsplit_once('.')?, to.rsplit_once('.')?)));
    match both {
        Some(((section, first), (_, last))) => {
            let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
            (first + 1..=last).map(|number| format!("{section}.{number}")).collect()
        }
        None => vec![to.to_owned()],
    }
}

/// What a heading can be cited as; headings above others cannot be.
fn heading(line: &str) -> Option<String> {
    let (title, _) = line.strip_prefix("## ")?.split_once(':')?;
    Some(format!("{}{}", title.get(..1)?.to_lowercase(), title.get(1..)?))
}

fn headings() -> BTreeSet<String> {
    let texts = CITABLE.map(|path| document(path.trim_start_matches("docs/")));
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    let found: Vec<String> = lines.iter().copied().filter_map(heading).collect();
    let apart: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(
        found.len(),
        lines.iter().filter(|line| line.starts_with("## ")).count(),
        "a heading without a number"
    );
    assert_eq!(found.len(), apart.len(), "a heading stands twice: {found:?}");
    apart
}

/// Every source, statement and document, and what it says; the titles that are cited are no citations.
fn sayings() -> BTreeMap<String, String> {
    let read = |path: &String| [".rs", ".md", ".sql"].iter().any(|end| path.ends_with(end));
    let untitled =
        |text: String| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let spoken = |(path, text): (String, String)| {
        let text = if CITABLE.contains(&path.as_str()) { untitled(text) } else { text };
        (path, said(&text))
    };
    written().into_iter().filter(|(path, _)| read(path)).map(spoken).collect()
}

#[test]
fn every_citation_leads_to_a_heading_and_every_heading_is_cited() {
    let headings = headings();
    let (mut dead, mut used, mut count) = (Vec::new(), BTreeSet::new(), 0);
    for (path, text) in sayings() {
        for citation in cited(&text) {
            count += 1;
            if !headings.contains(&citation) {
                dead.push(format!("{path}: {citation}"));
            }
            if !CITABLE.contains(&path.as_str()) {
                used.insert(citation);
            }
        }
    }
    assert!(dead.is_empty(), "docs/rules.md and docs/dhis2.md have no heading for: {dead:#?}");
    assert!(count > 300, "{count} citations");
    let idle: Vec<_> = headings.difference(&used).collect();
    assert!(idle.is_empty(), "cited by nothing: {idle:#?}");
}

#[test]
fn citations_have_one_form() {
    let others = ["oauth2-legacy reference", "oauth2-modern reference", "web api reference", "rules-of-the-"];
    let mut found = Vec::new();
    for (path, text) in sayings().iter().filter(|(path, _)| !path.ends_with("house/citations.rs")) {
        found.extend(
            others.iter().filter(|other| text.contains(*other)).map(|other| format!("{path}: {other}")),
        );
        for room in [" of the door", " of the metadata"] {
            let numbered = |before: &str| before.ends_with(|last: char| last.is_ascii_digit());
            let before: Vec<&str> = text.split(room).collect();
            if before.iter().rev().skip(1).any(|before| numbered(before)) {
                found.push(format!("{path}: a number before `{room}`"));
            }
        }
    }
    assert!(found.is_empty(), "write as CONTRIBUTING.md says: {found:#?}");
}

#[test]
fn every_rule_names_its_tests_and_they_exist() {
    let (tests, rules) = (tests(), document("rules.md"));
    let mut missing = Vec::new();
    for rule in rules.split("\n## ").skip(1) {
        let title = rule.lines().next().unwrap();
        let shown = rule.split("**Shown by**").nth(1).unwrap_or_default().split("\n#").next().unwrap();
        let shown = named(shown);
        assert!(
            shown.len() >= 3 && rule.contains("**Kept in** `crates/"),
            "{title}: kept where, shown by what?"
        );
        missing.extend(
            shown.into_iter().filter(|test| !tests.contains(*test)).map(|test| format!("{title}: {test}")),
        );
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn citations_are_read_however_they_are_written() {
    let text = said(
        "/// One thing (legacy reference\n    /// 3.7), another (rules of the door 3, 4 and 6, RFC 7591), and\n//! a range (web-api reference 1.4–1.6, 1.12).",
    );
    let found = [
        "rules of the door 3",
        "rules of the door 4",
        "rules of the door 6",
        "legacy reference 3.7",
        "web-api reference 1.4",
        "web-api reference 1.5",
        "web-api reference 1.6",
        "web-api reference 1.12",
    ];
    assert_eq!(cited(&text), found);
    assert_eq!(heading("## Legacy reference 3.7: errors").as_deref(), Some("legacy reference 3.7"));
}
