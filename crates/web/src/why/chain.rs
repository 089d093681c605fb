//! From a refused call and its facts to the chain of what was asked, and where it broke. A pure decision.

use serde::{Deserialize, Serialize};

use super::change::change;
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
pub(super) enum Step {
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
        Step::Request if ended => Some(match (&refused.client, &facts.client) {
            (None, _) => told(),
            (Some(_), Some(client)) => format!("{}; the client {client} asks", told()),
            (Some(_), None) => format!("{}; no client there is asks", told()),
        }),
        Step::Request => None,
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
        Presented::Bearer(..) => match &facts.client {
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
        Presented::Basic(_) if refused.room != Room::Api => match &facts.client {
            Some(client) => format!("client ID and secret of {client}"),
            None => "client ID and secret, of no client there is".to_owned(),
        },
        Presented::Basic(_) | Presented::Name(_) => match &facts.account {
            Some(account) => format!("user name and password of {}", account.username),
            None => "user name and password, of no user there is".to_owned(),
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
        TokenState::KeyRetired(at) => {
            format!("the key that signed it was retired {} before, at {}Z", ago(*at), at.to_dhis2())
        }
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
