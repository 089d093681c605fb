//! Statements with a name, and the values bound to them.

/// One fixed SQL text, the same on both engines, with `$1`, `$2` … for its values.
///
/// Every statement stands in the catalogue, which tests prepare and execute on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// What it is called in plans and errors.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

impl Statement {
    /// A statement with a name and its text.
    #[must_use]
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql }
    }
}

/// A value bound to a statement. Each type has its own null, because PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($ty:ty => $make:expr),* $(,)?) => {
        $(impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                let make: fn($ty) -> Self = $make;
                make(value)
            }
        })*
    };
}

value_from! {
    i64 => |v| Self::Int(Some(v)),
    Option<i64> => Self::Int,
    bool => |v| Self::Int(Some(i64::from(v))),
    &str => |v| Self::Text(Some(v.to_owned())),
    String => |v| Self::Text(Some(v)),
    Option<String> => Self::Text,
    Option<&str> => |v| Self::Text(v.map(str::to_owned)),
    Vec<u8> => |v| Self::Bytes(Some(v)),
    Option<Vec<u8>> => Self::Bytes,
    [u8; 32] => |v| Self::Bytes(Some(v.to_vec())),
    kibali_model::Timestamp => |v| Self::Int(Some(v.millis())),
    Option<kibali_model::Timestamp> => |v| Self::Int(v.map(kibali_model::Timestamp::millis)),
    kibali_model::ObjectId => |v| Self::Int(Some(v.0)),
    Option<kibali_model::ObjectId> => |v| Self::Int(v.map(|id| id.0)),
    kibali_model::Uid => |v| Self::Text(Some(v.to_string())),
    Option<kibali_model::Uid> => |v| Self::Text(v.map(|uid| uid.to_string())),
}

/// The values of a statement, in the order of `$1`, `$2` …
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}
