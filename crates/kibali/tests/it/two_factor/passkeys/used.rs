//! Signing in.

use kibali_store::door::accounts;
use kibali_testkit::both;

use super::*;
use crate::oauth2::{AUTHORIZE, asking, member, redeem, register, said};

both!(
    fn a_passkey_signs_in_by_itself_and_leads_where_the_browser_wanted(t) {
        let (mut browser, mut device, _) = protected(t).await;
        let mut other = t.browser();
        let page = other.open("/account/sessions").await;
        assert!(page.path == "/login" && page.answer.text().contains("data-script hidden"), "{}", page.answer.text());
        assert_page(t, &page.answer, "login").await;
        let page = alone(&mut other, &mut device).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, "/account/sessions"));
        assert_eq!(other.cookies.keys().collect::<Vec<_>>(), ["kibali"], "the others have served");
        assert!(!browser.open(PAGE).await.answer.text().contains("Never"), "it was used");
        let told = events(t).await;
        let event = "sign_in.accepted {\"by\":\"session\",\"factor\":\"passkey\"}";
        assert!(told.iter().any(|told| told == event), "{told:#?}");
        // An account that is closed does not open; a password that is too old has no part in it.
        let disable = async |disabled: bool| {
            let patch = json!([{ "op": "add", "path": "/disabled", "value": disabled }]);
            let patch = t.patch("/api/users/userordin01").body("application/json-patch+json", patch.to_string());
            assert_eq!(patch.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        };
        disable(true).await;
        let page = alone(&mut t.browser(), &mut device).await;
        assert!(page.answer.text().contains("This account is disabled."), "{}", page.answer.text());
        disable(false).await;
        let months = t.post("/api/systemSettings/credentialsExpires?value=1").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(months.send().await.status, 200);
        t.clock.advance_seconds(60 * 86_400);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
    }
);

both!(
    fn a_passkey_that_does_not_know_its_user_is_a_second_factor_only(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let mut stick = Authenticator::that(|device| (device.verifies, device.counter) = (false, None));
        recovery_codes(&make(&mut browser, &mut stick, "Stick").await);
        let mut other = t.browser();
        let page = alone(&mut other, &mut stick).await;
        assert!(page.answer.status == 401 && page.answer.text().contains("did not make sure"), "{}", page.answer.text());
        assert!(!opens(&mut other).await);
        let (mut other, page) = with_password(t).await;
        assert_page(t, &page.answer, "second factor").await;
        assert_eq!(beside(&mut other, &page, &mut stick).await.path, "/apps");
        assert!(opens(&mut other).await);
    }
);

both!(
    fn an_answer_counts_once_within_five_minutes_in_the_browser_that_was_asked(t) {
        let (_, mut device, _) = protected(t).await;
        // Most passkeys do not count: the challenge alone must do.
        device.counter = None;
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let options = challenge(&mut browser, &page, "/login/passkey", "/login/passkey/challenge").await;
        let answer = device.answer(&options);
        let form = page.form("/login/passkey").fill("passkey", &answer);

        // In another browser it is worth nothing, not even with the cookie.
        let mut thief = t.browser();
        let theirs = thief.open("/login").await;
        thief.cookies.insert("kibali-passkey".to_owned(), browser.cookies["kibali-passkey"].clone());
        let stolen = thief.submit(&theirs, &theirs.form("/login/passkey").fill("passkey", &answer)).await;
        assert!(stolen.answer.status == 401 && stolen.answer.text().contains("took too long"), "{}", stolen.answer.text());
        let forged = browser.submit(&page, &form.clone().fill("csrf", "x")).await;
        assert_eq!(forged.answer.status, 403);

        // Of those who send it at once, whichever node it reaches, one gets in. A new session has a new cookie, so
        // that who comes later is told the challenge is not theirs.
        let node = t.another(2, |_| {}).await;
        let cookies = browser.cookies.clone();
        let sent = (0..4).map(|number| {
            let mut twin = if number % 2 == 0 { t.browser() } else { node.browser() };
            twin.cookies.clone_from(&cookies);
            let (page, form) = (page.clone(), form.clone());
            async move { twin.submit(&page, &form).await.path }
        });
        let paths = futures_util::future::join_all(sent).await;
        assert_eq!(paths.iter().filter(|path| *path == "/apps").count(), 1, "{paths:?}");
        // That it is spent is known for as long as it could be answered, though the clock of another node is fast.
        t.clock.advance_seconds(299);
        kibali_store::door::purge::run(&t.app.store, t.app.now().plus_seconds(299), 3600).await.unwrap();
        let mut twin = t.browser();
        twin.cookies.clone_from(&cookies);
        assert_ne!(twin.submit(&page, &form).await.path, "/apps");

        let mut late = t.browser();
        let page = late.open("/login").await;
        let options = challenge(&mut late, &page, "/login/passkey", "/login/passkey/challenge").await;
        let form = page.form("/login/passkey").fill("passkey", &device.answer(&options));
        t.clock.advance_seconds(300);
        assert_eq!(late.submit(&page, &form).await.answer.status, 401);
        assert!(!opens(&mut late).await);
    }
);

