//! Signing in with a user name and a password: one decision for the token endpoint, HTTP Basic and the
//! login page; and with a passkey. Where an account asks for more, a password opens nothing yet (rules of the door 10).

use kibali_crypto::Digest;
use kibali_model::{Closed, ObjectId, SignIn, Timestamp, Uid};
use kibali_store::door::accounts::{self, Account, SignInRules};
use kibali_store::door::factors::Proof;

use super::passkey::{self, Answered, PasskeyRefusal, Proved};
use super::refused::Refused;
use super::second_factor::{Given, Holder, ProofRefusal, check_proof};
use super::throttle::{Guess, Slowed};
use super::{ClientAddress, Priority};
use crate::{App, Refusal};

/// A user who proved all that the account asks for, and whose account may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Row number of the user.
    pub user: ObjectId,
    /// Public identifier of the user.
    pub uid: Uid,
    /// Login name.
    pub username: String,
    /// The account's credential version that was checked; what is granted on it ends with it.
    pub credential_version: i64,
    /// What proved the second factor, where the account has one; the write that signs in spends it.
    pub proof: Option<Proof>,
    /// How they proved who they are ([`SignIn::amr`]).
    pub amr: String,
    /// A role demands a second factor that is not set up: a session opens nothing but that.
    pub(super) must_enrol: bool,
}

/// A user whose password was right and whose account asks for a second factor beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfSignedIn(SignedIn);

impl HalfSignedIn {
    /// Only for an account that is known to be open and whose password was right.
    pub(super) fn new(user: ObjectId, uid: Uid, username: String, credential_version: i64) -> Self {
        let amr = SignIn::PASSWORD.to_owned();
        Self(SignedIn { user, uid, username, credential_version, proof: None, amr, must_enrol: false })
    }

    /// Row number of the user.
    pub(crate) const fn user(&self) -> ObjectId {
        self.0.user
    }

    /// Whose second factor is asked for, in the browser with this cookie, by its SHA-256.
    pub(crate) fn holder(&self, browser: Option<Digest>) -> Holder<'_> {
        Holder { user: self.0.user, username: &self.0.username, browser }
    }

    /// The account's credential version that was checked.
    pub(super) const fn credential_version(&self) -> i64 {
        self.0.credential_version
    }

    /// Signs in with a second factor, which is shown in the browser with this cookie, by its SHA-256.
    ///
    /// # Errors
    /// [`ProofRefusal`].
    pub(crate) async fn prove(
        self,
        app: &App,
        given: &Given<'_>,
        browser: Option<Digest>,
        address: ClientAddress,
    ) -> Result<SignedIn, ProofRefusal> {
        let proof = check_proof(app, self.holder(browser), given, address).await?;
        let amr = SignIn::with_factor(&self.0.amr, proof.factor());
        Ok(SignedIn { proof: Some(proof), amr, ..self.0 })
    }
}

/// What a right password opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The account asks for no more.
    In(SignedIn),
    /// The account asks for a second factor.
    Code(HalfSignedIn),
    /// A role demands a second factor that is not set up: a session would open nothing but that.
    Enrol(SignedIn),
}

/// Why somebody may not sign in. All but the first and the last two are told only after the right
/// password (rules of the door 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// The user name or the password is wrong; which of them is not told.
    BadCredentials,
    /// Too many failures from this address, or by other addresses, lock the user here.
    Locked,
    /// An administrator switched the account off.
    Disabled,
    /// The account has ended.
    Expired,
    /// The password is older than the installation allows.
    PasswordExpired,
    /// The user signs in elsewhere.
    External,
    /// The user has a second factor, and a password alone is not enough.
    TwoFactor,
    /// A role of the user demands a second factor that is not set up.
    TwoFactorDemanded,
    /// A passkey proves nothing.
    Passkey(PasskeyRefusal),
    /// Too many failures: the next attempt is taken after this many seconds.
    Throttled(u32),
    /// Nothing could be decided: too many hashes wait, or the database failed.
    Undecided(Refusal),
}

