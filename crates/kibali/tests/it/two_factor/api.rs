//! `/api/2fa` (modern reference 5.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kibali_store::door::{accounts, factors};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, both};
use serde_json::json;

use super::{App, enrolled, get, login_status, post};
use crate::pages::{ORDINARY, make_ordinary};

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errorCode"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

both!(
    fn an_app_is_enrolled_confirmed_and_switched_off_with_dhis2s_codes(t) {
        make_ordinary(t, &[]).await;
        let mut browser = t.browser();
        assert_eq!(login_status(&mut browser, ORDINARY, None).await, "SUCCESS");
        let code = |code: &str| json!({ "code": code });
        for path in ["/api/2fa/qrCodeJson", "/api/2fa/qrCodePng"] {
            let refused = get(&mut browser, path).await;
            assert_eq!(said(&refused), is(409, "E3047"), "{path}");
            assert_eq!(refused.json()["message"], "User is not in TOTP 2FA enrollment mode");
        }
        assert_eq!(said(&post(&mut browser, "/api/2fa/enabled", &code("123456")).await), is(409, "E3029"));
        assert_eq!(said(&post(&mut browser, "/api/2fa/disable", &code("123456")).await), is(409, "E3031"));
        assert_eq!(said(&post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await), is(409, "E3045"));
        let state = async || {
            let user = t.get("/api/users/userordin01?fields=twoFactorType,twoFactorEnabled,twoFA");
            user.basic(ADMIN, ADMIN_PASSWORD).send().await.json()
        };
        let off = json!({ "twoFactorType": "NOT_ENABLED", "twoFactorEnabled": false, "twoFA": false });
        assert_eq!(state().await, off);

        assert_eq!(post(&mut browser, "/api/2fa/enrollTOTP2FA", &json!({})).await.status, 200);
        assert_eq!(state().await["twoFactorType"], "ENROLLING_TOTP");
        let shown = get(&mut browser, "/api/2fa/qrCodeJson").await;
        assert_eq!(shown.header("cache-control"), Some("no-store"));
        let first = App::typed(shown.json()["base32Secret"].as_str().unwrap());
        let png = get(&mut browser, "/api/2fa/qrCodePng").await;
        assert_eq!((png.status, png.header("content-type")), (202, Some("application/octet-stream")));
        assert!(png.body.starts_with(b"\x89PNG"));
        assert_eq!(shown.json()["base64QRImage"], STANDARD.encode(&png.body));
        // The old way starts over.
        let again = get(&mut browser, "/api/2fa/qrCode").await;
        assert!(again.status == 202 && again.body != png.body);
        let app = App::typed(get(&mut browser, "/api/2fa/qrCodeJson").await.json()["base32Secret"].as_str().unwrap());
        assert_ne!(first.shows(t), app.shows(t));

        assert_eq!(said(&post(&mut browser, "/api/2fa/enable", &code("")).await), is(409, "E3050"));
        let wrong = post(&mut browser, "/api/2fa/enable", &code(&first.shows(t))).await;
        assert_eq!((said(&wrong), &wrong.json()["message"]), (is(403, "E3023"), &json!("Invalid 2FA code")));
        assert_eq!(get(&mut browser, "/api/2fa/enabled").await.json(), json!(false));
        assert_eq!(post(&mut browser, "/api/2fa/enabled", &code(&app.shows(t))).await.status, 200);
        assert_eq!(get(&mut browser, "/api/2fa/enabled").await.json(), json!(true));
        let on = json!({ "twoFactorType": "TOTP_ENABLED", "twoFactorEnabled": true, "twoFA": true });
        assert_eq!(state().await, on);
        let listed = "/api/users?filter=twoFactorType:eq:TOTP_ENABLED&filter=twoFactorEnabled:eq:true&fields=username";
        let listed = t.get(listed).basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!(listed["users"], json!([{ "username": ORDINARY.0 }]));
        for path in ["/api/2fa/enrollTOTP2FA", "/api/2fa/enable"] {
            assert_eq!(said(&post(&mut browser, path, &code("123456")).await), is(409, "E3022"), "{path}");
        }
        assert_eq!(said(&get(&mut browser, "/api/2fa/qrCodeJson").await), is(409, "E3047"));

        assert_eq!(said(&post(&mut browser, "/api/2fa/disable", &json!({})).await), is(409, "E3050"));
        assert_eq!(said(&post(&mut browser, "/api/2fa/disable", &code(&app.shows(t))).await), is(403, "E3023"), "used");
        assert_eq!(post(&mut browser, "/api/2fa/disabled", &code(&app.next(t))).await.status, 200);
        assert_eq!(state().await, off);
        assert_eq!(login_status(&mut t.browser(), ORDINARY, None).await, "SUCCESS");
        assert_eq!(t.get("/api/2fa/enabled").send().await.status, 401);
    }
);

both!(
    fn too_many_wrong_codes_are_told_as_dhis2_tells_them(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        let wrong = json!({ "code": app.wrong(t) });
        for _ in 0..3 {
            assert_eq!(said(&post(&mut browser, "/api/2fa/disable", &wrong).await), is(403, "E3023"));
        }
        let right = json!({ "code": app.next(t) });
        t.clock.advance_seconds(-30);
        assert_eq!(said(&post(&mut browser, "/api/2fa/disable", &right).await), is(409, "E3042"));
        t.clock.advance_seconds(30);
        assert_eq!(post(&mut browser, "/api/2fa/disable", &right).await.status, 200);
    }
);

both!(
    fn an_installation_may_offer_no_authenticator_apps(t) {
        let t = &t.another(2, |settings| settings.totp = false).await;
        make_ordinary(t, &[]).await;
        let mut browser = t.browser();
        assert_eq!(login_status(&mut browser, ORDINARY, None).await, "SUCCESS");
        assert_eq!(said(&post(&mut browser, "/api/2fa/enrollTOTP2FA", &json!({})).await), is(409, "E3046"));
        assert_eq!(said(&get(&mut browser, "/api/2fa/qrCode").await), is(409, "E3046"));
        let page = browser.open("/account/two-factor").await.answer.text();
        assert!(page.contains("does not offer it") && !page.contains("Set it up"), "{page}");
    }
);

both!(
    fn another_sites_page_enrols_nobody(t) {
        make_ordinary(t, &[]).await;
        let mut browser = t.browser();
        assert_eq!(login_status(&mut browser, ORDINARY, None).await, "SUCCESS");
        let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = t.get("/api/2fa/qrCode").header("cookie", &cookie.join("; "));
        assert_eq!(request.header("sec-fetch-site", "cross-site").send().await.status, 403);
        assert_eq!(said(&get(&mut browser, "/api/2fa/qrCodeJson").await), is(409, "E3047"));
    }
);

both!(
    fn a_seed_is_kept_sealed_for_its_user(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let mut reader = t.app.store.reader().await.unwrap();
        let user = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap().user;
        let sealed = factors::find(&mut reader, user).await.unwrap().unwrap().seed.unwrap();
        assert!(!sealed.windows(20).any(|bytes| bytes == app.0.bytes()));
        let key = t.app.master_key.seal_key();
        assert_eq!(key.unseal(&format!("totp:{}", user.0), &sealed).unwrap().expose(), app.0.bytes());
        assert!(key.unseal(&format!("totp:{}", user.0 + 1), &sealed).is_err());
    }
);
