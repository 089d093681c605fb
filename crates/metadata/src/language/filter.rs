//! `filter`: which objects a list holds.

use std::fmt;
use std::str::FromStr;

use super::fields::MAX_DEPTH;

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

/// The parameter cannot be read; answered with 400 and this text (web-api reference 1.6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

impl Operator {
    /// Every name of every operator; the first of several is how it is printed.
    const NAMES: &'static [(&'static str, Self)] = &[
        ("eq", Self::Eq),
        ("ieq", Self::Ieq),
        ("ne", Self::Ne),
        ("neq", Self::Ne),
        ("!eq", Self::Ne),
        ("gt", Self::Gt),
        ("lt", Self::Lt),
        ("ge", Self::Ge),
        ("gte", Self::Ge),
        ("le", Self::Le),
        ("lte", Self::Le),
        ("like", Self::Like),
        ("!like", Self::NotLike),
        ("$like", Self::StartsLike),
        ("!$like", Self::NotStartsLike),
        ("like$", Self::EndsLike),
        ("!like$", Self::NotEndsLike),
        ("ilike", Self::Ilike),
        ("!ilike", Self::NotIlike),
        ("$ilike", Self::StartsIlike),
        ("startsWith", Self::StartsIlike),
        ("!$ilike", Self::NotStartsIlike),
        ("ilike$", Self::EndsIlike),
        ("endsWith", Self::EndsIlike),
        ("!ilike$", Self::NotEndsIlike),
        ("token", Self::Token),
        ("!token", Self::NotToken),
        ("in", Self::In),
        ("!in", Self::NotIn),
        ("null", Self::Null),
        ("!null", Self::NotNull),
        ("empty", Self::Empty),
    ];

    /// Does it compare with a list in brackets?
    #[must_use]
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    /// Does it compare with nothing?
    #[must_use]
    pub const fn takes_nothing(self) -> bool {
        matches!(self, Self::Null | Self::NotNull | Self::Empty)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, operator)| operator == self).map_or("", |(name, _)| name))
    }
}

impl Filter {
    /// Reads `path:operator[:value]`; the value may hold colons itself.
    ///
    /// # Errors
    /// [`FilterError`] for a text without an operator, an unknown operator, a value that is missing or no
    /// list, an empty or too long path.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parts = text.splitn(3, ':');
        let (Some(path), Some(name)) = (parts.next(), parts.next().filter(|name| !name.is_empty())) else {
            return Err(FilterError(format!("Invalid filter => {text}")));
        };
        let operator = name.parse()?;
        Ok(Self { path: parse_path(path)?, operator, values: parse_values(operator, parts.next())? })
    }
}

impl FromStr for Operator {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, operator)| *operator)
            .ok_or_else(|| FilterError(format!("`{text}` is not a valid operator.")))
    }
}

fn parse_path(text: &str) -> Result<Vec<String>, FilterError> {
    let path: Vec<String> = text.split('.').take(MAX_DEPTH + 1).map(|name| name.trim().to_owned()).collect();
    if path.len() > MAX_DEPTH || path.iter().any(String::is_empty) {
        return Err(FilterError(format!("Unknown path property: {text}")));
    }
    Ok(path)
}

fn parse_values(operator: Operator, text: Option<&str>) -> Result<Vec<String>, FilterError> {
    if operator.takes_nothing() {
        return Ok(Vec::new());
    }
    let invalid = || {
        let given = text.unwrap_or_default();
        FilterError(format!("Invalid argument `{given}` for {operator} operator."))
    };
    let value = text.filter(|text| !text.is_empty()).ok_or_else(invalid)?;
    if !operator.takes_list() {
        return Ok(vec![value.to_owned()]);
    }
    let list = value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(invalid)?;
    let values: Vec<String> =
        list.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect();
    if values.is_empty() { Err(invalid()) } else { Ok(values) }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.join("."), self.operator)?;
        let values = self.values.join(",");
        if self.operator.takes_nothing() {
            Ok(())
        } else if self.operator.takes_list() {
            write!(f, ":[{values}]")
        } else {
            write!(f, ":{values}")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<String>, Operator, Vec<String>) {
        let filter = Filter::parse(text).unwrap();
        (filter.path, filter.operator, filter.values)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn values_may_hold_colons_and_lists_are_split() {
        assert_eq!(read("name:eq:a:b::c"), (texts(&["name"]), Operator::Eq, texts(&["a:b::c"])));
        assert_eq!(
            read("parent.id:in:[a, b,,c]"),
            (texts(&["parent", "id"]), Operator::In, texts(&["a", "b", "c"]))
        );
        assert_eq!(read("code:!null"), (texts(&["code"]), Operator::NotNull, vec![]));
        assert_eq!(read("code:null:ignored"), (texts(&["code"]), Operator::Null, vec![]));
        assert_eq!(read("name:like: x "), (texts(&["name"]), Operator::Like, texts(&[" x "])));
    }

    #[test]
    fn every_name_of_every_operator_is_read() {
        for (name, operator) in Operator::NAMES {
            assert_eq!(name.parse(), Ok(*operator));
            assert_eq!(operator.to_string().parse(), Ok(*operator));
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_as_dhis2_says_it() {
        for (text, message) in [
            ("", "Invalid filter => "),
            ("name", "Invalid filter => name"),
            ("name:", "Invalid filter => name:"),
            ("name:is:x", "`is` is not a valid operator."),
            ("name:EQ:x", "`EQ` is not a valid operator."),
            ("name:!empty", "`!empty` is not a valid operator."),
            ("name:eq", "Invalid argument `` for eq operator."),
            ("name:eq:", "Invalid argument `` for eq operator."),
            ("id:in:[]", "Invalid argument `[]` for in operator."),
            ("id:in:a,b", "Invalid argument `a,b` for in operator."),
            (":eq:x", "Unknown path property: "),
            ("a..b:eq:x", "Unknown path property: a..b"),
            ("a.a.a.a.a.a.a.a.a:null", "Unknown path property: a.a.a.a.a.a.a.a.a"),
        ] {
            assert_eq!(Filter::parse(text), Err(FilterError(message.to_owned())), "{text}");
        }
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let path = prop::collection::vec("[a-zA-Z][a-zA-Z0-9]{0,11}", 1..4);
        let operator = prop::sample::select(Operator::NAMES).prop_map(|(_, operator)| operator);
        (path, operator).prop_flat_map(|(path, operator)| {
            let values = if operator.takes_nothing() {
                Just(Vec::new()).boxed()
            } else if operator.takes_list() {
                prop::collection::vec("[^\\s,]{1,9}", 1..4).boxed()
            } else {
                any::<String>()
                    .prop_filter("a value", |value| !value.is_empty())
                    .prop_map(|value| vec![value])
                    .boxed()
            };
            values.prop_map(move |values| Filter { path: path.clone(), operator, values })
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(filter in any_filter()) {
            prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            let _ = Filter::parse(&text);
        }
    }
}
