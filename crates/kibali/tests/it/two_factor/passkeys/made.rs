//! Making and taking away.

use kibali_store::door::{accounts, factors};
use kibali_testkit::both;

use super::super::ending::allowed;
use super::super::{App, enrol, post};
use super::*;
use crate::identity::{ask_token, bearer};

both!(
    fn a_first_passkey_protects_the_account_and_ends_what_a_password_opened(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, mut other) = (signed_in(t, ORDINARY).await, signed_in(t, ORDINARY).await);
        let tokens = ask_token(t, ORDINARY.0, ORDINARY.1).await.json();
        let token = tokens["access_token"].as_str().unwrap();
        let page = browser.open(NEW).await;
        assert_page(t, &page.answer, "new").await;
        assert!(page.answer.text().contains("your password alone opens your account no longer"));
        let mut device = Authenticator::default();
        let made = make(&mut browser, &mut device, "  My telephone ").await;
        assert!(made.answer.text().contains("Your account is protected now"), "{}", made.answer.text());
        recovery_codes(&made);
        assert!(opens(&mut browser).await && !opens(&mut other).await);
        assert_eq!(bearer(t, token).await, 401);
        assert_eq!(user(t).await, json!({ "twoFactorType": "NOT_ENABLED", "twoFactorEnabled": true }));

        let page = browser.open(PAGE).await;
        assert_page(t, &page.answer, "with a passkey").await;
        let text = page.answer.text();
        for part in ["My telephone", "In one device", "10 of 10 are left", "Set it up", "Never"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(browser.open("/account").await.answer.text().contains("It is on."));
        // Another is one more: nothing is shown and nothing ends.
        let mut stick = Authenticator::that(|device| device.shares = true);
        let made = make(&mut browser, &mut stick, "Stick").await;
        let text = made.answer.text();
        assert!(text.contains("Passkey added") && text.contains("Copied among your devices"), "{text}");
        assert!(!text.contains("id=\"recovery-codes\"") && text.contains("10 of 10 are left"));
        let told = events(t).await;
        for event in ["factor.enabled {\"factor\":\"passkey\"}", "\"name\":\"My telephone\"}", "\"name\":\"Stick\"}"] {
            assert!(told.iter().any(|told| told.ends_with(event)), "{event}: {told:#?}");
        }
        // What ended does not come back with the factors gone.
        for one in links(&mut browser).await {
            let page = browser.open(&one).await;
            browser.submit(&page, &page.form("/remove")).await;
        }
        assert_eq!(user(t).await["twoFactorEnabled"], false);
        assert!(opens(&mut browser).await && !opens(&mut other).await);
        assert_eq!(bearer(t, token).await, 401);
    }
);

both!(
    fn a_password_alone_opens_nothing_once_there_is_a_passkey(t) {
        let (_, _, codes) = protected(t).await;
        assert_eq!(ask_token(t, ORDINARY.0, ORDINARY.1).await.status, 401);
        let basic = t.get("/api/me").basic(ORDINARY.0, ORDINARY.1).send().await;
        assert!(basic.status == 401 && basic.text().contains("second factor"), "{}", basic.text());
        let status = login_status(&mut t.browser(), ORDINARY, None).await;
        assert_eq!(status, "INCORRECT_TWO_FACTOR_CODE_TOTP");
        // The codes that came with it do open, once each.
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS");
        assert_ne!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS");
        let (mut browser, page) = with_password(t).await;
        assert!(page.answer.text().contains("Recovery code") && page.answer.text().contains("Use a passkey"));
        let page = send(&mut browser, &page, "/login/code", "code", &codes[1]).await;
        assert_eq!(page.path, "/apps");
    }
);

