//! Times and lists in words.

use kibali_model::Timestamp;

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
