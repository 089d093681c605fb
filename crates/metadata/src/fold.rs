//! Case folding, the same on both engines because it happens here.

/// The form in which names, codes and values are compared ignoring case: Unicode lower case. The
/// databases' own `lower` functions disagree outside ASCII (rules of the metadata 3).
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
