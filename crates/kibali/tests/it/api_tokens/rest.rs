//! `/api/apiTokens`: making, listing, changing and deleting.

use kibali_model::Clock;
use kibali_store::door::api_tokens::MOST;
use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use serde_json::{Value, json};

use super::{DAY, TOKENS, call, made, make, make_ordinary, nothing, patch, show, told, with};
use crate::identity::{USER, USER_PASSWORD, ask_token, with_user};

both!(
    fn a_token_is_told_once_and_never_again(t) {
        let answer = t.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).json(&nothing()).send().await;
        let (uid, key) = made(&answer);
        assert_eq!((key.len(), &key[..4], uid.len()), (54, "d2p_", 11));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let address = format!("http://localhost:8080/api/apiToken/{uid}");
        assert_eq!(answer.location(), Some(address.as_str()));
        let body = answer.json();
        assert_eq!((&body["httpStatus"], &body["status"]), (&json!("Created"), &json!("OK")));
        assert_eq!(body["response"], json!({
            "responseType": "ApiTokenCreationResponse", "klass": "org.hisp.dhis.security.apikey.ApiToken",
            "uid": uid, "errorReports": [], "key": key,
        }));
        assert_eq!(call(t, &key).await.status, 200);
        for path in [
            format!("{TOKENS}?fields=*,key&paging=false"), format!("{TOKENS}/{uid}?fields=*,key"),
            format!("{TOKENS}/{uid}.xml?fields=:all"), format!("/api/apiToken/{uid}"), "/api/me".to_owned(),
            "/api/me?fields=patTokens".to_owned(), "/api/metadata".to_owned(),
        ] {
            let answer = t.get(&path).basic(ADMIN, ADMIN_PASSWORD).send().await;
            assert_eq!(answer.status, 200, "{path}");
            let text = answer.text();
            assert!(!text.contains(&key) && !text.contains("\"key\""), "{path}: {text}");
        }
    }
);

both!(
    fn a_token_shows_what_dhis2_shows(t) {
        let attributes = json!([
            { "type": "IpAllowedList", "allowedIps": ["1.1.1.1", "2.2.2.2"] },
            { "type": "MethodAllowedList", "allowedMethods": ["POST", "GET", "PATCH"] },
            { "type": "RefererAllowedList", "allowedReferrers": ["http://hostname3.com"] },
        ]);
        let (uid, _) = make(t, json!({ "code": "nightly", "attributes": attributes })).await;
        let shown = show(t, &uid).await;
        let expire = t.clock.now().plus_seconds(30 * DAY).millis();
        for (name, value) in [
            ("id", json!(uid)), ("code", json!("nightly")), ("version", json!(2)),
            ("type", json!("PERSONAL_ACCESS_TOKEN_V2")), ("expire", json!(expire)), ("attributes", attributes),
            ("created", json!("2026-01-15T08:00:00.000")), ("lastUpdated", json!("2026-01-15T08:00:00.000")),
        ] {
            assert_eq!(shown[name], value, "{name}");
        }
        assert_eq!(shown["createdBy"]["username"], "admin");
        assert_eq!(shown["sharing"]["public"], "--------");
        let part = t.get(&format!("{TOKENS}/{uid}?fields=id,expire,createdBy[username]"));
        assert_eq!(
            part.basic(ADMIN, ADMIN_PASSWORD).send().await.json(),
            json!({ "id": uid, "createdBy": { "username": "admin" }, "expire": expire })
        );
        let me = t.get("/api/me").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!(me["patTokens"].as_array().unwrap().len(), 1);
        assert_eq!((&me["patTokens"][0]["id"], &me["patTokens"][0]["expire"]), (&json!(uid), &json!(expire)));
        let schema = t.get("/api/schemas/apiToken").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!((&schema["plural"], &schema["defaultPrivate"]), (&json!("apiTokens"), &json!(true)));
    }
);

