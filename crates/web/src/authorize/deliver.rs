//! Sending the browser to the client with an answer.

use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, REFERRER_POLICY};
use kibali_oauth::{Answer, ResponseMode};

use crate::pages::form_post_page;
use crate::{App, Refusal};

/// By GET, with a 303 as DHIS2 2.35 and later, or by a form that the browser posts. Neither the address nor
/// the code in it is told to anyone else.
pub(super) fn answer(app: &App, answer: &Answer) -> Result<Response, Refusal> {
    if answer.mode == ResponseMode::FormPost {
        return Ok(form_post_page(&app.settings, answer));
    }
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, Redirect::to(&answer.address())).into_response())
}
