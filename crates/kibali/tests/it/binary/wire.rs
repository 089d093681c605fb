//! Bytes that two readers could read otherwise, and values that would become headers, over real sockets.

use std::io::{Read as _, Write as _};

use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};

use super::process::{Home, Server, basic};

/// The request that should never be taken for one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends bytes and reads all that is answered until the server ends the connection.
fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = server.connect();
    // A server that refuses may close before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.").skip(1).map(|answer| &answer[2..5]).collect()
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /uaa/oauth/token HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}")
}

#[test]
fn requests_that_could_be_read_in_two_ways_are_refused_and_nothing_after_them_is_read() {
    let home = Home::new(&[]);
    let server = home.serve();
    let length = SMUGGLED.len();
    let refused = [
        post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post(&format!("Content-Length: 0\r\nContent-Length: {length}\r\n"), SMUGGLED),
        post(&format!("Content-Length: {length}\r\nContent-Length: 0\r\n"), SMUGGLED),
        post(&format!("Content-Length: 0, {length}\r\n"), SMUGGLED),
        post("Content-Length: +0\r\n", SMUGGLED),
        post("Content-Length : 0\r\n", SMUGGLED),
        post(" Content-Length: 0\r\n", SMUGGLED),
        post("X-A: b\r\n\tContent-Length: 0\r\n", SMUGGLED),
        post("Transfer-Encoding: xchunked\r\n", SMUGGLED),
        post("Transfer-Encoding: identity\r\n", SMUGGLED),
        post("Transfer-Encoding: chunked, identity\r\n", SMUGGLED),
        post("Transfer-Encoding:\x0bchunked\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding\r\n : chunked\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("X-A: b\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("X-A: b\rTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{SMUGGLED}")),
        post("X-A: b\0c\r\n", SMUGGLED),
        post("Host: other\r\n", SMUGGLED),
        post("Transfer-Encoding: chunked\r\n", &format!("0;x=\n\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\n", &format!("2;{}\r\nab\r\n0\r\n\r\n{SMUGGLED}", "x".repeat(50))),
        post("Transfer-Encoding: chunked\r\n", &format!("1\r\nabc\r\n0\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\n", &format!("0x0\r\n\r\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\n", &format!("0\n\n{SMUGGLED}")),
        post("Transfer-Encoding: chunked\r\n", "").replace("HTTP/1.1", "HTTP/1.0")
            + &format!("0\r\n\r\n{SMUGGLED}"),
        "GET /api/me HTTP/1.1\nHost: localhost\n\n".to_owned() + SMUGGLED,
        "GET  /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned() + SMUGGLED,
        "GET /api/me HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned() + SMUGGLED,
        "GET /api/me\0 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned() + SMUGGLED,
    ];
    for request in &refused {
        let answers = exchange(&server, request.as_bytes());
        assert_eq!(statuses(&answers), ["400"], "{request:?}: {answers}");
    }
    let invalid =
        [b"GET /api/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(), SMUGGLED.as_bytes()].concat();
    assert_eq!(statuses(&exchange(&server, &invalid)), ["400"]);
    // Also as the second request of a connection, when the first was answered.
    let mut stream = server.connect();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stream.write_all(refused[0].as_bytes()).unwrap();
    let mut rest = String::new();
    let _ = stream.read_to_string(&mut rest);
    assert_eq!(statuses(&rest), ["400"], "{rest}");
    let log = server.stop();
    assert!(!log.contains("/smuggled"), "{log}");
}

#[test]
fn honest_requests_follow_each_other_on_one_connection_in_either_version() {
    let home = Home::new(&[]);
    let server = home.serve();
    let get = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let three = format!(
        "{}{}{get}",
        post("Content-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n", "\n\r\n"),
        post(
            "Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            "A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"
        ),
    );
    let answers = exchange(&server, three.as_bytes());
    assert_eq!(statuses(&answers), ["401", "401", "200"], "{answers}");
    let old = "GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /health/live HTTP/1.0\r\n\r\n";
    let answers = exchange(&server, old.as_bytes());
    assert_eq!(statuses(&answers), ["200", "200"], "{answers}");
    // Without it, the connection ends with the first answer and what follows is nobody's request.
    let old = format!("GET /health/live HTTP/1.0\r\n\r\n{SMUGGLED}");
    let answers = exchange(&server, old.as_bytes());
    assert_eq!(statuses(&answers), ["200"], "{answers}");
    assert!(!server.stop().contains("/smuggled"));
}

both! {
    fn nothing_that_is_sent_becomes_a_header_of_the_answer(t) {
        let server = Home::on(&t.location()).serve();
        let line = "%0d%0aX-Injected:%201%0d%0a%0d%0a%3Chtml%3E";
        let callback = "redirect_uri=http://127.0.0.1/callback";
        let credentials = basic(ADMIN, ADMIN_PASSWORD);
        let auth = ("Authorization", credentials.as_str());
        let origin = ("Origin", "http://localhost%0d%0aX-Injected: 1");
        let cookie = ("Cookie", "KIBALI_SESSION=%0d%0aX-Injected:1; x=\u{e9}");
        type Headers<'a> = &'a [(&'a str, &'a str)];
        let cases: [(&str, String, Headers<'_>); 13] = [
            ("GET", format!("/uaa/oauth/authorize?response_type=code&client_id=demo&{callback}&state={line}"), &[]),
            ("GET", format!("/oauth2/authorize?response_type=code&client_id=demo&{callback}&prompt=none&state={line}"), &[]),
            ("GET", format!("/oauth2/authorize?response_type=token&client_id=demo&{callback}&state={line}"), &[]),
            ("GET", format!("/oauth2/authorize?response_type=code&client_id=demo&redirect_uri=http://127.0.0.1/callback{line}"), &[]),
            ("GET", format!("/oauth2/authorize?response_type=code&client_id=demo{line}"), &[]),
            ("GET", format!("/connect/logout?post_logout_redirect_uri=http://127.0.0.1/{line}&state={line}"), &[]),
            ("GET", format!("/login?next={line}&error={line}"), &[]),
            ("GET", format!("/api/users.json.gz{line}"), &[auth]),
            ("GET", format!("/api/metadata.json?download=true&attachment={line}&filename={line}"), &[auth]),
            ("GET", format!("/api/dataElements/x?fields={line}"), &[auth]),
            ("GET", "/api/me".to_owned(), &[auth, ("X-Request-Id", "mine"), ("Accept", "text/html;q=%0d%0a")]),
            ("OPTIONS", "/api/me".to_owned(), &[origin, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x\t%0d%0aX-Injected: 1")]),
            ("GET", "/apps".to_owned(), &[cookie]),
        ];
        for (method, path, headers) in &cases {
            let answer = server.ask(method, path, headers, "");
            let head = answer.text.split("\r\n\r\n").next().unwrap_or_default();
            let injected = head.lines().any(|line| line.to_lowercase().starts_with("x-injected"));
            assert!(!injected && !head.contains(" mine") && answer.status < 500, "{path}: {}", answer.text);
            assert!(head.lines().filter(|line| line.to_lowercase().starts_with("x-request-id")).count() == 1, "{head}");
        }
        // What is sent back to an application is sent back escaped.
        let (_, path, _) = &cases[1];
        let answer = server.ask("GET", path, &[], "");
        let location = answer.text.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        assert!(location.contains("state=%0D%0AX-Injected"), "{location}");
        server.stop();
    }
}
