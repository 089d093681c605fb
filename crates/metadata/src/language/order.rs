//! `order`: in which sequence a list comes.

use std::fmt;

/// One `order=property[:direction]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The JSON name of the property.
    pub property: String,
    /// Which way.
    pub direction: Direction,
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// `asc`.
    #[default]
    Ascending,
    /// `desc`.
    Descending,
    /// `iasc`: case folded.
    AscendingIgnoreCase,
    /// `idesc`: case folded.
    DescendingIgnoreCase,
}

impl Direction {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("asc", Self::Ascending),
        ("desc", Self::Descending),
        ("iasc", Self::AscendingIgnoreCase),
        ("idesc", Self::DescendingIgnoreCase),
    ];
}

impl Order {
    /// Reads `property[:direction]`, the direction in any case. `None` for anything else: DHIS2 drops an
    /// order it cannot read (web-api reference 1.5).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (property, direction) = match text.split_once(':') {
            None => (text, Direction::default()),
            Some((property, name)) => {
                let name = name.trim();
                let known = Direction::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
                (property, known.1)
            }
        };
        let property = property.trim();
        (!property.is_empty()).then(|| Self { property: property.to_owned(), direction })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Direction::NAMES.iter().find(|(_, direction)| *direction == self.direction);
        write!(f, "{}:{}", self.property, name.map_or("asc", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_direction_is_optional_and_a_bad_one_drops_the_order() {
        let order = |property: &str, direction| Some(Order { property: property.to_owned(), direction });
        assert_eq!(Order::parse("name"), order("name", Direction::Ascending));
        assert_eq!(Order::parse("name:DESC"), order("name", Direction::Descending));
        assert_eq!(Order::parse(" name : iasc "), order("name", Direction::AscendingIgnoreCase));
        assert_eq!(Order::parse("name:sideways"), None);
        assert_eq!(Order::parse("name:asc:desc"), None);
        assert_eq!(Order::parse(":asc"), None);
        assert_eq!(Order::parse(""), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(property in "[a-zA-Z][a-zA-Z.]{0,20}", index in 0..4usize) {
            let direction = Direction::NAMES.get(index).map(|(_, direction)| *direction).unwrap_or_default();
            let order = Order { property, direction };
            prop_assert_eq!(Order::parse(&order.to_string()), Some(order));
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            let _ = Order::parse(&text);
        }
    }
}
