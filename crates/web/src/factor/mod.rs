//! What a user does with a second factor of their own: one set of steps for `/api/2fa` and for the pages.

mod passkeys;
mod qr;

pub(crate) use passkeys::{KeepRefusal, Kept};
pub(crate) use qr::{png, svg};

use kibali_crypto::{Digest, Secret, TotpSeed, new_recovery_code, recovery_hash};
use kibali_model::{Lately, ObjectId, Principal, TwoFactorType};
use kibali_store::door::emails;
use kibali_store::door::factors::{
    self, BeginTotp, ConfirmFactor, MakeRecoveryCodes, Proof, ProveFactor, ReplaceRecoveryCodes,
    SecondFactor, SwitchOffFactor, WithProof,
};
use kibali_store::door::mailed::BeginMailed;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::account::recovery::require_mail;
use crate::identity::{
    ClientAddress, Given, Holder, Mailed, ProofRefusal, check_first_code, check_proof, mail_code, open_seed,
    require_proof, seal_seed,
};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Recovery codes that a user gets at a time.
const RECOVERY_CODES: usize = 10;

/// Whoever does something with their own second factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Who.
    pub(crate) principal: &'a Principal,
    /// SHA-256 of the cookie of the session that does it, if one does.
    pub(crate) session: Option<Digest>,
    /// From where.
    pub(crate) address: ClientAddress,
}

/// Why it was not done.
pub(crate) enum FactorRefusal {
    /// What was shown proves nothing.
    Proof(ProofRefusal),
    /// Something else is in the way.
    Other(Refusal),
}

impl From<Refusal> for FactorRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

impl<'a> Own<'a> {
    /// The caller, with the session where it is what proved them.
    pub(crate) const fn new(principal: &'a Principal, address: ClientAddress) -> Self {
        Self { principal, session: principal.credential.session(), address }
    }

    const fn user(&self) -> ObjectId {
        self.principal.user
    }

