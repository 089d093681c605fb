//! A token for the password of a user (legacy reference 3.2), with the code of a second factor beside it where the client
//! may send one (rules of the door 10).

use kibali_model::{GrantType, Scopes, SignIn};
use kibali_store::door::factors::Proof;
use kibali_store::door::grants::IssueGrant;

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;
use crate::identity::{Given, Opened, SignInRefusal, SignedIn, sign_in, sign_in_by_password};

impl Asking<'_> {
    pub(super) async fn password(
        &self,
        username: &str,
        password: &str,
        otp: Option<&str>,
        scopes: Scopes,
    ) -> Result<TokenAnswer, Refusal> {
        let who = match otp.filter(|_| self.client.takes_otp) {
            Some(code) => self.with_code(username, password, code).await?,
            None => sign_in(self.app, username, password, self.address).await?,
        };
        let order = Order { sign_in: proved(&who), ..self.order(&who, scopes) };
        let (answer, tokens) = self.mint(&order).await?;
        let grant = self.grant(GrantType::Password, &order);
        let at_most = self.app.settings.password_grants_per_user;
        let issue = IssueGrant { grant, tokens, proof: who.proof, at_most, now: self.now };
        match (self.app.store.write(issue).await?, who.proof) {
            (Some(_), _) => Ok(answer),
            // The code was spent meanwhile, here or elsewhere.
            (None, Some(_)) => Err(Refusal::SecondFactorActive),
            // The account changed between the password and the grant.
            (None, None) => Err(Refusal::WrongCredentials),
        }
    }

    async fn with_code(&self, username: &str, password: &str, code: &str) -> Result<SignedIn, Refusal> {
        match sign_in_by_password(self.app, username, password, self.address).await? {
            Opened::In(who) => Ok(who),
            Opened::Code(half) => {
                let who = half.prove(self.app, &Given::Code(code), None, self.address).await?;
                // Nobody reads mail between two calls of a script: a code that was mailed is for a person.
                let mailed = matches!(who.proof, Some(Proof::Mailed(_)));
                if mailed { Err(SignInRefusal::TwoFactor.into()) } else { Ok(who) }
            }
            Opened::Enrol(_) => Err(SignInRefusal::TwoFactorDemanded.into()),
        }
    }
}

/// What the user proved, without a browser.
fn proved(who: &SignedIn) -> SignIn {
    match who.proof {
        Some(_) => SignIn { amr: who.amr.clone(), ..SignIn::default() },
        None => SignIn::default(),
    }
}
