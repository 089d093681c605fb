//! Notices of logouts that wait: one client's hold up nobody else's, and none is spent while no call can be made.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kibali_model::Clock as _;
use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::{Reply, TestNames, both};
use kibali_web::outbound::{Addresses, Names};

use super::backchannel::{caller, listens, tell};
use super::jwks_uri::{names, reach, site};

/// Notices that wait for a client, as its sessions would leave them.
struct Owed {
    client: String,
    times: usize,
    due: i64,
}

impl Write for Owed {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let Self { client, due, times } = self;
        let mut owed = 0;
        for number in 0..*times {
            let sql = format!(
                "insert into logout_notice (client, sid, subject, attempts, due, created)
                 select object, '{number}', 'somebody', 0, {due}, {due} from client where client_id = '{client}'"
            );
            owed += tx.run_composed(&sql, Vec::new()).await?;
        }
        Ok(owed)
    }
}

both!(
    fn however_much_waits_for_one_client_others_are_told(t) {
        let (busy, other) = (site("127.0.0.1:0").await, site("127.0.0.1:0").await);
        listens(t, "busy", &busy).await;
        listens(t, "other", &other).await;
        let node = caller(t, 5).await;
        let now = t.clock.now().millis();
        for (client, times, due) in [("busy", 100, now - 2), ("other", 1, now - 1)] {
            let owed = Owed { client: client.to_owned(), times, due };
            assert_eq!(t.app.store.write(owed).await.unwrap(), times as u64);
        }
        // The first round ends with the first that is not heard.
        busy.answers(Reply::with("500 Internal Server Error", "", ""));
        other.answers(Reply::with("500 Internal Server Error", "", ""));
        tell(&node).await;
        assert_eq!((busy.asked().len(), other.asked().len()), (1, 1), "each in the first round");
    }
);

/// Names that are looked up when fewer others are.
#[derive(Debug)]
struct Many {
    names: Arc<TestNames>,
    has_room: AtomicBool,
}

impl Names for Many {
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        match self.has_room.load(Ordering::Acquire) {
            true => self.names.look_up(host),
            false => Box::pin(async { Err(io::ErrorKind::WouldBlock.into()) }),
        }
    }
}

both!(
    fn where_no_call_can_be_made_no_attempt_is_spent(t) {
        let site = site("127.0.0.1:0").await;
        listens(t, "app", &site).await;
        let many = Arc::new(Many { names: names(), has_room: AtomicBool::new(false) });
        let node = t.another(5, |settings| {
            reach(settings, &many.names);
            settings.outbound.names = Arc::<Many>::clone(&many);
        }).await;
        let owed = Owed { client: "app".to_owned(), times: 1, due: t.clock.now().millis() };
        assert_eq!(t.app.store.write(owed).await.unwrap(), 1);
        for _ in 0..10 {
            tell(&node).await;
            let mut reader = t.app.store.reader().await.unwrap();
            let rows = reader.rows_composed("select attempts from logout_notice", vec![]).await.unwrap();
            assert_eq!(rows[0].int(0).unwrap(), 0);
            t.clock.advance_seconds(5);
        }
        assert_eq!(site.asked().len(), 0);
        many.has_room.store(true, Ordering::Release);
        tell(&node).await;
        assert_eq!(site.asked().len(), 1, "soon after there is room");
    }
);
