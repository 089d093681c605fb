//! What has expired goes, in small writes; what lives stays.

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType};
use kibali_store::door::families::{Becomes, Refresh, Refreshed};
use kibali_store::door::tokens::NewTokens;
use kibali_store::door::{purge, tokens};
use kibali_store::{Statement, StoreError, Tx, Write, values};
use kibali_testkit::{Engine, TestApp, both};

use crate::grants::{ACCESS, DAY, issue, issue_by, minted};

async fn refresh_lives(t: &TestApp, name: &str) -> bool {
    let mut reader = t.app.store.reader().await.unwrap();
    tokens::find_refresh(&mut reader, sha256(format!("{name} refresh"))).await.unwrap().is_some()
}

both!(
    fn a_grant_never_refreshed_goes_a_week_after_its_access_token(t) {
        issue(t, 1, "idle").await;
        issue(t, 2, "busy").await;
        t.clock.advance_seconds(3600);
        let again = NewTokens { refresh: None, ..minted(t, "busy again") };
        let refresh = Refresh {
            grant: 2,
            presented: sha256("busy refresh"),
            becomes: Becomes::Kept { first: true },
            tokens: again,
            address: String::new(),
            now: t.clock.now(),
        };
        assert_eq!(t.app.store.write(refresh).await.unwrap(), Refreshed::Done);

        t.clock.advance_seconds(7 * DAY - 7200 + ACCESS);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(refresh_lives(t, "idle").await, "not before the week is over");

        t.clock.advance_seconds(7200);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(!refresh_lives(t, "idle").await);
        assert!(refresh_lives(t, "busy").await);

        t.clock.advance_seconds(40 * DAY);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(!refresh_lives(t, "busy").await);
        assert_eq!(purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap(), 0);
    }
);

both!(
    fn what_a_person_allowed_waits_for_its_first_refresh_and_what_a_program_fetched_does_not(t) {
        let program = [GrantType::Password, GrantType::ClientCredentials, GrantType::TokenExchange];
        let person = [GrantType::AuthorizationCode, GrantType::DeviceCode];
        let all: Vec<(String, i64, GrantType)> =
            (1..).zip(program.into_iter().chain(person)).map(|(id, by)| (by.as_str().to_owned(), id, by)).collect();
        for (name, id, by) in &all {
            issue_by(t, *id, name, *by).await;
        }
        t.clock.advance_seconds(7 * DAY + ACCESS + 3600);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        for (name, _, by) in &all {
            assert_eq!(refresh_lives(t, name).await, person.contains(by), "{name}");
        }
    }
);

/// More than fit into a few writes.
const EXPIRED: i64 = 10_250;
/// What one write takes away at most.
const BATCH: i64 = 500;

/// Puts expired access tokens into the database.
struct Litter;

impl Write for Litter {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        const LITTER: Statement = Statement::new(
            "test.litter",
            "insert into access_token (hash, grant_id, created, expires) values ($1, -1, 0, 1)",
        );
        for number in 0..EXPIRED {
            tx.run(LITTER, values![sha256(number.to_string()).to_vec()]).await?;
        }
        Ok(())
    }
}

/// A write of somebody else, which sees how much is left.
struct Left;

impl Write for Left {
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        const LEFT: Statement =
            Statement::new("test.left", "select count(*) from access_token where grant_id = -1");
        tx.row(LEFT, values![]).await?.expect("a count").int(0)
    }
}

both!(
    fn much_that_has_expired_goes_in_small_writes_between_which_others_write(t) {
        t.app.store.write(Litter).await.unwrap();
        let before = t.app.store.commits();
        let purge = async {
            let gone = purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
            (gone, t.app.store.commits())
        };
        let others = async {
            let (mut seen, mut wrote) = (Vec::new(), 0);
            loop {
                seen.push(t.app.store.write(Left).await.unwrap());
                wrote += 1;
                if seen.last() == Some(&0) {
                    return (seen, wrote);
                }
            }
        };
        let ((gone, after), (seen, wrote)) = futures_util::future::join(purge, others).await;
        assert_eq!(gone, u64::try_from(EXPIRED).unwrap());
        // Never more at once: what anybody sees lies a whole number of batches below the beginning.
        assert!(seen.iter().all(|left| *left == 0 || (EXPIRED - left) % BATCH == 0), "{seen:?}");
        // One writer takes turns; PostgreSQL holds nobody up, and promises no turn either.
        if t.engine() == Engine::Sqlite {
            let steps = seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(steps > 3, "others wrote between them: {seen:?}");
        }
        let batches = u64::try_from(EXPIRED).unwrap().div_ceil(500);
        // Writes that wait together share a commit, so others may add none.
        assert!((batches..=batches + 1 + wrote).contains(&(after - before)), "{batches} {} {wrote}", after - before);
    }
);
