//! `Authorization: ApiToken`: what is taken, what is refused and how.

use kibali_model::{ApiTokenType, Clock, TokenLimits};
use kibali_store::StoreError;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::api_tokens::{ApiToken, InsertApiToken, Kept};
use kibali_store::door::asker::Asker;
use kibali_store::door::audit;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{TestApp, both};
use kibali_web::identity::flush;
use serde_json::json;

use super::{DAY, TOKENS, call, make, nothing, show, told, with};
use crate::freshness::caching;
use crate::identity::PATH;

both!(
    fn every_error_is_told_as_dhis2_tells_it(t) {
        // What is remembered expires as what is read.
        caching(&t.app).await;
        let unknown = "d2p_iKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Mei";
        for (token, status, message) in [
            ("", 400, "Api token is malformed"),
            ("d2p_a b", 400, "Api token is malformed"),
            ("d2p_a,b", 400, "Api token is malformed"),
            ("FAKE_KEY", 400, "Checksum validation failed"),
            ("d2pat_tWhOu7GsXzTZYroHAmdwtBCAmA0qD5Ze383854", 400, "Checksum validation failed"),
            ("d2pat_tAAAAAWhOu7GsXzTZYroHAmdwtBCAmA0qD5Ze383854", 400, "Checksum validation failed"),
            (unknown, 401, "The API token does not exists"),
        ] {
            assert_eq!(told(t, token).await, (status, message.to_owned()), "{token}");
        }
        let xml = with(t.get("/api/userRoles.xml"), unknown).send().await;
        assert!(xml.text().contains("<message>The API token does not exists</message>"), "{}", xml.text());
        let (_, key) = make(t, nothing()).await;
        let any_case = t.get(PATH).header("authorization", &format!("apitoken {key}")).send().await;
        assert_eq!(any_case.status, 200);
        let twice = with(t.get(PATH), &key).bearer("x").send().await;
        assert_eq!(twice.status, 400, "one credential decides");
        t.clock.advance_seconds(30 * DAY);
        let expired = "Failed to authenticate API token, token has expired.";
        assert_eq!(told(t, &key).await, (401, expired.to_owned()));
    }
);

both!(
    fn limits_hold_for_the_real_peer(t) {
        let limited = async |attribute| make(t, json!({ "attributes": [attribute] })).await.1;
        let refused = |what: &str| format!("Failed to authenticate API token, request {what} not allowed.");
        let message = |answer: &kibali_testkit::Answer| answer.json()["message"].as_str().unwrap().to_owned();

        let key = limited(json!({ "type": "IpAllowedList", "allowedIps": ["192.168.2.1"] })).await;
        let from = async |t: &TestApp, peer: &str, forwarded: &str| {
            with(t.get(PATH), &key).from(peer).header("x-forwarded-for", forwarded).send().await
        };
        assert_eq!(from(t, "192.168.2.1", "203.0.113.1").await.status, 200);
        let elsewhere = from(t, "127.0.0.1", "192.168.2.1").await;
        assert_eq!((elsewhere.status, message(&elsewhere)), (401, refused("ip address is")));
        assert_eq!(elsewhere.header("www-authenticate"), Some("ApiToken"));
        let behind = t.another(2, |settings| settings.trusted_proxies = vec!["10.0.0.1".parse().unwrap()]).await;
        assert_eq!(from(&behind, "10.0.0.1", "203.0.113.1, 192.168.2.1").await.status, 200);
        assert_eq!(from(&behind, "10.0.0.1", "192.168.2.1, 203.0.113.1").await.status, 401);

        let key = limited(json!({ "type": "MethodAllowedList", "allowedMethods": ["post"] })).await;
        assert_eq!(told(t, &key).await, (401, refused("http method is")));
        let posted = with(t.post("/api/userRoles"), &key).json(&json!({ "name": "New" })).send().await;
        assert_eq!(posted.status, 201, "{}", posted.text());

        let key = limited(json!({ "type": "RefererAllowedList", "allowedReferrers": ["https://two.io"] })).await;
        assert_eq!(told(t, &key).await, (401, refused("http referrer is missing or")));
        let page = async |address: &str| with(t.get(PATH), &key).header("referer", address).send().await.status;
        assert_eq!((page("https://TWO.io/").await, page("https://two.io.evil.example/").await), (200, 401));
    }
);

