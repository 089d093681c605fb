//! Below version 42 lists, from 42 on texts: the same clients.

use kibali_testkit::seed::ADMIN;
use kibali_testkit::{TestRandom, both};
use serde_json::{Value, json};

use super::{made, patch, post, put, shown};
use crate::foundation::admin;

const GRANTS: [&str; 6] = [
    "password",
    "refresh_token",
    "authorization_code",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];
const SCOPES: [&str; 6] = ["openid", "username", "ALL", "email", "api:read", "profile"];
const METHODS: [&str; 4] =
    ["client_secret_basic", "private_key_jwt", "client_secret_post", "client_secret_jwt"];
const ADDRESSES: [&str; 4] =
    ["https://a.example/cb", "https://b.example/?x=1,2", "org.example.app:/cb", "http://127.0.0.1/callback"];
const PROFILES: [&str; 3] = ["legacy", "standard", "fapi2"];
const ADMIN_UID: &str = "M5zQapPyTZI";
const ROUNDS: usize = 50;

struct Dice(TestRandom);

impl Dice {
    fn flip(&self) -> bool {
        self.0.below(2) == 0
    }

    /// Some of these, in any order.
    fn some(&self, of: &[&'static str]) -> Vec<&'static str> {
        let mut some: Vec<&str> = of.iter().copied().filter(|_| self.flip()).collect();
        if some.len() > 1 && self.flip() {
            some.reverse();
        }
        some
    }

    fn one(&self, of: &[&'static str]) -> &'static str {
        of[usize::try_from(self.0.below(of.len() as u64)).unwrap()]
    }

    /// A client as somebody might send it in the dialect of a version.
    fn client(&self, version: u16, number: usize) -> Value {
        let (grants, uris) = (self.some(&GRANTS), self.some(&ADDRESSES));
        let id = format!("random-{number}");
        let mut client = if version < 42 {
            json!({ "cid": id, "name": format!("Random {number}"), "grantTypes": grants, "redirectUris": uris })
        } else {
            let uris: Vec<&str> = uris.into_iter().filter(|uri| !uri.contains(',')).collect();
            json!({
                "clientId": id, "authorizationGrantTypes": grants.join(","), "redirectUris": uris.join(","),
                "scopes": self.some(&SCOPES).join(","), "postLogoutRedirectUris": self.some(&["https://a.example/bye"]).join(",")
            })
        };
        let map = client.as_object_mut().unwrap();
        let mut maybe = |key: &str, value: Value, always: bool| {
            if always || self.flip() {
                map.insert(key.to_owned(), value);
            }
        };
        let bound = grants.contains(&"client_credentials");
        maybe("actsAs", json!({ "id": ADMIN_UID }), bound);
        maybe("takesOtp", json!(self.flip()), false);
        maybe("profile", json!(self.one(&PROFILES)), false);
        maybe("backchannelLogoutUri", json!("https://a.example/out"), false);
        maybe("backchannelLogoutSessionRequired", json!(self.flip()), false);
        if version >= 42 {
            let methods = if self.flip() { "none".to_owned() } else { self.some(&METHODS).join(",") };
            maybe("clientAuthenticationMethods", json!(methods), false);
            let settings = json!({
                "settings.client.require-proof-key": true, "settings.client.require-authorization-consent": self.flip(),
                "x.unknown": { "a": [1, "b"] }
            });
            maybe("clientSettings", json!(settings.to_string()), false);
            let tokens = json!({
                "@class": "java.util.Collections$UnmodifiableMap",
                "settings.token.reuse-refresh-tokens": self.flip(),
                "settings.token.access-token-time-to-live": ["java.time.Duration", 60 + number],
                "settings.token.x509-certificate-bound-access-tokens": false
            });
            maybe("tokenSettings", json!(tokens.to_string()), false);
            maybe("clientSecretExpiresAt", json!("2030-01-02T03:04:05.678"), false);
            maybe("name", json!(format!("Named {number}")), false);
        }
        client
    }
}

both!(
    fn a_client_goes_through_the_other_dialect_unchanged(t) {
        let dice = Dice(TestRandom::new(42));
        for number in 0..ROUNDS {
            let (first, other) = if number % 2 == 0 { (41, 42) } else { (43, 40) };
            let sent = dice.client(first, number);
            let uid = made(t, first, &sent).await;
            for fields in [":owner", "*"] {
                let (mine, theirs) = (shown(t, first, &uid, "*").await, shown(t, other, &uid, "*").await);
                let body = shown(t, other, &uid, fields).await;
                let done = put(t, other, &uid, &body).await;
                assert_eq!(done.status, 200, "{body}: {}", done.text());
                assert_eq!(shown(t, first, &uid, "*").await, mine, "{sent} as {first} after a PUT of {body} as {other}");
                let body = shown(t, first, &uid, fields).await;
                let done = put(t, first, &uid, &body).await;
                assert_eq!(done.status, 200, "{body}: {}", done.text());
                assert_eq!(shown(t, other, &uid, "*").await, theirs, "{sent} as {other} after a PUT of {body} as {first}");
            }
            // A patch of one thing leaves the rest, and an export is imported as it is.
            let mine = shown(t, first, &uid, "*").await;
            let done = patch(t, other, &uid, &json!([{ "op": "add", "path": "/code", "value": "CODE" }])).await;
            assert_eq!(done.status, 200, "{}", done.text());
            let done = patch(t, other, &uid, &json!([{ "op": "remove", "path": "/code" }])).await;
            assert_eq!(done.status, 200, "{}", done.text());
            assert_eq!(shown(t, first, &uid, "*").await, mine, "{sent}");
            if number % 10 < 8 {
                continue;
            }
            let export = admin(t.get(&format!("/api/{other}/metadata?oAuth2Clients=true"))).send().await.json();
            let done = admin(t.post(&format!("/api/{other}/metadata"))).json(&export).send().await;
            assert_eq!(done.status, 200, "{}", done.text());
            assert_eq!(shown(t, first, &uid, "*").await, mine, "{sent}");
        }
    }
);

both!(
    fn each_version_has_its_own_words(t) {
        let body = json!({ "clientId": "app", "authorizationGrantTypes": "authorization_code,refresh_token",
                           "redirectUris": "https://a.example/cb,https://b.example", "scopes": "openid,username" });
        let answer = post(t, 42, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["response"]["klass"], "org.hisp.dhis.security.oauth2.client.Dhis2OAuth2Client");
        assert_eq!(answer.json()["response"]["clientSecret"].as_str().unwrap().len(), 36);
        let uid = answer.json()["response"]["uid"].as_str().unwrap().to_owned();
        let modern = shown(t, 42, &uid, "*").await;
        for (key, value) in [
            ("name", "app"), ("clientId", "app"), ("authorizationGrantTypes", "authorization_code,refresh_token"),
            ("redirectUris", "https://a.example/cb,https://b.example"), ("scopes", "openid,username"),
            ("clientAuthenticationMethods", "client_secret_basic,client_secret_post"), ("profile", "standard"),
            ("clientSettings", r#"{"@class":"java.util.Collections$UnmodifiableMap","settings.client.require-proof-key":true,"settings.client.require-authorization-consent":true}"#),
            ("tokenSettings", r#"{"@class":"java.util.Collections$UnmodifiableMap","settings.token.reuse-refresh-tokens":true}"#),
        ] {
            assert_eq!(modern[key], value, "{modern}");
        }
        assert_eq!(modern["clientIdIssuedAt"], modern["created"]);
        let legacy = shown(t, 41, &uid, "*").await;
        assert_eq!((&legacy["cid"], &legacy["grantTypes"]), (&json!("app"), &json!(["authorization_code", "refresh_token"])));
        assert_eq!(legacy["redirectUris"], json!(["https://a.example/cb", "https://b.example"]));
        for (one, none) in [(&modern, ["cid", "grantTypes", "secret", "clientSecret"]), (&legacy, ["clientId", "scopes", "secret", "clientSettings"])] {
            assert!(none.iter().all(|key| one.get(key).is_none()), "{one}");
        }
        // Without a number the version of the installation decides.
        let newer = t.another(9, |settings| settings.as_version = "2.43".parse().unwrap()).await;
        let path = format!("/api/oAuth2Clients/{uid}?fields=*");
        assert_eq!(admin(newer.get(&path)).send().await.json()["clientId"], "app");
        assert_eq!(admin(t.get(&path)).send().await.json()["cid"], "app");
        assert_eq!(admin(newer.get(&format!("/api/41/oAuth2Clients/{uid}?fields=*"))).send().await.json()["cid"], "app");
    }
);

both!(
    fn either_takes_the_names_of_the_other(t) {
        // As the settings app of today: the old names beside the new, blank, and a secret under the old one.
        let secret = "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6";
        let body = json!({ "name": "App", "clientId": "app", "cid": "", "secret": secret,
                           "authorizationGrantTypes": "password,refresh_token", "redirectUris": "" });
        let uid = made(t, 43, &body).await;
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", "district")];
        let tokens = t.post("/uaa/oauth/token").basic("app", secret).form(&form).send().await;
        assert_eq!((tokens.status, &tokens.json()["scope"]), (200, &json!("ALL")), "{}", tokens.text());
        let client = shown(t, 41, &uid, "*").await;
        assert_eq!((&client["cid"], &client["grantTypes"], &client["profile"]), (&json!("app"), &json!(["password", "refresh_token"]), &json!("legacy")));
        let body = json!({ "name": "Other", "clientId": "other", "authorizationGrantTypes": "authorization_code",
                           "redirectUris": "https://a.example/cb", "scopes": "openid", "clientSecret": secret });
        let uid = made(t, 41, &body).await;
        assert_eq!(shown(t, 42, &uid, "scopes,clientId,authorizationGrantTypes").await,
                   json!({ "scopes": "openid", "clientId": "other", "authorizationGrantTypes": "authorization_code" }));
        let done = patch(t, 41, &uid, &json!([{ "op": "replace", "path": "/clientId", "value": "renamed" }])).await;
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(shown(t, 43, &uid, "clientId").await["clientId"], "renamed");
    }
);

both!(
    fn lists_are_filtered_and_ordered_in_the_words_of_the_version(t) {
        for (id, grants, scopes) in [("b", "authorization_code,refresh_token", "openid"), ("a", "password", "ALL"), ("c", "authorization_code", "openid,email")] {
            made(t, 42, &json!({ "clientId": id, "authorizationGrantTypes": grants, "scopes": scopes, "redirectUris": "https://x.example" })).await;
        }
        let ids = async |version: u16, key: &str, query: &str| {
            let path = format!("/api/{version}/oAuth2Clients?paging=false&fields={key}&{query}");
            let answer = admin(t.get(&path)).send().await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let list = answer.json()["oAuth2Clients"].as_array().unwrap().clone();
            list.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (query, found) in [
            ("filter=clientId:eq:b", "b"),
            ("filter=authorizationGrantTypes:like:refresh", "b demo"),
            ("filter=scopes:eq:openid,email&order=clientId:asc", "c"),
            ("filter=scopes:ilike:EMAIL", "c"),
            ("filter=scopes:like:openid&order=authorizationGrantTypes:asc", "c b"),
            ("filter=profile:eq:standard&order=clientId:desc", "c b"),
            ("filter=takesOtp:eq:false&order=clientId:asc", "a b c demo"),
            ("filter=clientSettings:like:consent%22:true&order=clientId:desc", "demo c b a"),
        ] {
            assert_eq!(ids(42, "clientId", query).await, found, "{query}");
        }
        for (query, found) in [
            ("filter=cid:eq:b", "b"),
            ("filter=grantTypes:gt:1&order=cid:asc", "b demo"),
            ("filter=grantTypes:in:%5Bpassword%5D&order=cid:asc", "a demo"),
        ] {
            assert_eq!(ids(41, "cid", query).await, found, "{query}");
        }
        // What the dialect has no word for is no property of it.
        for (version, filter) in [(41, "clientId:eq:b"), (42, "cid:eq:b"), (41, "scopes:eq:openid")] {
            let answer = admin(t.get(&format!("/api/{version}/oAuth2Clients?filter={filter}"))).send().await;
            assert_eq!(answer.status, 400, "{filter}");
        }
        let xml = admin(t.get("/api/42/oAuth2Clients.xml?fields=clientId,scopes&filter=clientId:eq:c")).send().await.text();
        assert!(xml.contains("<scopes>openid,email</scopes>"), "{xml}");
    }
);

both!(
    fn schemas_describe_the_dialect(t) {
        for (version, klass, has, has_not) in [
            (41, "org.hisp.dhis.security.oauth2.OAuth2Client", ["cid", "grantTypes", "profile"], "clientId"),
            (42, "org.hisp.dhis.security.oauth2.client.Dhis2OAuth2Client", ["clientId", "scopes", "actsAs"], "cid"),
        ] {
            let schema = admin(t.get(&format!("/api/{version}/schemas/oAuth2Client"))).send().await.json();
            assert_eq!(schema["klass"], klass);
            let properties = schema["properties"].as_array().unwrap();
            let named = |name: &str| properties.iter().find(|one| one["collectionName"] == name || one["name"] == name && one["collection"] == false);
            assert!(has.iter().all(|name| named(name).is_some()) && named(has_not).is_none(), "{properties:?}");
        }
        let redirects = admin(t.get("/api/42/schemas/oAuth2Client/redirectUris")).send().await.json();
        assert_eq!((&redirects["propertyType"], &redirects["collection"]), (&json!("TEXT"), &json!(false)));
        // The settings app asks first, without a name.
        let dry = admin(t.post("/api/42/schemas/oAuth2Client")).json(&json!({ "clientId": "x" })).send().await;
        assert_eq!(dry.status, 200, "{}", dry.text());
    }
);
