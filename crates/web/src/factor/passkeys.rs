//! What a user does with their passkeys.

use kibali_model::Uid;
use kibali_store::door::accounts;
use kibali_store::door::passkeys::{self, AddPasskey, Added, Changer, Passkey, RemovePasskey, RenamePasskey};
use serde_json::Value;

use super::{Own, RecoveryCodes};
use crate::identity::{
    Answered, Holding, MadePasskey, PasskeyRefusal, Question, Session, ask_to_make, ask_to_use, made_passkey,
};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// What became of a new passkey.
pub(crate) enum Kept {
    /// It is one more.
    Another,
    /// It is what protects the account from now on; the recovery codes are shown once.
    First(RecoveryCodes),
}

/// Why it is not kept.
pub(crate) enum KeepRefusal {
    /// What the browser answered proves nothing.
    Passkey(PasskeyRefusal),
    /// There are as many as there may be.
    TooMany,
    /// It is registered already.
    Taken,
}

impl From<Refusal> for KeepRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Passkey(refusal.into())
    }
}

impl Own<'_> {
    /// Their passkeys, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn passkeys(&self, app: &App) -> Result<Vec<Passkey>, Refusal> {
        Ok(passkeys::of_user(&mut app.store.reader().await?, self.user()).await?)
    }

    /// Asks the browser to make one.
    ///
    /// # Errors
    /// Passkeys are not offered here, or there are as many as there may be.
    pub(crate) async fn ask_for_new_passkey(
        &self,
        app: &App,
        session: &Session,
    ) -> Result<Question, Refusal> {
        if !app.settings.passkeys {
            return Err(Refusal::bad_request("Passkeys are switched off on this server"));
        }
        let known = self.passkeys(app).await?;
        if known.len() >= passkeys::MOST {
            return Err(Refusal::bad_request("There are twenty passkeys already; remove one first"));
        }
        let mut reader = app.store.reader().await?;
        let name = accounts::contact(&mut reader, self.user()).await?.name;
        let site = Stored::read(&mut reader).await?.application_title();
        let username = self.principal.username.as_str();
        let name = name.as_deref().unwrap_or(username);
        ask_to_make(app, session, &Holding { known: &known, site: &site, username, name })
    }

    /// Asks the browser for one of theirs, beside what the session proved before.
    ///
    /// # Errors
    /// This server has no name that passkeys could be for.
    pub(crate) async fn ask_for_passkey(&self, app: &App, session: &Session) -> Result<Question, Refusal> {
        ask_to_use(app, session, &self.passkeys(app).await?, false)
    }

    /// Keeps what the browser made.
    ///
    /// # Errors
    /// [`KeepRefusal`].
    pub(crate) async fn keep_passkey(
        &self,
        app: &App,
        answered: &Answered<'_>,
        name: &str,
    ) -> Result<Kept, KeepRefusal> {
        self.session.ok_or(Refusal::NoCredentials)?;
        let made = made_passkey(app, answered).map_err(KeepRefusal::Passkey)?;
        let codes = RecoveryCodes::new(app);
        let write = AddPasskey {
            by: self.principal.into(),
            challenge: made.challenge,
            until: made.until,
            passkey: self.passkey(app, made, name),
            recovery_codes: codes.hashes(),
            address: self.address.to_string(),
        };
        match app.store.write(write).await.map_err(Refusal::from)? {
            Added::Kept { first: true } => Ok(Kept::First(codes)),
            Added::Kept { first: false } => Ok(Kept::Another),
            Added::Late => Err(KeepRefusal::Passkey(PasskeyRefusal::Late)),
            Added::TooMany => Err(KeepRefusal::TooMany),
            Added::Taken => Err(KeepRefusal::Taken),
        }
    }

    fn passkey(&self, app: &App, made: MadePasskey, name: &str) -> Passkey {
        let MadePasskey { registration, handle, .. } = made;
        let uid: Uid = app.new_uid();
        Passkey {
            uid,
            user: self.user(),
            credential: registration.made.credential,
            handle,
            public_key: Value::Object(registration.made.key.to_jwk()).to_string(),
            counter: registration.data.counter,
            eligible: registration.data.eligible,
            backed_up: registration.data.backed_up,
            transports: registration.transports.join(" "),
            name: name.to_owned(),
            created: app.now(),
            last_used: None,
        }
    }

    /// Calls one of theirs otherwise. Answers whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn rename_passkey(&self, app: &App, uid: &str, name: &str) -> Result<bool, Refusal> {
        Ok(app.store.write(RenamePasskey { by: self.changer(app, uid), name: name.to_owned() }).await?)
    }

    /// Takes one of theirs away. Answers whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn remove_passkey(&self, app: &App, uid: &str) -> Result<bool, Refusal> {
        Ok(app.store.write(RemovePasskey(self.changer(app, uid))).await?)
    }

    fn changer(&self, app: &App, uid: &str) -> Changer {
        Changer { user: self.user(), uid: uid.to_owned(), address: self.address.to_string(), now: app.now() }
    }
}
