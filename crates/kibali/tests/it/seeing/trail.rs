//! *What happened*: the audit trail on its page and as a file.

use kibali_store::door::audit::{Event, RecordCounted};
use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_web::identity::flush;
use serde_json::json;

use super::{EVENTS, by_password};
use crate::oauth2::{SECRET, register};
use crate::pages::{ORDINARY, admin, assert_page, make_ordinary};

both!(
    fn events_are_filtered_and_saved_as_csv_that_no_spreadsheet_runs(t) {
        make_ordinary(t, &[]).await;
        by_password(t, ORDINARY).await;
        by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        register(t, "reader", json!({})).await;
        let wrong = [("grant_type", "password"), ("username", "=cmd()"), ("password", "x")];
        t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).from("192.0.2.44").form(&wrong).send().await;
        flush(&t.app).await.unwrap();
        let mut browser = admin(t).await;
        let mut shown = async |query: &str| {
            let page = browser.open(&format!("{EVENTS}{query}")).await;
            assert_eq!(page.answer.status, 200);
            assert_page(t, &page.answer, query).await;
            page.answer.text().split("<tbody>").nth(1).unwrap_or_default().to_owned()
        };
        let count = |html: &str| html.matches("<tr>").count();
        let all = shown("").await;
        assert!(all.contains("token.issued") && all.contains("token.refused") && all.contains("sign_in.accepted"), "{all}");
        assert_eq!(count(&shown("?event=token.issued").await), 2);
        let theirs = shown(&format!("?event=token.issued&user={}", ORDINARY.0)).await;
        assert!(count(&theirs) == 1 && theirs.contains(ORDINARY.0), "{theirs}");
        assert_eq!(count(&shown("?client=demo&event=token.issued").await), 2);
        assert_eq!(count(&shown("?client=demo&event=token.issued&user=admin").await), 1);
        assert_eq!(count(&shown("?client=reader&event=token.issued&user=admin").await), 0, "both at once");
        assert!(count(&shown("?address=192.0.2.44").await) >= 1);
        assert_eq!(count(&shown("?address=192.0.2.45").await), 0);
        assert_eq!(count(&shown("?until=2026-01-14").await), 0);
        assert_eq!(count(&shown("?from=2026-01-15&until=2026-01-15&event=token.issued").await), 2);
        assert_eq!(count(&shown("?from=2026-01-16").await), 0);
        assert_eq!(count(&shown("?from=never").await), 0);

        let page = browser.open(&format!("{EVENTS}?event=token.issued")).await;
        let saved = browser.submit(&page, &page.form("/csv")).await.answer;
        assert_eq!(saved.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(saved.header("content-disposition"), Some("attachment; filename=\"events.csv\""));
        assert_eq!(saved.header("cache-control"), Some("no-store"));
        let lines: Vec<String> = saved.text().lines().map(str::to_owned).collect();
        assert_eq!((lines.len(), lines[0].as_str()), (3, "time,event,user,client,address,detail"));
        assert!(lines[1].starts_with("2026-01-15T08:00:00.000Z,token.issued,admin,demo,127.0.0.1,"), "{}", lines[1]);
    }
);

both!(
    fn a_file_of_events_has_all_of_them_and_no_cell_that_runs(t) {
        register(t, "=cmd", json!({})).await;
        let wrong = [("grant_type", "authorization_code"), ("code", "x")];
        t.post("/oauth2/token").basic("=cmd", SECRET).form(&wrong).send().await;
        flush(&t.app).await.unwrap();
        let event = |number| Event {
            at: t.app.now(),
            name: "many".into(),
            user: None,
            client: None,
            address: None,
            detail: json!({ "number": number }),
        };
        t.app.store.write(RecordCounted { events: (0..1003).map(event).collect() }).await.unwrap();
        let mut browser = admin(t).await;
        let mut saved = async |query: &str| {
            let page = browser.open(&format!("{EVENTS}?{query}")).await;
            browser.submit(&page, &page.form("/csv")).await.answer.text()
        };
        assert_eq!(saved("event=many").await.lines().count(), 1004, "a piece at a time");
        let refused = saved("event=token.refused").await;
        let cells = ",token.refused,,'=cmd,127.0.0.1,\"{\"\"cause\"\":";
        assert!(refused.contains(cells), "what has commas and quotes is one cell: {refused}");
    }
);

/// As many events of this client, done by the administrator.
struct Flood(u32, &'static str);

impl Write for Flood {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let sql = format!(
            "insert into audit (at, event, user_object, client, detail)
             with recursive n(x) as (select 1 union all select x + 1 from n where x < {})
             select a.last_login, 'flood', a.object, c.object, '{{}}' from n, account a, client c
             where a.username = '{ADMIN}' and c.client_id = '{}'",
            self.0, self.1
        );
        tx.run_composed(&sql, Vec::new()).await
    }
}

