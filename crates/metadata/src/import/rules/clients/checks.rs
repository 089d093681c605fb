//! What a client may be: what DHIS2 validates (modern reference 2.2), and what Kibali adds.
//!
//! Only what a change brings is looked at: values that are there already, from another time or another dialect, can be
//! sent again.

use kibali_model::{ClientAuthentication, GrantType, Scope};

use super::name_of;
use crate::client::{MOST_EXCHANGED, RESERVED, Registration, refused};
use crate::import::item::Edit;
use crate::import::plan::Draft;
use crate::import::{Code, Fault, shape};
use crate::kind::{ClientColumn, Storage};

/// Most addresses of one client, and characters of each.
const ADDRESSES: usize = 50;
const ADDRESS_LENGTH: usize = 2000;
/// Characters of a client ID, at most.
const ID_LENGTH: usize = 230;
/// What DHIS2 keeps for itself, and all that begin with it and a point.
const RESERVED_SCOPE: &str = "client";

/// Characters of a secret that signs, at least (RFC 7518 section 3.2).
const SHORTEST_THAT_SIGNS: usize = 32;

/// Everything that is wrong with a client.
pub(super) fn faults(draft: &Draft<'_>, allowed: &[String]) -> Vec<Fault> {
    let Some(client) = &draft.next.client else { return Vec::new() };
    let before = draft.detail.and_then(|detail| detail.client.as_ref());
    let mut faults = Vec::new();
    identity(draft, client, before, &mut faults);
    let names = |column| name_of(&draft.item.kind, column);
    let mut each = |column, list: fn(&Registration) -> &Vec<String>, why: &dyn Fn(&str) -> Option<String>| {
        let known = before.map(list);
        let new = list(client).iter().filter(|name| !known.is_some_and(|known| known.contains(name)));
        faults.extend(new.filter_map(|name| why(name)).map(|why| refused(names(column), &why)));
    };
    each(ClientColumn::GrantTypes, |client| &client.grant_types, &grant_type);
    each(ClientColumn::Authentication, |client| &client.authentication, &authentication);
    each(ClientColumn::Scopes, |client| &client.scopes, &scope);
    let address = |text: &str| address(text, allowed);
    each(ClientColumn::RedirectUris, |client| &client.redirect_uris, &address);
    each(ClientColumn::PostLogoutRedirectUris, |client| &client.post_logout_redirect_uris, &address);
    for (column, list, most) in [
        (ClientColumn::RedirectUris, &client.redirect_uris, ADDRESSES),
        (ClientColumn::PostLogoutRedirectUris, &client.post_logout_redirect_uris, ADDRESSES),
        (ClientColumn::ExchangesFor, &client.exchanges_for, MOST_EXCHANGED),
    ] {
        if list.len() > most {
            let (most, count) = (most.to_string(), list.len().to_string());
            let name = names(column);
            faults.push(Fault::new(Code::E4007, [name, "0", &most, &count]).at(name));
        }
    }
    exchanged(draft, client, before, &mut faults);
    let clear = clear_address(client, before);
    faults.extend(clear.map(|why| refused(names(ClientColumn::RedirectUris), &why)));
    if client.proves_by(ClientAuthentication::None) && client.authentication.len() > 1 {
        let why =
            "The client authentication method 'none' stands alone: beside it a secret would prove nothing";
        faults.push(refused(names(ClientColumn::Authentication), why));
    }
    let told = before.and_then(|before| before.logout_uri.as_ref());
    if let Some(uri) = client.logout_uri.as_ref().filter(|uri| told != Some(uri) && !is_listener(uri)) {
        let shown = shape::shown(&uri.as_str().into());
        let why = format!(
            "Invalid back-channel logout URI: '{shown}'. Write a whole address that begins with https://, without \
             a part after #."
        );
        faults.push(refused(names(ClientColumn::LogoutUri), &why));
    }
    proof_key(draft, client, &mut faults);
    secret(draft, client, before, &mut faults);
    faults
}

fn identity(
    draft: &Draft<'_>,
    client: &Registration,
    before: Option<&Registration>,
    faults: &mut Vec<Fault>,
) {
    let id = client.client_id.as_str();
    let name = name_of(&draft.item.kind, ClientColumn::ClientId);
    if before.is_some_and(|before| before.client_id == id) {
        return;
    }
    if id == RESERVED {
        faults.push(refused(name, &format!("The client id '{RESERVED}' is reserved")));
    }
    if id.chars().any(|c| c.is_whitespace() || c.is_control() || c == ':') {
        faults.push(Fault::new(Code::E4027, [id, "client id (no spaces, no colon)", name]).at(name));
    }
}

