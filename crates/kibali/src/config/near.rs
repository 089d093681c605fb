//! The key that was meant, where a name is almost one.

use super::keys::{KEYS, Key};

/// The key that `name` was probably meant to be.
pub(super) fn meant(name: &str) -> Option<&'static Key> {
    let near = KEYS.iter().map(|key| (distance(name, key.name), key));
    near.filter(|(far, _)| *far <= name.len().div_ceil(3)).min_by_key(|(far, _)| *far).map(|(_, key)| key)
}

/// Letters to change, add or take away to make one word of the other (Levenshtein).
pub(super) fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (b, pair) in to.chars().zip(row.windows(2)) {
            if let [diagonal, above] = *pair {
                left = (left + 1).min(above + 1).min(diagonal + usize::from(a != b));
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_key_that_was_meant() {
        for (typed, wanted) in [
            ("server.base.ulr", Some("server.base.url")),
            ("server.baseurl", Some("server.base.url")),
            ("proxy.trustet", Some("proxy.trusted")),
            ("connection.usename", Some("connection.username")),
            ("filestore.provider", None),
        ] {
            assert_eq!(meant(typed).map(|key| key.name), wanted, "{typed}");
        }
    }
}
