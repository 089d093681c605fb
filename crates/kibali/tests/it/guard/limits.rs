//! Limits by address, client and user: refused in the caller's own format, with when to come back.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, Request, TestApp, both};
use kibali_web::guard::{Bound, Limits};
use kibali_web::identity::flush;
use kibali_web::why::{self, Verdict};
use serde_json::json;

use crate::oauth2::{SECRET, register};
use crate::pages::{ORDINARY, make_ordinary};

/// So many a minute.
const fn paced(per_minute: u32) -> Bound {
    Bound { per_minute, at_once: 0 }
}

/// So many at once.
const fn at_once(at_once: u32) -> Bound {
    Bound { per_minute: 0, at_once }
}

/// A node with these limits on the same database.
async fn limited(t: &TestApp, limits: Limits) -> TestApp {
    t.another(2, |settings| settings.limits = limits).await
}

fn password() -> [(&'static str, &'static str); 3] {
    [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)]
}

async fn token(t: &TestApp, (username, password): (&str, &str)) -> String {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// The headers that tell how a caller stands.
fn standing(answer: &Answer) -> [Option<&str>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| answer.header(name))
}

async fn let_in(request: Request) -> Answer {
    let answer = request.send().await;
    assert_ne!(answer.status, 429, "{}", answer.text());
    answer
}

async fn refused(request: Request) -> Answer {
    let answer = request.send().await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

both!(
    fn each_door_refuses_in_its_own_format_and_says_when_to_come_back(t) {
        let node = limited(t, Limits { doors: paced(6), ..Limits::NONE }).await;
        for number in 0..6 {
            let answer = let_in(node.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&password())).await;
            let left = format!("\"doors\";r={};t=10", 5 - number);
            assert_eq!(standing(&answer), [Some("\"doors\";q=6;w=60"), Some(&*left), None]);
        }
        let told = "Too many requests from this address to sign in, register or get tokens: 6 a minute are allowed, \
                    try again in 10 s";
        let over = [Some("\"doors\";q=6;w=60"), Some("\"doors\";r=0;t=10"), Some("10")];
        for path in ["/uaa/oauth/token", "/oauth2/token", "/oauth2/device_authorization", "/oauth2/par", "/connect/register"] {
            let answer = refused(node.post(path).basic(CLIENT, CLIENT_SECRET).form(&password())).await;
            assert_eq!(answer.json(), json!({ "error": "temporarily_unavailable", "error_description": told }), "{path}");
            assert_eq!(standing(&answer), over, "{path}");
        }
        let xml = node.post("/uaa/oauth/token").header("accept", "application/xml");
        assert!(refused(xml).await.text().starts_with("<"));
        for path in ["/api/auth/login", "/api/auth/registration", "/api/account/recovery", "/api/2fa/enable"] {
            let answer = refused(node.post(path).json(&json!({ "username": "x", "password": "y" }))).await;
            let message = answer.json();
            assert_eq!((&message["httpStatusCode"], &message["message"]), (&json!(429), &json!(told)), "{path}");
            assert_eq!(standing(&answer), over, "{path}");
        }
        for path in ["/login", "/oauth2/device", "/oauth2/authorize"] {
            let page = refused(node.post(path).form(&[("username", "x")])).await;
            assert!(page.text().contains("<html") && page.text().contains(told), "{path}");
        }
        // What is only looked at is no door, and elsewhere there is another quota.
        for path in ["/login", "/oauth2/jwks", "/api/me"] {
            assert_eq!(standing(&let_in(node.get(path)).await), [None; 3], "{path}");
        }
        let_in(node.post("/oauth2/introspect").basic(CLIENT, CLIENT_SECRET).form(&[("token", "x")])).await;
        let_in(node.post("/login").from("192.0.2.1")).await;
        t.clock.advance_seconds(10);
        let_in(node.post("/login")).await;
        refused(node.post("/login")).await;
        node.app.store.close().await;
    }
);

