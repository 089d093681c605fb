//! People who make their own account.

use axum::extract::State;
use axum::response::Response;
use kibali_model::PasswordPolicy;

use super::{Ask, enter, frame, password_field, person_fields, policy, problems, read_person, status};
use crate::account::registration::{offer, register};
use crate::account::{Person, REGISTER};
use crate::identity::Session;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::pages::parts::{Field, Problem, Problems};
use crate::system_settings::Stored;
use crate::{App, Refusal};

const TITLE: &str = "Register";
const SHOWN: [&str; 6] = ["username", "firstName", "surname", "email", "phoneNumber", "password"];

pub(in crate::pages) fn asking(
    frame: Frame,
    person: &Person,
    policy: PasswordPolicy,
    problems: Vec<Problem>,
) -> Ask {
    let problems = Problems::new(problems);
    let field = |id, label, value: &str, autocomplete, required, most| Field {
        autocomplete,
        required,
        max_length: Some(most),
        ..problems.field(id, label, value)
    };
    let mut fields = person_fields(person, true, &problems);
    fields.push(field("email", "E-mail address", &person.email, "email", true, 160));
    fields.push(Field {
        hint: "May be left empty.".into(),
        ..field("phoneNumber", "Phone number", &person.phone, "tel", false, 80)
    });
    fields.push(Field { label: "Password", ..password_field(policy, &problems) });
    Ask {
        frame,
        heading: "Create an account",
        text: Vec::new(),
        action: REGISTER.to_owned(),
        fields,
        button: "Create the account",
        problems,
    }
}

/// `GET /register`.
pub(super) async fn show(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let stored = Stored::read(&mut reader).await?;
    if offer(&mut reader, &stored).await?.is_none() {
        return Err(Refusal::NotFound);
    }
    drop(reader);
    ask(&app, &session, &Person::default(), Vec::new()).await
}

/// `POST /register`.
pub(super) async fn create(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let form = posted.checked()?;
    let (person, password) = (read_person(form), form.text("password"));
    let wrong = register(&app, &person, password, posted.address).await?;
    if wrong.is_empty() {
        return enter(&app, &posted, &person.username, password).await;
    }
    ask(&app, &posted.session, &person, problems(wrong, &SHOWN)).await
}

async fn ask(
    app: &App,
    session: &Session,
    person: &Person,
    problems: Vec<Problem>,
) -> Result<Response, Refusal> {
    let code = status(&problems);
    let frame = frame(app, session, TITLE);
    asking(frame, person, policy(app).await?, problems).answer(app, session, code)
}