    /// Whose codes are asked for, and in which session.
    pub(crate) fn holder(&self) -> Holder<'a> {
        Holder { user: self.user(), username: &self.principal.username, browser: self.session }
    }

    /// Begins to enrol an authenticator app, over again where that was begun before.
    ///
    /// # Errors
    /// E3022, E3046; [`Refusal::Forbidden`].
    pub(crate) async fn begin_totp(&self, app: &App) -> Result<(), Refusal> {
        require_totp(app)?;
        self.require_new(app).await?;
        let seed = TotpSeed::generate(&*app.random);
        let seed = seal_seed(app, self.user(), &seed).map_err(Refusal::internal)?;
        let begin = BeginTotp { user: self.user(), seed, now: app.now() };
        if app.store.write(begin).await? { Ok(()) } else { Err(already_enabled()) }
    }

    /// Begins to have codes mailed, over again where that was begun before, and mails the first.
    ///
    /// # Errors
    /// E3022, E3043, E3045; as [`Own::begin_totp`]; mail cannot be sent.
    pub(crate) async fn begin_mailed(&self, app: &App) -> Result<Mailed, Refusal> {
        if !app.settings.mailed_codes {
            let message = "Email based 2FA is not enabled in the configuration";
            return Err(Refusal::conflict_code("E3045", message));
        }
        self.require_new(app).await?;
        let mut reader = app.store.reader().await?;
        let email = emails::of_user(&mut reader, self.user()).await?;
        let Some(email) = email.address.filter(|_| email.verified) else {
            let message =
                "User does not have a verified email, please verify your email before you try to enable 2FA";
            return Err(Refusal::conflict_code("E3043", message));
        };
        require_mail(app, &Stored::read(&mut reader).await?)?;
        drop(reader);
        if !app.store.write(BeginMailed { user: self.user(), email, now: app.now() }).await? {
            return Err(already_enabled());
        }
        self.mail_code(app).await
    }

    /// Was the first code mailed that is to come back?
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn is_enrolling_by_mail(&self, app: &App) -> Result<bool, Refusal> {
        Ok(self.find(app).await?.is_some_and(|found| found.state == TwoFactorType::EnrollingEmail))
    }

    /// Mails a code, unless that was done just now.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn mail_code(&self, app: &App) -> Result<Mailed, Refusal> {
        mail_code(app, self.holder()).await
    }

    /// Codes are set up where there are none, by whoever proved a moment ago who they are: what is set up counts as
    /// that proof from then on.
    async fn require_new(&self, app: &App) -> Result<(), Refusal> {
        if self.find(app).await?.is_some_and(|found| found.state.is_enabled()) {
            return Err(already_enabled());
        }
        require_proof(app, self.principal, Lately::WAYS_IN).await
    }

    /// What the authenticator app is to be given: to whoever proved a moment ago who they are.
    ///
    /// # Errors
    /// E3046, E3047; [`Refusal::Forbidden`].
    pub(crate) async fn enrolling(&self, app: &App) -> Result<TotpSeed, Refusal> {
        require_totp(app)?;
        let enrolment = self.find(app).await?.and_then(|found| found.enrolment(app.now()));
        let sealed = enrolment
            .and_then(|enrolment| enrolment.seed)
            .ok_or_else(|| Refusal::conflict_code("E3047", "User is not in TOTP 2FA enrollment mode"))?;
        require_proof(app, self.principal, Lately::WAYS_IN).await?;
        open_seed(app, self.user(), &sealed).map_err(Refusal::internal)
    }

    /// The second factor as it is.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn find(&self, app: &App) -> Result<Option<SecondFactor>, Refusal> {
        Ok(factors::find(&mut app.store.reader().await?, self.user()).await?)
    }

    /// Confirms the enrolment with the first code. `with_codes` makes recovery codes, which are shown once.
    ///
    /// # Errors
    /// [`FactorRefusal`]; E3022, E3029; as [`Own::enrolling`].
    pub(crate) async fn confirm(
        &self,
        app: &App,
        code: &str,
        with_codes: bool,
    ) -> Result<RecoveryCodes, FactorRefusal> {
        let found = self.find(app).await?;
        if found.as_ref().is_some_and(|found| found.state.is_enabled()) {
            return Err(already_enabled().into());
        }
        let Some(enrolment) = found.and_then(|found| found.enrolment(app.now())) else {
            let message = "User must call the enroll endpoint before you can call enable";
            return Err(Refusal::conflict_code("E3029", message).into());
        };
        require_proof(app, self.principal, Lately::WAYS_IN).await?;
        let proof = check_first_code(app, self.holder(), &enrolment, code, self.address).await;
        let proof = proof.map_err(FactorRefusal::Proof)?;
        let with = self.with(app, proof);
        let codes = if with_codes { RecoveryCodes::new(app) } else { RecoveryCodes::none() };
        let spent = app.store.write(ConfirmFactor { with, enrolment, recovery_codes: codes.hashes() }).await;
        first(spent.map_err(Refusal::from)?)?;
        Ok(codes)
    }

    /// Makes recovery codes, which are shown once, for whoever has none and proved a moment ago who they are. Nothing, where
    /// there are some.
    ///
    /// # Errors
    /// E3031; [`Refusal::Forbidden`].
    pub(crate) async fn make_codes(&self, app: &App) -> Result<Option<RecoveryCodes>, Refusal> {
        self.require_protected(app).await?;
        require_proof(app, self.principal, Lately::WAYS_IN).await?;
        let codes = RecoveryCodes::new(app);
        let make = MakeRecoveryCodes {
            by: self.principal.into(),
            recovery_codes: codes.hashes(),
            address: self.address.to_string(),
            now: app.now(),
        };
        Ok(app.store.write(make).await?.then_some(codes))
    }

    /// Makes new recovery codes, which are shown once; the old ones are worthless.
    ///
    /// # Errors
    /// [`FactorRefusal`]; E3031.
    pub(crate) async fn replace_codes(
        &self,
        app: &App,
        given: &Given<'_>,
    ) -> Result<RecoveryCodes, FactorRefusal> {
        self.require_protected(app).await?;
        let (with, codes) = (self.with_proof(app, given).await?, RecoveryCodes::new(app));
        let spent = app.store.write(ReplaceRecoveryCodes { with, recovery_codes: codes.hashes() }).await;
        first(spent.map_err(Refusal::from)?)?;
        Ok(codes)
    }

    /// Switches codes off; passkeys stay.
    ///
    /// # Errors
    /// [`FactorRefusal`]; E3031.
    pub(crate) async fn switch_off(&self, app: &App, given: &Given<'_>) -> Result<(), FactorRefusal> {
        self.require_enabled(app).await?;
        let with = self.with_proof(app, given).await?;
        first(app.store.write(SwitchOffFactor(with)).await.map_err(Refusal::from)?)
    }

    /// Proves the second factor once more within a session.
    ///
    /// # Errors
    /// [`FactorRefusal`]; E3031.
    pub(crate) async fn prove(&self, app: &App, given: &Given<'_>) -> Result<(), FactorRefusal> {
        self.require_protected(app).await?;
        let with = self.with_proof(app, given).await?;
        first(app.store.write(ProveFactor(with)).await.map_err(Refusal::from)?)
    }

    /// # Errors
    /// E3031.
    pub(crate) async fn require_enabled(&self, app: &App) -> Result<(), Refusal> {
        match self.find(app).await?.is_some_and(|found| found.state.is_enabled()) {
            true => Ok(()),
            false => Err(Refusal::conflict_code("E3031", "Two factor authentication is not enabled")),
        }
    }

    /// Does signing in ask for a second factor, as it is now?
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn is_protected(&self, app: &App) -> Result<bool, Refusal> {
        Ok(self.find(app).await?.is_some_and(|found| found.protects()))
    }

    async fn require_protected(&self, app: &App) -> Result<(), Refusal> {
        match self.is_protected(app).await? {
            true => Ok(()),
            false => self.require_enabled(app).await,
        }
    }

    async fn with_proof(&self, app: &App, given: &Given<'_>) -> Result<WithProof, FactorRefusal> {
        let proof =
            check_proof(app, self.holder(), given, self.address).await.map_err(FactorRefusal::Proof)?;
        Ok(self.with(app, proof))
    }

    fn with(&self, app: &App, proof: Proof) -> WithProof {
        WithProof { by: self.principal.into(), proof, address: self.address.to_string(), now: app.now() }
    }
}

