//! Asking once more who it is, before something delicate.

use kibali_store::door::accounts;

use super::own::PROVE as PROVE_PASSWORD;
use super::two_factor::PROVE as PROVE_FACTOR;
use super::visitor::Visitor;
use crate::{App, Refusal};

/// How long ago somebody may have proved who they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lately {
    /// The second factor, in seconds.
    pub(super) factor: i64,
    /// The password, where there is no second factor.
    pub(super) password: i64,
}

/// Where the visitor proves once more who they are, if they have to.
pub(super) async fn asked_first(
    app: &App,
    visitor: &Visitor,
    lately: Lately,
) -> Result<Option<&'static str>, Refusal> {
    let now = app.now();
    let within = |at, seconds| now.seconds_since(at) < seconds;
    let proved = visitor.principal.credential.proved();
    if proved.is_some_and(|(_, at)| within(at, lately.factor)) {
        return Ok(None);
    }
    let account = accounts::by_user(&mut app.store.reader().await?, visitor.principal.user).await?;
    if account.is_some_and(|account| account.protected) {
        return Ok(Some(PROVE_FACTOR));
    }
    let by_password = visitor.session().since().is_some_and(|at| within(at, lately.password));
    Ok((!by_password).then_some(PROVE_PASSWORD))
}
