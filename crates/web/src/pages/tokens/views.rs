//! The pages of *Account > Personal access tokens*.

use askama::Template;
use kibali_model::{Timestamp, TokenLimit};
use kibali_store::door::api_tokens::ApiToken;

use super::form::TokenForm;
use crate::pages::frame::Frame;
use crate::pages::parts::{Copy, Moment};

/// The list.
#[derive(Template)]
#[template(path = "tokens.html")]
pub(super) struct List {
    pub(super) frame: Frame,
    /// What has just been done.
    pub(super) notice: Option<&'static str>,
    /// The server takes personal access tokens.
    pub(super) taken: bool,
    pub(super) rows: Vec<Row>,
}

/// One token of the list.
pub(super) struct Row {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) created: Moment,
    pub(super) expires: Moment,
    pub(super) is_over: bool,
    pub(super) used: Option<Moment>,
    /// What limits it, a line each.
    pub(super) limits: Vec<String>,
}

impl Row {
    /// Of a token; `used` may be known before it is written.
    pub(super) fn of(token: &ApiToken, used: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            uid: token.uid.to_string(),
            name: name(token),
            created: Moment(token.created),
            expires: Moment(token.expires),
            is_over: token.expires <= now,
            used: used.max(token.last_used).map(Moment),
            limits: limits(token),
        }
    }
}

/// What a token is called.
pub(super) fn name(token: &ApiToken) -> String {
    token.code.clone().unwrap_or_else(|| format!("Token {}", token.uid))
}

fn limits(token: &ApiToken) -> Vec<String> {
    let limits = token.limits.0.iter().filter(|limit| !limit.allowed().is_empty());
    limits
        .map(|limit| {
            let allowed = limit.allowed().join(", ");
            match limit {
                TokenLimit::IpAllowedList { .. } => format!("from {allowed}"),
                TokenLimit::MethodAllowedList { .. } => format!("by {}", allowed.to_uppercase()),
                TokenLimit::RefererAllowedList { .. } => format!("on pages of {allowed}"),
            }
        })
        .collect()
}

/// *Make a token*.
#[derive(Template)]
#[template(path = "token_new.html")]
pub(super) struct New<'a> {
    pub(super) frame: &'a Frame,
    pub(super) form: TokenForm<'a>,
}

/// The one page that shows a token.
#[derive(Template)]
#[template(path = "token_made.html")]
pub(super) struct Made {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) expires: Moment,
    pub(super) token: Copy,
    pub(super) curl: Copy,
    pub(super) limits: Vec<String>,
}

impl Made {
    /// Of a token just made, with the line that uses it.
    pub(super) fn new(frame: Frame, token: &ApiToken, secret: &str, curl: String) -> Self {
        Self {
            frame,
            name: name(token),
            expires: Moment(token.expires),
            token: Copy::secret("token", "personal access token", secret.to_owned()),
            curl: Copy::new("curl", "curl line that calls the Web API", curl),
            limits: limits(token),
        }
    }
}

/// *Delete*, asked once more.
#[derive(Template)]
#[template(path = "token_delete.html")]
pub(super) struct Delete {
    pub(super) frame: Frame,
    pub(super) uid: String,
    pub(super) name: String,
}
