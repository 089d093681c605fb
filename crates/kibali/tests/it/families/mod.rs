//! Refresh, exactly once (rules of the door 5). The rule itself is held against a million histories beside it, in
//! the crate that decides; here are the promises of the running application.

mod dump;
mod many;
mod rule;

use kibali_model::Timestamp;
use kibali_store::door::changes::{self, Topic};
use kibali_store::{Statement, StoreError, Tx, Write, values};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp};

const TOKEN: &str = "/uaa/oauth/token";

/// Chooses for every client whether it rotates, and how it proves itself.
pub(crate) struct Rotation {
    pub(crate) reuse: bool,
    pub(crate) public: bool,
    pub(crate) now: Timestamp,
}

impl Write for Rotation {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        const CHOOSE: Statement = Statement::new(
            "test.rotation",
            "update client set reuse_refresh_tokens = $1, authentication = $2",
        );
        let public = r#"["client_secret_basic","none"]"#;
        let proof = if self.public { public } else { r#"["client_secret_basic"]"# };
        tx.run(CHOOSE, values![self.reuse, proof]).await?;
        changes::record(tx, Topic::Client, None, self.now).await
    }
}

/// Every client rotates from now on.
pub(crate) async fn rotate(t: &TestApp) {
    t.app.store.write(Rotation { reuse: false, public: false, now: t.app.now() }).await.unwrap();
}

/// An access and a refresh token.
type Pair = (String, String);

fn pair(answer: &Answer) -> Pair {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let member = |name: &str| body[name].as_str().unwrap().to_owned();
    (member("access_token"), member("refresh_token"))
}

/// The first tokens of a family.
async fn first(t: &TestApp) -> Pair {
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
    pair(&t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).form(&form).send().await)
}

async fn present_as(t: &TestApp, client: &str, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    t.post(TOKEN).basic(client, CLIENT_SECRET).form(&form).send().await
}

async fn present(t: &TestApp, token: &str) -> Answer {
    present_as(t, CLIENT, token).await
}

async fn refresh(t: &TestApp, token: &str) -> Pair {
    pair(&present(t, token).await)
}

async fn opens(t: &TestApp, token: &str) -> bool {
    let answer = t.get("/api/userRoles").bearer(token).send().await;
    assert!(matches!(answer.status, 200 | 401), "{} {}", answer.status, answer.text());
    answer.status == 200
}

/// Presenting this token ends its family, and `live`, which came of it, with it.
async fn ends_the_family(t: &TestApp, token: &str, live: &Pair) {
    let answer = present(t, token).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert!(!opens(t, &live.0).await, "its access tokens end with it");
    assert_eq!(present(t, &live.1).await.status, 400, "and its last refresh token");
}
