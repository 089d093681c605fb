//! Administrators let clients register; nobody else does.

use kibali_store::door::audit::newest;
use kibali_testkit::seed::import;
use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

use super::{DEVICE, REGISTER, android, invitation, redeem, register};
use crate::foundation::admin;
use crate::oauth2::{CALLBACK, allow, asking, member, signed_in};

/// A client that just registered for the address of devices gets no code before somebody was asked.
async fn asks(t: &TestApp, told: &Answer) {
    let id = told.json()["client_id"].as_str().unwrap().to_owned();
    let asked = asking(&id, "&scope=openid+username").replace(CALLBACK, DEVICE);
    let mut browser = signed_in(t).await;
    let page = browser.open_once(&asked).await;
    assert!(page.status == 200 && page.text().contains("user_oauth_approval"), "{:?}", page.location());
    let silent = browser.open_once(&format!("{asked}&prompt=none")).await;
    assert!(silent.location().unwrap().contains("error=consent_required"), "{:?}", silent.location());
}

both!(
    fn an_invitation_lets_so_many_register_and_its_clients_ask_people(t) {
        let token = invitation(t, json!({ "name": "Partners", "uses": 2, "lifetimeSeconds": 3600 })).await;
        let listed = admin(t.get("/api/initialAccessTokens")).send().await;
        assert!(listed.text().contains("Partners") && !listed.text().contains(&token));
        let body = json!({ "client_name": "Partner", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"] });
        let answer = register(t, &token, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let told = answer.json();
        assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(told["client_secret_expires_at"], 0);
        let (id, secret) = (told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
        let mut browser = signed_in(t).await;
        let asked = browser.open_once(&asking(id, "&scope=openid+username")).await;
        assert!(asked.status == 200 && asked.text().contains("Partner"), "the user is asked");
        let page = allow(&mut browser, &asking(id, "&scope=openid+username")).await;
        let answer = redeem(t, id, secret, &member(&page, "code").unwrap()).await;
        let tokens = answer.json();
        let me = t.get("/api/me").bearer(tokens["access_token"].as_str().unwrap()).send().await;
        assert_eq!(me.status, 200);
        assert!(tokens["refresh_token"].is_string());
        // A public one has no secret.
        let answer = register(t, &token, &json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" })).await;
        assert!(answer.status == 201 && answer.json().get("client_secret").is_none(), "{}", answer.text());
        assert_eq!(register(t, &token, &body).await.status, 401, "it is used up");
    }
);

both!(
    fn an_invitation_ends_with_its_time_its_maker_and_when_it_is_taken_back(t) {
        let body = json!({ "redirect_uris": [CALLBACK] });
        let token = invitation(t, json!({ "lifetimeSeconds": 60 })).await;
        t.clock.advance_seconds(60);
        assert_eq!(register(t, &token, &body).await.status, 401);

        let token = invitation(t, json!({})).await;
        let listed = admin(t.get("/api/initialAccessTokens")).send().await.json();
        let id = listed["initialAccessTokens"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(admin(t.delete(&format!("/api/initialAccessTokens/{id}"))).send().await.status, 204);
        let trail = newest(&mut t.app.store.reader().await.unwrap(), 2).await.unwrap();
        let [gone, made] = &trail[..] else { panic!("{trail:?}") };
        assert_eq!((&*gone.name, &*made.name), ("initial_access_token.deleted", "initial_access_token.made"));
        assert!(gone.address.is_some() && gone.address == made.address && gone.user == made.user, "{gone:?}");
        assert_eq!(register(t, &token, &body).await.status, 401);
        assert_eq!(admin(t.delete(&format!("/api/initialAccessTokens/{id}"))).send().await.status, 404);

        // Its maker may no longer.
        let user = |role: &str| json!({ "id": "userSecond1", "username": "second", "firstName": "S", "surname": "X", "userRoles": [{ "id": role }] });
        let mut second = user("yrB6vc5Ip3r");
        second["password"] = json!("Kibali_2026");
        import(&t.app, &json!({ "users": [second] })).await;
        let made = t.post("/api/initialAccessTokens").basic("second", "Kibali_2026").json(&json!({ "uses": 3 })).send().await.json();
        let token = made["token"].as_str().unwrap();
        assert_eq!(register(t, token, &body).await.status, 201);
        import(&t.app, &json!({ "userRoles": [{ "id": "roleClients", "name": "Clients", "authorities": ["F_OAUTH2_CLIENT_MANAGE"] }] })).await;
        import(&t.app, &json!({ "users": [user("roleClients")] })).await;
        assert_eq!(register(t, token, &body).await.status, 401);
        // Whoever manages clients invites nobody (rules of the door 4).
        for request in [t.get("/api/initialAccessTokens"), t.post("/api/initialAccessTokens").json(&json!({}))] {
            assert_eq!(request.basic("second", "Kibali_2026").send().await.status, 403);
        }
    }
);

both!(
    fn an_invitation_may_name_the_one_address(t) {
        let token = invitation(t, json!({ "redirectUrl": CALLBACK })).await;
        let other = register(t, &token, &json!({ "redirect_uris": ["https://other.example/cb"] })).await;
        assert_eq!((other.status, &other.json()["error"]), (400, &json!("invalid_redirect_uri")));
        assert_eq!(register(t, &token, &json!({ "redirect_uris": [CALLBACK] })).await.status, 201);
        for wrong in [json!({ "uses": 0 }), json!({ "uses": "x" }), json!({ "lifetimeSeconds": 1 }), json!({ "redirectUrl": "x" }), json!({ "redirectUrl": "myapp://cb" })] {
            assert_eq!(admin(t.post("/api/initialAccessTokens")).json(&wrong).send().await.status, 409, "{wrong}");
        }
        // A scheme of its own is taken where it is listed.
        let listed = invitation(t, json!({ "redirectUrl": "dhis2oauth://oauth" })).await;
        let told = register(t, &listed, &json!({ "redirect_uris": ["dhis2oauth://oauth"] })).await;
        assert_eq!(told.status, 201, "{}", told.text());
        asks(t, &told).await;
    }
);

both!(
    fn nobody_registers_uninvited_unless_the_operator_lets_anybody(t) {
        let body = json!({ "redirect_uris": [CALLBACK] });
        assert_eq!(t.post(REGISTER).json(&body).send().await.status, 401);
        let open = t.another(2, |settings| settings.open_registration = true).await;
        // Where devices send their codes, too: who registers so is not known to be one.
        let of_devices = json!({ "redirect_uris": [DEVICE], "token_endpoint_auth_method": "client_secret_basic" });
        asks(t, &open.post(REGISTER).json(&of_devices).send().await).await;
        let answer = open.post(REGISTER).json(&body).send().await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["client_id"].as_str().unwrap().to_owned();
        let asked = signed_in(t).await.open_once(&asking(&id, "&scope=openid+username")).await;
        assert_eq!(asked.status, 200, "the user is asked");
        let mut last = 201;
        for _ in 0..11 {
            last = open.post(REGISTER).json(&body).send().await.status;
        }
        assert_eq!(last, 429);
        assert_eq!(open.post(REGISTER).bearer("x").json(&android(json!({}))).send().await.status, 401);
    }
);

both!(
    fn an_invited_client_says_where_its_keys_are_or_which_they_are(t) {
        let token = invitation(t, json!({ "uses": 5 })).await;
        let body = |more: serde_json::Value| {
            let mut body = json!({
                "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": "https://app.example.org/jwks.json",
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let answer = register(t, &token, &body(json!({}))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let told = answer.json();
        assert_eq!((&told["jwks_uri"], told.get("jwks")), (&json!("https://app.example.org/jwks.json"), None));
        let filter = format!("/api/42/oAuth2Clients?filter=clientId:eq:{}&fields=:all", told["client_id"].as_str().unwrap());
        let client = admin(t.get(&filter)).send().await.json()["oAuth2Clients"][0].clone();
        let settings = client["clientSettings"].as_str().unwrap();
        assert!(settings.contains("jwk-set-url\":\"https://app.example.org/jwks.json\""), "{settings}");

        let keys = json!({ "jwks": android(json!({}))["jwks"], "jwks_uri": null });
        let answer = register(t, &token, &body(keys.clone())).await;
        assert_eq!((answer.status, answer.json().get("jwks_uri")), (201, None), "{}", answer.text());
        // Who does both has sent them.
        let answer = register(t, &token, &body(json!({ "jwks": keys["jwks"] }))).await;
        let filter = format!("/api/42/oAuth2Clients?filter=clientId:eq:{}&fields=:all", answer.json()["client_id"].as_str().unwrap());
        assert!(!admin(t.get(&filter)).send().await.text().contains("jwk-set-url"));
        for wrong in [
            json!({ "jwks_uri": null }), json!({ "jwks_uri": "http://app.example.org/" }),
            json!({ "jwks_uri": 1 }),
        ] {
            assert_eq!(register(t, &token, &body(wrong.clone())).await.status, 400, "{wrong}");
        }
    }
);
