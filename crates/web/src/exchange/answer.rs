//! The answer that carries tokens (legacy reference 3.4).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use kibali_crypto::Secret;
use kibali_model::Scopes;
use serde_json::json;

use crate::api::xml::Elements;
use crate::speech::Format;

/// Tokens for a client, shown this once.
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Secret<String>,
    pub(crate) refresh_token: Option<Secret<String>>,
    /// Seconds the access token lives.
    pub(crate) expires_in: i64,
    pub(crate) scopes: Scopes,
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
        let mut body = json!({ "access_token": self.access_token.expose(), "token_type": "bearer" });
        if let Some(members) = body.as_object_mut() {
            if let Some(token) = &self.refresh_token {
                members.insert("refresh_token".to_owned(), token.expose().as_str().into());
            }
            members.insert("expires_in".to_owned(), self.expires_in.into());
            members.insert("scope".to_owned(), self.scopes.to_string().into());
        }
        body.to_string()
    }

    /// Under the name of a Java class, as DHIS2 up to 2.32 wrote it.
    fn xml(&self) -> String {
        let mut xml = Elements::new("DefaultOAuth2AccessToken");
        xml.text("access_token", self.access_token.expose());
        xml.text("token_type", "bearer");
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
            access_token: Secret::new("a".to_owned()),
            refresh_token: refresh.map(|token| Secret::new(token.to_owned())),
            expires_in: 43_200,
            scopes: Scopes::all(),
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
