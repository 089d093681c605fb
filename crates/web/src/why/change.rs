//! The smallest change that would allow a refused call. A pure decision.

use kibali_store::door::past::EndedWhy;

use super::chain::Step;
use super::facts::{AccountState, Facts, TokenState};
use super::refused::{Presented, Refused};
use super::words::between;
use crate::Refusal;
use crate::speech::Room;

/// The smallest change that would allow the call.
pub(super) fn change(broken: Step, refused: &Refused, facts: &Facts) -> String {
    let user = facts.account.as_ref().map_or("the user", |account| &account.username);
    match broken {
        Step::Rate => match refused.refusal.retry_after() {
            Some(seconds) if let Refusal::OverLimit(over) = refused.refusal => {
                format!("wait {seconds} s, or raise {}, which is {}", over.key(), over.most)
            }
            Some(seconds) => format!("wait {seconds} seconds"),
            None => "wait".to_owned(),
        },
        Step::Credential => of_credential(refused, facts),
        Step::Token => match (&refused.presented, &facts.token) {
            (Presented::Bearer(..), Some(TokenState::Expired(at))) => {
                format!("refresh: it expired {} ago", between(*at, refused.at))
            }
            (_, Some(TokenState::KeyRetired(_))) => {
                "refresh, or ask for a new token: another key signs it".to_owned()
            }
            (Presented::RefreshToken(_), _) => "have the user sign in again: only that gives a new one".to_owned(),
            (Presented::ApiToken(_), _) => "make a new personal access token".to_owned(),
            (_, Some(TokenState::ForResource(resource))) => {
                format!("ask for a token without resource={resource}, or send this one there")
            }
            (_, Some(TokenState::Past(_, EndedWhy::FactorAdded))) => {
                "sign in with the second factor: by the authorization code grant, or with a personal access token"
                    .to_owned()
            }
            (_, Some(TokenState::ClientGone)) => "register the client again".to_owned(),
            _ => "ask for a new token".to_owned(),
        },
        Step::Account => of_account(user, refused, facts),
        Step::Scope => match refused.method.as_str() {
            "GET" | "HEAD" => "ask for the scope ALL, or for api:read, which is enough to read".to_owned(),
            _ => "ask for the scope ALL".to_owned(),
        },
        Step::Limits => "change what the personal access token may be used for, or make another".to_owned(),
        Step::Authority => match (&*facts.demanded, &facts.role) {
            ([], _) => "none is known: the rule behind it names no authority".to_owned(),
            ([one, ..], Some(role)) => format!("give the role {role} the authority {one}"),
            ([one, ..], None) => format!("give {user} a role with the authority {one}"),
        },
        Step::Sharing => match &facts.sharing {
            Some(sharing) => format!(
                "share the {} {} with {user} for reading and writing (rw------)",
                sharing.kind, sharing.uid
            ),
            None => format!("give {user} the object, or another one that may be changed"),
        },
        Step::Request => of_request(refused, facts),
    }
}

fn of_request(refused: &Refused, facts: &Facts) -> String {
    match &refused.refusal {
        Refusal::CrossSite => {
            "put the origin of the page that sent it on corsWhitelist, if it is to be trusted; where that is this server \
             itself, let server.base.url name it"
                .to_owned()
        }
        Refusal::FormExpired => {
            "open the page anew and send the form from there, in a browser that keeps cookies".to_owned()
        }
        Refusal::UnknownClient => "register the client, or send its client ID".to_owned(),
        Refusal::RedirectNotRegistered | Refusal::NoRedirectRegistered => format!(
            "register the redirect URI with {}, letter by letter as it is sent",
            client(facts)
        ),
        Refusal::RedirectNotAllowed => {
            format!("give {} the grant type authorization_code", client(facts))
        }
        Refusal::PostLogoutNotRegistered => format!(
            "register the address with {} as a post-logout redirect URI, letter by letter as it is sent",
            client(facts)
        ),
        Refusal::PostLogoutOfNobody => {
            "send the client_id, or the id_token_hint, of the client that registered the address".to_owned()
        }
        _ => refused.refusal.message(),
    }
}

fn client(facts: &Facts) -> String {
    facts.client.as_ref().map_or("the client".to_owned(), |client| format!("the client {client}"))
}

fn of_credential(refused: &Refused, facts: &Facts) -> String {
    match (&refused.refusal, &refused.presented) {
        (Refusal::NoCredentials, Presented::Session(_)) => "sign in again: the session has ended".to_owned(),
        (Refusal::NoCredentials, _) => "send a credential: Authorization: Bearer TOKEN".to_owned(),
        (Refusal::TwoCredentials, _) => "send one credential, not two".to_owned(),
        (Refusal::InvalidClient, _) if facts.client.is_some() => {
            "send the right secret; make a new one where it is lost".to_owned()
        }
        (Refusal::InvalidClient, _) => "register the client, or send its client ID and secret".to_owned(),
        (Refusal::WrongCredentials, _) if facts.account.is_some() => "send the right password".to_owned(),
        (Refusal::WrongCredentials, _) => {
            "send the name of a user there is, and the right password".to_owned()
        }
        _ => refused.refusal.message(),
    }
}

fn of_account(user: &str, refused: &Refused, facts: &Facts) -> String {
    match (facts.account.as_ref().map(|account| account.state), &refused.refusal) {
        (Some(AccountState::Disabled), _) | (_, Refusal::AccountDisabled) => format!("enable {user}"),
        (Some(AccountState::Expired(_)), _) | (_, Refusal::AccountExpired) => {
            format!("give the account of {user} a later end")
        }
        (Some(AccountState::PasswordMoved), _) => "sign in with the new password".to_owned(),
        (_, Refusal::SecondFactorActive) if refused.room == Room::Page => {
            "give a code that works now, a recovery code that was not used, or a passkey of the account"
                .to_owned()
        }
        (_, Refusal::SecondFactorActive) if facts.takes_otp => {
            "send a code that works now, or a recovery code that was not used, as otp beside the password"
                .to_owned()
        }
        (Some(AccountState::PasswordNotEnough), _)
        | (_, Refusal::SecondFactorActive | Refusal::SecondFactorDemanded) => {
            "use the authorization code grant or a personal access token: a password alone opens nothing"
                .to_owned()
        }
        (_, Refusal::PasswordExpired) => "choose a new password".to_owned(),
        (_, Refusal::AccountLocked) => "wait a quarter of an hour".to_owned(),
        _ => refused.refusal.message(),
    }
}
