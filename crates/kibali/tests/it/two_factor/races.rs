//! Writes that rest on how a second factor was when they were decided, and find it otherwise.

use futures_util::future::join_all;
use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId, SignIn, Timestamp};
use kibali_store::door::asker::Asker;
use kibali_store::door::factors::{self, BeginTotp, ConfirmFactor, Proof, ReplaceRecoveryCodes, WithProof};
use kibali_store::door::links::{IssueLink, Purpose};
use kibali_store::door::mailed::BeginMailed;
use kibali_store::door::sessions::{self, Reauthenticated, StartSession};
use kibali_store::door::{accounts, emails};
use kibali_store::{Engine, Statement, StoreError, Tx, Write, values};
use kibali_testkit::seed::import;
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{enrolled, login_status, post};
use crate::grants::asked_for;
use crate::pages::{ORDINARY, make_ordinary};

pub(super) async fn account(t: &TestApp) -> accounts::Account {
    let mut reader = t.app.store.reader().await.unwrap();
    accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap()
}

/// The code of this time step, found right.
pub(super) fn shown(t: &TestApp, step: i64) -> Proof {
    Proof::Totp { step, until: t.clock.now().plus_seconds(60) }
}

pub(super) fn with(t: &TestApp, account: &accounts::Account, proof: Proof) -> WithProof {
    let now = t.clock.now();
    let by = Asker { user: account.user, credential_version: account.credential_version, session: None };
    WithProof { by, proof, address: "127.0.0.1".into(), now }
}

both!(
    fn what_a_password_was_about_to_open_stays_shut_when_a_factor_came_meanwhile(t) {
        make_ordinary(t, &[]).await;
        let account = account(t).await;
        let start = |name: &str, proof| StartSession {
            hash: sha256(name),
            replaces: None,
            sid: name.into(),
            user: account.user,
            credential_version: account.credential_version,
            proof,
            amr: SignIn::PASSWORD.into(),
            expires: t.clock.now().plus_seconds(3600),
            address: "127.0.0.1".into(),
            user_agent: None,
            at_most: 100,
            now: t.clock.now(),
        };
        let granted = async |id, grant_type| {
            let mut issue = asked_for(t, id, &format!("race {id}"), grant_type).await;
            issue.grant.user = account.user;
            issue.grant.credential_version = account.credential_version;
            t.app.store.write(issue).await.unwrap().is_some()
        };
        assert!(t.app.store.write(start("before", None)).await.unwrap());
        assert!(granted(701, GrantType::Password).await);
        // Both were decided; now the factor is set up.
        enrolled(t).await;
        assert!(!t.app.store.write(start("after", None)).await.unwrap());
        assert!(!granted(702, GrantType::Password).await);
        assert!(t.app.store.write(start("proved", Some(shown(t, 7)))).await.unwrap());
        assert!(granted(703, GrantType::AuthorizationCode).await, "a browser proved it");
        // Nor does a password that was found right before make that sign-in a later one.
        let began = t.clock.now();
        let again = Reauthenticated {
            hash: sha256("proved"),
            credential_version: account.credential_version,
            now: began.plus_seconds(60),
        };
        t.app.store.write(again).await.unwrap();
        let found = sessions::find(&mut t.app.store.reader().await.unwrap(), sha256("proved")).await.unwrap();
        assert_eq!(found.unwrap().since, began);
    }
);

both!(
    fn a_code_confirms_what_it_was_held_against_and_nothing_else(t) {
        make_ordinary(t, &[]).await;
        let account = account(t).await;
        let (user, store) = (account.user, &t.app.store);
        let begin = |seed: &[u8]| BeginTotp { user, seed: seed.to_vec(), now: t.clock.now() };
        let found = async || factors::find(&mut store.reader().await.unwrap(), user).await.unwrap().unwrap();
        let confirm = |enrolment, step| ConfirmFactor {
            with: with(t, &account, shown(t, step)),
            enrolment,
            recovery_codes: Vec::new(),
        };
        assert!(store.write(begin(b"one")).await.unwrap());
        let first = found().await.enrolment(t.clock.now()).unwrap();
        // The second tab begins anew, in the same moment.
        assert!(store.write(begin(b"two")).await.unwrap());
        assert!(!store.write(confirm(first.clone(), 1)).await.unwrap());
        // Or has codes mailed instead.
        let mail = BeginMailed { user, email: "amina@example.org".into(), now: t.clock.now() };
        assert!(store.write(mail).await.unwrap());
        assert!(!store.write(confirm(first, 2)).await.unwrap());
        let mailed = found().await.enrolment(t.clock.now()).unwrap();
        assert!(!store.write(confirm(mailed, 3)).await.unwrap(), "a code of an app");
        assert!(!found().await.protects());
        assert!(store.write(begin(b"three")).await.unwrap());
        let third = found().await.enrolment(t.clock.now()).unwrap();
        assert!(store.write(confirm(third, 4)).await.unwrap());
        assert!(found().await.protects());
    }
);

