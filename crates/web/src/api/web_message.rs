//! DHIS2's web message: the envelope of every answer that is not the thing asked for (web-api
//! reference 2.1).

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::xml;

/// The envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct WebMessage {
    /// Status of the response, told again inside.
    pub http_status: StatusCode,
    /// How it went.
    pub status: Outcome,
    /// `Ennnn`.
    pub error_code: Option<&'static str>,
    /// For people.
    pub message: Option<Cow<'static, str>>,
    /// For developers.
    pub dev_message: Option<Cow<'static, str>>,
    /// The payload, its `responseType` included.
    pub response: Option<Value>,
    /// The `Location` header: the absolute address of what was created.
    pub location: Option<String>,
}

/// How a request went, in the words of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Ok,
    Warning,
    Error,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// The root element of an answer's XML form; handlers that answer JSON put it beside their answer.
#[derive(Debug, Clone, Copy)]
pub struct XmlRoot(pub &'static str);

impl WebMessage {
    /// An envelope of this status and outcome, with nothing in it.
    #[must_use]
    pub const fn new(http_status: StatusCode, status: Outcome) -> Self {
        Self {
            http_status,
            status,
            error_code: None,
            message: None,
            dev_message: None,
            response: None,
            location: None,
        }
    }

    /// It worked; for people to read.
    #[must_use]
    pub fn ok(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: Some(message.into()), ..Self::new(StatusCode::OK, Outcome::Ok) }
    }

    /// It did not work.
    #[must_use]
    pub fn error(http_status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: Some(message.into()), ..Self::new(http_status, Outcome::Error) }
    }

    /// With a report as payload: its members behind `responseType`.
    ///
    /// The report is one of ours and always an object; anything else would be left out.
    #[must_use]
    pub fn with_report(mut self, response_type: &'static str, report: &impl Serialize) -> Self {
        let mut response = Map::from_iter([("responseType".to_owned(), Value::from(response_type))]);
        if let Ok(Value::Object(members)) = serde_json::to_value(report) {
            response.extend(members);
        }
        self.response = Some(Value::Object(response));
        self
    }

    /// With the address of what was created.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// The envelope as JSON; keys without a value are left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut keys = Map::new();
        let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
        put("httpStatus", self.http_status.canonical_reason().unwrap_or_default().into());
        put("httpStatusCode", self.http_status.as_u16().into());
        put("status", self.status.as_str().into());
        if let Some(code) = self.error_code {
            put("errorCode", code.into());
        }
        if let Some(message) = &self.message {
            put("message", message.as_ref().into());
        }
        if let Some(message) = &self.dev_message {
            put("devMessage", message.as_ref().into());
        }
        if let Some(response) = &self.response {
            put("response", response.clone());
        }
        Value::Object(keys)
    }

    /// The envelope as XML.
    #[must_use]
    pub fn to_xml(&self) -> String {
        xml::document("webMessage", &self.to_json(), &xml_item)
    }
}

/// What one member of a report's list is called.
pub(super) fn xml_item(collection: &str) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match collection {
        "errorReports" => "errorReport",
        "objectReports" => "objectReport",
        "typeReports" => "typeReport",
        "errorProperties" => "errorProperty",
        "args" => "arg",
        _ => return None,
    }))
}

impl IntoResponse for WebMessage {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.http_status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.extensions_mut().insert(XmlRoot("webMessage"));
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}