both!(
    fn an_answer_to_another_site_or_of_another_passkey_opens_nothing(t) {
        let (_, mut device, _) = protected(t).await;
        for (origin, site) in [("https://evil.example", "localhost"), ("http://localhost:8080", "evil.example")] {
            (device.origin, device.site) = (origin.to_owned(), site.to_owned());
            let page = alone(&mut t.browser(), &mut device).await;
            assert!(page.answer.status == 401 && page.answer.text().contains("not accepted"), "{}", page.answer.text());
        }
        (device.origin, device.site) = ("http://localhost:8080".to_owned(), "localhost".to_owned());
        // A passkey of somebody else is no second factor, though they have one.
        let mut admin = crate::pages::admin(t).await;
        let mut theirs = Authenticator::default();
        recovery_codes(&make(&mut admin, &mut theirs, "Administrator").await);
        let (mut browser, page) = with_password(t).await;
        let mut options = challenge(&mut browser, &page, "/login/code", "/login/code/challenge").await;
        assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
        options["allowCredentials"] = json!([]);
        // Nor is it one where it names nobody, nor is their own under the name of another.
        let theirs_now: Value = serde_json::from_str(&theirs.answer(&options)).unwrap();
        let own: Value = serde_json::from_str(&device.answer(&options)).unwrap();
        let handle = theirs_now["response"]["userHandle"].clone();
        for (answer, handle) in [(&theirs_now, &handle), (&theirs_now, &Value::Null), (&own, &handle)] {
            let mut answer = answer.clone();
            answer["response"]["userHandle"] = handle.clone();
            let form = page.form("/login/code").fill("passkey", &answer.to_string());
            let refused = browser.submit(&page, &form).await;
            assert!(refused.answer.text().contains("not registered here"), "{}", refused.answer.text());
        }
        assert!(!opens(&mut browser).await);
        kibali_web::identity::flush(&t.app).await.unwrap();
        let told = events(t).await;
        let event = |told: &String| told.starts_with("factor.refused") && told.contains("PasskeyUnknown");
        assert!(told.iter().any(event), "{told:#?}");
        // One that names another user than it was made for is nobody's.
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let options = challenge(&mut browser, &page, "/login/passkey", "/login/passkey/challenge").await;
        let mut answer: Value = serde_json::from_str(&theirs.answer(&options)).unwrap();
        for handle in [json!(null), json!("AAAA")] {
            answer["response"]["userHandle"] = handle;
            let refused = browser.submit(&page, &page.form("/login/passkey").fill("passkey", &answer.to_string())).await;
            assert_eq!(refused.answer.status, 401);
        }
        // A signature that is wrong.
        let options = challenge(&mut browser, &page, "/login/passkey", "/login/passkey/challenge").await;
        let mut answer: Value = serde_json::from_str(&device.answer(&options)).unwrap();
        let other: Value = serde_json::from_str(&device.answer(&json!({ "challenge": "AAAA", "allowCredentials": [] }))).unwrap();
        answer["response"]["signature"] = other["response"]["signature"].clone();
        let refused = browser.submit(&page, &page.form("/login/passkey").fill("passkey", &answer.to_string())).await;
        assert!(refused.answer.text().contains("not accepted"), "{}", refused.answer.text());
        assert!(!opens(&mut browser).await);
    }
);

