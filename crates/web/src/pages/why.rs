//! *Administration > Why was it refused*: the chain of a refused call, by the number of its request.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::administration::Administrator;
use super::frame::Frame;
use super::page::Page;
use crate::why::{self, Answer, Explanation};
use crate::{App, Refusal};

/// Where the page is, below the context path.
pub(super) const WHY: &str = "/admin/why";
const TITLE: &str = "Administration";

/// The page.
#[derive(Template)]
#[template(path = "why.html")]
pub(super) struct Why {
    pub(super) frame: Frame,
    /// The number that was asked about.
    pub(super) id: String,
    /// What there is to say instead of a chain.
    pub(super) notice: Option<String>,
    pub(super) found: Option<Explanation>,
}

/// What an address asks about.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    id: String,
}

/// `GET /admin/why?id=`. A number that this node does not remember is asked of the others.
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

fn asked() -> String {
    "This node does not remember that request. The others have been asked: open the page again in a few seconds. If \
     it still says this then, no node remembers it: each keeps its last 10,000 refused calls until it stops."
        .to_owned()
}
