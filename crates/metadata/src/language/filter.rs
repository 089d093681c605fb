//! `filter`: which objects a list holds.

/// One `filter=path:operator[:value]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The dotted path, split: `["dataSetElements", "dataSet", "id"]`.
    pub path: Vec<String>,
    /// The comparison.
    pub operator: Operator,
    /// The value as written; for `in` the text between the brackets, split at commas.
    pub values: Vec<String>,
}

/// How several filters combine (`rootJunction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Junction {
    /// Every filter must match.
    #[default]
    And,
    /// One is enough.
    Or,
}

/// The comparisons of web-api reference 1.6; names that mean the same share a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Operator {
    Eq,
    Ieq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Like,
    NotLike,
    StartsLike,
    NotStartsLike,
    EndsLike,
    NotEndsLike,
    Ilike,
    NotIlike,
    StartsIlike,
    NotStartsIlike,
    EndsIlike,
    NotEndsIlike,
    Token,
    NotToken,
    In,
    NotIn,
    Null,
    NotNull,
    Empty,
}

/// The parameter cannot be read; answered with 400 (web-api reference 1.6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);
