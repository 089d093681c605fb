//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};
use kibali_model::{PasswordPolicy, Scopes, Timestamp};

use super::apps::{AskEnd, Connected, Row as App, may};
use super::overview::Overview;
use super::password::Password;
use super::profile::{Profile, Shown};
use super::prove::Prove;
use super::sessions::{Row, Sessions, Table};
use crate::account::Person;
use crate::pages::parts::{Moment, Problem};
use crate::pages::samples::signed_in;

/// Sessions of somebody.
pub(in crate::pages) fn sessions(text: &str) -> Table {
    let session = |number: i64| Row {
        name: format!("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj{number:02}"),
        browser: if number % 2 == 0 { text.to_owned() } else { "Chrome on Android".to_owned() },
        with_factor: number == 1,
        address: "2001:db8:85a3::8a2e:370:7334".to_owned(),
        since: moment(-86_400 * number),
        used: moment(-3600 * (number - 1)),
        is_this: number == 1,
    };
    Table { rows: (1..=10).map(session).collect() }
}

fn moment(seconds: i64) -> Moment {
    Moment(Timestamp::from_millis(1_768_464_000_000).plus_seconds(seconds))
}

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let frame = || signed_in(super::TITLE);
    let app = |number: i64| App {
        uid: format!("oApplic{number:04}"),
        name: format!("{text} {number}"),
        may: may(&Scopes::parse(if number % 2 == 0 { "openid profile email api:read" } else { "ALL" })),
        by_password: number % 3 == 0,
        since: moment(-86_400 * number),
        used: (number % 4 != 0).then(|| moment(-600 * number)),
        address: "192.0.2.17".to_owned(),
        open: usize::try_from(number).unwrap_or_default(),
        too_many: (number == 3).then(|| (27, moment(-60))),
    };
    let wrong = vec![Problem { field: "current", text: "The current password is wrong.".to_owned() }];
    let person = Person {
        first_name: text.to_owned(),
        surname: text.to_owned(),
        email: text.to_owned(),
        ..Person::default()
    };
    let wrong_email = Problem { field: "email", text: text.to_owned() };
    let overview = |protected| Overview {
        frame: frame(),
        name: text.to_owned(),
        username: text.to_owned(),
        email: Some(text.to_owned()),
        protected,
        no_recovery: protected,
    };
    let end = AskEnd {
        frame: frame(),
        uid: "oApplic0001".to_owned(),
        name: text.to_owned(),
        may: may(&Scopes::parse("ALL")),
    };
    let connected = |rows| Connected { frame: frame(), notice: None, rows };
    vec![
        ("account", overview(false).render()),
        ("account-no-recovery", overview(true).render()),
        ("account-password", Password::new(frame(), PasswordPolicy::default(), Vec::new()).render()),
        ("account-password-wrong", Password::new(frame(), PasswordPolicy::default(), wrong).render()),
        (
            "account-profile",
            Profile::new(frame(), &person, Shown::No(text.to_owned()), vec![wrong_email]).render(),
        ),
        (
            "account-profile-verified",
            Profile::new(frame(), &person, Shown::Yes(text.to_owned()), Vec::new()).render(),
        ),
        ("account-prove", Prove::new(frame(), Some(text.to_owned())).render()),
        (
            "account-sessions",
            Sessions { frame: frame(), notice: Some("Session ended"), table: sessions(text) }.render(),
        ),
        ("account-apps", connected((1..=6).map(app).collect()).render()),
        ("account-apps-none", connected(Vec::new()).render()),
        ("account-app-end", end.render()),
    ]
}
