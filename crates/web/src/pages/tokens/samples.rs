//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};
use kibali_model::Timestamp;

use super::form::{TokenForm, Typed};
use super::views::{Delete, List, Made, New, Row, Table};
use crate::pages::parts::{Copy, Moment, Problem};
use crate::pages::samples::signed_in;

/// So many tokens of somebody.
pub(in crate::pages) fn table(text: &str, base: Option<String>, rows: i64) -> Table {
    let row = |number: i64| Row {
        uid: format!("oToken{number:05}"),
        name: format!("{text} {number}"),
        created: moment(-86_400 * number),
        expires: moment(86_400 * (5 - number)),
        is_over: number > 4,
        used: (number % 2 == 0).then(|| moment(-60)),
        limits: if number % 3 == 0 {
            vec![format!("from {text}"), "by GET, HEAD".to_owned()]
        } else {
            Vec::new()
        },
    };
    Table { base, rows: (1..=rows).map(row).collect() }
}

fn moment(seconds: i64) -> Moment {
    Moment(Timestamp::from_millis(1_768_464_000_000).plus_seconds(seconds))
}

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let frame = || signed_in("Account");
    let secret = "d2p_iKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Mei";
    let made = Made {
        frame: frame(),
        name: text.to_owned(),
        expires: moment(86_400 * 30),
        token: Copy::secret("token", "personal access token", secret.to_owned()),
        curl: Copy::new("curl", "curl line that calls the Web API", format!("curl -H {text}")),
        limits: vec![format!("from {text}")],
    };
    let page_frame = frame();
    let wrong = vec![
        Problem { field: "code", text: "Another token of yours already has this name.".to_owned() },
        Problem { field: "allowedIps", text: format!("{text} is no IP address.") },
        Problem { field: "allowedMethods", text: "TRACE is none of these methods.".to_owned() },
        Problem { field: "lifetime", text: "Choose how long the token works.".to_owned() },
    ];
    let typed = Typed::sample(text);
    let new = |typed: &Typed, problems| {
        New { frame: &page_frame, form: TokenForm::new(&page_frame, typed, problems) }.render()
    };
    vec![
        (
            "tokens-empty",
            List { frame: frame(), notice: None, taken: true, table: table(text, Some(frame().base), 0) }
                .render(),
        ),
        (
            "tokens",
            List {
                frame: frame(),
                notice: Some("Token deleted"),
                taken: false,
                table: table(text, Some(frame().base), 6),
            }
            .render(),
        ),
        ("token-new", new(&Typed::default(), Vec::new())),
        ("token-wrong", new(&typed, wrong)),
        ("token-made", made.render()),
        (
            "token-delete",
            Delete { frame: frame(), uid: "oToken00001".to_owned(), name: text.to_owned() }.render(),
        ),
    ]
}
