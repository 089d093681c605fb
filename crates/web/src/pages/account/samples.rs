//! Every page of this room with sample data.

use askama::Template;
use kibali_model::PasswordPolicy;

use super::super::frame::Frame;
use super::super::parts::Problem;
use super::{Ask, expired, invitation, recovery, register, verify};
use crate::account::Person;

/// Each text on it `text` where somebody outside can choose it.
pub(in crate::pages) fn pages(
    text: &str,
    frame: impl Fn() -> Frame,
) -> Vec<(&'static str, askama::Result<String>)> {
    let policy = PasswordPolicy::default();
    let person = Person {
        username: text.to_owned(),
        first_name: text.to_owned(),
        surname: text.to_owned(),
        email: text.to_owned(),
        phone: text.to_owned(),
    };
    let wrong = |field| vec![Problem { field, text: text.to_owned() }];
    let token = "abc";
    [
        ("forgot", recovery::asking(frame(), text, wrong("username"))),
        ("restore", recovery::restoring(frame(), token, policy, wrong("password"))),
        ("invitation", invitation::asking(frame(), token, None, &person, policy, wrong("firstName"))),
        ("invitation-named", invitation::asking(frame(), token, Some(text), &person, policy, Vec::new())),
        ("register", register::asking(frame(), &person, policy, wrong("email"))),
        ("verify", verify::asking(frame(), token)),
        ("renew", expired::asking(frame(), text, policy, wrong(""))),
        ("done", Ask::say(frame(), "Done", text)),
    ]
    .map(|(name, page)| (name, page.render()))
    .into()
}