both!(
    fn nobody_sees_or_touches_the_tokens_of_somebody_else(t) {
        with_user(t).await;
        let (first, _) = make(t, nothing()).await;
        let (second, _) = make(t, nothing()).await;
        let (own, _) = make_ordinary(t, json!({ "code": "nightly" })).await;
        make(t, json!({ "code": "nightly" })).await;
        let list = async |name, password, query: &str| {
            let list = t.get(&format!("{TOKENS}{query}")).basic(name, password).send().await;
            assert_eq!(list.status, 200, "{}", list.text());
            list.json()
        };
        let ids = |list: &Value| {
            let tokens = list["apiToken"].as_array().unwrap().clone();
            tokens.iter().map(|token| token["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&list(USER, USER_PASSWORD, "").await), [own]);
        let all = list(ADMIN, ADMIN_PASSWORD, "?fields=id").await;
        assert_eq!((ids(&all).len(), &all["pager"]["total"]), (3, &json!(3)));
        let page = list(ADMIN, ADMIN_PASSWORD, "?fields=id&pageSize=2&page=2").await;
        assert_eq!((ids(&page).len(), &page["pager"]["pageCount"]), (1, &json!(2)));
        assert_eq!(ids(&list(ADMIN, ADMIN_PASSWORD, "?order=id:desc").await).len(), 3);
        let mut sorted = [first.clone(), second.clone()];
        sorted.sort();
        let by_id = ids(&list(ADMIN, ADMIN_PASSWORD, "?order=id&paging=false").await);
        assert!(by_id.is_sorted() && sorted.iter().all(|id| by_id.contains(id)), "{by_id:?}");

        for uid in [&first, &second] {
            let path = format!("{TOKENS}/{uid}");
            let patch = json!([{ "op": "replace", "path": "/code", "value": "x" }]).to_string();
            for request in [
                t.get(&path), t.delete(&path), t.put(&path).json(&nothing()),
                t.patch(&path).body("application/json-patch+json", patch),
            ] {
                let answer = request.basic(USER, USER_PASSWORD).send().await;
                assert_eq!((answer.status, &answer.json()["errorCode"]), (404, &json!("E1005")));
            }
        }
        let filtered = t.get(&format!("{TOKENS}?filter=code:eq:a")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(filtered.status, 501, "what cannot be filtered is not answered as if it were");
    }
);

both!(
    fn what_cannot_be_is_refused_in_dhis2s_words(t) {
        let post = async |body: Value| {
            let answer = t.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).json(&body).send().await;
            (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
        };
        let list = |name: &str, values: &str, value: &str| {
            json!({ "attributes": [{ "type": name, values: [value] }] })
        };
        let told = |why: &str| (409, format!("Failed to validate the token's attributes, message: {why}"));
        for (body, why) in [
            (list("IpAllowedList", "allowedIps", "X.1.1.1"), "Not a valid ip address, value=X.1.1.1"),
            (list("MethodAllowedList", "allowedMethods", "X"), "Not a valid http method, value=X"),
            (
                list("RefererAllowedList", "allowedReferrers", "http:no//hostname3.com"),
                "Not a valid referrer url, value=http:no//hostname3.com",
            ),
            (json!({ "expire": t.clock.now().millis() }), "ApiToken expire timestamp must be in the future."),
            (json!({ "expire": "soon" }), "expire is not a number of milliseconds since 1970"),
            (json!({ "expire": i64::MAX }), "expire is not a number of milliseconds since 1970"),
        ] {
            assert_eq!(post(body.clone()).await, told(why), "{body}");
        }
        assert_eq!(post(list("Nothing", "x", "y")).await.0, 409);
        assert_eq!(post(json!({ "code": "x".repeat(51) })).await.0, 409);
        assert_eq!(post(json!({ "code": 7 })).await.0, 400);
        assert_eq!(post(json!([])).await.0, 400);
        assert_eq!(post(json!({ "code": "twice" })).await.0, 201);
        let (status, why) = post(json!({ "code": "twice" })).await;
        assert_eq!(status, 409);
        assert!(why.contains("must be unique"), "{why}");
        let xml = t.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).body("application/xml", "<apiToken/>").send().await;
        assert_eq!(xml.status, 415);
        assert_eq!(t.post(TOKENS).json(&nothing()).send().await.status, 401);
    }
);

both!(
    fn patch_and_put_change_the_end_and_the_limits_and_nothing_else(t) {
        let (uid, key) = make(t, json!({
            "code": "a", "attributes": [{ "type": "IpAllowedList", "allowedIps": ["1.1.1.1"] }],
        })).await;
        assert_eq!(told(t, &key).await.0, 401);
        let later = t.clock.now().plus_seconds(90 * DAY).millis();
        let changed = patch(t, &uid, json!([
            { "op": "replace", "path": "/attributes", "value": [{ "type": "IpAllowedList", "allowedIps": ["127.0.0.1"] }] },
            { "op": "replace", "path": "/expire", "value": later },
        ])).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(changed.json()["response"]["uid"], uid);
        assert_eq!(told(t, &key).await.0, 200, "at once");
        let shown = show(t, &uid).await;
        assert_eq!((&shown["expire"], &shown["code"]), (&json!(later), &json!("a")));
        assert_eq!(shown["attributes"][0]["allowedIps"], json!(["127.0.0.1"]));
        patch(t, &uid, json!([{ "op": "add", "path": "/attributes/0/allowedIps/-", "value": "::1" }])).await;
        assert_eq!(show(t, &uid).await["attributes"][0]["allowedIps"], json!(["127.0.0.1", "::1"]));

        for (path, value) in [("/key", json!("MINE")), ("/type", json!("X")), ("/version", json!(3)), ("/id", json!("x"))] {
            let refused = patch(t, &uid, json!([{ "op": "replace", "path": path, "value": value }])).await;
            assert_eq!(refused.status, 400, "{path}");
        }
        for operation in [
            json!({ "op": "replace", "path": "/expire", "value": 1 }),
            json!({ "op": "remove", "path": "/expire" }),
            json!({ "op": "replace", "path": "/attributes", "value": [{ "type": "IpAllowedList", "allowedIps": ["x"] }] }),
        ] {
            assert_eq!(patch(t, &uid, json!([operation])).await.status, 409, "{operation}");
        }
        let put = async |body: Value| {
            let request = t.put(&format!("{TOKENS}/{uid}")).basic(ADMIN, ADMIN_PASSWORD).json(&body);
            request.send().await.status
        };
        assert_eq!(put(json!({ "code": "b", "key": "MINE", "type": "X", "version": 9 })).await, 200);
        let shown = show(t, &uid).await;
        assert_eq!((&shown["code"], &shown["version"], &shown["expire"]), (&json!("b"), &json!(2), &json!(later)));
        assert_eq!(shown["attributes"][0]["allowedIps"], json!(["127.0.0.1", "::1"]), "not sent, not lifted");
        assert_eq!(put(json!({ "attributes": [] })).await, 200);
        assert_eq!(show(t, &uid).await["attributes"], json!([]));
        assert_eq!(told(t, &key).await.0, 200, "the token itself is the same");
    }
);

both!(
    fn a_program_cannot_make_itself_a_longer_life(t) {
        let (uid, key) = make(t, nothing()).await;
        let bearer = ask_token(t, ADMIN, ADMIN_PASSWORD).await.json()["access_token"].clone();
        let bearer = bearer.as_str().unwrap();
        let path = format!("{TOKENS}/{uid}");
        let later = json!([{ "op": "replace", "path": "/expire", "value": 4_102_444_800_000_i64 }]).to_string();
        for sent in [format!("ApiToken {key}"), format!("Bearer {bearer}")] {
            for request in [
                t.post(TOKENS).json(&nothing()), t.put(&path).json(&json!({ "attributes": [] })),
                t.patch(&path).body("application/json-patch+json", later.clone()),
            ] {
                let refused = request.header("authorization", &sent).send().await;
                assert_eq!(refused.status, 403, "{}", refused.text());
            }
            let list = t.get(TOKENS).header("authorization", &sent).send().await;
            assert_eq!(list.json()["apiToken"].as_array().unwrap().len(), 1);
        }
        let gone = with(t.delete(&path), &key).send().await;
        assert_eq!(gone.status, 200, "ending one, itself included, is less, not more");
        assert_eq!(told(t, &key).await, (401, "The API token does not exists".to_owned()));
    }
);

both!(
    fn a_user_has_a_hundred_tokens_at_most(t) {
        for _ in 0..MOST {
            make(t, nothing()).await;
        }
        let refused = t.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).json(&nothing()).send().await;
        assert_eq!(refused.status, 409);
        let one = t.get(&format!("{TOKENS}?pageSize=1&fields=id")).basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        let path = format!("{TOKENS}/{}", one["apiToken"][0]["id"].as_str().unwrap());
        assert_eq!(t.delete(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        make(t, nothing()).await;
    }
);
