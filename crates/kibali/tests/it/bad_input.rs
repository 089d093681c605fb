//! What no client should send, at every door of the Web API: an answer of 4xx that says why, in the
//! caller's format, and nothing changed.

use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

use crate::foundation::admin;

/// Every path that takes a JSON body, with its method.
const BODIES: &[(&str, &str)] = &[
    ("POST", "/api/auth/login"),
    ("POST", "/api/configuration/corsWhitelist"),
    ("POST", "/api/dataElements"),
    ("POST", "/api/metadata"),
    ("POST", "/api/sharing?type=categoryOption&id=xYerKDKCefk"),
    ("POST", "/api/systemSettings"),
    ("POST", "/api/users"),
    ("PUT", "/api/categoryOptions/xYerKDKCefk"),
    ("PUT", "/api/me"),
    ("PUT", "/api/me/changePassword"),
];

fn is_told(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    let message = answer.json();
    assert_eq!(message["status"], "ERROR", "{what}: {message}");
    assert_eq!(message["httpStatusCode"], answer.status, "{what}");
    let text = message["message"].as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{what}");
    for inside in ["sqlx", "panicked", "rusqlite", ".rs:", "SELECT ", "select "] {
        assert!(!text.contains(inside), "{what}: {text}");
    }
}

/// The names and settings of the installation, to see that nothing changed.
async fn state(t: &TestApp) -> String {
    let users = admin(t.get("/api/users?fields=id,name,lastUpdated&paging=false")).send().await.text();
    let settings = admin(t.get("/api/systemSettings")).send().await.text();
    let elements = admin(t.get("/api/dataElements?paging=false")).send().await.text();
    users + &settings + &elements
}

both!(
    fn bodies_that_are_no_json_are_refused_everywhere(t) {
        let before = state(t).await;
        let deep = "[".repeat(200_000);
        let deep_objects = "{\"a\":".repeat(50_000);
        let garbage: [(&str, &[u8]); 8] = [
            ("nothing", b""),
            ("half", b"{\"name\":"),
            ("bytes", &[0xff, 0x00, 0xfe]),
            ("html", b"<html><script>alert(1)</script>"),
            ("broken text", &[b'{', b'"', 0xc3, 0x28, b'"', b':', b'1', b'}']),
            ("deep lists", deep.as_bytes()),
            ("deep objects", deep_objects.as_bytes()),
            ("a lone surrogate", br#"{"name":"\ud800"}"#),
        ];
        for (method, path) in BODIES {
            for (what, body) in garbage {
                let request = admin(t.request(method, path)).body("application/json", body.to_vec());
                is_told(&request.send().await, &format!("{method} {path} {what}"));
            }
        }
        assert_eq!(state(t).await, before);
    }
);

both!(
    fn a_body_of_another_type_or_charset_is_415(t) {
        for (method, path) in BODIES {
            for kind in ["application/json; charset=utf-16", "application/x-www-form-urlencoded", "text/csv"] {
                if *path == "/api/configuration/corsWhitelist" && !kind.contains("json") {
                    continue;
                }
                let answer = admin(t.request(method, path)).body(kind, "{}").send().await;
                let taken = if *path == "/api/configuration/corsWhitelist" { 400 } else { 415 };
                assert_eq!(answer.status, taken, "{method} {path} {kind} {}", answer.text());
            }
        }
    }
);

both!(
    fn an_oversize_body_is_413(t) {
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
        for (method, path) in BODIES.iter().filter(|(_, path)| *path != "/api/metadata") {
            let answer = admin(t.request(method, path)).body("application/json", body.clone()).send().await;
            assert_eq!(answer.status, 413, "{method} {path}");
            is_told(&answer, path);
        }
    }
);

both!(
    fn a_text_that_postgresql_cannot_hold_is_refused_on_both_engines(t) {
        for path in [
            "/api/dataElements/%00", "/api/dataElements?filter=name:eq:%00", "/api/dataElements?query=a%00b",
            "/api/sharing/search?key=%00", "/api/userSettings?user=%00", "/api/systemSettings/%00",
        ] {
            let answer = admin(t.get(path)).send().await;
            assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text());
        }
        let body = json!({ "name": "a\u{0}b", "shortName": "s", "domainType": "AGGREGATE", "valueType": "TEXT", "aggregationType": "NONE" });
        let made = admin(t.post("/api/dataElements")).json(&body).send().await;
        assert!((400..500).contains(&made.status), "{}: {}", made.status, made.text());
        let form = [("grant_type", "password"), ("username", "a\u{0}"), ("password", "b\u{0}")];
        for client in ["demo", "de\u{0}mo"] {
            let answer = t.post("/uaa/oauth/token").basic(client, "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6").form(&form);
            let answer = answer.send().await;
            assert!((400..500).contains(&answer.status), "{}: {}", answer.status, answer.text());
        }
    }
);

