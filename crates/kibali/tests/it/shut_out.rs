//! Whoever is shut out between the head of a request and its last byte gets nothing new (rules of the door 6).

use std::pin::Pin;

use kibali_crypto::{new_token, sha256};
use kibali_model::{ApiTokenType, Clock, ObjectId, Scopes, SignIn, TokenLimits, TwoFactorType};
use kibali_store::StoreError;
use kibali_store::door::api_tokens::{ApiToken, InsertApiToken};
use kibali_store::door::asker::Asker;
use kibali_store::door::codes::{Code, InsertCode};
use kibali_store::door::cuts::{CutGrants, Cutter};
use kibali_store::door::devices::{AnswerDevice, InsertDevice};
use kibali_store::door::factors::{BeginTotp, ConfirmFactor, Enrolment, MakeRecoveryCodes, Proof, WithProof};
use kibali_store::door::live_grants::Which;
use kibali_store::door::passkeys::{AddPasskey, Passkey};
use kibali_store::door::sessions::EndSession;
use kibali_store::door::{accounts, clients};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT};
use kibali_testkit::{Browser, Page, TestApp, both};
use serde_json::{Value, json};

use crate::oauth2::{AUTHORIZE, asking, register};
use crate::pages::{ORDINARY, make_ordinary, signed_in};

/// What shuts somebody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Left,
    Cut,
    Disabled,
    Reset,
}

const EVERY: [Out; 4] = [Out::Left, Out::Cut, Out::Disabled, Out::Reset];

type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What an administrator changes of [`ORDINARY`], when it is waited for.
fn set(t: &TestApp, name: &str, value: Value) -> Ending {
    let operation = json!([{ "op": "add", "path": format!("/{name}"), "value": value }]).to_string();
    let patch = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
    let patch = patch.body("application/json-patch+json", operation);
    Box::pin(async move {
        let answer = patch.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    })
}

/// Shuts out whoever asks so, when it is waited for.
fn shut_out(t: &TestApp, out: Out, who: Asker) -> Ending {
    let (app, now, user) = (t.app.clone(), t.clock.now(), Some(who.user));
    match out {
        Out::Left => {
            let end = EndSession { hash: who.session.unwrap(), now };
            Box::pin(async move { app.store.write(end).await.unwrap() })
        }
        Out::Cut => {
            let by = Cutter { user: who.user, address: String::new() };
            let cut = CutGrants { which: Which { user, client: None }, by, now };
            Box::pin(async move { app.store.write(cut).await.map(drop).unwrap() })
        }
        Out::Disabled => set(t, "disabled", json!(true)),
        Out::Reset => set(t, "password", json!("Another_2026")),
    }
}

/// [`ORDINARY`], by the session of this browser.
pub(crate) async fn asker(t: &TestApp, browser: &Browser) -> Asker {
    let mut reader = t.app.store.reader().await.unwrap();
    let account = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap();
    let session = Some(sha256(&browser.cookies["kibali"]));
    Asker { user: account.user, credential_version: account.credential_version, session }
}

async fn client(t: &TestApp) -> ObjectId {
    let mut reader = t.app.store.reader().await.unwrap();
    clients::by_client_id(&mut reader, CLIENT).await.unwrap().unwrap().client.object
}

/// A code that a client is allowed to have, by whoever asks so.
pub(crate) async fn code(t: &TestApp, by: Asker) -> InsertCode {
    let now = t.clock.now();
    let code = Code {
        user: by.user,
        client: client(t).await,
        scopes: Scopes::parse("openid"),
        redirect_uri: "https://app.example.org/cb".into(),
        redirect_sent: true,
        challenge: None,
        expires: now.plus_seconds(60),
        nonce: None,
        sign_in: SignIn { at: None, sid: None, amr: String::new() },
        resource: None,
        jkt: None,
    };
    let hash = sha256(new_token(&*t.app.random).expose());
    InsertCode { by, hash, code, asked: None, remember: false, pushed: None, now }
}

