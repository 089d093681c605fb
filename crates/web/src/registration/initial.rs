//! Initial access tokens: made for a device whose user signed in, or by an administrator.

use kibali_crypto::{Secret, new_token, sha256};
use kibali_metadata::import::is_redirect;
use kibali_model::{Principal, SigningAlgorithm, Uid};
use kibali_store::door::registrations::{DeleteInitialAccess, InitialAccess, InsertInitialAccess, Way};
use serde_json::{Map, json};

use super::REGISTER;
use crate::clients::quoted;
use crate::identity::ClientAddress;
use crate::system_settings::Stored;
use crate::{App, Refusal, Settings};

/// Longest life of an invitation, in seconds: 90 days.
pub(crate) const LONGEST: i64 = 90 * 86_400;
/// Clients that one invitation lets register, at most.
pub(crate) const MOST: i64 = 10_000;
/// Characters of a name, as the registry has it.
const NAME: usize = 230;
/// Longest life of a device's token, in seconds, whatever the setting says.
const LONGEST_OF_DEVICE: i64 = 3600;

/// May somebody of these groups enrol a device? Anybody may where the setting names none.
pub(crate) fn may_enrol(stored: &Stored, groups: &[Uid]) -> bool {
    let allowed = stored.list("deviceEnrollmentAllowedUserGroups");
    allowed.is_empty() || groups.iter().any(|group| allowed.iter().any(|name| name == group.as_str()))
}

/// A token for the device that somebody signed in on. A JWT, as DHIS2 makes it, of which its row decides.
///
/// # Errors
/// The database failed.
pub(crate) async fn mint_for_device(
    app: &App,
    user: &Principal,
    redirect_url: &str,
    stored: &Stored,
    address: ClientAddress,
) -> Result<Secret<String>, Refusal> {
    let seconds = stored.named("deviceEnrollmentIATTtlSeconds").as_i64().unwrap_or(60);
    let (now, issuer) = (app.now(), app.settings.issuer());
    let expires = now.plus_seconds(seconds.clamp(1, LONGEST_OF_DEVICE));
    let claims = json!({
        "iss": issuer, "aud": issuer, "sub": user.username, "iat": now.seconds(), "exp": expires.seconds(),
        "scope": "client.create", "redirect_url": redirect_url,
    });
    let claims = claims.as_object().cloned().unwrap_or_else(Map::new);
    let token = app.signer().sign(SigningAlgorithm::DEFAULT, None, claims).await?;
    let row = InitialAccess {
        uid: app.new_uid(),
        name: None,
        way: Way::Enrolled,
        user: Some(user.user),
        credential_version: user.credential_version,
        redirect_url: Some(redirect_url.to_owned()),
        uses_left: 1,
        created: now,
        expires,
    };
    let hash = sha256(token.expose());
    app.store.write(InsertInitialAccess { hash, token: row, address: Some(address.to_string()) }).await?;
    Ok(token)
}

/// What an administrator wants of an initial access token.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What it is for.
    pub name: Option<String>,
    /// Clients that it lets register.
    pub uses: i64,
    /// Seconds it works.
    pub seconds: i64,
    /// The one address that its clients may have codes sent to; none: any that the registry takes.
    pub redirect_url: Option<String>,
}

/// An initial access token that was made.
pub struct Invited {
    /// What is kept of it.
    pub kept: InitialAccess,
    /// The token, told this once.
    pub token: Secret<String>,
}

impl Invited {
    /// A line for a shell that registers a client with it.
    #[must_use]
    pub fn line(&self, settings: &Settings) -> String {
        format!(
            "curl -H {} -H 'Content-Type: application/json' -d {} {}",
            quoted(&format!("Authorization: Bearer {}", self.token.expose())),
            quoted(r#"{"client_name":"NAME","redirect_uris":["https://app.example.org/callback"]}"#),
            quoted(&settings.absolute(REGISTER))
        )
    }
}

/// Makes an initial access token in the name of `by`, or of whoever runs the installation. The caller has asked
/// whether they may (rules of the door 4).
///
/// # Errors
/// [`Refusal::Conflict`], which says what is wrong with the invitation; or the database failed.
pub async fn invite(
    app: &App,
    by: Option<(&Principal, ClientAddress)>,
    invitation: Invitation,
) -> Result<Invited, Refusal> {
    let listed = Stored::read(&mut app.store.reader().await?).await?.allowed_redirects();
    check(&invitation, &listed)?;
    let now = app.now();
    let token = new_token(&*app.random);
    let kept = InitialAccess {
        uid: app.new_uid(),
        name: invitation.name,
        way: Way::Invited,
        user: by.map(|(principal, _)| principal.user),
        credential_version: by.map_or(0, |(principal, _)| principal.credential_version),
        redirect_url: invitation.redirect_url,
        uses_left: invitation.uses,
        created: now,
        expires: now.plus_seconds(invitation.seconds),
    };
    let address = by.map(|(_, address)| address.to_string());
    let write = InsertInitialAccess { hash: sha256(token.expose()), token: kept.clone(), address };
    app.store.write(write).await?;
    Ok(Invited { kept, token })
}

/// Takes an initial access token back, in the name of `by` or of whoever runs the installation; false where there was
/// none. The caller has asked whether they may.
///
/// # Errors
/// The database failed.
pub async fn take_back(
    app: &App,
    by: Option<(&Principal, ClientAddress)>,
    uid: String,
) -> Result<bool, Refusal> {
    let address = by.map(|(_, address)| address.to_string());
    let by = by.map(|(principal, _)| principal.user);
    Ok(app.store.write(DeleteInitialAccess { uid, by, address, now: app.now() }).await?)
}

fn check(invitation: &Invitation, listed: &[String]) -> Result<(), Refusal> {
    if !(1..=MOST).contains(&invitation.uses) {
        return Err(Refusal::conflict(format!("uses is a number from 1 to {MOST}")));
    }
    if !(60..=LONGEST).contains(&invitation.seconds) {
        return Err(Refusal::conflict(format!(
            "The lifetime is from 60 seconds to {LONGEST}, which is 90 days"
        )));
    }
    if invitation.name.as_ref().is_some_and(|name| name.chars().count() > NAME) {
        return Err(Refusal::conflict(format!("The name has {NAME} characters at most")));
    }
    // As the registry holds it when a client comes with it.
    let is_address = |url: &String| is_redirect(url) || listed.contains(url);
    if invitation.redirect_url.as_ref().is_some_and(|url| !is_address(url)) {
        let message = "The redirect URL is a whole address, with a scheme that no other application claims, or one of \
                       the setting deviceEnrollmentRedirectAllowlist";
        return Err(Refusal::conflict(message));
    }
    Ok(())
}
