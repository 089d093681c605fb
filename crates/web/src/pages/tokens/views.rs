//! The pages of *Account > Personal access tokens*.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::{ObjectId, Timestamp, TokenLimit};
use kibali_store::door::api_tokens::{self, ApiToken};
use kibali_store::door::marks::Used;

use super::form::TokenForm;
use crate::pages::frame::Frame;
use crate::pages::parts::{Copy, Moment};
use crate::{App, Refusal};

/// The list.
#[derive(Template)]
#[template(path = "tokens.html")]
pub(super) struct List {
    pub(super) frame: Frame,
    /// What has just been done.
    pub(super) notice: Option<&'static str>,
    /// The server takes personal access tokens.
    pub(super) taken: bool,
    pub(super) table: Table,
}

/// Personal access tokens of a user, each with a way to end it.
#[derive(Template)]
#[template(path = "tokens_table.html")]
pub(in crate::pages) struct Table {
    /// Below what address their pages are; none where each has a button of a form instead.
    pub(in crate::pages) base: Option<String>,
    pub(in crate::pages) rows: Vec<Row>,
}

// A template itself: what it holds is escaped where it is rendered.
impl HtmlSafe for Table {}

impl Table {
    /// The tokens of `user`, the newest first.
    pub(in crate::pages) async fn of(
        app: &App,
        user: ObjectId,
        base: Option<String>,
    ) -> Result<Self, Refusal> {
        let tokens = api_tokens::of_user(&mut app.store.reader().await?, user).await?;
        let used = |token: &ApiToken| app.identity().last_use(&Used::ApiToken(token.id));
        let rows = tokens.iter().map(|token| Row::of(token, used(token), app.now())).collect();
        Ok(Self { base, rows })
    }
}

/// One token of the list.
pub(in crate::pages) struct Row {
    pub(in crate::pages) uid: String,
    pub(in crate::pages) name: String,
    pub(in crate::pages) created: Moment,
    pub(in crate::pages) expires: Moment,
    pub(in crate::pages) is_over: bool,
    pub(in crate::pages) used: Option<Moment>,
    /// What limits it, a line each.
    pub(in crate::pages) limits: Vec<String>,
}

impl Row {
    /// Of a token; `used` may be known before it is written.
    fn of(token: &ApiToken, used: Option<Timestamp>, now: Timestamp) -> Self {
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
