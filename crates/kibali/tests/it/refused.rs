//! What pages refuse in words of their own can be asked about as well (rules of the door 11).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT};
use kibali_testkit::{Answer, Browser, both};
use serde_json::json;

use crate::oauth2::{asking, register};
use crate::pages::{ORDINARY, assert_page, fill_login, make_ordinary, signed_in};
use crate::two_factor::enrol;
use crate::why::{broken, explained, number};

both!(
    fn a_page_that_refuses_an_application_shows_the_number_and_names_the_mend(t) {
        register(t, "app", json!({ "postLogoutRedirectUris": "https://app.example.org/out" })).await;
        register(t, "machine", json!({ "authorizationGrantTypes": "refresh_token" })).await;
        let ask = |path: &str, client: &str| {
            t.get(&format!("{path}?response_type=code&client_id={client}&redirect_uri=https://evil.example/hidden"))
        };
        let out = |query: &str| t.get(&format!("/connect/logout?post_logout_redirect_uri=https://evil.example/hidden{query}"));
        let redirect = "Invalid redirect: it does not match one of the registered values.";
        let grant = "A redirect_uri can only be used by implicit or authorization_code grant types.";
        let nobody = "id_token_hint or client_id must say which application asks";
        for (status, request, finding, change) in [
            (401, ask("/oauth2/authorize", "hunter2-typed-as-name"), "Bad client credentials; no client there is asks".to_owned(),
                "register the client, or send its client ID"),
            (401, ask("/uaa/oauth/authorize", "hunter2-typed-as-name"), "Bad client credentials; no client there is asks".to_owned(),
                "register the client, or send its client ID"),
            (400, ask("/oauth2/authorize", "app"), format!("{redirect}; the client app asks"),
                "register the redirect URI with the client app, letter by letter as it is sent"),
            (400, ask("/uaa/oauth/authorize", CLIENT), format!("{redirect}; the client {CLIENT} asks"),
                "register the redirect URI with the client demo, letter by letter as it is sent"),
            (400, ask("/oauth2/authorize", "machine"), format!("{grant}; the client machine asks"),
                "give the client machine the grant type authorization_code"),
            (400, out("&client_id=app"), "post_logout_redirect_uri is not registered; the client app asks".to_owned(),
                "register the address with the client app as a post-logout redirect URI, letter by letter as it is sent"),
            (400, out(""), nobody.to_owned(),
                "send the client_id, or the id_token_hint, of the client that registered the address"),
        ] {
            let answer = request.send().await;
            let found = explained(t, status, &answer).await;
            assert_eq!((broken(&found), found.change.as_str()), (("request", finding.as_str()), change));
            assert_page(t, &answer, change).await;
            assert!(answer.text().contains(&format!("Request <code>{}</code>", number(&answer))), "{}", answer.text());
            let told = format!("{found:?}");
            assert!(!told.contains("hunter2") && !told.contains("hidden"), "{told}");
        }
        let script = t.get(&asking("app", "")).header("x-requested-with", "XMLHttpRequest");
        let found = explained(t, 401, &script.send().await).await;
        assert_eq!((broken(&found), found.change.contains("send a credential")), (("credential", "none was sent"), true));
    }
);

/// The login form, sent with these; where no `csrf` is given, with that of the page.
async fn login(
    browser: &mut Browser,
    (username, password): (&str, &str),
    csrf: Option<&str>,
    origin: &str,
) -> Answer {
    let page = browser.open("/login").await;
    let token = page.form("/login").value("csrf").unwrap().to_owned();
    let fields = [("username", username), ("password", password), ("csrf", csrf.unwrap_or(&token))];
    let request = browser.request("POST", "/login").header("origin", origin).form(&fields);
    browser.send(request).await
}

both!(
    fn who_is_refused_on_the_sign_in_page_is_remembered_with_the_reason(t) {
        make_ordinary(t, &[]).await;
        let own = "http://localhost:8080";
        let mut browser = t.browser();
        let answer = login(&mut browser, ("hunter2-typed-as-name", "x"), None, own).await;
        let found = explained(t, 401, &answer).await;
        assert_eq!(broken(&found), ("credential", "user name and password, of no user there is"));
        assert!(!format!("{found:?}").contains("hunter2"));
        assert_eq!(found.change, "send the name of a user there is, and the right password");

        let wrong = (ORDINARY.0, "wrong-password");
        let found = explained(t, 401, &login(&mut browser, wrong, None, own).await).await;
        assert_eq!(broken(&found), ("credential", "user name and password of ordinary"));
        assert_eq!(found.change, "send the right password");
        let found = explained(t, 403, &login(&mut browser, wrong, Some("x"), own).await).await;
        assert_eq!((broken(&found).0, found.change.as_str()), ("request", "open the page anew and send the form from there, in a browser that keeps cookies"));
        let found = explained(t, 403, &login(&mut browser, wrong, None, "https://evil.example").await).await;
        assert_eq!(broken(&found).0, "request");
        assert!(found.change.contains("corsWhitelist") && found.change.contains("server.base.url"), "{}", found.change);

        for _ in 0..3 {
            login(&mut browser, wrong, None, own).await;
        }
        let answer = login(&mut browser, ORDINARY, None, own).await;
        let found = explained(t, 429, &answer).await;
        let seconds = answer.header("retry-after").unwrap();
        assert_eq!((broken(&found).0, found.change.as_str()), ("rate", format!("wait {seconds} seconds").as_str()));

        t.clock.advance_seconds(3600);
        enrol(t, &mut signed_in(t, ORDINARY).await).await;
        let page = browser.open("/login").await;
        let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
        assert_eq!(page.path, "/login/code");
        let done = browser.submit(&page, &page.form("/login/code").fill("code", "000000")).await;
        let found = explained(t, 401, &done.answer).await;
        assert_eq!(broken(&found).0, "account");
        assert!(found.change.contains("a code that works now"), "{}", found.change);

        let disable = json!([{ "op": "replace", "path": "/disabled", "value": true }]).to_string();
        let disable = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).body("application/json-patch+json", disable);
        assert_eq!(disable.send().await.status, 200);
        let found = explained(t, 401, &login(&mut browser, ORDINARY, None, own).await).await;
        assert_eq!((broken(&found), found.change.as_str()), (("account", "ordinary: disabled"), "enable ordinary"));

        let expire = t.post("/api/systemSettings/credentialsExpires?value=1").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(expire.send().await.status, 200);
        t.clock.advance_seconds(40 * 86_400);
        let found = explained(t, 401, &login(&mut browser, (ADMIN, ADMIN_PASSWORD), None, own).await).await;
        assert_eq!((broken(&found).0, found.change.as_str()), ("account", "choose a new password"));
    }
);

both!(
    fn what_only_administrators_see_names_the_authority_that_opens_it(t) {
        make_ordinary(t, &[]).await;
        for path in ["/api/oAuth2Authorizations", "/api/oAuth2AuthorizationConsents", "/api/initialAccessTokens"] {
            let answer = t.get(path).basic(ORDINARY.0, ORDINARY.1).send().await;
            let found = explained(t, 403, &answer).await;
            let change = "give the role Ordinary the authority ALL";
            assert_eq!((broken(&found), found.change.as_str()), (("authority", "GET asks for ALL"), change), "{path}");
        }
    }
);