impl From<Slowed> for SignInRefusal {
    fn from(Slowed(seconds): Slowed) -> Self {
        Self::Throttled(seconds)
    }
}

impl From<SignInRefusal> for Refusal {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::BadCredentials => Self::WrongCredentials,
            SignInRefusal::Locked => Self::AccountLocked,
            SignInRefusal::Disabled => Self::AccountDisabled,
            SignInRefusal::Expired => Self::AccountExpired,
            SignInRefusal::PasswordExpired => Self::PasswordExpired,
            SignInRefusal::External => Self::ExternalAccount,
            SignInRefusal::TwoFactor => Self::SecondFactorActive,
            SignInRefusal::TwoFactorDemanded => Self::SecondFactorDemanded,
            SignInRefusal::Passkey(refusal) => refusal.into(),
            SignInRefusal::Throttled(seconds) => Self::TooManyAttempts { seconds },
            SignInRefusal::Undecided(refusal) => refusal,
        }
    }
}

/// Longest user name and password looked at, in bytes; longer ones are wrong. DHIS2 allows 255 and 72.
const LONGEST: usize = 1024;

/// Signs in where a password is all that can be sent. Costs one password hash whether or not the user exists.
///
/// # Errors
/// [`SignInRefusal`].
pub async fn sign_in(
    app: &App,
    username: &str,
    password: &str,
    address: ClientAddress,
) -> Result<SignedIn, SignInRefusal> {
    let opened = sign_in_by_password(app, username, password, address).await?;
    let (user, refusal) = match opened {
        Opened::In(who) => return Ok(who),
        Opened::Code(half) => (half.user(), SignInRefusal::TwoFactor),
        Opened::Enrol(who) => (who.user, SignInRefusal::TwoFactorDemanded),
    };
    note(app, &refusal, Some(user), address);
    Err(refusal)
}

/// Signs in where more than a password can be asked for.
///
/// # Errors
/// [`SignInRefusal`], never for the lack of a second factor.
pub async fn sign_in_by_password(
    app: &App,
    username: &str,
    password: &str,
    address: ClientAddress,
) -> Result<Opened, SignInRefusal> {
    let decided = decide(app, username, password, address).await;
    decided.map_err(|refused| noted(app, refused, address))
}

/// Signs in with a passkey and nothing else: it must have made sure who used it, so that it is two factors in
/// one. A password that is too old, or that others guess at, has no part in it.
///
/// # Errors
/// [`SignInRefusal`].
pub(crate) async fn sign_in_by_passkey(
    app: &App,
    answered: &Answered<'_>,
    address: ClientAddress,
) -> Result<SignedIn, SignInRefusal> {
    let decided = decide_by_passkey(app, answered).await;
    let who = decided.map_err(|refused| noted(app, refused, address))?;
    app.identity().throttle.succeeded(&who.username, address.network(), app.now());
    Ok(who)
}

async fn decide_by_passkey(app: &App, answered: &Answered<'_>) -> Result<SignedIn, Refused<SignInRefusal>> {
    let proved = passkey::check(app, answered, None).await;
    let Proved { passkey, proof } = proved
        .map_err(|Refused { refusal, user }| Refused { refusal: SignInRefusal::Passkey(refusal), user })?;
    open_by_passkey(app, passkey.user, proof).await.map_err(Refused::of(Some(passkey.user)))
}

async fn open_by_passkey(app: &App, user: ObjectId, proof: Proof) -> Result<SignedIn, SignInRefusal> {
    let mut reader = app.store.reader().await.map_err(|error| SignInRefusal::Undecided(error.into()))?;
    let account = accounts::by_user(&mut reader, user).await;
    let account = account.map_err(|error| SignInRefusal::Undecided(error.into()))?;
    let account = account.ok_or(SignInRefusal::Passkey(PasskeyRefusal::Unknown))?;
    is_usable(&account, SignInRules::default(), app.now())?;
    let Account { user, uid, username, credential_version, .. } = account;
    let amr = SignIn::with_factor("", proof.factor());
    Ok(SignedIn { user, uid, username, credential_version, proof: Some(proof), amr, must_enrol: false })
}

