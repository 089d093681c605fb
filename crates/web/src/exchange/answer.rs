//! The answer that carries tokens (legacy reference 3.4).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use kibali_crypto::Secret;
use kibali_model::{Dialect, Scopes};
use kibali_oauth::token_exchange::ACCESS_TOKEN;
use serde_json::{Map, Value};

use crate::api::xml::Elements;
use crate::speech::Format;

/// Tokens for a client, shown this once.
pub(crate) struct TokenAnswer {
    /// The generation of the endpoint: the order and the case of what is said differ.
    pub(crate) dialect: Dialect,
    pub(crate) access_token: Secret<String>,
    pub(crate) refresh_token: Option<Secret<String>>,
    /// Who the user is, where that was asked.
    pub(crate) id_token: Option<Secret<String>>,
    /// Seconds the access token lives.
    pub(crate) expires_in: i64,
    pub(crate) scopes: Scopes,
    /// The tokens are bound to a key (RFC 9449).
    pub(crate) bound: bool,
    /// It was given for another token (RFC 8693 section 2.2.1).
    pub(crate) exchanged: bool,
}

impl TokenAnswer {
    /// The answer in the caller's format.
    pub(crate) fn render(&self, format: Format) -> Response {
        let (media, body) = match format {
            Format::Xml => ("application/xml;charset=UTF-8", self.xml()),
            Format::Json | Format::Csv => ("application/json;charset=UTF-8", self.json()),
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(media)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (PRAGMA, HeaderValue::from_static("no-cache")),
        ];
        (headers, Body::from(body)).into_response()
    }

    fn json(&self) -> String {
        let mut body = Map::new();
        let mut say = |name: &str, value: Value| body.insert(name.to_owned(), value);
        say("access_token", self.access_token.expose().as_str().into());
        say("token_type", self.token_type().into());
        if let Some(token) = &self.refresh_token {
            say("refresh_token", token.expose().as_str().into());
        }
        say("expires_in", self.expires_in.into());
        say("scope", self.scopes.to_string().into());
        if self.exchanged {
            say("issued_token_type", ACCESS_TOKEN.into());
        }
        if let Some(token) = &self.id_token {
            say("id_token", token.expose().as_str().into());
        }
        Value::Object(body).to_string()
    }

    /// Both generations in their own case; clients compare it without regard to it (RFC 6749 section 5.1).
    const fn token_type(&self) -> &'static str {
        match (self.bound, self.dialect) {
            (true, _) => "DPoP",
            (false, Dialect::Legacy) => "bearer",
            (false, Dialect::Modern) => "Bearer",
        }
    }

    /// Under the name of a Java class, as DHIS2 up to 2.32 wrote it.
    fn xml(&self) -> String {
        let mut xml = Elements::new("DefaultOAuth2AccessToken");
        xml.text("access_token", self.access_token.expose());
        xml.text("token_type", self.token_type());
        if let Some(token) = &self.refresh_token {
            xml.text("refresh_token", token.expose());
        }
        xml.text("expires_in", &self.expires_in.to_string());
        xml.text("scope", &self.scopes.to_string());
        xml.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(refresh: Option<&str>) -> TokenAnswer {
        TokenAnswer {
            dialect: Dialect::Legacy,
            access_token: Secret::new("a".to_owned()),
            refresh_token: refresh.map(|token| Secret::new(token.to_owned())),
            id_token: None,
            expires_in: 43_200,
            scopes: Scopes::all(),
            bound: false,
            exchanged: false,
        }
    }

    #[test]
    fn members_stand_in_the_order_dhis2_writes_them() {
        assert_eq!(
            answer(Some("r")).json(),
            r#"{"access_token":"a","token_type":"bearer","refresh_token":"r","expires_in":43200,"scope":"ALL"}"#
        );
        assert_eq!(
            answer(None).json(),
            r#"{"access_token":"a","token_type":"bearer","expires_in":43200,"scope":"ALL"}"#
        );
        assert_eq!(
            answer(Some("r")).xml(),
            "<DefaultOAuth2AccessToken><access_token>a</access_token><token_type>bearer</token_type>\
             <refresh_token>r</refresh_token><expires_in>43200</expires_in><scope>ALL</scope>\
             </DefaultOAuth2AccessToken>"
        );
    }
}