both!(
    fn whoever_changes_passkeys_proved_who_they_are_within_five_minutes(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        t.clock.advance_seconds(300);
        let page = browser.open(NEW).await;
        assert_eq!(page.path, "/account/password/prove");
        let old = page.form("/prove").value("csrf").unwrap().to_owned();
        let refused = browser.request("POST", &format!("{NEW}/challenge")).form(&[("csrf", &old)]);
        assert_eq!(browser.send(refused).await.status, 403);
        let page = browser.submit(&page, &page.form("/prove").fill("password", ORDINARY.1)).await;
        assert_eq!(page.path, NEW);
        let mut device = Authenticator::default();
        let made = make(&mut browser, &mut device, "One").await;
        recovery_codes(&made);

        t.clock.advance_seconds(300);
        let page = browser.open(NEW).await;
        assert_eq!(page.path, "/account/two-factor/prove", "a password is no longer enough");
        assert_page(t, &page.answer, "prove").await;
        let options = challenge(&mut browser, &page, "/prove", "/account/two-factor/challenge").await;
        let answer = device.answer(&options);
        let page = browser.submit(&page, &page.form("/prove").fill("passkey", &answer)).await;
        assert_eq!(page.path, NEW);
        // An authenticator app is added by nobody else either.
        t.clock.advance_seconds(300);
        let page = browser.open(PAGE).await;
        let page = browser.submit(&page, &page.form("/begin")).await;
        assert_eq!(page.path, "/account/two-factor/prove");
        let begun = browser.request("POST", "/api/2fa/enrollTOTP2FA").json(&json!({}));
        assert_eq!(browser.send(begun).await.status, 403);
        // Nor is a passkey taken away.
        let one = links(&mut browser).await.remove(0);
        let page = browser.open(&one).await;
        assert_eq!(page.path, "/account/two-factor/prove");
        let csrf = page.form("/prove").value("csrf").unwrap().to_owned();
        let removed = browser.request("POST", &format!("{one}/remove")).form(&[("csrf", &csrf)]);
        assert_eq!(browser.send(removed).await.location(), Some("/account/two-factor/prove"));
        assert_eq!(links(&mut browser).await, [one]);
    }
);

/// The links to the passkeys on the page.
async fn links(browser: &mut Browser) -> Vec<String> {
    let text = browser.open(PAGE).await.answer.text();
    let links = text.split("href=\"").filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.contains("/passkeys/") && *link != NEW).map(str::to_owned).collect()
}

both!(
    fn a_passkey_is_renamed_and_removed_by_its_owner_and_the_recovery_codes_go_with_the_last(t) {
        let (mut browser, mut device, codes) = protected(t).await;
        t.clock.advance_seconds(1);
        make(&mut browser, &mut Authenticator::default(), "Another").await;
        let both = links(&mut browser).await;
        assert_eq!(both.len(), 2, "{both:?}");
        let page = browser.open(&both[0]).await;
        assert_page(t, &page.answer, "one").await;
        assert!(!page.answer.text().contains("only second factor"));
        let nameless = browser.submit(&page, &page.form(&both[0]).fill("name", "  ")).await;
        assert!(nameless.answer.status == 400 && nameless.answer.text().contains("Give it a name."));
        let page = browser.submit(&page, &page.form(&both[0]).fill("name", "Old <telephone>")).await;
        assert!(page.answer.text().contains("Old &#60;telephone&#62;"), "{}", page.answer.text());

        // Nobody else sees it, and nobody else takes it away.
        let mut admin = crate::pages::admin(t).await;
        assert_eq!(admin.open(&both[0]).await.answer.status, 404);
        let own = admin.open(PAGE).await;
        let csrf = own.form("/begin").value("csrf").unwrap().to_owned();
        let theirs = admin.request("POST", &format!("{}/remove", both[0])).form(&[("csrf", &csrf)]);
        admin.send(theirs).await;
        let named = [("csrf", csrf.as_str()), ("name", "Taken over")];
        admin.send(admin.request("POST", &both[0]).form(&named)).await;
        assert_eq!(links(&mut browser).await, both);
        assert!(!browser.open(PAGE).await.answer.text().contains("Taken over"));

        let page = browser.open(&both[1]).await;
        let page = browser.submit(&page, &page.form("/remove")).await;
        assert!(page.answer.text().contains("Passkey removed"), "{}", page.answer.text());
        t.clock.advance_seconds(300);
        let page = browser.open(&both[0]).await;
        assert_eq!(page.path, "/account/two-factor/prove");
        let options = challenge(&mut browser, &page, "/prove", "/account/two-factor/challenge").await;
        let answer = device.answer(&options);
        let page = browser.submit(&page, &page.form("/prove").fill("passkey", &answer)).await;
        assert!(page.path == both[0] && page.answer.text().contains("only second factor"));
        let page = browser.submit(&page, &page.form("/remove")).await;
        assert!(page.answer.text().contains("It is off: your password alone"), "{}", page.answer.text());
        assert!(opens(&mut browser).await, "the owner proved it a moment ago");
        assert_eq!(user(t).await["twoFactorEnabled"], false);
        assert_eq!(login_status(&mut t.browser(), ORDINARY, None).await, "SUCCESS");
        let mut reader = t.app.store.reader().await.unwrap();
        let who = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap().user;
        assert_eq!(factors::find(&mut reader, who).await.unwrap().unwrap().recovery_codes, 0);
        drop(reader);
        let told = events(t).await;
        assert!(told.iter().any(|event| event == "factor.disabled {\"factor\":\"passkey\"}"), "{told:#?}");
        // What was kept for the day that it is lost is worth nothing with the next one.
        make(&mut signed_in(t, ORDINARY).await, &mut Authenticator::default(), "New").await;
        assert_ne!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS");
    }
);