fn noted(app: &App, refused: Refused<SignInRefusal>, address: ClientAddress) -> SignInRefusal {
    note(app, &refused.refusal, refused.user, address);
    refused.refusal
}

fn note(app: &App, refusal: &SignInRefusal, user: Option<ObjectId>, address: ClientAddress) {
    let cause = match refusal {
        SignInRefusal::Passkey(refusal) => refusal.name(),
        other => Refusal::from(other.clone()).name(),
    };
    app.identity().gathered.happened("sign_in.refused", &cause, user, None, address, app.now());
}

async fn decide(
    app: &App,
    username: &str,
    password: &str,
    address: ClientAddress,
) -> Result<Opened, Refused<SignInRefusal>> {
    if username.len() > LONGEST || password.len() > LONGEST || username.contains('\0') {
        return Err(SignInRefusal::BadCredentials.into());
    }
    let throttle = &app.identity().throttle;
    let guess = throttle.guess(username, address.network(), app.now()).map_err(SignInRefusal::from)?;
    let (account, rules) = find(app, username).await.map_err(SignInRefusal::Undecided)?;
    let user = account.as_ref().map(|account| account.user);
    open_by_password(app, guess, account, rules, password).await.map_err(Refused::of(user))
}

/// Takes as long where no account has the name.
async fn open_by_password(
    app: &App,
    guess: Guess<'_>,
    account: Option<Account>,
    rules: SignInRules,
    password: &str,
) -> Result<Opened, SignInRefusal> {
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let priority = if guess.is_known(app.now()) { Priority::Known } else { Priority::Stranger };
    let fits = app.identity().passwords.verify(password, hash, priority).await;
    let fits = fits.map_err(SignInRefusal::Undecided)?;
    let right = guess.decided(account.filter(|_| fits), app.now())?.ok_or(SignInRefusal::BadCredentials)?;
    if rules.locks_after_failures && right.is_locked(app.now()) {
        return Err(SignInRefusal::Locked);
    }
    is_usable(right.found(), rules, app.now())?;
    let account = right.forgive(app.now());
    let must_enrol = account.must_enrol();
    let Account { user, uid, username, credential_version, protected, .. } = account;
    if protected {
        return Ok(Opened::Code(HalfSignedIn::new(user, uid, username, credential_version)));
    }
    let amr = SignIn::PASSWORD.to_owned();
    let who = SignedIn { user, uid, username, credential_version, proof: None, amr, must_enrol };
    Ok(if must_enrol { Opened::Enrol(who) } else { Opened::In(who) })
}

/// What the state of an account says to somebody who knows its password, the second factor apart (legacy
/// reference 3.6).
pub(super) fn is_usable(account: &Account, rules: SignInRules, now: Timestamp) -> Result<(), SignInRefusal> {
    match account.closed(now) {
        Some(Closed::Disabled) => Err(SignInRefusal::Disabled),
        Some(Closed::Expired(_)) => Err(SignInRefusal::Expired),
        None if account.external_auth => Err(SignInRefusal::External),
        None if account.password_expired(rules, now) => Err(SignInRefusal::PasswordExpired),
        None => Ok(()),
    }
}

/// The same where a password is all that was sent.
pub(super) fn may_sign_in(
    account: &Account,
    rules: SignInRules,
    now: Timestamp,
) -> Result<(), SignInRefusal> {
    is_usable(account, rules, now)?;
    match (account.protected, account.must_enrol()) {
        (true, _) => Err(SignInRefusal::TwoFactor),
        (false, true) => Err(SignInRefusal::TwoFactorDemanded),
        (false, false) => Ok(()),
    }
}

async fn find(app: &App, username: &str) -> Result<(Option<Account>, SignInRules), Refusal> {
    let mut reader = app.store.reader().await?;
    let account = accounts::by_username(&mut reader, username).await?;
    Ok((account, accounts::sign_in_rules(&mut reader).await?))
}
