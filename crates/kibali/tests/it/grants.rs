//! Grants put straight into the store, for tests below the protocol.

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId, Scopes, SignIn};
use kibali_store::door::grants::{IssueGrant, NewGrant};
use kibali_store::door::tokens::{NewToken, NewTokens};
use kibali_store::door::{accounts, clients};
use kibali_testkit::{TestApp, seed};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const ACCESS: i64 = 43_200;

/// Tokens called `{name} access` and `{name} refresh`.
pub(crate) fn minted(t: &TestApp, name: &str) -> NewTokens {
    let now = t.clock.now();
    NewTokens {
        narrowed: None,
        jkt: None,
        access: NewToken { hash: sha256(format!("{name} access")), expires: now.plus_seconds(ACCESS) },
        refresh: Some(NewToken {
            hash: sha256(format!("{name} refresh")),
            expires: now.plus_seconds(30 * DAY),
        }),
    }
}

/// A grant of the superuser to the client; answers the client.
pub(crate) async fn issue(t: &TestApp, id: i64, name: &str) -> ObjectId {
    issue_by(t, id, name, GrantType::Password).await
}

/// The same, obtained in this way.
pub(crate) async fn issue_by(t: &TestApp, id: i64, name: &str, grant_type: GrantType) -> ObjectId {
    let write = asked_for(t, id, name, grant_type).await;
    let client = write.grant.client;
    assert!(t.app.store.write(write).await.unwrap().is_some());
    client
}

/// What would be written for the superuser as they are now.
pub(crate) async fn asked_for(t: &TestApp, id: i64, name: &str, grant_type: GrantType) -> IssueGrant {
    let mut reader = t.app.store.reader().await.unwrap();
    let account = accounts::by_username(&mut reader, seed::ADMIN).await.unwrap().unwrap();
    let client = clients::by_client_id(&mut reader, seed::CLIENT).await.unwrap().unwrap().client.object;
    drop(reader);
    let grant = NewGrant {
        id,
        user: account.user,
        client,
        grant_type,
        scopes: Scopes::parse("ALL"),
        address: "127.0.0.1".into(),
        credential_version: account.credential_version,
        sign_in: SignIn::default(),
        resource: None,
        parent: None,
        act: None,
    };
    IssueGrant { grant, tokens: minted(t, name), proof: None, at_most: 100, now: t.clock.now() }
}
