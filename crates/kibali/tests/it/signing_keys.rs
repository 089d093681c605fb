//! The keys that tokens are signed with: shown, shared by all nodes, changed without losing a token.

use std::time::{Duration, Instant};

use kibali_crypto::jose::{Claims, Jwks, SigningKey};
use kibali_crypto::{MasterKey, jose::Jws};
use kibali_model::{Clock, SigningAlgorithm, Timestamp};
use kibali_oauth::keys::{SHOWN_BEFORE_SECONDS, SIGNS_SECONDS};
use kibali_store::door::audit::newest;
use kibali_store::door::keys::{self, Imported, StoredKey};
use kibali_testkit::{TestApp, both};
use kibali_web::keys::{Retirement, SeenKey, Stands};
use serde_json::{Value, json};

use crate::freshness::caching;

const DAY: i64 = 86_400;

/// What `/oauth2/jwks` shows.
async fn shown(t: &TestApp) -> Jwks {
    let answer = t.get("/oauth2/jwks").send().await;
    assert_eq!(answer.status, 200);
    Jwks::parse(&answer.text()).unwrap()
}

fn kids(set: &Jwks) -> Vec<String> {
    set.keys().iter().map(|key| key.kid().unwrap().to_owned()).collect()
}

/// The names of DHIS2's sort of keys among them.
fn rs256(set: &Jwks) -> Vec<String> {
    let keys = set.keys().iter().filter(|key| key.to_jwk()["alg"] == "RS256");
    keys.map(|key| key.kid().unwrap().to_owned()).collect()
}

/// Claims of a token that ends so many seconds from now.
fn claims(t: &TestApp, seconds: i64) -> Claims {
    let exp = t.clock.now().plus_seconds(seconds).seconds();
    json!({ "sub": "maria", "exp": exp }).as_object().unwrap().clone()
}

async fn sign(t: &TestApp, algorithm: SigningAlgorithm, seconds: i64) -> String {
    let token = t.app.signer().sign(algorithm, None, claims(t, seconds)).await.unwrap();
    token.expose().clone()
}

fn is_checked(set: &Jwks, token: &str) -> bool {
    Jws::read(token).unwrap().verify(set, SigningAlgorithm::EVERY).is_ok()
}

async fn stored(t: &TestApp) -> Vec<StoredKey> {
    keys::all(&mut t.app.store.reader().await.unwrap()).await.unwrap()
}

both!(
    fn anybody_reads_the_public_keys_and_nothing_private(t) {
        let answer = t.get("/oauth2/jwks").header("origin", "https://spa.example").send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        let names = |key: &Value| key.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(keys.len(), SigningAlgorithm::EVERY.len());
        assert_eq!(names(&keys[0]), "e kty n kid use alg");
        for key in &keys {
            assert!(["e kty n kid use alg", "crv kty x y kid use alg", "crv kty x kid use alg"].contains(&names(key).as_str()), "{key}");
        }
        assert_eq!((&keys[0]["kty"], &keys[0]["alg"], &keys[0]["e"]), (&json!("RSA"), &json!("RS256"), &json!("AQAB")));
    }
);

both!(
    fn each_algorithm_signs_what_the_shown_keys_check(t) {
        for algorithm in SigningAlgorithm::EVERY {
            let token = t.app.signer().sign(*algorithm, Some("logout+jwt"), claims(t, 300)).await.unwrap();
            let set = shown(t).await;
            assert!(is_checked(&set, token.expose()), "{algorithm:?}");
            let jws = Jws::read(token.expose()).unwrap();
            assert_eq!((jws.signing_algorithm(), jws.typ()), (Some(*algorithm), Some("logout+jwt")));
            assert!(kids(&set).contains(&jws.kid().unwrap().to_owned()));
            let own = t.app.signer().own_claims(token.expose()).await.unwrap().unwrap();
            assert_eq!(own["sub"], "maria");
        }
        let foreign = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let foreign = foreign.sign(&Claims::new(), &claims(t, 300)).unwrap();
        assert_eq!(t.app.signer().own_claims(foreign.expose()).await.unwrap(), None);
        assert_eq!(t.app.signer().own_claims("no token").await.unwrap(), None);
    }
);

both!(
    fn the_first_answer_checks_what_any_algorithm_signs_later(t) {
        let first = shown(t).await;
        for algorithm in SigningAlgorithm::EVERY {
            assert!(is_checked(&first, &sign(t, *algorithm, 300).await), "{algorithm:?}");
        }
    }
);

