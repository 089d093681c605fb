//! One comparison with one value: what an operator means (web-api reference 1.6).
//!
//! The same tests run in SQL, on columns, and here, on values of documents. No test but [`Test::Null`]
//! matches an absent value, negated ones included.

use std::cmp::Ordering;

use kibali_model::Timestamp;
use serde_json::Value;

use super::ReadError;
use crate::fold;
use crate::kind::Type;
use crate::language::{Filter, Operator};

/// A comparison, its values read by the type they are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// There is no value.
    Null,
    /// There is one.
    NotNull,
    /// By order, texts by code point.
    Compare(Comparison, Scalar),
    /// One of these, or none of these.
    In {
        /// The values.
        values: Vec<Scalar>,
        /// None of these.
        negated: bool,
    },
    /// Text by its parts.
    Match {
        /// Which parts.
        how: How,
        /// What they must be; folded when `ignore_case`.
        value: String,
        /// Compare folded text.
        ignore_case: bool,
        /// Must not.
        negated: bool,
    },
}

/// The six comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Does a value that stands so to the other pass?
    #[must_use]
    pub const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Which part of a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// All of it.
    Whole,
    /// Any part.
    Contains,
    /// Its beginning.
    Starts,
    /// Its end.
    Ends,
    /// Every word of the value begins a word of the text.
    Words,
}

/// A value that can be compared. Truth values are 0 and 1, dates milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
#[allow(missing_docs)]
pub enum Scalar {
    Int(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// Reads a filter's text as a value of this type.
    fn parse(text: &str, ty: &Type) -> Result<Self, &'static str> {
        match ty {
            Type::Integer => text.parse().map(Self::Int).map_err(|_| "Integer"),
            Type::Number => {
                text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Float).ok_or("Double")
            }
            Type::Boolean if text.eq_ignore_ascii_case("true") => Ok(Self::Int(1)),
            Type::Boolean if text.eq_ignore_ascii_case("false") => Ok(Self::Int(0)),
            Type::Boolean => Err("Boolean"),
            Type::Date => Timestamp::from_dhis2(text).map(|at| Self::Int(at.millis())).ok_or("Date"),
            _ => Ok(Self::Text(text.to_owned())),
        }
    }

    /// A document's value of this type; none for null and for what is not of the type.
    #[must_use]
    pub fn of(value: &Value, ty: &Type) -> Option<Self> {
        match (ty, value) {
            (Type::Integer, Value::Number(number)) => number.as_i64().map(Self::Int),
            (Type::Number, Value::Number(number)) => number.as_f64().map(Self::Float),
            (Type::Boolean, Value::Bool(truth)) => Some(Self::Int(i64::from(*truth))),
            (Type::Date, Value::String(text)) => Timestamp::from_dhis2(text).map(|at| Self::Int(at.millis())),
            (Type::Integer | Type::Number | Type::Boolean | Type::Date, _) => None,
            (_, Value::String(text)) => Some(Self::Text(text.clone())),
            (_, Value::Number(number)) => Some(Self::Text(number.to_string())),
            (_, Value::Bool(truth)) => Some(Self::Text(truth.to_string())),
            _ => None,
        }
    }
}

impl Test {
    /// The test of `filter` on a value of type `ty`.
    ///
    /// # Errors
    /// A value that cannot be read as the type, or an operator that makes no sense for it.
    pub(super) fn of(filter: &Filter, ty: &Type) -> Result<Self, ReadError> {
        let path = || filter.path.join(".");
        let read = |text: &str| {
            Scalar::parse(text, ty).map_err(|wanted| ReadError::BadValue {
                value: text.to_owned(),
                wanted,
                path: path(),
            })
        };
        let text = filter.values.join(",");
        let compare = |comparison| Ok(Self::Compare(comparison, read(&text)?));
        let is_text = !matches!(ty, Type::Integer | Type::Number | Type::Boolean | Type::Date);
        if let Some((how, ignore_case, negated)) = text_match(filter.operator) {
            if !is_text {
                let operator = name(filter.operator);
                return Err(ReadError::BadOperator { operator, path: path() });
            }
            let value = if ignore_case { fold(&text) } else { text };
            return Ok(Self::Match { how, value, ignore_case, negated });
        }
        match filter.operator {
            Operator::Null => Ok(Self::Null),
            Operator::NotNull => Ok(Self::NotNull),
            Operator::Eq => compare(Comparison::Equal),
            Operator::Ne => compare(Comparison::NotEqual),
            Operator::Gt => compare(Comparison::Greater),
            Operator::Ge => compare(Comparison::GreaterOrEqual),
            Operator::Lt => compare(Comparison::Less),
            Operator::Le => compare(Comparison::LessOrEqual),
            Operator::In | Operator::NotIn => Ok(Self::In {
                values: filter.values.iter().map(|value| read(value)).collect::<Result<_, _>>()?,
                negated: filter.operator == Operator::NotIn,
            }),
            other => Err(ReadError::BadOperator { operator: name(other), path: path() }),
        }
    }