/// Puts a token of the account straight into the store, under the hash of `key`.
pub(super) async fn keep(
    t: &TestApp,
    account: &Account,
    key: &str,
    kind: ApiTokenType,
) -> (Result<Kept, StoreError>, String) {
    let now = t.clock.now();
    let token = ApiToken {
        id: t.app.new_object_id(),
        uid: t.app.new_uid(),
        user: account.user,
        code: None,
        kind,
        limits: TokenLimits::default(),
        created: now,
        updated: now,
        expires: now.plus_seconds(60),
        last_used: None,
    };
    let uid = token.uid.to_string();
    let write = InsertApiToken {
        hash: kibali_crypto::sha256(key),
        token,
        by: Asker { user: account.user, credential_version: account.credential_version, session: None },
        address: String::new(),
    };
    (t.app.store.write(write).await, uid)
}

pub(super) async fn account(t: &TestApp, username: &str) -> Account {
    let mut reader = t.app.store.reader().await.unwrap();
    accounts::by_username(&mut reader, username).await.unwrap().unwrap()
}

both!(
    fn tokens_that_dhis2_made_are_taken(t) {
        let account = account(t, ADMIN).await;
        for (key, kind) in [
            ("d2pat_apheulkR1x7ac8vr9vcxrFkXlgeRiFc94200032556", ApiTokenType::V1),
            ("d2pat_e0b5Y9bXWtUcfEY8BMHHj9aJZkXCQ7O50174669582", ApiTokenType::V1),
            ("d2p_z9T7lpwaWUcvi8yBWt5zvB0LMUfUayHChm7SWGeNrYOJ38vtdY", ApiTokenType::V2),
        ] {
            let (kept, uid) = keep(t, &account, key, kind).await;
            assert_eq!(kept.unwrap(), Kept::Done);
            assert_eq!(call(t, key).await.status, 200, "{key}");
            assert_eq!(show(t, &uid).await["type"], kind.as_str());
        }
    }
);

both!(
    fn a_token_is_kept_as_its_hash(t) {
        let (_, key) = make(t, nothing()).await;
        const HASHES: kibali_store::Statement =
            kibali_store::Statement::new("test.hashes", "select hash from api_token");
        let rows = t.app.store.reader().await.unwrap().rows(HASHES, Vec::new()).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].bytes_opt(0).unwrap().unwrap(), kibali_crypto::sha256(&key));
        let events = audit::newest(&mut t.app.store.reader().await.unwrap(), 50).await.unwrap();
        assert!(events.iter().any(|event| event.name == "api_token.made"));
        assert!(events.iter().all(|event| !event.detail.to_string().contains(&key)));
    }
);

both!(
    fn ten_thousand_calls_with_a_personal_token_commit_nothing(t) {
        caching(&t.app).await;
        let (uid, key) = make(t, nothing()).await;
        let before = t.app.store.commits();
        for _ in 0..10_000 {
            assert!(personal(t, &key).await);
            t.clock.advance_millis(1);
        }
        assert_eq!(t.app.store.commits(), before);
        let used = show(t, &uid).await["lastUsed"].clone();
        assert!(used.as_str().unwrap() < "2026-01-15T08:00:10", "known before it is written: {used}");
        flush(&t.app).await.unwrap();
        let other_node = t.another(2, |_| {}).await;
        let read = other_node.get(&format!("{TOKENS}/{uid}")).basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!(read["lastUsed"], used);
    }
);

/// Is it a credential? Below the router, which ten thousand calls would spend their time in.
async fn personal(t: &TestApp, key: &str) -> bool {
    use axum::extract::FromRequestParts as _;
    let request = http::Request::get("/api/me").header("authorization", format!("ApiToken {key}"));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    kibali_web::identity::Caller::from_request_parts(&mut parts, &t.app).await.is_ok()
}

both!(
    fn refused_tokens_are_counted_and_never_written_down(t) {
        let (_, key) = make(t, json!({ "attributes": [{ "type": "IpAllowedList", "allowedIps": ["192.0.2.1"] }] })).await;
        for _ in 0..3 {
            assert_eq!(call(t, &key).await.status, 401);
        }
        flush(&t.app).await.unwrap();
        let events = audit::newest(&mut t.app.store.reader().await.unwrap(), 50).await.unwrap();
        let refused: Vec<_> = events.iter().filter(|event| event.name == "api_token.refused").collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].detail, json!({ "cause": "ApiTokenLimit", "count": 3 }));
        assert!(refused[0].user.is_some(), "whose token it is");
    }
);

both!(
    fn an_operator_can_switch_personal_tokens_off(t) {
        let (_, key) = make(t, nothing()).await;
        let off = t.another(2, |settings| settings.api_tokens = false).await;
        assert_eq!(with(off.get(PATH), &key).send().await.status, 401);
        let refused = off.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).json(&nothing()).send().await;
        assert_eq!(refused.status, 403);
        assert_eq!(off.get(TOKENS).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
    }
);
