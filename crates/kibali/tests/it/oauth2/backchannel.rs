//! Clients are told that a session ended (OpenID Connect Back-Channel Logout 1.0): a real receiver, over TLS.

use std::collections::BTreeSet;

use kibali_crypto::jose::{Jwks, Jws};
use kibali_model::SigningAlgorithm;
use kibali_store::{StoreError, Tx, Write, values};
use kibali_testkit::seed::import;
use kibali_testkit::{Asked, Browser, Reply, Site, TestApp, both};
use kibali_web::logout;
use serde_json::{Value, json};

use super::jwks_uri::{names, reach, site};
use super::{CALLBACK, SECRET, allow, asking, header, member, redeem, register, said};
use crate::foundation::admin;
use crate::pages::{self, ORDINARY, make_ordinary};
use crate::registration::{REGISTER, invitation};

const USER: &str = "/api/users/userordin01";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A node that may call this machine.
pub(super) async fn caller(t: &TestApp, seed: u64) -> TestApp {
    t.another(seed, |settings| reach(settings, &names())).await
}

pub(super) async fn listens(t: &TestApp, id: &str, site: &Site) {
    let address = format!("https://localhost:{}/{id}?out=1", site.port);
    let client = json!({
        "backchannelLogoutUri": address, "backchannelLogoutSessionRequired": true,
        "tokenSettings": json!({ "settings.token.id-token-signature-algorithm": "ES256" }).to_string(),
    });
    register(t, id, client).await;
    site.answers(Reply::with("200 OK", "", ""));
}

/// Somebody signs in, and on to an application; what it calls their session.
async fn enters(t: &TestApp, id: &str, password: &str) -> (Browser, String) {
    let mut browser = pages::signed_in(t, (ORDINARY.0, password)).await;
    let sid = goes_on(t, &mut browser, id).await;
    (browser, sid)
}

async fn goes_on(t: &TestApp, browser: &mut Browser, id: &str) -> String {
    let page = allow(browser, &asking(id, "&scope=openid")).await;
    let tokens = redeem(t, id, &member(&page, "code").unwrap()).await.json();
    said(&tokens["id_token"])["sid"].as_str().unwrap().to_owned()
}

/// The logout token of a request.
pub(super) fn token(asked: &Asked) -> String {
    let token = asked.body.strip_prefix("logout_token=").unwrap_or_else(|| panic!("{asked:?}"));
    token.to_owned()
}

/// The sessions that a site was told of.
pub(super) fn sids(site: &Site) -> Vec<String> {
    let sid = |asked: &Asked| said(&json!(token(asked)))["sid"].as_str().unwrap().to_owned();
    site.asked().iter().map(sid).collect()
}

/// How many notices wait.
pub(super) async fn waiting(t: &TestApp) -> i64 {
    let mut reader = t.app.store.reader().await.unwrap();
    reader.rows_composed("select count(*) from logout_notice", vec![]).await.unwrap()[0].int(0).unwrap()
}

/// Signs out.
pub(super) async fn leaves(browser: &mut Browser) {
    let page = browser.open("/logout").await;
    browser.submit(&page, &page.form("/logout")).await;
}

pub(super) async fn tell(node: &TestApp) {
    logout::tell(&node.app).await.unwrap();
}

both!(
    fn a_logout_token_is_signed_and_says_who_left_which_session_and_opens_nothing(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        register(t, "quiet", json!({})).await;
        let node = caller(t, 5).await;
        let (mut browser, sid) = enters(t, "app", ORDINARY.1).await;
        goes_on(t, &mut browser, "quiet").await;
        let (_other, _) = enters(t, "quiet", ORDINARY.1).await;
        tell(&node).await;
        assert!(site.asked().is_empty(), "nobody left");
        leaves(&mut browser).await;
        assert_eq!(waiting(t).await, 1, "nothing is written down for who listens to nothing");
        tell(&node).await;
        tell(&node).await;
        assert_eq!(site.asked().len(), 1, "told once");

        let asked = site.asked().remove(0);
        let head = asked.head.to_ascii_lowercase();
        assert!(head.starts_with("post /app?out=1 http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
        let token = token(&asked);
        let header = header(&json!(token));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!("ES256")), "signed as its other tokens");
        let keys = t.get("/oauth2/jwks").send().await.text();
        let claims = Jws::read(&token).unwrap().verified_claims(&Jwks::parse(&keys).unwrap(), SigningAlgorithm::EVERY);
        let claims = Value::Object(claims.unwrap());
        for (name, value) in [
            ("iss", json!("http://localhost:8080/")), ("aud", json!("app")), ("sub", json!(ORDINARY.0)),
            ("sid", json!(sid)), ("events", json!({ EVENT: {} })),
        ] {
            assert_eq!(claims[name], value, "{name}");
        }
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
        assert!(claims["jti"].as_str().unwrap().len() > 20 && claims.get("nonce").is_none(), "{claims}");

        for path in ["/api/me", "/userinfo"] {
            assert_eq!(t.get(path).bearer(&token).send().await.status, 401, "{path}");
        }
        let hint = t.get(&format!("/connect/logout?id_token_hint={token}")).send().await;
        assert!(hint.status == 303 || hint.status == 400, "{}", hint.status);

        let discovery = t.get("/.well-known/openid-configuration").send().await.json();
        for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
            assert_eq!(discovery[name], true, "{name}");
        }
    }
);

