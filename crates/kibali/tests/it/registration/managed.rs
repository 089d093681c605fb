//! A client reads, replaces and takes away what it registered (RFC 7592).

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{REGISTER, android, invitation, register};
use crate::foundation::admin;
use crate::oauth2::CALLBACK;

fn of(told: &Value) -> (String, String, String) {
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let id = text("client_id");
    (format!("{REGISTER}?client_id={id}"), text("registration_access_token"), id)
}

both!(
    fn a_client_manages_itself_and_no_other(t) {
        let initial = invitation(t, json!({ "uses": 2 })).await;
        let body = json!({ "client_name": "One", "redirect_uris": [CALLBACK], "grant_types": ["refresh_token"] });
        let told = register(t, &initial, &body).await.json();
        let (path, token, id) = of(&told);
        let (other_path, other_token, _) = of(&register(t, &initial, &body).await.json());

        let read = t.get(&path).bearer(&token).send().await;
        assert_eq!(read.status, 200, "{}", read.text());
        let mut expected = told.clone();
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(read.json(), expected, "all but the secret");
        for (path, token) in [(&path, &other_token), (&other_path, &token), (&path, &initial), (&REGISTER.to_owned(), &token)] {
            for method in ["GET", "PUT", "DELETE"] {
                let answer = t.request(method, path).bearer(token).json(&json!({})).send().await;
                assert_eq!(answer.status, 401, "{method} {path}");
            }
        }

        let new = json!({ "client_id": id, "client_name": "Renamed", "redirect_uris": ["https://app.example.org/new"] });
        let put = t.put(&path).bearer(&token).json(&new).send().await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert_eq!(put.json()["client_name"], "Renamed");
        assert_eq!(put.json()["grant_types"], json!(["authorization_code"]));
        assert_eq!(put.json()["redirect_uris"], json!(["https://app.example.org/new"]));
        for (member, value, error) in [
            ("client_id", json!("other"), "invalid_request"),
            ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
            ("grant_types", json!(["client_credentials"]), "invalid_client_metadata"),
            ("token_endpoint_auth_method", json!("none"), "invalid_client_metadata"),
        ] {
            let mut wrong = new.clone();
            wrong[member] = value;
            let answer = t.put(&path).bearer(&token).json(&wrong).send().await;
            assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{member}");
        }

        let gone = t.delete(&path).bearer(&token).send().await;
        assert_eq!((gone.status, gone.text()), (204, String::new()));
        assert_eq!(t.get(&path).bearer(&token).send().await.status, 401);
        let filter = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}");
        assert_eq!(admin(t.get(&filter)).send().await.json()["oAuth2Clients"], json!([]));
        assert_eq!(t.get(&other_path).bearer(&other_token).send().await.status, 200);
    }
);

both!(
    fn a_device_replaces_its_key_and_leaves_the_list_of_addresses_alone(t) {
        let initial = crate::registration::device::enrolled(&mut crate::oauth2::signed_in(t).await).await;
        let (path, token, id) = of(&register(t, &initial, &android(json!({}))).await.json());
        let elsewhere = android(json!({ "client_id": id, "redirect_uris": ["https://evil.example/cb"] }));
        let answer = t.put(&path).bearer(&token).json(&elsewhere).send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_redirect_uri")));
        let again = t.put(&path).bearer(&token).json(&android(json!({ "client_id": id, "client_name": "Mine" }))).send().await;
        assert_eq!((again.status, &again.json()["client_name"]), (200, &json!("Mine")), "{}", again.text());
    }
);

both!(
    fn a_client_is_told_what_signs_its_tokens(t) {
        let initial = invitation(t, json!({})).await;
        let told = register(t, &initial, &json!({ "redirect_uris": [CALLBACK] })).await.json();
        let (path, token, id) = of(&told);
        let found = admin(t.get(&format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=id"))).send().await.json();
        let client = format!("/api/42/oAuth2Clients/{}", found["oAuth2Clients"][0]["id"].as_str().unwrap());
        for (profile, signs) in [("standard", "RS256"), ("fapi2", "ES256"), ("legacy", "RS256")] {
            let patch = json!([{ "op": "add", "path": "/profile", "value": profile }]).to_string();
            let patched = admin(t.patch(&client)).body("application/json-patch+json", patch).send().await;
            assert_eq!(patched.status, 200, "{}", patched.text());
            let read = t.get(&path).bearer(&token).send().await;
            assert_eq!(read.json()["id_token_signed_response_alg"], signs, "{profile}: {}", read.text());
        }
    }
);

both!(
    fn a_client_that_was_given_a_user_is_not_its_own_to_change(t) {
        let initial = invitation(t, json!({})).await;
        let body = json!({ "redirect_uris": [CALLBACK] });
        let (path, token, id) = of(&register(t, &initial, &body).await.json());
        let filter = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=id");
        let uid = admin(t.get(&filter)).send().await.json()["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
        let patch = json!([{ "op": "add", "path": "/actsAs", "value": { "id": "M5zQapPyTZI" } }]);
        let patched = admin(t.patch(&format!("/api/42/oAuth2Clients/{uid}"))).body("application/json-patch+json", patch.to_string()).send().await;
        assert_eq!(patched.status, 200, "{}", patched.text());
        let put = t.put(&path).bearer(&token).json(&json!({ "client_id": id, "redirect_uris": ["https://evil.example/cb"] })).send().await;
        assert_eq!(put.status, 400, "{}", put.text());
    }
);
