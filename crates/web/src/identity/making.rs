//! Who may make a credential that lives on its own (rules of the door 10).

use kibali_model::{Credential, Lately, Principal};
use kibali_store::door::accounts;

use crate::{App, Refusal};

/// Is the caller a person who signed in? What was given to a program must not change how its user signs in.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub(crate) fn require_person(caller: &Principal) -> Result<(), Refusal> {
    if !caller.credential.is_token() {
        return Ok(());
    }
    let message = "A token cannot see or change how its user signs in; sign in to do that".to_owned();
    Err(Refusal::Forbidden { code: None, message })
}

/// May the caller make personal access tokens, or change what theirs may do? Only a person who signed in: what
/// was given to a program must not let it make itself something that lives longer or may do more.
///
/// # Errors
/// [`Refusal::Forbidden`], which says what is missing.
pub(crate) async fn may_make_api_tokens(app: &App, caller: &Principal) -> Result<(), Refusal> {
    let forbidden = |message: &str| Err(Refusal::Forbidden { code: None, message: message.to_owned() });
    if !app.settings.api_tokens {
        return forbidden("Personal access tokens are switched off on this server");
    }
    if caller.credential.is_token() {
        return forbidden(match caller.credential {
            Credential::ApiToken { .. } => {
                "A personal access token can neither make nor change one; sign in to do that"
            }
            _ => {
                "An application cannot make or change personal access tokens for its user; sign in to do that"
            }
        });
    }
    let account = accounts::by_user(&mut app.store.reader().await?, caller.user).await?;
    let account = account.ok_or(Refusal::NoCredentials)?;
    let factor_needed = account.protected || account.two_factor_demanded;
    if factor_needed && Lately::WAYS_IN.missing(&caller.credential, true, app.now()).is_some() {
        return forbidden(
            "Sign in with your second factor first; it must not be longer ago than five minutes",
        );
    }
    Ok(())
}
