//! How every path of the Web API answers: versions, suffixes, formats, refusals, headers.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Request, TestApp, both};

pub(crate) fn admin(request: Request) -> Request {
    request.basic(ADMIN, ADMIN_PASSWORD)
}

async fn get(t: &TestApp, path: &str) -> kibali_testkit::Answer {
    admin(t.get(path)).send().await
}

both!(
    fn nobody_gets_in_and_the_answer_is_json(t) {
        for path in ["/api/me", "/api/41/system/info", "/api/systemSettings.json", "/api/userSettings"] {
            let answer = t.get(path).header("accept", "text/html").send().await;
            assert_eq!(answer.status, 401, "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"oauth\""), "{path}");
            assert_eq!(answer.json()["message"], "Unauthorized");
            assert_eq!(answer.json()["httpStatusCode"], 401);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("x-frame-options"), Some("DENY"));
            assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
            assert_eq!(answer.header("x-request-id").unwrap().len(), 16);
        }
    }
);

both!(
    fn versions_suffixes_and_slashes_lead_to_one_place(t) {
        let plain = get(t, "/api/systemSettings").await;
        for path in
            ["/api/systemSettings.json", "/api/41/systemSettings", "/api/25/systemSettings.json", "/api/99/systemSettings/"]
        {
            let answer = get(t, path).await;
            assert_eq!((answer.status, answer.text()), (200, plain.text()), "{path}");
        }
        assert_eq!(get(t, "/api/411/systemSettings").await.status, 404);
        assert_eq!(get(t, "/api/systemSettings.pdf").await.status, 404);
        for path in ["/api", "/api/", "/api/42"] {
            let answer = t.get(path).send().await;
            assert_eq!(answer.status, 302, "{path}");
            assert_eq!(answer.location(), Some("http://localhost:8080/api/resources"));
        }
    }
);

both!(
    fn what_dhis2_has_is_501_and_what_nobody_has_is_404(t) {
        for path in ["/api/dataStore/ns/key", "/api/apps/menu", "/api/41/analytics.json", "/api/programs", "/api/tracker/events"] {
            let answer = get(t, path).await;
            assert_eq!(answer.status, 501, "{path}");
            assert_eq!(answer.json()["status"], "ERROR");
            assert_eq!(answer.json()["httpStatus"], "Not Implemented");
        }
        assert_eq!(get(t, "/api/apps").await.json(), serde_json::json!([]));
        let posted = admin(t.post("/api/dataValueSets")).json(&serde_json::json!({})).send().await;
        assert_eq!(posted.status, 501);
        for path in ["/api/nonsense", "/api/a/b/c/d/e/f", "/api/system/nonsense"] {
            let answer = get(t, path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.json()["httpStatusCode"], 404);
        }
        let wrong = admin(t.delete("/api/system/info")).send().await;
        assert_eq!(wrong.status, 405);
        assert_eq!(wrong.json()["message"], "Request method 'DELETE' not supported");
        assert!(wrong.header("allow").unwrap().contains("GET"));
    }
);

both!(
    fn xml_only_when_it_is_asked_for(t) {
        let xml = get(t, "/api/system/info.xml").await;
        assert_eq!(xml.header("content-type"), Some("application/xml;charset=UTF-8"));
        assert!(xml.text().contains("<systemInfo xmlns=\"http://dhis2.org/schema/dxf/2.0\">"), "{}", xml.text());
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for accept in ["*/*", browser, "application/json", "application/xml;q=0.5,application/json"] {
            let answer = admin(t.get("/api/system/info")).header("accept", accept).send().await;
            assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
        }
        let refused = t.get("/api/system/info").header("accept", "application/xml").send().await;
        assert_eq!(refused.status, 401);
        assert!(refused.text().contains("<webMessage xmlns="), "{}", refused.text());
        let unknown = get(t, "/api/nonsense.xml").await;
        assert!(unknown.text().contains("httpStatusCode=\"404\""), "{}", unknown.text());
    }
);

both!(
    fn a_content_hash_answers_304(t) {
        let first = get(t, "/api/userSettings").await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("cache-control"), Some("no-cache, private"));
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = admin(t.get("/api/userSettings")).header("if-none-match", &known).send().await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
        }
        admin(t.post("/api/userSettings/keyUiLocale?value=fr")).send().await;
        let changed = admin(t.get("/api/userSettings")).header("if-none-match", &tag).send().await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
        assert_eq!(get(t, "/api/system/info").await.header("cache-control"), Some("no-store"));
    }
);

both!(
    fn head_is_get_without_the_body(t) {
        let get = get(t, "/api/userSettings").await;
        let head = admin(t.request("HEAD", "/api/userSettings")).send().await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), get.header("etag"));
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    }
);