both!(
    fn the_trail_goes_on_behind_what_one_question_looks_at(t) {
        register(t, "reader", json!({})).await;
        let mut browser = admin(t).await;
        by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        assert_eq!(t.app.store.write(Flood(20_000, "reader")).await.unwrap(), 20_000);
        // Whether there is more behind, how many are found at once, and how many in all.
        for (filter, behind, at_once, there) in [
            ("event=token.issued", true, 0, 1),
            ("event=token.issued&user=admin", true, 0, 1),
            ("event=client.nothing&client=reader", true, 0, 0),
            ("event=token.issued&user=admin&client=demo", false, 1, 1),
            ("event=token.issued&client=demo", false, 1, 1),
            ("event=token.issued&from=2026-01-16", false, 0, 0),
        ] {
            let found = |html: &str| html.split("<tbody>").nth(1).unwrap_or_default().matches("<tr>").count();
            let page = browser.open(&format!("{EVENTS}?{filter}")).await;
            let html = page.answer.text();
            let next = html.split("href=\"?").nth(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
            assert_eq!((next.is_some(), found(&html)), (behind, at_once), "{filter}");
            if let Some(next) = next {
                assert_eq!(found(&browser.open(&format!("{EVENTS}?{next}")).await.answer.text()), there, "{filter}");
            }
            let saved = browser.submit(&page, &page.form("/csv")).await.answer.text();
            assert_eq!(saved.lines().count(), 1 + there, "{filter}: {saved}");
        }
    }
);

both!(
    fn a_counted_event_is_found_on_its_day_though_it_was_written_after_it(t) {
        let midnight = t.app.now().plus_seconds(16 * 3600);
        let event = |name: &str, seconds| Event {
            at: midnight.plus_seconds(seconds),
            name: name.into(),
            user: None,
            client: None,
            address: None,
            detail: json!({}),
        };
        // The last of the day, one that began a minute earlier and was counted until the next, the first of that.
        let events = vec![event("last", -10), event("counted", -60), event("first", 60)];
        t.app.store.write(RecordCounted { events }).await.unwrap();
        let mut browser = admin(t).await;
        for (name, found) in [("last", true), ("counted", true), ("first", false)] {
            let page = browser.open(&format!("{EVENTS}?event={name}&until=2026-01-15")).await;
            let row = format!("<th scope=\"row\">{name}</th>");
            assert_eq!(page.answer.text().contains(&row), found, "{name}: {}", page.answer.text());
        }
    }
);

both!(
    fn names_of_events_are_offered_and_one_that_none_has_is_told_of(t) {
        by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        let mut browser = admin(t).await;
        let mut shown = async |query: &str| browser.open(&format!("{EVENTS}{query}")).await.answer.text();
        let all = shown("").await;
        assert!(all.contains("list=\"event-offered\"") && all.contains("<datalist id=\"event-offered\">"), "{all}");
        for name in ["token.issued", "sign_in.accepted"] {
            assert_eq!(all.matches(&format!("<option value=\"{name}\">")).count(), 1, "{name} in {all}");
        }
        let told = "None of the newest events is called so.";
        assert!(shown("?event=token.isued").await.contains(told));
        for query in ["?event=token.issued", "?event=token.issued&address=192.0.2.99", "?address=192.0.2.99"] {
            assert!(!shown(query).await.contains(told), "{query}");
        }
    }
);

both!(
    fn a_file_that_does_not_hold_all_events_says_so_in_its_last_line(t) {
        let event = |number| Event {
            at: t.app.now(),
            name: "many".into(),
            user: None,
            client: None,
            address: None,
            detail: json!({ "number": number }),
        };
        t.app.store.write(RecordCounted { events: (0..1003).map(event).collect() }).await.unwrap();
        for (seed, (events, questions, lines, is_cut)) in (9..).zip([
            (1003, 500, 1003, false),
            (1002, 500, 1002, true),
            (1000, 500, 1000, true),
            (5, 500, 5, true),
            (2000, 1, 1000, true),
            (2000, 2, 1003, false),
        ]) {
            let node = t.another(seed, |settings| {
                settings.events_file.events = events;
                settings.events_file.questions = questions;
            });
            let node = node.await;
            let mut browser = admin(&node).await;
            let page = browser.open(&format!("{EVENTS}?event=many")).await;
            let saved = browser.submit(&page, &page.form("/csv")).await.answer.text();
            let rows = saved.lines().filter(|line| line.contains(",many,")).count();
            assert_eq!(rows, lines, "{events} {questions}");
            let last = format!(",cut off,,,,\"Not all: a file holds {events} events at most. For older ones, save again until 2026-01-15.\"");
            assert_eq!(saved.lines().last() == Some(last.as_str()), is_cut, "{events} {questions}: {:?}", saved.lines().last());
            assert_eq!(saved.contains("cut off"), is_cut);
        }
    }
);
