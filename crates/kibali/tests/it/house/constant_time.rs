//! Secrets are compared in constant time: by the crypto room, or not at all where a hash is looked up.

use std::path::Path;

/// Words that name what nobody is to find out byte by byte.
const SECRETS: &[&str] = &[
    "answered",
    "ath",
    "challenge",
    "cookie",
    "csrf",
    "digest",
    "expose",
    "form_token",
    "hash",
    "jti",
    "jkt",
    "mac",
    "nonce",
    "otp",
    "password",
    "presented",
    "recovery",
    "sealed",
    "secret",
    "seed",
    "signature",
    "token",
    "totp",
    "typed_code",
    "user_code",
    "verifier",
];

/// Comparisons of what is named so and is no secret: the file, the line, and why.
const NO_SECRET: &[(&str, &str, &str)] = &[
    ("metadata/src/language/fields/parse.rs", "token if token == close", "a piece of a query"),
    (
        "oauth/src/code.rs",
        "facts.challenge != by.answered",
        "the challenge went through the browser; and whoever answers it wrongly has spent the code",
    ),
    ("store/src/door/api_tokens.rs", "holder != token.uid", "the public name of a token"),
    ("web/src/identity/dpop.rs", "jkt != found", "the hash of a public key"),
    ("web/src/pages/own/sessions.rs", "session.hash == this", "one's own session in one's own list"),
    ("web/src/pages/own/sessions.rs", "session_name(*hash) == name", "a name that the page shows"),
    ("web/src/refusal/render.rs", "row.challenge == Challenge::Client", "a sort of header"),
];

/// The operand that ends before, or begins after, a comparison.
fn is_of_operand(c: char) -> bool {
    c.is_alphanumeric() || "_.()&*:?".contains(c)
}

/// Does the line compare something that is named like a secret?
fn compares_a_secret(line: &str) -> bool {
    ["==", "!="].into_iter().flat_map(|sign| line.match_indices(sign)).any(|(at, sign)| {
        let left = line[..at].trim_end();
        let left = left.rsplit(|c| !is_of_operand(c)).next().unwrap_or_default();
        let right = line[at + sign.len()..].trim_start();
        let right = right.split(|c| !is_of_operand(c)).next().unwrap_or_default();
        let counts = |operand: &str| operand.ends_with(".len()") || operand.contains("::len(");
        [left, right].into_iter().filter(|operand| !counts(operand)).any(|operand| {
            operand.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| SECRETS.contains(&word))
        })
    })
}

/// What stands in a file before its module of tests. A single item that is for tests alone ends nothing.
fn code(text: &str) -> &str {
    let is_module = |at: usize| {
        let item = text[at..].lines().skip(2).find(|line| !line.starts_with("#["));
        item.is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
    };
    let module = text.match_indices("\n#[cfg(test)]").find(|(at, _)| is_module(*at));
    module.map_or(text, |(at, _)| &text[..at])
}

/// Lines of a file that compare secrets.
fn found(path: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        for line in code(&text).lines().map(str::trim).filter(|line| !is_test && !line.starts_with("//")) {
            if compares_a_secret(line) {
                into.push((path.display().to_string(), line.to_owned()));
            }
        }
    }
}

#[test]
fn no_secret_is_compared_but_in_constant_time() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut lines = Vec::new();
    for room in ["crypto", "kibali", "metadata", "model", "oauth", "store", "web"] {
        found(&crates.join(room).join("src"), &mut lines);
    }
    for (file, line) in &lines {
        let is_known = NO_SECRET.iter().any(|(known, part, _)| file.ends_with(known) && line.contains(part));
        assert!(is_known, "{file}: compare it with equal_in_constant_time, or say why not here: {line}");
    }
    for (known, part, _) in NO_SECRET {
        let stands = lines.iter().any(|(file, line)| file.ends_with(known) && line.contains(part));
        assert!(stands, "{known}: there is no such line any longer: {part}");
    }
}

#[test]
fn comparisons_are_recognised() {
    for line in [
        "if sent == session.csrf() {",
        "if secret.expose() != other {",
        "hash == sha256(token)",
        "let same = *self.verifier == found;",
        "if (a, b) == (c, d) && code.as_ref() == kept.hash.as_slice() {",
    ] {
        assert!(compares_a_secret(line), "{line}");
    }
    for line in ["if secret.len() == 60 {", "if name == other {", "let csrf = a == b;", "hash(a)"] {
        assert!(!compares_a_secret(line), "{line}");
    }
}

#[test]
fn all_that_is_no_test_is_looked_at() {
    let file = "use a;\n\n#[cfg(test)]\nmod tests;\nfn b() {}\n    #[cfg(test)]\n    fn c() {}\nfn d() {}\n";
    assert_eq!(code(file), file);
    let module = format!("{file}\n#[cfg(test)]\n#[allow(x)]\nmod tests {{\n}}\n");
    assert_eq!(code(&module), file);
}
