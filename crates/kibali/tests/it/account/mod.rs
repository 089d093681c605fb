//! Ways to an account besides its password: recovery, invitations, registration, proven addresses, and
//! passwords that are too old.

mod invitations;
mod passwords;
mod profile;
mod recovery;
mod registration;
mod verification;

use std::time::Duration;

use kibali_testkit::seed::import;
use kibali_testkit::{Answer, TempDir, TestApp};
use serde_json::{Value, json};

use crate::foundation::admin;
pub(crate) use verification::verify_address;

/// No test waits for its end.
const LONG: Duration = Duration::from_secs(60);
/// Somebody with an address and without authorities.
pub(crate) const AMINA: &str = "amina";
pub(crate) const PASSWORD: &str = "Kibali_2026";
const NEW: &str = "Another_2027";

/// A node whose mail ends in a folder.
pub(crate) struct Office {
    pub(crate) node: TestApp,
    folder: TempDir,
}

impl Office {
    /// With these settings stored.
    pub(crate) async fn open(t: &TestApp, settings: Value) -> Self {
        let folder = TempDir::new("mail");
        let path = folder.path().to_owned();
        let node = t
            .another(11, |settings| {
                settings.mail.folder = Some(path);
                settings.mailed_codes = true;
            })
            .await;
        if settings != json!({}) {
            set(&node, settings).await;
        }
        Self { node, folder }
    }

    /// The messages that came since the last look.
    pub(crate) async fn mail(&self) -> Vec<String> {
        assert!(self.node.app.mailer().settle(LONG).await);
        let files: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        let read = |file: &std::path::PathBuf| {
            let text = std::fs::read_to_string(file).unwrap();
            std::fs::remove_file(file).unwrap();
            text
        };
        files.iter().map(read).collect()
    }

    /// The one message that came, its link as a path.
    async fn link(&self) -> String {
        let mail = self.mail().await;
        assert_eq!(mail.len(), 1, "{mail:?}");
        link_in(&mail[0])
    }
}

fn link_in(mail: &str) -> String {
    let line =
        mail.lines().find(|line| line.starts_with("http://localhost:8080/") && line.contains("?token="));
    line.unwrap_or_else(|| panic!("no link: {mail}"))
        .strip_prefix("http://localhost:8080")
        .unwrap()
        .to_owned()
}

fn token_in(link: &str) -> String {
    link.split("?token=").nth(1).unwrap().to_owned()
}

async fn set(t: &TestApp, settings: Value) {
    let answer = admin(t.post("/api/systemSettings")).json(&settings).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Makes [`AMINA`].
pub(crate) async fn with_amina(t: &TestApp, more: Value) {
    let mut user = json!({
        "id": "useramina01", "username": AMINA, "password": PASSWORD, "firstName": "Amina", "surname": "Juma",
        "email": "Amina@example.org", "userRoles": [{ "id": "roleclerk01" }],
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let role = json!({ "id": "roleclerk01", "name": "Clerk", "authorities": ["F_DATAVALUE_ADD"] });
    import(&t.app, &json!({ "userRoles": [role], "users": [user] })).await;
}

async fn send(t: &TestApp, path: &str, body: Value) -> Answer {
    t.post(path).json(&body).send().await
}

async fn status_as(t: &TestApp, username: &str, password: &str) -> u16 {
    t.get("/api/me").basic(username, password).send().await.status
}
