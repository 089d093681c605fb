//! *Settings > OAuth2 Clients*: list, add, edit, delete.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Browser, Form, Page, TestApp, both};
use serde_json::{Value, json};

use super::{CLIENTS, ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::why::{broken, explained};

const NEW: &str = "/settings/oauth2-clients/new";
const DEMO: &str = "/settings/oauth2-clients/e0jkVfDkSMT";

/// A form with these grant types ticked.
pub(crate) fn tick(form: Form, names: &[&str]) -> Form {
    let mut form = form.fill("grantTypes", "");
    form.fields.retain(|(name, _)| name != "grantTypes");
    form.fields.extend(names.iter().map(|name| ("grantTypes".to_owned(), (*name).to_owned())));
    form
}

/// Adds a client through the page.
pub(crate) async fn add(browser: &mut Browser, name: &str, cid: &str, grants: &[&str], uris: &str) -> Page {
    let page = browser.open(NEW).await;
    let form = page.form(NEW).fill("name", name).fill("cid", cid).fill("redirectUris", uris);
    browser.submit(&page, &tick(form, grants)).await
}

/// The text of an element by its id.
pub(crate) fn text_of(page: &Answer, id: &str) -> String {
    let html = page.text();
    let rest = html.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no #{id}: {html}"));
    let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
    text.replace("&#39;", "'").replace("&#38;", "&").replace("&quot;", "\"").replace("&amp;", "&")
}

pub(crate) async fn stored(t: &TestApp, cid: &str) -> Value {
    let path = format!("/api/oAuth2Clients?filter=cid:eq:{cid}&fields=*&paging=false");
    t.get(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.json()["oAuth2Clients"][0].clone()
}

async fn token(t: &TestApp, cid: &str, secret: &str) -> Answer {
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
    t.post("/uaa/oauth/token").basic(cid, secret).form(&form).send().await
}

both!(
    fn a_client_is_added_and_its_secret_gets_a_token(t) {
        let mut browser = admin(t).await;
        let page = add(&mut browser, "Registry", "registry", &["password", "refresh_token"], "https://a.example/cb\r\n org.a:/cb \r\n\r\n").await;
        assert_eq!(page.answer.status, 201, "{}", page.answer.text());
        assert_page(t, &page.answer, "created").await;
        assert_eq!(text_of(&page.answer, "client-id"), "registry");
        let secret = text_of(&page.answer, "client-secret");
        assert!(secret.len() >= 32, "{secret}");
        let tokens = token(t, "registry", &secret).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(t.get("/api/me").bearer(&access).send().await.json()["username"], ADMIN);
        let client = stored(t, "registry").await;
        assert_eq!(client["grantTypes"], json!(["password", "refresh_token"]));
        assert_eq!(client["redirectUris"], json!(["https://a.example/cb", "org.a:/cb"]));
        assert_eq!(client["createdBy"]["username"], ADMIN, "{client}");
    }
);

both!(
    fn beside_each_client_stands_what_to_paste(t) {
        let t = &t.another(5, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        let mut browser = admin(t).await;
        let page = browser.open(&format!("/dhis{DEMO}")).await;
        let line = text_of(&page.answer, "curl-token");
        assert_eq!(
            line,
            "curl -u 'demo:CLIENT_SECRET' -d grant_type=password --data-urlencode 'username=admin' \
             --data-urlencode 'password=PASSWORD' 'https://example.org/dhis/uaa/oauth/token'"
        );
        assert!(text_of(&page.answer, "curl-call").ends_with("'https://example.org/dhis/api/me'"));
        let text = page.answer.text();
        for setting in ["OAuth 2.0", "Password Credentials", "https://example.org/dhis/uaa/oauth/token", "Send as Basic Auth header"] {
            assert!(text.contains(setting), "{setting}");
        }
        let new = format!("/dhis{NEW}");
        let page = browser.open(&new).await;
        let form = page.form(NEW).fill("name", "Web").fill("cid", "web").fill("redirectUris", "https://web.example/cb");
        let page = browser.submit(&page, &tick(form, &["authorization_code"])).await;
        let text = page.answer.text();
        for setting in ["Authorization Code", "https://example.org/dhis/oauth2/authorize", "https://web.example/cb"] {
            assert!(text.contains(setting), "{setting} in {text}");
        }
        let page = browser.open(&new).await;
        let form = page.form(NEW).fill("name", "Script").fill("cid", "script");
        let page = browser.submit(&page, &tick(form, &["password"])).await;
        let secret = text_of(&page.answer, "client-secret");
        assert!(text_of(&page.answer, "curl-token").starts_with(&format!("curl -u 'script:{secret}'")));
    }
);

both!(
    fn what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(t) {
        let mut browser = admin(t).await;
        let long = "x".repeat(231);
        let uri = format!("https://a.example/{}", "y".repeat(2000));
        for (name, cid, grants, uris, field, said) in [
            ("Other", CLIENT, &["password"][..], "https://a.example/cb", "cid", "This client ID is already taken."),
            ("Demo", "other", &["password"], "", "name", "Another client already has this name."),
            ("", "other", &["password"], "", "name", "Enter a name."),
            ("Other", "", &["password"], "", "cid", "Enter a client ID."),
            (&long, "other", &["password"], "", "name", "The name must have 230 characters or fewer; it has 231."),
            ("Other", &long, &["password"], "", "cid", "The client ID must have 230 characters or fewer; it has 231."),
            ("Other", "a b", &["password"], "", "cid", "A client ID has no spaces and no colon."),
            ("Other", "a:b", &["password"], "", "cid", "A client ID has no spaces and no colon."),
            ("Other", "other", &["authorization_code"], "", "redirectUris", "Enter a redirect URI"),
            ("Other", "other", &["password"], "javascript:alert(1)", "redirectUris", "Invalid redirect URI: 'javascript:alert(1)'"),
            ("Other", "other", &["password"], "https://a.example/cb\nnot an address", "redirectUris", "Invalid redirect URI: 'not an address'"),
            ("Other", "other", &["password"], "https://a.example/#x", "redirectUris", "Invalid redirect URI"),
            ("Other", "other", &["password"], &uri, "redirectUris", "Invalid redirect URI"),
            ("Other", "other", &["password", "everything"], "", "grantTypes", "everything"),
        ] {
            let page = add(&mut browser, name, cid, grants, uris).await;
            let text = page.answer.text();
            assert_eq!(page.answer.status, 409, "{said}: {text}");
            assert!(text_of(&page.answer, &format!("{field}-error")).contains(said), "{said}: {text}");
            assert!(text.contains(&format!("href=\"#{field}\"")) && text.contains("role=\"alert\""), "{text}");
            if field != "grantTypes" {
                assert!(text.contains("aria-invalid=\"true\""), "{text}");
            }
            let form = page.form(NEW);
            assert_eq!((form.value("name"), form.value("cid")), (Some(name), Some(cid)));
            assert_eq!(form.value("redirectUris").unwrap().trim(), uris);
            let known: Vec<&str> = grants.iter().copied().filter(|name| *name != "everything").collect();
            let ticked: Vec<&str> = form.fields.iter().filter(|(name, _)| name == "grantTypes").map(|(_, value)| value.as_str()).collect();
            assert_eq!(ticked, known);
        }
        // All at once, and all of it told.
        let page = add(&mut browser, "", CLIENT, &["authorization_code"], "").await;
        for field in ["name", "cid", "redirectUris"] {
            text_of(&page.answer, &format!("{field}-error"));
        }
        let list = t.get("/api/oAuth2Clients").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!(list["oAuth2Clients"].as_array().unwrap().len(), 1, "nothing was written");
    }
);

both!(
    fn the_script_can_ask_whether_a_client_id_is_free(t) {
        let mut browser = admin(t).await;
        let html = browser.open(NEW).await.answer.text();
        let list = html.split("data-unique=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        for (cid, found) in [(CLIENT, 1), ("free", 0), ("a%2Cb%3Ac", 0)] {
            let path = format!("{list}?paging=false&fields=id&filter=cid%3Aeq%3A{cid}");
            let answer = browser.open_once(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json()["oAuth2Clients"].as_array().unwrap().len(), found, "{cid}");
        }
    }
);

both!(
    fn a_client_is_edited_and_keeps_its_secret(t) {
        let mut browser = admin(t).await;
        import(&t.app, &json!({ "oAuth2Clients": [
            { "id": "e0jkVfDkSMT", "name": "Demo", "cid": CLIENT, "code": "DEMO_CODE", "grantTypes": ["password", "authorization_code"],
              "redirectUris": ["http://127.0.0.1/callback", "https://two.example/cb"] },
        ]})).await;
        let page = browser.open(DEMO).await;
        let form = page.form(DEMO);
        assert_eq!(form.value("cid"), Some(CLIENT));
        assert_eq!(form.value("redirectUris"), Some("http://127.0.0.1/callback\nhttps://two.example/cb"));
        let form = form.fill("name", "Demonstration").fill("redirectUris", "https://three.example/cb");
        let page = browser.submit(&page, &tick(form, &["password"])).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, "/settings/oauth2-clients?done=saved"));
        let text = page.answer.text();
        assert!(text.contains("OAuth2 client saved") && text.contains("Demonstration"), "{text}");
        let client = stored(t, CLIENT).await;
        assert_eq!(client["grantTypes"], json!(["password"]));
        assert_eq!(client["redirectUris"], json!(["https://three.example/cb"]));
        assert_eq!(client["code"], "DEMO_CODE", "what the form does not show stays");
        assert_eq!(token(t, CLIENT, CLIENT_SECRET).await.status, 200);

        let page = browser.open(DEMO).await;
        let form = page.form(DEMO).fill("name", "").fill("cid", "a b");
        let page = browser.submit(&page, &form).await;
        assert_eq!(page.answer.status, 409);
        assert_eq!(text_of(&page.answer, "name-error"), "Enter a name.");
        assert_eq!(page.form(DEMO).value("cid"), Some("a b"));
    }
);

both!(
    fn a_form_that_is_too_old_is_shown_again_with_what_was_typed(t) {
        let mut browser = admin(t).await;
        let (new, edit) = (browser.open(NEW).await, browser.open(DEMO).await);
        // The session ended, and somebody signed in again in another tab.
        browser.cookies = admin(t).await.cookies;
        for (page, action, sent) in [(new, NEW, 201), (edit, DEMO, 200)] {
            let form = page.form(action).fill("name", "Typed at length").fill("cid", "typed");
            let again = browser.submit(&page, &form).await;
            let found = explained(t, 403, &again.answer).await;
            assert!(broken(&found).0 == "request" && found.change.contains("open the page anew"), "{}", found.change);
            assert!(again.answer.text().contains("This form has expired."), "{}", again.answer.text());
            let form = again.form(action);
            assert_eq!((form.value("name"), form.value("cid")), (Some("Typed at length"), Some("typed")));
            assert!(stored(t, "typed").await.is_null());
            let done = browser.submit(&again, &form.fill("name", action).fill("cid", if sent == 201 { "new" } else { "edited" })).await;
            assert_eq!(done.answer.status, sent, "{}", done.answer.text());
        }
    }
);

both!(
    fn deleting_asks_first_and_ends_every_token(t) {
        let mut browser = admin(t).await;
        let tokens = token(t, CLIENT, CLIENT_SECRET).await;
        let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
        let asked = browser.open(&format!("{DEMO}/delete")).await;
        assert!(asked.answer.text().contains("Delete Demo?"), "{}", asked.answer.text());
        assert_eq!(token(t, CLIENT, CLIENT_SECRET).await.status, 200, "asking deletes nothing");
        let page = browser.submit(&asked, &asked.form("/delete")).await;
        assert_eq!(page.path, "/settings/oauth2-clients?done=deleted");
        let text = page.answer.text();
        assert!(text.contains("OAuth2 client deleted") && text.contains("There are no OAuth2 clients yet."), "{text}");
        assert_eq!(token(t, CLIENT, CLIENT_SECRET).await.status, 401);
        assert_eq!(t.get("/api/me").bearer(&access).send().await.status, 401);
        let again = browser.submit(&asked, &asked.form("/delete")).await;
        assert_eq!(again.answer.status, 404);
    }
);

both!(
    fn a_long_list_has_pages(t) {
        let clients: Vec<Value> = (1..=13).map(|n| json!({ "name": format!("Client {n:02}"), "cid": format!("c{n}"), "grantTypes": ["password"] })).collect();
        import(&t.app, &json!({ "oAuth2Clients": clients })).await;
        let mut browser = admin(t).await;
        let first = browser.open(CLIENTS).await.answer;
        assert_page(t, &first, "a full list").await;
        let text = first.text();
        assert!(text.contains("Page 1 of 2") && text.contains("Client 12") && !text.contains("Client 13"), "{text}");
        let second = browser.open(&format!("{CLIENTS}?page=2")).await.answer.text();
        assert!(second.contains("Client 13") && second.contains(">demo<"), "{second}");
        for (page, leads) in [("99", "2"), ("0", ""), ("x", ""), ("-1", ""), ("99999999999999999999", "")] {
            let page = browser.open(&format!("{CLIENTS}?page={page}")).await;
            assert_eq!(page.answer.status, 200);
            assert!(leads.is_empty() || page.path.ends_with(&format!("page={leads}")), "{}", page.path);
        }
    }
);

both!(
    fn without_the_authority_every_page_and_form_is_a_clear_403(t) {
        make_ordinary(t, &["F_USER_VIEW"]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let csrf = browser.open("/apps").await.form("/logout").value("csrf").unwrap().to_owned();
        let secret = format!("{DEMO}/secret");
        let delete = format!("{DEMO}/delete");
        for path in [CLIENTS, NEW, DEMO, &secret, &delete] {
            let page = browser.open(path).await;
            assert_eq!(page.answer.status, 403, "{path}");
            let text = page.answer.text();
            assert!(text.contains("needs the authority F_OAUTH2_CLIENT_MANAGE") && !text.contains("Demo"), "{text}");
            assert_page(t, &page.answer, path).await;
        }
        for path in [NEW, DEMO, &secret, &delete] {
            let fields = [("csrf", csrf.as_str()), ("name", "X"), ("cid", "x"), ("overlap", "0")];
            let answer = browser.send(browser.request("POST", path).form(&fields)).await;
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.text().contains("F_OAUTH2_CLIENT_MANAGE"), "{path}");
        }
        assert_eq!(token(t, CLIENT, CLIENT_SECRET).await.status, 200);
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE"]).await;
        assert_eq!(browser.open(DEMO).await.answer.status, 200, "the authority is enough");
    }
);

both!(
    fn the_rest_is_folded_away_and_kept_when_it_is_not_touched(t) {
        let mut browser = admin(t).await;
        let page = browser.open(NEW).await;
        let text = page.answer.text();
        assert!(text.contains("<details class=\"more\">") && text.contains("<summary>"), "{text}");
        assert_page(t, &page.answer, "new").await;
        let form = page.form(NEW).fill("name", "Robot").fill("cid", "robot").fill("actsAs", ADMIN).fill("may", "look");
        let form = form.fill("accessSeconds", "120").fill("format", "reference").fill("jwksUri", "https://robot.example/keys")
            .fill("backchannelLogoutUri", "https://robot.example/out");
        let made = browser.submit(&page, &tick(form, &["client_credentials"])).await;
        assert_eq!(made.answer.status, 201, "{}", made.answer.text());
        assert!(text_of(&made.answer, "curl-alone").contains("grant_type=client_credentials"));
        let read = async || {
            let path = "/api/42/oAuth2Clients?filter=clientId:eq:robot&fields=*&paging=false";
            t.get(path).basic(ADMIN, ADMIN_PASSWORD).send().await.json()["oAuth2Clients"][0].clone()
        };
        let mut client = read().await;
        assert_eq!((&client["scopes"], &client["profile"]), (&json!("api:read"), &json!("standard")), "{client}");
        assert_eq!(client["actsAs"]["id"], "M5zQapPyTZI");
        assert!(client["clientSettings"].as_str().unwrap().contains("https://robot.example/keys"));
        assert_eq!(client["backchannelLogoutUri"], "https://robot.example/out");
        assert!(client["tokenSettings"].as_str().unwrap().contains("[\"java.time.Duration\",120]"));
        // Opened and saved, nothing changes; emptied, the user is gone.
        let uid = client["id"].as_str().unwrap().to_owned();
        let address = format!("{CLIENTS}/{uid}");
        let page = browser.open(&address).await;
        assert_page(t, &page.answer, "edit").await;
        let form = page.form(&address);
        let done = browser.submit(&page, &form).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        let mut after = read().await;
        for client in [&mut client, &mut after] {
            client.as_object_mut().unwrap().remove("lastUpdated");
        }
        assert_eq!(after, client);
        let page = browser.open(&address).await;
        let form = page.form(&address).fill("actsAs", "").fill("redirectUris", "https://a.example/cb");
        let done = browser.submit(&page, &tick(form, &["authorization_code"])).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        let after = read().await;
        assert!(after.get("actsAs").is_none() && after["authorizationGrantTypes"] == "authorization_code", "{after}");
        let page = browser.open(&address).await;
        assert!(text_of(&page.answer, "authorize-url").contains("/oauth2/authorize?response_type=code"));
        let form = page.form(&address).fill("actsAs", "nobody").fill("accessSeconds", "soon");
        let wrong = browser.submit(&page, &form).await;
        assert_eq!(wrong.answer.status, 409);
        assert!(text_of(&wrong.answer, "actsAs-error").contains("no user of this name"));
        assert!(text_of(&wrong.answer, "accessSeconds-error").contains("number of seconds"));
        assert!(wrong.answer.text().contains("<details class=\"more\" open>"));
    }
);

both!(
    fn who_may_only_manage_clients_grows_by_no_form(t) {
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE", "F_USER_VIEW"]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let before = stored(t, CLIENT).await;
        for (key, value, grants, field) in [
            ("actsAs", ADMIN, &["password"][..], "actsAs"),
            ("actsAs", ORDINARY.0, &["client_credentials"], "grantTypes"),
            ("name", "Demo", &["urn:ietf:params:oauth:grant-type:device_code"], "grantTypes"),
            ("name", "Demo", &["urn:ietf:params:oauth:grant-type:token-exchange"], "grantTypes"),
            ("consent", "", &["password"], "jwks"),
        ] {
            let page = browser.open(DEMO).await;
            let form = tick(page.form(DEMO).fill(key, value), grants);
            let refused = browser.submit(&page, &form).await;
            assert_eq!(refused.answer.status, 409, "{key} {grants:?}: {}", refused.answer.text());
            text_of(&refused.answer, &format!("{field}-error"));
            assert_eq!(stored(t, CLIENT).await, before);
        }
        let page = browser.open(DEMO).await;
        let done = browser.submit(&page, &page.form(DEMO).fill("name", "Renamed")).await;
        assert_eq!(done.answer.status, 200, "{}", done.answer.text());
        let path = "/api/42/oAuth2Clients?filter=clientId:eq:demo&fields=name,scopes,profile";
        let after = t.get(path).basic(ADMIN, ADMIN_PASSWORD).send().await.json()["oAuth2Clients"][0].clone();
        assert_eq!(after, json!({ "name": "Renamed", "scopes": "ALL", "profile": "legacy" }));
    }
);

both!(
    fn the_list_and_the_chart_show_how_a_client_is_used(t) {
        let mut browser = admin(t).await;
        assert!(browser.open(CLIENTS).await.answer.text().contains(">never<"));
        for _ in 0..3 {
            assert_eq!(token(t, CLIENT, CLIENT_SECRET).await.status, 200);
        }
        kibali_web::identity::flush(&t.app).await.unwrap();
        t.clock.advance_seconds(60);
        let list = browser.open(CLIENTS).await.answer.text();
        assert!(list.contains("?client=demo\">3<") && list.contains("<span class=\"when\">2026-01-15<"), "{list}");
        let page = browser.open(DEMO).await.answer.text();
        assert!(page.contains("<svg class=\"chart\"") && page.contains("3 in all; 3 on the busiest day."), "{page}");
    }
);
