//! The list of clients: a search, devices apart, and whose tokens they are.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::{CLIENTS, ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::registration::{DEVICE, android, invitation, register};

/// The names on a page, as its rows head them.
fn names(html: &str) -> Vec<String> {
    let rows = html.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split(['<', '(']).next().unwrap().trim().to_owned()).collect()
}

async fn telephones(t: &TestApp, many: usize) {
    for number in 0..many {
        let token = invitation(t, json!({ "redirectUrl": DEVICE })).await;
        let made =
            register(t, &token, &android(json!({ "client_name": format!("Telephone {number}") }))).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
}

both!(
    fn what_registered_itself_stands_apart_and_a_search_finds_all(t) {
        let mut browser = admin(t).await;
        let html = browser.open(CLIENTS).await.answer.text();
        assert!(names(&html) == ["Demo"] && !html.contains("registered themselves"), "{html}");
        telephones(t, 2).await;
        let clients: Vec<Value> = (1..=13).map(|n| json!({ "name": format!("Éclair {n:02}"), "cid": format!("Cake_{n:02}"), "grantTypes": ["password"] })).collect();
        import(&t.app, &json!({ "oAuth2Clients": clients })).await;
        let page = browser.open(CLIENTS).await;
        assert_page(t, &page.answer, "list").await;
        let html = page.answer.text();
        assert!(!html.contains("Telephone") && html.contains("devices among them (2)") && html.contains("Page 1 of 2"), "{html}");
        let apart = browser.open(&format!("{CLIENTS}?registered=yes")).await.answer.text();
        assert_eq!(names(&apart), ["Telephone 0", "Telephone 1"], "{apart}");

        let page = browser.open(CLIENTS).await;
        let form = page.form(CLIENTS).fill("find", " phone ");
        let found = browser.submit(&page, &form).await.answer.text();
        assert_eq!(names(&found), ["Telephone 0", "Telephone 1"], "among those that registered themselves");
        let find = async |text: &str| {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("find", text).finish();
            admin(t).await.open(&format!("{CLIENTS}?{query}")).await.answer.text()
        };
        assert_eq!(names(&find("éCLAIR 1").await), ["Éclair 10", "Éclair 11", "Éclair 12", "Éclair 13"]);
        assert_eq!(names(&find("cAkE_03").await), ["Éclair 03"], "by its client ID");
        for (text, found) in [("%", 0), ("_", 12), ("!", 0), ("'", 0), ("\0", 12), ("nothing like it", 0), (&"x".repeat(9999), 0)] {
            let html = find(text).await;
            assert_eq!(names(&html).len(), found, "{text:?}: {html}");
            assert!(found > 0 || html.contains("No client has this"), "{html}");
        }
        // A page of what was found leads on to the next of it.
        let html = find("éclair").await;
        let next = html.split("href=\"?").find(|rest| rest.contains(">Next<")).unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let html = admin(t).await.open(&format!("{CLIENTS}?{next}")).await.answer.text();
        assert_eq!(names(&html), ["Éclair 13"], "{html}");
    }
);

both!(
    fn live_tokens_lead_to_those_who_are_signed_in(t) {
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let link = "href=\"/administration/grants?client=demo\"";
        let mut browser = admin(t).await;
        assert!(!browser.open(CLIENTS).await.answer.text().contains(link), "nobody is");
        assert_eq!(t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await.status, 200);
        assert!(browser.open(CLIENTS).await.answer.text().contains(link));
        let page = browser.open("/administration/grants?client=demo").await.answer;
        assert!(page.status == 200 && page.text().contains("End all of demo"), "{}", page.text());
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE"]).await;
        let html = signed_in(t, ORDINARY).await.open(CLIENTS).await.answer.text();
        assert!(html.contains("data-label=\"Live tokens\">1<") && !html.contains(link), "{html}");
    }
);
