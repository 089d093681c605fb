//! A keystore of Java as the signing key, by DHIS2's keys.

use std::time::{Duration, Instant};

use super::process::Home;

/// What `kibali.conf` says of the keystore.
fn lines(path: &str, alias: &str, password: &str) -> Vec<String> {
    let key = |name: &str, value: &str| format!("oauth2.server.jwt.keystore.{name} = {value}");
    vec![key("path", path), key("alias", alias), key("password", password)]
}

/// A password of the key that is wrong.
const KEY_PASSWORD: &str = "oauth2.server.jwt.keystore.key-password = guessed";

fn pkcs12(name: &str) -> String {
    format!("{}/../crypto/tests/pkcs12/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_key_of_a_keystore_signs_under_its_alias_and_outlives_a_restart() {
    let home = Home::new(&lines(&pkcs12("java.p12"), "dhis2", "changeit"));
    for _ in 0..2 {
        let server = home.serve();
        let shown = server.get("/oauth2/jwks");
        let (_, body) = shown.text.split_once("\r\n\r\n").unwrap();
        let shown: serde_json::Value = serde_json::from_str(body).unwrap();
        let keys = shown["keys"].as_array().unwrap();
        assert_eq!((&keys[0]["kid"], &keys[0]["alg"]), (&"dhis2".into(), &"RS256".into()), "{shown}");
        assert_eq!(keys.iter().filter(|key| key["alg"] == "RS256").count(), 1, "{shown}");
        server.stop();
    }
}

#[test]
fn the_password_of_the_key_opens_it_where_it_is_not_that_of_the_file() {
    let mut lines = lines(&pkcs12("java.p12"), "dhis2", "of the file");
    lines.push("oauth2.server.jwt.keystore.key-password = changeit".to_owned());
    let home = Home::new(&lines);
    let server = home.serve();
    assert!(server.get("/oauth2/jwks").text.contains("\"kid\":\"dhis2\""));
    server.stop();
}

#[test]
fn a_retired_key_of_a_keystore_signs_nothing_and_whoever_retires_it_is_told_what_to_change() {
    let home = Home::new(&lines(&pkcs12("java.p12"), "dhis2", "changeit"));
    let server = home.serve();
    assert!(server.get("/oauth2/jwks").text.contains("\"kid\":\"dhis2\""));
    let said = home.done(&["key", "retire", "dhis2"], "");
    assert!(said.contains("kibali.conf names this key still") && said.contains("keystore.alias"), "{said}");
    let since = Instant::now();
    while server.get("/oauth2/jwks").text.contains("dhis2") {
        assert!(since.elapsed() < Duration::from_secs(5), "still shown");
    }
    server.stop();
    let server = home.serve();
    let shown = server.get("/oauth2/jwks").text;
    assert!(shown.contains("\"alg\":\"RS256\"") && !shown.contains("dhis2"), "{shown}");
    let log = server.stop();
    assert!(
        log.contains("the key of the keystore was retired") && log.contains("under another alias"),
        "{log}"
    );
}

#[test]
fn a_keystore_that_cannot_be_used_stops_the_start_and_names_the_key_to_change() {
    let java = pkcs12("java.p12");
    for (lines, key, why) in [
        (lines("nowhere.p12", "dhis2", "changeit"), "keystore.path", "No such file"),
        (lines(&java, "other", "changeit"), "keystore.alias", "dhis2"),
        (lines(&java, "", "changeit"), "keystore.alias", "name the key"),
        (lines(&java, "dhis2", "guessed"), "keystore.password", "does not open"),
        (
            [lines(&java, "dhis2", "changeit"), vec![KEY_PASSWORD.to_owned()]].concat(),
            "keystore.key-password",
            "does not open",
        ),
        (lines(&pkcs12("old.p12"), "ec", "changeit"), "keystore.path", "Java 17"),
        (lines(&pkcs12("README.md"), "ec", "changeit"), "keystore.path", "not a PKCS #12 file"),
        (
            vec!["oauth2.server.jwt.keystore.generate-if-missing = off".to_owned()],
            "keystore.path",
            "generate-if-missing",
        ),
    ] {
        let complaint = Home::new(&lines).refused(&["serve"], "");
        assert!(complaint.contains(key) && complaint.contains(why), "{lines:?}: {complaint}");
        assert!(!complaint.contains("guessed"), "{complaint}");
    }
}