/// Connects a device.
async fn connect(t: &TestApp, by: Asker) -> Result<bool, StoreError> {
    let (client, now) = (client(t).await, t.clock.now());
    let user_hash = sha256(new_token(&*t.app.random).expose());
    let expires = now.plus_seconds(60);
    let scopes = Scopes::parse("openid");
    let shown = InsertDevice { hash: user_hash, user_hash, client, scopes, resource: None, expires, now };
    assert!(t.app.store.write(shown).await.unwrap());
    let sign_in = SignIn { at: None, sid: None, amr: String::new() };
    t.app.store.write(AnswerDevice { user_hash, by, client, granted: true, sign_in, now }).await
}

/// Confirms an authenticator app that was begun to be set up.
async fn confirm(t: &TestApp, by: Asker) -> Result<bool, StoreError> {
    let now = t.clock.now();
    let begin = BeginTotp { user: by.user, seed: b"seed".to_vec(), now };
    t.app.store.write(begin).await.unwrap();
    let enrolment =
        Enrolment { state: TwoFactorType::EnrollingTotp, begun: now, seed: Some(b"seed".to_vec()) };
    let proof = Proof::Totp { step: 1, until: now.plus_seconds(60) };
    let with = WithProof { by, proof, address: String::new(), now };
    t.app.store.write(ConfirmFactor { with, enrolment, recovery_codes: Vec::new() }).await
}

fn passkey(t: &TestApp, by: Asker) -> AddPasskey {
    let (name, now) = (new_token(&*t.app.random), t.clock.now());
    let passkey = Passkey {
        uid: t.app.new_uid(),
        user: by.user,
        credential: name.expose().clone().into_bytes(),
        handle: vec![1],
        public_key: "{}".into(),
        counter: 0,
        eligible: false,
        backed_up: false,
        transports: String::new(),
        name: "Key".into(),
        created: now,
        last_used: None,
    };
    let (challenge, until) = (sha256(name.expose()), now.plus_seconds(60));
    AddPasskey { by, passkey, challenge, until, recovery_codes: Vec::new(), address: String::new() }
}

fn api_token(t: &TestApp, by: Asker) -> InsertApiToken {
    let now = t.clock.now();
    let token = ApiToken {
        id: t.app.new_object_id(),
        uid: t.app.new_uid(),
        user: by.user,
        code: None,
        kind: ApiTokenType::V2,
        limits: TokenLimits::default(),
        created: now,
        updated: now,
        expires: now.plus_seconds(60),
        last_used: None,
    };
    let hash = sha256(new_token(&*t.app.random).expose());
    InsertApiToken { hash, token, by, address: String::new() }
}

/// What is made for whoever asks so, of all that lasts longer than a session.
async fn made(t: &TestApp, by: Asker) -> Vec<&'static str> {
    let (store, now) = (&t.app.store, t.clock.now());
    let codes = MakeRecoveryCodes { by, recovery_codes: vec![sha256("code")], address: String::new(), now };
    let mut made = Vec::new();
    let mut note = |name, refused: Option<StoreError>| match refused {
        None => made.push(name),
        Some(StoreError::Gone) => {}
        Some(other) => panic!("{name}: {other}"),
    };
    note("code", store.write(code(t, by).await).await.err());
    note("device", connect(t, by).await.err());
    note("token", store.write(api_token(t, by)).await.err());
    note("factor", confirm(t, by).await.err());
    note("recovery codes", store.write(codes).await.err());
    note("passkey", store.write(passkey(t, by)).await.err());
    made
}

both!(
    fn nothing_that_lasts_is_made_for_whoever_was_shut_out_meanwhile(t) {
        make_ordinary(t, &[]).await;
        for out in EVERY {
            let by = asker(t, &signed_in(t, ORDINARY).await).await;
            shut_out(t, out, by).await;
            assert_eq!(made(t, by).await, [""; 0], "{out:?}");
            if out == Out::Disabled || out == Out::Reset {
                assert_eq!(made(t, Asker { session: None, ..by }).await, [""; 0], "{out:?}, by the password");
            }
            if out == Out::Disabled {
                set(t, "disabled", json!(false)).await;
            }
        }
        let theirs = asker(t, &crate::pages::admin(t).await).await;
        assert_eq!(made(t, theirs).await, [""; 0], "the session of another");
        let by = asker(t, &signed_in(t, (ORDINARY.0, "Another_2026")).await).await;
        let every = ["code", "device", "token", "factor", "recovery codes", "passkey"];
        assert_eq!(made(t, by).await, every);
        // The password alone opens nothing of an account that a factor protects by now.
        assert_eq!(made(t, Asker { session: None, ..by }).await, [""; 0]);
    }
);

