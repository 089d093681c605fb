//! Which foreign crates are built in: none that is banned, none twice without a reason.

use std::collections::BTreeMap;

use super::metadata::compiled;

/// Crates that must not be compiled, and why.
const BANNED: &[(&str, &str)] = &[
    ("ring", "aws-lc-rs is the one crypto library"),
    ("openssl-sys", "aws-lc-rs is the one crypto library"),
    ("native-tls", "rustls is the one TLS"),
    ("chrono", "jiff is the one calendar"),
    ("time", "jiff is the one calendar"),
    ("sqlx-macros", "macros compile both drivers twice"),
    ("sqlx-mysql", "two engines are enough"),
    ("reqwest", "hyper-util is the one HTTP client"),
];

/// Crates that are compiled in two versions, and who is behind.
const TWICE: &[(&str, &str)] = &[
    ("base64", "bcrypt is ahead of sqlx and of us; small"),
    ("block-buffer", "sqlx-core hashes with sha2 0.10, its PostgreSQL driver with 0.11"),
    ("cpufeatures", "as block-buffer"),
    ("crypto-common", "as block-buffer"),
    ("digest", "as block-buffer"),
    ("sha2", "as block-buffer"),
    ("hashbrown", "sqlx's hashlink is behind indexmap"),
    ("syn", "tracing-attributes is behind; compile time only"),
];

#[test]
fn nothing_banned_is_compiled() {
    let compiled = compiled();
    let found: Vec<_> = BANNED.iter().filter(|(name, _)| compiled.iter().any(|it| it.0 == *name)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_crate_is_compiled_in_two_versions_without_a_reason() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version) in compiled() {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let new: Vec<_> = versions.iter().filter(|(name, _)| TWICE.iter().all(|it| it.0 != **name)).collect();
    assert!(new.is_empty(), "without a reason: {new:?}");
    let past: Vec<_> = TWICE.iter().filter(|(name, _)| !versions.contains_key(*name)).collect();
    assert!(past.is_empty(), "no longer true: {past:?}");
}
