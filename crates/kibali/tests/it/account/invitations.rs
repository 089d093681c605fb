//! People who are invited.

use kibali_testkit::both;
use serde_json::json;

use super::*;
use crate::pages::assert_page;

fn guest(more: Value) -> Value {
    let mut user = json!({ "email": "guest@example.org", "userRoles": [{ "id": "roleclerk01" }] });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

async fn accept(t: &TestApp, token: &str, more: Value) -> Answer {
    let mut body = json!({ "token": token, "firstName": "Gaspar", "surname": "Mgeni", "password": NEW });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    send(t, "/api/auth/invite", body).await
}

async fn uid_of(t: &TestApp, username: &str) -> String {
    let path = format!("/api/users?filter=username:eq:{username}&fields=id");
    admin(t.get(&path)).send().await.json()["users"][0]["id"].as_str().unwrap().to_owned()
}

both!(
    fn somebody_who_is_invited_chooses_a_name_and_a_password_once(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        let made = admin(node.post("/api/users/invite")).json(&guest(json!({ "password": "Chosen_2026" }))).send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        let uid = made.json()["response"]["uid"].as_str().unwrap().to_owned();
        assert!(made.header("location").unwrap().ends_with(&format!("/api/users/{uid}")));
        let path = format!("/api/users/{uid}?fields=username,firstName,surname,invitation,email");
        let user = admin(node.get(&path)).send().await.json();
        let generated = user["username"].as_str().unwrap().to_owned();
        assert!(generated.starts_with("invite") && generated.len() == 17, "{generated}");
        assert_eq!((&user["firstName"], &user["invitation"]), (&json!("(TBD)"), &json!(true)));
        assert_eq!(status_as(node, &generated, "Chosen_2026").await, 401, "nobody else chooses the password");

        let link = office.link().await;
        let token = token_in(&link);
        for (more, said) in [
            (json!({ "username": "" }), "Username is not specified or invalid"),
            (json!({ "username": "a b" }), "Username is not specified or invalid"),
            (json!({ "username": AMINA }), "Username is already taken"),
            (json!({ "username": "gaspar", "firstName": "" }), "First name is not specified or invalid"),
            (json!({ "username": "gaspar", "surname": "x".repeat(200) }), "Surname is not specified or invalid"),
            (json!({ "username": "gaspar", "password": "" }), "Password is not specified"),
            (json!({ "username": "gaspar", "password": "Gaspar_2027" }), "holds the user name"),
        ] {
            let answer = accept(node, &token, more).await;
            assert_eq!(answer.status, 400, "{said}: {}", answer.text());
            assert!(answer.json()["message"].as_str().unwrap().contains(said), "{said}: {}", answer.text());
        }
        let answer = accept(node, &token, json!({ "username": "gaspar", "email": "evil@example.org" })).await;
        assert_eq!((answer.status, answer.json()["message"].clone()), (200, json!("Account updated")), "{}", answer.text());
        assert!(answer.header("set-cookie").is_some(), "signed in");
        let again = accept(node, &token, json!({ "username": "other" })).await;
        assert_eq!((again.status, again.json()["message"].clone()), (400, json!("Invitation link not valid")));

        let me = node.get("/api/me?fields=id,username,firstName,email,emailVerified,userRoles").basic("gaspar", NEW).send().await;
        let me = me.json();
        assert_eq!((&me["id"], &me["firstName"], &me["email"]), (&json!(uid), &json!("Gaspar"), &json!("guest@example.org")));
        assert_eq!(me["emailVerified"], true, "the link came by mail");
        assert_eq!(me["userRoles"][0]["id"], "roleclerk01");
        assert_eq!(admin(node.get(&path)).send().await.json()["invitation"], false);
        assert_eq!(status_as(node, &generated, NEW).await, 401);
    }
);

both!(
    fn the_page_of_an_invitation_opens_the_account(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        let named = guest(json!({ "username": "mgeni.rasmi", "firstName": "Old", "surname": "Name" }));
        assert_eq!(admin(node.post("/api/users/invite")).json(&named).send().await.status, 201);
        let link = office.link().await;
        let mut browser = node.browser();
        let page = browser.open(&link).await;
        assert_page(node, &page.answer, "invitation").await;
        let text = page.answer.text();
        assert!(text.contains("guest@example.org") && text.contains("mgeni.rasmi"), "{text}");
        let form = page.form("/invitation").fill("firstName", "Gaspar").fill("surname", "Mgeni");
        assert_eq!(form.value("username"), None, "the name is chosen already");
        let weak = browser.submit(&page, &form.clone().fill("password", "weak")).await;
        assert_eq!(weak.answer.status, 400);
        assert!(weak.answer.text().contains("id=\"password-error\""), "{}", weak.answer.text());
        assert_eq!(weak.form("/invitation").value("firstName"), Some("Gaspar"));
        let done = browser.submit(&page, &form.fill("password", NEW)).await;
        assert_eq!((done.answer.status, done.path.as_str()), (200, "/apps"), "{}", done.answer.text());
        assert_eq!(status_as(node, "mgeni.rasmi", NEW).await, 200);
        assert_eq!(browser.open(&link).await.answer.status, 404);
        assert_eq!(browser.open("/invitation?token=x").await.answer.status, 404);

        let free = guest(json!({ "email": "free@example.org" }));
        assert_eq!(admin(node.post("/api/users/invite")).json(&free).send().await.status, 201);
        let link = office.link().await;
        let mut browser = node.browser();
        let page = browser.open(&link).await;
        let form = page.form("/invitation").fill("username", "free.one").fill("firstName", "F").fill("surname", "O");
        assert_eq!(browser.submit(&page, &form.fill("password", NEW)).await.path, "/apps");
        assert_eq!(status_as(node, "free.one", NEW).await, 200);
    }
);

both!(
    fn invitations_are_refused_where_they_lead_nowhere(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        let invite = async |node: &TestApp, user: Value| admin(node.post("/api/users/invite")).json(&user).send().await;
        for (user, code) in [
            (guest(json!({ "email": "" })), "E6202"),
            (guest(json!({ "email": "nowhere" })), "E6202"),
            (guest(json!({ "username": AMINA })), "E6204"),
        ] {
            let answer = invite(node, user).await;
            assert_eq!((answer.status, answer.json()["errorCode"].clone()), (409, json!(code)), "{}", answer.text());
        }
        let unsent = invite(t, guest(json!({}))).await;
        assert_eq!((unsent.status, unsent.json()["errorCode"].clone()), (409, json!("E6203")), "no mail server");
        assert_eq!(invite(node, guest(json!({ "userRoles": [] }))).await.status, 409);
        let clerk = node.post("/api/users/invite").basic(AMINA, PASSWORD).json(&guest(json!({}))).send().await;
        assert_eq!(clerk.status, 403, "{}", clerk.text());
        assert!(office.mail().await.is_empty());
        let all = admin(node.get("/api/users?fields=username&filter=invitation:eq:true")).send().await.json();
        assert_eq!(all["users"], json!([]), "nobody was made");
    }
);

both!(
    fn many_are_invited_at_once_or_none(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        let invite = async |users: Value| admin(node.post("/api/users/invites")).json(&json!({ "users": users })).send().await;
        let bad = guest(json!({ "email": "b@example.org", "userRoles": [{ "id": "nosuchrole1" }] }));
        assert_eq!(invite(json!([guest(json!({})), bad])).await.status, 409);
        assert!(office.mail().await.is_empty());
        let good = json!([guest(json!({ "email": "a@example.org" })), guest(json!({ "email": "b@example.org" }))]);
        let done = invite(good).await;
        assert_eq!((done.status, done.text().as_str()), (204, ""), "{}", done.text());
        let mail = office.mail().await.concat();
        assert!(mail.contains("To: a@example.org") && mail.contains("To: b@example.org"), "{mail}");
        let many: Vec<Value> = (0..101).map(|n| guest(json!({ "email": format!("{n}@example.org") }))).collect();
        assert_eq!(invite(json!(many)).await.status, 409);
        assert_eq!(invite(json!(null)).await.status, 400);
    }
);

both!(
    fn an_invitation_ends_after_a_week_and_is_sent_again(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({ "keyAccountRecovery": true })).await;
        let node = &office.node;
        let named = guest(json!({ "username": "mgeni.rasmi" }));
        assert_eq!(admin(node.post("/api/users/invite")).json(&named).send().await.status, 201);
        let first = token_in(&office.link().await);
        let status = async |which: &str| {
            let path = format!("/api/users?invitationStatus={which}&fields=username");
            admin(node.get(&path)).send().await.json()["users"].clone()
        };
        let guest = json!([{ "username": "mgeni.rasmi" }]);
        assert_eq!((status("all").await, status("expired").await), (guest.clone(), json!([])));
        node.clock.advance_seconds(7 * 86_400);
        assert_eq!((status("all").await, status("expired").await), (guest.clone(), guest));
        assert_eq!(accept(node, &first, json!({})).await.status, 400);
        let uid = uid_of(node, "mgeni.rasmi").await;
        assert_eq!(admin(node.post(&format!("/api/users/{uid}/invite"))).send().await.status, 204);
        let second = token_in(&office.link().await);
        assert_eq!(status("expired").await, json!([]));
        let asked = send(node, "/api/auth/forgotPassword", json!({ "emailOrUsername": "mgeni.rasmi" })).await;
        assert_eq!(asked.status, 200);
        assert!(office.link().await.starts_with("/invitation?"), "whoever never accepted is invited again");
        assert_eq!(accept(node, &second, json!({})).await.status, 200);
        let again = admin(node.post(&format!("/api/users/{uid}/invite"))).send().await;
        assert_eq!(again.json()["message"], format!("User account is not an invitation: {uid}"));
        assert_eq!(admin(node.post("/api/users/nosuchuser1/invite")).send().await.status, 409);
    }
);

