//! An invitation, accepted.

use axum::extract::{Query, State};
use axum::response::Response;
use kibali_model::PasswordPolicy;

use super::{
    Ask, Token, dead_link, enter, frame, password_field, person_fields, policy, problems, read_person, status,
};
use crate::account::invitation::{self as account, Accepted, Invitation};
use crate::account::{INVITATION, Person};
use crate::identity::Session;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::pages::parts::{Problem, Problems};
use crate::{App, Refusal};

const TITLE: &str = "Invitation";
const SHOWN: [&str; 4] = ["username", "firstName", "surname", "password"];

/// `username`: the name that was chosen for the person; none: they choose one.
pub(in crate::pages) fn asking(
    frame: Frame,
    token: &str,
    username: Option<&str>,
    person: &Person,
    policy: PasswordPolicy,
    problems: Vec<Problem>,
) -> Ask {
    let problems = Problems::new(problems);
    let mut fields = person_fields(person, username.is_none(), &problems);
    fields.push(password_field(policy, &problems));
    let mut text = vec![format!("This invitation was sent to {}.", person.email)];
    text.extend(username.map(|name| format!("Your user name is {name}.")));
    Ask {
        frame,
        heading: "You are invited",
        text,
        action: format!("{INVITATION}?token={token}"),
        fields,
        button: "Accept the invitation",
        problems,
    }
}

/// `GET /invitation?token=…`.
pub(super) async fn show(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    session: Session,
) -> Result<Response, Refusal> {
    match account::find(&app, &token).await? {
        Some(invitation) => ask(&app, &session, &token, &invitation, Person::default(), Vec::new()).await,
        None => gone(&app, &session),
    }
}

/// `POST /invitation?token=…`.
pub(super) async fn accept(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let form = posted.checked()?;
    let (person, password) = (read_person(form), form.text("password"));
    match account::accept(&app, &token, &person, password).await? {
        Accepted::Yes(username) => enter(&app, &posted, &username, password).await,
        Accepted::Link => gone(&app, &posted.session),
        Accepted::Wrong(wrong) => match account::find(&app, &token).await? {
            Some(invitation) => {
                ask(&app, &posted.session, &token, &invitation, person, problems(wrong, &SHOWN)).await
            }
            None => gone(&app, &posted.session),
        },
    }
}

async fn ask(
    app: &App,
    session: &Session,
    token: &str,
    invitation: &Invitation,
    person: Person,
    problems: Vec<Problem>,
) -> Result<Response, Refusal> {
    let code = status(&problems);
    let person = Person { email: invitation.email.clone(), ..person };
    let username = invitation.username.as_deref();
    let frame = frame(app, session, TITLE);
    asking(frame, token, username, &person, policy(app).await?, problems).answer(app, session, code)
}

fn gone(app: &App, session: &Session) -> Result<Response, Refusal> {
    dead_link(app, session, TITLE, "Ask whoever invited you to send another one.")
}
