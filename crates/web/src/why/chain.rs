//! From a refused call and its facts to the chain of what was asked, where it broke, and the smallest change
//! that would allow the call. A pure decision.

use kibali_store::door::past::EndedWhy;
use serde::{Deserialize, Serialize};

use super::facts::{AccountState, Facts, TokenState};
use super::refused::{Presented, Refused, shortened};
use super::words::{between, ended, or};
use crate::Refusal;
use crate::speech::Room;

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The number of the request.
    pub request: String,
    /// When, as DHIS2 writes times.
    pub at: String,
    /// `GET /api/me`.
    pub call: String,
    /// Where it came from.
    pub address: String,
    /// The status of the answer.
    pub status: u16,
    /// What the caller was told.
    pub told: String,
    /// What was asked, in turn.
    pub chain: Vec<Link>,
    /// The smallest change that would allow it.
    pub change: String,
}

/// One question of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What was asked: `token`, `account`, `authority` …
    pub step: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found.
    pub finding: String,
}

/// How one question went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The call may go on.
    Passed,
    /// The call ended here.
    Refused,
    /// The call ended before.
    NotReached,
}

impl Verdict {
    /// In a word or two.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::NotReached => "not asked",
        }
    }
}

/// The questions, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Rate,
    Credential,
    Token,
    Account,
    Scope,
    Limits,
    Authority,
    Sharing,
    Request,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Rate,
        Self::Credential,
        Self::Token,
        Self::Account,
        Self::Scope,
        Self::Limits,
        Self::Authority,
        Self::Sharing,
        Self::Request,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Credential => "credential",
            Self::Token => "token",
            Self::Account => "account",
            Self::Scope => "scope",
            Self::Limits => "limits of the token",
            Self::Authority => "authority",
            Self::Sharing => "sharing and organisation unit",
            Self::Request => "request",
        }
    }
}

/// Why the call was refused.
pub(super) fn explain(refused: &Refused, facts: &Facts) -> Explanation {
    let broken = broken(refused, facts);
    let links = Step::ALL.into_iter().filter_map(|step| {
        let verdict = match step.cmp(&broken) {
            std::cmp::Ordering::Less => Verdict::Passed,
            std::cmp::Ordering::Equal => Verdict::Refused,
            std::cmp::Ordering::Greater => Verdict::NotReached,
        };
        let finding = finding(step, verdict, refused, facts)?;
        Some(Link { step: step.name().to_owned(), verdict, finding })
    });
    Explanation {
        request: refused.request.to_string(),
        at: refused.at.to_dhis2(),
        call: format!("{} {}", refused.method, refused.path),
        address: refused.address.to_string(),
        status: refused.status.as_u16(),
        told: shortened(&refused.refusal.message()).into(),
        chain: links.collect(),
        change: change(broken, refused, facts),
    }
}

/// Where the chain broke.
fn broken(refused: &Refused, facts: &Facts) -> Step {
    use Refusal as R;
    match &refused.refusal {
        R::TooManyAttempts { .. } | R::OverLimit(_) | R::Busy { .. } => Step::Rate,
        R::NoCredentials
        | R::WrongCredentials
        | R::TwoCredentials
        | R::UnreadableCredentials(_)
        | R::ApiTokenMalformed
        | R::ApiTokenChecksum
        | R::TokenScheme(_)
        | R::DpopProofOfToken(_)
        | R::DpopNonce { .. }
        | R::DpopProof(_)
        | R::NoDpopProof
        | R::InvalidClient
        | R::ClientKeys(_)
        | R::ClientIdMismatch => Step::Credential,
        // One answer for a dead token and a closed account: the facts tell them apart.
        R::InvalidToken | R::RefreshTokenUnknown => match (&facts.token, &facts.account) {
            (Some(TokenState::Live), Some(account)) if account.state != AccountState::Open => Step::Account,
            _ => Step::Token,
        },
        R::ExpiredToken
        | R::ApiTokenUnknown
        | R::ApiTokenExpired
        | R::RefreshTokenExpired
        | R::RefreshTokenCopied => Step::Token,
        R::AccountDisabled
        | R::AccountExpired
        | R::AccountLocked
        | R::PasswordExpired
        | R::ExternalAccount
        | R::SecondFactorActive
        | R::SecondFactorDemanded
        | R::ApiTokenOwner => Step::Account,
        R::InsufficientScope | R::InvalidScope => Step::Scope,
        R::ApiTokenLimit(_) => Step::Limits,
        R::MayNot(_) if facts.has_demanded => Step::Sharing,
        R::Lacks(_) | R::AccessDenied | R::MayNot(_) => Step::Authority,
        R::Forbidden { .. } if !facts.demanded.is_empty() => Step::Authority,
        _ => Step::Request,
    }
}

