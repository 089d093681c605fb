//! The audit trail is sealed, and whoever changes it is found out (rules of the door 11).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kibali_model::Timestamp;
use kibali_store::door::audit::{Event, RecordCounted, newest};
use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::{Engine, TestApp, both};
use kibali_web::audit::{Finding, Head, Verdict, cut, seal, verify};
use serde_json::json;
use tokio::sync::Notify;

const DAY: i64 = 86_400;

/// Something that happened, so often.
async fn happen(t: &TestApp, times: usize) {
    let event = |number| Event {
        at: t.app.now(),
        name: "sign_in.refused".into(),
        user: None,
        client: None,
        address: Some("192.0.2.1".into()),
        detail: json!({ "number": number }),
    };
    t.app.store.write(RecordCounted { events: (0..times).map(event).collect() }).await.unwrap();
}

async fn last_id(t: &TestApp) -> i64 {
    let mut reader = t.app.store.reader().await.unwrap();
    let rows = reader.rows_composed("select max(id) from audit", vec![]).await.unwrap();
    rows[0].int(0).unwrap()
}

/// A change by somebody who has the database and not the key.
struct Tamper(String);

impl Write for Tamper {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        tx.run_composed(&self.0, Vec::new()).await
    }
}

pub(crate) async fn tamper(t: &TestApp, sql: &str) {
    assert!(t.app.store.write(Tamper(sql.to_owned())).await.unwrap() > 0, "{sql}");
}

async fn found(t: &TestApp, noted: &[Head]) -> Vec<Finding> {
    verify(&t.app, noted).await.unwrap().findings
}

/// All is well; what was looked at.
async fn whole(t: &TestApp, noted: &[Head]) -> Verdict {
    let verdict = verify(&t.app, noted).await.unwrap();
    assert_eq!(verdict.findings, [], "{verdict:?}");
    verdict
}

async fn sealed(t: &TestApp) -> Head {
    seal(&t.app).await.unwrap().expect("something to seal")
}

both!(
    fn events_are_sealed_in_order_and_sealing_costs_a_write_where_something_came(t) {
        let first = sealed(t).await;
        assert_eq!(first.number, 1);
        let before = t.app.store.commits();
        assert_eq!(seal(&t.app).await.unwrap(), None);
        assert_eq!(t.app.store.commits(), before, "nothing came, nothing is written");
        let seeded = whole(t, &[]).await;
        happen(t, 1203).await;
        assert_eq!(whole(t, &[first]).await.waiting, 1203);
        let head = sealed(t).await;
        assert_eq!(head.number, 4, "five hundred at a time");
        let verdict = whole(t, &[first, head]).await;
        assert_eq!((verdict.events - seeded.events, verdict.seals, verdict.waiting), (1203, 4, 0));
        assert_eq!(verdict.head, Some(head));
    }
);

both!(
    fn a_change_a_swap_a_removal_and_an_insertion_are_each_found(t) {
        happen(t, 3).await;
        sealed(t).await;
        happen(t, 4).await;
        sealed(t).await;
        let last = last_id(t).await;
        let (swapped, spare) = (last - 1, last + 50);
        let changed = Finding::Changed { seal: 2, first: last - 3, last };
        let event = format!("where id = {swapped}");
        for (change, back) in [
            (format!("update audit set detail = '{{}}' {event}"), format!("update audit set detail = '{{\"number\":2}}' {event}")),
            (format!("update audit set at = at + 1 {event}"), format!("update audit set at = at - 1 {event}")),
            (format!("update audit set user_object = 7 {event}"), format!("update audit set user_object = null {event}")),
            (format!("update audit set address = '' {event}"), format!("update audit set address = '192.0.2.1' {event}")),
            ("update audit_seal set at = at + 1 where number = 2".into(), "update audit_seal set at = at - 1 where number = 2".into()),
        ] {
            tamper(t, &change).await;
            assert_eq!(found(t, &[]).await, [changed], "{change}");
            tamper(t, &back).await;
            whole(t, &[]).await;
        }
        // Two events change places.
        let swap = |one: i64, other: i64| {
            let moved = |id: i64, number: i64| format!("when {id} then '{{\"number\":{number}}}'");
            format!(
                "update audit set detail = case id {} {} end where id in ({}, {swapped})",
                moved(swapped - 1, one), moved(swapped, other), swapped - 1
            )
        };
        tamper(t, &swap(2, 1)).await;
        assert_eq!(found(t, &[]).await, [changed]);
        tamper(t, &swap(1, 2)).await;
        whole(t, &[]).await;
        // One is given another number, or taken out.
        if t.engine() == Engine::Sqlite {
            tamper(t, &format!("update audit set id = {spare} {event}")).await;
            assert_eq!(found(t, &[]).await, [Finding::EventGone { event: swapped, seal: 2 }]);
            tamper(t, &format!("update audit set id = {swapped} where id = {spare}")).await;
            whole(t, &[]).await;
        }
        // A seal that was swapped for another of the same number breaks the next as well.
        tamper(t, "update audit_seal set mac = (select mac from audit_seal where number = 2) where number = 1").await;
        let all = found(t, &[]).await;
        assert!(matches!(all[..], [Finding::Changed { seal: 1, .. }, Finding::Changed { seal: 2, .. }]), "{all:?}");
    }
);

