//! Entity tags: the same while the answer is, another once it is not, however long the answer.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

use super::ask;
use super::long::{PATH, populate};
use crate::metadata_write::{PASSWORD, patch, person, send, told};

fn tag(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("etag").expect("a tag").to_owned()
}

async fn tag_of(t: &TestApp, path: &str) -> String {
    tag(&ask(t, path).await)
}

/// A caller who has this is told that nothing changed, and sent nothing.
async fn is_known(t: &TestApp, path: &str, tag: &str) -> bool {
    let request = t.get(path).basic(ADMIN, ADMIN_PASSWORD).header("if-none-match", tag);
    let answer = request.send().await;
    assert_eq!(answer.status == 304, answer.body.is_empty(), "{path}: {}", answer.status);
    answer.status == 304
}

async fn sign_in(t: &TestApp) {
    let mut browser = t.browser();
    let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let answer = browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
    assert_eq!(answer.status, 200);
}

async fn new_level(t: &TestApp) {
    let level = json!({ "name": "Country", "level": 1 });
    told(&send(t, "POST", "/api/organisationUnitLevels", level).await, 201, "a level");
}

both!(
    fn an_export_of_the_same_has_the_same_tag_whatever_the_time(t) {
        for path in ["/api/metadata", "/api/metadata?dataElements=true&organisationUnitLevels=true"] {
            let first = ask(t, path).await;
            t.clock.advance_seconds(3600);
            let later = ask(t, path).await;
            assert_ne!(first.json()["system"]["date"], later.json()["system"]["date"]);
            assert_eq!(tag(&first), tag(&later), "{path}");
            assert!(tag(&first).starts_with("W/\""), "the date differs: it is a weak one");
            assert!(is_known(t, path, &tag(&first)).await);
        }
        let path = "/api/metadata?dataElements=true&organisationUnitLevels=true";
        let before = tag_of(t, path).await;
        new_level(t).await;
        assert_ne!(tag_of(t, path).await, before);
        assert!(!is_known(t, path, &before).await);
        // No tag comes back, though the clock goes back.
        let elements = tag_of(t, "/api/metadata?dataElements=true").await;
        t.clock.advance_seconds(-7200);
        let described = json!([{ "op": "add", "path": "/description", "value": "May do everything" }]);
        told(&patch(t, "/api/userRoles/yrB6vc5Ip3r", described).await, 200, "described");
        assert_ne!(tag_of(t, "/api/metadata?dataElements=true").await, elements);
    }
);

both!(
    fn an_export_of_users_moves_with_what_their_accounts_show(t) {
        let (users, elements) = ("/api/metadata?users=true", "/api/metadata?dataElements=true");
        let nested = "/api/metadata?userRoles:fields=id,users%5BlastLogin%5D";
        let before = [tag_of(t, users).await, tag_of(t, nested).await, tag_of(t, elements).await];
        t.clock.advance_seconds(60);
        sign_in(t).await;
        let after = [tag_of(t, users).await, tag_of(t, nested).await, tag_of(t, elements).await];
        assert_ne!(before[0], after[0], "lastLogin is exported");
        assert_ne!(before[1], after[1], "and shown from a role");
        assert_eq!(before[2], after[2]);
    }
);

both!(
    fn a_long_list_has_a_weak_tag_of_its_caller_its_address_and_the_state_of_the_metadata(t) {
        populate(t).await;
        let first = tag_of(t, PATH).await;
        assert!(first.starts_with("W/\""), "{first}");
        t.clock.advance_seconds(3600);
        assert!(is_known(t, PATH, &first).await);
        assert!(is_known(t, PATH, &format!("\"other\", {first}")).await);
        // Other addresses, forms and callers have other tags.
        for other in [
            PATH.replace("order=name:asc", "order=name:desc"),
            PATH.replace("/api/", "/api/41/"),
            PATH.replace("dataElements?", "dataElements.csv?"),
            format!("{PATH}&locale=fr"),
        ] {
            assert_ne!(tag_of(t, &other).await, first, "{other}");
            assert!(!is_known(t, &other, &first).await, "{other}");
        }
        person(t, "clerk", &["F_X"]).await;
        let mine = tag_of(t, PATH).await;
        assert_ne!(mine, first, "metadata was written");
        let theirs = t.get(PATH).basic("clerk.person", PASSWORD).send().await;
        assert_ne!(tag(&theirs), mine);
        // A role of the clerk is metadata, too.
        let role = json!([{ "op": "add", "path": "/authorities/-", "value": "F_Y" }]);
        told(&patch(t, "/api/userRoles/rrclerk0000", role).await, 200, "the role");
        let again = t.get(PATH).basic("clerk.person", PASSWORD).send().await;
        assert_ne!(tag(&again), tag(&theirs));
    }
);