both!(
    fn a_passkey_is_kept_once_and_a_user_has_twenty(t) {
        let (mut browser, _, _) = protected(t).await;
        let mut device = Authenticator::default();
        let page = browser.open(NEW).await;
        let options = challenge(&mut browser, &page, "/passkeys", &format!("{NEW}/challenge")).await;
        assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
        assert_eq!(options["attestation"], "none");
        let wanted: Vec<i64> = options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect();
        assert_eq!(wanted, [-7, -8, -257]);
        let form = page.form("/passkeys").fill("name", "x").fill("passkey", &device.make(&options));
        assert!(browser.submit(&page, &form).await.answer.text().contains("Passkey added"));
        let again = browser.submit(&page, &form).await;
        assert!(again.answer.status == 400 && again.answer.text().contains("answered before"), "{}", again.answer.text());
        // Nor by another challenge, whoever asks: an authenticator that answers twice is one.
        let kept: Value = serde_json::from_str(form.value("passkey").unwrap()).unwrap();
        for browser in [&mut browser, &mut crate::pages::admin(t).await] {
            let page = browser.open(NEW).await;
            let options = challenge(browser, &page, "/passkeys", &format!("{NEW}/challenge")).await;
            let mut answer: Value = serde_json::from_str(&Authenticator::default().make(&options)).unwrap();
            answer["id"] = kept["id"].clone();
            answer["response"]["attestationObject"] = kept["response"]["attestationObject"].clone();
            let form = page.form("/passkeys").fill("name", "x").fill("passkey", &answer.to_string());
            let taken = browser.submit(&page, &form).await;
            assert!(taken.answer.status == 400 && taken.answer.text().contains("registered already"), "{}", taken.answer.text());
        }
        let one_more = browser.open(NEW).await;
        let next = challenge(&mut browser, &one_more, "/passkeys", &format!("{NEW}/challenge")).await;
        assert_eq!(next["user"]["id"], options["user"]["id"], "authenticators know the user by one name");
        for number in 2..20 {
            let made = make(&mut browser, &mut device, &format!("Number {number}")).await;
            assert_eq!(made.answer.status, 200, "{number}");
        }
        assert_eq!(links(&mut browser).await.len(), 20);
        assert!(!browser.open(PAGE).await.answer.text().contains("Add a passkey"));
        let csrf = page.form("/passkeys").value("csrf").unwrap().to_owned();
        let more = browser.request("POST", &format!("{NEW}/challenge")).form(&[("csrf", &csrf)]);
        assert_eq!(browser.send(more).await.status, 400);
        // One handle for all of them, which says nothing about who it is.
        let handle = options["user"]["id"].as_str().unwrap();
        assert!(handle.len() == 43 && options["user"]["name"] == ORDINARY.0, "{options}");
    }
);

