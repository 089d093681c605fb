//! Clients whose keys are at an address of their own (rules of the door 9): a real site, over TLS.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use kibali_crypto::jose::SigningKey;
use kibali_model::SigningAlgorithm::Es256;
use kibali_testkit::{Answer, Reply, Site, TestApp, TestNames, both};
use kibali_web::Settings;
use kibali_web::outbound::{Addresses, Names, Trust};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::assertion::{key, says, sent};
use super::register;

pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../binary/tls.crt");
pub(crate) const KEY: &[u8] = include_bytes!("../binary/tls.key");

pub(crate) async fn site(address: &str) -> Site {
    Site::start(address, (CERTIFICATE, KEY)).await
}

/// Lets a node call one address of this machine.
pub(crate) fn reach(settings: &mut Settings, names: &Arc<TestNames>) {
    settings.outbound.listed = vec!["127.0.0.1".parse().unwrap()];
    settings.outbound.trust = Trust::and(CERTIFICATE).unwrap();
    settings.outbound.names = Arc::<TestNames>::clone(names);
    // No test waits for it, but those of hosts that are too slow.
    settings.outbound.patience = Duration::from_secs(60);
}

pub(crate) fn names() -> Arc<TestNames> {
    Arc::new(TestNames::default().point("localhost", &[&["127.0.0.1"]]))
}

async fn node(t: &TestApp, names: &Arc<TestNames>) -> TestApp {
    t.another(5, |settings| reach(settings, names)).await
}

/// Names that are told once this opens.
#[derive(Debug)]
struct Gate {
    names: Arc<TestNames>,
    asked: Semaphore,
    open: Semaphore,
}

impl Names for Gate {
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            self.asked.add_permits(1);
            self.open.acquire().await.unwrap().forget();
            self.names.look_up(host).await
        })
    }
}

async fn gated(t: &TestApp) -> (Arc<Gate>, TestApp) {
    let gate = Arc::new(Gate { names: names(), asked: Semaphore::new(0), open: Semaphore::new(0) });
    let node = t.another(5, |settings| {
        reach(settings, &gate.names);
        settings.outbound.names = Arc::<Gate>::clone(&gate);
    });
    (Arc::clone(&gate), node.await)
}

/// Registers a client whose keys are there.
async fn at(t: &TestApp, id: &str, address: &str) {
    let settings = json!({
        "settings.client.require-proof-key": true,
        "settings.client.require-authorization-consent": true,
        "settings.client.jwk-set-url": address,
    });
    let client = json!({
        "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
        "clientSettings": settings.to_string(),
    });
    register(t, id, client).await;
}

/// Keys with their names, as a site shows them.
fn set(keys: &[(&SigningKey, &str)]) -> Reply {
    Reply::json(&keys_of(keys))
}

fn keys_of(keys: &[(&SigningKey, &str)]) -> Value {
    let keys = keys.iter().map(|(key, kid)| key.public().clone().named(kid, Es256).to_jwk());
    json!({ "keys": keys.collect::<Vec<_>>() })
}

/// An assertion of the client, in a request that does nothing.
async fn asked(t: &TestApp, id: &str, key: &SigningKey, kid: &str) -> Answer {
    let header = json!({ "kid": kid });
    let number = t.random.next().to_string();
    let assertion = key.sign(header.as_object().unwrap(), &says(t, id, &number, &json!({}))).unwrap();
    sent(t, "/oauth2/revoke", assertion.expose(), &[("token", "unknown")]).await
}

async fn proves(t: &TestApp, id: &str, key: &SigningKey, kid: &str) -> bool {
    let answer = asked(t, id, key, kid).await;
    assert!(answer.status == 200 || answer.json()["error"] == "invalid_client", "{}", answer.text());
    answer.status == 200
}

/// Why the keys of this client cannot be had.
async fn why(t: &TestApp, id: &str) -> String {
    let answer = asked(t, id, &key(Es256), "any").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (401, &json!("invalid_client")),
        "{}",
        answer.text()
    );
    answer.json()["error_description"].as_str().unwrap().to_owned()
}

const UNREACHABLE: &str = "The keys at the jwks_uri of this client cannot be used: it cannot be reached: it must be at a \
                           public address, over https, with a certificate that is publicly trusted";

