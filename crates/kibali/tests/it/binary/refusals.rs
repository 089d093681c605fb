//! What the binary refuses to start with, and what it says.

use super::process::Home;

#[test]
fn a_configuration_that_cannot_be_names_the_line() {
    let home = Home::new(&["server.base.ulr = https://x".to_owned()]);
    let complaint = home.refused(&["serve"], "");
    assert!(
        complaint.contains("line 3") && complaint.contains("did you mean server.base.url?"),
        "{complaint}"
    );
}

#[test]
fn another_master_key_or_none_is_refused() {
    let home = Home::new(&[]);
    home.done(&["migrate"], "");
    let file = home.file("master.key");
    let right = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "00".repeat(32)).unwrap();
    assert!(home.refused(&["serve"], "").contains("is not the master key this database was made with"));
    std::fs::write(&file, "no key").unwrap();
    assert!(home.refused(&["serve"], "").contains("64 hexadecimal digits"));
    std::fs::remove_file(&file).unwrap();
    assert!(home.refused(&["serve"], "").contains("restore it from the backup"));
    assert!(!file.exists());
    std::fs::write(&file, right).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(home.refused(&["serve"], "").contains("chmod 600"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    home.serve().stop();
}

#[test]
fn an_address_that_is_taken_says_what_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new(&[]);
    let mut command = home.command(&["serve"]);
    let output =
        command.env("KIBALI_SERVER_LISTEN", taken.local_addr().unwrap().to_string()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && complaint.contains("server.listen"), "{complaint}");
}

#[test]
fn a_command_that_makes_nothing_makes_no_database() {
    let home = Home::new(&[]);
    for words in [["user", "list"].as_slice(), &["client", "list"], &["user", "disable", "boss"]] {
        let complaint = home.refused(words, "");
        assert!(complaint.contains("there is no database at"), "{words:?}: {complaint}");
    }
    assert!(!home.file("kibali.db").exists() && !home.file("master.key").exists());
}

#[test]
fn what_breaks_the_rules_of_users_is_told() {
    let home = Home::new(&[]);
    home.done(&["migrate"], "");
    for (words, input, why) in [
        (&["user", "add", "boss", "--superuser"][..], "short\n", "password"),
        (&["user", "add", "boss", "--superuser"], "", "no password was given"),
        (&["user", "add", "x", "--superuser"], "Correct-1-horse\n", "not a valid user name"),
        (&["user", "add", "boss", "--role", "Nobody"], "Correct-1-horse\n", "there is no role Nobody"),
        (&["user", "disable", "nobody"], "", "kibali user list"),
        (&["client", "remove", "nothing"], "", "kibali client list"),
        (&["client", "add", "c", "--grant", "telepathy"], "", "telepathy"),
        (&["client", "add", "c", "--redirect-uri", "javascript:alert(1)"], "", "javascript"),
    ] {
        let complaint = home.refused(words, input);
        assert!(complaint.contains(why), "{words:?}: {complaint}");
    }
    home.done(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    let again = home.refused(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    assert!(again.contains("kibali user password boss"), "{again}");
}
