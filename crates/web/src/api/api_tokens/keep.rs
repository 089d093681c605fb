//! Making, changing and deleting tokens, for the Web API and the account page alike.

use kibali_crypto::{Secret, api_token_type, new_api_token, sha256};
use kibali_metadata::import::{Code, Fault};
use kibali_model::{Principal, Timestamp};
use kibali_store::door::api_tokens::{
    self, ApiToken, ChangeApiToken, DeleteApiToken, InsertApiToken, Kept, MOST,
};
use kibali_store::door::cuts::Cutter;

use super::change::{Change, conflict, invalid};
use crate::identity::{ClientAddress, may_make_api_tokens};
use crate::{App, Refusal};

/// How long a token lives that was asked for without an end, in seconds; 30 days, as in DHIS2.
const DEFAULT_SECONDS: i64 = 30 * 86_400;
/// What a token is called where it is not there.
const DISPLAY_NAME: &str = "Api Token";

/// One of the caller's own tokens.
pub(crate) async fn own(app: &App, caller: &Principal, uid: &str) -> Result<ApiToken, Refusal> {
    let found = api_tokens::one(&mut app.store.reader().await?, caller.user, uid).await?;
    found.ok_or_else(|| missing(uid))
}

/// Makes a token for the caller. The secret is told this once.
pub(crate) async fn make(
    app: &App,
    caller: &Principal,
    change: Change,
    address: ClientAddress,
) -> Result<(ApiToken, Secret<String>), Refusal> {
    may_make_api_tokens(app, caller).await?;
    let now = app.now();
    let secret = new_api_token(&*app.random);
    let kind =
        api_token_type(secret.expose()).ok_or_else(|| Refusal::internal("a token without checksum"))?;
    let token = ApiToken {
        id: app.new_object_id(),
        uid: app.new_uid(),
        user: caller.user,
        code: change.code.flatten(),
        kind,
        limits: change.limits.unwrap_or_default(),
        created: now,
        updated: now,
        expires: change.expires.unwrap_or_else(|| now.plus_seconds(DEFAULT_SECONDS)),
        last_used: None,
    };
    require_future(&token, now)?;
    let write = InsertApiToken {
        hash: sha256(secret.expose()),
        token: token.clone(),
        by: caller.into(),
        address: address.to_string(),
    };
    require_kept(app.store.write(write).await?, &token)?;
    Ok((token, secret))
}

/// Changes a token of the caller.
pub(super) async fn change(
    app: &App,
    caller: &Principal,
    token: ApiToken,
    change: Change,
    address: ClientAddress,
) -> Result<(), Refusal> {
    may_make_api_tokens(app, caller).await?;
    let now = app.now();
    let moves = change.expires.is_some();
    let token = ApiToken {
        code: change.code.unwrap_or(token.code),
        limits: change.limits.unwrap_or(token.limits),
        expires: change.expires.unwrap_or(token.expires),
        ..token
    };
    if moves {
        require_future(&token, now)?;
    }
    let write = ChangeApiToken { token: token.clone(), address: address.to_string(), now };
    require_kept(app.store.write(write).await?, &token)
}

/// Deletes a token of the caller.
pub(crate) async fn delete(
    app: &App,
    caller: &Principal,
    uid: &str,
    address: ClientAddress,
) -> Result<(), Refusal> {
    let write = DeleteApiToken {
        user: caller.user,
        uid: uid.to_owned(),
        by: Cutter { user: caller.user, address: address.to_string() },
        now: app.now(),
    };
    if app.store.write(write).await? { Ok(()) } else { Err(missing(uid)) }
}

fn require_future(token: &ApiToken, now: Timestamp) -> Result<(), Refusal> {
    if token.expires > now {
        return Ok(());
    }
    Err(invalid("ApiToken expire timestamp must be in the future."))
}

fn require_kept(kept: Kept, token: &ApiToken) -> Result<(), Refusal> {
    match kept {
        Kept::Done => Ok(()),
        Kept::Gone => Err(missing(token.uid.as_str())),
        Kept::TooMany => {
            Err(Refusal::conflict(format!("You have {MOST} personal access tokens; delete one first")))
        }
        Kept::CodeTaken => {
            let code = token.code.as_deref().unwrap_or_default();
            Err(conflict(&Fault::new(Code::E5003, ["code", code, "another of your tokens"])))
        }
    }
}

fn missing(uid: &str) -> Refusal {
    Refusal::ObjectNotFound { kind: DISPLAY_NAME, uid: uid.to_owned() }
}
