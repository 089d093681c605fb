//! The set-up link: once, one hour, the first administrator.

use kibali_crypto::sha256;
use kibali_model::Clock as _;
use kibali_store::door::setup_link::InsertSetupLink;
use kibali_testkit::{Engine, TestApp, both, seed};
use kibali_web::pages::setup_path;

use super::{assert_page, fill_login};

const TOKEN: &str = "bGluay10b2tlbi1mb3ItdGhlLWZpcnN0LWFkbWluaXN0cmF0b3I";
const GOOD: [(&str, &str); 4] =
    [("username", "wanjiru"), ("firstName", "Wanjiru"), ("surname", "Otieno"), ("password", "Kibali_2026")];

async fn link(t: &TestApp) -> String {
    let now = t.clock.now();
    let expires = now.plus_seconds(3600);
    t.app.store.write(InsertSetupLink { hash: sha256(TOKEN), expires, now }).await.unwrap();
    setup_path(TOKEN)
}

/// A fresh installation, with a live link, on an engine.
async fn fresh(engine: Engine, test: impl AsyncFnOnce(&TestApp, String)) {
    let Some(t) = TestApp::start_empty(engine).await else { return };
    let path = link(&t).await;
    test(&t, path).await;
    t.stop().await;
}

async fn makes_the_first_administrator_once(t: &TestApp, path: String) {
    let mut browser = t.browser();
    let page = browser.open(&path).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.text());
    assert_page(t, &page.answer, "set-up").await;
    let mut rival = t.browser();
    let same = rival.open(&path).await;
    let form = GOOD.iter().fold(page.form("/setup?"), |form, (name, value)| form.fill(name, value));
    let done = browser.submit(&page, &form).await;
    assert_eq!((done.answer.status, done.path.as_str()), (200, "/apps"), "{}", done.answer.text());
    let text = done.answer.text();
    assert!(text.contains("Wanjiru Otieno") && text.contains("href=\"/settings\""), "{text}");
    let me = t.get("/api/me?fields=authorities").basic("wanjiru", "Kibali_2026").send().await.json();
    assert_eq!(me["authorities"], serde_json::json!(["ALL"]));
    let form = GOOD.iter().fold(same.form("/setup?"), |form, (name, value)| form.fill(name, value));
    for answer in [rival.submit(&same, &form.fill("username", "rival")).await, rival.open(&path).await] {
        assert_eq!(answer.answer.status, 404);
        assert!(answer.answer.text().contains("This set-up link does not work"));
    }
    let page = rival.open("/login").await;
    assert_eq!(fill_login(&mut rival, &page, "rival", "Kibali_2026").await.answer.status, 401);
}

async fn holds_what_is_typed_against_the_rules(t: &TestApp, path: String) {
    let mut browser = t.browser();
    let page = browser.open(&path).await;
    let long = "x".repeat(300);
    let good = GOOD.iter().fold(page.form("/setup?"), |form, (name, value)| form.fill(name, value));
    for (field, value, said) in [
        ("username", "", "Enter a user name."),
        ("firstName", "", "Enter a first name."),
        ("surname", "  ", "Enter a surname."),
        ("password", "", "Enter a password."),
        ("password", "Short_1", "at least 8 characters"),
        ("password", "kibali_2026", "upper-case letter"),
        ("password", "Kibali2026", "special character"),
        ("password", "Kibali_kibali", "a digit"),
        ("password", "Admin_2026", "a common word"),
        ("password", "Wanjiru_2026", "holds the user name"),
        ("username", "a b", "4 to 255 letters"),
        ("username", "<b>x</b>", "4 to 255 letters"),
        ("username", &long, "255"),
        ("firstName", &long, "160"),
        ("surname", &long, "160"),
    ] {
        let answer = browser.submit(&page, &good.clone().fill(field, value)).await;
        let text = answer.answer.text();
        assert_eq!(answer.answer.status, 400, "{field}={value}: {text}");
        let wrong =
            text.split(&format!("id=\"{field}-error\">")).nth(1).unwrap_or_else(|| panic!("{field}: {text}"));
        assert!(wrong.split('<').next().unwrap().contains(said), "{field}={value}: {wrong}");
        assert!(!text.contains("<b>"), "{text}");
        let kept = if field == "firstName" { "surname" } else { "firstName" };
        assert_ne!(answer.form("/setup?").value(kept), Some(""), "{field}");
        assert_eq!(answer.form("/setup?").value("password"), Some(""));
    }
    let forged = browser.submit(&page, &good.clone().fill("csrf", "x")).await;
    assert_eq!(forged.answer.status, 403);
    let done = browser.submit(&page, &good).await;
    assert_eq!(done.path, "/apps", "none of that spent the link");
}

async fn ends_after_an_hour_and_was_never_another(t: &TestApp, path: String) {
    for other in
        ["/setup", "/setup?token=x", "/setup?token=%00", &format!("{path}x"), &setup_path(&"y".repeat(5000))]
    {
        assert_eq!(t.get(other).send().await.status, 404, "{other}");
    }
    t.clock.advance_seconds(3599);
    let mut browser = t.browser();
    let page = browser.open(&path).await;
    assert_eq!(page.answer.status, 200);
    t.clock.advance_seconds(1);
    let form = GOOD.iter().fold(page.form("/setup?"), |form, (name, value)| form.fill(name, value));
    assert_eq!(browser.submit(&page, &form).await.answer.status, 404);
    assert_eq!(browser.open(&path).await.answer.status, 404);
    assert_eq!(t.get("/api/me").basic("wanjiru", "Kibali_2026").send().await.status, 401);
}

async fn of_two_at_once_one_wins(t: &TestApp, path: String) {
    let (mut one, mut other) = (t.browser(), t.browser());
    let (first, second) = (one.open(&path).await, other.open(&path).await);
    let fill = |page: &kibali_testkit::Page, name: &str| {
        let form = GOOD.iter().fold(page.form("/setup?"), |form, (name, value)| form.fill(name, value));
        form.fill("username", name)
    };
    let (fill_one, fill_other) = (fill(&first, "wanjiru"), fill(&second, "kamau"));
    let (left, right) = tokio::join!(one.submit(&first, &fill_one), other.submit(&second, &fill_other));
    let mut statuses = [left.answer.status, right.answer.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

macro_rules! on_both {
    ($($name:ident),+) => { $(mod $name {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() {
            super::fresh(super::Engine::Sqlite, super::$name).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() {
            super::fresh(super::Engine::Postgres, super::$name).await;
        }
    })+ };
}

on_both!(
    makes_the_first_administrator_once,
    holds_what_is_typed_against_the_rules,
    ends_after_an_hour_and_was_never_another,
    of_two_at_once_one_wins
);

both!(
    fn a_link_is_worth_nothing_where_there_is_an_account(t) {
        let path = link(t).await;
        assert_eq!(t.get(&path).send().await.status, 404);
        let form = [("username", seed::ADMIN)];
        assert_eq!(t.post(&path).form(&form).send().await.status, 403);
    }
);