/// Of a client whose tokens it may exchange is told what can be a client ID.
fn exchanged(
    draft: &Draft<'_>,
    client: &Registration,
    before: Option<&Registration>,
    faults: &mut Vec<Fault>,
) {
    let name = name_of(&draft.item.kind, ClientColumn::ExchangesFor);
    let is_new = |id: &&String| !before.is_some_and(|before| before.exchanges_for.contains(id));
    let is_id = |id: &str| id.chars().count() <= ID_LENGTH;
    if let Some(id) = client.exchanges_for.iter().filter(is_new).find(|id| !is_id(id)) {
        let shown = shape::shown(&id.as_str().into());
        faults.push(Fault::new(Code::E4027, [&*shown, "client ID", name]).at(name));
    }
}

fn grant_type(name: &str) -> Option<String> {
    let known = GrantType::EVERY.iter().map(|grant| grant.as_str());
    unknown("grant type", name, known)
}

fn authentication(name: &str) -> Option<String> {
    let known = ClientAuthentication::EVERY.iter().map(|by| by.as_str());
    unknown("client authentication method", name, known)
}

fn scope(name: &str) -> Option<String> {
    let reserved = name.strip_prefix(RESERVED_SCOPE).is_some_and(|rest| rest.starts_with('.'));
    if reserved {
        return Some(format!("The scope '{}' is reserved", shape::shown(&name.into())));
    }
    unknown("scope", name, Scope::EVERY.iter().map(Scope::as_str))
}

fn unknown(what: &str, name: &str, mut known: impl Iterator<Item = &'static str> + Clone) -> Option<String> {
    let list: Vec<&str> = known.clone().collect();
    let name_shown = shape::shown(&name.into());
    (!known.any(|known| known == name))
        .then(|| format!("Invalid {what}: '{name_shown}'. Allowed {what}s are: {}.", list.join(", ")))
}

fn address(text: &str, allowed: &[String]) -> Option<String> {
    let shown = shape::shown(&text.into());
    if allowed.iter().any(|allowed| allowed == text) || is_redirect(text) {
        return None;
    }
    Some(format!(
        "Invalid redirect URI: '{shown}'. Write a whole address that begins with https:// or with a scheme of the \
         application's own that has a point in it, in plain ASCII, without spaces, without a user name and without a part after #."
    ))
}

/// Codes of the strictest clients go where nobody on the way reads them. What such a client has already stays.
fn clear_address(client: &Registration, before: Option<&Registration>) -> Option<String> {
    let strict = |client: &Registration| client.profile.rules().secure_redirects;
    let known = before.filter(|before| strict(before)).map_or(&[][..], |before| &before.redirect_uris);
    let mut new = client.redirect_uris.iter().filter(|uri| strict(client) && !known.contains(uri));
    let shown = shape::shown(&new.find(|uri| !is_secure_redirect(uri))?.as_str().into());
    Some(format!(
        "Invalid redirect URI: '{shown}'. For a client of the profile fapi2, write one that begins with https://."
    ))
}

/// An absolute address without a fragment (RFC 6749 section 3.1.2): http, https, or the private scheme of
/// an app, a domain of its maker's turned round (RFC 8252 section 7.1). Never one that a browser would run, nor one
/// that looks like another host's: no user name stands in front of the host.
#[must_use]
pub fn is_redirect(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
    let web = ["http", "https"].contains(&scheme.as_str());
    scheme_fits
        && (web || scheme.contains('.'))
        && address.len() <= ADDRESS_LENGTH
        && !rest.is_empty()
        // What stands in no address (RFC 3986) stands in no header either, or is read in two ways.
        && address.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '#' | '\\'))
        && (!web || (shape::is_url(address) && !has_user(rest)))
}

/// Can nobody on the way read what is sent there? Over http that holds on the person's own machine alone (RFC 9700
/// section 2.6).
#[must_use]
pub fn is_secure_redirect(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return true };
    let host = rest.split(['/', '?']).next().unwrap_or_default().to_ascii_lowercase();
    let is_port =
        |rest: &str| rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|c| c.is_ascii_digit()));
    let is_here = LOOPBACK
        .iter()
        .filter_map(|name| host.strip_prefix(name))
        .any(|rest| rest.is_empty() || is_port(rest));
    !scheme.eq_ignore_ascii_case("http") || is_here
}

