//! Why a call was refused, and what would allow it (rules of the door 11).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Request, TestApp, both};
use kibali_web::why::{self, Answer as Asked, Explanation, Verdict};
use serde_json::{Value, json};

use crate::families::rotate;
use crate::pages::{ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::seeing::by_password;

/// The number of the request.
pub(crate) fn number(answer: &Answer) -> &str {
    answer.header("x-request-id").unwrap()
}

/// Sends a request that is refused; why.
async fn refused(t: &TestApp, status: u16, request: Request) -> Explanation {
    explained(t, status, &request.send().await).await
}

/// Why this answer refuses.
pub(crate) async fn explained(t: &TestApp, status: u16, answer: &Answer) -> Explanation {
    assert_eq!(answer.status, status, "{}", answer.text());
    let found = why::explain(&t.app, number(answer)).await.expect("it is remembered");
    assert_eq!((found.status, found.request.as_str()), (status, number(answer)));
    assert!(!answer.text().contains(&found.change), "the caller sees only the number");
    found
}

/// The question that the call failed at, and what was found.
pub(crate) fn broken(found: &Explanation) -> (&str, &str) {
    let link = found.chain.iter().find(|link| link.verdict == Verdict::Refused).unwrap();
    (&link.step, &link.finding)
}

async fn token(t: &TestApp, (username, password): (&str, &str)) -> (String, i64) {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await.json();
    (answer["access_token"].as_str().unwrap().to_owned(), answer["expires_in"].as_i64().unwrap())
}

both!(
    fn each_refusal_names_where_it_broke_and_the_smallest_change(t) {
        make_ordinary(t, &[]).await;
        let found = refused(t, 401, t.get("/api/me?secret=hidden-query")).await;
        assert_eq!(broken(&found), ("credential", "none was sent"));
        assert_eq!((found.call.as_str(), found.address.as_str()), ("GET /api/me", "127.0.0.1"));
        assert!(found.change.contains("Authorization: Bearer"), "{}", found.change);

        let found = refused(t, 401, t.get("/api/me").basic("hunter2-typed-as-name", "x")).await;
        assert_eq!(broken(&found), ("credential", "user name and password, of no user there is"));
        assert!(!format!("{found:?}").contains("hunter2"));
        let found = refused(t, 401, t.get("/api/me").basic(ORDINARY.0, "wrong-password")).await;
        assert_eq!(found.change, "send the right password");

        let (access, lives) = token(t, ORDINARY).await;
        let change = "give the role Ordinary the authority F_SYSTEM_SETTING";
        let setting = t.post("/api/systemSettings/applicationTitle?value=x").bearer(&access);
        let found = refused(t, 403, setting).await;
        assert_eq!((broken(&found), found.change.as_str()), (("authority", "POST asks for F_SYSTEM_SETTING"), change));
        let steps: Vec<_> = found.chain.iter().map(|link| (link.step.as_str(), link.verdict)).collect();
        assert_eq!(steps, [
            ("credential", Verdict::Passed),
            ("token", Verdict::Passed),
            ("account", Verdict::Passed),
            ("scope", Verdict::Passed),
            ("authority", Verdict::Refused),
        ]);
        assert_eq!(found.chain[0].finding, "an access token of the client demo");
        let group = json!({ "name": "Mine", "shortName": "Mine" });
        let found = refused(t, 403, t.post("/api/dataElementGroups").bearer(&access).json(&group)).await;
        let change = "give the role Ordinary the authority F_DATAELEMENTGROUP_PUBLIC_ADD";
        assert_eq!((broken(&found).0, found.change.as_str()), ("authority", change));

        t.clock.advance_seconds(lives + 180);
        kibali_store::door::purge::run(&t.app.store, t.app.now(), lives).await.unwrap();
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!(found.change, "refresh: it expired 3 minutes ago");
        t.clock.advance_seconds(60);
        let again = why::explain(&t.app, &found.request).await.unwrap();
        assert_eq!(again.change, found.change, "as it was when the call was refused");

        let (access, _) = token(t, ORDINARY).await;
        let revoke = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&[("token", &access)]);
        assert_eq!(revoke.send().await.status, 200);
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!((broken(&found).0, found.change.as_str()), ("token", "ask for a new token"));
        assert!(broken(&found).1.contains("its application gave it back"), "{:?}", broken(&found));

        let (access, _) = token(t, ORDINARY).await;
        let patch = json!([{ "op": "replace", "path": "/disabled", "value": true }]);
        let disable = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(disable.body("application/json-patch+json", patch.to_string()).send().await.status, 200);
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!((broken(&found), found.change.as_str()), (("account", "ordinary: disabled"), "enable ordinary"));

        let found = refused(t, 401, t.post("/uaa/oauth/token").basic(CLIENT, "wrong").form(&[("grant_type", "password")])).await;
        assert_eq!(broken(&found), ("credential", "client ID and secret of demo"));
        let told = format!("{found:?}");
        assert!(!told.contains(&access) && !told.contains("hidden") && !told.contains("wrong"), "{told}");
    }
);

