//! Signing keys come and go without a token ever losing the key that checks it (rules of the door 6).
//!
//! A key is shown for a week before it signs, so that whoever keeps the key set for a day knows it by then. It
//! signs for 90 days, until its successor does, and is shown until the last token it signed has ended. Only
//! the first key of an algorithm signs at once; it is made when it signs or when keys are first shown,
//! whichever comes before.

use kibali_model::{SigningAlgorithm, Timestamp};

const DAY: i64 = 86_400;
/// How long a key signs.
pub const SIGNS_SECONDS: i64 = 90 * DAY;
/// How long it is shown before.
pub const SHOWN_BEFORE_SECONDS: i64 = 7 * DAY;
/// How far clocks of nodes and clients may be apart.
const SKEW_SECONDS: i64 = 3600;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// What tokens call it by.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Its place among the keys of the algorithm. Two nodes that make the next one give it the same, and one of
    /// them is too late.
    pub sequence: i64,
    /// When it begins to sign.
    pub active_from: Timestamp,
    /// No token it signed so far lives longer.
    pub needed_until: Timestamp,
}

/// A key to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextKey {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Its place among the keys of the algorithm.
    pub sequence: i64,
    /// When it begins to sign.
    pub active_from: Timestamp,
    /// Until when it is kept if its tokens end in time.
    pub needed_until: Timestamp,
}

/// The key that signs now: the last one that has begun to, unless the operator brought one of their own, whose
/// name is `pinned`. Before any has begun the first one signs: it was made just now, by somebody whose clock is
/// ahead or who was asked a moment later.
#[must_use]
pub fn signs<'k>(
    keys: impl IntoIterator<Item = &'k KeyFacts, IntoIter: Clone>,
    algorithm: SigningAlgorithm,
    pinned: Option<&str>,
    now: Timestamp,
) -> Option<&'k KeyFacts> {
    let keys = keys.into_iter().filter(|key| key.algorithm == algorithm);
    let begun = keys.clone().filter(|key| key.active_from <= now);
    let last = begun.max_by_key(|key| (Some(key.kid.as_str()) == pinned, key.active_from, key.sequence));
    last.or_else(|| keys.min_by_key(|key| (key.active_from, key.sequence)))
}

/// The key of this algorithm that is to be made now, if one is. A pinned key has no successor.
#[must_use]
pub fn next(
    keys: &[KeyFacts],
    algorithm: SigningAlgorithm,
    pinned: Option<&str>,
    now: Timestamp,
) -> Option<NextKey> {
    let of_algorithm = || keys.iter().filter(move |key| key.algorithm == algorithm);
    if of_algorithm().any(|key| Some(key.kid.as_str()) == pinned) {
        return None;
    }
    let newest = of_algorithm().max_by_key(|key| (key.active_from, key.sequence));
    let active_from = match newest {
        None => now,
        Some(newest) => {
            let turn = newest.active_from.plus_seconds(SIGNS_SECONDS);
            if now < turn.plus_seconds(-SHOWN_BEFORE_SECONDS) {
                return None;
            }
            turn.max(now.plus_seconds(SHOWN_BEFORE_SECONDS))
        }
    };
    let sequence = of_algorithm().map(|key| key.sequence).max().map_or(1, |last| last + 1);
    let needed_until = active_from.plus_seconds(SIGNS_SECONDS + DAY);
    Some(NextKey { algorithm, sequence, active_from, needed_until })
}

/// Is this key of no more use: it signs no longer, will not sign, and every token it signed has ended?
#[must_use]
pub fn is_done(key: &KeyFacts, keys: &[KeyFacts], pinned: Option<&str>, now: Timestamp) -> bool {
    let signing = signs(keys, key.algorithm, pinned, now);
    signing.is_some_and(|signing| signing.kid != key.kid)
        && key.active_from <= now
        && Some(key.kid.as_str()) != pinned
        && now >= key.needed_until.plus_seconds(SKEW_SECONDS)
}

