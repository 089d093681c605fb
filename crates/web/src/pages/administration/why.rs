//! *Administration > Why was it refused*: the chain of a refused call, by the number of its request.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::guard::Administrator;
use super::{TITLE, WHY};
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::redirect;
use crate::why::{self, Answer, Explanation};
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "admin_why.html")]
pub(in crate::pages) struct Why {
    pub(in crate::pages) frame: Frame,
    /// The number that was asked about.
    pub(in crate::pages) id: String,
    /// What there is to say instead of a chain.
    pub(in crate::pages) notice: Option<String>,
    pub(in crate::pages) found: Option<Explanation>,
}

/// What an address asks about.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    id: String,
}

/// `GET /administration/why?id=`. A number that this node does not remember is asked of the others.
pub(super) async fn show(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    Query(Asked { id }): Query<Asked>,
) -> Result<Page, Refusal> {
    let frame = visitor.frame(&app.settings, TITLE);
    let id: String = id.trim().chars().take(40).collect();
    let (notice, found) = match id.as_str() {
        "" => (None, None),
        id => match why::ask(&app, id).await {
            Ok(Answer::Known(found)) => (None, Some(*found)),
            Ok(Answer::Asked) => (Some(asked()), None),
            Err(refusal @ Refusal::BadRequest(_)) => (Some(format!("{}.", refusal.message())), None),
            Err(refusal) => return Err(refusal),
        },
    };
    Page::render(&Why { frame, id, notice, found })
}

/// `GET /admin/why?id=`: where the page was.
pub(super) async fn moved(State(app): State<App>, Query(Asked { id }): Query<Asked>) -> Response {
    let mut query = url::form_urlencoded::Serializer::for_suffix(format!("{WHY}?"), WHY.len() + 1);
    redirect(&app.settings, &query.append_pair("id", &id).finish())
}

fn asked() -> String {
    "This node does not remember that request. The others have been asked: open the page again in a few seconds. If \
     it still says this then, no node remembers it: each keeps its last 10,000 refused calls until it stops."
        .to_owned()
}