both!(
    fn a_token_that_names_this_server_is_not_told_to_be_for_another(t) {
        make_ordinary(t, &[]).await;
        let ours = t.app.settings.absolute("/api");
        let fields = [("grant_type", "password"), ("username", ORDINARY.0), ("password", ORDINARY.1), ("resource", &ours)];
        let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await.json();
        let setting = t.post("/api/systemSettings/applicationTitle?value=x");
        let found = refused(t, 403, setting.bearer(answer["access_token"].as_str().unwrap())).await;
        assert_eq!(found.chain[1].finding, "live");
        assert_eq!((broken(&found).0, found.change.as_str()), ("authority", "give the role Ordinary the authority F_SYSTEM_SETTING"));
    }
);

both!(
    fn sharing_that_does_not_reach_is_named_with_its_object(t) {
        make_ordinary(t, &["F_DATAELEMENTGROUP_PUBLIC_ADD"]).await;
        let group = json!({
            "id": "DEGshared01", "name": "Shared", "shortName": "Shared",
            "sharing": { "owner": "M5zQapPyTZI", "public": "r-------" },
        });
        import(&t.app, &json!({ "dataElementGroups": [group] })).await;
        let put = t.put("/api/dataElementGroups/DEGshared01").basic(ORDINARY.0, ORDINARY.1).json(&group);
        let found = refused(t, 403, put).await;
        let finding = "the Data Element Group DEGshared01 gives this user r-------";
        assert_eq!(broken(&found), ("sharing and organisation unit", finding));
        let change = "share the Data Element Group DEGshared01 with ordinary for reading and writing (rw------)";
        assert_eq!(found.change, change);
    }
);

both!(
    fn what_is_let_in_is_not_remembered_and_what_is_refused_writes_nothing(t) {
        let (access, _) = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let (fill, commits) = (t.app.why().fill(), t.app.store.commits());
        for _ in 0..20 {
            assert_eq!(t.get("/api/me").bearer(&access).send().await.status, 200);
        }
        assert_eq!(t.app.why().fill(), fill);
        for _ in 0..10_050 {
            assert_eq!(t.get("/api/me").send().await.status, 401);
        }
        let full = t.app.why().fill();
        assert_eq!((full.remembered, full.dropped), (10_000, 50 + u64::try_from(fill.remembered).unwrap()));
        assert_eq!(t.app.store.commits(), commits);
    }
);

both!(
    fn whichever_node_refused_answers_every_other(t) {
        let other = t.another(2, |_| {}).await;
        let answer = t.get("/api/me").send().await;
        assert_eq!(why::ask(&other.app, number(&answer)).await.unwrap(), Asked::Asked);
        why::answer_questions(&other.app).await.unwrap();
        assert_eq!(why::ask(&other.app, number(&answer)).await.unwrap(), Asked::Asked, "it does not know");
        why::answer_questions(&t.app).await.unwrap();
        let Asked::Known(found) = why::ask(&other.app, number(&answer)).await.unwrap() else { panic!("no answer") };
        assert_eq!(Some(*found), why::explain(&t.app, number(&answer)).await);
        for wrong in ["", "x", "00f1e2d3c4b5a69z", "00f1e2d3c4b5a6970"] {
            assert!(why::ask(&t.app, wrong).await.is_err(), "{wrong}");
        }
        other.app.store.close().await;
    }
);

