//! What happened between a question and the write that rests on its answer, on this node or another.

use kibali_crypto::{new_token, sha256};
use kibali_model::{Clock, ObjectId};
use kibali_store::StoreError;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::asker::Asker;
use kibali_store::door::factors::Proof;
use kibali_store::door::passkeys::{self, AddPasskey, Added, MOST, Passkey, UsedPasskey};
use kibali_store::door::sessions::StartSession;
use kibali_testkit::both;

use super::*;

async fn account(t: &TestApp, username: &str) -> Account {
    let mut reader = t.app.store.reader().await.unwrap();
    accounts::by_username(&mut reader, username).await.unwrap().unwrap()
}

async fn passkeys_of(t: &TestApp, user: ObjectId) -> Vec<Passkey> {
    passkeys::of_user(&mut t.app.store.reader().await.unwrap(), user).await.unwrap()
}

/// Would somebody be signed in whose passkey had counted this far?
async fn counts(t: &TestApp, passkey: &Passkey, user: ObjectId, counter: u32) -> bool {
    let (cookie, challenge) = (new_token(&*t.app.random), new_token(&*t.app.random));
    let now = t.clock.now();
    let used = UsedPasskey {
        uid: passkey.uid,
        factor: passkey.factor(),
        counter,
        backed_up: false,
        challenge: sha256(challenge.expose()),
        until: now.plus_seconds(300),
    };
    let start = StartSession {
        hash: sha256(cookie.expose()),
        replaces: None,
        sid: cookie.expose().clone(),
        user,
        credential_version: 0,
        proof: Some(Proof::Passkey(used)),
        amr: String::new(),
        expires: now.plus_seconds(60),
        address: String::new(),
        user_agent: None,
        at_most: 50,
        now,
    };
    t.app.store.write(start).await.unwrap()
}

both!(
    fn of_two_answers_that_were_both_found_right_the_count_decides(t) {
        let (_, mut device, _) = protected(t).await;
        device.counter = Some(6);
        assert_eq!(alone(&mut t.browser(), &mut device).await.path, "/apps");
        let user = account(t, ORDINARY.0).await.user;
        let other = account(t, ADMIN).await.user;
        let passkey = passkeys_of(t, user).await.remove(0);
        assert_eq!(passkey.counter, 7);
        for (counter, whose, taken) in
            [(7, user, false), (6, user, false), (0, user, false), (8, other, false), (8, user, true), (8, user, false)]
        {
            assert_eq!(counts(t, &passkey, whose, counter).await, taken, "{counter}");
        }
        // One that does not count is held by its challenges alone.
        let mut silent = Authenticator::that(|device| device.counter = None);
        make(&mut crate::pages::admin(t).await, &mut silent, "Silent").await;
        let passkey = passkeys_of(t, other).await.remove(0);
        assert!(counts(t, &passkey, other, 0).await && counts(t, &passkey, other, 0).await);
    }
);

both!(
    fn a_passkey_is_kept_for_a_session_that_is_open_and_an_account_that_is_as_it_was(t) {
        let (browser, ..) = protected(t).await;
        let found = account(t, ORDINARY.0).await;
        let (user, version) = (found.user, found.credential_version);
        let made = passkeys_of(t, user).await.remove(0);
        let by = Asker {
            user,
            credential_version: version,
            session: Some(sha256(&browser.cookies["kibali"])),
        };
        let new = || {
            let name = new_token(&*t.app.random);
            AddPasskey {
                by,
                passkey: Passkey {
                    uid: t.app.new_uid(),
                    credential: name.expose().clone().into_bytes(),
                    created: t.clock.now(),
                    ..made.clone()
                },
                challenge: sha256(name.expose()),
                until: t.clock.now().plus_seconds(300),
                recovery_codes: Vec::new(),
                address: String::new(),
            }
        };
        let add = async |with: AddPasskey| t.app.store.write(with).await.unwrap();
        let gone = async |by: Asker| {
            matches!(t.app.store.write(AddPasskey { by, ..new() }).await, Err(StoreError::Gone))
        };
        // The password changed since, or the session has ended, is another's or has proved no factor.
        assert!(gone(Asker { credential_version: version - 1, ..by }).await);
        assert!(gone(Asker { session: Some([7; 32]), ..by }).await);
        let theirs = sha256(&crate::pages::admin(t).await.cookies["kibali"]);
        assert!(gone(Asker { session: Some(theirs), ..by }).await);
        let half = StartSession {
            hash: [8; 32],
            replaces: None,
            sid: "half".to_owned(),
            user,
            credential_version: version,
            proof: None,
            amr: "pwd".to_owned(),
            expires: t.clock.now().plus_seconds(60),
            address: String::new(),
            user_agent: None,
            at_most: 50,
            now: t.clock.now(),
        };
        assert!(!t.app.store.write(half).await.unwrap(), "the account asks for a factor");
        assert!(gone(Asker { session: Some([8; 32]), ..by }).await);
        // An account that was closed.
        let disable = async |disabled: bool| {
            let patch = json!([{ "op": "add", "path": "/disabled", "value": disabled }]);
            let patch = t.patch("/api/users/userordin01").body("application/json-patch+json", patch.to_string());
            assert_eq!(patch.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        };
        disable(true).await;
        assert!(gone(by).await);
        disable(false).await;
        // Of two that ask for the last place, one gets it.
        for _ in 2..MOST {
            assert_eq!(add(new()).await, Added::Kept { first: false });
        }
        let (one, other) = tokio::join!(add(new()), add(new()));
        assert!([one, other].contains(&Added::TooMany) && [one, other].contains(&Added::Kept { first: false }));
        assert_eq!(passkeys_of(t, user).await.len(), MOST);
    }
);
