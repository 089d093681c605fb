//! Clients: grant types and redirect addresses.

use crate::import::facts::Needs;
use crate::import::plan::{Action, Work};
use crate::import::{Code, Fault};
use kibali_model::GrantType;

/// Most redirect addresses of one client, and characters of each.
const REDIRECTS: usize = 50;
const REDIRECT_LENGTH: usize = 2000;

/// Holds the registration against RFC 6749 section 3.1.2 and the rules of the door 3.
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action != Action::Delete) else {
            continue;
        };
        let Some(client) = draft.next.client.clone() else { continue };
        let known = |name: &str| GrantType::LEGACY.iter().any(|grant| grant.as_str() == name);
        for grant in client.grant_types.iter().filter(|name| !known(name)) {
            let names: Vec<&str> = GrantType::LEGACY.iter().map(|grant| grant.as_str()).collect();
            let names = names.join(", ");
            let wanted = format!("grant type ({names})");
            work.fail(at, Fault::new(Code::E4027, [grant, &wanted, "grantTypes"]).at("grantTypes"));
        }
        if client.redirect_uris.len() > REDIRECTS {
            let count = client.redirect_uris.len().to_string();
            let fault = Fault::new(Code::E4007, ["redirectUris", "0", &REDIRECTS.to_string(), &count]);
            work.fail(at, fault.at("redirectUris"));
        }
        for address in client.redirect_uris.iter().filter(|address| !is_redirect(address)) {
            work.fail(at, Fault::new(Code::E4004, ["redirectUris", address]).at("redirectUris"));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == ':';
        if client.client_id.chars().any(odd) {
            let fault =
                Fault::new(Code::E4027, [&client.client_id, "client id (no spaces, no colon)", "cid"]);
            work.fail(at, fault.at("cid"));
        }
    }
    Ok(())
}

/// An absolute address without a fragment (RFC 6749 section 3.1.2): http, https, or the private scheme of
/// an app (RFC 8252 section 7.1). Never one that a browser would run.
#[must_use]
pub fn is_redirect(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
    let runs = ["javascript", "data", "vbscript", "file", "blob", "about"];
    let web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    scheme_fits
        && !runs.contains(&scheme.to_ascii_lowercase().as_str())
        && address.len() <= REDIRECT_LENGTH
        && !rest.is_empty()
        && !address.contains('#')
        && !address.chars().any(|c| c.is_whitespace() || c.is_control())
        && (!web || crate::import::shape::is_url(address))
}

#[cfg(test)]
mod tests {
    use super::is_redirect;

    #[test]
    fn addresses_that_a_browser_runs_are_refused() {
        for address in [
            "https://a.example/cb?x=1",
            "http://127.0.0.1/callback",
            "org.example.app:/cb",
            "http://[::1]:8/x",
        ] {
            assert!(is_redirect(address), "{address}");
        }
        for address in [
            "",
            "/cb",
            "javascript:alert(1)",
            "DATA:text/html,x",
            "https://a/#f",
            "https://",
            "https://a b",
            "1x:/y",
        ] {
            assert!(!is_redirect(address), "{address}");
        }
    }
}
