//! A refresh token is presented: what becomes of it, and of its family (rules of the door 5).
//!
//! A client that rotates gets a new refresh token, the *successor*, for the one it presents, which is spent.
//! A spent token stays *unconfirmed* until its successor, or an access token issued with it, is first used:
//! until then nobody can tell a thief from a client that lost the answer, and a repeat gets the same successor.
//! Afterwards it does so for a minute more, for the sake of parallel tabs. Whoever presents it later holds a
//! copy.

use kibali_model::{ObjectId, Timestamp};

use crate::OAuthError;

/// How long a spent token still gets its successor after that one was first used.
pub const OVERLAP_SECONDS: i64 = 60;

/// What is known of a refresh token that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The client it was issued to.
    pub client: ObjectId,
    /// Thumbprint of the key it is bound to (RFC 9449).
    pub key: Option<&'a str>,
    /// When it stops working.
    pub expires: Timestamp,
    /// Its grant, its user and the user's password still stand.
    pub live: bool,
    /// What it was spent for.
    pub spent: Option<Spent>,
}

/// What is known of a spent token's successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// When it stops working; none: it has gone.
    pub expires: Option<Timestamp>,
    /// When it, or an access token issued with it, was first used.
    pub used: Option<Timestamp>,
}

/// Who presents a token, after proving to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presenter<'a> {
    /// The client.
    pub client: ObjectId,
    /// Thumbprint of the key it holds.
    pub key: Option<&'a str>,
    /// Does it get a new refresh token for each it presents?
    pub rotates: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The token is spent for a successor.
    Rotate,
    /// The token stays; another access token is minted.
    Keep,
    /// The successor is answered once more, with another access token.
    Repeat,
    /// Nothing is answered, and nothing changes.
    Refuse(OAuthError),
    /// Two hold the line: its family ends.
    Theft,
}

/// Decides about a token that `by` presents at `now`.
#[must_use]
pub fn present(facts: &Facts<'_>, by: &Presenter<'_>, now: Timestamp) -> Verdict {
    let same_client = facts.client == by.client;
    let same_key = facts.key.is_none() || facts.key == by.key;
    if let Some(spent) = facts.spent {
        let late = spent.used.is_some_and(|used| now > used.plus_seconds(OVERLAP_SECONDS));
        // Told even of one that has expired: a copy came to light.
        if late || !same_client || !same_key {
            return Verdict::Theft;
        }
    }
    if !same_client {
        return Verdict::Refuse(OAuthError::RefreshTokenOfAnotherClient);
    }
    if !same_key {
        return Verdict::Refuse(OAuthError::RefreshTokenOfAnotherKey);
    }
    let worth =
        facts.spent.map_or(Some(facts.expires), |spent| spent.expires.map(|end| end.min(facts.expires)));
    if worth.is_none_or(|end| now >= end) {
        return Verdict::Refuse(OAuthError::RefreshTokenExpired);
    }
    if !facts.live {
        return Verdict::Refuse(OAuthError::RefreshTokenUnknown);
    }
    match (facts.spent, by.rotates) {
        (Some(_), _) => Verdict::Repeat,
        (None, true) => Verdict::Rotate,
        (None, false) => Verdict::Keep,
    }
}

/// When a refresh token stops working that would at `end`, in a family that began at `began` and may live
/// `family_seconds` in all.
#[must_use]
pub fn ends(end: Timestamp, began: Timestamp, family_seconds: Option<i64>) -> Timestamp {
    family_seconds.map_or(end, |all| end.min(began.plus_seconds(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use OAuthError as E;

    const FACTS: Facts<'_> = Facts {
        client: ObjectId(1),
        key: None,
        expires: Timestamp::from_millis(1_000_000),
        live: true,
        spent: None,
    };
    const CLIENT: Presenter<'_> = Presenter { client: ObjectId(1), key: None, rotates: true };
    const OTHER: Presenter<'_> = Presenter { client: ObjectId(2), ..CLIENT };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn spent(used: Option<i64>) -> Facts<'static> {
        Facts { spent: Some(Spent { expires: Some(at(2_000_000)), used: used.map(at) }), ..FACTS }
    }

    fn decide(facts: Facts<'_>, by: Presenter<'_>, millis: i64) -> Verdict {
        present(&facts, &by, at(millis))
    }

    #[test]
    fn an_unspent_token_serves_its_client_until_it_expires_or_its_grant_ends() {
        assert_eq!(decide(FACTS, CLIENT, 999_999), Verdict::Rotate);
        assert_eq!(decide(FACTS, Presenter { rotates: false, ..CLIENT }, 999_999), Verdict::Keep);
        assert_eq!(decide(FACTS, CLIENT, 1_000_000), Verdict::Refuse(E::RefreshTokenExpired));
        assert_eq!(decide(FACTS, OTHER, 0), Verdict::Refuse(E::RefreshTokenOfAnotherClient));
        let ended = Facts { live: false, ..FACTS };
        assert_eq!(decide(ended, CLIENT, 0), Verdict::Refuse(E::RefreshTokenUnknown));
    }

    #[test]
    fn a_spent_token_gets_the_same_successor_until_a_minute_after_that_was_used() {
        for (used, now, verdict) in [
            (None, 0, Verdict::Repeat),
            (None, 999_999, Verdict::Repeat),
            (None, 1_000_000, Verdict::Refuse(E::RefreshTokenExpired)),
            (Some(100_000), 100_000, Verdict::Repeat),
            (Some(100_000), 160_000, Verdict::Repeat),
            (Some(100_000), 160_001, Verdict::Theft),
            // The node that saw the use has a clock that is ahead.
            (Some(100_000), 90_000, Verdict::Repeat),
            (Some(100_000), 5_000_000, Verdict::Theft),
        ] {
            assert_eq!(decide(spent(used), CLIENT, now), verdict, "used {used:?}, presented {now}");
            // Whether the client rotates by now changes nothing about what it has spent.
            assert_eq!(decide(spent(used), Presenter { rotates: false, ..CLIENT }, now), verdict);
        }
        let gone = Facts { spent: Some(Spent { expires: None, used: None }), ..FACTS };
        assert_eq!(decide(gone, CLIENT, 0), Verdict::Refuse(E::RefreshTokenExpired));
        let ended = Facts { live: false, ..spent(None) };
        assert_eq!(decide(ended, CLIENT, 0), Verdict::Refuse(E::RefreshTokenUnknown));
    }

    #[test]
    fn a_spent_token_in_other_hands_is_theft_whenever() {
        for used in [None, Some(100_000)] {
            assert_eq!(decide(spent(used), OTHER, 100_001), Verdict::Theft);
        }
        let key = Facts { key: Some("one"), ..FACTS };
        let holder = Presenter { key: Some("one"), ..CLIENT };
        let thief = Presenter { key: Some("two"), ..CLIENT };
        assert_eq!(decide(key, holder, 0), Verdict::Rotate);
        for other in [thief, CLIENT] {
            assert_eq!(decide(key, other, 0), Verdict::Refuse(E::RefreshTokenOfAnotherKey));
            assert_eq!(decide(Facts { spent: spent(None).spent, ..key }, other, 0), Verdict::Theft);
        }
        // A token that is bound to no key asks for none.
        assert_eq!(decide(FACTS, holder, 0), Verdict::Rotate);
    }

    #[test]
    fn a_family_ends_however_often_it_is_refreshed() {
        assert_eq!(ends(at(15_000), at(0), None), at(15_000));
        assert_eq!(ends(at(15_000), at(0), Some(20)), at(15_000));
        assert_eq!(ends(at(25_000), at(0), Some(20)), at(20_000));
    }
}