both!(
    fn every_way_a_session_ends_is_told(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        let node = caller(t, 5).await;
        let one_session = t.another(6, |settings| settings.sessions_per_user = 1).await;
        let mut administrator = pages::admin(t).await;
        let mut password = ORDINARY.1.to_owned();
        let user = |password: &str| json!({ "users": [{
            "id": "userordin01", "username": ORDINARY.0, "password": password, "firstName": "Amani", "surname": "Baraka",
            "userRoles": [{ "id": "roleordin01" }],
        }] });
        for way in [
            "asked by an application", "one by its user", "all others by their user", "cut", "another browser too many",
            "signed in anew", "own password", "password by another", "disabled", "deleted",
        ] {
            let (mut browser, sid) = enters(t, "app", &password).await;
            let before = site.asked().len();
            match way {
                "asked by an application" => {
                    let page = browser.open("/connect/logout").await;
                    browser.submit(&page, &page.form("/connect/logout")).await;
                }
                "one by its user" | "all others by their user" => {
                    let mut other = pages::signed_in(t, (ORDINARY.0, &password)).await;
                    let page = other.open("/account/sessions").await;
                    let html = page.answer.text();
                    let mut named = html.split("name=\"session\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
                    let which = named.find(|name| (*name == "others") == way.starts_with("all")).unwrap().to_owned();
                    other.submit(&page, &page.form("/account/sessions").press("session", &which)).await;
                }
                "cut" => {
                    let ask = administrator.open(&format!("/administration/grants/end?user={}", ORDINARY.0)).await;
                    administrator.submit(&ask, &ask.form("/end")).await;
                }
                "another browser too many" => {
                    pages::signed_in(&one_session, (ORDINARY.0, &password)).await;
                }
                "signed in anew" => {
                    let body = json!({ "username": ORDINARY.0, "password": password });
                    browser.send(browser.request("POST", "/api/auth/login").json(&body)).await;
                }
                "own password" => {
                    let changed = "Kibali_2027".to_owned();
                    let body = json!({ "oldPassword": password, "newPassword": changed });
                    let request = t.put("/api/me/changePassword").basic(ORDINARY.0, &password).json(&body).send().await;
                    assert!(request.status < 300, "{}", request.text());
                    password = changed;
                }
                "password by another" => {
                    password = "Kibali_2028".to_owned();
                    import(&t.app, &user(&password)).await;
                }
                "disabled" => {
                    for _ in 0..2 {
                        assert_eq!(admin(t.post(&format!("{USER}/disabled"))).send().await.status, 204);
                        tell(&node).await;
                    }
                    assert_eq!(admin(t.post(&format!("{USER}/enabled"))).send().await.status, 204);
                }
                _ => assert_eq!(admin(t.delete(USER)).send().await.status, 200),
            }
            tell(&node).await;
            let told = sids(&site);
            assert_eq!(told[before..].iter().filter(|told| **told == sid).count(), 1, "{way}: {sid} in {told:?}");
        }
    }
);

both!(
    fn who_does_not_hear_is_told_again_ever_more_seldom_and_then_given_up(t) {
        let (deaf, other) = (site("127.0.0.1:0").await, site("127.0.0.1:0").await);
        make_ordinary(t, &[]).await;
        listens(t, "deaf", &deaf).await;
        listens(t, "other", &other).await;
        let node = caller(t, 5).await;
        let (mut browser, sid) = enters(t, "deaf", ORDINARY.1).await;
        assert_eq!(goes_on(t, &mut browser, "other").await, sid, "one session, one name");
        let (mut second, second_sid) = enters(t, "deaf", ORDINARY.1).await;
        goes_on(t, &mut second, "other").await;
        deaf.answers(Reply::with("500 Internal Server Error", "", ""));
        let page = browser.open("/account/sessions").await;
        browser.submit(&page, &page.form("/account/sessions").press("session", "others")).await;
        leaves(&mut browser).await;
        tell(&node).await;
        assert_eq!(deaf.asked().len(), 1, "one attempt, for all that wait for the deaf one");
        assert_eq!(BTreeSet::from_iter(sids(&other)), BTreeSet::from([sid, second_sid]), "nobody else waits for it");
        tell(&node).await;
        assert_eq!(deaf.asked().len(), 1);
        // Each of the two is tried seven times, ever more seldom.
        let mut attempts = Vec::new();
        for _ in 0..9 * 60 {
            t.clock.advance_seconds(60);
            let before = deaf.asked().len();
            tell(&node).await;
            attempts.push(deaf.asked().len() - before);
        }
        assert_eq!(deaf.asked().len(), 14, "given up");
        assert!(attempts[..10].iter().sum::<usize>() >= 4 && attempts[60..].iter().sum::<usize>() <= 6, "{attempts:?}");
        let numbers: BTreeSet<String> =
            deaf.asked().iter().map(|asked| said(&json!(token(asked)))["jti"].as_str().unwrap().to_owned()).collect();
        assert_eq!(numbers.len(), 14, "each attempt has a token of its own");
        deaf.answers(Reply::with("200 OK", "", ""));
        t.clock.advance_seconds(86_400);
        tell(&node).await;
        assert_eq!((deaf.asked().len(), other.asked().len()), (14, 2));

        // One that hears later is told then.
        let (mut browser, _) = enters(t, "deaf", ORDINARY.1).await;
        deaf.answers(Reply::Closes);
        leaves(&mut browser).await;
        tell(&node).await;
        deaf.answers(Reply::with("204 No Content", "", ""));
        t.clock.advance_seconds(10);
        tell(&node).await;
        t.clock.advance_seconds(86_400);
        tell(&node).await;
        assert_eq!(deaf.asked().len(), 16);
    }
);

both!(
    fn what_waits_longer_is_not_hastened_by_what_comes_later(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        site.answers(Reply::Closes);
        let node = caller(t, 5).await;
        let (mut browser, early) = enters(t, "app", ORDINARY.1).await;
        leaves(&mut browser).await;
        for pause in [10, 60, 0] {
            tell(&node).await;
            t.clock.advance_seconds(pause);
        }
        assert_eq!(sids(&site), [early.as_str(); 3], "the next attempt is five minutes off");
        let (mut browser, late) = enters(t, "app", ORDINARY.1).await;
        leaves(&mut browser).await;
        for _ in 0..30 {
            tell(&node).await;
            t.clock.advance_seconds(10);
        }
        assert_eq!(sids(&site)[3..], [late.as_str(); 3]);
        tell(&node).await;
        assert_eq!(sids(&site)[6..], [early.as_str()]);
    }
);

/// Many notices of one client.
struct Many(i64);

impl Write for Many {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let sql = "insert into logout_notice (client, sid, subject, attempts, due, created)
                   with recursive n(x) as (select 1 union all select x + 1 from n where x < 999)
                   select c.object, 'many ' || n.x, 'nobody', 0, $1, $1 from n, client c where c.client_id = 'app'";
        tx.run_composed(sql, values![self.0]).await
    }
}

