//! The static files, embedded, each under a name that changes with its content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Where the files are served, below the context path.
pub(super) struct Assets {
    /// The style sheet.
    pub(super) style: String,
    /// What a browser with JavaScript gets on top.
    pub(super) script: String,
    /// The same, where passkeys are used.
    pub(super) passkeys: String,
    /// The icon of the tab.
    pub(super) icon: String,
}

struct File {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const STYLE: File = File {
    stem: "kibali",
    extension: "css",
    content_type: "text/css; charset=utf-8",
    content: include_str!("../../static/kibali.css"),
};
const SCRIPT: File = File {
    stem: "kibali",
    extension: "js",
    content_type: "text/javascript; charset=utf-8",
    content: include_str!("../../static/kibali.js"),
};
const PASSKEYS: File = File {
    stem: "passkey",
    extension: "js",
    content_type: "text/javascript; charset=utf-8",
    content: include_str!("../../static/passkey.js"),
};
const ICON: File = File {
    stem: "kibali",
    extension: "svg",
    content_type: "image/svg+xml",
    content: include_str!("../../static/kibali.svg"),
};

impl File {
    fn name(&self) -> String {
        format!("{}-{:016x}.{}", self.stem, fingerprint(self.content.as_bytes()), self.extension)
    }
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: format!("/static/{}", STYLE.name()),
    script: format!("/static/{}", SCRIPT.name()),
    passkeys: format!("/static/{}", PASSKEYS.name()),
    icon: format!("/static/{}", ICON.name()),
});

/// FNV-1a of 64 bits: enough to give a changed file a new name; it protects nothing.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}

/// `GET /static/{name}`: cached for a year, because another content has another name.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let Some(file) = [&STYLE, &SCRIPT, &PASSKEYS, &ICON].into_iter().find(|file| file.name() == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // An icon opened as a document may run nothing either.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
    ];
    (headers, file.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_content_has_another_name() {
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325, "the offset basis of FNV-1a");
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8, "a published test value");
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for file in [&STYLE, &SCRIPT, &PASSKEYS] {
            assert!(
                !file.content.contains("http://") && !file.content.contains("https://"),
                "{}",
                file.extension
            );
            assert!(!file.content.contains("@import"));
        }
    }
}