both!(
    fn a_user_has_one_quota_whatever_proves_who_it_is(t) {
        make_ordinary(t, &[]).await;
        let (first, second, other) = (token(t, (ADMIN, ADMIN_PASSWORD)).await, token(t, (ADMIN, ADMIN_PASSWORD)).await, token(t, ORDINARY).await);
        let node = limited(t, Limits { user: paced(3), address: paced(1000), ..Limits::NONE }).await;
        let answer = let_in(node.get("/api/me").bearer(&first)).await;
        let policy = "\"address\";q=1000;w=60, \"user\";q=3;w=60";
        assert_eq!(standing(&answer), [Some(policy), Some("\"user\";r=2;t=20"), None]);
        let_in(node.get("/api/me").bearer(&second).from("192.0.2.9")).await;
        let_in(node.get("/api/me").basic(ADMIN, ADMIN_PASSWORD)).await;
        let answer = refused(node.get("/api/me").bearer(&first)).await;
        assert_eq!(standing(&answer), [Some(policy), Some("\"user\";r=0;t=20"), Some("20")]);
        let told = "Too many requests of this user: 3 a minute are allowed, try again in 20 s";
        assert_eq!(answer.json()["message"], told);
        let xml = refused(node.get("/api/me.xml").bearer(&second)).await;
        assert!(xml.text().contains("<webMessage") && xml.text().contains(told), "{}", xml.text());
        refused(node.get("/api/me").basic(ADMIN, ADMIN_PASSWORD)).await;
        let_in(node.get("/api/me").bearer(&other)).await;
        // A wrong credential counts for nobody, and costs its address.
        assert_eq!(node.get("/api/me").bearer("wrong").send().await.status, 401);
        t.clock.advance_seconds(20);
        let_in(node.get("/api/me").bearer(&first)).await;
        node.app.store.close().await;
    }
);

both!(
    fn a_client_has_one_quota_and_nobody_uses_up_that_of_a_public_one(t) {
        register(t, "open", json!({ "clientAuthenticationMethods": "none", "clientSecret": null })).await;
        register(t, "closed", json!({ "scopes": "openid,username" })).await;
        let node = limited(t, Limits { tokens: paced(2), client: paced(2), ..Limits::NONE }).await;
        let ask = |client: &str| {
            node.post("/oauth2/token").basic(client, SECRET).form(&[("grant_type", "authorization_code"), ("code", "x")])
        };
        for address in ["192.0.2.1", "192.0.2.2"] {
            let_in(ask("closed").from(address)).await;
        }
        let answer = refused(ask("closed").from("192.0.2.3")).await;
        assert_eq!(standing(&answer), [Some("\"tokens\";q=2;w=60"), Some("\"tokens\";r=0;t=30"), Some("30")]);
        // Whoever does not prove to be the client is no client.
        assert_eq!(node.post("/oauth2/token").basic("closed", "wrong").form(&[("grant_type", "x")]).send().await.status, 401);

        let fields = [("grant_type", "authorization_code"), ("code", "x"), ("client_id", "open"), ("code_verifier", "v")];
        let ask = |address: &str| node.post("/oauth2/token").form(&fields).from(address);
        let_in(ask("2001:db8::1")).await;
        let_in(ask("2001:db8::2")).await;
        refused(ask("2001:db8::3")).await;
        let_in(ask("2001:db8:0:1::1")).await;

        // Calls and questions about tokens are counted apart from token requests.
        let (first, second) = (token(t, (ADMIN, ADMIN_PASSWORD)).await, token(t, (ADMIN, ADMIN_PASSWORD)).await);
        let_in(node.get("/api/me").bearer(&first)).await;
        let_in(node.post("/oauth2/introspect").basic(CLIENT, CLIENT_SECRET).form(&[("token", &first)])).await;
        let answer = refused(node.get("/api/me").bearer(&second)).await;
        assert_eq!(standing(&answer)[1], Some("\"client\";r=0;t=30"));
        refused(node.post("/oauth2/introspect").basic(CLIENT, CLIENT_SECRET).form(&[("token", &first)])).await;
        let_in(node.get("/api/me").basic(ADMIN, ADMIN_PASSWORD)).await;
        node.app.store.close().await;
    }
);

