//! What a command changes reaches a server that runs.

use kibali_store::door::audit::newest;
use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use serde_json::json;

use crate::sealed::tamper;

use super::process::{Home, Server, basic};
use crate::identity::ask_token;
use crate::oauth2::header;
use crate::pages::ORDINARY;
use crate::registration::register;
use crate::two_factor::App;
use crate::two_factor::passkeys::protected;

/// Asks until the answer has this status; the promise is a second, and each question costs milliseconds.
fn until(status: u16, mut ask: impl FnMut() -> u16) {
    let last = (0..2000).map(|_| ask()).find(|answer| *answer == status);
    assert_eq!(last, Some(status));
}

pub(super) fn token(server: &Server, client: (&str, &str), username: &str, password: &str) -> String {
    let body = format!("grant_type=password&username={username}&password={password}");
    let headers = [
        ("Authorization", &*basic(client.0, client.1)),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let answer = server.ask("POST", "/uaa/oauth/token", &headers, &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (_, rest) = answer.text.split_once(r#""access_token":""#).expect("a token");
    rest.split('"').next().expect("its end").to_owned()
}

both! {
    fn a_user_disabled_by_command_is_refused_by_the_running_server(t) {
        let home = Home::on(&t.location());
        home.done(&["user", "add", "clerk", "--role", "Superuser"], "Correct-1-horse\n");
        // The client's secret was hashed under the key of another installation.
        let secret = json!({ "oAuth2Clients": [{
            "id": "e0jkVfDkSMT", "name": "Demo", "cid": CLIENT, "secret": CLIENT_SECRET,
            "grantTypes": ["password"]
        }] });
        std::fs::write(home.file("client.json"), secret.to_string()).unwrap();
        home.done(&["import", home.file("client.json").to_str().unwrap()], "");

        let server = home.serve();
        let token = token(&server, (CLIENT, CLIENT_SECRET), "clerk", "Correct-1-horse");
        let me = || server.ask("GET", "/api/me", &[("Authorization", &format!("Bearer {token}"))], "").status;
        assert_eq!(me(), 200);
        let said = home.done(&["user", "disable", "clerk"], "");
        assert!(said.contains("kibali user enable clerk"), "{said}");
        until(401, me);
        assert_eq!(server.get_as("clerk", "Correct-1-horse", "/api/me").status, 401);
        assert!(home.done(&["user", "list"], "").lines().any(|l| l.starts_with("clerk") && l.ends_with("disabled")));

        home.done(&["user", "enable", "clerk"], "");
        until(200, || server.get_as("clerk", "Correct-1-horse", "/api/me").status);
        home.done(&["user", "password", "clerk"], "Another-1-horse\n");
        until(401, || server.get_as("clerk", "Correct-1-horse", "/api/me").status);
        assert_eq!(server.get_as("clerk", "Another-1-horse", "/api/me").status, 200);
        let log = server.stop();
        assert!(!log.contains("horse") && !log.contains(&token), "{log}");
    }
}

both! {
    fn a_client_made_and_removed_by_command_works_and_stops_working(t) {
        let home = Home::on(&t.location());
        let server = home.serve();
        let said = home.done(&["client", "add", "script", "--grant", "password"], "");
        let secret = line_of_36(&said);
        let ask = || {
            let headers = [
                ("Authorization", &*basic("script", secret)),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ];
            let body = format!("grant_type=password&username={ADMIN}&password={ADMIN_PASSWORD}");
            server.ask("POST", "/uaa/oauth/token", &headers, &body).status
        };
        until(200, ask);
        let listed = home.done(&["client", "list"], "");
        assert!(listed.contains("script") && !listed.contains(secret), "{listed}");
        home.done(&["client", "remove", "script"], "");
        until(401, ask);
    }
}

both! {
    fn a_client_of_every_sort_is_made_by_command(t) {
        let home = Home::on(&t.location());
        let keys = home.file("keys.json");
        std::fs::write(&keys, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#).unwrap();
        let said = home.done(
            &["client", "add", "robot", "--grant", "client_credentials", "--acts-as", ADMIN, "--scope", "api:read",
              "--authentication", "private_key_jwt", "--jwks", keys.to_str().unwrap(), "--no-consent", "--profile", "standard"],
            "",
        );
        assert!(said.contains("It has no secret"), "{said}");
        let said = home.done(&["client", "add", "phone", "--grant", "authorization_code", "--authentication", "none",
            "--redirect-uri", "org.example.app:/cb", "--post-logout-redirect-uri", "org.example.app:/bye", "--takes-otp"], "");
        assert!(said.contains("It has no secret"), "{said}");
        let robot = kept(t, "robot").await;
        assert!(robot.acts_as.is_some() && robot.bound_by.is_none() && !robot.settings.require_consent);
        assert!(robot.settings.jwks.is_some() && robot.scopes.to_string() == "api:read");
        let phone = kept(t, "phone").await;
        assert!(phone.is_public() && phone.takes_otp && phone.requires_proof_key());
        assert_eq!(phone.post_logout_redirect_uris, ["org.example.app:/bye"]);
        let words = ["client", "add", "other", "--grant", "client_credentials", "--acts-as", "nobody"];
        assert!(home.refused(&words, "").contains("there is no user nobody"));
    }
}

both! {
    fn a_command_shows_lines_that_a_shell_reads_and_makes_a_new_secret(t) {
        let home = Home::on(&t.location());
        let said = home.done(&["client", "add", "it's$HOME;ls", "--grant", "password"], "");
        let secret = line_of_36(&said).to_owned();
        let line = said.lines().map(str::trim).find(|line| line.starts_with("curl")).expect("a line");
        // As the shell parts it, with a curl that says what it was given.
        let script = format!("curl() {{ for word; do echo \"$word\"; done; }}; {line}");
        let words = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let words = String::from_utf8(words.stdout).unwrap();
        assert_eq!(words.lines().nth(1), Some(format!("it's$HOME;ls:{secret}").as_str()), "{words}");

        let renew = |id: &str, words: &[&str], told: &str| {
            let said = home.done(&[&["client", "secret", id], words].concat(), "");
            assert!(said.contains(told), "{said}");
            line_of_36(&said).to_owned()
        };
        for id in ["script", "other"] {
            home.done(&["client", "add", id, "--grant", "client_credentials", "--acts-as", ADMIN], "");
        }
        let first = renew("script", &["--old-secret", "7d"], "The old secret keeps working for 7 days.");
        let second = renew("script", &["--old-secret", "now"], "The old secret no longer works.");
        let third = renew("other", &["--old-secret", "7d"], "The old secret keeps working for 7 days.");
        let fourth = renew("other", &[], "The old secret keeps working for 24 hours.");
        home.done(&["client", "add", "signer", "--grant", "client_credentials", "--acts-as", ADMIN,
            "--authentication", "client_secret_jwt"], "");
        renew("signer", &[], "What is signed with the old secret is refused from now on.");
        let server = home.serve();
        let ask = |id: &str, secret: &str| {
            let headers = [
                ("Authorization", &*basic(id, secret)),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ];
            server.ask("POST", "/oauth2/token", &headers, "grant_type=client_credentials").status
        };
        assert_eq!((ask("script", &second), ask("script", &first)), (200, 401), "now is now");
        assert_eq!((ask("other", &fourth), ask("other", &third)), (200, 200));
        assert!(home.refused(&["client", "secret", "absent"], "").contains("there is no client absent"));
        assert!(home.refused(&["client", "secret", "script", "--old-secret", "1h"], "").contains("7d"));
        home.done(&["client", "add", "phone", "--grant", "authorization_code", "--authentication", "none",
            "--redirect-uri", "org.example.app:/cb"], "");
        assert!(home.refused(&["client", "secret", "phone"], "").contains("has no secret"));
        let log = server.stop();
        assert!(![second, third, fourth].iter().any(|secret| log.contains(secret)), "{log}");
    }
}

both! {
    fn a_client_that_exchanges_tokens_is_made_by_command(t) {
        let home = Home::on(&t.location());
        let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        let add = ["client", "add", "service", "--grant", exchange];
        assert!(home.refused(&add, "").contains("--exchanges-for CLIENT"));
        let absent = home.refused(&[&add[..], &["--exchanges-for", "absent"]].concat(), "");
        assert!(absent.contains("there is no client absent"), "{absent}");
        let said = home.done(&[&add[..], &["--exchanges-for", CLIENT, "--exchanges-for", "service"]].concat(), "");
        assert!(said.contains("subject_token=SUBJECT_TOKEN"), "{said}");
        assert_eq!(kept(t, "service").await.exchanges_for.iter().collect::<Vec<_>>(), [CLIENT, "service"]);
    }
}

both! {
    fn an_initial_access_token_is_made_shown_and_taken_back_by_command(t) {
        let home = Home::on(&t.location());
        let said = home.done(&["client", "invite", "--name", "Partners", "--uses", "2", "--redirect-uri", "https://app.example.org/cb"], "");
        let token = said.lines().skip_while(|line| !line.is_empty()).nth(1).expect("the token").trim().to_owned();
        assert!(said.contains(&format!("curl -H 'Authorization: Bearer {token}'")), "{said}");
        let id = said.rsplit(' ').next().expect("its ID").trim().to_owned();
        let listed = home.done(&["client", "invitations"], "");
        let row = listed.lines().find(|line| line.starts_with(&id)).expect("its row");
        assert!(row.contains("Partners") && row.contains("https://app.example.org/cb") && !listed.contains(&token), "{listed}");
        let body = json!({ "redirect_uris": ["https://app.example.org/cb"] });
        assert_eq!(register(t, &token, &body).await.status, 201);
        let gone = home.done(&["client", "uninvite", &id], "");
        assert!(gone.contains("taken back"), "{gone}");
        assert_eq!(register(t, &token, &body).await.status, 401);
        assert!(!home.done(&["client", "invitations"], "").contains(&id));
        assert!(home.refused(&["client", "uninvite", &id], "").contains("kibali client invitations"));
    }
}

/// The secret among what was said.
fn line_of_36(said: &str) -> &str {
    said.lines().map(str::trim).find(|line| line.len() == 36).expect("the secret")
}

async fn kept(t: &kibali_testkit::TestApp, id: &str) -> kibali_model::Client {
    let found = kibali_store::door::clients::by_client_id(&mut t.app.store.reader().await.unwrap(), id).await;
    found.unwrap().unwrap().client
}

both! {
    fn files_are_imported_and_a_refused_one_changes_nothing(t) {
        let home = Home::on(&t.location());
        let write = |name: &str, text: &str| {
            std::fs::write(home.file(name), text).unwrap();
            home.file(name).to_str().unwrap().to_owned()
        };
        let good = write("good.json", r#"{"organisationUnitLevels":[{"id":"LevelCountr","name":"Country","level":1}]}"#);
        let said = home.done(&["import", "--dry-run", &good], "");
        assert!(said.contains("nothing was written"), "{said}");
        let counts = |said: &str| -> Vec<String> {
            let line = said.lines().find(|line| line.starts_with("OrganisationUnitLevel")).expect("a line");
            line.split_whitespace().skip(1).map(str::to_owned).collect()
        };
        assert_eq!(counts(&home.done(&["import", &good], "")), ["1", "0", "0", "0"]);
        let bad = write("bad.json", r#"{"organisationUnitLevels":[{"name":"Province"}]}"#);
        let complaint = home.refused(&["import", &good, &bad], "");
        assert!(complaint.contains("bad.json is refused") && complaint.contains("level"), "{complaint}");
        for (text, why) in [("[]", "one JSON object"), ("{", "not JSON")] {
            let complaint = home.refused(&["import", &write("odd.json", text)], "");
            assert!(complaint.contains(why), "{complaint}");
        }
        assert!(home.refused(&["import", "absent.json"], "").contains("absent.json"));
    }
}

both! {
    fn a_key_retired_by_command_signs_and_proves_nothing_for_the_running_server(t) {
        let home = Home::on(&t.location());
        let said = home.done(&["client", "add", "robot", "--grant", "client_credentials", "--acts-as", ADMIN, "--scope",
            "username"], "");
        let secret = line_of_36(&said);
        let server = home.serve();
        let headers = [
            ("Authorization", &*basic("robot", secret)),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let ask = || {
            let answer = server.ask("POST", "/oauth2/token", &headers, "grant_type=client_credentials");
            assert_eq!(answer.status, 200, "{}", answer.text);
            let (_, rest) = answer.text.split_once(r#""access_token":""#).expect("a token");
            rest.split('"').next().expect("its end").to_owned()
        };
        let me = |token: &str| server.ask("GET", "/api/me", &[("Authorization", &format!("Bearer {token}"))], "").status;
        let old = ask();
        assert_eq!(me(&old), 200);
        let kid = header(&json!(old))["kid"].as_str().unwrap().to_owned();
        let state = |kid: &str| {
            let listed = home.done(&["key", "list"], "");
            let line = listed.lines().find(|line| line.starts_with(kid)).expect("its line");
            line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(state(&kid), "RS256 signs");

        let said = home.done(&["key", "retire", &kid], "");
        assert!(said.contains(&format!("The key {kid} is retired")), "{said}");
        assert!(!said.contains("kibali.conf"), "no keystore is set: {said}");
        until(401, || me(&old));
        let new = ask();
        let signs = header(&json!(new))["kid"].as_str().unwrap().to_owned();
        assert!(signs != kid && said.contains(&format!("{signs} signs with RS256 now")), "{said}");
        assert_eq!(me(&new), 200);
        let shown = server.get("/oauth2/jwks").text;
        assert!(shown.contains(&signs) && !shown.contains(&kid), "{shown}");
        assert!(state(&kid).starts_with("RS256 retired 20"));
        assert_eq!(state(&signs), "RS256 signs");
        assert!(home.refused(&["key", "retire", &kid], "").contains("was retired already"));
        assert!(home.refused(&["key", "retire", "-x"], "").contains("there is no key -x; see them with: kibali key list"));
        server.stop();
        let events = newest(&mut t.app.store.reader().await.unwrap(), 50).await.unwrap();
        let retired = events.iter().find(|event| event.name == "signing_key.retired").expect("it is in the trail");
        assert_eq!(retired.detail, json!({ "kid": kid, "algorithm": "RS256", "by": "system" }));
    }
}

both! {
    fn why_asks_the_running_server_about_a_call_that_it_refused(t) {
        let home = Home::on(&t.location());
        let server = home.serve();
        let answer = server.get("/api/me");
        assert_eq!(answer.status, 401);
        let head = answer.text.to_ascii_lowercase();
        let number = head.split_once("x-request-id: ").expect("a number").1.lines().next().expect("its end");
        let said = home.done(&["why", number.trim()], "");
        assert!(said.contains("GET /api/me from 127.0.0.1") && said.contains("What would allow it: send a credential"), "{said}");
        let complaint = home.refused(&["why", "nonsense"], "");
        assert!(complaint.contains("16 characters"), "{complaint}");
        server.stop();
    }
}

both! {
    fn the_audit_trail_is_sealed_by_a_running_server_and_held_against_the_head_it_told(t) {
        // What was seeded at the time of the tests was never sealed, and would be late by now.
        tamper(t, "delete from audit").await;
        let home = Home::on(&t.location());
        home.done(&["user", "add", "clerk", "--role", "Superuser"], "Correct-1-horse\n");
        let said = home.done(&["audit", "verify"], "");
        assert!(!said.contains("wait to be sealed"), "a command seals what it wrote: {said}");
        let server = home.serve();
        assert_eq!(server.get_as("clerk", "Correct-1-horse", "/api/me").status, 200);
        let told = |log: &str| {
            let line = log.lines().rfind(|line| line.contains("the audit trail is sealed")).expect("a head");
            let head = line.split_once("head=").expect("the head").1.split(' ').next().unwrap();
            head.trim_matches('"').to_owned()
        };
        let head = told(&server.stop());
        assert_eq!(told(&home.serve().stop()), head, "told again where nothing came to it");
        let head = head.as_str();
        let said = home.done(&["audit", "verify", "--head", head], "");
        assert!(said.contains("are as they were written") && said.contains(&format!("Head: {head}")), "{said}");
        let (number, mac) = head.split_once(':').unwrap();
        let later = format!("{}:{mac}", number.parse::<i64>().unwrap() + 1);
        let complaint = home.refused(&["audit", "verify", "--head", &later], "");
        assert!(complaint.contains("the end was cut off"), "{complaint}");
        let complaint = home.refused(&["audit", "verify", "--head", "nonsense"], "");
        assert!(complaint.contains("64 hexadecimal digits"), "{complaint}");
    }
}

both! {
    fn a_second_factor_taken_away_by_command_is_gone_from_the_running_server(t) {
        let home = Home::on(&t.location());
        home.done(&["user", "add", "clerk", "--role", "Superuser"], "Correct-1-horse\n");
        let complaint = home.refused(&["user", "reset-factor", "clerk"], "");
        assert!(complaint.contains("clerk has no second factor"), "{complaint}");
        let server = home.serve();
        let basic = basic("clerk", "Correct-1-horse");
        let headers = [("Authorization", &*basic), ("Content-Type", "application/json")];
        let ask = |method: &str, path: &str, body: &str| server.ask(method, path, &headers, body);
        assert_eq!(ask("POST", "/api/2fa/enrollTOTP2FA", "").status, 200);
        let shown = ask("GET", "/api/2fa/qrCodeJson", "").text;
        let seed = shown.split_once("\"base32Secret\":\"").expect("a seed").1.split('"').next().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let code = App::typed(seed).at(i64::try_from(now).unwrap());
        let enabled = ask("POST", "/api/2fa/enable", &json!({ "code": code }).to_string());
        assert_eq!(enabled.status, 200, "{}", enabled.text);
        assert_eq!(ask("GET", "/api/me", "").status, 401, "a password alone opens nothing");
        let said = home.done(&["user", "reset-factor", "clerk"], "");
        assert!(said.contains("no second factor any longer"), "{said}");
        until(200, || ask("GET", "/api/me", "").status);
        server.stop();
        let events = newest(&mut t.app.store.reader().await.unwrap(), 50).await.unwrap();
        let reset = events.iter().find(|event| event.name == "factor.reset").expect("it is in the trail");
        assert_eq!((&reset.detail["by"], reset.user.is_some()), (&json!("system"), true));
        assert!(home.refused(&["user", "reset-factor", "nobody"], "").contains("there is no user nobody"));
    }
}

both! {
    fn passkeys_alone_are_taken_away_by_command_as_well(t) {
        protected(t).await;
        assert_eq!(ask_token(t, ORDINARY.0, ORDINARY.1).await.status, 401);
        let home = Home::on(&t.location());
        let said = home.done(&["user", "reset-factor", ORDINARY.0], "");
        assert!(said.contains("no second factor any longer"), "{said}");
        assert_eq!(ask_token(t, ORDINARY.0, ORDINARY.1).await.status, 200);
        let complaint = home.refused(&["user", "reset-factor", ORDINARY.0], "");
        assert!(complaint.contains("ordinary has no second factor"), "{complaint}");
    }
}
