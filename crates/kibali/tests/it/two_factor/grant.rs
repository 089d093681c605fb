//! A second factor with the password grant, for clients that may send it (rules of the door 10).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

use super::enrolled;
use super::pages::{recovery_codes, set_up};
use crate::pages::{ORDINARY, make_ordinary, signed_in};
use crate::why::{broken, explained};

/// Lets the demo client send codes, or not.
async fn takes_codes(t: &TestApp, takes: bool) {
    let change = json!([{ "op": "replace", "path": "/takesOtp", "value": takes }]);
    let request = t.patch("/api/oAuth2Clients/e0jkVfDkSMT").basic(ADMIN, ADMIN_PASSWORD);
    let answer = request.body("application/json-patch+json", change.to_string()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn token(t: &TestApp, (username, password): (&str, &str), otp: Option<&str>) -> Answer {
    let mut fields = vec![("grant_type", "password"), ("username", username), ("password", password)];
    fields.extend(otp.map(|otp| ("otp", otp)));
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await
}

both!(
    fn a_code_beside_the_password_opens_where_the_client_may_send_it(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let page = browser.open("/account/two-factor").await;
        let (app, done) = set_up(t, &mut browser, &page).await;
        let codes = recovery_codes(&done);
        let refused = token(t, ORDINARY, Some(&app.next(t))).await;
        assert_eq!(refused.status, 401, "the client may not");
        takes_codes(t, true).await;
        let missing = token(t, ORDINARY, None).await;
        let wrong = token(t, ORDINARY, Some(&app.wrong(t))).await;
        assert_eq!((missing.status, missing.text()), (401, refused.text()));
        assert_eq!((wrong.status, wrong.text()), (401, missing.text()), "one answer for both");
        let code = app.next(t);
        let answer = token(t, ORDINARY, Some(&code)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = answer.json();
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(t.get("/api/me").bearer(access).send().await.status, 200);
        assert_eq!(token(t, ORDINARY, Some(&code)).await.text(), missing.text(), "a code counts once");
        // Refreshing asks for no other.
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let again = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await;
        assert_eq!(again.status, 200, "{}", again.text());
        for status in [200, 401] {
            assert_eq!(token(t, ORDINARY, Some(&codes[0])).await.status, status, "a recovery code opens once");
        }
        let wrong = token(t, (ORDINARY.0, "wrong"), Some(&app.next(t))).await;
        assert_eq!(wrong.json()["error"], "invalid_grant", "the password comes first");
        let unneeded = token(t, (ADMIN, ADMIN_PASSWORD), Some("123456")).await;
        assert_eq!(unneeded.status, 200, "an account without a factor asks for none");
    }
);

both!(
    fn whoever_asks_why_a_code_beside_the_password_opened_nothing_is_told_what_to_send(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let why = async |otp: Option<&str>| {
            let found = explained(t, 401, &token(t, ORDINARY, otp).await).await;
            let kept = format!("{found:?}");
            assert!(!kept.contains(ORDINARY.1) && otp.is_none_or(|otp| !kept.contains(otp)), "{kept}");
            assert_eq!(broken(&found).0, "account");
            found.change
        };
        let other_way = "use the authorization code grant or a personal access token: a password alone opens nothing";
        assert_eq!(why(Some(&app.next(t))).await, other_way, "the client may send none");
        takes_codes(t, true).await;
        let send = "send a code that works now, or a recovery code that was not used, as otp beside the password";
        assert_eq!(why(None).await, send);
        assert_eq!(why(Some(&app.wrong(t))).await, send);
        let code = app.next(t);
        assert_eq!(token(t, ORDINARY, Some(&code)).await.status, 200);
        assert_eq!(why(Some(&code)).await, send, "it is spent");
        let found = explained(t, 400, &token(t, (ORDINARY.0, "wrong"), Some(&app.next(t))).await).await;
        assert_eq!(broken(&found).0, "credential", "the password comes first");
    }
);

both!(
    fn a_code_with_the_password_grant_counts_once_whichever_node_it_reaches(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        takes_codes(t, true).await;
        let node = t.another(2, |_| {}).await;
        for _ in 0..3 {
            let code = app.next(t);
            let all = (0..4).map(|n| token(if n % 2 == 0 { t } else { &node }, ORDINARY, Some(&code)));
            let answers = futures_util::future::join_all(all).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        }
    }
);

both!(
    fn what_a_code_obtained_ends_with_the_factor_that_somebody_else_takes_away(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        takes_codes(t, true).await;
        let tokens = token(t, ORDINARY, Some(&app.next(t))).await.json();
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(t.get("/api/me").bearer(access).send().await.status, 200);
        let taken = t.post("/api/users/userordin01/twoFA/disabled").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(taken.status, 200, "{}", taken.text());
        assert_eq!(t.get("/api/me").bearer(access).send().await.status, 401);
    }
);
