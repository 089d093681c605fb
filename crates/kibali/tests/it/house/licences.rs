//! Every licence of a foreign crate may be shipped inside an Apache-2.0 program.

use super::metadata::{Metadata, name};

/// Licences, as SPDX names them, whose terms an Apache-2.0 binary can meet.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates whose licence is not in the list, and why it is fine.
const REASONED: &[(&str, &str)] =
    &[("webpki-roots", "CDLA-Permissive-2.0 covers a table of certificates, not code; free to pass on")];

#[test]
fn every_licence_is_compatible_with_ours() {
    let metadata = Metadata::read();
    let mut wrong = Vec::new();
    for package in metadata.packages() {
        let expression = package["license"].as_str().unwrap_or("none");
        let reasoned = REASONED.iter().any(|it| it.0 == name(package));
        if reasoned == allowed(expression) {
            wrong.push(format!("{}: {expression} (listed: {reasoned})", name(package)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_licence_is_allowed_when_a_choice_or_all_parts_are() {
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT/Apache-2.0", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("MIT AND GPL-3.0-only OR Zlib", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
        ("AGPL-3.0", false),
        ("none", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression), expected, "{expression}");
    }
}

/// Whether the SPDX `expression` can be met with allowed licences alone. The old `/` means a choice.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    choice(&mut rest) && rest.is_empty()
}

fn choice(rest: &mut &[&str]) -> bool {
    let mut met = all(rest);
    while take(rest, "OR") {
        met |= all(rest);
    }
    met
}

fn all(rest: &mut &[&str]) -> bool {
    let mut met = one(rest);
    while take(rest, "AND") {
        met &= one(rest);
    }
    met
}

/// A licence, or an expression in brackets. An exception (`WITH`) only ever permits more.
fn one(rest: &mut &[&str]) -> bool {
    if take(rest, "(") {
        let met = choice(rest);
        return take(rest, ")") && met;
    }
    let Some((word, after)) = rest.split_first() else { return false };
    let met = ALLOWED.contains(word);
    *rest = after;
    if take(rest, "WITH") {
        *rest = rest.get(1..).unwrap_or(&[]);
    }
    met
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let found = rest.first() == Some(&word);
    if found {
        *rest = &rest[1..];
    }
    found
}
