//! Grants by where they were obtained and by how long they were not used.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{TestApp, both};
use kibali_web::identity::flush;
use serde_json::Value;

use super::administration::{Many, buttons};
use super::me;
use crate::pages::admin;

const GRANTS: &str = "/administration/grants";

/// The tokens of the administrator, from an address.
async fn from(t: &TestApp, address: &str) -> Value {
    let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
    let request = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).from(address).form(&fields);
    request.send().await.json()
}

both!(
    fn grants_are_found_by_address_and_by_how_long_they_were_not_used(t) {
        let node = t.another(3, |settings| settings.access_token_seconds = 10 * 86_400).await;
        from(&node, "192.0.2.44").await;
        let written = from(&node, "2001:db8::1").await;
        let noted = from(&node, "192.0.2.44").await;
        t.clock.advance_seconds(2 * 86_400);
        let mut browser = admin(&node).await;
        let mut count = async |query: &str| {
            let page = browser.open(&format!("{GRANTS}?{query}")).await.answer.text();
            (buttons(&page).len(), page.contains("Write a day like"))
        };
        assert_eq!(count("address=192.0.2.44").await, (2, false));
        assert_eq!(count("address=2001:db8::1&user=admin").await, (1, false));
        assert_eq!(count(&format!("address=192.0.2.45&client={CLIENT}")).await, (0, false));
        assert_eq!(count("unused=2026-01-16").await, (3, false));
        assert_eq!(count("unused=2026-01-15").await, (0, false), "from the beginning of the day");
        for _ in 0..21 {
            from(&node, "192.0.2.50").await;
        }
        assert_eq!(count("unused=2026-01-16").await, (3, false), "newer ones take no room");
        assert_eq!(me(&node, &written).await.status, 200);
        flush(&node.app).await.unwrap();
        assert_eq!(count("unused=2026-01-16").await, (2, false));
        assert_eq!(me(&node, &noted).await.status, 200);
        assert_eq!(count("unused=2026-01-16").await, (1, false), "though it is not written yet");
        assert_eq!(count("unused=2026-01-16&address=2001:db8::1").await, (0, false));
        assert_eq!(count("unused=yesterday").await, (0, true));
    }
);

both!(
    fn a_rare_grant_is_looked_for_a_part_at_a_time(t) {
        from(t, "192.0.2.44").await;
        t.app.store.write(Many(20_000)).await.unwrap();
        let mut browser = admin(t).await;
        for narrow in ["x=1", "user=admin", "client=demo"] {
            let page = browser.open(&format!("{GRANTS}?address=192.0.2.44&{narrow}")).await.answer.text();
            assert!(buttons(&page).is_empty() && page.contains("Nothing was found so far."), "{page}");
            let next = page.split("href=\"?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
            assert!(!next.starts_with('&'), "{next}");
            let rest = browser.open(&format!("{GRANTS}?{next}")).await.answer.text();
            assert!(buttons(&rest).len() == 1 && !rest.contains("href=\"?"), "{rest}");
        }
    }
);
