//! Who may make a credential that lives on its own (rules of the door 10).

use kibali_model::{Credential, Principal};
use kibali_store::door::accounts;

use crate::{App, Refusal};

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
    match caller.credential {
        Credential::Session | Credential::Basic | Credential::System => {}
        Credential::ApiToken { .. } => {
            return forbidden("A personal access token can neither make nor change one; sign in to do that");
        }
        Credential::Bearer { .. } => {
            return forbidden(
                "An application cannot make or change personal access tokens for its user; sign in to do that",
            );
        }
    }
    let account = accounts::by_user(&mut app.store.reader().await?, caller.user).await?;
    let account = account.ok_or(Refusal::NoCredentials)?;
    let factor_needed = account.two_factor || account.two_factor_demanded;
    if factor_needed && !proved_second_factor_lately(caller) {
        return forbidden(
            "Sign in with your second factor first; it must not be longer ago than five minutes",
        );
    }
    Ok(())
}

/// Did the session of the caller prove a second factor within five minutes? No session can prove one until second
/// factors exist, so that today nobody who has one, or needs one, makes tokens. This is the place to ask.
const fn proved_second_factor_lately(_: &Principal) -> bool {
    false
}
