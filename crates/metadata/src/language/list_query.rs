//! The query parameters of a list, read together (web-api reference 1.4–1.7, 1.12).

use super::{Fields, FieldsError, Filter, FilterError, Junction, Order};

/// How many `filter` parameters one request may hold.
const MAX_FILTERS: usize = 100;
/// How many orders are looked at; a list is decided long before.
const MAX_ORDERS: usize = 20;
/// The last page number, and the largest page: enough for every list there is, and their product still
/// fits 64 bits.
const MAX_PAGE: u64 = 1_000_000_000;

/// What a list request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// `fields`, all of them together; `None` asks for the default of the place.
    pub fields: Option<Fields>,
    /// `filter`, in the order given.
    pub filters: Vec<Filter>,
    /// `rootJunction`: how the filters combine.
    pub junction: Junction,
    /// `order`: those that could be read.
    pub order: Vec<Order>,
    /// `query`: a text to search names for; never empty.
    pub query: Option<String>,
    /// `paging`, `page`, `pageSize`.
    pub paging: Paging,
    /// `defaults=EXCLUDE`: leave the system default category objects out.
    pub exclude_defaults: bool,
    /// `translate=false`: show base values in `displayName` and its like.
    pub untranslated: bool,
    /// `locale`: translate to this one instead of the caller's.
    pub locale: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `paging=false`: the whole, without a pager.
    Off,
    /// One page.
    Page {
        /// From 1.
        page: u64,
        /// Objects to a page, at least 1.
        size: u64,
    },
}

impl Paging {
    /// How many objects a page holds when nothing is said.
    pub const DEFAULT_SIZE: u64 = 50;
}

impl Default for Paging {
    fn default() -> Self {
        Self::Page { page: 1, size: Self::DEFAULT_SIZE }
    }
}

/// A list parameter cannot be read: 400 with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListQueryError {
    /// `fields`.
    #[error(transparent)]
    Fields(#[from] FieldsError),
    /// `filter`.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// More filters than one request may hold.
    #[error("At most 100 `filter` parameters are allowed")]
    TooManyFilters,
    /// A value that is none of those allowed.
    #[error("Value '{value}' is not valid for parameter {parameter}. Valid values are: [{allowed}]")]
    Value {
        /// The parameter.
        parameter: &'static str,
        /// What was sent.
        value: String,
        /// What may be sent.
        allowed: &'static str,
    },
    /// A parameter that takes one value came with different ones.
    #[error("Parameter {0} is given more than once with different values")]
    Repeated(&'static str),
}

impl ListQuery {
    /// Gathers the list parameters from the decoded query string; others are left alone. An empty value
    /// counts as absent, equal repeats count once.
    ///
    /// # Errors
    /// [`ListQueryError`] for the first parameter that cannot be read. A bad `order` is dropped, as DHIS2
    /// does.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, ListQueryError> {
        let parameters = Parameters(pairs);
        let fields: Vec<&str> = parameters.all("fields").collect();
        if parameters.all("filter").nth(MAX_FILTERS).is_some() {
            return Err(ListQueryError::TooManyFilters);
        }
        Ok(Self {
            fields: if fields.is_empty() { None } else { Some(Fields::parse_all(fields)?) },
            filters: parameters.all("filter").map(Filter::parse).collect::<Result<_, _>>()?,
            junction: parameters.choice(
                "rootJunction",
                "AND, OR",
                &[("AND", Junction::And), ("OR", Junction::Or)],
            )?,
            order: parameters
                .all("order")
                .flat_map(|text| text.split(','))
                .filter_map(Order::parse)
                .take(MAX_ORDERS)
                .collect(),
            query: parameters.one("query")?.map(|text| text.trim().to_owned()),
            paging: parameters.paging()?,
            exclude_defaults: parameters.choice(
                "defaults",
                "INCLUDE, EXCLUDE",
                &[("INCLUDE", false), ("EXCLUDE", true)],
            )?,
            untranslated: parameters.choice(
                "translate",
                "true, false",
                &[("true", false), ("false", true)],
            )?,
            locale: parameters.one("locale")?.map(str::to_owned),
        })
    }
}

/// The decoded query string.
struct Parameters<'q>(&'q [(String, String)]);

