//! *Account > Change password*.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::{ACCOUNT, TITLE};
use crate::account::new_password;
use crate::account::own_password::{self, NotChanged};
use crate::pages::account::password_field;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::{Field, Problem, Problems};
use crate::pages::redirect;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::system_settings::Stored;
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "own_password.html")]
pub(super) struct Password {
    pub(super) frame: Frame,
    pub(super) problems: Problems,
    pub(super) current: Field,
    pub(super) new: Field,
    pub(super) again: Field,
}

impl Password {
    pub(super) fn new(frame: Frame, policy: kibali_model::PasswordPolicy, problems: Vec<Problem>) -> Self {
        let problems = Problems::new(problems);
        let secret = |id, label, autocomplete| Field {
            id,
            label,
            error: problems.of(id),
            autocomplete,
            required: true,
            secret: true,
            ..Field::default()
        };
        Self {
            current: secret("current", "Current password", "current-password"),
            new: password_field(policy, &problems),
            again: secret("again", "New password once more", "new-password"),
            frame,
            problems,
        }
    }
}

/// `GET /account/password`.
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Refusal> {
    page(&app, &visitor, Vec::new()).await
}

async fn page(app: &App, visitor: &Visitor, problems: Vec<Problem>) -> Result<Page, Refusal> {
    let policy = Stored::read(&mut app.store.reader().await?).await?.password_policy();
    Page::render(&Password::new(visitor.frame(&app.settings, TITLE), policy, problems))
}

/// `POST /account/password`.
pub(super) async fn submit(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let (current, new, again) = (fields.text("current"), fields.text("password"), fields.text("again"));
    let (visitor, address) = (&form.visitor, form.address());
    let problem = if new == again {
        let session = Some(visitor.session().hash());
        match own_password::change(&app, &visitor.principal, session, (current, new), address).await {
            Ok(()) => return Ok(redirect(&app.settings, &format!("{ACCOUNT}/sessions?done=password"))),
            Err(NotChanged::WrongOld) => ("current", "The current password is wrong.".to_owned()),
            Err(NotChanged::Same) => {
                ("password", "The new password must differ from the old one.".to_owned())
            }
            Err(NotChanged::Password(fault)) => ("password", format!("{}.", new_password::told(fault))),
            Err(NotChanged::Undecided(refusal)) => return Err(refusal),
        }
    } else {
        ("again", "The two new passwords differ.".to_owned())
    };
    let problem = Problem { field: problem.0, text: problem.1 };
    Ok(page(&app, visitor, vec![problem]).await?.status(StatusCode::BAD_REQUEST).into_response())
}
