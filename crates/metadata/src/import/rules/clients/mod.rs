//! Clients: what a new one is at first, what one may be, and who may make it so.

mod checks;
mod rights;

pub use checks::{is_bcrypt, is_redirect, is_secure_redirect};

use kibali_model::{ClientAuthentication, ClientProfile, GrantType, Scope};

use crate::client::{RESERVED, Registration, refused};
use crate::import::facts::Needs;
use crate::import::item::Edit;
use crate::import::plan::{Action, Draft, Work};
use crate::kind::{ClientColumn, Kind, Storage};

/// Days a refresh token of a new public client lives, from its last use (rules of the door 5).
const PUBLIC_DAYS: i64 = 30;
/// Longest name.
const NAME: usize = 230;

/// Completes each client, and holds it, and what changes of it, against the rules of the door 3 and 4.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let mut writing = Vec::new();
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get_mut(at) else { continue };
        let before = draft.detail.and_then(|detail| detail.client.as_ref());
        if before.is_some_and(|before| before.client_id == RESERVED) {
            let why = format!("The client '{RESERVED}' belongs to the system and cannot be changed");
            work.fail(at, refused(named(work, ClientColumn::ClientId), &why));
            continue;
        }
        if draft.action == Action::Delete {
            continue;
        }
        complete(draft);
        for fault in checks::faults(draft, &work.context.allowed_redirects) {
            work.fail(at, fault);
        }
        if let Some(client) = work.drafts.get_mut(at).and_then(|draft| draft.next.client.as_mut()) {
            client.settings.require_proof_key |= client.asks_proof_key();
        }
        writing.push(at);
    }
    rights::check(work, &writing)
}

/// Fills in what was not sent.
fn complete(draft: &mut Draft<'_>) {
    let sent = |column| {
        let name = name_of(&draft.item.kind, column);
        matches!(draft.item.edits.get(name), Some(Edit::Set(_)))
    };
    let (profile, scopes, tokens) =
        (sent(ClientColumn::Profile), sent(ClientColumn::Scopes), sent(ClientColumn::Tokens));
    let is_new = draft.is_new();
    let Some(client) = &mut draft.next.client else { return };
    if draft.next.name.is_none() && !client.client_id.is_empty() {
        draft.next.name = Some(client.client_id.chars().take(NAME).collect());
    }
    if !is_new {
        return;
    }
    if !profile && client.grants(GrantType::Password) {
        client.profile = ClientProfile::Legacy;
    }
    if !scopes && client.scopes.is_empty() {
        client.scopes = first_scopes(client).iter().map(|scope| scope.as_str().to_owned()).collect();
    }
    if !tokens && client.proves_by(ClientAuthentication::None) {
        client.tokens.reuse_refresh_tokens = false;
        client.tokens.refresh_seconds = Some(PUBLIC_DAYS * 24 * 3600);
    }
}

/// What a client may ask for when nobody said: what its grants are for.
fn first_scopes(client: &Registration) -> &'static [Scope] {
    let people = [GrantType::AuthorizationCode, GrantType::DeviceCode];
    if client.grants(GrantType::Password) {
        &[Scope::All]
    } else if people.into_iter().any(|grant| client.grants(grant)) {
        &[Scope::OpenId, Scope::Profile, Scope::Username, Scope::Email]
    } else {
        &[Scope::Username]
    }
}

/// What the property of a column is called in the dialect of this description.
fn name_of(kind: &Kind, column: ClientColumn) -> &'static str {
    let at = Storage::Client(column);
    kind.properties
        .iter()
        .find(|property| property.storage == at)
        .map(|property| property.name)
        .unwrap_or_default()
}

fn named(work: &Work<'_>, column: ClientColumn) -> &'static str {
    work.context.registry.kind("oAuth2Client").map(|kind| name_of(kind, column)).unwrap_or_default()
}