both!(
    fn an_answer_that_says_the_wrong_thing_makes_no_passkey(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        for device in [
            Authenticator::that(|device| device.origin = "https://evil.example".to_owned()),
            Authenticator::that(|device| device.site = "evil.example".to_owned()),
        ] {
            let mut device = device;
            let made = make(&mut browser, &mut device, "x").await;
            assert!(made.answer.status == 400 && made.answer.text().contains("not accepted"), "{}", made.answer.text());
        }
        let page = browser.open(NEW).await;
        for answer in ["", "{}", "nonsense", "\u{1f511}"] {
            let made = browser.submit(&page, &page.form("/passkeys").fill("name", "x").fill("passkey", answer)).await;
            assert_eq!(made.answer.status, 400, "{answer}");
        }
        // Too late, and to what was asked in another browser or for something else.
        let mut device = Authenticator::default();
        let options = challenge(&mut browser, &page, "/passkeys", &format!("{NEW}/challenge")).await;
        let form = page.form("/passkeys").fill("name", "x").fill("passkey", &device.make(&options));
        let mut other = signed_in(t, ORDINARY).await;
        let theirs = other.open(NEW).await;
        let stolen = theirs.form("/passkeys").fill("name", "x").fill("passkey", &device.make(&options));
        assert_eq!(other.submit(&theirs, &stolen).await.answer.status, 400);
        let own = challenge(&mut browser, &page, "/passkeys", "/account/two-factor/challenge").await;
        let instead = page.form("/passkeys").fill("name", "x").fill("passkey", &device.make(&json!({ "challenge": own["challenge"], "user": options["user"] })));
        assert_eq!(browser.submit(&page, &instead).await.answer.status, 400, "asked for one that is there");
        challenge(&mut browser, &page, "/passkeys", &format!("{NEW}/challenge")).await;
        t.clock.advance_seconds(300);
        assert_eq!(browser.submit(&page, &form).await.answer.status, 400);
        assert_eq!(user(t).await["twoFactorEnabled"], false);
    }
);

both!(
    fn a_role_that_demands_a_second_factor_is_content_with_a_passkey(t) {
        make_ordinary(t, &[]).await;
        demand(t).await;
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
        assert!(page.path == PAGE && page.answer.text().contains("Add a passkey"), "{}", page.answer.text());
        t.clock.advance_seconds(300);
        let page = browser.open(NEW).await;
        assert_eq!(page.path, "/account/password/prove", "even so far back");
        let page = browser.submit(&page, &page.form("/prove").fill("password", ORDINARY.1)).await;
        assert_eq!(page.path, NEW);
        let mut device = Authenticator::default();
        recovery_codes(&make(&mut browser, &mut device, "One").await);
        assert!(opens(&mut browser).await);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
        // Whoever removes it is back at the beginning.
        let one = links(&mut browser).await.remove(0);
        let page = browser.open(&one).await;
        let page = browser.submit(&page, &page.form("/remove")).await;
        assert!(page.path == PAGE && page.answer.text().contains("A role of yours demands"), "{}", page.answer.text());
        assert!(!opens(&mut browser).await);
    }
);