both!(
    fn an_address_is_the_real_peers_and_costs_nothing_else_once_it_is_over(t) {
        let access = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let node = t.another(2, |settings| {
            settings.limits = Limits { address: paced(2), ..Limits::NONE };
            settings.trusted_proxies = vec!["10.0.0.1".parse().unwrap()];
        }).await;
        let from = |peer: &str, forwarded: &str| node.get("/login").from(peer).header("x-forwarded-for", forwarded);
        let answer = let_in(from("192.0.2.1", "203.0.113.1")).await;
        assert_eq!(standing(&answer), [None; 3], "an address alone is told nothing before it is over");
        let_in(from("192.0.2.1", "203.0.113.2")).await;
        let answer = refused(from("192.0.2.1", "203.0.113.3")).await;
        assert_eq!(standing(&answer), [Some("\"address\";q=2;w=60"), Some("\"address\";r=0;t=30"), Some("30")]);
        let_in(from("10.0.0.1", "203.0.113.1, 203.0.113.9")).await;
        let_in(from("10.0.0.1", "203.0.113.2, 203.0.113.9")).await;
        refused(from("10.0.0.1", "203.0.113.3, 203.0.113.9")).await;
        let_in(from("10.0.0.1", "203.0.113.1")).await;
        // Whoever has one address of a network has all of them.
        let_in(from("2001:db8::1", "203.0.113.1")).await;
        let_in(from("2001:db8::2", "203.0.113.1")).await;
        refused(from("2001:db8::3", "203.0.113.1")).await;
        // Refused before anybody asks who it is, whatever is asked.
        for request in [
            node.get("/api/me").bearer(&access), node.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET),
            node.get("/static/kibali.css"), node.get("/nowhere"), node.request("OPTIONS", "/api/me"),
        ] {
            refused(request.from("192.0.2.1")).await;
        }
        node.app.store.close().await;
    }
);

both!(
    fn the_limit_of_which_the_smallest_part_is_left_is_told(t) {
        make_ordinary(t, &[]).await;
        let (own, other) = (token(t, (ADMIN, ADMIN_PASSWORD)).await, token(t, ORDINARY).await);
        let node = limited(t, Limits { address: paced(1000), user: paced(6), client: paced(10), ..Limits::NONE }).await;
        // The address is counted first, the client last. In the second call eight of ten are less than five of six.
        for (access, told) in [(&own, "\"user\";r=5;t=10"), (&other, "\"client\";r=8;t=6"), (&other, "\"user\";r=4;t=10")] {
            let answer = let_in(node.get("/api/me").bearer(access)).await;
            let policy = "\"address\";q=1000;w=60, \"client\";q=10;w=60, \"user\";q=6;w=60";
            assert_eq!(standing(&answer), [Some(policy), Some(told), None]);
        }
        node.app.store.close().await;
    }
);

both!(
    fn only_so_many_are_answered_at_once_and_a_long_answer_counts_until_it_is_sent(t) {
        let access = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let node = limited(t, Limits { user: at_once(2), address: at_once(3), ..Limits::NONE }).await;
        let long = || node.get("/api/schemas").header("accept-encoding", "gzip").bearer(&access);
        let first = long().open().await;
        let second = long().open().await;
        assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
        let answer = refused(node.get("/api/me").bearer(&access)).await;
        let policy = "\"user-at-once\";q=2;qu=\"concurrent-requests\"";
        assert_eq!(standing(&answer), [Some(policy), Some("\"user-at-once\";r=0;t=1"), Some("1")]);
        let told = "Too many requests of this user: 2 at once are allowed, try again in 1 s";
        assert_eq!(answer.json()["message"], told);
        let_in(node.get("/login")).await;
        let third = node.get("/api/schemas").header("accept-encoding", "gzip").basic(ADMIN, ADMIN_PASSWORD).open().await;
        assert_eq!(third.status().as_u16(), 429, "the same user");
        drop(first);
        let again = let_in(node.get("/api/me").bearer(&access)).await;
        assert_eq!((again.status, standing(&again)), (200, [None; 3]), "nothing but too many is told of these");
        // Read to its end, it counts no longer either.
        axum::body::to_bytes(second.into_body(), usize::MAX).await.unwrap();
        for _ in 0..10 {
            let_in(node.get("/api/me").bearer(&access)).await;
        }
        node.app.store.close().await;
    }
);

