//! The answer to an authorization request, on its way to the client through the browser.

use crate::redirect;

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In a form that the browser posts there (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode, as discovery lists them.
    pub const EVERY: [(&'static str, Self); 2] = [("query", Self::Query), ("form_post", Self::FormPost)];

    /// The mode with this name on the wire.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|(known, _)| *known == name).map(|(_, mode)| mode)
    }
}

/// Where the browser goes and what it takes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The client's redirect URI.
    pub redirect_uri: String,
    /// How the members travel.
    pub mode: ResponseMode,
    /// Names and values.
    pub members: Vec<(&'static str, String)>,
}

impl Answer {
    /// The address with the members in its query.
    #[must_use]
    pub fn address(&self) -> String {
        let members: Vec<(&str, &str)> =
            self.members.iter().map(|(name, value)| (*name, value.as_str())).collect();
        redirect::with_parameters(&self.redirect_uri, &members)
    }
}
