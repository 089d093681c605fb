//! A thousand applications with ten tabs each, whose answers get lost, and a hundred thieves among them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use kibali_model::{Clock, GrantType, Scopes, SignIn};
use kibali_store::door::grants::{IssueGrant, NewGrant};
use kibali_store::door::{accounts, clients};
use kibali_testkit::seed::{ADMIN, CLIENT};
use kibali_testkit::{Answer, Engine, TestApp, TestRandom, both};
use kibali_web::identity::flush;

use super::{opens, pair, present, rotate};
use crate::freshness::Polls;
use crate::grants::minted;

const APPLICATIONS: usize = 1000;
const TABS: u64 = 10;
/// Every so many applications somebody else has a copy of what it stores.
const STOLEN: usize = 10;
/// What happens at once, across all applications.
const AT_ONCE: usize = 24;

/// An installed application: what its tabs share.
struct Application {
    number: usize,
    stored: String,
    /// What was stored before.
    before: String,
    access: Option<String>,
    random: TestRandom,
}

/// What happened.
#[derive(Default)]
struct Seen {
    presented: AtomicUsize,
    lost: AtomicUsize,
    broken_off: AtomicUsize,
}

/// Two nodes of one installation.
struct Nodes<'a> {
    nodes: [&'a TestApp; 2],
    seen: Seen,
}

impl Nodes<'_> {
    fn any(&self, random: &TestRandom) -> &TestApp {
        self.nodes[usize::try_from(random.below(2)).unwrap()]
    }

    /// Presents a token; none, where the answer does not arrive. Some requests are broken off on the way,
    /// wherever they stand.
    async fn present(&self, token: &str, random: &TestRandom) -> Option<Answer> {
        self.seen.presented.fetch_add(1, Relaxed);
        let mut request = Box::pin(present(self.any(random), token));
        match random.below(10) {
            0 => {
                let polls = usize::try_from(random.below(8)).unwrap();
                let answer = Polls(&mut request, polls).await;
                self.seen.broken_off.fetch_add(usize::from(answer.is_none()), Relaxed);
                answer
            }
            1..4 => {
                request.await;
                self.seen.lost.fetch_add(1, Relaxed);
                None
            }
            _ => Some(request.await),
        }
    }
}

impl Application {
    /// Ten tabs refresh at once; what arrives first is stored, unless another tab was faster. On PostgreSQL,
    /// where each request is several round trips, most applications have two tabs, to be done in time.
    async fn ten_tabs(&mut self, nodes: &Nodes<'_>) {
        let presented = self.stored.clone();
        let few = nodes.nodes[0].engine() == Engine::Postgres && !self.number.is_multiple_of(5);
        let tabs = (0..if few { 2 } else { TABS }).map(|_| nodes.present(&presented, &self.random));
        let answers: Vec<_> =
            join_all(tabs).await.into_iter().flatten().map(|answer| pair(&answer)).collect();
        for (access, token) in answers {
            assert_ne!(token, presented, "application {}", self.number);
            assert!(self.stored == presented || self.stored == token, "one successor");
            self.keep(access, token);
        }
    }

    /// Asks until an answer arrives.
    async fn one_tab(&mut self, nodes: &Nodes<'_>) {
        loop {
            if let Some(answer) = nodes.present(&self.stored, &self.random).await {
                let (access, token) = pair(&answer);
                return self.keep(access, token);
            }
        }
    }

    fn keep(&mut self, access: String, token: String) {
        if self.stored != token {
            self.before = std::mem::replace(&mut self.stored, token);
        }
        self.access = Some(access);
    }

    async fn call(&self, nodes: &Nodes<'_>) {
        if let Some(access) = &self.access {
            assert!(opens(nodes.any(&self.random), access).await, "application {} is out", self.number);
        }
    }
}

/// Lets every application do something, many at a time.
async fn all(applications: &mut [Application], act: impl AsyncFn(&mut Application)) {
    stream::iter(applications).for_each_concurrent(AT_ONCE, async |one| act(one).await).await;
}

async fn install(t: &TestApp) -> Vec<Application> {
    let mut reader = t.app.store.reader().await.unwrap();
    let account = accounts::by_username(&mut reader, ADMIN).await.unwrap().unwrap();
    let client = clients::by_client_id(&mut reader, CLIENT).await.unwrap().unwrap().client.object;
    drop(reader);
    let issue = async |number: usize| {
        let name = format!("application {number}");
        let grant = NewGrant {
            id: i64::try_from(number).unwrap() + 1,
            user: account.user,
            client,
            grant_type: GrantType::AuthorizationCode,
            scopes: Scopes::parse("ALL"),
            address: "127.0.0.1".into(),
            credential_version: account.credential_version,
            sign_in: SignIn::default(),
            resource: None,
            parent: None,
            act: None,
        };
        let write =
            IssueGrant { grant, tokens: minted(t, &name), proof: None, at_most: 100, now: t.clock.now() };
        assert!(t.app.store.write(write).await.unwrap().is_some());
        let stored = format!("{name} refresh");
        let random = TestRandom::new(u64::try_from(number).unwrap());
        Application { number, before: stored.clone(), stored, access: None, random }
    };
    stream::iter(0..APPLICATIONS).map(issue).buffer_unordered(AT_ONCE).collect().await
}

