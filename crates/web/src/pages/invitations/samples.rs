//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};
use kibali_model::Timestamp;

use super::views::{List, Made, Row, Typed};
use crate::pages::parts::{Copy, Moment, Problem};
use crate::pages::samples::signed_in;

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let at = || Moment(Timestamp::from_millis(1_769_000_000_000));
    let row = |number: i64| Row {
        uid: format!("oToken{number:05}"),
        name: format!("{text} {number}"),
        uses: number,
        redirect_url: Some(text.to_owned()),
        expires: at(),
    };
    let list = |rows, typed: &Typed, problems| {
        let (problems, fields) = typed.fields(problems);
        List { frame: signed_in("Settings"), notice: None, rows, problems, fields }.render()
    };
    let wrong = Problem { field: "uses", text: "Enter a number from 1 to 10000.".to_owned() };
    let typed = Typed { name: text.to_owned(), redirect_url: text.to_owned(), ..Typed::default() };
    let made = Made {
        frame: signed_in("Settings"),
        name: text.to_owned(),
        token: Copy::secret("token", "initial access token", text.to_owned()),
        curl: Copy::new("curl-register", "curl line that registers a client", text.to_owned()),
        uses: 3,
        expires: at(),
    };
    vec![
        ("invitations-empty", list(Vec::new(), &Typed::default(), Vec::new())),
        ("invitations", list((1..=9).map(row).collect(), &typed, vec![wrong])),
        ("invitation-made", made.render()),
    ]
}