/// A code counts for whoever spends it first.
fn first(spent: bool) -> Result<(), FactorRefusal> {
    if spent { Ok(()) } else { Err(FactorRefusal::Proof(ProofRefusal::Wrong)) }
}

fn already_enabled() -> Refusal {
    let message = "User has 2FA enabled already, disable 2FA before you try to enroll again";
    Refusal::conflict_code("E3022", message)
}

fn require_totp(app: &App) -> Result<(), Refusal> {
    match app.settings.totp {
        true => Ok(()),
        false => Err(Refusal::conflict_code("E3046", "TOTP 2FA is not enabled in the configuration")),
    }
}

/// Recovery codes that were just made.
pub(crate) struct RecoveryCodes(Vec<Secret<String>>);

impl RecoveryCodes {
    fn new(app: &App) -> Self {
        Self(std::iter::repeat_with(|| new_recovery_code(&*app.random)).take(RECOVERY_CODES).collect())
    }

    const fn none() -> Self {
        Self(Vec::new())
    }

    fn hashes(&self) -> Vec<Digest> {
        self.0.iter().filter_map(|code| recovery_hash(code.expose())).collect()
    }

    /// One a line, to be shown this once.
    pub(crate) fn lines(&self) -> String {
        self.0.iter().map(|code| code.expose().as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Everything but letters, digits and `-._~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address that authenticator apps read from a QR code. `issuer` and `username` say which account it is.
pub(crate) fn address(issuer: &str, username: &str, seed: &TotpSeed) -> Secret<String> {
    let issuer = utf8_percent_encode(issuer, RESERVED).to_string();
    let username = utf8_percent_encode(username, RESERVED);
    let seed = seed.base32();
    Secret::new(format!("otpauth://totp/{issuer}:{username}?secret={}&issuer={issuer}", seed.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_server_and_user_and_nothing_slips_out_of_its_place() {
        let seed = TotpSeed::from_bytes(b"12345678901234567890");
        let said = |issuer, username| address(issuer, username, &seed).expose().clone();
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(
            said("DHIS 2", "admin"),
            format!("otpauth://totp/DHIS%202:admin?secret={secret}&issuer=DHIS%202")
        );
        assert_eq!(
            said("A&secret=B?:", "é@x/y"),
            format!(
                "otpauth://totp/A%26secret%3DB%3F%3A:%C3%A9%40x%2Fy?secret={secret}&issuer=A%26secret%3DB%3F%3A"
            )
        );
    }
}