/// What was found at a step; none where it has nothing to do with this call.
fn finding(step: Step, verdict: Verdict, refused: &Refused, facts: &Facts) -> Option<String> {
    let told = || refused.refusal.message();
    let ended = verdict == Verdict::Refused;
    match step {
        Step::Rate if ended => Some(told()),
        Step::Limits if ended => Some(told()),
        Step::Request => ended.then(told),
        Step::Rate | Step::Limits => None,
        Step::Credential => Some(credential(refused, facts)),
        Step::Token => token(refused, facts),
        Step::Account => match &facts.account {
            Some(account) => Some(format!("{}: {}", account.username, account_state(account.state, refused))),
            None => ended.then(told),
        },
        Step::Scope => facts.scopes.as_ref().map(|scopes| match scopes.as_str() {
            "" => "the token has no scope".to_owned(),
            scopes => format!("the token has {scopes}"),
        }),
        Step::Authority => match &*facts.demanded {
            [] if ended => Some(told()),
            [] => None,
            any => Some(format!("{} asks for {}", refused.method, or(any))),
        },
        Step::Sharing => match &facts.sharing {
            Some(sharing) => Some(format!(
                "the {} {} gives this user {}{}",
                sharing.kind,
                sharing.uid,
                sharing.given,
                if sharing.owns { ", who owns it" } else { "" }
            )),
            None if ended => Some(match facts.units {
                Some([capture, view, search]) => format!(
                    "{}; the user stands in {capture} organisation units for data entry, {view} for data \
                     viewing and {search} for search",
                    told()
                ),
                None => told(),
            }),
            None => None,
        },
    }
}

fn credential(refused: &Refused, facts: &Facts) -> String {
    match &refused.presented {
        Presented::Nothing => "none was sent".to_owned(),
        Presented::Unreadable => refused.refusal.message(),
        Presented::Bearer(_) => match &facts.client {
            Some(client) => format!("an access token of the client {client}"),
            None => "an access token".to_owned(),
        },
        Presented::ApiToken(_) => "a personal access token".to_owned(),
        Presented::RefreshToken(_) => match &facts.client {
            Some(client) => format!("a refresh token of the client {client}"),
            None => "a refresh token".to_owned(),
        },
        Presented::Session(_) => match &facts.token {
            Some(TokenState::Past(at, why)) => {
                let ago = between(*at, refused.at);
                format!("the session of a browser, which had ended {ago} before: {}", ended(*why))
            }
            Some(TokenState::Expired(at)) => {
                format!("the session of a browser, which had expired {} before", between(*at, refused.at))
            }
            _ => "the session of a browser".to_owned(),
        },
        // What stands where a name should is perhaps a password: only a name that exists is repeated.
        Presented::Basic(_) if refused.room == Room::Api => match &facts.account {
            Some(account) => format!("user name and password of {}", account.username),
            None => "user name and password, of no user there is".to_owned(),
        },
        Presented::Basic(_) => match &facts.client {
            Some(client) => format!("client ID and secret of {client}"),
            None => "client ID and secret, of no client there is".to_owned(),
        },
    }
}

fn token(refused: &Refused, facts: &Facts) -> Option<String> {
    let ago = |then| between(then, refused.at);
    Some(match facts.token.as_ref()? {
        TokenState::Unknown => {
            "never seen here: what ended is remembered for a week, what expired for a day, and what fifty newer ones \
             replaced within a minute not at all"
                .to_owned()
        }
        TokenState::Past(at, why) => {
            format!("it had ended {} before, at {}Z: {}", ago(*at), at.to_dhis2(), ended(*why))
        }
        TokenState::Live => "live".to_owned(),
        TokenState::Expired(at) => format!("it had expired {} before", ago(*at)),
        TokenState::Ended => "revoked: the grant it belongs to was ended".to_owned(),
        TokenState::ClientGone => "its client was deleted".to_owned(),
        TokenState::ForResource(resource) => format!("it is for another server: {resource}"),
    })
}

fn account_state(state: AccountState, refused: &Refused) -> String {
    match state {
        AccountState::Open => match refused.refusal {
            Refusal::AccountLocked | Refusal::PasswordExpired | Refusal::ExternalAccount => {
                refused.refusal.message()
            }
            _ => "open".to_owned(),
        },
        AccountState::Disabled => "disabled".to_owned(),
        AccountState::Expired(at) => format!("it had ended {} before", between(at, refused.at)),
        AccountState::PasswordMoved => "the password changed since the token was issued".to_owned(),
        AccountState::PasswordNotEnough => {
            "a password alone is not enough any longer, and the token was obtained with one".to_owned()
        }
    }
}

/// The smallest change that would allow the call.
fn change(broken: Step, refused: &Refused, facts: &Facts) -> String {
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
            (Presented::Bearer(_), Some(TokenState::Expired(at))) => {
                format!("refresh: it expired {} ago", between(*at, refused.at))
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
        Step::Request => refused.refusal.message(),
    }
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