async fn flush_both(nodes: &Nodes<'_>) {
    for node in nodes.nodes {
        flush(&node.app).await.unwrap();
    }
}

/// How many refresh tokens of living families can rotate, a family at most.
async fn most_live(t: &TestApp) -> i64 {
    let sql = "select cast(coalesce(max(n), 0) as bigint) from
               (select count(*) as n from refresh_token where spent is null group by grant_id) live";
    let mut reader = t.app.store.reader().await.unwrap();
    reader.rows_composed(sql, Vec::new()).await.unwrap()[0].int(0).unwrap()
}

both!(
    fn a_thousand_applications_lose_answers_and_no_session_and_every_thief_is_caught(t) {
        rotate(t).await;
        let other = t.another(2, |_| {}).await;
        let nodes = Nodes { nodes: [t, &other], seen: Seen::default() };
        let mut applications = install(t).await;

        all(&mut applications, async |one| one.ten_tabs(&nodes).await).await;
        all(&mut applications, async |one| one.call(&nodes).await).await;
        t.clock.advance_seconds(30);
        flush_both(&nodes).await;
        // A tab that woke up late, within the minute.
        t.clock.advance_seconds(30);
        all(&mut applications, async |one| {
            if let Some(answer) = nodes.present(&one.before.clone(), &one.random).await {
                let (access, token) = pair(&answer);
                assert!(token == one.stored || one.before == one.stored);
                one.keep(access, token);
            }
        }).await;
        assert_eq!(most_live(t).await, 1);

        // Hours later; those who never had an answer ask with what they asked with before.
        t.clock.advance_seconds(7200);
        let copies: Vec<String> = applications.iter().map(|one| one.stored.clone()).collect();
        let stolen = |number: usize| number.is_multiple_of(STOLEN);
        let thief = TestRandom::new(99);
        for one in applications.iter().filter(|one| stolen(one.number)) {
            // Half of the thieves come before the application, and half after it.
            if one.number.is_multiple_of(2 * STOLEN) {
                let (access, _) = pair(&present(nodes.any(&thief), &one.stored).await);
                assert!(opens(nodes.any(&thief), &access).await, "nobody can know yet");
            }
        }
        t.clock.advance_seconds(30);
        flush_both(&nodes).await;
        t.clock.advance_seconds(31);
        let (late, caught) = (AtomicUsize::new(0), AtomicUsize::new(0));
        all(&mut applications, async |one| {
            if one.number.is_multiple_of(2 * STOLEN) {
                let answer = present(nodes.any(&one.random), &one.stored).await;
                assert_eq!(answer.status, 400, "the thief was first: application {}", one.number);
                caught.fetch_add(1, Relaxed);
            } else {
                one.one_tab(&nodes).await;
                one.call(&nodes).await;
            }
        }).await;
        t.clock.advance_seconds(30);
        flush_both(&nodes).await;
        t.clock.advance_seconds(31);
        for (one, copy) in applications.iter().zip(&copies).filter(|(one, _)| stolen(one.number)) {
            let answer = present(nodes.any(&thief), copy).await;
            assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")));
            if !one.number.is_multiple_of(2 * STOLEN) {
                late.fetch_add(1, Relaxed);
            }
        }
        assert_eq!((caught.into_inner(), late.into_inner()), (50, 50), "every thief");

        // Nobody else noticed anything; where a thief was, nothing opens any more.
        let (honest, out) = (AtomicUsize::new(0), AtomicUsize::new(0));
        all(&mut applications, async |one| {
            if stolen(one.number) {
                assert_eq!(present(nodes.any(&one.random), &one.stored).await.status, 400);
                if let Some(access) = &one.access {
                    assert!(!opens(t, access).await);
                }
                out.fetch_add(1, Relaxed);
            } else {
                one.one_tab(&nodes).await;
                one.call(&nodes).await;
                honest.fetch_add(1, Relaxed);
            }
        }).await;
        assert_eq!((honest.into_inner(), out.into_inner()), (900, 100));
        assert_eq!(most_live(t).await, 1);
        let Seen { presented, lost, broken_off } = nodes.seen;
        let [presented, lost, broken_off] = [presented, lost, broken_off].map(AtomicUsize::into_inner);
        assert!(presented > 6000 && lost > 1500 && broken_off > 200, "{presented} {lost} {broken_off}");
        other.app.store.close().await;
    }
);