/// A recovery code of somebody whom no second factor protects.
struct Left(ObjectId);

impl Write for Left {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let insert = "insert into recovery_code (user_object, hash) values ($1, $2)";
        tx.run(Statement::new("test.left", insert), values![self.0, sha256("left")]).await.map(|_| ())
    }
}

both!(
    fn recovery_codes_do_not_outlive_the_last_factor(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let account = account(t).await;
        let codes = |name: &str| vec![sha256(name)];
        let count = async || {
            let mut reader = t.app.store.reader().await.unwrap();
            factors::find(&mut reader, account.user).await.unwrap().unwrap().recovery_codes
        };
        let replace = |step, name: &str| ReplaceRecoveryCodes {
            with: with(t, &account, shown(t, step)),
            recovery_codes: codes(name),
        };
        assert!(t.app.store.write(replace(1, "one")).await.unwrap());
        assert_eq!(count().await, 1);
        let mut browser = t.browser();
        assert_eq!(login_status(&mut browser, ORDINARY, Some(&app.next(t))).await, "SUCCESS");
        let off = post(&mut browser, "/api/2fa/disable", &json!({ "code": app.next(t) })).await;
        assert_eq!(off.status, 200, "{}", off.text());
        assert!(!t.app.store.write(replace(2, "two")).await.unwrap());
        assert_eq!(count().await, 0);
        // One that was left behind goes with the next factor that is confirmed.
        let begin = BeginTotp { user: account.user, seed: b"seed".to_vec(), now: t.clock.now() };
        assert!(t.app.store.write(begin).await.unwrap());
        t.app.store.write(Left(account.user)).await.unwrap();
        assert_eq!(count().await, 1);
        let found = factors::find(&mut t.app.store.reader().await.unwrap(), account.user).await.unwrap();
        let confirm = ConfirmFactor {
            with: with(t, &account, shown(t, 3)),
            enrolment: found.unwrap().enrolment(t.clock.now()).unwrap(),
            recovery_codes: Vec::new(),
        };
        assert!(t.app.store.write(confirm).await.unwrap());
        assert_eq!(count().await, 0);
    }
);

both!(
    fn links_that_are_asked_for_at_once_are_all_counted(t) {
        make_ordinary(t, &[]).await;
        let account = account(t).await;
        let other = t.another(3, |_| {}).await;
        let asked = (0..20).map(|number| {
            let node = if number % 2 == 0 { t } else { &other };
            let issue = IssueLink {
                hash: sha256(format!("link {number}")),
                purpose: Purpose::Verify,
                user: account.user,
                email: "amina@example.org".into(),
                credential_version: account.credential_version,
                by: None,
                expires: t.clock.now().plus_seconds(3600),
                now: t.clock.now(),
            };
            async move { node.app.store.write(issue).await.unwrap() }
        });
        let made = join_all(asked).await;
        assert_eq!(made.iter().filter(|made| **made).count(), 5);
        other.app.store.close().await;
    }
);

both!(
    fn of_two_who_read_one_address_at_once_one_has_it_and_the_other_hears_no(t) {
        let user = |number: u8| json!({
            "id": format!("usershare{number:02}"), "username": format!("share{number}"), "password": "Kibali_2026",
            "firstName": "A", "surname": "B", "email": "office@example.org", "userRoles": [{ "id": "roleshare01" }],
        });
        let role = json!({ "id": "roleshare01", "name": "Shared", "authorities": [] });
        let users: Vec<_> = (0..8).map(user).collect();
        import(&t.app, &json!({ "userRoles": [role], "users": users })).await;
        let now: Timestamp = t.clock.now();
        let mut hashes = Vec::new();
        for number in 0..8 {
            let mut reader = t.app.store.reader().await.unwrap();
            let account = accounts::by_username(&mut reader, &format!("share{number}")).await.unwrap().unwrap();
            drop(reader);
            let hash = sha256(format!("share {number}"));
            let issue = IssueLink {
                hash,
                purpose: Purpose::Verify,
                user: account.user,
                email: "office@example.org".into(),
                credential_version: account.credential_version,
                by: None,
                expires: now.plus_seconds(3600),
                now,
            };
            assert!(t.app.store.write(issue).await.unwrap());
            hashes.push(hash);
        }
        let verify = hashes.into_iter().map(|hash| t.app.store.write(emails::VerifyEmail { hash, now }));
        let said: Vec<bool> = join_all(verify).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(said.iter().filter(|yes| **yes).count(), 1, "{said:?} on {:?}", t.engine() == Engine::Postgres);
    }
);