both!(
    fn what_was_taken_out_is_named(t) {
        for _ in 0..4 {
            happen(t, 3).await;
            sealed(t).await;
        }
        let last = last_id(t).await;
        tamper(t, &format!("delete from audit where id = {}", last - 4)).await;
        assert_eq!(found(t, &[]).await, [Finding::EventGone { event: last - 4, seal: 3 }]);
        tamper(t, "delete from audit_seal where number = 2").await;
        assert!(found(t, &[]).await.contains(&Finding::SealsGone { first: 2, last: 2 }));
        tamper(t, "delete from audit_seal where number = 1").await;
        assert_eq!(found(t, &[]).await[0], Finding::NotCutByUs { seal: 3 });
    }
);

both!(
    fn an_end_that_was_cut_off_or_written_anew_is_found_by_a_noted_head(t) {
        happen(t, 3).await;
        let early = sealed(t).await;
        happen(t, 3).await;
        let late = sealed(t).await;
        let last = last_id(t).await;
        tamper(t, "delete from audit_seal where number = 2").await;
        tamper(t, &format!("delete from audit where id > {}", last - 3)).await;
        whole(t, &[early]).await;
        assert_eq!(found(t, &[early, late]).await, [Finding::EndsBefore { noted: 2, last: 1 }]);
        // A server that saw what was there seals no more; one that starts now goes on, and its chain is whole in itself.
        happen(t, 3).await;
        assert!(seal(&t.app).await.is_err());
        sealed(&t.another(2, |_| {}).await).await;
        assert!(seal(&t.app).await.is_err(), "another seal than it made");
        whole(t, &[early]).await;
        assert_eq!(found(t, &[early, late]).await, [Finding::AnotherHead { seal: 2 }]);
    }
);

both!(
    fn an_event_put_in_among_sealed_ones_is_found(t) {
        let overriding = if t.engine() == Engine::Postgres { "overriding system value" } else { "" };
        let put = |id: i64| format!("insert into audit (id, at, event, detail) {overriding} values ({id}, {}, 'x', '{{}}')", t.app.now().millis());
        happen(t, 1).await;
        sealed(t).await;
        let last = last_id(t).await;
        // Nothing stands before the first.
        tamper(t, &put(-3)).await;
        assert_eq!(found(t, &[]).await, [Finding::NotSealed { event: -3 }]);
        tamper(t, "delete from audit where id = -3").await;
        // A number that is left out is waited for, and what comes then is sealed with what comes next.
        tamper(t, &put(last + 5)).await;
        sealed(t).await;
        tamper(t, &put(last + 2)).await;
        assert_eq!(whole(t, &[]).await.waiting, 1);
        sealed(t).await;
        assert_eq!(whole(t, &[]).await.waiting, 0);
        // After ten minutes nothing is.
        t.clock.advance_seconds(601);
        tamper(t, &put(last + 3)).await;
        assert_eq!(seal(&t.app).await.unwrap(), None);
        assert_eq!(found(t, &[]).await, [Finding::NotSealed { event: last + 3 }]);
        tamper(t, &put(last + 9)).await;
        sealed(t).await;
        assert_eq!(found(t, &[]).await, [Finding::NotSealed { event: last + 3 }]);
    }
);

