//! An application signs its user out here as well (OpenID Connect RP-Initiated Logout 1.0).

use kibali_testkit::seed::CLIENT;
use kibali_testkit::{Browser, TestApp, both};
use serde_json::json;

use super::{allow, asking, member, redeem, register, signed_in};

const OUT: &str = "https://app.example.org/out";

async fn is_in(browser: &mut Browser) -> bool {
    browser.open_once("/apps").await.status == 200
}

/// A browser that is signed in, and the ID token that tells so.
async fn identified(t: &TestApp) -> (Browser, String) {
    register(t, "app", json!({ "postLogoutRedirectUris": OUT })).await;
    let mut browser = signed_in(t).await;
    let page = allow(&mut browser, &asking("app", "&scope=openid")).await;
    let tokens = redeem(t, "app", &member(&page, "code").unwrap()).await.json();
    (browser, tokens["id_token"].as_str().unwrap().to_owned())
}

both!(
    fn the_hint_of_this_session_signs_out_at_once_and_leads_back(t) {
        let (mut browser, hint) = identified(t).await;
        t.clock.advance_seconds(1801);
        let path = format!("/connect/logout?id_token_hint={hint}&post_logout_redirect_uri={OUT}&state=s");
        let answer = browser.open_once(&path).await;
        assert_eq!(answer.location(), Some(format!("{OUT}?state=s").as_str()), "an old hint is still a hint");
        assert!(!is_in(&mut browser).await);
        let again = browser.open_once(&path).await;
        assert_eq!(again.location(), Some(format!("{OUT}?state=s").as_str()));
    }
);

both!(
    fn whoever_has_no_hint_of_this_session_is_asked(t) {
        let (_, hint) = identified(t).await;
        let mut browser = signed_in(t).await;
        let path = format!("/connect/logout?id_token_hint={hint}&post_logout_redirect_uri={OUT}");
        let page = browser.open(&path).await;
        assert!(page.answer.text().contains("App app asks you to sign out"), "{}", page.answer.text());
        assert!(is_in(&mut browser).await);
        let form = page.form("/connect/logout");
        let left = browser.submit(&page, &form).await;
        assert_eq!(left.answer.location(), Some(OUT));
        assert!(!is_in(&mut browser).await);
    }
);

both!(
    fn nobody_is_led_where_no_client_registered(t) {
        let (mut browser, hint) = identified(t).await;
        let unknown = "id_token_hint or client_id must say which application asks";
        for (query, why) in [
            (format!("id_token_hint={hint}&post_logout_redirect_uri=https://evil.example/"), "is not registered"),
            (format!("post_logout_redirect_uri={OUT}"), unknown),
            (format!("id_token_hint={hint}&client_id={CLIENT}&post_logout_redirect_uri={OUT}"), unknown),
            (format!("id_token_hint={hint}x&post_logout_redirect_uri={OUT}"), unknown),
        ] {
            let answer = browser.open_once(&format!("/connect/logout?{query}")).await;
            assert_eq!((answer.status, answer.location()), (400, None), "{query}");
            let page = answer.text();
            assert!(page.contains(why) && page.contains("Sign out") && !page.contains("Authorize"), "{page}");
        }
        assert!(is_in(&mut browser).await);
    }
);