/// Submits a form of which the last byte comes when its user is shut out; answers the status and where it leads.
async fn late(
    t: &TestApp,
    browser: &mut Browser,
    (page, form): (&Page, &kibali_testkit::Form),
    out: Out,
) -> (u16, bool) {
    let ending = shut_out(t, out, asker(t, browser).await);
    let (_, request) = browser.submission(page, form);
    let answer = browser.send(request.held_open(ending).await).await;
    let led = answer.location().is_some();
    (answer.status, led)
}

both!(
    fn a_form_whose_last_byte_comes_after_its_user_was_shut_out_does_nothing(t) {
        make_ordinary(t, &[]).await;
        register(t, "app", json!({})).await;
        let old = format!("/uaa/oauth/authorize?client_id={CLIENT}&response_type=code&redirect_uri=http://127.0.0.1:4711/callback");
        for out in EVERY {
            for (address, refused) in
                [(asking("app", "&scope=openid%20username").as_str(), 401), (old.as_str(), 401), ("/account/profile", 403)]
            {
                let mut browser = signed_in(t, ORDINARY).await;
                let page = browser.open(address).await;
                let form = match page.path.as_str() {
                    "/account/profile" => page.form("/account/profile").fill("surname", "Thief"),
                    path => {
                        let action = if path.starts_with("/uaa") { "/uaa/oauth/authorize" } else { AUTHORIZE };
                        page.form(action).press("user_oauth_approval", "true")
                    }
                };
                assert_eq!(late(t, &mut browser, (&page, &form), out).await, (refused, false), "{address}: {out:?}");
                match out {
                    Out::Left | Out::Cut => {}
                    Out::Disabled => set(t, "disabled", json!(false)).await,
                    Out::Reset => set(t, "password", json!(ORDINARY.1)).await,
                }
            }
        }
        let user = t.get("/api/users/userordin01?fields=surname").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        assert_eq!(user["surname"], "Baraka");
        // One byte that comes late, of somebody who is still there, is all right.
        let mut browser = signed_in(t, ORDINARY).await;
        let page = browser.open(&asking("app", "&scope=openid%20username")).await;
        let form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
        let (_, request) = browser.submission(&page, &form);
        let answer = browser.send(request.held_open(async {}).await).await;
        assert!(answer.location().is_some_and(|to| to.contains("code=")), "{}", answer.text());
    }
);

both!(
    fn an_import_whose_last_byte_comes_after_its_caller_was_shut_out_writes_nothing(t) {
        make_ordinary(t, &["ALL"]).await;
        let groups = json!({ "userGroups": [{ "id": "groupheld01", "name": "Held" }] });
        for out in EVERY {
            let browser = signed_in(t, ORDINARY).await;
            let by = asker(t, &browser).await;
            let mut asked = vec![browser.request("POST", "/api/metadata")];
            if out == Out::Disabled || out == Out::Reset {
                asked.push(t.post("/api/metadata").basic(ORDINARY.0, ORDINARY.1));
            }
            for request in asked {
                let answer = request.json(&groups).held_open(shut_out(t, out, by)).await.send().await;
                assert_eq!(answer.status, 401, "{out:?}: {}", answer.text());
                match out {
                    Out::Left | Out::Cut => {}
                    Out::Disabled => set(t, "disabled", json!(false)).await,
                    Out::Reset => set(t, "password", json!(ORDINARY.1)).await,
                }
            }
        }
        let group = t.get("/api/userGroups/groupheld01").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(group.status, 404);
        let request = t.post("/api/metadata").basic(ORDINARY.0, ORDINARY.1).json(&groups);
        assert_eq!(request.held_open(async {}).await.send().await.status, 200, "nobody was shut out");
    }
);