both!(
    fn sql_and_html_are_only_text(t) {
        let hostile = "x'; drop table object;-- <script>alert(1)</script> \" ${jndi:ldap://a} \u{202e} %00";
        let body = json!({
            "name": hostile, "shortName": "'; delete from account;--", "code": "<img src=x onerror=alert(1)>",
            "description": hostile, "domainType": "AGGREGATE", "valueType": "NUMBER", "aggregationType": "SUM"
        });
        let made = admin(t.post("/api/dataElements")).json(&body).send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        let uid = made.json()["response"]["uid"].as_str().unwrap().to_owned();
        let read = admin(t.get(&format!("/api/dataElements/{uid}"))).send().await.json();
        assert_eq!((&read["name"], &read["code"]), (&body["name"], &body["code"]));
        let encoded = |text: &str| -> String {
            text.bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        let hostile = encoded(hostile);
        for path in [
            format!("/api/dataElements?filter=name:eq:{hostile}"),
            format!("/api/dataElements?query={hostile}"),
            format!("/api/dataElements?order={hostile}"),
            format!("/api/dataElements?locale={hostile}"),
            format!("/api/dataElements/{hostile}"),
            format!("/api/{hostile}"),
            format!("/api/systemSettings/{hostile}"),
            format!("/api/userSettings?user={hostile}"),
            format!("/api/sharing?type={hostile}&id={hostile}"),
            format!("/api/sharing/search?key={hostile}"),
            format!("/api/me?fields={hostile}"),
            format!("/api/me/authorities/{hostile}"),
            format!("/api/system/info?fields={hostile}"),
            format!("/api/loginConfig?locale={hostile}"),
            format!("/api/configuration/{hostile}"),
        ] {
            let answer = admin(t.get(&path)).send().await;
            assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text());
            let kind = answer.header("content-type").unwrap();
            assert!(kind.starts_with("application/json"), "{path}: {kind}");
        }
        assert_eq!(admin(t.get("/api/me")).send().await.status, 200);
    }
);

both!(
    fn fields_a_million_deep_and_wide_are_refused(t) {
        // Longer than a server of the real world takes in its first line, so it is handed to the router.
        for fields in ["a[".repeat(10_000), "[".repeat(5_000), "a,".repeat(20_000), "a~size".repeat(5_000), "!a.".repeat(9_000)] {
            for path in ["/api/users", "/api/me", "/api/users/M5zQapPyTZI"] {
                let answer = admin(t.get(&format!("{path}?fields={fields}"))).send().await;
                assert!(matches!(answer.status, 200 | 400 | 409), "{path} {}", answer.status);
            }
        }
        let deep = format!("{}id{}", "userRoles%5Busers%5B".repeat(10), "%5D%5D".repeat(10));
        let answer = admin(t.get(&format!("/api/users?fields={deep}"))).send().await;
        assert!(matches!(answer.status, 400 | 409), "{}", answer.status);
        is_told(&answer, "deep fields");
    }
);

both!(
    fn repeated_and_senseless_parameters_have_an_answer(t) {
        for (path, status) in [
            ("/api/users?page=1&page=1", 200),
            ("/api/users?page=x", 400),
            ("/api/users?pageSize=-5", 200),
            ("/api/users?rootJunction=XOR", 400),
            ("/api/users?filter=name", 400),
            ("/api/users?filter=nope:eq:1", 400),
            ("/api/users?unknown=1&unknown=2", 200),
            ("/api/users?%ff=%fe", 200),
            ("/api/systemSettings?key=keyFlag&key=keyFlag", 200),
            ("/api/system/id?limit=-1", 400),
        ] {
            let answer = admin(t.get(path)).send().await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
        }
    }
);

both!(
    fn refusals_speak_xml_to_who_asks_for_xml(t) {
        let wrong = admin(t.post("/api/dataElements")).header("accept", "application/xml").body("application/json", "{");
        let answer = wrong.send().await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("<webMessage xmlns="), "{}", answer.text());
        let refused = admin(t.post("/api/dataElements")).header("accept", "application/xml").json(&json!({ "name": "<&>" }));
        let answer = refused.send().await;
        assert_eq!(answer.status, 409);
        assert!(answer.text().contains("errorCode"), "{}", answer.text());
    }
);

both!(
    fn a_compressed_body_is_not_taken(t) {
        // A gzip file of `{}`.
        let packed: &[u8] = &[
            0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xab, 0xae, 0x05, 0, 0x43, 0xbf, 0xa6, 0xa3, 0x02, 0, 0, 0,
        ];
        let before = state(t).await;
        for (method, path) in BODIES {
            let plain = admin(t.request(method, path)).body("application/json", packed.to_vec());
            let announced = admin(t.request(method, path)).body("application/json", packed.to_vec());
            let answer = announced.header("content-encoding", "gzip").send().await;
            assert_eq!(answer.status, 415, "{method} {path}: {}", answer.text());
            is_told(&answer, path);
            let answer = plain.send().await;
            assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text());
        }
        assert_eq!(state(t).await, before);
    }
);

