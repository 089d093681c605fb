//! Parameters that narrow a list: one value each. A value that cannot be read is refused, never passed over,
//! because a list without the narrowing would show more than was asked for.

use kibali_model::Timestamp;

use crate::Refusal;

/// The one value of `name`, none when it is absent or empty.
pub(super) fn one<'p>(pairs: &'p [(String, String)], name: &str) -> Result<Option<&'p str>, Refusal> {
    let mut values = pairs
        .iter()
        .filter(|(key, value)| key == name && !value.trim().is_empty())
        .map(|(_, value)| value.trim());
    let first = values.next();
    if values.any(|other| Some(other) != first) {
        let message = format!("Parameter {name} is given more than once with different values");
        return Err(Refusal::bad_request(message));
    }
    Ok(first)
}

/// `true` or `false`, which is also what an absent one means.
pub(super) fn truth(pairs: &[(String, String)], name: &str) -> Result<bool, Refusal> {
    named(pairs, name, &[("true", true), ("false", false)]).map(Option::unwrap_or_default)
}

/// A whole number.
pub(super) fn number(pairs: &[(String, String)], name: &str) -> Result<Option<i64>, Refusal> {
    read(pairs, name, "a whole number", |text| text.parse().ok())
}

/// A date, in every form DHIS2 takes.
pub(super) fn date(pairs: &[(String, String)], name: &str) -> Result<Option<Timestamp>, Refusal> {
    read(pairs, name, "a date", Timestamp::from_dhis2)
}

/// One of a few words, in any case.
pub(super) fn named<T: Copy>(
    pairs: &[(String, String)],
    name: &str,
    words: &[(&str, T)],
) -> Result<Option<T>, Refusal> {
    let valid = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    read(pairs, name, &valid, |text| {
        words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, meaning)| *meaning)
    })
}

fn read<T>(
    pairs: &[(String, String)],
    name: &str,
    valid: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(text) = one(pairs, name)? else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| {
        Refusal::bad_request(format!(
            "Value '{text}' is not valid for parameter {name}. Valid values are: [{valid}]"
        ))
    })
}
