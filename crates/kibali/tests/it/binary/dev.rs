//! `kibali dev`: one command, and everything it says is true.

use std::process::Command;

use kibali_testkit::TempDir;

use super::process::{Server, basic, binary};

fn start(more: &[&str]) -> Server {
    Server::start(binary(&[&["dev", "--listen", "127.0.0.1:0"], more].concat()))
}

#[test]
fn the_three_lines_it_prints_can_be_pasted() {
    let mut server = start(&[]);
    let lines: Vec<String> =
        (0..3).map(|_| server.wait_for(&["curl "])).filter(|line| !line.starts_with("Ask")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let output =
        Command::new("sh").args(["-c", &lines.join(" && echo && ")]).output().expect("sh and curl run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(r#""access_token":""#) && said.contains(r#""username":"admin""#), "{said}");
    server.stop();
}

#[test]
fn each_user_sees_what_is_shared_with_them_and_no_more() {
    let server = start(&[]);
    let sets =
        |name, password| server.get_as(name, password, "/api/dataSets?fields=name&order=name:asc").text;
    for (name, password, planning) in
        [("admin", "district", true), ("juma", "Register-1", false), ("neema", "Planning-1", true)]
    {
        let text = sets(name, password);
        assert!(text.contains("Monthly register"), "{name}: {text}");
        assert_eq!(text.contains("Supply planning"), planning, "{name}: {text}");
    }
    let map = server.get_as("juma", "Register-1", "/api/organisationUnits.geojson?level=4").text;
    assert_eq!(map.matches(r#""type":"Feature""#).count(), 48, "{map}");
    let combos = "/api/categoryOptionCombos?fields=name&filter=categoryCombo.name:eq:Sex%20and%20age";
    let text = server.get_as("admin", "district", combos).text;
    assert_eq!(text.matches(r#""name""#).count(), 6, "{text}");
    server.stop();
}

#[test]
fn what_is_kept_is_found_again_and_the_same_everywhere() {
    let (first, second) = (TempDir::new("dev"), TempDir::new("dev"));
    let units = |directory: &TempDir| {
        let server = start(&["--data", directory.path().to_str().unwrap()]);
        let path = "/api/organisationUnits?fields=id,name,path&paging=false&order=id:asc";
        let text = server.get_as("admin", "district", path).text;
        server.stop();
        text.split_once("\r\n\r\n").expect("a body").1.to_owned()
    };
    let found = units(&first);
    assert_eq!(found.matches(r#""path""#).count(), 65);
    assert_eq!(units(&first), found);
    assert_eq!(units(&second), found);
}

#[test]
fn a_temporary_directory_goes_with_the_server() {
    let temp = TempDir::new("tmp");
    let count = || std::fs::read_dir(temp.path()).expect("readable").count();
    let mut command = binary(&["dev", "--listen", "127.0.0.1:0"]);
    command.env("TMPDIR", temp.path());
    let server = Server::start(command);
    assert_eq!(count(), 1);
    server.stop();
    assert_eq!(count(), 0);
}

#[test]
fn it_speaks_as_the_version_that_is_named() {
    let server = start(&["--as-version", "2.38"]);
    let text = server.get_as("admin", "district", "/api/system/info?fields=version").text;
    assert!(text.contains(r#""version":"2.38.0""#), "{text}");
    server.stop();
}

#[test]
fn others_are_let_in_only_when_told_twice() {
    let output = binary(&["dev", "--listen", "0.0.0.0:0"]).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && complaint.contains("--allow-remote"), "{complaint}");
    let mut command = binary(&["dev", "--listen", "0.0.0.0:0", "--allow-remote"]);
    let mut child = command.spawn().expect("it runs");
    let mut first = String::new();
    let mut lines = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut lines, &mut first).expect("a line");
    let _ = child.kill();
    let _ = child.wait();
    assert!(first.starts_with("Kibali is ready at http://localhost:"), "{first}");
}

#[test]
fn mail_ends_in_a_file_that_the_log_names_and_its_link_in_no_log() {
    let data = TempDir::new("dev");
    let mut server = start(&["--verbose", "--data", data.path().to_str().unwrap()]);
    let admin = basic("admin", "district");
    let headers = [("Authorization", &*admin), ("Content-Type", "application/json")];
    let on = r#"{"keyAccountRecovery":true}"#;
    assert_eq!(server.ask("POST", "/api/systemSettings", &headers, on).status, 200);
    let address = r#"{"email":"asha@example.org"}"#;
    assert_eq!(server.ask("PUT", "/api/me", &headers, address).status, 200);
    let asked = r#"{"emailOrUsername":"admin"}"#;
    assert_eq!(server.ask("POST", "/api/auth/forgotPassword", &headers[1..], asked).status, 200);
    // The address of before is told that there is another one.
    let mut next = || {
        let line = server.wait_for(&["a message was written to a file"]);
        let file = line.split("file=").nth(1).expect("the file").split(' ').next().unwrap().trim_matches('"');
        std::fs::read_to_string(file).expect("the message")
    };
    let text = [next(), next()].into_iter().find(|text| text.contains("?token=")).expect("a link");
    let token = text.split("?token=").nth(1).expect("a link").split_whitespace().next().unwrap();
    assert_eq!(server.get(&format!("/restore-password?token={token}")).status, 200);
    let log = server.stop();
    assert!(log.contains("/restore-password"), "{log}");
    assert!(!log.contains(token) && !log.contains("asha@example.org"), "{log}");
}