    /// Does a value pass? `None` is the absent value.
    #[must_use]
    pub fn holds(&self, value: Option<&Scalar>) -> bool {
        let Some(value) = value else { return *self == Self::Null };
        match self {
            Self::Null => false,
            Self::NotNull => true,
            Self::Compare(comparison, other) => {
                value.partial_cmp(other).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::In { values, negated } => values.contains(value) != *negated,
            Self::Match { how, value: wanted, ignore_case, negated } => {
                let Scalar::Text(text) = value else { return false };
                let folded;
                let text = if *ignore_case {
                    folded = fold(text);
                    folded.as_str()
                } else {
                    text
                };
                how.holds(text, wanted) != *negated
            }
        }
    }

    /// Does it compare folded text?
    #[must_use]
    pub const fn ignores_case(&self) -> bool {
        matches!(self, Self::Match { ignore_case: true, .. })
    }

    /// Does it split the text into words? Then no engine runs it.
    #[must_use]
    pub const fn by_words(&self) -> bool {
        matches!(self, Self::Match { how: How::Words, .. })
    }
}

impl How {
    fn holds(self, text: &str, wanted: &str) -> bool {
        match self {
            Self::Whole => text == wanted,
            Self::Contains => text.contains(wanted),
            Self::Starts => text.starts_with(wanted),
            Self::Ends => text.ends_with(wanted),
            Self::Words => wanted.split_whitespace().all(|word| {
                text.split(|c: char| !c.is_alphanumeric()).any(|of_text| of_text.starts_with(word))
                    || text.split_whitespace().any(|of_text| of_text.starts_with(word))
            }),
        }
    }
}

/// The operators on parts of texts: which part, ignoring case, negated.
const fn text_match(operator: Operator) -> Option<(How, bool, bool)> {
    Some(match operator {
        Operator::Ieq => (How::Whole, true, false),
        Operator::Like => (How::Contains, false, false),
        Operator::NotLike => (How::Contains, false, true),
        Operator::StartsLike => (How::Starts, false, false),
        Operator::NotStartsLike => (How::Starts, false, true),
        Operator::EndsLike => (How::Ends, false, false),
        Operator::NotEndsLike => (How::Ends, false, true),
        Operator::Ilike => (How::Contains, true, false),
        Operator::NotIlike => (How::Contains, true, true),
        Operator::StartsIlike => (How::Starts, true, false),
        Operator::NotStartsIlike => (How::Starts, true, true),
        Operator::EndsIlike => (How::Ends, true, false),
        Operator::NotEndsIlike => (How::Ends, true, true),
        Operator::Token => (How::Words, true, false),
        Operator::NotToken => (How::Words, true, true),
        _ => return None,
    })
}

/// The operator as DHIS2 spells it, for messages.
pub(super) const fn name(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "eq",
        Operator::Ieq => "ieq",
        Operator::Ne => "ne",
        Operator::Gt => "gt",
        Operator::Lt => "lt",
        Operator::Ge => "ge",
        Operator::Le => "le",
        Operator::Like => "like",
        Operator::NotLike => "!like",
        Operator::StartsLike => "$like",
        Operator::NotStartsLike => "!$like",
        Operator::EndsLike => "like$",
        Operator::NotEndsLike => "!like$",
        Operator::Ilike => "ilike",
        Operator::NotIlike => "!ilike",
        Operator::StartsIlike => "$ilike",
        Operator::NotStartsIlike => "!$ilike",
        Operator::EndsIlike => "ilike$",
        Operator::NotEndsIlike => "!ilike$",
        Operator::Token => "token",
        Operator::NotToken => "!token",
        Operator::In => "in",
        Operator::NotIn => "!in",
        Operator::Null => "null",
        Operator::NotNull => "!null",
        Operator::Empty => "empty",
    }
}
