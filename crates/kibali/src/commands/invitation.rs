//! `kibali client invite`, `kibali client invitations`, `kibali client uninvite`: initial access tokens.

use kibali_store::door::registrations;
use kibali_web::App;
use kibali_web::registration::{Invitation, invite, take_back};

use crate::cli::ClientInvite;
use crate::failure::Failure;
use crate::terminal::{self, Table};

pub(super) async fn make(app: &App, wanted: &ClientInvite) -> Result<(), Failure> {
    let invitation = Invitation {
        name: wanted.name.clone(),
        uses: wanted.uses,
        seconds: wanted.hours.saturating_mul(3600),
        redirect_url: wanted.redirect_uri.clone(),
    };
    let made = invite(app, None, invitation).await?;
    let (uses, ends) = (made.kept.uses_left, made.kept.expires.to_dhis2());
    let many = if uses == 1 { "one client".to_owned() } else { format!("{uses} clients") };
    terminal::say(format!(
        "The token lets {many} register until {ends}. It is shown only now:\n\n  {}\n\nRegister with it:\n\n  {}\n\n\
         Take it back with: kibali client uninvite {}",
        made.token.expose(),
        made.line(&app.settings),
        made.kept.uid
    ));
    Ok(())
}

pub(super) async fn show(app: &App) -> Result<(), Failure> {
    let mut table = Table::new(["ID", "name", "clients left", "redirect URI", "works until"]);
    for token in registrations::live(&mut app.store.reader().await?, app.now()).await? {
        let (name, url) = (token.name.unwrap_or_default(), token.redirect_url.unwrap_or_default());
        let (uses, ends) = (token.uses_left.to_string(), token.expires.to_dhis2());
        table.row([token.uid.as_str(), &name, &uses, &url, &ends]);
    }
    terminal::say(table.text());
    Ok(())
}

pub(super) async fn end(app: &App, id: &str) -> Result<(), Failure> {
    if !take_back(app, None, id.to_owned()).await? {
        let text = format!("there is no initial access token {id}; see them with: kibali client invitations");
        return Err(Failure::Said(text));
    }
    terminal::say(format!("Initial access token {id} is taken back; no client registers with it any more"));
    Ok(())
}
