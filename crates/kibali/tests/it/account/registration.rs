//! People who make their own account.

use kibali_testkit::both;
use serde_json::json;

use super::*;
use crate::pages::assert_page;

fn person(more: Value) -> Value {
    let mut body = json!({
        "username": "mwajuma", "firstName": "Mwajuma", "surname": "Ali", "password": NEW, "email": "m@example.org",
        "phoneNumber": "+255 1",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn register(t: &TestApp, more: Value) -> Answer {
    send(t, "/api/auth/registration", person(more)).await
}

/// Lets people register as clerks.
async fn offered(t: &TestApp) {
    with_amina(t, json!({})).await;
    import(
        &t.app,
        &json!({ "organisationUnits": [
            { "id": "unitcountry", "name": "Country", "shortName": "Country", "openingDate": "2020-01-01" }
        ]}),
    )
    .await;
    for (name, uid) in [("selfRegistrationRole", "roleclerk01"), ("selfRegistrationOrgUnit", "unitcountry")] {
        let path = format!("/api/configuration/{name}");
        assert_eq!(admin(t.post(&path)).body("text/plain", uid).send().await.status, 204, "{name}");
    }
    set(t, json!({ "keySelfRegistrationNoRecaptcha": true })).await;
}

both!(
    fn people_register_where_role_and_unit_are_chosen_and_no_puzzle_is_wanted(t) {
        let enabled = async || t.get("/api/loginConfig").send().await.json()["selfRegistrationEnabled"].clone();
        let closed = register(t, json!({})).await;
        assert_eq!((closed.status, closed.json()["message"].clone()), (400, json!("User self registration is not allowed")));
        assert_eq!(t.get("/register").send().await.status, 404);
        offered(t).await;
        assert_eq!(enabled().await, true);
        set(t, json!({ "keySelfRegistrationNoRecaptcha": false })).await;
        assert_eq!(enabled().await, false, "the puzzle is not served");
        assert_eq!(register(t, json!({})).await.status, 400);
        set(t, json!({ "keySelfRegistrationNoRecaptcha": true })).await;

        for (more, said) in [
            (json!({ "username": "" }), "Username is not specified or invalid"),
            (json!({ "username": "a b" }), "Username is not specified or invalid"),
            (json!({ "username": AMINA }), "Username is already taken"),
            (json!({ "firstName": "" }), "First name is not specified or invalid"),
            (json!({ "surname": "" }), "Surname is not specified or invalid"),
            (json!({ "email": "nowhere" }), "Email is not specified or invalid"),
            (json!({ "password": "" }), "Password is not specified"),
            (json!({ "password": "weak" }), "at least 8 characters"),
        ] {
            let answer = register(t, more).await;
            assert_eq!(answer.status, 400, "{said}: {}", answer.text());
            assert!(answer.json()["message"].as_str().unwrap().contains(said), "{said}: {}", answer.text());
            t.clock.advance_seconds(60);
        }
        let made = register(t, json!({ "userRoles": [{ "id": "yrB6vc5Ip3r" }] })).await;
        assert_eq!((made.status, made.json()["message"].clone()), (201, json!("Account created")), "{}", made.text());
        assert!(made.header("set-cookie").is_some());
        let fields = "/api/me?fields=authorities,emailVerified,userRoles,organisationUnits,dataViewOrganisationUnits";
        let me = t.get(fields).basic("mwajuma", NEW).send().await.json();
        assert_eq!(me["authorities"], json!(["F_DATAVALUE_ADD"]), "the role chosen, and no other");
        assert_eq!(me["organisationUnits"], me["dataViewOrganisationUnits"]);
        assert_eq!(me["organisationUnits"][0]["id"], "unitcountry");
        assert_eq!(me["emailVerified"], false);
        let path = "/api/users?filter=username:eq:mwajuma&fields=selfRegistered,phoneNumber";
        let user = admin(t.get(path)).send().await.json();
        assert_eq!(user["users"][0], json!({ "selfRegistered": true, "phoneNumber": "+255 1" }));
    }
);

both!(
    fn only_who_may_do_everything_says_what_people_become_who_register(t) {
        offered(t).await;
        import(&t.app, &json!({
            "userRoles": [{ "id": "rolesettn01", "name": "Settings", "authorities": ["F_SYSTEM_SETTING"] }],
            "users": [{ "id": "usersettn01", "username": "tuner", "password": PASSWORD, "firstName": "A", "surname": "B",
                        "userRoles": [{ "id": "rolesettn01" }] }],
        })).await;
        for role in ["yrB6vc5Ip3r", "roleclerk01"] {
            for request in [
                t.post("/api/configuration/selfRegistrationRole").body("text/plain", role),
                t.post(&format!("/api/configuration/selfRegistrationRole/{role}")),
            ] {
                let answer = request.basic("tuner", PASSWORD).send().await;
                assert_eq!(answer.status, 403, "{}", answer.text());
            }
        }
        let path = "/api/configuration/selfRegistrationRole";
        assert_eq!(admin(t.post(path)).body("text/plain", "yrB6vc5Ip3r").send().await.status, 204);
        assert_eq!(register(t, json!({})).await.status, 400, "never as one who may do everything");
    }
);

both!(
    fn registering_is_slowed_down_where_it_comes_from(t) {
        offered(t).await;
        for number in 0..10 {
            let answer = register(t, json!({ "username": format!("flood{number}") })).await;
            assert_eq!(answer.status, 201, "{number}: {}", answer.text());
        }
        let refused = register(t, json!({ "username": "flood10" })).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
        let elsewhere = t.post("/api/auth/registration").from("198.51.100.9").json(&person(json!({}))).send().await;
        assert_eq!(elsewhere.status, 201);
    }
);

both!(
    fn the_page_and_the_older_form_make_an_account(t) {
        offered(t).await;
        let mut browser = t.browser();
        let login = browser.open("/login").await;
        assert!(login.answer.text().contains("href=\"/register\""));
        assert_page(t, &login.answer, "login with offers").await;
        let page = browser.open("/register").await;
        assert_page(t, &page.answer, "register").await;
        let fields = [("username", "mwajuma"), ("firstName", "Mwajuma"), ("surname", "Ali"), ("email", "m@example.org"), ("password", NEW)];
        let good = fields.iter().fold(page.form("/register"), |form, (name, value)| form.fill(name, value));
        for (field, value) in [("username", "<b>x"), ("email", "nowhere"), ("password", "weak"), ("username", AMINA)] {
            let answer = browser.submit(&page, &good.clone().fill(field, value)).await;
            assert_eq!(answer.answer.status, 400, "{field}");
            assert!(answer.answer.text().contains(&format!("id=\"{field}-error\"")), "{field}: {}", answer.answer.text());
            assert_eq!(answer.form("/register").value("firstName"), Some("Mwajuma"));
            assert_eq!(answer.form("/register").value("password"), Some(""));
        }
        assert_eq!(browser.submit(&page, &good.clone().fill("csrf", "x")).await.answer.status, 403);
        assert_eq!(browser.submit(&page, &good).await.path, "/apps");
        assert_eq!(status_as(t, "mwajuma", NEW).await, 200);
        let form = [
            ("username", "older.one"), ("firstName", "O"), ("surname", "N"), ("password", NEW),
            ("email", "o@example.org"), ("phoneNumber", "1"),
        ];
        let made = t.post("/api/account").form(&form).send().await;
        assert_eq!((made.status, made.json()["message"].clone()), (200, json!("Account created")), "{}", made.text());
        assert_eq!(status_as(t, "older.one", NEW).await, 200);
        let crossing = t.post("/api/account").header("origin", "https://evil.example").form(&form).send().await;
        assert_eq!(crossing.status, 403);
    }
);