/// What the person's own machine is called.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Stands a user name in front of the host, in what follows the scheme?
fn has_user(rest: &str) -> bool {
    let rest = rest.trim_start_matches('/');
    rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@'))
}

/// An address that this server may call to tell a client that a session ended.
fn is_listener(address: &str) -> bool {
    address.starts_with("https://") && is_redirect(address)
}

/// PKCE cannot be switched off where the profile, or the lack of a secret, asks for it.
fn proof_key(draft: &Draft<'_>, client: &Registration, faults: &mut Vec<Fault>) {
    let name = name_of(&draft.item.kind, ClientColumn::Settings);
    let sent = matches!(draft.item.edits.get(name), Some(Edit::Set(_)));
    // What cannot be read wants nothing.
    let is_read = !draft.faults.iter().any(|fault| fault.property.as_deref() == Some(name));
    let wants_none = sent && is_read && !client.settings.require_proof_key;
    if wants_none && client.asks_proof_key() && client.grants(GrantType::AuthorizationCode) {
        let why = "PKCE cannot be disabled (settings.client.require-proof-key) for a client that uses authorization_code";
        faults.push(refused(name, why));
    }
}

/// A client that signs with its secret needs one that can be read back.
fn secret(draft: &Draft<'_>, client: &Registration, before: Option<&Registration>, faults: &mut Vec<Fault>) {
    let by = ClientAuthentication::SecretJwt;
    if !client.proves_by(by) {
        return;
    }
    let properties = &draft.item.kind.properties;
    let name =
        properties.iter().find(|property| property.storage == Storage::Secret).map(|property| property.name);
    let name = name.unwrap_or_default();
    let why = match &draft.next.secret {
        Some(secret) if is_bcrypt(secret.expose()) => {
            "client_secret_jwt needs the secret itself: nothing can be signed with a hash of it"
        }
        Some(secret) if secret.expose().len() < SHORTEST_THAT_SIGNS => {
            "client_secret_jwt needs a secret of 32 characters or more"
        }
        None if before.is_some_and(|before| !before.proves_by(by)) => {
            "client_secret_jwt needs a new secret: of the old one only a hash is kept"
        }
        _ => return,
    };
    faults.push(refused(name, why));
}

/// Is it a secret as DHIS2 2.42 keeps them, hashed with bcrypt before it was sent?
#[must_use]
pub fn is_bcrypt(secret: &str) -> bool {
    secret.len() == 60 && ["$2a$", "$2b$", "$2y$"].iter().any(|start| secret.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_a_browser_runs_are_refused() {
        for address in [
            "https://a.example/cb?x=1",
            "https://a.example/@b?c=d@e",
            "http://127.0.0.1/callback",
            "org.example.app:/cb",
            "http://[::1]:8/x",
        ] {
            assert!(is_redirect(address), "{address}");
        }
        for address in [
            "",
            "/cb",
            "javascript:alert(1)",
            "DATA:text/html,x",
            "file:///etc/passwd",
            "intent://scan/#Intent;end",
            "intent:x",
            "dhis2oauth://oauth",
            "https://a/#f",
            "https://",
            "https://a b",
            "https://a.example@evil.example/cb",
            "https://a.example:1@evil.example",
            "https://a\\@b/",
            "https://a.example/\u{fc}",
            "org.example.app:/\u{fc}",
            "1x:/y",
        ] {
            assert!(!is_redirect(address), "{address}");
        }
        assert_eq!(super::address("dhis2oauth://oauth", &["dhis2oauth://oauth".to_owned()]), None);
    }

    #[test]
    fn http_is_secure_on_the_own_machine_alone() {
        for address in [
            "https://a.example/cb",
            "org.example.app:/cb",
            "dhis2oauth://oauth",
            "http://127.0.0.1/cb",
            "HTTP://LocalHost:8080/cb",
            "http://[::1]:8?x",
        ] {
            assert!(is_secure_redirect(address), "{address}");
        }
        for address in [
            "http://a.example/cb",
            "Http://a.example",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(!is_secure_redirect(address), "{address}");
        }
    }

    #[test]
    fn names_that_are_not_known_are_told_with_those_that_are() {
        let why = scope("evil").unwrap_or_default();
        assert_eq!(
            why,
            "Invalid scope: 'evil'. Allowed scopes are: ALL, api:read, email, openid, profile, username."
        );
        assert!(scope("client.create").unwrap_or_default().contains("reserved"));
        assert_eq!(
            (scope("clientele").is_some(), scope("openid"), grant_type("password")),
            (true, None, None)
        );
    }
}
