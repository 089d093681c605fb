//! No other spelling of a path leads anywhere.

use kibali_testkit::{Answer, Browser, both};

use crate::foundation::admin as basic;
use crate::pages::admin;

/// Paths that open something to an administrator alone, or to somebody who signed in.
const GUARDED: &[&str] = &[
    "/api/me",
    "/api/users",
    "/api/users/M5zQapPyTZI",
    "/api/systemSettings",
    "/api/apiTokens",
    "/api/oAuth2Clients",
    "/api/41/oAuth2Authorizations.json",
    "/administration/grants",
    "/settings/oauth2-clients",
    "/account/sessions",
    "/administration/why",
];

/// Other spellings of a path, as proxies and attackers write them.
fn spellings(path: &str) -> Vec<String> {
    let rest = &path[1..];
    let (first, last) = (&path[1..2], &path[path.len() - 1..]);
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let mut all = vec![
        format!("/{path}"),
        format!("//{path}"),
        format!("{path}//"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/static/..{path}"),
        format!("/login/..{path}"),
        format!("/static/%2e%2e{path}"),
        format!("/static/%2E%2E/{rest}"),
        format!("/static/..%2f{rest}"),
        format!("/login%2f..{path}"),
        format!("/login;{path}"),
        format!("/;x=y{path}"),
        format!("{path};x=y"),
        format!("{path}%3bx=y"),
        format!("{path}/."),
        format!("{path}/x/.."),
        format!("{path}%00"),
        format!("{path}%00.css"),
        format!("{path}%20/.."),
        format!("{path}%ff"),
        format!("{path}%"),
        format!("{path}%0d%0a"),
        format!("{path}/%2e"),
        format!("/{}{}", escape(first), &path[2..]),
        format!("{}{}", &path[..path.len() - 1], escape(last)),
        format!("/%25{}{}", &escape(first)[1..], &path[2..]),
        format!("/{}", escape(rest)),
        path.to_uppercase(),
        format!("/{}{}", first.to_uppercase(), &path[2..]),
        path.replace('/', "\\"),
        format!("/{}", rest.replace('/', "\\")),
    ];
    for (at, _) in path.match_indices('/') {
        let (before, after) = (&path[..at], &path[at + 1..]);
        for slash in ["//", "/./", "/x/../", "%2f", "%2F", "%5c", ";a=b/", "/%2e/", "%c0%af", "%252f", "/;/"]
        {
            all.push(format!("{before}{slash}{after}"));
        }
    }
    all
}

/// Opened nothing: refused, or nothing there, whoever asks.
fn is_shut(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 404)
}

both!(
    fn no_spelling_of_a_path_opens_what_its_plain_spelling_guards(t) {
        let mut browser: Browser = admin(t).await;
        for path in GUARDED {
            let alone = t.get(path).send().await;
            assert!(matches!(alone.status, 401 | 300..=399), "{path}: {}", alone.status);
            let open = browser.open_once(path).await;
            assert_eq!(open.status, 200, "{path}: {}", open.text());
            for spelling in spellings(path) {
                let Ok(uri) = spelling.parse::<http::Uri>() else { continue };
                for answer in [
                    t.get(&spelling).send().await,
                    t.post(&spelling).send().await,
                    basic(t.get(&spelling)).send().await,
                    browser.open_once(&spelling).await,
                ] {
                    assert!(is_shut(&answer), "{uri}: {} {}", answer.status, answer.text());
                }
            }
            // A slash at the end means nothing, and takes no proof away.
            let with_slash = format!("{path}/");
            assert_eq!(t.get(&with_slash).send().await.status, alone.status, "{with_slash}");
            assert_eq!(browser.open_once(&with_slash).await.status, 200, "{with_slash}");
        }
    }
);

both!(
    fn behind_a_context_path_no_spelling_climbs_out_of_it(t) {
        let node = t.another(2, |settings| settings.base_url = "https://dhis2.example.org/dhis".parse().unwrap()).await;
        assert_eq!(basic(node.get("/dhis/api/me")).send().await.status, 200);
        for spelling in [
            "/dhis//api/me", "//dhis/api/me", "/dhis/../api/me", "/dhis/./api/me", "/dhis;x/api/me", "/x/../dhis/api/me",
            "/dhis%2fapi/me", "/%64his/api/me", "/DHIS/api/me", "/dhis/dhis/api/me", "/dhis\\api\\me", "/dhis/api/../api/me",
        ] {
            let answer = basic(node.get(spelling)).send().await;
            assert!(is_shut(&answer), "{spelling}: {} {}", answer.status, answer.text());
        }
        node.app.store.close().await;
    }
);

both!(
    fn a_path_that_is_not_plain_is_told_so_in_the_format_of_its_room(t) {
        let told = "The path is not taken: it has two slashes in a row";
        assert_eq!(t.get("/api//me").send().await.json()["message"], told);
        assert!(t.get("/api//me.xml").send().await.text().contains(told));
        let answer = t.post("/oauth2//token").send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &"invalid_request".into()));
        assert!(t.get("//login").send().await.text().contains(told));
        // An escape that is needed is taken: here it is only a name that nobody has.
        assert_eq!(basic(t.get("/api/users/a%20b")).send().await.status, 404);
    }
);
