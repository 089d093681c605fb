//! Two writes about one account that are under way at once. On PostgreSQL alone: on SQLite one writes after the other.

use std::sync::Arc;

use kibali_crypto::sha256;
use kibali_model::ObjectId;
use kibali_store::door::codes;
use kibali_store::door::cuts::{CutGrants, Cutter};
use kibali_store::door::factors::{self, BeginTotp, ConfirmFactor, Proof, SwitchOffFactor};
use kibali_store::door::live_grants::Which;
use kibali_store::door::protection::ResetFactor;
use kibali_store::{Engine, Statement, StoreError, Tx, Write, values};
use kibali_testkit::TestApp;
use tokio::sync::Semaphore;

use super::races::{account, shown, with};
use super::{enrolled, opens};
use crate::pages::{ORDINARY, make_ordinary, signed_in};
use crate::shut_out::{asker, code};

/// Does one thing, and another in the same transaction when it is told to go on.
struct Slow<A, B> {
    first: A,
    then: B,
    course: Arc<Course>,
}

struct Course {
    begun: Semaphore,
    goes_on: Semaphore,
}

impl<A: Write, B: Write> Write for Slow<A, B> {
    type Output = (A::Output, B::Output);

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, StoreError> {
        let first = self.first.apply(tx).await?;
        self.course.begun.add_permits(1);
        drop(self.course.goes_on.acquire().await);
        Ok((first, self.then.apply(tx).await?))
    }
}

/// A statement about a user.
struct About(&'static str, ObjectId);

impl Write for About {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(Statement::new("test.about", self.0), values![self.1]).await.map(|_| ())
    }
}

/// Transactions that wait for another.
async fn waiting(t: &TestApp) -> i64 {
    let sql = "select count(*) from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'";
    let mut reader = t.app.store.reader().await.unwrap();
    reader.rows_composed(sql, Vec::new()).await.unwrap()[0].int(0).unwrap()
}

/// What comes of both where `other` arrives between `first` and `then`, which go on once it waits for them or is over.
async fn between<A: Write, B: Write, C: Write>(
    t: &TestApp,
    first: A,
    then: B,
    other: C,
) -> (Result<(A::Output, B::Output), StoreError>, C::Output) {
    let course = Arc::new(Course { begun: Semaphore::new(0), goes_on: Semaphore::new(0) });
    let slow = t.app.store.write(Slow { first, then, course: Arc::clone(&course) });
    let other = async {
        drop(course.begun.acquire().await);
        let done = t.app.store.write(other).await.unwrap();
        course.goes_on.add_permits(1);
        done
    };
    let watch = async {
        drop(course.begun.acquire().await);
        while waiting(t).await == 0 && course.goes_on.available_permits() == 0 {}
        course.goes_on.add_permits(1);
    };
    let (slow, other, ()) = tokio::join!(slow, other, watch);
    (slow, other)
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
    let (confirmed, ()) =
        between(t, confirm, About("select object from account where object = $1", account.user), reset).await;
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
    let (inserted, ended) =
        between(t, allowed, About("select object from account where object = $1", by.user), cut).await;
    assert!(inserted.unwrap().0 && ended == 0);
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
    let (slow, switched_off) = between(t, takes_account, takes_codes, off).await;
    assert!(slow.is_ok() && switched_off, "{slow:?}");
}