both!(
    fn a_passkey_whose_count_does_not_grow_is_refused_and_told_of(t) {
        let (_, mut device, _) = protected(t).await;
        device.counter = Some(6);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
        for count in [Some(6), Some(0), None] {
            device.counter = count;
            let page = alone(&mut t.browser(), &mut device).await;
            assert!(page.answer.text().contains("a copy of it"), "{count:?} {}", page.answer.text());
        }
        device.counter = Some(7);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
        kibali_web::identity::flush(&t.app).await.unwrap();
        let told = events(t).await;
        assert!(told.iter().any(|event| event.starts_with("sign_in.refused") && event.contains("PasskeyCopied")), "{told:#?}");
    }
);

both!(
    fn tokens_tell_how_a_passkey_was_used(t) {
        let (_, mut device, codes) = protected(t).await;
        register(t, "rely", json!({})).await;
        let ways = async |browser: &mut Browser| {
            let page = browser.open(&asking("rely", "&scope=openid&prompt=consent")).await;
            let page = browser.submit(&page, &page.form(AUTHORIZE).press("user_oauth_approval", "true")).await;
            let tokens = redeem(t, "rely", &member(&page, "code").unwrap()).await.json();
            let said = said(&tokens["id_token"]);
            (said["amr"].clone(), said["acr"].clone())
        };
        let mut browser = t.browser();
        alone(&mut browser, &mut device).await;
        assert_eq!(ways(&mut browser).await, (json!(["hwk", "user", "mfa"]), json!("2")));
        let (mut browser, page) = with_password(t).await;
        beside(&mut browser, &page, &mut device).await;
        assert_eq!(ways(&mut browser).await, (json!(["pwd", "hwk", "user", "mfa"]), json!("2")));
        let (mut browser, page) = with_password(t).await;
        send(&mut browser, &page, "/login/code", "code", &codes[0]).await;
        assert_eq!(ways(&mut browser).await, (json!(["pwd", "otp", "mfa"]), json!("2")));
        // One that its owner's devices share is not bound to hardware.
        let mut shared = Authenticator::that(|device| device.shares = true);
        make(&mut browser, &mut shared, "Shared").await;
        assert_eq!(ways(&mut browser).await, (json!(["pwd", "otp", "swk", "user", "mfa"]), json!("2")));
        let mut browser = t.browser();
        alone(&mut browser, &mut shared).await;
        assert_eq!(ways(&mut browser).await, (json!(["swk", "user", "mfa"]), json!("2")));
        // It was one that is shared when it was made, and stays one.
        shared.shares = false;
        let page = alone(&mut t.browser(), &mut shared).await;
        assert!(page.answer.text().contains("not accepted"), "{}", page.answer.text());
    }
);

both!(
    fn a_passkey_makes_up_for_wrong_passwords_and_the_trail_says_whose_it_was(t) {
        let (_, mut device, _) = protected(t).await;
        let mut guesser = t.browser();
        for status in [401, 401, 401, 429] {
            let page = guesser.open("/login").await;
            assert_eq!(fill_login(&mut guesser, &page, ORDINARY.0, "wrong").await.answer.status, status);
        }
        device.counter = Some(6);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
        with_password(t).await;
        device.counter = Some(0);
        alone(&mut t.browser(), &mut device).await;
        kibali_web::identity::flush(&t.app).await.unwrap();
        let mut reader = t.app.store.reader().await.unwrap();
        let user = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap().user;
        let events = kibali_store::door::audit::newest(&mut reader, 50).await.unwrap();
        for (name, told) in [("sign_in.accepted", "\"passkey\""), ("sign_in.refused", "\"PasskeyCopied\"")] {
            let event = events.iter().find(|event| event.name == name && event.detail.to_string().contains(told));
            assert_eq!(event.map(|event| event.user), Some(Some(user)), "{name}");
        }
    }
);

both!(
    fn a_passkey_that_nobody_touched_opens_nothing_and_is_not_kept(t) {
        let (mut browser, mut device, _) = protected(t).await;
        device.present = false;
        let page = alone(&mut t.browser(), &mut device).await;
        assert!(page.answer.status == 401 && page.answer.text().contains("not accepted"), "{}", page.answer.text());
        let (mut other, page) = with_password(t).await;
        assert_ne!(beside(&mut other, &page, &mut device).await.path, "/apps");
        assert!(!opens(&mut other).await);
        let made = make(&mut browser, &mut Authenticator::that(|device| device.present = false), "Nobody's").await;
        assert_eq!(made.answer.status, 400, "{}", made.answer.text());
        device.present = true;
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
    }
);
