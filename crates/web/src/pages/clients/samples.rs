//! The pages of this folder with sample data, for the rules that hold for every page.

use askama::{Result, Template};
use kibali_metadata::client::Registration;
use kibali_model::{ClientProfile, GrantType, ObjectId};

use super::Registered;
use super::chart::Chart;
use super::connect::Connect;
use super::fields::{ClientForm, grants};
use super::form::Typed;
use super::list::{PAGE_SIZE, search, signed_in as tokens_of};
use super::secret::overlaps;
use super::views::{Delete, Edit, List, New, Row, Secret};
use crate::pages::parts::{Copy, Problem};
use crate::pages::samples::{settings, signed_in};

pub(in crate::pages) fn pages(text: &str) -> Vec<(&'static str, Result<String>)> {
    let frame = || signed_in("Settings");
    let names = ["password".to_owned(), "refresh_token".to_owned()];
    let registration = Registration {
        client_id: text.to_owned(),
        grant_types: names.to_vec(),
        redirect_uris: vec![text.to_owned(), "https://app.example.org/callback".to_owned()],
        scopes: vec![text.to_owned()],
        ..Registration::default()
    };
    let client = Registered {
        uid: "oDemoClient".to_owned(),
        object: ObjectId(1),
        name: text.to_owned(),
        acts_as: Some(text.to_owned()),
        registration,
    };
    let row = |number: i64| Row {
        uid: format!("oClient{number:04}"),
        name: format!("{text} {number}"),
        client_id: format!("{text}-{number}"),
        grants: grants(&names),
        last_used: Some("2026-01-15".to_owned()),
        live_tokens: "12".to_owned(),
        signed_in: Some(tokens_of(text)),
    };
    let list = |find: &str, rows: Vec<Row>| List {
        frame: frame(),
        notice: None,
        may_invite: true,
        find: search(find),
        is_search: !find.is_empty(),
        is_registered: false,
        registered: 0,
        rows,
        page: 1,
        pages: 1,
        previous: None,
        next: None,
    };
    let connect = |secret| Connect::new(&settings(), text, &client, secret);
    let mut modern = client.clone();
    modern.registration.grant_types =
        ["authorization_code", "refresh_token", "client_credentials"].map(str::to_owned).to_vec();
    let code_only = Connect::new(&settings(), text, &modern, None);
    let mut signing = client.clone();
    signing.registration.profile = ClientProfile::Fapi2;
    let grants = [GrantType::DeviceCode, GrantType::TokenExchange];
    signing.registration.grant_types = grants.map(|grant| grant.as_str().to_owned()).to_vec();
    let to_sign = Connect::new(&settings(), text, &signing, None);
    let busy: Vec<i64> = (1..=30).map(|day| day * 37 % 23).collect();
    let typed = Typed::of(&client);
    let taken = vec![
        Problem { field: "cid", text: "This client ID is already taken.".to_owned() },
        Problem { field: "redirectUris", text: format!("{text} is not a complete URL.") },
    ];
    let secret = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
    let page_frame = frame();
    vec![
        ("clients-empty", list("", vec![]).render()),
        ("clients-not-found", list(text, vec![]).render()),
        (
            "clients",
            List {
                notice: Some("OAuth2 client deleted"),
                registered: 1200,
                page: 2,
                pages: 3,
                previous: Some("?page=1".to_owned()),
                next: Some("?page=3".to_owned()),
                ..list("", (1..=PAGE_SIZE).map(row).collect())
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
                has_secret: true,
                chart: Chart::new(&[]),
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
                has_secret: true,
                chart: Chart::new(&busy),
                connect: code_only,
            }
            .render(),
        ),
        (
            "client-edit-signing",
            Edit {
                frame: &page_frame,
                uid: "oDemoClient",
                heading: text,
                form: ClientForm::editing(&page_frame, &signing, &Typed::of(&signing), Vec::new()),
                overlaps: overlaps(),
                has_secret: false,
                chart: Chart::new(&[]),
                connect: to_sign,
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