both!(
    fn an_administrator_sees_the_chain_on_a_page_and_nobody_else_does(t) {
        make_ordinary(t, &["F_SYSTEM_SETTING"]).await;
        let answer = t.get("/api/me").send().await;
        let page = format!("/administration/why?id={}", number(&answer));
        let mut browser = admin(t).await;
        let shown = browser.open(&page).await;
        assert_page(t, &shown.answer, "why").await;
        assert!(shown.answer.text().contains("send a credential"), "{}", shown.answer.text());
        assert!(browser.open("/administration/why?id=nonsense").await.answer.text().contains("16 characters"));
        assert!(browser.open("/administration/why?id=00f1e2d3c4b5a697").await.answer.text().contains("have been asked"));

        let mut browser = signed_in(t, ORDINARY).await;
        let refused = browser.open(&page).await.answer;
        assert_eq!(refused.status, 403);
        assert!(!refused.text().contains("send a credential"));
        let found = why::explain(&t.app, number(&refused)).await.unwrap();
        assert_eq!(found.change, "give the role Ordinary the authority ALL");
        assert_eq!(t.get(&page).send().await.status, 303, "strangers are asked to sign in");
    }
);

/// What is found of the token of a call that is refused.
async fn of_token(t: &TestApp, request: Request) -> String {
    t.clock.advance_seconds(120);
    let found = refused(t, 401, request).await;
    assert_eq!(broken(&found).0, "token", "{found:?}");
    broken(&found).1.to_owned()
}

both!(
    fn a_token_that_ended_is_told_from_one_that_never_was(t) {
        make_ordinary(t, &[]).await;
        let other = t.another(2, |_| {}).await;
        let with = |token: &str| other.get("/api/me").bearer(token);
        let unknown = "never seen here: what ended is remembered for a week, what expired for a day, and what fifty newer \
                       ones replaced within a minute not at all";
        assert_eq!(of_token(t, t.get("/api/me").bearer("never-issued")).await, unknown);

        let (access, _) = token(t, ORDINARY).await;
        let revoke = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&[("token", &access)]);
        assert_eq!(revoke.send().await.status, 200);
        let ended = of_token(t, t.get("/api/me").bearer(&access)).await;
        assert_eq!(ended, "it had ended 2 minutes before, at 2026-01-15T08:02:00.000Z: its application gave it back, or its user took it back");

        let fields = [("grant_type", "password"), ("username", ORDINARY.0), ("password", ORDINARY.1)];
        let ask = async |fields: &[(&str, &str)]| {
            t.clock.advance_seconds(1);
            t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(fields).send().await.json()
        };
        let first = ask(&fields).await;
        let again = [("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"].as_str().unwrap())];
        for _ in 0..102 {
            ask(&again).await;
        }
        let replaced = of_token(t, t.get("/api/me").bearer(first["access_token"].as_str().unwrap())).await;
        assert!(replaced.contains("fifty newer ones of the same grant replaced it"), "{replaced}");

        // All within a minute: as many as a script asks for are not remembered.
        let first = ask(&again).await;
        t.clock.advance_seconds(1);
        for _ in 0..102 {
            t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&again).send().await;
        }
        assert_eq!(of_token(t, t.get("/api/me").bearer(first["access_token"].as_str().unwrap())).await, unknown);

        let (access, _) = token(t, ORDINARY).await;
        let personal = t.post("/api/apiTokens").basic(ORDINARY.0, ORDINARY.1).json(&json!({})).send().await.json();
        let (key, uid) = (personal["response"]["key"].as_str().unwrap(), personal["response"]["uid"].as_str().unwrap());
        let deleted = t.delete(&format!("/api/apiTokens/{uid}")).basic(ORDINARY.0, ORDINARY.1).send().await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        let told = of_token(t, t.get("/api/me").header("authorization", &format!("ApiToken {key}"))).await;
        assert!(told.contains("its owner deleted it"), "{told}");

        let mut browser = signed_in(t, ORDINARY).await;
        let cookie = format!("kibali={}", browser.cookies["kibali"]);
        let password = json!({ "oldPassword": ORDINARY.1, "newPassword": "Another_2026" });
        let change = browser.request("PUT", "/api/me/changePassword").json(&password);
        assert_eq!(browser.send(change).await.status, 202);
        let told = of_token(t, t.get("/api/me").bearer(&access)).await;
        assert!(told.contains("its user changed the password"), "{told}");
        let apps = browser.open("/apps").await;
        browser.submit(&apps, &apps.form("/logout")).await;
        t.clock.advance_seconds(120);
        let out = refused(t, 401, t.get("/api/me").header("cookie", &cookie)).await;
        assert!(broken(&out).1.contains("its user signed out"), "{out:?}");

        let (access, lives) = token(t, (ORDINARY.0, "Another_2026")).await;
        assert_eq!(t.delete("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        let told = of_token(t, t.get("/api/me").bearer(&access)).await;
        assert!(told.contains("was deleted"), "{told}");
        // It is forgotten after a week; and the database holds no token.
        let told = why::explain(&other.app, with(&access).send().await.header("x-request-id").unwrap()).await;
        assert!(told.is_some(), "by every node");
        t.clock.advance_seconds(7 * 86_400);
        kibali_store::door::purge::run(&t.app.store, t.app.now(), lives).await.unwrap();
        assert_eq!(of_token(t, t.get("/api/me").bearer(&access)).await, unknown);
    }
);

