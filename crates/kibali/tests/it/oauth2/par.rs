//! Authorization requests that are pushed first (RFC 9126).

use kibali_crypto::sha256;
use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::clients;
use kibali_store::{Statement, StoreError, Tx, Write, values};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

use super::{AUTHORIZE, CALLBACK, SECRET, allow, member, redeem, register, signed_in};
use crate::pages::fill_login;

async fn push(t: &TestApp, more: &[(&str, &str)]) -> Answer {
    push_with(t, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", more).await
}

async fn push_with(t: &TestApp, challenge: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("client_id", "app"),
        ("client_secret", SECRET),
    ];
    t.post("/oauth2/par").form(&[&fields[..], more].concat()).send().await
}

both!(
    fn a_pushed_request_serves_its_client_once_within_a_minute(t) {
        register(t, "app", json!({})).await;
        register(t, "other", json!({})).await;
        let pushed = push(t, &[("scope", "openid username"), ("state", "s")]).await;
        assert_eq!((pushed.status, pushed.header("cache-control")), (201, Some("no-store")), "{}", pushed.text());
        assert_eq!(pushed.json()["expires_in"], 60);
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
        let path = format!("{AUTHORIZE}?client_id=app&request_uri={uri}");
        let mut browser = signed_in(t).await;
        let stolen = browser.open_once(&format!("{AUTHORIZE}?client_id=other&request_uri={uri}")).await;
        assert_eq!(stolen.status, 400);
        let page = allow(&mut browser, &path).await;
        assert_eq!(member(&page, "state").as_deref(), Some("s"));
        assert_eq!(redeem(t, "app", &member(&page, "code").unwrap()).await.status, 200);
        assert_eq!(browser.open_once(&path).await.status, 400, "it is spent");
        let uri = push(t, &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
        t.clock.advance_seconds(60);
        let late = browser.open_once(&format!("{AUTHORIZE}?client_id=app&request_uri={uri}")).await;
        assert_eq!(late.status, 400);
    }
);

both!(
    fn what_is_wrong_is_told_when_it_is_pushed(t) {
        register(t, "app", json!({})).await;
        for (more, error) in [
            (("scope", "ALL"), "invalid_scope"),
            (("response_type", "token"), "invalid_request"),
            (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
            (("prompt", "none login"), "invalid_request"),
        ] {
            let answer = push(t, &[more]).await;
            assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{more:?}");
        }
        let answer = t.post("/oauth2/par").form(&[("client_id", "app"), ("client_secret", "wrong")]).send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    }
);

both!(
    fn an_address_that_is_not_the_clients_makes_an_invalid_request(t) {
        register(t, "app", json!({})).await;
        register(t, "alone", json!({ "authorizationGrantTypes": "urn:ietf:params:oauth:grant-type:device_code" })).await;
        let ask = |client: &'static str, uri: &'static str| {
            let fields = [
                ("response_type", "code"), ("redirect_uri", uri), ("code_challenge_method", "S256"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ];
            t.post("/oauth2/par").basic(client, SECRET).form(&fields)
        };
        for (client, uri, error) in [
            ("app", CALLBACK, None),
            ("app", "https://app.example.org/cb/other", Some("invalid_request")),
            ("app", "https://app.example.org/cb?more=1", Some("invalid_request")),
            ("alone", CALLBACK, Some("unauthorized_client")),
        ] {
            let pushed = ask(client, uri).send().await;
            let Some(error) = error else {
                assert_eq!(pushed.status, 201, "{}", pushed.text());
                continue;
            };
            assert_eq!((pushed.status, &pushed.json()["error"]), (400, &json!(error)), "{client} {uri}");
            // In the browser it is told on a page, and nothing is sent to that address.
            let path = format!("{AUTHORIZE}?response_type=code&client_id={client}&redirect_uri={uri}");
            let told = t.get(&path).header("accept", "text/html").send().await;
            assert_eq!((told.status, told.location()), (400, None), "{client} {uri}");
            assert!(told.text().contains(error), "{client} {uri}: {}", told.text());
        }
        for (sent, error) in [
            (&[("redirect_uri", CALLBACK)][..], "invalid_request"),
            (&[("redirect_uri", CALLBACK), ("response_type", "token")][..], "unsupported_response_type"),
        ] {
            let told = t.post("/oauth2/par").basic("app", SECRET).form(sent).send().await;
            assert_eq!((told.status, &told.json()["error"]), (400, &json!(error)), "{sent:?}");
        }
    }
);

both!(
    fn a_demand_to_sign_in_again_that_was_pushed_is_met_once(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        t.clock.advance_seconds(10);
        let uri = push(t, &[("prompt", "login"), ("scope", "openid")]).await.json()["request_uri"].as_str().unwrap().to_owned();
        let path = format!("{AUTHORIZE}?client_id=app&request_uri={uri}");
        assert_eq!(browser.open_once(&path).await.location(), Some("/login"));
        let login = browser.open("/login").await;
        let form = login.form("/login").fill("username", ADMIN).fill("password", ADMIN_PASSWORD);
        let page = browser.submit(&login, &form).await;
        assert!(member(&page, "code").is_some(), "{:?}", page.answer.location());
    }
);

/// As many requests of a client as may wait, but `fewer`.
struct Waiting(Statement, ObjectId, i64, Timestamp);

impl Write for Waiting {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Self(insert, client, fewer, now) = self;
        for number in 0..2000 - fewer {
            let hash = sha256(format!("{number} of {}", client.0)).to_vec();
            tx.run(*insert, values![hash, *client, *now, now.plus_seconds(60)]).await?;
        }
        Ok(())
    }
}

/// Puts all but one of those that may wait for a client into the database, by `insert` of hash, client, now and end.
pub(super) async fn all_but_one_wait(t: &TestApp, client_id: &str, insert: &'static str) {
    let mut reader = t.app.store.reader().await.unwrap();
    let client = clients::by_client_id(&mut reader, client_id).await.unwrap().unwrap().client.object;
    drop(reader);
    let insert = Statement::new("test.waiting", insert);
    t.app.store.write(Waiting(insert, client, 1, t.app.now())).await.unwrap();
}

both!(
    fn two_thousand_pushed_requests_of_a_client_wait_and_no_more(t) {
        register(t, "app", json!({})).await;
        register(t, "other", json!({})).await;
        let insert = "insert into pushed_request (hash, client, parameters, created, expires) values ($1, $2, '', $3, $4)";
        all_but_one_wait(t, "app", insert).await;
        assert_eq!(push(t, &[]).await.status, 201);
        let full = push(t, &[]).await;
        assert_eq!((full.status, full.header("retry-after")), (503, Some("60")), "{}", full.text());
        let fields = [("response_type", "code"), ("redirect_uri", CALLBACK), ("code_challenge_method", "S256"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")];
        let other = t.post("/oauth2/par").basic("other", SECRET).form(&fields).send().await;
        assert_eq!(other.status, 201, "nobody fills up another's place: {}", other.text());
        t.clock.advance_seconds(60);
        assert_eq!(push(t, &[]).await.status, 201);
    }
);

both!(
    fn no_wrong_secret_of_somebody_elses_holds_a_public_client_back(t) {
        register(t, "public", json!({ "clientAuthenticationMethods": "none", "clientSecret": null })).await;
        let fields = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("client_id", "public"),
        ];
        let guess = [&fields[..], &[("client_secret", "wrong")]].concat();
        let mut statuses = Vec::new();
        for _ in 0..13 {
            statuses.push(t.post("/oauth2/par").form(&guess).send().await.status);
        }
        assert_eq!((statuses.first(), statuses.last()), (Some(&401), Some(&429)), "{statuses:?}");
        let own = t.post("/oauth2/par").form(&fields).send().await;
        assert_eq!(own.status, 201, "{}", own.text());
    }
);

both!(
    fn a_sign_in_that_a_pushed_request_demands_is_met_by_nothing_else(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        t.clock.advance_seconds(10);
        let pushed = push(t, &[("scope", "openid username"), ("prompt", "login")]).await;
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let path = format!("{AUTHORIZE}?client_id=app&request_uri={uri}");
        for more in ["", "&sign_in_asked=0", "&prompt=none", "&sign_in_asked=99999999999999"] {
            let answer = browser.open_once(&format!("{path}{more}")).await;
            assert_eq!(answer.location(), Some("/login"), "{more}");
        }
        // Nor by a form that skips the page.
        let csrf = browser.open("/apps").await.form("/logout").value("csrf").unwrap().to_owned();
        let fields = [
            ("csrf", csrf.as_str()), ("client_id", "app"), ("request_uri", &uri), ("user_oauth_approval", "true"),
            ("scope", "username"),
        ];
        let request = browser.request("POST", AUTHORIZE).header("origin", "http://localhost:8080").form(&fields);
        assert_eq!(browser.send(request).await.location(), Some("/login"));
        // A demand of one request is not met by the sign-in for another.
        let demands = |more| [&[("scope", "openid username"), ("prompt", "login")][..], more].concat();
        let others = [
            push(t, &demands(&[("nonce", "n")])).await,
            push(t, &demands(&[("state", "s")])).await,
            push_with(t, "Uctmi3yTM9eNBCvMGWlNjCAHEfSUbq_uVZK8SQ-4CdI", &demands(&[])).await,
        ];
        browser.open(&path).await;
        let login = browser.open("/login").await;
        let asked = fill_login(&mut browser, &login, ADMIN, ADMIN_PASSWORD).await;
        assert_eq!((asked.answer.status, asked.path.as_str()), (200, path.as_str()), "{}", asked.answer.text());
        let met = browser.cookies.clone();
        for other in others {
            browser.cookies = met.clone();
            let uri = other.json()["request_uri"].as_str().unwrap().to_owned();
            let answer = browser.open_once(&format!("{AUTHORIZE}?client_id=app&request_uri={uri}")).await;
            assert_eq!(answer.location(), Some("/login"));
        }
        // It is answered once; the cookie that said so is gone.
        browser.open(&path).await;
        let login = browser.open("/login").await;
        let asked = fill_login(&mut browser, &login, ADMIN, ADMIN_PASSWORD).await;
        let done = browser.submit(&asked, &asked.form(AUTHORIZE).press("user_oauth_approval", "true")).await;
        assert!(member(&done, "code").is_some(), "{:?}", done.answer.location());
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["kibali"]);
    }
);