both!(
    fn a_thousand_notices_wait_for_one_client_and_no_more(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        let later = t.app.now().plus_seconds(86_400).millis();
        assert_eq!(t.app.store.write(Many(later)).await.unwrap(), 999);
        for waits in [1000, 1000] {
            let (mut browser, _) = enters(t, "app", ORDINARY.1).await;
            leaves(&mut browser).await;
            assert_eq!(waiting(t).await, waits);
        }
        let node = caller(t, 5).await;
        tell(&node).await;
        assert_eq!((site.asked().len(), waiting(t).await), (1, 999), "the one that is due");
    }
);

both!(
    fn of_two_nodes_one_tells(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        let (one, two) = (caller(t, 5).await, caller(t, 6).await);
        let mut all = BTreeSet::new();
        for _ in 0..6 {
            all.insert(enters(t, "app", ORDINARY.1).await.1);
        }
        let mut last = pages::signed_in(t, ORDINARY).await;
        let page = last.open("/account/sessions").await;
        last.submit(&page, &page.form("/account/sessions").press("session", "others")).await;
        tokio::join!(tell(&one), tell(&two), tell(&one), tell(&two));
        for node in [&one, &two] {
            tell(node).await;
        }
        let told = sids(&site);
        assert_eq!((told.len(), BTreeSet::from_iter(told)), (6, all));
    }
);

