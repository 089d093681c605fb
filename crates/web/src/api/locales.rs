//! `/api/locales/*`: the languages DHIS2's apps and its data can be shown in (web-api reference 4.3).

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::answer;
use crate::App;
use crate::identity::Caller;

/// Locale, its name in English, and in the language itself.
const LOCALES: &[(&str, &str, &str)] = &[
    ("ar", "Arabic", "العربية"),
    ("bn", "Bengali", "বাংলা"),
    ("cs", "Czech", "Čeština"),
    ("da", "Danish", "Dansk"),
    ("en", "English", "English"),
    ("es", "Spanish", "Español"),
    ("fr", "French", "Français"),
    ("hi", "Hindi", "हिन्दी"),
    ("id", "Indonesian", "Bahasa Indonesia"),
    ("km", "Khmer", "ខ្មែរ"),
    ("lo", "Lao", "ລາວ"),
    ("mn", "Mongolian", "Монгол"),
    ("my", "Burmese", "မြန်မာ"),
    ("nb", "Norwegian Bokmål", "Norsk bokmål"),
    ("ne", "Nepali", "नेपाली"),
    ("nl", "Dutch", "Nederlands"),
    ("pt", "Portuguese", "Português"),
    ("pt_BR", "Portuguese (Brazil)", "Português (Brasil)"),
    ("ru", "Russian", "Русский"),
    ("rw", "Kinyarwanda", "Ikinyarwanda"),
    ("si", "Sinhala", "සිංහල"),
    ("sv", "Swedish", "Svenska"),
    ("sw", "Swahili", "Kiswahili"),
    ("tg", "Tajik", "Тоҷикӣ"),
    ("uk", "Ukrainian", "Українська"),
    ("ur", "Urdu", "اردو"),
    ("uz", "Uzbek", "Oʻzbek"),
    ("vi", "Vietnamese", "Tiếng Việt"),
    ("zh", "Chinese", "中文"),
];

pub(super) fn router() -> Router<App> {
    Router::new()
        // The login page shows these before anybody is signed in.
        .route("/locales/ui", get(|| async { list() }))
        .route("/locales/db", get(|_: Caller| async { list() }))
        .route("/locales/dbLocales", get(|_: Caller| async { list() }))
        .route("/locales/languages", get(|_: Caller| async { languages() }))
}

fn list() -> Response {
    let locales: Vec<Value> = LOCALES
        .iter()
        .map(|(locale, english, own)| json!({ "locale": locale, "name": own, "displayName": english }))
        .collect();
    answer::json(&Value::Array(locales))
}

fn languages() -> Response {
    let languages = LOCALES.iter().filter(|(locale, ..)| locale.len() == 2);
    answer::json(
        &languages.map(|(locale, english, _)| ((*locale).to_owned(), Value::from(*english))).collect(),
    )
}
