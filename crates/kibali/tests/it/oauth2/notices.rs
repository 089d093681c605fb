//! Notices of logouts that wait: one client's hold up nobody else's.

use kibali_model::Clock as _;
use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::{Reply, both};

use super::backchannel::{caller, listens, tell};
use super::jwks_uri::site;

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
