//! Rules and nodes that are wrong, each in one place. The checker must tell every one from the right one.

use kibali_model::Timestamp;
use kibali_oauth::family::{Facts, OVERLAP_SECONDS, Presenter, Spent, Verdict, present};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    // Of the rule -----------------------------------------------------------------------------------------
    /// A token presented twice is theft at once.
    NoOverlap,
    /// A minute after it was spent, a repeat is theft, though the answer may never have arrived.
    OverlapFromSpending,
    /// A repeat gets the successor for ever.
    NoTheft,
    /// The overlap lasts longer than promised.
    LongOverlap,
    /// A spent token in the hands of another client is refused, and its family lives on.
    ForeignHandsForgiven,
    /// A spent token rotates anew.
    SecondSuccessor,
    /// What is presented late is refused, and its family lives on.
    LateIsUnknown,
    /// A successor that has expired is answered all the same.
    DeadSuccessor,
    /// A client that proves itself is held to the key that it began with.
    OneKeyForEver,
    /// A public client may show any key.
    AnyKey,
    /// A spent token that is presented with another key is refused, and its family lives on.
    OtherKeyForgiven,
    // Of the nodes ----------------------------------------------------------------------------------------
    /// The database lets a token be spent twice.
    SpentTwice,
    /// The use of an access token confirms nothing.
    AccessUnnoted,
    /// What is gathered is written after a minute and a half.
    LateMarks,
    /// A mark carries the time when it is written.
    MarksOfWriting,
    /// The sliding life of a token ignores the end of its family.
    EndlessFamily,
}

impl Mutant {
    pub(crate) const EVERY: [Self; 16] = [
        Self::NoOverlap,
        Self::OverlapFromSpending,
        Self::NoTheft,
        Self::LongOverlap,
        Self::ForeignHandsForgiven,
        Self::SecondSuccessor,
        Self::LateIsUnknown,
        Self::DeadSuccessor,
        Self::OneKeyForEver,
        Self::AnyKey,
        Self::OtherKeyForgiven,
        Self::SpentTwice,
        Self::AccessUnnoted,
        Self::LateMarks,
        Self::MarksOfWriting,
        Self::EndlessFamily,
    ];
}

/// The rule, or what a mutant makes of it. `spent_at` is what the right rule does not need.
pub(crate) fn decide(
    mutant: Option<Mutant>,
    facts: &Facts<'_>,
    spent_at: Option<Timestamp>,
    by: &Presenter<'_>,
    now: Timestamp,
) -> Verdict {
    let used = |used| Facts { spent: facts.spent.map(|spent| Spent { used, ..spent }), ..*facts };
    let moved =
        |seconds: i64| used(facts.spent.and_then(|spent| spent.used).map(|at| at.plus_seconds(seconds)));
    let verdict = present(facts, by, now);
    let same_client = facts.client == by.client;
    match mutant {
        Some(Mutant::NoOverlap) => present(&moved(-1 - OVERLAP_SECONDS), by, now),
        Some(Mutant::OverlapFromSpending) => present(&used(spent_at), by, now),
        Some(Mutant::NoTheft) if same_client => present(&used(None), by, now),
        Some(Mutant::LongOverlap) => present(&moved(5), by, now),
        Some(Mutant::ForeignHandsForgiven) if !same_client => {
            Verdict::Refuse(kibali_oauth::OAuthError::RefreshTokenUnknown)
        }
        Some(Mutant::OneKeyForEver) => present(facts, &Presenter { is_public: true, ..*by }, now),
        Some(Mutant::AnyKey) => present(facts, &Presenter { is_public: false, ..*by }, now),
        Some(Mutant::OtherKeyForgiven) if same_client && by.is_public && facts.key != by.key => {
            Verdict::Refuse(kibali_oauth::OAuthError::RefreshTokenOfAnotherKey)
        }
        Some(Mutant::SecondSuccessor) if verdict == Verdict::Repeat => Verdict::Rotate,
        Some(Mutant::LateIsUnknown) if same_client && verdict == Verdict::Theft => {
            Verdict::Refuse(kibali_oauth::OAuthError::RefreshTokenUnknown)
        }
        Some(Mutant::DeadSuccessor) => {
            let alive = facts.spent.map(|spent| Spent { expires: Some(facts.expires), ..spent });
            present(&Facts { spent: alive, ..*facts }, by, now)
        }
        _ => verdict,
    }
}