both!(
    fn no_running_server_seals_anew_what_was_changed_and_whoever_does_later_shows(t) {
        let other = t.another(2, |_| {}).await;
        happen(t, 3).await;
        let head = sealed(t).await;
        assert_eq!(seal(&other.app).await.unwrap(), None, "it looked, and saw the head");
        let last = last_id(t).await;
        t.clock.advance_seconds(3600);
        tamper(t, "delete from audit_seal").await;
        tamper(t, &format!("update audit set detail = '{{}}' where id = {last}")).await;
        tamper(t, &format!("delete from audit where id = {}", last - 1)).await;
        for node in [t, &other] {
            let told = format!("{:?}", seal(&node.app).await.unwrap_err());
            assert!(told.contains("seal 1 of the audit trail was taken out or changed"), "{told}");
        }
        // Until somebody starts one: what lay open for an hour is told.
        let late = t.another(3, |_| {}).await;
        let anew = sealed(&late).await;
        assert_eq!(anew.number, head.number);
        let all = found(t, &[]).await;
        assert!(matches!(all[..], [Finding::SealedLate { seal: 1, last: end, .. }] if end == last), "{all:?}");
        assert!(found(t, &[head]).await.contains(&Finding::AnotherHead { seal: 1 }));
        assert!(seal(&t.app).await.is_err());
        // Nor is a seal of before that was taken out overlooked, once there are newer ones.
        happen(&late, 1).await;
        sealed(&late).await;
        assert!(seal(&t.app).await.is_err());
    }
);

both!(
    fn old_events_go_whole_seals_at_a_time_and_the_rest_verifies(t) {
        happen(t, 700).await;
        let old = sealed(t).await;
        t.clock.advance_seconds(10 * DAY);
        happen(t, 3).await;
        let kept = sealed(t).await;
        assert_eq!(cut(&t.app).await.unwrap(), 0);
        t.clock.advance_seconds(357 * DAY);
        assert!(cut(&t.app).await.unwrap() > 700);
        let verdict = whole(t, &[old, kept]).await;
        assert_eq!((verdict.seals, verdict.events), (1, 3));
        assert_eq!(whole(t, &[Head { number: 1, ..old }]).await.too_old, [1]);
        assert_eq!(cut(&t.app).await.unwrap(), 0);
        happen(t, 2).await;
        let head = sealed(t).await;
        whole(t, &[kept, head]).await;
        // Everything old at once, up to the newest seal; the chain goes on from it.
        t.clock.advance_seconds(400 * DAY);
        assert_eq!(cut(&t.app).await.unwrap(), 5);
        assert_eq!(newest(&mut t.app.store.reader().await.unwrap(), 10).await.unwrap(), []);
        happen(t, 2).await;
        sealed(t).await;
        assert_eq!(whole(t, &[head]).await.events, 2);
        // Nobody else cuts there.
        tamper(t, &format!("delete from audit_seal where number = {}", head.number)).await;
        tamper(t, "delete from audit where id > 0").await;
        tamper(t, "update audit_seal set cut = mac where cut is null").await;
        let number = head.number + 1;
        assert_eq!(found(t, &[]).await, [Finding::NotCutByUs { seal: number }]);
    }
);

both!(
    fn two_servers_that_write_and_seal_at_once_leave_one_chain(t) {
        let other = t.another(2, |_| {}).await;
        let busy = async |node: &TestApp| {
            for _ in 0..20 {
                happen(node, 3).await;
                seal(&node.app).await.unwrap();
            }
        };
        futures_util::future::join(busy(t), busy(&other)).await;
        seal(&t.app).await.unwrap();
        let verdict = whole(t, &[]).await;
        assert_eq!(verdict.waiting, 0);
        assert!(verdict.events >= 120, "{verdict:?}");
    }
);

/// An event whose write takes its time.
struct Slow {
    began: Arc<Notify>,
    go_on: Arc<Notify>,
    asked: Arc<AtomicBool>,
    at: Timestamp,
}

impl Write for Slow {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let sql =
            format!("insert into audit (at, event, detail) values ({}, 'slow', '{{}}')", self.at.millis());
        tx.run_composed(&sql, Vec::new()).await?;
        self.began.notify_one();
        if !self.asked.swap(true, Ordering::SeqCst) {
            self.go_on.notified().await;
        }
        Ok(())
    }
}

both!(
    fn an_event_whose_number_is_older_than_its_commit_is_sealed_late(t) {
        // SQLite has one writer: nothing commits out of order there.
        if t.engine() == Engine::Sqlite {
            return;
        }
        sealed(t).await;
        let (began, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = Slow { began: began.clone(), go_on: go_on.clone(), asked: Arc::default(), at: t.app.now() };
        let store = t.app.store.clone();
        let slow = tokio::spawn(async move { store.write(slow).await.unwrap() });
        began.notified().await;
        happen(t, 3).await;
        sealed(t).await;
        whole(t, &[]).await;
        go_on.notify_one();
        slow.await.unwrap();
        assert_eq!(whole(t, &[]).await.waiting, 1);
        sealed(t).await;
        assert_eq!(whole(t, &[]).await.waiting, 0);
    }
);
