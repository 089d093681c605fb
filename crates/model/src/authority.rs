//! Authorities: the named rights that roles give.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A set of authorities such as `F_DATAELEMENT_PUBLIC_ADD`; `ALL` passes every question.
///
/// Any string is an authority, as in DHIS2 (web-api reference 3.3). The set is shown as stored:
/// `ALL` is not expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorities {
    // Shared by every principal of a user: a node remembers thousands.
    names: Arc<BTreeSet<String>>,
    all: bool,
}

impl Authorities {
    /// The authority of a superuser.
    pub const ALL: &'static str = "ALL";

    /// Is `ALL` among them?
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.all
    }

    /// Does the set pass a check for `authority`?
    #[must_use]
    pub fn has(&self, authority: &str) -> bool {
        self.all || self.names.contains(authority)
    }

    /// Does the set pass a check for at least one of `authorities`? An empty list asks for nothing
    /// and passes (web-api reference 3.5).
    #[must_use]
    pub fn has_any(&self, authorities: &[&str]) -> bool {
        self.all || authorities.is_empty() || authorities.iter().any(|name| self.names.contains(*name))
    }

    /// Does the set hold every authority of `other`, or `ALL`?
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        self.all || (!other.all && other.names.is_subset(&self.names))
    }

    /// The names as stored, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Authorities {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        let all = names.contains(Self::ALL);
        Self { names: Arc::new(names), all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_passes_and_is_only_included_by_all() {
        let all = Authorities::from_iter(["ALL"]);
        let some = Authorities::from_iter(["F_A", "F_B"]);
        assert!(all.has("F_X") && all.includes(&some) && all.includes(&all));
        assert!(some.has("F_A") && !some.has("F_X") && !some.includes(&all));
        assert!(some.has_any(&[]) && some.has_any(&["F_X", "F_B"]) && !some.has_any(&["F_X"]));
    }
}
