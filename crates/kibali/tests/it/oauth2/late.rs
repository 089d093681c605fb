//! What was allowed in a session and is fetched after its end: it lives on, and its client is told of the end.

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId, SignIn};
use kibali_store::Engine;
use kibali_store::door::asker::Asker;
use kibali_store::door::clients;
use kibali_store::door::codes::{Code, InsertCode, SpendCode, Spent};
use kibali_store::door::grants::NewGrant;
use kibali_store::door::sessions::{EndSession, StartSession};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::backchannel::{caller, leaves, listens, sids, tell, waiting};
use super::device::{self, answer, poll, start};
use super::jwks_uri::site;
use super::{CALLBACK, allow, asking, member, redeem, register, said};
use crate::between::{Nothing, between};
use crate::grants::asked_for;
use crate::pages::{self, ORDINARY, make_ordinary};

both!(
    fn whoever_fetches_tokens_after_the_sign_out_hears_of_it(t) {
        let site = site("127.0.0.1:0").await;
        make_ordinary(t, &[]).await;
        listens(t, "app", &site).await;
        register(t, "quiet", json!({})).await;
        let more = json!({
            "authorizationGrantTypes": format!("{},refresh_token", device::GRANT),
            "backchannelLogoutUri": format!("https://localhost:{}/tv", site.port),
        });
        register(t, "tv", more).await;
        let node = caller(t, 5).await;
        let mut browser = pages::signed_in(t, ORDINARY).await;
        let mut codes = Vec::new();
        for id in ["app", "app", "quiet"] {
            let page = allow(&mut browser, &asking(id, "&scope=openid+username")).await;
            codes.push(member(&page, "code").unwrap());
        }
        let told = start(t).await;
        answer(&mut browser, told["user_code"].as_str().unwrap(), "allow").await;
        let early = redeem(t, "app", &codes[0]).await.json();
        let sid = said(&early["id_token"])["sid"].as_str().unwrap().to_owned();
        assert_eq!(waiting(t).await, 0, "the session goes on");
        leaves(&mut browser).await;
        assert_eq!(waiting(t).await, 1);

        let late = redeem(t, "app", &codes[1]).await.json();
        assert_eq!(said(&late["id_token"])["sid"], *sid);
        let quiet = redeem(t, "quiet", &codes[2]).await;
        assert_eq!(quiet.status, 200, "{}", quiet.text());
        let tv = poll(t, told["device_code"].as_str().unwrap()).await.json();
        assert_eq!(said(&tv["id_token"])["sid"], *sid);
        for tokens in [&early, &late, &tv] {
            let token = tokens["access_token"].as_str().unwrap();
            assert_eq!(t.get("/api/me").bearer(token).send().await.status, 200, "what was allowed lives on");
        }
        assert_eq!(waiting(t).await, 2, "nobody else listens");
        tell(&node).await;
        assert!(site.asked().is_empty(), "it takes its tokens in first");
        t.clock.advance_seconds(5);
        tell(&node).await;
        tell(&node).await;
        assert_eq!(sids(&site), [sid.as_str(); 2]);
        let paths: Vec<bool> = site.asked().iter().map(|asked| asked.head.contains(" /tv ")).collect();
        assert!(paths.contains(&true) && paths.contains(&false), "each once");
    }
);

/// On PostgreSQL alone: on SQLite one writes after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_spent_while_its_session_ends_is_told_of_too() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    register(t, "app", json!({ "backchannelLogoutUri": "https://app.example.org/out" })).await;
    let client = {
        let mut reader = t.app.store.reader().await.unwrap();
        clients::by_client_id(&mut reader, "app").await.unwrap().unwrap().client.object
    };
    let (store, now) = (&t.app.store, t.clock.now());
    for (told, name) in [(1, "the code first"), (2, "the end first")] {
        let spend = allowed(t, told, name, client).await;
        let end = EndSession { hash: sha256(name), now };
        let spent = if told == 1 {
            between(t, spend, Nothing, store.write(end)).await.0.unwrap().0
        } else {
            between(t, end, Nothing, store.write(spend)).await.1.unwrap()
        };
        assert_eq!(spent, Spent::Granted, "{name}");
        assert_eq!(waiting(t).await, told, "{name}");
    }
}

/// A session, a code that was allowed in it, and what spends the code.
async fn allowed(t: &TestApp, id: i64, name: &str, client: ObjectId) -> SpendCode {
    let now = t.clock.now();
    let mut issue = asked_for(t, id, name, GrantType::AuthorizationCode).await;
    issue.grant.client = client;
    issue.grant.sign_in = SignIn { at: Some(now), sid: Some(name.into()), amr: SignIn::PASSWORD.into() };
    let grant = issue.grant;
    let start = StartSession {
        hash: sha256(name),
        replaces: None,
        sid: name.into(),
        user: grant.user,
        credential_version: grant.credential_version,
        proof: None,
        amr: SignIn::PASSWORD.into(),
        expires: now.plus_seconds(3600),
        address: "127.0.0.1".into(),
        user_agent: None,
        at_most: 100,
        now,
    };
    assert!(t.app.store.write(start).await.unwrap());
    let hash = sha256(format!("{name} code"));
    let insert = InsertCode {
        by: by(&grant),
        hash,
        code: code_for(t, &grant),
        asked: None,
        remember: false,
        pushed: None,
        now,
    };
    assert!(t.app.store.write(insert).await.unwrap());
    SpendCode { hash, grant: Some((grant, issue.tokens)), now }
}

/// Whoever allows this grant.
pub(super) fn by(grant: &NewGrant) -> Asker {
    Asker { user: grant.user, credential_version: grant.credential_version, session: None }
}

/// A code that becomes this grant.
pub(super) fn code_for(t: &TestApp, grant: &NewGrant) -> Code {
    Code {
        user: grant.user,
        client: grant.client,
        scopes: grant.scopes.clone(),
        redirect_uri: CALLBACK.into(),
        redirect_sent: true,
        challenge: None,
        expires: t.clock.now().plus_seconds(300),
        nonce: None,
        sign_in: grant.sign_in.clone(),
        resource: None,
        jkt: None,
    }
}