both!(
    fn keys_at_an_address_are_fetched_remembered_and_changed_with_their_host(t) {
        let (site, names) = (site("127.0.0.1:0").await, names());
        let node = node(t, &names).await;
        let (one, two) = (key(Es256), key(Es256));
        at(t, "app", &format!("https://localhost:{}/jwks.json?v=1", site.port)).await;
        let kept = |keys: Value| Reply::with("200 OK", "cache-control: public, max-age=120\r\n", &keys.to_string());
        site.answers(kept(keys_of(&[(&one, "one")])));
        // Whoever comes at once waits for one fetch.
        assert!(join_all((0..8).map(|_| proves(&node, "app", &one, "one"))).await.iter().all(|proven| *proven));
        assert_eq!(site.asked().len(), 1);
        let head = site.asked()[0].head.to_ascii_lowercase();
        assert!(head.starts_with("get /jwks.json?v=1 http/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nhost: localhost:{}\r\n", site.port)), "{head}");
        assert_eq!(names.looked_up("localhost"), 1, "the name is looked up once, and the connection goes there");

        // Within their lifetime nobody asks; a key with an unknown name is worth a question, after half a minute.
        t.clock.advance_seconds(29);
        site.answers(kept(keys_of(&[(&two, "two")])));
        assert!(proves(&node, "app", &one, "one").await && !proves(&node, "app", &two, "two").await);
        assert_eq!(site.asked().len(), 1);
        t.clock.advance_seconds(1);
        assert!(proves(&node, "app", &one, "one").await, "known and fresh");
        assert_eq!(site.asked().len(), 1);
        assert!(proves(&node, "app", &two, "two").await);
        assert_eq!(site.asked().len(), 2);
        assert!(!proves(&node, "app", &one, "one").await, "the host has it no longer");

        // Keys in a client count alone.
        let mine = key(Es256);
        let settings = json!({
            "settings.client.require-proof-key": true, "settings.client.require-authorization-consent": true,
            "settings.client.jwk-set-url": format!("https://localhost:{}/other.json", site.port),
            "client.inline.jwks": keys_of(&[(&mine, "mine")]),
        });
        let inline = json!({ "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null, "clientSettings": settings.to_string() });
        register(t, "inline", inline).await;
        assert!(proves(&node, "inline", &mine, "mine").await && !proves(&node, "inline", &two, "two").await);
        assert_eq!(site.asked().len(), 2);

        t.clock.advance_seconds(119);
        assert!(proves(&node, "app", &two, "two").await);
        assert_eq!(site.asked().len(), 2);
        t.clock.advance_seconds(1);
        site.answers(set(&[(&one, "one"), (&two, "two")]));
        assert!(proves(&node, "app", &two, "two").await && proves(&node, "app", &one, "one").await);
        assert_eq!(site.asked().len(), 3, "they are fetched again when their time is over");
    }
);

both!(
    fn whoever_needs_keys_waits_for_the_one_fetch_and_nobody_stops_it_by_hanging_up(t) {
        let site = site("127.0.0.1:0").await;
        let (gate, node) = gated(t).await;
        let mine = key(Es256);
        at(t, "app", &format!("https://localhost:{}/jwks.json", site.port)).await;
        site.answers(set(&[(&mine, "mine")]));
        let first = tokio::select! {
            proven = proves(&node, "app", &mine, "mine") => Some(proven),
            begun = gate.asked.acquire() => { begun.unwrap().forget(); None }
        };
        assert_eq!(first, None, "whoever began it is gone");
        let others = join_all((0..8).map(|_| proves(&node, "app", &mine, "mine")));
        let opened = async {
            // Time for the others to come.
            for _ in 0..40 {
                assert_eq!(node.get("/api/me").send().await.status, 401);
            }
            gate.open.add_permits(8);
        };
        assert!(tokio::join!(others, opened).0.iter().all(|proven| *proven));
        assert_eq!(site.asked().len(), 1);
    }
);

both!(
    fn sixteen_hosts_are_called_at_once_and_who_comes_then_waits_their_turn(t) {
        let site = site("127.0.0.1:0").await;
        let (gate, node) = gated(t).await;
        let ids: Vec<String> = (0..18).map(|number| format!("app-{number}")).collect();
        for id in &ids {
            at(t, id, &format!("https://localhost:{}/{id}", site.port)).await;
        }
        let mine = key(Es256);
        let told = join_all(ids.iter().map(|id| why(&node, id)));
        let opened = async {
            gate.asked.acquire_many(16).await.unwrap().forget();
            // Time for the others to come: these come as far, one after the other.
            for number in 0..40 {
                assert_eq!(asked(&node, &format!("nobody-{number}"), &mine, "any").await.status, 401);
            }
            assert_eq!(gate.asked.available_permits(), 0, "no seventeenth");
            gate.open.add_permits(100);
        };
        let (told, ()) = tokio::join!(told, opened);
        assert_eq!(gate.asked.available_permits(), 2, "and these were asked then");
        assert!(!told.iter().any(|told| told.contains("busy")), "{told:?}");
    }
);

both!(
    fn a_host_with_several_addresses_is_tried_at_one_after_the_other(t) {
        let site = site("127.0.0.1:0").await;
        let names = Arc::new(TestNames::default().point("localhost", &[&["127.0.0.9", "127.0.0.1"]]));
        let node = t.another(5, |settings| {
            reach(settings, &names);
            settings.outbound.listed = vec!["127.0.0.0/8".parse().unwrap()];
        }).await;
        let mine = key(Es256);
        at(t, "app", &format!("https://localhost:{}/jwks.json", site.port)).await;
        site.answers(set(&[(&mine, "mine")]));
        assert!(proves(&node, "app", &mine, "mine").await);
    }
);

both!(
    fn a_flood_of_unknown_keys_is_one_fetch_and_disturbs_nobody(t) {
        let site = site("127.0.0.1:0").await;
        let node = node(t, &names()).await;
        let (mine, other) = (key(Es256), key(Es256));
        at(t, "app", &format!("https://localhost:{}/jwks.json", site.port)).await;
        site.answers(set(&[(&mine, "mine")]));
        assert!(proves(&node, "app", &mine, "mine").await);
        t.clock.advance_seconds(30);
        let kids: Vec<String> = (0..20).map(|number| format!("unknown {number}")).collect();
        for round in 1..3 {
            // Guesses are slowed down besides; each of these comes in time.
            let statuses = join_all(kids.iter().map(|kid| asked(&node, "app", &other, kid))).await;
            assert!(statuses.iter().all(|answer| matches!(answer.status, 401 | 429)));
            assert_eq!(site.asked().len(), 1 + round);
            t.clock.advance_seconds(90);
            assert!(proves(&node, "app", &mine, "mine").await);
        }
        // What would prove nothing, whatever the keys are, is worth no question.
        at(t, "quiet", &format!("https://localhost:{}/quiet.json", site.port)).await;
        let before = site.connections();
        for more in [json!({ "aud": "https://other.example.org/" }), json!({ "exp": 1 }), json!({ "iss": "demo" })] {
            t.clock.advance_seconds(90);
            let assertion = mine.sign(&serde_json::Map::new(), &says(&node, "quiet", &more.to_string(), &more)).unwrap();
            let answer = sent(&node, "/oauth2/revoke", assertion.expose(), &[("token", "x")]).await;
            assert_eq!(answer.json()["error_description"], "Bad client credentials");
        }
        assert_eq!(site.connections(), before);
    }
);

both!(
    fn old_keys_serve_for_a_day_while_their_host_is_down(t) {
        let site = site("127.0.0.1:0").await;
        let node = node(t, &names()).await;
        let (mine, new) = (key(Es256), key(Es256));
        at(t, "app", &format!("https://localhost:{}/jwks.json", site.port)).await;
        site.answers(set(&[(&mine, "mine")]));
        assert!(proves(&node, "app", &mine, "mine").await);
        site.answers(Reply::with("500 Internal Server Error", "", "it is broken: 10.0.0.7"));
        t.clock.advance_seconds(600);
        assert!(proves(&node, "app", &mine, "mine").await && proves(&node, "app", &mine, "mine").await);
        assert_eq!(site.asked().len(), 2, "a host that is down is left alone for a while");
        t.clock.advance_seconds(86_399);
        assert!(proves(&node, "app", &mine, "mine").await);
        t.clock.advance_seconds(1);
        assert_eq!(
            why(&node, "app").await,
            "The keys at the jwks_uri of this client cannot be used: it answered with an error"
        );
        site.answers(set(&[(&new, "new")]));
        t.clock.advance_seconds(30);
        assert!(proves(&node, "app", &new, "new").await && !proves(&node, "app", &mine, "mine").await);
    }
);

both!(
    fn what_is_no_set_of_keys_is_told_and_nothing_else_is(t) {
        let site = site("127.0.0.1:0").await;
        let node = node(t, &names()).await;
        let long = "x".repeat(64 * 1024);
        let keys = keys_of(&[(&key(Es256), "k")]).to_string();
        let mut number = 0;
        for (reply, said) in [
            (Reply::with("302 Found", &format!("location: https://localhost:{}/keys\r\n", site.port), &keys), "redirect"),
            (Reply::with("307 Temporary Redirect", "location: /keys\r\n", ""), "redirect"),
            (Reply::with("404 Not Found", "", &keys), "answered with an error"),
            (Reply::with("200 OK", "", &format!("{{\"keys\":[],\"x\":\"{long}\"}}")), "longer than 64 KiB"),
            (Reply::Says(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{long}xx")), "longer than 64 KiB"),
            (Reply::Says(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(100))), "did not answer in HTTP"),
            (Reply::Says(format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(20_000))), "did not answer in HTTP"),
            (Reply::Says("SSH-2.0-OpenSSH_9\r\n".to_owned()), "did not answer in HTTP"),
            (Reply::Says("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{}".to_owned()), "did not answer in HTTP"),
            (Reply::Closes, "did not answer in HTTP"),
            (Reply::with("200 OK", "", "<html>Welcome</html>"), "no JWK set"),
            (Reply::with("200 OK", "", "{\"keys\":[]}"), "no JWK set"),
            (Reply::with("200 OK", "", "\u{feff}"), "no JWK set"),
        ] {
            number += 1;
            let id = format!("app-{number}");
            at(t, &id, &format!("https://localhost:{}/{number}", site.port)).await;
            site.answers(reply.clone());
            let before = site.asked().len();
            let told = why(&node, &id).await;
            assert!(told.contains(said), "{reply:?}: {told}");
            assert!(!told.contains("127.") && !told.contains("localhost"), "{told}");
            assert_eq!(site.asked().len(), before + 1, "{reply:?}");
        }
        // Answers that do not end, or never begin, are not waited for.
        let hasty = t.another(6, |settings| {
            reach(settings, &names());
            settings.outbound.patience = Duration::from_millis(200);
        }).await;
        for (id, begun) in [("slow", "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"keys\":"), ("silent", "")] {
            at(t, id, &format!("https://localhost:{}/{id}", site.port)).await;
            site.answers(Reply::Stalls(begun.to_owned()));
            let told = why(&hasty, id).await;
            assert!(told.ends_with("it did not answer in time"), "{id}: {told}");
        }
        // Who took the connection and proved nothing is not told from one that is not there.
        let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        at(t, "mute", &format!("https://localhost:{}/", mute.local_addr().unwrap().port())).await;
        assert_eq!(why(&hasty, "mute").await, UNREACHABLE);
    }
);

both!(
    fn no_host_is_called_that_is_not_public_whatever_it_is_called(t) {
        let site = site("127.0.0.1:0").await;
        let trap = Site::start(&format!("127.0.0.2:{}", site.port), (CERTIFICATE, KEY)).await;
        let mine = key(Es256);
        for site in [&site, &trap] {
            site.answers(set(&[(&mine, "mine")]));
        }
        // Nothing is listed: nothing on this machine is called.
        let closed = t.another(6, |settings| {
            reach(settings, &names());
            settings.outbound.listed.clear();
        }).await;
        let port = site.port;
        for (number, host) in ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "unknown.test"].iter().enumerate() {
            let id = format!("closed-{number}");
            at(t, &id, &format!("https://{host}:{port}/")).await;
            assert_eq!(why(&closed, &id).await, UNREACHABLE, "{host}");
        }
        assert_eq!(site.connections(), 0);

        // One address of this machine is listed. A name that also points elsewhere, or does so the next time, is not called.
        let names = TestNames::default()
            .point("localhost", &[&["127.0.0.1"], &["127.0.0.2"]])
            .point("both.test", &[&["127.0.0.1", "127.0.0.2"]])
            .point("other.test", &[&["127.0.0.1"]]);
        let names = Arc::new(names);
        let open = node(t, &names).await;
        at(t, "rebound", &format!("https://localhost:{port}/")).await;
        assert!(proves(&open, "rebound", &mine, "mine").await);
        assert_eq!((site.connections(), names.looked_up("localhost")), (1, 1));
        t.clock.advance_seconds(600 + 86_400);
        assert_eq!(why(&open, "rebound").await, UNREACHABLE);
        at(t, "both", &format!("https://both.test:{port}/")).await;
        assert_eq!(why(&open, "both").await, UNREACHABLE);
        at(t, "trap", &format!("https://127.0.0.2:{port}/")).await;
        assert_eq!(why(&open, "trap").await, UNREACHABLE);
        assert_eq!((site.connections(), trap.connections()), (1, 0));

        // Who does not prove to be the host has not answered; nor has one that nobody known vouches for.
        at(t, "other", &format!("https://other.test:{port}/")).await;
        assert_eq!(why(&open, "other").await, UNREACHABLE);
        let stranger = t.another(8, |settings| {
            reach(settings, &self::names());
            settings.outbound.trust = Trust::default();
        }).await;
        at(t, "stranger", &format!("https://localhost:{port}/stranger")).await;
        assert_eq!(why(&stranger, "stranger").await, UNREACHABLE);
        assert_eq!(site.asked().len(), 1);
    }
);
