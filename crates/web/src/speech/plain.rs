//! One spelling for each path. Whoever stands in front of Kibali, or reads its log, sees the path that is routed;
//! no other spelling of it is taken. The rules are those of Spring Security's firewall, which stands in front of
//! DHIS2, and one more: what needs no escape has none.

/// What keeps a path from being a plain one; none of a plain one.
pub(crate) fn fault(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        return Some("it does not begin with a slash");
    }
    if path.contains(|c: char| matches!(c, ';' | '\\') || c.is_ascii_control()) {
        return Some("it has a semicolon, a backslash or a control character in it");
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // The last one may be empty: a slash at the end is taken off.
        if segment.is_empty() && segments.peek().is_some() {
            return Some("it has two slashes in a row");
        }
        if segment == "." || segment == ".." {
            return Some("a part of it is . or ..");
        }
    }
    if path.contains('%') { escapes(path) } else { None }
}

fn escapes(path: &str) -> Option<&'static str> {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let Some(byte) = part.get(..2).and_then(byte) else {
            return Some("an escape in it is not a percent sign and two hexadecimal digits");
        };
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                return Some("what needs no escape has one");
            }
            b'/' | b'\\' | b';' | b'%' | 0..0x20 | 0x7f => {
                return Some("it has an escape for what no path holds");
            }
            _ => bytes.push(byte),
        }
        bytes.extend(part.bytes().skip(2));
    }
    std::str::from_utf8(&bytes).is_err().then_some("its escapes are not UTF-8")
}

/// Two hexadecimal digits.
fn byte(digits: &str) -> Option<u8> {
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_digits.then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::speech::path;

    #[test]
    fn a_path_has_one_spelling() {
        for plain in [
            "/",
            "/api/me",
            "/api/me/",
            "/api/41/users.json",
            "/api/a%20b",
            "/api/%C3%A9t%c3%a9",
            "/api/a:b@c,d+e=f",
            "/api/..a/a..",
            "/.well-known/openid-configuration",
            "/api/é",
            "/api/%3F%23",
            "/api/a~b",
        ] {
            assert_eq!(fault(plain), None, "{plain}");
        }
        for (spelling, why) in [
            ("", "slash"),
            ("*", "slash"),
            ("api/me", "slash"),
            ("//api/me", "two slashes"),
            ("/api//me", "two slashes"),
            ("/api/me//", "two slashes"),
            ("//", "two slashes"),
            ("/./api/me", ". or .."),
            ("/x/../api/me", ". or .."),
            ("/api/me/..", ". or .."),
            ("/api/me/.", ". or .."),
            ("/api;x=y/me", "semicolon"),
            ("/api/me;", "semicolon"),
            ("/api\\me", "backslash"),
            ("/api/me\u{7f}", "control character"),
            ("/%61pi/me", "needs no escape"),
            ("/api/m%65", "needs no escape"),
            ("/api/%2e/me", "needs no escape"),
            ("/api/%2E%2e/me", "needs no escape"),
            ("/api%2fme", "no path holds"),
            ("/api%2Fme", "no path holds"),
            ("/api/me%3bx", "no path holds"),
            ("/api%5cme", "no path holds"),
            ("/api/me%00", "no path holds"),
            ("/api/me%0d%0aSet-Cookie:x", "no path holds"),
            ("/api/me%7f", "no path holds"),
            ("/api/%252e", "no path holds"),
            ("/api/me%", "hexadecimal"),
            ("/api/me%4", "hexadecimal"),
            ("/api/me%zz", "hexadecimal"),
            ("/api/me%+1", "hexadecimal"),
            ("/api/me%é", "hexadecimal"),
            ("/api/me%ff", "UTF-8"),
            ("/api%c0%afme", "UTF-8"),
            ("/api/%ed%a0%80", "UTF-8"),
        ] {
            let fault = fault(spelling);
            assert!(fault.is_some_and(|fault| fault.contains(why)), "{spelling}: {fault:?}");
        }
    }

    proptest! {
        /// Whoever decodes a plain path, as proxies do, sees the room that is entered.
        #[test]
        fn a_plain_path_leads_where_its_decoded_form_leads(
            path in "(/(api|uaa|oauth2|login|dhis|%[0-9a-f]{2}|[a-z.%;/\\\\2e]{0,4}|\\PC{0,3})){0,5}",
        ) {
            if fault(&path).is_none() {
                let decoded = percent_decode_str(&path).decode_utf8().unwrap();
                prop_assert_eq!(path::read(&path, "/dhis").room, path::read(&decoded, "/dhis").room);
                prop_assert!(!decoded.split('/').any(|part| part == "." || part == ".."));
                prop_assert_eq!(path.matches('/').count(), decoded.matches('/').count());
            }
        }
    }
}
