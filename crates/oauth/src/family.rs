//! A refresh token is presented: what becomes of it, and of its family (rules of the door 5).
//!
//! A client that rotates gets a new refresh token, the *successor*, for the one it presents, which is spent.
//! A spent token stays *unconfirmed* until its successor, or an access token issued with it, is first used:
//! until then nobody can tell a thief from a client that lost the answer, and a repeat gets the same successor.
//! Afterwards it does so for a minute more, for the sake of parallel tabs. Whoever presents it later holds a
//! copy.
//!
//! A refresh token of a public client is bound to the key that was shown when it was issued. One of a client that
//! proves itself is bound to that proof, so its client may show any key, each time another (RFC 9449 section 5).

use kibali_model::{ObjectId, Timestamp};

use crate::OAuthError;

/// How long a spent token still gets its successor after that one was first used.
pub const OVERLAP_SECONDS: i64 = 60;

/// What is known of a refresh token that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The client it was issued to.
    pub client: ObjectId,
    /// Thumbprint of the key that was shown when it was issued (RFC 9449).
    pub key: Option<&'a str>,
    /// When it stops working.
    pub expires: Timestamp,
    /// Its grant, its user and the user's password still stand.
    pub live: bool,
    /// What it was spent for.
    pub spent: Option<Spent<'a>>,
}

/// What is known of a spent token's successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent<'a> {
    /// Thumbprint of the key that was shown when it was issued.
    pub key: Option<&'a str>,
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
    /// Has it nothing to prove itself with but the key?
    pub is_public: bool,
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
    // Of a spent token without a key the successor may have one.
    let key = facts.key.or(facts.spent.and_then(|spent| spent.key));
    let fits = key.is_none_or(|key| match by.key {
        Some(held) => !by.is_public || held == key,
        // Who began with bound tokens gets no others by leaving the proof out.
        None => false,
    });
    if let Some(spent) = facts.spent {
        let late = spent.used.is_some_and(|used| now > used.plus_seconds(OVERLAP_SECONDS));
        // Told even of one that has expired: a copy came to light. A client that proved itself is no thief, whatever
        // key it shows.
        if late || !same_client || (by.is_public && !fits) {
            return Verdict::Theft;
        }
    }
    if !same_client {
        return Verdict::Refuse(OAuthError::RefreshTokenOfAnotherClient);
    }
    if !fits {
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
    const CLIENT: Presenter<'_> =
        Presenter { client: ObjectId(1), is_public: true, key: None, rotates: true };
    const OTHER: Presenter<'_> = Presenter { client: ObjectId(2), ..CLIENT };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn spent(used: Option<i64>) -> Facts<'static> {
        Facts { spent: Some(Spent { key: None, expires: Some(at(2_000_000)), used: used.map(at) }), ..FACTS }
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
        let gone = Facts { spent: Some(Spent { key: None, expires: None, used: None }), ..FACTS };
        assert_eq!(decide(gone, CLIENT, 0), Verdict::Refuse(E::RefreshTokenExpired));
        let ended = Facts { live: false, ..spent(None) };
        assert_eq!(decide(ended, CLIENT, 0), Verdict::Refuse(E::RefreshTokenUnknown));
    }

    #[test]
    fn a_spent_token_in_other_hands_is_theft_whenever() {
        for used in [None, Some(100_000)] {
            for other in [OTHER, Presenter { is_public: false, ..OTHER }] {
                assert_eq!(decide(spent(used), other, 100_001), Verdict::Theft);
            }
        }
        let key = Facts { key: Some("one"), ..FACTS };
        let holder = Presenter { key: Some("one"), ..CLIENT };
        let thief = Presenter { key: Some("two"), ..CLIENT };
        assert_eq!(decide(key, holder, 0), Verdict::Rotate);
        for other in [thief, CLIENT] {
            assert_eq!(decide(key, other, 0), Verdict::Refuse(E::RefreshTokenOfAnotherKey));
            assert_eq!(decide(Facts { spent: spent(None).spent, ..key }, other, 0), Verdict::Theft);
        }
        // A token that is bound to no key asks for none, until it is spent for one that is.
        assert_eq!(decide(FACTS, holder, 0), Verdict::Rotate);
        let one = Spent { key: Some("one"), expires: Some(at(2_000_000)), used: None };
        let became = Facts { spent: Some(one), ..FACTS };
        assert_eq!(decide(became, holder, 0), Verdict::Repeat);
        for other in [thief, CLIENT] {
            assert_eq!(decide(became, other, 0), Verdict::Theft);
        }
    }

    #[test]
    fn a_client_that_proves_itself_shows_any_key_but_one_where_there_was_one() {
        let one = Some("one");
        let proven = |key| Presenter { is_public: false, key, ..CLIENT };
        let spent = |key| Some(Spent { key, expires: Some(at(2_000_000)), used: None });
        for (issued, successor) in [(one, one), (one, None), (None, one)] {
            let facts = Facts { key: issued, spent: spent(successor), ..FACTS };
            for key in [one, Some("two")] {
                assert_eq!(
                    decide(facts, proven(key), 0),
                    Verdict::Repeat,
                    "{issued:?} {successor:?} {key:?}"
                );
            }
            let without = Verdict::Refuse(E::RefreshTokenOfAnotherKey);
            assert_eq!(decide(facts, proven(None), 0), without, "it is no thief");
        }
        let bound = Facts { key: one, ..FACTS };
        for rotates in [true, false] {
            let by = |key| Presenter { rotates, ..proven(key) };
            let taken = if rotates { Verdict::Rotate } else { Verdict::Keep };
            for key in [one, Some("two")] {
                assert_eq!(decide(bound, by(key), 0), taken);
            }
            assert_eq!(decide(bound, by(None), 0), Verdict::Refuse(E::RefreshTokenOfAnotherKey));
            assert_eq!(decide(FACTS, by(None), 0), taken, "a line without keys");
        }
    }

    #[test]
    fn a_family_ends_however_often_it_is_refreshed() {
        assert_eq!(ends(at(15_000), at(0), None), at(15_000));
        assert_eq!(ends(at(15_000), at(0), Some(20)), at(15_000));
        assert_eq!(ends(at(25_000), at(0), Some(20)), at(20_000));
    }
}
