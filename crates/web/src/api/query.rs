//! Parameters of a query string.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kibali_metadata::language::Fields;

use crate::Refusal;

/// Pairs read at most; more are a mistake or an attack.
const MOST: usize = 2000;

/// The pairs of a query string in the order sent. Names nobody asks for are ignored, as DHIS2 does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// The first value of `name` that is not empty.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every item of a list parameter: repeated, or joined by commas (web-api reference 1.1).
    pub(crate) fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Every value of `name`, in order; commas are left alone.
    pub(crate) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter(|value| !value.is_empty())
    }

    /// The `fields` asked for; all, where none are named.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn fields(&self) -> Result<Fields, Refusal> {
        let fields = Fields::parse_all(self.every("fields"));
        let fields = fields.map_err(|error| Refusal::bad_request(error.to_string()))?;
        Ok(if fields.0.is_empty() { Fields::all() } else { fields })
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for Pairs {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).take(MOST);
        Ok(Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }
}
