//! Times, lists and ends in words.

use kibali_model::Timestamp;
use kibali_store::door::past::EndedWhy;

/// `3 minutes`, `2 hours`, `5 days`: between two times, whole units.
pub(super) fn between(earlier: Timestamp, later: Timestamp) -> String {
    let seconds = later.seconds_since(earlier).max(0);
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Why a token or a session ended.
pub(super) const fn ended(why: EndedWhy) -> &'static str {
    match why {
        EndedWhy::Revoked => "its application gave it back, or its user took it back",
        EndedWhy::TooMany => "newer ones of the same user took its place",
        EndedWhy::CodeReplayed => "the authorization code it was obtained with was presented twice",
        EndedWhy::RefreshTokenCopied => {
            "a refresh token of its grant came back after its successor was used: two have a copy"
        }
        EndedWhy::PasswordReset => {
            "somebody else set a new password for its user, or a link sent to them did"
        }
        EndedWhy::PasswordChanged => "its user changed the password that it was obtained with",
        EndedWhy::FactorAdded => {
            "its user has a second factor now, and it was obtained with a password alone"
        }
        EndedWhy::FactorReset => "somebody else took away the second factor that it was obtained with",
        EndedWhy::Cut => "an administrator ended it",
        EndedWhy::Replaced => "fifty newer ones of the same grant replaced it, one for each refresh",
        EndedWhy::Deleted => "its owner deleted it, or the user or client it belonged to was deleted",
        EndedWhy::SignedOut => "its user signed out",
        EndedWhy::SessionEnded => {
            "its user ended it elsewhere, or their password or second factor changed, or an administrator ended it"
        }
    }
}

/// `A, B or C`.
pub(super) fn or(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lists_read_as_people_write_them() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for (seconds, text) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (180, "3 minutes"),
            (7300, "2 hours"),
            (864_000, "10 days"),
        ] {
            assert_eq!(between(at(0), at(seconds)), text);
        }
        assert_eq!([or(&["A"]), or(&["A", "B", "C"])], ["A", "A, B or C"]);
    }
}
