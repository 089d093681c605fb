//! Two writes about one account that are under way at once. On PostgreSQL alone: on SQLite one writes after the other.

use kibali_crypto::sha256;
use kibali_model::ObjectId;
use kibali_store::door::codes;
use kibali_store::door::cuts::{CutGrants, Cutter};
use kibali_store::door::factors::{self, BeginTotp, ConfirmFactor, Proof, SwitchOffFactor};
use kibali_store::door::live_grants::Which;
use kibali_store::door::protection::ResetFactor;
use kibali_store::{Engine, Statement, StoreError, Tx, Write, values};
use kibali_testkit::TestApp;

use super::races::{account, shown, with};
use super::{enrolled, opens};
use crate::between::between;
use crate::pages::{ORDINARY, make_ordinary, signed_in};
use crate::shut_out::{asker, code};

/// A statement about a user.
struct About(&'static str, ObjectId);

impl Write for About {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(Statement::new("test.about", self.0), values![self.1]).await.map(|_| ())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_factor_that_is_taken_away_while_it_is_confirmed_takes_along_what_that_opened() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    make_ordinary(t, &[]).await;
    let mut browser = signed_in(t, ORDINARY).await;
    let account = account(t).await;
    let begin = BeginTotp { user: account.user, seed: b"seed".to_vec(), now: t.app.now() };
    assert!(t.app.store.write(begin).await.unwrap());
    let found = async || {
        let mut reader = t.app.store.reader().await.unwrap();
        factors::find(&mut reader, account.user).await.unwrap().unwrap()
    };
    let mut with = with(t, &account, shown(t, 1));
    with.by.session = Some(sha256(&browser.cookies["kibali"]));
    let enrolment = found().await.enrolment(t.app.now()).unwrap();
    let confirm = ConfirmFactor { with, enrolment, recovery_codes: Vec::new() };
    let reset = ResetFactor { user: account.user, by: "admin".into(), now: t.app.now() };
    let still = About("select object from account where object = $1", account.user);
    let (confirmed, reset) = between(t, confirm, still, t.app.store.write(reset)).await;
    reset.unwrap();
    assert!(confirmed.unwrap().0);
    assert!(!found().await.protects());
    assert!(!opens(&mut browser).await, "it proved what is there no longer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_allowed_while_its_user_is_cut_goes_with_the_rest() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    make_ordinary(t, &[]).await;
    let by = asker(t, &signed_in(t, ORDINARY).await).await;
    let allowed = code(t, by).await;
    let hash = allowed.hash;
    let which = Which { user: Some(by.user), client: None };
    let cutter = Cutter { user: by.user, address: String::new() };
    let cut = CutGrants { which, by: cutter, now: t.app.now() };
    let still = About("select object from account where object = $1", by.user);
    let (inserted, ended) = between(t, allowed, still, t.app.store.write(cut)).await;
    assert!(inserted.unwrap().0 && ended.unwrap() == 0);
    assert!(codes::find(&mut t.app.store.reader().await.unwrap(), hash).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_switches_a_factor_off_waits_for_the_account_with_nothing_in_hand() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    make_ordinary(t, &[]).await;
    enrolled(t).await;
    let account = account(t).await;
    let about = |sql| About(sql, account.user);
    let code = "insert into recovery_code (user_object, hash) values ($1, decode(repeat('07', 32), 'hex'))";
    t.app.store.write(about(code)).await.unwrap();
    let off = SwitchOffFactor(with(t, &account, Proof::Recovery([7; 32])));
    // Whoever has the account's row gets at what belongs to it, without a deadlock.
    let takes_account = about("update account set last_login = last_login where object = $1");
    let takes_codes = about("select hash from recovery_code where user_object = $1 for update nowait");
    let (slow, switched_off) = between(t, takes_account, takes_codes, t.app.store.write(off)).await;
    assert!(slow.is_ok() && switched_off.unwrap(), "{slow:?}");
}