both!(
    fn an_app_and_a_passkey_stand_beside_each_other(t) {
        let (mut browser, mut device, codes) = protected(t).await;
        let app = enrol(t, &mut browser).await;
        assert_eq!(user(t).await, json!({ "twoFactorType": "TOTP_ENABLED", "twoFactorEnabled": true }));
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS", "the codes stay");
        let (mut other, page) = with_password(t).await;
        assert_eq!(send(&mut other, &page, "/login/code", "code", &app.next(t)).await.path, "/apps");
        let (mut other, page) = with_password(t).await;
        assert_eq!(beside(&mut other, &page, &mut device).await.path, "/apps");
        // The app goes, by the passkey; the passkey still protects.
        let page = other.open(PAGE).await;
        let options = challenge(&mut other, &page, "/off", "/account/two-factor/challenge").await;
        let answer = device.answer(&options);
        let page = other.submit(&page, &page.form("/off").fill("passkey", &answer)).await;
        assert!(page.answer.text().contains("Your passkeys still protect your account."), "{}", page.answer.text());
        assert_eq!(user(t).await, json!({ "twoFactorType": "NOT_ENABLED", "twoFactorEnabled": true }));
        assert_ne!(login_status(&mut t.browser(), ORDINARY, None).await, "SUCCESS");
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&codes[1])).await, "SUCCESS");
    }
);

both!(
    fn an_app_that_has_shown_no_code_yet_opens_nothing(t) {
        let (mut browser, _, codes) = protected(t).await;
        assert_eq!(post(&mut browser, "/api/2fa/enrollTOTP2FA", &json!({})).await.status, 200);
        let shown = get(&mut browser, "/api/2fa/qrCodeJson").await.json();
        let app = App::typed(shown["base32Secret"].as_str().unwrap());
        assert_ne!(login_status(&mut t.browser(), ORDINARY, Some(&app.shows(t))).await, "SUCCESS");
        // Nor is it confirmed with a code for recovery.
        let body = json!({ "code": codes[0] });
        assert_eq!(post(&mut browser, "/api/2fa/enable", &body).await.status, 403);
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS");
    }
);

both!(
    fn passkeys_go_with_what_an_administrator_takes_away_and_with_the_user(t) {
        let (mut browser, mut device, codes) = protected(t).await;
        // Obtained with the passkey, before there was an app: it goes with the two of them.
        let (access, _) = allowed(t, &mut browser).await;
        t.clock.advance_seconds(60);
        enrol(t, &mut browser).await;
        assert_eq!(bearer(t, &access).await, 200);
        let reset = t.post("/api/users/userordin01/twoFA/disabled").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(reset.status, 200);
        assert!(!opens(&mut browser).await);
        assert_eq!(bearer(t, &access).await, 401);
        assert_eq!(user(t).await["twoFactorEnabled"], false);
        let page = alone(&mut t.browser(), &mut device).await;
        assert!(page.answer.text().contains("not registered here"), "{}", page.answer.text());
        let mut browser = signed_in(t, ORDINARY).await;
        make(&mut browser, &mut device, "Again").await;
        assert_ne!(login_status(&mut t.browser(), ORDINARY, Some(&codes[0])).await, "SUCCESS");
        let gone = t.delete("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(gone.status, 200, "{}", gone.text());
        let page = alone(&mut t.browser(), &mut device).await;
        assert!(page.answer.text().contains("not registered here"), "{}", page.answer.text());
    }
);

both!(
    fn an_installation_may_offer_no_passkeys_and_a_number_cannot(t) {
        let (_, mut device, _) = protected(t).await;
        let off = t.another(2, |settings| settings.passkeys = false).await;
        let mut browser = off.browser();
        assert_eq!(alone(&mut browser, &mut device).await.path, "/apps", "those that are there go on");
        let page = browser.open(PAGE).await.answer.text();
        assert!(page.contains("My telephone") && !page.contains("Add a passkey"));
        let page = browser.open(NEW).await;
        let csrf = page.form("/passkeys").value("csrf").unwrap().to_owned();
        let asked = browser.request("POST", &format!("{NEW}/challenge")).form(&[("csrf", &csrf)]);
        assert_eq!(browser.send(asked).await.status, 400);
        let number = t.another(3, |settings| settings.base_url = "http://127.0.0.1:8080".parse().unwrap()).await;
        let page = number.browser().open("/login").await.answer.text();
        assert!(!page.contains("passkey"), "{page}");
    }
);