both!(
    fn who_may_not_manage_a_user_has_no_link_sent_to_them(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        import(&node.app, &json!({
            "userRoles": [{ "id": "rolemanag01", "name": "Manager", "authorities": ["F_USER_ADD", "F_USER_VIEW"] }],
            "users": [{ "id": "usermanag01", "username": "head", "password": PASSWORD, "firstName": "A", "surname": "B",
                        "userRoles": [{ "id": "rolemanag01" }, { "id": "roleclerk01" }] }],
        })).await;
        let reset = async |username: &str, uid: &str| {
            node.post(&format!("/api/users/{uid}/reset")).basic(username, PASSWORD).send().await
        };
        for (username, uid, status) in
            [(AMINA, "usermanag01", 403), ("head", "M5zQapPyTZI", 409), ("head", "nosuchuser1", 404), ("head", "usermanag01", 409)]
        {
            let answer = reset(username, uid).await;
            assert_eq!(answer.status, status, "{username} {uid}: {}", answer.text());
        }
        assert!(office.mail().await.is_empty());
        assert_eq!(reset("head", "useramina01").await.status, 204);
        let link = office.link().await;
        assert_eq!(status_as(node, AMINA, PASSWORD).await, 200, "until the link is used");
        let body = json!({ "token": token_in(&link), "newPassword": NEW });
        assert_eq!(send(node, "/api/auth/passwordReset", body).await.status, 200, "though nobody recovers accounts here");
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
    }
);
