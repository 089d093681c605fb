//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};

use super::Registered;
use super::connect::Connect;
use super::form::{ClientForm, Typed, grants};
use super::handlers::PAGE_SIZE;
use super::secret::overlaps;
use super::views::{Delete, Edit, List, New, Row, Secret};
use crate::pages::parts::{Copy, Problem};
use crate::pages::samples::{settings, signed_in};

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let frame = || signed_in("Settings");
    let names = ["password".to_owned(), "refresh_token".to_owned()];
    let client = Registered {
        uid: "oDemoClient".to_owned(),
        name: text.to_owned(),
        client_id: text.to_owned(),
        grant_types: names.to_vec(),
        redirect_uris: vec![text.to_owned(), "https://app.example.org/callback".to_owned()],
    };
    let row = |number: u64| Row {
        uid: format!("oClient{number:04}"),
        name: format!("{text} {number}"),
        client_id: format!("{text}-{number}"),
        grants: grants(&names),
    };
    let connect = |secret| Connect::new(&settings(), text, &client, secret);
    let code_only =
        Connect::new(&settings(), text, &Registered { grant_types: Vec::new(), ..client.clone() }, None);
    let typed = Typed::of(&client);
    let taken = vec![
        Problem { field: "cid", text: "This client ID is already taken.".to_owned() },
        Problem { field: "redirectUris", text: format!("{text} is not a complete URL.") },
    ];
    let secret = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
    let page_frame = frame();
    vec![
        ("clients-empty", List { frame: frame(), notice: None, rows: vec![], page: 1, pages: 1 }.render()),
        (
            "clients",
            List {
                frame: frame(),
                notice: Some("OAuth2 client deleted"),
                rows: (1..=PAGE_SIZE).map(row).collect(),
                page: 2,
                pages: 3,
            }
            .render(),
        ),
        (
            "client-new",
            New { frame: &page_frame, form: ClientForm::adding(&page_frame, &Typed::default(), Vec::new()) }
                .render(),
        ),
        (
            "client-new-wrong",
            New { frame: &page_frame, form: ClientForm::adding(&page_frame, &typed, taken) }.render(),
        ),
        (
            "client-edit",
            Edit {
                frame: &page_frame,
                uid: "oDemoClient",
                heading: text,
                form: ClientForm::editing(&page_frame, &client, &typed, Vec::new()),
                overlaps: overlaps(),
                connect: connect(None),
            }
            .render(),
        ),
        (
            "client-edit-code",
            Edit {
                frame: &page_frame,
                uid: "oDemoClient",
                heading: text,
                form: ClientForm::editing(&page_frame, &client, &typed, Vec::new()),
                overlaps: overlaps(),
                connect: code_only,
            }
            .render(),
        ),
        (
            "client-secret",
            Secret {
                frame: frame(),
                heading: text.to_owned(),
                notice: "OAuth2 client saved",
                client_id: Copy::new("client-id", "client ID", text.to_owned()),
                secret: Copy::secret("client-secret", "client secret", secret.to_owned()),
                old_secret: Some("The old secret keeps working for 24 hours."),
                connect: connect(Some(secret)),
            }
            .render(),
        ),
        (
            "client-delete",
            Delete { frame: &page_frame, uid: "oDemoClient", name: text, client_id: text }.render(),
        ),
    ]
}
