//! Redirect URIs: which are registered, which match, and how answers are written into them.

use kibali_metadata::import::is_redirect;
use kibali_oauth::registration::is_listed;
use kibali_oauth::{matches, with_parameters};
use url::Url;
use url::form_urlencoded::parse;

use crate::lines;

/// The first line is what is registered, the second what is requested, the third a state, and each further one a
/// pattern of the setting that says where clients of devices may send codes.
pub fn redirect(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let ([registered, requested, state], patterns) = lines::<3>(text);
    equal_by_the_rule(registered, requested);
    for address in [registered, requested] {
        fit_to_be_registered(address);
        answered(address, state);
        let patterns: Vec<String> = patterns.lines().take(4).map(str::to_owned).collect();
        listed(&patterns, address);
    }
}

/// Two addresses match when they are one string, or one but for the port of a loopback address.
fn equal_by_the_rule(registered: &str, requested: &str) {
    let matched = matches(registered, requested);
    let portless = |uri| without_port(uri).filter(|_| registered != requested);
    let same_but_port = portless(registered).is_some() && portless(registered) == portless(requested);
    assert_eq!(matched, registered == requested || same_but_port);
    assert_eq!(matched, matches(requested, registered));
    assert!(matches(registered, registered));
    if let (true, Ok(one), Ok(other)) = (matched, Url::parse(registered), Url::parse(requested)) {
        let but_port = |url: &Url| {
            let mut url = url.clone();
            let _ = url.set_port(None);
            url
        };
        assert_eq!(but_port(&one), but_port(&other), "a browser sees two places");
        assert!(
            one == other
                || [one.host_str(), other.host_str()] == [Some("127.0.0.1"); 2]
                || [one.host_str(), other.host_str()] == [Some("[::1]"); 2]
        );
    }
}

/// A loopback address without its port, taken apart from the back: path, port, host.
fn without_port(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| {
        let digits = port.trim_start_matches('0');
        port.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=5).contains(&digits.len())
            && digits.parse::<u32>().is_ok_and(|number| number < 65536)
    };
    (["127.0.0.1", "[::1]"].contains(&host) && port.is_none_or(is_port)).then(|| format!("{host}{path}"))
}

/// What may be registered can be written into a header, is no program, and is the address it looks like.
fn fit_to_be_registered(address: &str) {
    if !is_redirect(address) {
        return;
    }
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "no header holds {address}");
    assert!(!address.contains('#') && address.len() <= 2000);
    let scheme = address.split(':').next().unwrap().to_ascii_lowercase();
    assert!(!["javascript", "data", "vbscript", "file", "blob", "about"].contains(&scheme.as_str()));
    if let Ok(url) = Url::parse(address) {
        assert_eq!(url.scheme(), scheme);
        assert_eq!(url.fragment(), None);
    }
    let Some((scheme, rest)) = address.split_once("://") else { return };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return;
    }
    let Ok(url) = Url::parse(address) else { return };
    assert!(url.username().is_empty() && url.password().is_none(), "a name in front of the host: {address}");
    let host = rest.split(['/', '?', ':']).next().unwrap().to_ascii_lowercase();
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'.';
    if host.bytes().all(is_name) {
        assert_eq!(url.host_str(), Some(host.as_str()), "another host than the one that is written");
    }
}

/// An answer keeps the address, and the members come back out of it as they went in.
fn answered(address: &str, state: &str) {
    let members = [("code", "c"), ("state", state)];
    let answer = with_parameters(address, &members);
    let (before, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let added = answer.strip_prefix(before).unwrap().strip_suffix(fragment).unwrap();
    assert!(added.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{added}");
    let query = before.split_once('?').map_or("", |(_, query)| query);
    let whole = format!("{query}{}", if before.contains('?') { added } else { &added[1..] });
    let read: Vec<_> = parse(whole.as_bytes()).collect();
    let (kept, new) = read.split_at(read.len() - 2);
    assert!(
        kept.iter()
            .map(|(name, value)| (&**name, &**value))
            .eq(parse(query.as_bytes()).collect::<Vec<_>>().iter().map(|(name, value)| (&**name, &**value)))
    );
    assert!(new.iter().map(|(name, value)| (&**name, &**value)).eq(members));
    if let (true, Ok(one), Ok(other)) = (is_redirect(address), Url::parse(address), Url::parse(&answer)) {
        assert_eq!((one.host_str(), one.port(), one.path()), (other.host_str(), other.port(), other.path()));
    }
}

/// A pattern covers what it says, part by part, and no browser goes to another host than the one it looked at.
fn listed(patterns: &[String], address: &str) {
    let found = is_listed(patterns, address);
    assert_eq!(found, patterns.iter().any(|pattern| is_listed(std::slice::from_ref(pattern), address)));
    assert!(!is_listed(&[], address));
    if !found {
        return;
    }
    let lower = address.to_lowercase();
    let covering = patterns.iter().find(|pattern| is_listed(std::slice::from_ref(pattern), address)).unwrap();
    assert!(slowly(&covering.to_lowercase(), &lower), "{covering} does not cover {address}");
    let Ok(url) = Url::parse(address) else { return };
    let Some(host) = url.host_str().filter(|_| ["http", "https"].contains(&url.scheme())) else { return };
    assert!(url.username().is_empty() && url.password().is_none());
    // What the pattern says after its last star is what the host ends with.
    let lower = covering.to_lowercase();
    let Some((_, place)) = lower.split_once("://") else { return };
    let place = place.split(['/', '?']).next().unwrap();
    let Some(end) = place.rsplit_once('*').map(|(_, end)| end) else { return };
    if end.starts_with('.') && end.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'.') {
        assert!(host.ends_with(end), "{covering} covers {host}");
    }
}

/// Does the pattern cover the text, stars wherever they reach?
fn slowly(pattern: &str, text: &str) -> bool {
    let (mut reach, mut next) = (vec![true], Vec::new());
    let letters: Vec<char> = text.chars().collect();
    reach.resize(letters.len() + 1, false);
    for wanted in pattern.chars() {
        next.clear();
        let mut before = false;
        for at in 0..=letters.len() {
            before |= reach[at];
            let here = match wanted {
                '*' => before,
                '?' => at > 0 && reach[at - 1],
                letter => at > 0 && reach[at - 1] && letters[at - 1] == letter,
            };
            next.push(here);
        }
        std::mem::swap(&mut reach, &mut next);
    }
    reach.last() == Some(&true)
}
