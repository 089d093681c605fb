//! `order`: in which sequence a list comes.

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
