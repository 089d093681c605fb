//! *Administration*: an administrator sees what is anybody's, cuts it, and the next call is refused.

use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT};
use kibali_testkit::{Browser, Page, both};
use kibali_web::identity::flush;
use serde_json::json;

use super::{EVENTS, by_password, happened, me, refresh};
use crate::oauth2::{allow, asking, member, redeem, register};
use crate::pages::{ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::two_factor::enrol;

const GRANTS: &str = "/administration/grants";
const PASSWORDS: &str = "/administration/password-grant";
const USER: &str = "/administration/user";
const WHY: &str = "/administration/why";

/// Where forms go.
const FORMS: [&str; 5] = [
    GRANTS,
    "/administration/grants/end",
    "/administration/user/sessions",
    "/administration/user/tokens",
    "/administration/events/csv",
];

/// The grants on the page, by the values of their buttons.
pub(super) fn buttons(html: &str) -> Vec<String> {
    html.split("name=\"grant\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

async fn list(browser: &mut Browser, query: &str) -> Page {
    let page = browser.open(&format!("{GRANTS}{query}")).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.text());
    page
}

both!(
    fn an_administrator_sees_every_grant_cuts_one_and_the_next_call_is_refused(t) {
        make_ordinary(t, &[]).await;
        let (first, second) = (by_password(t, ORDINARY).await, by_password(t, ORDINARY).await);
        let own = by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        let other = t.another(7, |_| {}).await;
        assert_eq!(me(&other, &second).await.status, 200, "another node remembers it");
        let mut browser = admin(t).await;
        let page = list(&mut browser, "").await;
        assert_page(t, &page.answer, "grants").await;
        let html = page.answer.text();
        assert_eq!(buttons(&html).len(), 3);
        for text in [ORDINARY.0, ADMIN, CLIENT, "Password", "127.0.0.1", "2026-01-15 08:00 UTC"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        assert_eq!(buttons(&list(&mut browser, &format!("?user={ADMIN}")).await.answer.text()).len(), 1);
        let theirs = list(&mut browser, &format!("?user={}&client={CLIENT}", ORDINARY.0)).await;
        let named = buttons(&theirs.answer.text());
        assert_eq!(named.len(), 2);
        assert_eq!(buttons(&list(&mut browser, &format!("?client={CLIENT}")).await.answer.text()).len(), 3);
        let nobody = list(&mut browser, "?user=nobody").await;
        assert!(nobody.answer.text().contains("No user has this name."));

        let form = theirs.form(GRANTS);
        assert_eq!(form.method, "get", "the filters come first");
        let post = |grant: &str| [("grant", grant.to_owned()), ("csrf", theirs.form("/logout").value("csrf").unwrap().to_owned())];
        let fields = post(&named[0]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = browser.request("POST", GRANTS).header("origin", "http://localhost:8080").form(&fields);
        let done = browser.send(request).await;
        assert_eq!(done.location(), Some("/administration/grants?done=ended"));
        let after = [me(t, &first).await.status, me(t, &second).await.status];
        assert!(after == [401, 200] || after == [200, 401], "{after:?}");
        assert_eq!(me(t, &own).await.status, 200);
        let left = if after[0] == 200 { &first } else { &second };
        let cut = if after[0] == 200 { &second } else { &first };
        assert_ne!(refresh(t, cut).await.status, 200);

        // All of the user: the other token, on every node, and the browsers.
        let mut theirs = signed_in(t, ORDINARY).await;
        let ask = browser.open(&format!("{GRANTS}/end?user={}", ORDINARY.0)).await;
        assert_page(t, &ask.answer, "end").await;
        let done = browser.submit(&ask, &ask.form("/end")).await;
        assert!(done.answer.text().contains("1 sign-in ended."), "{}", done.answer.text());
        assert_eq!(me(t, left).await.status, 401);
        assert_eq!(theirs.open("/apps").await.path, "/login");
        assert_eq!((me(t, &own).await.status, refresh(t, left).await.status == 200), (200, false));

        // All of the client.
        let ask = browser.open(&format!("{GRANTS}/end?client={CLIENT}")).await;
        browser.submit(&ask, &ask.form("/end")).await;
        assert_eq!(me(t, &own).await.status, 401);
        assert!(list(&mut browser, "").await.answer.text().contains("Nothing is open."));
        assert_eq!(happened(t, "access.cut").await.len(), 3, "each is told in the trail");
    }
);

both!(
    fn what_is_cut_of_one_client_leaves_the_others_and_the_browsers_of_its_user(t) {
        make_ordinary(t, &[]).await;
        register(t, "reader", json!({})).await;
        let mut theirs = signed_in(t, ORDINARY).await;
        let wants = asking("reader", "&scope=openid%20username");
        let code = member(&allow(&mut theirs, &wants).await, "code").unwrap();
        let modern = redeem(t, "reader", &code).await.json();
        let legacy = by_password(t, ORDINARY).await;
        let waiting = member(&allow(&mut theirs, &wants).await, "code").unwrap();
        assert_eq!((me(t, &modern).await.status, me(t, &legacy).await.status), (200, 200));
        let mut browser = admin(t).await;
        for (query, count) in [("?client=reader", 1), ("?client=demo", 1), ("?user=ordinary&client=reader", 1), ("?user=ordinary", 2)] {
            assert_eq!(buttons(&list(&mut browser, query).await.answer.text()).len(), count, "{query}");
        }
        let ask = browser.open(&format!("{GRANTS}/end?user={}&client=reader", ORDINARY.0)).await;
        browser.submit(&ask, &ask.form("/end")).await;
        assert_eq!((me(t, &modern).await.status, me(t, &legacy).await.status), (401, 200));
        assert_eq!(theirs.open("/apps").await.path, "/apps");
        assert_ne!(redeem(t, "reader", &waiting).await.status, 200, "what waited comes to nothing");
        assert_eq!(happened(t, "access.cut").await[0]["grants"], 1);
    }
);

/// As many more grants like the one that is there, each without a token.
pub(super) struct Many(pub(super) u32);

impl Write for Many {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let sql = format!(
            "insert into oauth_grant (id, user_object, client, grant_type, scope, created, last_used, credential_version)
             with recursive n(x) as (select 1 union all select x + 1 from n where x < {})
             select g.id + n.x, g.user_object, g.client, g.grant_type, g.scope, g.created, g.last_used, g.credential_version
             from n, oauth_grant g",
            self.0
        );
        tx.run_composed(&sql, Vec::new()).await
    }
}

both!(
    fn more_grants_than_one_write_ends_are_cut_all_the_same(t) {
        by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        assert_eq!(t.app.store.write(Many(500)).await.unwrap(), 500);
        let mut browser = admin(t).await;
        let ask = browser.open(&format!("{GRANTS}/end?client={CLIENT}")).await;
        let done = browser.submit(&ask, &ask.form("/end")).await;
        assert!(done.answer.text().contains("501 sign-ins ended."), "{}", done.answer.text());
    }
);

both!(
    fn the_list_of_grants_goes_on_page_by_page(t) {
        for _ in 0..23 {
            by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        }
        let mut browser = admin(t).await;
        for filter in ["?x=1", "?user=admin", "?client=demo"] {
            let page = list(&mut browser, filter).await.answer.text();
            let next = page.split("href=\"?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
            let rest = list(&mut browser, &format!("?{next}")).await.answer.text();
            let (one, two) = (buttons(&page), buttons(&rest));
            assert_eq!((one.len(), two.len()), (20, 3));
            assert!(two.iter().all(|grant| !one.contains(grant)));
        }
    }
);

both!(
    fn the_administration_is_for_administrators_and_no_other_page(t) {
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE"]).await;
        let tokens = by_password(t, ORDINARY).await;
        let mut theirs = signed_in(t, ORDINARY).await;
        let ends = format!("{GRANTS}/end?user=admin");
        for path in ["/administration", GRANTS, USER, PASSWORDS, EVENTS, WHY, &ends] {
            let page = theirs.open(path).await;
            assert_eq!(page.answer.status, 403, "{path}");
            assert!(page.answer.text().contains("needs the authority ALL"), "{path}");
            assert_eq!(t.browser().open(path).await.path, "/login", "{path}");
        }
        assert!(!theirs.open("/apps").await.answer.text().contains("/administration"));
        let mut browser = admin(t).await;
        assert!(browser.open("/apps").await.answer.text().contains(GRANTS));
        let named = buttons(&list(&mut browser, "").await.answer.text());
        let (csrf, own) = (browser.open("/apps").await.form("/logout"), theirs.open("/apps").await.form("/logout"));
        let (csrf, own) = (csrf.value("csrf").unwrap(), own.value("csrf").unwrap());
        for path in FORMS {
            for (administrator, origin, csrf) in [
                (true, "http://localhost:8080", "x"),
                (true, "https://evil.example", csrf),
                (false, "http://localhost:8080", own),
            ] {
                let who = if administrator { &mut browser } else { &mut theirs };
                let fields = [("grant", named[0].as_str()), ("user", ORDINARY.0), ("csrf", csrf)];
                let request = who.request("POST", path).header("origin", origin).form(&fields);
                assert_eq!(who.send(request).await.status, 403, "{path} {origin}");
            }
        }
        assert_eq!(me(t, &tokens).await.status, 200);
    }
);

both!(
    fn links_lead_to_every_administration_page_and_each_leads_somewhere(t) {
        by_password(t, (ADMIN, ADMIN_PASSWORD)).await;
        let mut browser = admin(t).await;
        let (mut seen, mut next) = (Vec::new(), vec!["/apps".to_owned()]);
        while let Some(path) = next.pop() {
            let page = browser.open(&path).await;
            assert_eq!(page.answer.status, 200, "{path}");
            let html = page.answer.text();
            let links = html.split("<a ").skip(1).filter_map(|tag| tag.split("href=\"").nth(1)?.split('"').next());
            for link in links.filter(|link| link.starts_with("/administration") && !link.contains('?')) {
                if !seen.contains(&link.to_owned()) {
                    seen.push(link.to_owned());
                    next.push(link.to_owned());
                }
            }
        }
        seen.sort();
        assert_eq!(seen, [EVENTS, GRANTS, PASSWORDS, USER, WHY]);
        let moved = browser.open_once("/admin/why?id=00f1e2d3c4b5a697&x=1").await;
        assert_eq!((moved.status, moved.location()), (303, Some("/administration/why?id=00f1e2d3c4b5a697")));
    }
);

both!(
    fn an_administrator_who_signed_in_a_while_ago_is_asked_first(t) {
        let mut browser = admin(t).await;
        t.clock.advance_seconds(1800);
        browser.open("/apps").await;
        flush(&t.app).await.unwrap();
        t.clock.advance_seconds(1799);
        let asked = format!("{GRANTS}?user=admin");
        assert_eq!(browser.open(&asked).await.path, asked);
        t.clock.advance_seconds(1);
        let page = browser.open(&asked).await;
        assert_eq!(page.path, "/account/password/prove");
        assert_page(t, &page.answer, "prove").await;
        let wrong = browser.submit(&page, &page.form("/prove").fill("password", "wrong")).await;
        assert!(wrong.answer.status == 400 && wrong.answer.text().contains("The password is wrong."));
        assert_eq!(browser.open(&asked).await.path, "/account/password/prove");
        let page = browser.submit(&wrong, &wrong.form("/prove").fill("password", ADMIN_PASSWORD)).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, asked.as_str()));
    }
);

both!(
    fn an_administrator_who_proved_a_factor_a_while_ago_is_asked_for_it(t) {
        let mut browser = admin(t).await;
        enrol(t, &mut browser).await;
        t.clock.advance_seconds(t.app.settings.administration_proof_seconds - 1);
        assert_eq!(browser.open(GRANTS).await.path, GRANTS);
        t.clock.advance_seconds(1);
        assert_eq!(browser.open(GRANTS).await.path, "/account/two-factor/prove");
    }
);

both!(
    fn every_administration_page_and_form_asks_first(t) {
        let mut browser = admin(t).await;
        let csrf = browser.open("/apps").await.form("/logout").value("csrf").unwrap().to_owned();
        t.clock.advance_seconds(1800);
        browser.open("/apps").await;
        flush(&t.app).await.unwrap();
        t.clock.advance_seconds(1801);
        for path in ["/administration", GRANTS, "/administration/grants/end?user=admin", USER, PASSWORDS, EVENTS, WHY] {
            assert_eq!(browser.open(path).await.path, "/account/password/prove", "{path}");
        }
        for path in FORMS {
            let request = browser.request("POST", path).header("origin", "http://localhost:8080");
            let answer = browser.send(request.form(&[("csrf", csrf.as_str())])).await;
            assert_eq!(answer.location(), Some("/account/password/prove"), "{path}");
        }
    }
);

both!(
    fn who_still_uses_the_password_grant_is_listed_with_client_address_and_program(t) {
        let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        for agent in ["nightly/1.0", "nightly/1.0", "<b>old app</b>"] {
            let request = t.post("/uaa/oauth/token").basic(CLIENT, kibali_testkit::seed::CLIENT_SECRET);
            let request = request.header("user-agent", agent).from("192.0.2.44").form(&fields);
            assert_eq!(request.send().await.status, 200);
            t.clock.advance_seconds(60);
        }
        flush(&t.app).await.unwrap();
        let page = admin(t).await.open(PASSWORDS).await;
        assert_page(t, &page.answer, "passwords").await;
        let html = page.answer.text();
        for text in ["nightly/1.0", "&#60;b&#62;old app", "192.0.2.44", CLIENT, "2026-01-15 08:01 UTC", "<td data-label=\"Tokens\">2</td>"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        assert!(html.find("old app") < html.find("nightly"), "the last seen first");
    }
);
