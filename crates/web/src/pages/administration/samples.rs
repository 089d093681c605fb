//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};
use kibali_model::{GrantType, Timestamp};

use super::cut::Ask;
use super::events::{self, Events, plain};
use super::grants::{self, Grants, how, together};
use super::passwords::{self, Passwords};
use super::query::{Query, unknown};
use super::user::{Found, OneUser, whose};
use crate::pages::own::samples as own;
use crate::pages::parts::Moment;
use crate::pages::samples::signed_in;
use crate::pages::tokens::samples as tokens;

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let frame = || signed_in(super::TITLE);
    let moment = |seconds: i64| Moment(Timestamp::from_millis(1_768_464_000_000).plus_seconds(seconds));
    let asked = url::form_urlencoded::Serializer::new(String::new()).append_pair("user", text).finish();
    let query = Query::read(Some(&asked));
    let wrong = unknown("user", "No user has this name.");
    let row = |number: i64| grants::Row {
        id: 7_412_345_678_901_234 + number,
        username: text.to_owned(),
        whose: whose(text),
        client_name: text.to_owned(),
        client_id: "facility-registry".to_owned(),
        how: how(Some(if number % 2 == 0 { GrantType::Password } else { GrantType::AuthorizationCode })),
        address: "2001:db8:85a3::8a2e:370:7334".to_owned(),
        since: moment(-86_400 * number),
        used: moment(-60 * number),
    };
    let grants = |rows: i64, wrong| Grants {
        frame: frame(),
        notice: Some("Ended. The next call with it is refused.".to_owned()),
        fields: grants::fields(&query, wrong),
        together: together(Some(text), None),
        table: grants::Table { base: frame().base, rows: (1..=rows).map(row).collect() },
        next: Some(query.going_on(17)),
    };
    let passwords = |rows: i64| Passwords {
        frame: frame(),
        rows: (1..=rows)
            .map(|number| passwords::Row {
                client_name: text.to_owned(),
                client_id: "demo".to_owned(),
                address: "192.0.2.17".to_owned(),
                user_agent: text.to_owned(),
                last: moment(-60 * number),
                first: moment(-86_400 * number),
                times: 40 - number,
            })
            .collect(),
        next: Some(query.going_on(17)),
    };
    let events = |rows: i64| Events {
        frame: frame(),
        fields: events::fields(&query, vec![text.to_owned()], None),
        carried: vec![("user", text.to_owned())],
        rows: (1..=rows)
            .map(|number| events::Row {
                at: moment(-60 * number),
                event: "token.issued".to_owned(),
                username: text.to_owned(),
                whose: whose(text),
                client_id: "facility-registry".to_owned(),
                address: "2001:db8:85a3::8a2e:370:7334".to_owned(),
                detail: plain(r#"{"grant":"7412345678901234","by":"password"}"#),
            })
            .collect(),
        back_to: Some(moment(-86_400)),
        next: Some(query.going_on(17)),
    };
    let user = |found| OneUser {
        frame: frame(),
        notice: None,
        user: query.field("user", "User", "The name they sign in with.", Some(&wrong)),
        found,
    };
    let found = Found {
        username: text.to_owned(),
        name: text.to_owned(),
        whose: whose(text),
        sessions: own::sessions(text),
        grants: grants::Table { base: frame().base, rows: (1..=5).map(row).collect() },
        more: true,
        tokens: tokens::table(text, None, 3),
    };
    let ask = Ask { frame: frame(), whose: text.to_owned(), user: text.to_owned(), client: String::new() };
    vec![
        ("admin-grants", grants(20, None).render()),
        ("admin-grants-none", grants(0, Some(&wrong)).render()),
        ("admin-cut", ask.render()),
        ("admin-user", user(Some(found)).render()),
        ("admin-user-none", user(None).render()),
        ("admin-passwords", passwords(20).render()),
        ("admin-passwords-none", passwords(0).render()),
        ("admin-events", events(30).render()),
        ("admin-events-none", events(0).render()),
    ]
}
