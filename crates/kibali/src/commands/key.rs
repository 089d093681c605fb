//! `kibali key`.

use kibali_web::App;
use kibali_web::api::objects::operator_principal;
use kibali_web::keys::{Retirement, Stands};

use super::{Absent, close, open};
use crate::cli::{Key, KeyRetire};
use crate::failure::Failure;
use crate::keystore::RENEW;
use crate::terminal::{self, Table};

/// Does what was asked.
///
/// # Errors
/// There is no such key, or the database refuses.
pub(crate) async fn run(command: &Key) -> Result<(), Failure> {
    let (Key::List(settings) | Key::Retire(KeyRetire { settings, .. })) = command;
    let app = open(settings, Absent::Refuse).await?;
    let done = match command {
        Key::List(_) => show(&app).await,
        Key::Retire(wanted) => retire(&app, &wanted.kid).await,
    };
    close(&app).await;
    done
}

async fn show(app: &App) -> Result<(), Failure> {
    let mut table = Table::new(["key", "algorithm", "state"]);
    for key in app.signer().seen().await? {
        let state = match key.stands {
            Stands::Signs => "signs".to_owned(),
            Stands::Waits(from) => format!("signs from {}Z on", from.to_dhis2()),
            Stands::Checks(until) => {
                format!("signs no longer; its last token ends by {}Z", until.to_dhis2())
            }
            Stands::Retired(at) => format!("retired {}Z", at.to_dhis2()),
        };
        table.row([&key.kid, &key.algorithm, &state]);
    }
    terminal::say(table.text());
    Ok(())
}

async fn retire(app: &App, kid: &str) -> Result<(), Failure> {
    let (also, algorithm, signs) = match app.signer().retire(kid, &operator_principal().username).await? {
        Retirement::Done { also, algorithm, signs } => (also, algorithm.as_str(), signs),
        Retirement::Before(at) => {
            return Err(Failure::Said(format!("the key {kid} was retired already, at {}Z", at.to_dhis2())));
        }
        Retirement::Unknown => {
            return Err(Failure::Said(format!("there is no key {kid}; see them with: kibali key list")));
        }
    };
    let jwks = app.settings.absolute("/oauth2/jwks");
    terminal::say(format!(
        "The key {kid} is retired. It is gone from {jwks}, and {signs} signs with {algorithm} now.\n\n\
         Tokens that it signed are refused from now on, within seconds by every node. Clients are answered 401 and ask \
         for new ones, with their refresh tokens, which work on, or as they did the first time. Tokens that no key \
         signed and sessions of browsers stay as they are.\n\n\
         Servers that check tokens by themselves believe the old key until they read {jwks} anew: restart them, or \
         empty what they keep of it."
    ));
    if !also.is_empty() {
        terminal::say(format!(
            "\nThe same key had other names, which are retired with it: {}.",
            also.join(", ")
        ));
    }
    let mut names = also.iter().map(String::as_str).chain([kid]);
    if names.any(|name| app.settings.signing_key.as_deref() == Some(name)) {
        terminal::say(format!(
            "\nkibali.conf names this key still. Until that is changed on every node, Kibali makes its keys. {RENEW}; \
             then restart."
        ));
    }
    Ok(())
}