both!(
    fn two_nodes_that_need_the_first_key_at_once_make_one(t) {
        let other = t.another(2, |_| {}).await;
        let (one, two) = tokio::join!(
            sign(t, SigningAlgorithm::Es256, 300),
            sign(&other, SigningAlgorithm::Es256, 300)
        );
        let (here, there) = (shown(t).await, shown(&other).await);
        assert_eq!(stored(t).await.iter().filter(|key| key.algorithm == "ES256").count(), 1);
        for set in [&here, &there] {
            assert!(is_checked(set, &one) && is_checked(set, &two));
        }
        other.app.store.close().await;
    }
);

both!(
    fn a_node_whose_clock_is_behind_signs_with_the_first_key_of_another(t) {
        let other = t.another(2, |_| {}).await;
        let ahead = sign(t, SigningAlgorithm::Es256, 300).await;
        t.clock.advance_seconds(-5);
        let behind = sign(&other, SigningAlgorithm::Es256, 300).await;
        let set = shown(&other).await;
        assert!(is_checked(&set, &ahead) && is_checked(&set, &behind));
        other.app.store.close().await;
    }
);

both!(
    fn a_restart_changes_no_key(t) {
        let token = sign(t, SigningAlgorithm::Rs256, 300).await;
        let before = shown(t).await;
        let again = t.another(2, |_| {}).await;
        assert_eq!(shown(&again).await, before);
        assert!(is_checked(&shown(&again).await, &sign(&again, SigningAlgorithm::Rs256, 300).await));
        assert!(again.app.signer().own_claims(&token).await.unwrap().is_some());
        again.app.store.close().await;
    }
);

both!(
    fn the_next_key_is_shown_before_it_signs_and_the_old_one_until_its_last_token_ends(t) {
        let first = sign(t, SigningAlgorithm::Es256, 300).await;
        let other = t.another(2, |_| {}).await;
        caching(&other.app).await;
        t.clock.advance_seconds(SIGNS_SECONDS - SHOWN_BEFORE_SECONDS);
        // A token that lives longer than all others, signed at the end of the key's time, on the other node.
        let long = sign(&other, SigningAlgorithm::Es256, 200 * DAY).await;
        t.app.signer().tend().await.unwrap();
        t.app.signer().tend().await.unwrap();
        let es256 = |set: &Jwks| set.keys().iter().filter(|key| key.to_jwk()["alg"] == "ES256").count();
        assert_eq!(es256(&shown(t).await), 2, "the next one is shown");
        let still = sign(t, SigningAlgorithm::Es256, 300).await;
        assert_eq!(Jws::read(&still).unwrap().kid(), Jws::read(&first).unwrap().kid());

        t.clock.advance_seconds(SHOWN_BEFORE_SECONDS);
        let second = sign(t, SigningAlgorithm::Es256, 300).await;
        assert_ne!(Jws::read(&second).unwrap().kid(), Jws::read(&first).unwrap().kid());
        t.app.signer().tend().await.unwrap();
        assert!(is_checked(&shown(t).await, &long) && is_checked(&shown(t).await, &second));

        t.clock.advance_seconds(190 * DAY);
        t.app.signer().tend().await.unwrap();
        assert!(is_checked(&shown(t).await, &long), "its token lives for some days");
        t.clock.advance_seconds(10 * DAY);
        t.app.signer().tend().await.unwrap();
        assert!(!is_checked(&shown(t).await, &long), "its last token has ended");
        let kid = Jws::read(&long).unwrap().kid().unwrap().to_owned();
        assert!(stored(t).await.iter().all(|key| key.kid != kid), "and so its private half is gone");
        other.app.store.close().await;
    }
);

both!(
    fn private_keys_are_sealed_for_their_own_place(t) {
        sign(t, SigningAlgorithm::EdDsa, 300).await;
        sign(t, SigningAlgorithm::Es256, 300).await;
        let keys = stored(t).await;
        let seal = MasterKey::from_bytes(&[7; 32]).unwrap().seal_key();
        for key in &keys {
            let place = |key: &StoredKey| format!("signing_key:{}", key.kid);
            let pkcs8 = seal.unseal(&place(key), &key.sealed).unwrap();
            let inner = &pkcs8.expose()[pkcs8.expose().len() - 32..];
            assert!(!key.sealed.windows(32).any(|window| window == inner));
            for other in keys.iter().filter(|other| other.kid != key.kid) {
                assert!(seal.unseal(&place(other), &key.sealed).is_err());
            }
            assert!(!format!("{:?}", t.app.signer().sign(SigningAlgorithm::EdDsa, None, claims(t, 60)).await).contains("ey"));
        }
    }
);

