//! Every page with sample data: rules that hold for all of them.
//!
//! `KIBALI_PAGES=DIR cargo test -p kibali-web samples` also writes them to a folder, to be looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by failing")]

use askama::Template;
use kibali_model::PasswordPolicy;

use super::account::samples as account;
use super::administration::Why;
use super::administration::samples as administration;
use super::apps::Apps;
use super::assets::ASSETS;
use super::clients::samples as clients;
use super::code::Code;
use super::consent::{Ask, Consent, ConsentView};
use super::dev::Callback;
use super::error::Message;
use super::frame::Frame;
use super::invitations::samples as invitations;
use super::login::{Login, Logout, Offers};
use super::own::samples as own;
use super::proof::Means;
use super::setup::{Setup, Typed};
use super::tokens::samples as tokens;
use crate::Settings;
use crate::why::{Explanation, Link, Verdict};

/// What an attacker would type anywhere.
pub(super) const HOSTILE: &str = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>"#;

pub(super) fn settings() -> Settings {
    let mut settings = Settings::new("https://dhis.example.org/dev".parse().unwrap());
    settings.dev = true;
    settings
}

pub(super) fn signed_in(title: &'static str) -> Frame {
    Frame::anonymous(&settings(), title).signed_in("admin", "c5rf")
}

/// Every page, each text on it `text` where somebody outside can choose it.
fn pages(text: &str) -> Vec<(&'static str, String)> {
    let anonymous = |title| Frame::anonymous(&settings(), title).with_csrf("c5rf");
    let message = Message {
        frame: signed_in("Settings"),
        heading: "You may not open this page".to_owned(),
        text: "Managing OAuth2 clients needs the authority F_OAUTH2_CLIENT_MANAGE.".to_owned(),
        detail: Some(text.to_owned()),
        request_id: Some("k3v9".to_owned()),
    };
    let view = ConsentView {
        client_name: text.to_owned(),
        client_id: text.to_owned(),
        user_name: text.to_owned(),
        username: text.to_owned(),
        asks: vec![Ask {
            text: "Read and change everything you can read and change here".to_owned(),
            scope: "ALL".to_owned(),
            box_name: None,
        }],
        destination: format!("https://app.example.org/callback?{text}"),
        action: "/uaa/oauth/authorize",
        carried: vec![("state".to_owned(), text.to_owned())],
        csrf: "c5rf".to_owned(),
    };
    let typed = Typed { username: text.to_owned(), first_name: text.to_owned(), surname: text.to_owned() };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", text)
        .append_pair("state", text)
        .finish();
    let failed = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("error", text)
        .append_pair("error_description", text)
        .finish();
    let found = Explanation {
        request: "00f1e2d3c4b5a697".to_owned(),
        at: "2026-01-15T08:00:00.000".to_owned(),
        call: format!("GET {text}"),
        address: "192.0.2.1".to_owned(),
        status: 403,
        told: text.to_owned(),
        chain: vec![Link { step: "account".to_owned(), verdict: Verdict::Refused, finding: text.to_owned() }],
        change: text.to_owned(),
    };
    let policy = PasswordPolicy::default();
    let wrong = "The user name or the password is wrong.".to_owned();
    let every_offer = Offers { recovery: true, registration: true };
    let mut pages = vec![
        ("login", Login::new(anonymous("Sign in"), false, "", None, None, Offers::default()).render()),
        (
            "login-wrong",
            Login::new(anonymous("Sign in"), true, text, Some("Sign in to go on."), Some(wrong), every_offer)
                .render(),
        ),
        (
            "why",
            Why {
                frame: signed_in("Administration"),
                id: text.to_owned(),
                notice: Some(text.to_owned()),
                found: Some(found),
            }
            .render(),
        ),
        (
            "code",
            Code::new(
                anonymous("Sign in"),
                Means { app: true, mail: false, passkeys: false },
                None,
                Some(text.to_owned()),
            )
            .render(),
        ),
        (
            "code-mailed",
            Code::new(
                anonymous("Sign in"),
                Means { app: false, mail: true, passkeys: false },
                Some(text.to_owned()),
                None,
            )
            .render(),
        ),
        (
            "code-passkey",
            Code::new(anonymous("Sign in"), Means { app: false, mail: false, passkeys: true }, None, None)
                .render(),
        ),
        (
            "logout",
            Logout { action: "/logout", client: None, carried: Vec::new(), frame: signed_in("Sign out") }
                .render(),
        ),
        ("message", message.render()),
        ("consent", Consent { frame: signed_in("Authorize"), view }.render()),
        ("setup", Setup::new(anonymous("Set up"), text, policy, &Typed::default(), Vec::new()).render()),
        ("setup-wrong", Setup::new(anonymous("Set up"), text, policy, &typed, typed.problems("")).render()),
        ("callback", Callback::new(&settings(), &query).render()),
        ("callback-error", Callback::new(&settings(), &failed).render()),
        ("callback-empty", Callback::new(&settings(), "").render()),
        (
            "apps",
            Apps {
                frame: signed_in("Apps"),
                name: text.to_owned(),
                username: text.to_owned(),
                may_manage_clients: true,
                may_administer: true,
            }
            .render(),
        ),
    ];
    pages.extend(account::pages(text, || anonymous("Account")));
    pages.extend(clients::pages(text));
    pages.extend(invitations::pages(text));
    pages.extend(administration::pages(text));
    pages.extend(own::pages(text));
    pages.extend(tokens::pages(text));
    pages.extend(super::two_factor::samples(text));
    pages.into_iter().map(|(name, page)| (name, page.unwrap())).collect()
}

