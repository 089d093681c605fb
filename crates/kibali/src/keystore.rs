//! The operator's own signing key, by the keys that DHIS2 has for its keystore (modern reference 1.4).

use std::path::PathBuf;

use kibali_crypto::{Pkcs12Error, Secret, read_pkcs12};
use kibali_store::door::keys::Imported;
use kibali_web::App;

use crate::config::Config;
use crate::failure::Failure;

/// What to do with the keystore whose key was retired.
pub(crate) const RENEW: &str = "Put a new key into the keystore under another alias and name that one in \
    oauth2.server.jwt.keystore.alias, or take the oauth2.server.jwt.keystore lines out of kibali.conf";

/// A longer file is no keystore.
const MOST_BYTES: usize = 1024 * 1024;

const PATH: &str = "oauth2.server.jwt.keystore.path";
const ALIAS: &str = "oauth2.server.jwt.keystore.alias";
const PASSWORD: &str = "oauth2.server.jwt.keystore.password";
const KEY_PASSWORD: &str = "oauth2.server.jwt.keystore.key-password";

/// Where the key is.
#[derive(Debug, Clone)]
pub(crate) struct Keystore {
    /// Empty: there is none.
    pub(crate) path: PathBuf,
    pub(crate) password: Secret<String>,
    /// The name of the key in the file, and of the key in tokens.
    pub(crate) alias: String,
    /// None: the password of the file.
    pub(crate) key_password: Option<Secret<String>>,
    /// Without a keystore, keys are made.
    pub(crate) generate: bool,
}

impl Keystore {
    /// No keystore: keys are made.
    pub(crate) fn none() -> Self {
        Self {
            path: PathBuf::new(),
            password: Secret::new(String::new()),
            alias: String::new(),
            key_password: None,
            generate: true,
        }
    }

    /// The name of the key that signs; none where keys are made.
    pub(crate) fn signs_as(&self) -> Option<String> {
        (!self.path.as_os_str().is_empty()).then(|| self.alias.clone())
    }

    /// The key that is set wrong, and what to write.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        match (self.path.as_os_str().is_empty(), self.generate, self.alias.is_empty()) {
            (false, _, true) => Err((ALIAS, "name the key in the keystore; it is also its name in tokens")),
            (true, false, _) => Err((
                PATH,
                "name a PKCS #12 file, or set oauth2.server.jwt.keystore.generate-if-missing = on",
            )),
            _ => Ok(()),
        }
    }
}

/// Takes the key into the database, where a keystore is set; it signs from then on.
///
/// # Errors
/// The file cannot be read, holds no such key, or the name belongs to another key.
pub(crate) async fn import(config: &Config, app: &App) -> Result<(), Failure> {
    let Keystore { path, password, alias, key_password, .. } = &config.keystore;
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let said = |key: &str, why: &dyn std::fmt::Display| Failure::Said(format!("{key}: {why}"));
    let at = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = std::fs::read(path).map_err(|error| said(PATH, &at(&error)))?;
    if file.len() > MOST_BYTES {
        return Err(said(PATH, &at(&Pkcs12Error::NotPkcs12)));
    }
    let opens = key_password.as_ref().unwrap_or(password);
    let key = read_pkcs12(&file, alias, opens).map_err(|error| {
        let wrong = match (&error, key_password) {
            (Pkcs12Error::NoSuchKey(_), _) => ALIAS,
            (Pkcs12Error::WrongPassword, Some(_)) => KEY_PASSWORD,
            (Pkcs12Error::WrongPassword, None) => PASSWORD,
            _ => PATH,
        };
        said(wrong, &at(&error))
    })?;
    match app.signer().import(alias, &key).await? {
        Imported::Kept | Imported::Known => Ok(()),
        // Stopping would take the installation down with the first restart after a theft.
        Imported::Retired => {
            tracing::warn!(
                alias,
                "the key of the keystore was retired and signs nothing; keys are made instead. {RENEW}"
            );
            Ok(())
        }
        Imported::NameTaken => Err(said(
            ALIAS,
            &format!(
                "another key signed as {alias} before, and its tokens may live; give this one another alias"
            ),
        )),
        Imported::Overtaken => Err(said(PATH, &"other nodes wrote keys at the same moment; start again")),
    }
}