both!(
    fn a_key_of_the_operator_signs_under_its_name_and_is_followed_when_it_is_taken_out(t) {
        let before = sign(t, SigningAlgorithm::Rs256, 300).await;
        let own = t.another(2, |settings| settings.signing_key = Some("dhis2".to_owned())).await;
        let key = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
        assert_eq!(own.app.signer().import("dhis2", &key).await, Ok(Imported::Kept));
        assert_eq!(own.app.signer().import("dhis2", &key).await, Ok(Imported::Known));
        let another = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
        assert_eq!(own.app.signer().import("dhis2", &another).await, Ok(Imported::NameTaken));

        let token = sign(&own, SigningAlgorithm::Rs256, 300).await;
        assert_eq!(Jws::read(&token).unwrap().kid(), Some("dhis2"));
        assert!(is_checked(&shown(&own).await, &before), "tokens of before are still checked");
        own.clock.advance_seconds(3 * SIGNS_SECONDS);
        own.app.signer().tend().await.unwrap();
        assert_eq!(rs256(&shown(&own).await), ["dhis2"], "it has no successor");
        let now = sign(&own, SigningAlgorithm::Rs256, 300).await;
        assert_eq!(Jws::read(&now).unwrap().kid(), Some("dhis2"));

        let without = t.another(3, |_| {}).await;
        without.app.signer().tend().await.unwrap();
        assert_eq!(rs256(&shown(&without).await).len(), 2);
        without.clock.advance_seconds(SHOWN_BEFORE_SECONDS);
        let later = sign(&without, SigningAlgorithm::Rs256, 300).await;
        assert_ne!(Jws::read(&later).unwrap().kid(), Some("dhis2"));
        own.app.store.close().await;
        without.app.store.close().await;
    }
);