#[test]
fn what_people_type_is_text_wherever_it_is_shown() {
    for (name, html) in pages(HOSTILE) {
        assert!(!html.contains("<script>alert"), "{name}");
        assert!(!html.contains("<img"), "{name}");
        assert!(!html.contains(r#"""><"#) || !html.contains(r#"value=""><s"#), "{name}");
    }
}

#[test]
fn every_page_is_under_30_kilobytes_with_its_style_and_script() {
    let embedded =
        include_str!("../../static/kibali.css").len() + include_str!("../../static/kibali.js").len();
    for (name, html) in pages("Health facility registry") {
        assert!(html.len() + embedded < 30_000, "{name}: {} + {embedded}", html.len());
    }
}

#[test]
fn no_page_carries_script_or_style_of_its_own() {
    for (name, html) in pages("x") {
        for banned in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(banned), "{name}: {banned}");
        }
        // The one file, and the one for passkeys where they are used.
        let scripts = tags(&html, &["script"]).filter_map(|tag| attribute(tag, "src")).collect::<Vec<_>>();
        assert_eq!(html.matches("<script").count(), scripts.len(), "{name}");
        let ours = [&ASSETS.script, &ASSETS.passkeys].map(|file| format!("/dev{file}"));
        assert_eq!(scripts, ours.iter().take(scripts.len()).collect::<Vec<_>>(), "{name}");
        assert_eq!(scripts.len() == 2, html.contains("data-script"), "{name}");
    }
}

#[test]
fn every_control_has_a_label_and_every_description_exists() {
    for (name, html) in pages("x") {
        for control in tags(&html, &["input", "textarea", "select"]) {
            if attribute(control, "type") == Some("hidden") {
                continue;
            }
            let id = attribute(control, "id").unwrap_or_else(|| panic!("{name}: {control}"));
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: no label for {id}");
        }
        for tag in tags(&html, &["input", "textarea", "select"]) {
            for id in attribute(tag, "aria-describedby").unwrap_or_default().split(' ') {
                assert!(id.is_empty() || html.contains(&format!("id=\"{id}\"")), "{name}: {id}");
            }
        }
        for link in tags(&html, &["a"]).filter_map(|tag| attribute(tag, "href")?.strip_prefix('#')) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{name}: #{link} leads nowhere");
        }
    }
}

#[test]
fn every_page_has_a_language_one_heading_a_title_and_a_way_past_the_bar() {
    for (name, html) in pages("x") {
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{name}");
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert_eq!(html.matches("<main id=\"content\"").count(), 1, "{name}");
        assert!(html.contains("href=\"#content\"") && html.contains("· Kibali</title>"), "{name}");
    }
}

#[test]
fn every_form_that_posts_carries_the_token_and_stays_below_the_context_path() {
    for (name, html) in pages("x") {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            assert!(form.contains("action=\"/dev/"), "{name}: {form}");
            // What asks by GET changes nothing, and would show the token in the address.
            let posts = form.split('>').next().unwrap_or_default().contains("method=\"post\"");
            assert_eq!(form.contains("name=\"csrf\" value=\"c5rf\""), posts, "{name}: {form}");
        }
        for href in tags(&html, &["a", "link"]).filter_map(|tag| attribute(tag, "href")) {
            assert!(href.starts_with("/dev/") || href.starts_with(['#', '?']), "{name}: {href}");
        }
    }
}

#[test]
fn pages_can_be_written_to_a_folder() {
    let Some(folder) = std::env::var_os("KIBALI_PAGES") else { return };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    for (name, html) in pages("Health facility registry") {
        let near = html
            .replace(&format!("/dev{}", super::assets::ASSETS.style), "kibali.css")
            .replace(&format!("/dev{}", super::assets::ASSETS.script), "kibali.js");
        std::fs::write(folder.join(format!("{name}.html")), near).unwrap();
    }
    for file in ["kibali.css", "kibali.js"] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("static").join(file);
        std::fs::copy(from, folder.join(file)).unwrap();
    }
}

fn tags<'a>(html: &'a str, names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    html.split('<').skip(1).filter_map(move |piece| {
        let tag = piece.split('>').next()?;
        let name = tag.split([' ', '\n']).next()?;
        names.contains(&name).then_some(tag)
    })
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}
