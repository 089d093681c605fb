//! Why a request for objects cannot be answered.

/// A request asks for something that does not exist or costs too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A filter names no property (400).
    #[error("Unknown path property: {0}")]
    UnknownPath(String),
    /// A filter's value cannot be read as the property's type (400).
    #[error("Unable to parse `{value}` as `{wanted}` for property `{path}`")]
    BadValue {
        /// The value as sent.
        value: String,
        /// What the property holds.
        wanted: &'static str,
        /// The filter's path.
        path: String,
    },
    /// A filter's operator makes no sense for the property (400).
    #[error("Operator `{operator}` cannot be used on property `{path}`")]
    BadOperator {
        /// The operator's name.
        operator: &'static str,
        /// The filter's path.
        path: String,
    },
    /// More levels than [`crate::language::MAX_DEPTH`] (409).
    #[error("`{0}` goes deeper than {limit} levels", limit = crate::language::MAX_DEPTH)]
    TooDeep(&'static str),
    /// More items than [`crate::language::MAX_ITEMS`] (409).
    #[error("fields names more than {limit} properties", limit = crate::language::MAX_ITEMS)]
    TooManyFields,
    /// The answer would hold more references than [`super::MAX_REFERENCES`] (409).
    #[error("the answer would hold more than {limit} references: ask for fewer fields or a smaller page", limit = super::MAX_REFERENCES)]
    TooManyReferences,
    /// A filter or order on a document value would look into more objects than [`super::MAX_RESIDUAL`]
    /// (409); its path.
    #[error("`{0}` would have to look into more than {limit} objects: narrow the list by another filter first", limit = super::MAX_RESIDUAL)]
    TooManyObjects(String),
}

impl ReadError {
    /// Is the request too large, rather than wrong? Then it is answered 409 instead of 400.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooDeep(_) | Self::TooManyFields | Self::TooManyReferences | Self::TooManyObjects(_)
        )
    }
}