both!(
    fn a_retired_key_is_shown_nowhere_and_another_signs_at_once(t) {
        let other = t.another(2, |_| {}).await;
        caching(&t.app).await;
        caching(&other.app).await;
        let token = sign(t, SigningAlgorithm::Es256, 300).await;
        assert!(is_checked(&shown(&other).await, &token));
        let kid = Jws::read(&token).unwrap().kid().unwrap().to_owned();
        let Ok(Retirement::Done { also, signs, .. }) = t.app.signer().retire(&kid, "somebody").await else { panic!() };
        assert_eq!(also, Vec::<String>::new());

        let set = shown(t).await;
        assert!(!kids(&set).contains(&kid) && kids(&set).contains(&signs), "it is shown before it signs the first");
        let next = sign(t, SigningAlgorithm::Es256, 300).await;
        assert_eq!(Jws::read(&next).unwrap().kid(), Some(signs.as_str()));
        assert_eq!(t.app.signer().own_claims(&token).await.unwrap(), None);
        let since = Instant::now();
        while kids(&shown(&other).await).contains(&kid) {
            assert!(since.elapsed() < Duration::from_secs(5), "still shown elsewhere");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let next = sign(&other, SigningAlgorithm::Es256, 300).await;
        assert_eq!(Jws::read(&next).unwrap().kid(), Some(signs.as_str()));
        assert_eq!(other.app.signer().own_claims(&token).await.unwrap(), None);
        assert!(stored(t).await.iter().all(|key| key.kid != kid), "its private half is gone");

        let events = newest(&mut t.app.store.reader().await.unwrap(), 10).await.unwrap();
        let told = events.iter().find(|event| event.name == "signing_key.retired").unwrap();
        assert_eq!(told.detail, json!({ "kid": kid, "algorithm": "ES256", "by": "somebody" }));
        assert_eq!(told.at, t.clock.now());
        let at = t.clock.now();
        t.clock.advance_seconds(DAY);
        assert_eq!(t.app.signer().retire(&kid, "somebody").await, Ok(Retirement::Before(at)));
        assert_eq!(t.app.signer().retire("no key", "somebody").await, Ok(Retirement::Unknown));
        let seen = t.app.signer().seen().await.unwrap();
        let stands = |kid: &str| seen.iter().find(|key| key.kid == kid).map(|key| key.stands);
        assert_eq!((stands(&kid), stands(&signs)), (Some(Stands::Retired(at)), Some(Stands::Signs)));
        other.app.store.close().await;
    }
);

both!(
    fn what_is_left_signs_when_a_key_is_retired(t) {
        let es256 = SigningAlgorithm::Es256;
        let signs = async || Jws::read(&sign(t, es256, 300).await).unwrap().kid().unwrap().to_owned();
        let first = signs().await;
        t.clock.advance_seconds(SIGNS_SECONDS - SHOWN_BEFORE_SECONDS);
        t.app.signer().tend().await.unwrap();
        let waits = |seen: Vec<SeenKey>| seen.into_iter().find(|key| matches!(key.stands, Stands::Waits(_)));
        let second = waits(t.app.signer().seen().await.unwrap()).unwrap().kid;
        t.app.signer().retire(&first, "somebody").await.unwrap();
        assert_eq!(signs().await, second, "it is shown already, and signs before its time");

        t.clock.advance_seconds(SIGNS_SECONDS);
        sign(t, es256, 400 * DAY).await;
        t.app.signer().tend().await.unwrap();
        t.clock.advance_seconds(SHOWN_BEFORE_SECONDS);
        let third = signs().await;
        assert_ne!(third, second);
        t.app.signer().retire(&third, "somebody").await.unwrap();
        assert_eq!(signs().await, second, "it checks older tokens, so that everybody has it");
        t.app.signer().tend().await.unwrap();
        let fourth = waits(t.app.signer().seen().await.unwrap()).unwrap();
        assert_eq!(fourth.stands, Stands::Waits(t.clock.now().plus_seconds(SHOWN_BEFORE_SECONDS)));
    }
);

both!(
    fn a_retired_key_of_the_operator_never_comes_back(t) {
        let own = t.another(2, |settings| settings.signing_key = Some("dhis2".to_owned())).await;
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        for alias in ["dhis2", "copy"] {
            assert_eq!(own.app.signer().import(alias, &key).await, Ok(Imported::Kept));
        }
        let token = sign(&own, SigningAlgorithm::Es256, 300).await;
        assert_eq!(Jws::read(&token).unwrap().kid(), Some("dhis2"));
        let Ok(Retirement::Done { also, signs, .. }) = own.app.signer().retire("dhis2", "somebody").await else { panic!() };
        assert_eq!(also, ["copy"], "it is the same key");
        assert!(!["dhis2", "copy"].contains(&signs.as_str()));
        let set = shown(&own).await;
        assert!(!is_checked(&set, &token) && kids(&set).iter().all(|kid| kid != "copy"));
        let made = sign(&own, SigningAlgorithm::Es256, 300).await;
        assert_eq!(Jws::read(&made).unwrap().kid(), Some(signs.as_str()), "although dhis2 is set");

        // As at the next start, with the keystore as it was; under a new alias; another key under the old one.
        let import = async |alias: &str, key: &SigningKey| own.app.signer().import(alias, key).await.unwrap();
        assert_eq!(import("dhis2", &key).await, Imported::Retired);
        assert_eq!(import("anew", &key).await, Imported::Retired);
        let another = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        assert_eq!(import("dhis2", &another).await, Imported::NameTaken);
        assert_eq!(import("another", &another).await, Imported::Kept);
        own.app.store.close().await;
    }
);

both!(
    fn signing_writes_nothing_while_tokens_end_in_time(t) {
        caching(&t.app).await;
        sign(t, SigningAlgorithm::Es256, 300).await;
        let before = t.app.store.commits();
        for _ in 0..50 {
            sign(t, SigningAlgorithm::Es256, 3600).await;
        }
        assert_eq!(t.app.store.commits(), before);
        let far = t.clock.now().plus_seconds(400 * DAY);
        sign(t, SigningAlgorithm::Es256, 400 * DAY).await;
        sign(t, SigningAlgorithm::Es256, 400 * DAY).await;
        assert_eq!(t.app.store.commits(), before + 1, "kept longer, once");
        let needed = |key: &StoredKey| (key.algorithm == "ES256").then_some(key.needed_until);
        let until: Option<Timestamp> = stored(t).await.iter().find_map(needed);
        assert!(until.unwrap() >= far);
    }
);