impl<'q> Parameters<'q> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'q str> + use<'q, '_> {
        let name = name.to_owned();
        self.0
            .iter()
            .filter(move |(key, value)| *key == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &'static str) -> Result<Option<&'q str>, ListQueryError> {
        let mut values = self.all(name);
        let first = values.next();
        match values.find(|value| Some(*value) != first) {
            Some(_) => Err(ListQueryError::Repeated(name)),
            None => Ok(first),
        }
    }

    /// One of the named values, in any case; the first when absent.
    fn choice<T: Copy + Default>(
        &self,
        parameter: &'static str,
        allowed: &'static str,
        values: &[(&str, T)],
    ) -> Result<T, ListQueryError> {
        let Some(value) = self.one(parameter)? else { return Ok(T::default()) };
        values
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value.trim()))
            .map(|(_, choice)| *choice)
            .ok_or_else(|| ListQueryError::Value { parameter, value: value.to_owned(), allowed })
    }

    /// A number from 1 on; smaller ones are read as 1, as DHIS2 does.
    fn number(&self, parameter: &'static str, absent: u64) -> Result<u64, ListQueryError> {
        let Some(value) = self.one(parameter)? else { return Ok(absent) };
        let number: i64 = value.trim().parse().map_err(|_| ListQueryError::Value {
            parameter,
            value: value.to_owned(),
            allowed: "a whole number",
        })?;
        Ok(u64::try_from(number).unwrap_or(1).clamp(1, MAX_PAGE))
    }

    fn paging(&self) -> Result<Paging, ListQueryError> {
        let page = self.number("page", 1)?;
        let size = self.number("pageSize", Paging::DEFAULT_SIZE)?;
        let off = self.choice("paging", "true, false", &[("true", false), ("false", true)])?;
        Ok(if off { Paging::Off } else { Paging::Page { page, size } })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use super::*;
    use crate::language::{Direction, Operator};

    fn parse(pairs: &[(&str, &str)]) -> Result<ListQuery, ListQueryError> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        ListQuery::parse(&pairs.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_asked_is_the_first_fifty() {
        let query = parse(&[("unheard", "of"), ("fields", "")]).unwrap();
        assert_eq!(query, ListQuery::default());
        assert_eq!(query.paging, Paging::Page { page: 1, size: 50 });
    }

    #[test]
    fn everything_asked_is_gathered() {
        let query = parse(&[
            ("fields", "id"),
            ("filter", "name:like:a"),
            ("fields", "name"),
            ("filter", "code:!null"),
            ("rootJunction", "or"),
            ("order", "name:desc,code"),
            ("order", "level:sideways"),
            ("query", " clinic "),
            ("page", "2"),
            ("pageSize", "10"),
            ("totalPages", "true"),
            ("defaults", "EXCLUDE"),
            ("translate", "false"),
            ("locale", "fr"),
        ])
        .unwrap();
        assert_eq!(query.fields.unwrap().to_string(), "id,name");
        let operators: Vec<_> = query.filters.iter().map(|filter| filter.operator).collect();
        assert_eq!(operators, [Operator::Like, Operator::NotNull]);
        assert_eq!(query.junction, Junction::Or);
        let directions: Vec<_> = query.order.iter().map(|order| order.direction).collect();
        assert_eq!(directions, [Direction::Descending, Direction::Ascending]);
        assert_eq!(query.query.as_deref(), Some("clinic"));
        assert_eq!(query.paging, Paging::Page { page: 2, size: 10 });
        assert!(query.exclude_defaults && query.untranslated);
        assert_eq!(query.locale.as_deref(), Some("fr"));
    }

    #[test]
    fn pages_have_bounds() {
        let paging = |pairs: &[(&str, &str)]| parse(pairs).unwrap().paging;
        assert_eq!(paging(&[("page", "-3"), ("pageSize", "0")]), Paging::Page { page: 1, size: 1 });
        assert_eq!(
            paging(&[("page", "9223372036854775807")]),
            Paging::Page { page: MAX_PAGE, size: Paging::DEFAULT_SIZE }
        );
        assert_eq!(paging(&[("paging", "FALSE"), ("page", "4")]), Paging::Off);
    }

    #[test]
    fn what_cannot_be_read_names_the_parameter() {
        let message = |pairs: &[(&str, &str)]| parse(pairs).unwrap_err().to_string();
        assert_eq!(
            message(&[("page", "two")]),
            "Value 'two' is not valid for parameter page. Valid values are: [a whole number]"
        );
        assert_eq!(
            message(&[("rootJunction", "XOR")]),
            "Value 'XOR' is not valid for parameter rootJunction. Valid values are: [AND, OR]"
        );
        assert_eq!(
            message(&[("page", "1"), ("page", "1"), ("page", "2")]),
            "Parameter page is given more than once with different values"
        );
        assert!(message(&[("fields", "a]")]).starts_with("Parameter `fields` cannot be read at position 1"));
        assert_eq!(message(&[("filter", "name")]), "Invalid filter => name");
        let many: Vec<_> = std::iter::repeat_n(("filter", "id:null"), 101).collect();
        assert_eq!(parse(&many), Err(ListQueryError::TooManyFilters));
    }
}