both!(
    fn a_refused_refresh_says_what_became_of_its_token(t) {
        make_ordinary(t, &[]).await;
        let refresh = |token: &str| {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
            t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields)
        };
        let grant = async || {
            let fields = [("grant_type", "password"), ("username", ORDINARY.0), ("password", ORDINARY.1)];
            let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await.json();
            answer["refresh_token"].as_str().unwrap().to_owned()
        };
        let unknown = refused(t, 400, refresh("never-issued")).await;
        assert!(broken(&unknown).1.starts_with("never seen here"), "{unknown:?}");
        assert!(!format!("{unknown:?}").contains("never-issued"));
        let token = grant().await;
        let form = [("token", token.as_str())];
        t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        let found = refused(t, 400, refresh(&token)).await;
        assert_eq!(broken(&found).0, "token");
        assert!(broken(&found).1.contains("its application gave it back"), "{found:?}");
        assert_eq!(found.change, "have the user sign in again: only that gives a new one");

        let token = grant().await;
        let disable = |value: bool| {
            let patch = json!([{ "op": "replace", "path": "/disabled", "value": value }]);
            let request = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
            request.body("application/json-patch+json", patch.to_string())
        };
        assert_eq!(disable(true).send().await.status, 200);
        let found = refused(t, 400, refresh(&token)).await;
        assert_eq!((broken(&found), found.change.as_str()), (("account", "ordinary: disabled"), "enable ordinary"));
        assert_eq!(disable(false).send().await.status, 200);
        t.clock.advance_seconds(31 * 86_400);
        let found = refused(t, 401, refresh(&token)).await;
        assert!(broken(&found).1.contains("had expired"), "{found:?}");
        let token = grant().await;
        assert_eq!(t.delete("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        let found = refused(t, 400, refresh(&token)).await;
        assert!(broken(&found).1.contains("was deleted"), "{found:?}");
    }
);

both!(
    fn a_copied_refresh_token_is_named_whatever_of_its_grant_is_refused(t) {
        make_ordinary(t, &[]).await;
        rotate(t).await;
        let refresh = |tokens: &Value| {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
            t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields)
        };
        let first = by_password(t, ORDINARY).await;
        let second = refresh(&first).send().await.json();
        let last = refresh(&second).send().await.json();
        t.clock.advance_seconds(61);
        let access = t.get("/api/me").bearer(last["access_token"].as_str().unwrap());
        let copied = "a refresh token of its grant came back after its successor was used: two have a copy";
        let mut browser = admin(t).await;
        // That which came back; the one it was replaced by in the end; and what both opened.
        for (status, request) in [(400, refresh(&first)), (400, refresh(&last)), (401, access)] {
            let found = refused(t, status, request).await;
            assert!(broken(&found).0 == "token" && broken(&found).1.ends_with(copied), "{found:?}");
            let page = browser.open(&format!("/admin/why?id={}", found.request)).await;
            assert!(page.answer.text().contains(copied), "{}", page.answer.text());
        }
    }
);