/// How long a key must be kept that is about to sign a token which ends at `expires`; none where it will be
/// anyway. A day is added, so that this is asked for once a day at most and not with each token.
#[must_use]
pub fn keep(key: &KeyFacts, expires: Timestamp) -> Option<Timestamp> {
    (expires > key.needed_until).then(|| expires.plus_seconds(DAY))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use SigningAlgorithm::{Es256, Rs256};
    use proptest::prelude::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(day * DAY)
    }

    fn made(next: NextKey) -> KeyFacts {
        let NextKey { algorithm, sequence, active_from, needed_until } = next;
        let kid = format!("{} {sequence}", algorithm.as_str());
        KeyFacts { kid, algorithm, sequence, active_from, needed_until }
    }

    #[test]
    fn the_first_signs_at_once_and_the_next_a_week_after_it_is_shown() {
        let first = made(next(&[], Rs256, None, day(0)).unwrap());
        assert_eq!((first.active_from, first.needed_until), (day(0), day(91)));
        let keys = [first];
        assert_eq!(next(&keys, Rs256, None, day(82)), None);
        let second = made(next(&keys, Rs256, None, day(83)).unwrap());
        assert_eq!((second.sequence, second.active_from), (2, day(90)));
        let keys = [keys[0].clone(), second];
        assert_eq!(next(&keys, Rs256, None, day(90)), None);
        assert_eq!(signs(&keys, Rs256, None, day(89)), Some(&keys[0]));
        assert_eq!(signs(&keys, Rs256, None, day(90)), Some(&keys[1]));
        assert_eq!(signs(&keys, Es256, None, day(90)), None);
        assert_eq!(signs(&keys, Rs256, None, day(-1)), Some(&keys[0]), "whose clock is behind signs too");
        assert!(!is_done(&keys[0], &keys, None, day(91)), "clocks may be an hour apart");
        assert!(is_done(&keys[0], &keys, None, day(92)));
        assert!(!is_done(&keys[1], &keys, None, day(400)), "who signs is needed, however late the next is");
    }

    #[test]
    fn after_a_year_asleep_the_old_key_signs_until_the_next_was_shown_for_a_week() {
        let keys = [made(next(&[], Rs256, None, day(0)).unwrap())];
        let late = made(next(&keys, Rs256, None, day(365)).unwrap());
        assert_eq!(late.active_from, day(372));
        let keys = [keys[0].clone(), late];
        assert_eq!(signs(&keys, Rs256, None, day(366)), Some(&keys[0]));
        assert!(!is_done(&keys[0], &keys, None, day(366)));
    }

    #[test]
    fn a_key_of_the_operator_signs_as_long_as_it_is_theirs() {
        let own = KeyFacts {
            kid: "dhis2".to_owned(),
            algorithm: Rs256,
            sequence: 2,
            active_from: day(10),
            needed_until: day(101),
        };
        let keys = [made(next(&[], Rs256, None, day(0)).unwrap()), own];
        let pinned = Some("dhis2");
        assert_eq!(signs(&keys, Rs256, pinned, day(500)), Some(&keys[1]));
        assert_eq!(next(&keys, Rs256, pinned, day(500)), None);
        assert!(!is_done(&keys[1], &keys, pinned, day(500)) && is_done(&keys[0], &keys, pinned, day(500)));
        assert!(next(&keys, Es256, pinned, day(500)).is_some(), "other algorithms have keys of their own");
        // Taken out of the configuration, it is followed like any other.
        assert_eq!(next(&keys, Rs256, None, day(500)).unwrap().active_from, day(507));
    }

    proptest! {
        /// Years of uneven rounds, outages and long tokens: a token always finds its key, no key but the first signs
        /// before it was shown for a week, and few are kept.
        #[test]
        fn no_token_ever_loses_its_key(
            steps in proptest::collection::vec((1_i64..40 * DAY, prop_oneof![60_i64..DAY, DAY..400 * DAY]), 1..200),
        ) {
            let mut now = day(0);
            let mut keys: Vec<(KeyFacts, Timestamp)> = Vec::new();
            let mut tokens: Vec<(String, Timestamp)> = Vec::new();
            for (pause, lives) in steps {
                now = now.plus_seconds(pause);
                let facts: Vec<KeyFacts> = keys.iter().map(|key| key.0.clone()).collect();
                keys.retain(|(key, _)| !is_done(key, &facts, None, now));
                let facts: Vec<KeyFacts> = keys.iter().map(|key| key.0.clone()).collect();
                keys.extend(next(&facts, Rs256, None, now).map(|next| (made(next), now)));

                let signing = signs(keys.iter().map(|key| &key.0), Rs256, None, now).unwrap().kid.clone();
                let expires = now.plus_seconds(lives);
                let (key, shown) = keys.iter_mut().find(|(key, _)| key.kid == signing).unwrap();
                prop_assert!(key.sequence == 1 || *shown <= now.plus_seconds(-SHOWN_BEFORE_SECONDS));
                if let Some(until) = keep(key, expires) {
                    key.needed_until = until;
                }
                tokens.push((signing, expires));
                tokens.retain(|(_, expires)| *expires > now);
                for (kid, _) in &tokens {
                    prop_assert!(keys.iter().any(|(key, _)| key.kid == *kid), "{kid} is gone");
                }
                prop_assert!(keys.len() <= 8);
            }
        }
    }
}
