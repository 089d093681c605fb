//! Secrets of clients as DHIS2 2.42 sends them, and what is kept of them (rules of the door 6).

use kibali_store::door::clients;
use kibali_testkit::seed::ADMIN;
use kibali_testkit::{TestApp, both};
use kibali_web::api::objects::client_secret_place;
use serde_json::json;

use super::{made, patch, post, shown};

const SECRET: &str = "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6";

async fn opens(t: &TestApp, id: &str, secret: &str) -> bool {
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", "district")];
    t.post("/uaa/oauth/token").basic(id, secret).form(&form).send().await.status == 200
}

async fn kept(t: &TestApp, id: &str) -> clients::ClientCredentials {
    clients::by_client_id(&mut t.app.store.reader().await.unwrap(), id).await.unwrap().unwrap()
}

both!(
    fn a_bcrypt_secret_is_verified_once_and_then_replaced(t) {
        let hash = kibali_crypto::hash_password(&*t.random, SECRET, 4).unwrap();
        for (number, hash) in [hash.clone(), hash.replacen("$2a$", "$2b$", 1), hash.replacen("$2a$", "$2y$", 1)].iter().enumerate() {
            let id = format!("app{number}");
            made(t, 42, &json!({ "clientId": id, "clientSecret": hash, "authorizationGrantTypes": "password" })).await;
            assert_eq!(kept(t, &id).await.secret.as_deref(), Some(hash.as_bytes()), "stored as it is");
            assert!(!opens(t, &id, "wrong").await && !opens(t, &id, hash).await);
            let hashes = t.app.identity().passwords.hashes();
            assert!(opens(t, &id, SECRET).await);
            let verifier = kept(t, &id).await.secret.unwrap();
            assert!(verifier.len() == 32 && t.app.identity().client_secrets.verify(SECRET, &verifier));
            let after_first = t.app.identity().passwords.hashes();
            assert!(opens(t, &id, SECRET).await && !opens(t, &id, hash).await);
            assert!(after_first > hashes);
        }
    }
);

both!(
    fn a_client_that_signs_with_its_secret_has_it_sealed(t) {
        let sealed = async |id: &str| {
            let kept = kept(t, id).await;
            kept.sealed.map(|sealed| {
                let place = client_secret_place(kept.client.object);
                String::from_utf8(t.app.master_key.seal_key().unseal(&place, &sealed).unwrap().expose().clone()).unwrap()
            })
        };
        let uid = made(t, 42, &json!({ "clientId": "app", "clientSecret": SECRET, "clientAuthenticationMethods": "client_secret_jwt" })).await;
        assert_eq!(sealed("app").await.as_deref(), Some(SECRET));
        let answer = post(t, 42, &json!({ "clientId": "made", "clientAuthenticationMethods": "client_secret_jwt" })).await;
        let told = answer.json()["response"]["clientSecret"].as_str().unwrap().to_owned();
        assert_eq!(sealed("made").await, Some(told));
        // Another way to prove itself forgets what can be read back; the way back needs a new secret.
        let by = |name: &str| json!([{ "op": "replace", "path": "/clientAuthenticationMethods", "value": name }]);
        assert_eq!(patch(t, 42, &uid, &by("client_secret_basic")).await.status, 200);
        assert_eq!(sealed("app").await, None);
        let refused = patch(t, 42, &uid, &by("client_secret_jwt")).await;
        assert!(refused.status == 409 && refused.text().contains("needs a new secret"), "{}", refused.text());
        let both = json!([by("client_secret_jwt")[0], { "op": "add", "path": "/clientSecret", "value": SECRET }]);
        assert_eq!(patch(t, 42, &uid, &both).await.status, 200);
        assert_eq!(sealed("app").await.as_deref(), Some(SECRET));
        let hash = kibali_crypto::hash_password(&*t.random, SECRET, 4).unwrap();
        let refused = post(t, 42, &json!({ "clientId": "hashed", "clientSecret": hash, "clientAuthenticationMethods": "client_secret_jwt" })).await;
        assert!(refused.status == 409 && refused.text().contains("the secret itself"), "{}", refused.text());
        assert!(!shown(t, 42, &uid, "*").await.to_string().contains(SECRET));
    }
);

both!(
    fn a_secret_ends_when_it_was_said_to(t) {
        let now = t.clock.as_ref();
        let end = kibali_model::Clock::now(now).plus_seconds(60).to_dhis2();
        made(t, 42, &json!({ "clientId": "app", "clientSecret": SECRET, "clientSecretExpiresAt": end, "authorizationGrantTypes": "password" })).await;
        assert!(opens(t, "app", SECRET).await);
        t.clock.advance_seconds(60);
        assert!(!opens(t, "app", SECRET).await);
    }
);
