//! How values stand in an object's JSON document and in the keys beside it: what the write path stores
//! and the read path shows.
//!
//! - Values stand under their JSON name, dates as [`kibali_model::Timestamp::to_dhis2`] writes them.
//! - An embedded object keeps its scalars in the document and its element number under [`ELEMENT_KEY`];
//!   its references are rows of `reference` with that number (rules of the metadata 2).
//! - Members of an ordered edge have positions from 1, members of a set have position 0.
//! - Names that are computed on write (a user's full name, an option combo's option names) stand in the
//!   `name` column like any other name.

/// The key of an embedded object that holds its element number, from 1. Never shown.
pub const ELEMENT_KEY: &str = "$";

/// The text by which two spellings of one word are found: lower case by Unicode's own rules, the same on
/// both engines because the databases never fold (SQLite's `lower` knows only ASCII).
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_reaches_beyond_ascii() {
        assert_eq!(fold("ÉCOLE Ñandú ΣΑΣ"), "école ñandú σας");
    }

    proptest! {
        #[test]
        fn folding_ascii_twice_is_folding_once(text in "[ -~]{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