both!(
    fn an_answer_that_is_made_whole_counts_until_it_is_sent_too(t) {
        let access = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let node = limited(t, Limits { user: at_once(1), ..Limits::NONE }).await;
        for (path, encoding) in [("/api/schemas", "identity"), ("/api/schemas.xml", "identity"), ("/api/schemas.xml", "gzip")] {
            let held = node.get(path).header("accept-encoding", encoding).bearer(&access).open().await;
            assert_eq!(held.status().as_u16(), 200, "{path}");
            refused(node.get("/api/me").bearer(&access)).await;
            let told = held.headers().get("content-length").cloned();
            let all = axum::body::to_bytes(held.into_body(), usize::MAX).await.unwrap();
            assert!(all.len() > 10_000, "{path}: {}", all.len());
            if let Some(told) = told {
                assert_eq!(told.to_str().unwrap(), all.len().to_string(), "{path}");
            }
            let_in(node.get("/api/me").bearer(&access)).await;
        }
        node.app.store.close().await;
    }
);

both!(
    fn a_password_hash_costs_a_place_at_the_doors_wherever_it_is_asked_for(t) {
        let hash = kibali_crypto::hash_password(&*t.random, SECRET, 4).unwrap();
        register(t, "imported", json!({ "clientSecret": hash })).await;
        let node = limited(t, Limits { doors: paced(2), ..Limits::NONE }).await;
        let guess = |name: &str, from: &str| node.get("/api/me").basic(name, "wrong").from(from);
        for name in ["one", "two"] {
            assert_eq!(guess(name, "192.0.2.1").send().await.status, 401);
        }
        let answer = refused(guess("three", "192.0.2.1")).await;
        assert_eq!(standing(&answer), [Some("\"doors\";q=2;w=60"), Some("\"doors\";r=0;t=30"), Some("30")]);
        let ask = |secret: &str| {
            let request = node.post("/oauth2/introspect").basic("imported", secret).from("192.0.2.2");
            request.form(&[("token", "x")])
        };
        for _ in 0..2 {
            assert_eq!(ask("wrong").send().await.status, 401);
        }
        refused(ask("wrong")).await;
        // What is remembered costs nothing, and calls with it are at no door.
        for _ in 0..5 {
            let_in(node.get("/api/me").basic(ADMIN, ADMIN_PASSWORD)).await;
        }
        node.app.store.close().await;
    }
);

both!(
    fn a_page_of_another_origin_can_read_why_it_was_refused(t) {
        let origin = "https://app.example.org";
        let list = t.post("/api/configuration/corsWhitelist").basic(ADMIN, ADMIN_PASSWORD).json(&json!([origin]));
        assert_eq!(list.send().await.status, 204);
        let node = limited(t, Limits { address: paced(2), ..Limits::NONE }).await;
        for (path, status) in [("/api//me", 400), ("/api/me", 401), ("/api/me", 429)] {
            let answer = node.get(path).header("origin", origin).send().await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(origin)), "{path}");
        }
        let other = refused(node.get("/api/me").header("origin", "https://evil.example")).await;
        assert_eq!(other.header("access-control-allow-origin"), None);
        node.app.store.close().await;
    }
);

both!(
    fn why_names_the_limit_and_what_would_allow_more(t) {
        let access = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let node = limited(t, Limits { user: paced(1), doors: at_once(0), ..Limits::NONE }).await;
        let_in(node.get("/api/me").bearer(&access)).await;
        let answer = refused(node.get("/api/me").bearer(&access)).await;
        let found = why::explain(&node.app, answer.header("x-request-id").unwrap()).await.unwrap();
        let broken = found.chain.iter().find(|link| link.verdict == Verdict::Refused).unwrap();
        let told = "Too many requests of this user: 1 a minute are allowed, try again in 60 s";
        assert_eq!((broken.step.as_str(), broken.finding.as_str(), found.status), ("rate", told, 429));
        assert_eq!(found.change, "wait 60 s, or raise limits.user.per_minute, which is 1");
        assert!(!answer.text().contains("limits."), "the caller learns no key");

        flush(&node.app).await.unwrap();
        let mut reader = t.app.store.reader().await.unwrap();
        let events = kibali_store::door::audit::newest(&mut reader, 10).await.unwrap();
        let event = events.iter().find(|event| event.name == "limit.reached").unwrap();
        assert_eq!(event.detail, json!({ "cause": "limits.user.per_minute", "count": 1 }));
        assert_eq!(event.address.as_deref(), Some("127.0.0.1"));
        drop(reader);
        node.app.store.close().await;
    }
);