/// Text that is SQL, HTML, a template, a format, a path, or no text at all to some parser.
const HOSTILE: [&str; 8] = [
    "'; drop table object; --",
    "\" or \"\" = \"",
    "<script>alert(1)</script>",
    "${jndi:ldap://a}{{7*7}}%s%n",
    "../../../../etc/passwd",
    "a\u{0}b",
    "\u{202e}\u{feff}\u{1f980}",
    "$1 :name ? \\",
];

both!(
    fn hostile_text_in_every_field_is_kept_or_refused_and_nothing_else_changes(t) {
        let users = admin(t.get("/api/users?fields=id,username&paging=false")).send().await.text();
        for kind in t.app.registry.kinds() {
            if kind.singular == "user" {
                continue;
            }
            for hostile in HOSTILE {
                let fields = kind.properties.iter().filter(|property| property.writable && property.name != "id");
                let body: serde_json::Map<String, serde_json::Value> =
                    fields.map(|property| (property.name.to_owned(), json!(hostile))).collect();
                let path = format!("/api/{}", kind.plural);
                let answer = admin(t.post(&path)).json(&json!(body)).send().await;
                let told = answer.status == 201 || (400..500).contains(&answer.status);
                assert!(told, "{path} {hostile}: {} {}", answer.status, answer.text());
                let kind = answer.header("content-type").unwrap();
                assert!(kind.starts_with("application/json"), "{path}: {kind}");
            }
        }
        // Every list still answers, and what was not written to is what it was.
        for kind in t.app.registry.kinds() {
            let list = admin(t.get(&format!("/api/{}?fields=*&paging=false", kind.plural))).send().await;
            assert_eq!(list.status, 200, "{}: {}", kind.plural, list.text());
        }
        let after = admin(t.get("/api/users?fields=id,username&paging=false")).send().await.text();
        assert_eq!(after, users);
    }
);

both!(
    fn parameters_given_twice_with_different_values_are_refused_or_have_one_meaning(t) {
        for (path, status) in [
            ("/api/users?page=1&page=2", 400),
            ("/api/users?pageSize=1&pageSize=2", 400),
            ("/api/users?paging=true&paging=false", 400),
            ("/api/users?canManage=true&canManage=false", 400),
            ("/api/organisationUnits?level=1&level=2", 400),
            ("/api/users.csv?fields=id&skipHeader=true&skipHeader=false", 400),
            ("/api/users?fields=id&fields=name", 200),
            ("/api/users?filter=id:!null&filter=id:!null", 200),
            ("/api/users?order=id&order=id", 200),
        ] {
            let answer = admin(t.get(path)).send().await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
        }
    }
);

both!(
    fn hostile_text_in_every_field_of_a_user_opens_nothing(t) {
        let kind = t.app.registry.kind("user").unwrap();
        let fields: Vec<&str> = kind.properties.iter().filter(|property| property.writable).map(|property| property.name)
            .chain(["password", "userCredentials", "settings", "authorities"])
            .filter(|name| *name != "id").collect();
        for (number, field) in fields.iter().enumerate() {
            for (which, hostile) in HOSTILE.iter().enumerate() {
                let mut user = json!({
                    "username": format!("hostile{number}x{which}"), "firstName": "Hos", "surname": "Tile",
                    "password": "Dist_rict1", "userRoles": [{ "id": "yrB6vc5Ip3r" }]
                });
                user[*field] = json!(hostile);
                let answer = admin(t.post("/api/users")).json(&user).send().await;
                let told = answer.status == 201 || (400..500).contains(&answer.status);
                assert!(told, "{field} {hostile}: {} {}", answer.status, answer.text());
                let name = user["username"].as_str().unwrap();
                for password in [*hostile, "", "Dist_rict1"] {
                    let grant = [("grant_type", "password"), ("username", name), ("password", password)];
                    let token = t.post("/uaa/oauth/token").basic("demo", "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6");
                    let token = token.form(&grant).send().await;
                    let made = answer.status == 201 && !["password", "username"].contains(field);
                    let opens = made && password == "Dist_rict1";
                    assert!(token.status != 200 || opens, "{field} {hostile}: {name} {password:?}");
                    assert!(token.status < 500, "{field} {hostile}: {}", token.text());
                }
            }
        }
        let list = admin(t.get("/api/users?fields=*&paging=false")).send().await;
        assert_eq!(list.status, 200, "{}", list.text());
        assert_eq!(admin(t.get("/api/me")).send().await.status, 200);
    }
);