both!(
    fn answers_are_compressed_and_a_gz_suffix_is_a_file(t) {
        let plain = get(t, "/api/systemSettings").await;
        let packed = admin(t.get("/api/systemSettings")).header("accept-encoding", "gzip").send().await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert!(packed.body.len() < plain.body.len());
        let file = get(t, "/api/userSettings.json.gz").await;
        assert_eq!(file.header("content-type"), Some("application/gzip"));
        assert_eq!(file.header("content-encoding"), None);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"userSettings.json.gz\""));
        assert_eq!(file.body[..2], [0x1f, 0x8b]);
    }
);

both!(
    fn a_context_path_may_be_passed_on_or_stripped(t) {
        let below = t.another(7, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        for path in ["/api/ping", "/dhis/api/ping", "/dhis/api/41/ping"] {
            assert_eq!(below.get(path).send().await.status, 200, "{path}");
        }
        let info = admin(below.get("/dhis/api/system/info")).send().await;
        assert_eq!(info.json()["contextPath"], "https://example.org/dhis");
    }
);

both!(
    fn no_page_of_another_origin_reads_a_page_of_ours(t) {
        let origin = "https://app.example.org";
        let list = serde_json::json!([origin]);
        assert_eq!(admin(t.post("/api/configuration/corsWhitelist")).json(&list).send().await.status, 204);
        let allows = async |request: Request| {
            let answer = request.header("origin", origin).send().await;
            answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
        };
        assert!(allows(t.get("/uaa/oauth/token")).await, "it may call what is for programs");
        for path in ["/oauth2/authorize", "/uaa/oauth/authorize", "/oauth2/device", "/connect/logout", "/login", "/apps"] {
            assert!(!allows(t.get(path)).await, "{path}");
            let preflight = t.request("OPTIONS", path).header("access-control-request-method", "GET");
            assert!(!allows(preflight).await, "{path}");
        }
    }
);

both!(
    fn pages_of_other_origins_call_only_when_they_are_listed(t) {
        let origin = "https://app.example.org";
        let ask = |origin: &str| admin(t.get("/api/userSettings")).header("origin", origin);
        assert_eq!(ask(origin).send().await.header("access-control-allow-origin"), None);
        for wrong in [r#"["*"]"#, r#"["https://a.org/path"]"#, r#"{"a":1}"#, "[1]", "nonsense"] {
            let body = admin(t.post("/api/configuration/corsWhitelist")).body("application/json", wrong.to_owned());
            assert!(matches!(body.send().await.status, 400 | 409), "{wrong}");
        }
        let list = serde_json::json!(["https://app.example.org", "https://*.example.net"]);
        let set = admin(t.post("/api/configuration/corsWhitelist")).json(&list).send().await;
        assert_eq!(set.status, 204);
        assert_eq!(get(t, "/api/configuration/corsAllowlist").await.json(), list);
        let allowed = ask(origin).send().await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
        assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(allowed.header("access-control-expose-headers"), Some("ETag, Location, RateLimit, RateLimit-Policy, Retry-After"));
        assert!(allowed.headers.get_all("vary").iter().any(|value| value == "Origin"));
        for other in ["https://app.example.org.evil.org", "http://app.example.org", "https://example.net", "null"] {
            assert_eq!(ask(other).send().await.header("access-control-allow-origin"), None, "{other}");
        }
        let preflight = |path: &str| {
            t.request("OPTIONS", path)
                .header("origin", "https://x.example.net")
                .header("access-control-request-method", "PUT")
                .header("access-control-request-headers", "authorization, content-type")
        };
        let api = preflight("/api/me").send().await;
        assert_eq!(api.status, 204);
        assert_eq!(api.header("access-control-allow-methods"), Some("PUT"));
        assert_eq!(api.header("access-control-allow-headers"), Some("authorization, content-type"));
        assert!(api.header("access-control-max-age").is_some());
        let token = preflight("/uaa/oauth/token").send().await;
        assert_eq!(token.status, 204);
        assert_eq!(token.header("access-control-allow-origin"), Some("https://x.example.net"));
        assert_eq!(token.header("access-control-allow-credentials"), None);
        // The token itself may be read there too, whatever the answer is.
        for (password, status) in [("district", 200), ("wrong", 400)] {
            let form = [("grant_type", "password"), ("username", "admin"), ("password", password)];
            let ask = |origin: &str| {
                let request = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form);
                request.header("origin", origin)
            };
            let token = ask(origin).send().await;
            assert_eq!((token.status, token.header("access-control-allow-origin")), (status, Some(origin)));
            assert_eq!(token.header("access-control-allow-credentials"), None);
            let foreign = ask("https://evil.example").send().await;
            assert_eq!(foreign.header("access-control-allow-origin"), None);
        }
        // Taken off the list, the next call is refused.
        admin(t.delete("/api/configuration/corsWhitelist")).send().await;
        assert_eq!(ask(origin).send().await.header("access-control-allow-origin"), None);
    }
);
