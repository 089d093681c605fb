//! The form of `kibali.conf`: DHIS2's properties, `key = value`, `#` comments, `${ENV}` in values.

/// A line that sets something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) key: String,
    pub(super) value: String,
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) number: usize,
    pub(super) why: String,
}

/// Reads the lines of a file. A value may hold `${NAME}`, replaced by what `environment` says.
pub(super) fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Vec<Line>, Wrong> {
    let mut lines: Vec<Line> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let wrong = |why: String| Wrong { number, why };
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("write it as key = value".to_owned()))?;
        let key = key.trim().to_owned();
        if let Some(first) = lines.iter().find(|line| line.key == key) {
            return Err(wrong(format!("{key} is set on line {} already", first.number)));
        }
        let value = fill(value.trim(), &environment).map_err(wrong)?;
        lines.push(Line { number, key, value });
    }
    Ok(lines)
}

fn fill(value: &str, environment: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("'${' has no closing '}'")?;
        let found = environment(name).ok_or_else(|| format!("the environment has no {name}"))?;
        filled.push_str(before);
        filled.push_str(&found);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    fn read(text: &str) -> Result<Vec<Line>, Wrong> {
        parse(text, |name| (name == "SECRET").then(|| "s3=cret".to_owned()))
    }

    #[test]
    fn comments_blanks_and_the_environment() {
        let lines = read("# a comment\n\n! another\nconnection.password = a${SECRET}b \nx=\n").unwrap();
        let pairs: Vec<_> =
            lines.iter().map(|line| (line.number, line.key.as_str(), line.value.as_str())).collect();
        assert_eq!(pairs, [(4, "connection.password", "as3=cretb"), (5, "x", "")]);
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        for (text, number, why) in [
            ("a = 1\nnonsense", 2, "write it as key = value"),
            ("a = 1\na = 2", 2, "a is set on line 1 already"),
            ("a = ${NOBODY}", 1, "the environment has no NOBODY"),
            ("a = ${SECRET", 1, "'${' has no closing '}'"),
        ] {
            assert_eq!(read(text), Err(Wrong { number, why: why.to_owned() }), "{text}");
        }
    }
}