both!(
    fn no_client_has_this_server_call_what_is_not_public(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        let closed = t.another(5, |settings| {
            reach(settings, &names());
            settings.outbound.listed.clear();
        }).await;
        let (mut browser, _) = enters(t, "app", ORDINARY.1).await;
        leaves(&mut browser).await;
        tell(&closed).await;
        assert_eq!(site.connections(), 0);
        t.clock.advance_seconds(10);
        tell(&caller(t, 6).await).await;
        assert_eq!(site.asked().len(), 1, "it was owed all the same");
        // A client that wants to hear no more is told no more.
        let (mut browser, _) = enters(t, "app", ORDINARY.1).await;
        leaves(&mut browser).await;
        let found = admin(t.get("/api/42/oAuth2Clients?filter=clientId:eq:app&fields=id")).send().await.json();
        let path = format!("/api/42/oAuth2Clients/{}", found["oAuth2Clients"][0]["id"].as_str().unwrap());
        let patch = json!([{ "op": "remove", "path": "/backchannelLogoutUri" }]);
        let done = admin(t.patch(&path)).body("application/json-patch+json", patch.to_string()).send().await;
        assert_eq!(done.status, 200, "{}", done.text());
        tell(&caller(t, 7).await).await;
        assert_eq!((site.asked().len(), waiting(t).await), (1, 0));
    }
);

both!(
    fn where_a_client_hears_of_logouts_is_registered_in_either_dialect_and_by_itself(t) {
        const ADDRESS: &str = "https://app.example.org/out?x=1";
        register(t, "modern", json!({ "backchannelLogoutUri": ADDRESS, "backchannelLogoutSessionRequired": true })).await;
        let legacy = json!({ "name": "Legacy", "cid": "legacy", "secret": SECRET, "grantTypes": ["password"], "backchannelLogoutUri": ADDRESS });
        assert_eq!(admin(t.post("/api/41/oAuth2Clients")).json(&legacy).send().await.status, 201);
        for (version, id, required) in [(41, "modern", true), (42, "modern", true), (41, "legacy", false), (42, "legacy", false)] {
            let name = if version == 41 { "cid" } else { "clientId" };
            let found = admin(t.get(&format!("/api/{version}/oAuth2Clients?filter={name}:eq:{id}&fields=*"))).send().await.json();
            let client = &found["oAuth2Clients"][0];
            assert_eq!(
                (&client["backchannelLogoutUri"], &client["backchannelLogoutSessionRequired"]),
                (&json!(ADDRESS), &json!(required)),
                "{id} as {version}"
            );
        }
        for wrong in ["http://app.example.org/out", "javascript:alert(1)", "https://app.example.org/#out", "app.example.org", "org.example.app:/out"] {
            let client = json!({ "name": "Wrong", "clientId": "wrong", "authorizationGrantTypes": "refresh_token", "backchannelLogoutUri": wrong });
            let answer = admin(t.post("/api/42/oAuth2Clients")).json(&client).send().await;
            assert!(answer.status == 409 && answer.text().contains("Invalid back-channel logout URI"), "{wrong}: {}", answer.text());
        }
        let token = invitation(t, json!({ "uses": 2 })).await;
        let body = |address: &str| json!({
            "redirect_uris": [CALLBACK], "backchannel_logout_uri": address, "backchannel_logout_session_required": true,
        });
        let refused = t.post(REGISTER).bearer(&token).json(&body("http://app.example.org/out")).send().await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_client_metadata")));
        let told = t.post(REGISTER).bearer(&token).json(&body(ADDRESS)).send().await.json();
        assert_eq!(told["backchannel_logout_uri"], ADDRESS, "{told}");
        assert_eq!(told["backchannel_logout_session_required"], true, "{told}");
    }
);
