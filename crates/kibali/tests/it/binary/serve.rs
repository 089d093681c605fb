//! `kibali serve`: health, metrics, log, the set-up link, TLS, and a graceful end.

use std::io::Write as _;
use std::sync::Arc;

use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::process::{Answer, Home, basic, head};

both! {
    fn it_is_ready_and_counts_what_it_answers(t) {
        let server = Home::on(&t.location()).serve();
        assert_eq!(server.get("/health/live").status, 200);
        server.wait_until_ready();
        assert_eq!(server.get_as(ADMIN, ADMIN_PASSWORD, "/api/me").status, 200);
        let metrics = server.get("/metrics").text;
        assert!(metrics.contains(r#"kibali_requests_total{room="api",status="200"} 1"#), "{metrics}");
        let through_a_proxy = server.ask("GET", "/metrics", &[("X-Forwarded-For", "192.0.2.1")], "");
        assert_eq!(through_a_proxy.status, 403);
        server.stop();
    }
}

#[test]
fn under_a_context_path_everything_answers_with_it_and_without() {
    let home = Home::new(&["server.base.url = http://localhost/dhis".to_owned()]);
    let server = home.serve();
    for path in ["/dhis/health/live", "/health/live", "/dhis/login", "/login"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    server.stop();
}

#[test]
fn no_secret_reaches_the_log() {
    let home = Home::new(&["logging.level = trace".to_owned()]);
    home.done(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    let server = home.serve();
    let basic = basic("boss", "Correct-1-horse");
    assert_eq!(server.ask("GET", "/api/me", &[("Authorization", &basic)], "").status, 200);
    server.ask("GET", "/api/me?access_token=hidden-token", &[], "");
    server.ask("POST", "/uaa/oauth/token?password=hidden-word&client_secret=hidden-too", &[], "");
    let log = server.stop();
    assert!(log.contains("path=\"/uaa/oauth/token\"") || log.contains("path=/uaa/oauth/token"), "{log}");
    for secret in ["horse", "hidden", basic.trim_start_matches("Basic ")] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}

#[test]
fn the_set_up_link_stands_in_a_private_file_and_works_once() {
    let home = Home::new(&[]);
    let server = home.serve();
    let file = home.file("setup-link.txt");
    let link = std::fs::read_to_string(&file).expect("the file is there");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        for name in ["kibali.db", "master.key"] {
            let kept = std::fs::metadata(home.file(name)).unwrap().permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept) & 0o777, 0o600, "{name}");
        }
    }
    let base = format!("http://{}", server.address);
    let path = link.trim().strip_prefix(&base).expect("the address it listens on").to_owned();
    assert_eq!(server.get(&path).status, 200);
    home.done(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    assert_eq!(server.get(&path).status, 404, "somebody can sign in now");
    let log = server.stop();
    let token = path.split('=').nth(1).expect("a token");
    assert!(log.contains("setup-link.txt") && !log.contains(token), "{log}");
    home.serve().stop();
    assert!(!file.exists());
}

#[test]
fn a_request_under_way_is_finished_before_the_end() {
    let home = Home::new(&[]);
    home.done(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    let mut server = home.serve();
    let body = r#"{"name":"Country","level":1}"#;
    let credentials = basic("boss", "Correct-1-horse");
    let headers =
        [("Authorization", &*credentials), ("Content-Type", "application/json"), ("Expect", "100-continue")];
    let mut stream = server.connect();
    stream.write_all(head("POST", "/api/organisationUnitLevels", &headers, body.len()).as_bytes()).unwrap();
    // The server asks for the body: the request is under way.
    let mut asked = [0; 25];
    std::io::Read::read_exact(&mut stream, &mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100 "));
    server.tell_to_stop();
    server.wait_for(&["stopping"]);
    stream.write_all(body.as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(server.end().0.success());
}

#[test]
fn it_speaks_tls_with_certificate_files() {
    let (certificate, key) = (include_bytes!("tls.crt"), include_bytes!("tls.key"));
    let lines = ["server.tls.certificate = tls.crt", "server.tls.key = tls.key"].map(str::to_owned);
    let home = Home::new(&lines);
    std::fs::write(home.file("tls.crt"), certificate).unwrap();
    std::fs::write(home.file("tls.key"), key).unwrap();
    make_mode(&home, 0o644);
    let complaint = home.refused(&["serve"], "");
    assert!(complaint.contains("chmod 600"), "{complaint}");
    make_mode(&home, 0o600);

    let server = home.serve();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, server.connect());
    stream.write_all(head("GET", "/login", &[], 0).as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!(answer.status, 200);
    assert!(answer.text.to_lowercase().contains("strict-transport-security"), "{}", answer.text);
    server.stop();
}

fn make_mode(home: &Home, mode: u32) {
    #[cfg(unix)]
    std::fs::set_permissions(home.file("tls.key"), std::os::unix::fs::PermissionsExt::from_mode(mode))
        .unwrap();
}
