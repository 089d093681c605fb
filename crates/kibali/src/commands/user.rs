//! `kibali user`.

use kibali_model::TwoFactorType;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::factors;
use kibali_store::door::protection::ResetFactor;
use kibali_web::App;
use kibali_web::api::objects::{operator_principal, superuser_role};
use serde_json::{Value, json};

use super::{Absent, close, list, merge, names, one, open, text};
use crate::cli::{Named, User, UserAdd};
use crate::failure::Failure;
use crate::terminal::{self, Table};

/// Does what was asked.
///
/// # Errors
/// The database refuses, or the rules of users do.
pub(crate) async fn run(command: User) -> Result<(), Failure> {
    let (settings, absent) = match &command {
        User::Add(add) => (&add.settings, Absent::Make),
        User::List(settings) => (settings, Absent::Refuse),
        User::Password(named) | User::ResetFactor(named) | User::Disable(named) | User::Enable(named) => {
            (&named.settings, Absent::Refuse)
        }
    };
    let app = open(settings, absent).await?;
    let done = match &command {
        User::Add(user) => add(&app, user).await,
        User::List(_) => show(&app).await,
        User::Password(named) => password(&app, named).await,
        User::ResetFactor(named) => reset_factor(&app, named).await,
        User::Disable(named) => switch(&app, named, true).await,
        User::Enable(named) => switch(&app, named, false).await,
    };
    close(&app).await;
    done
}

async fn add(app: &App, user: &UserAdd) -> Result<(), Failure> {
    let name = &user.username;
    if accounts::by_username(&mut app.store.reader().await?, name).await?.is_some() {
        let next =
            format!("there is a user {name} already; change the password with: kibali user password {name}");
        return Err(Failure::Said(next));
    }
    let roles = roles(app, user).await?;
    let password = terminal::new_password(name)?;
    let object = json!({
        "username": name, "password": password.expose(),
        "firstName": user.first_name.as_ref().unwrap_or(name), "surname": user.surname.as_ref().unwrap_or(name),
        "userRoles": roles
    });
    let mut payload = one("users", object);
    if user.superuser {
        payload.extend(one("userRoles", superuser_role()));
    }
    merge(app, &payload).await?;
    terminal::say(format!("{name} can sign in at {}", app.settings.absolute("/login")));
    Ok(())
}

/// References to the roles that were named.
async fn roles(app: &App, user: &UserAdd) -> Result<Vec<Value>, Failure> {
    if user.superuser {
        return Ok(vec![json!({ "id": text(&superuser_role(), "id") })]);
    }
    let known = list(app, "userRoles", &["id", "name", "code"]).await?;
    let find = |asked: &String| {
        let found = known.iter().find(|role| ["id", "name", "code"].iter().any(|by| text(role, by) == asked));
        let missing = || {
            let all: Vec<&str> = known.iter().map(|role| text(role, "name")).collect();
            Failure::Said(format!("there is no role {asked}; there are: {}", all.join(", ")))
        };
        found.map(|role| json!({ "id": text(role, "id") })).ok_or_else(missing)
    };
    user.role.iter().map(find).collect()
}

async fn show(app: &App) -> Result<(), Failure> {
    let fields = ["username", "name", "disabled", "lastLogin", "userRoles[name]"];
    let mut table = Table::new(["user name", "name", "roles", "last sign-in", "state"]);
    for user in list(app, "users", &fields).await? {
        let off = user.get("disabled") == Some(&Value::Bool(true));
        let (roles, state) = (names(&user, "userRoles"), if off { "disabled" } else { "active" });
        table.row([text(&user, "username"), text(&user, "name"), &roles, text(&user, "lastLogin"), state]);
    }
    terminal::say(table.text());
    Ok(())
}

async fn password(app: &App, named: &Named) -> Result<(), Failure> {
    let id = find(app, &named.name).await?;
    let password = terminal::new_password(&named.name)?;
    merge(app, &one("users", json!({ "id": id, "password": password.expose() }))).await?;
    terminal::say(format!("{} has a new password; every session and token of before has ended", named.name));
    Ok(())
}

async fn reset_factor(app: &App, named: &Named) -> Result<(), Failure> {
    let name = &named.name;
    let account = account(app, name).await?;
    let found = factors::find(&mut app.store.reader().await?, account.user).await?;
    if found.is_none_or(|found| found.state == TwoFactorType::NotEnabled && found.passkeys == 0) {
        return Err(Failure::Said(format!("{name} has no second factor")));
    }
    let by = operator_principal().username;
    app.store.write(ResetFactor { user: account.user, by, now: app.now() }).await?;
    terminal::say(format!(
        "{name} has no second factor any longer; every session has ended, and every grant obtained with it"
    ));
    if account.two_factor_demanded {
        terminal::say("A role demands one: the next sign-in leads to setting it up");
    }
    Ok(())
}

async fn switch(app: &App, named: &Named, disabled: bool) -> Result<(), Failure> {
    let name = &named.name;
    let id = find(app, name).await?;
    merge(app, &one("users", json!({ "id": id, "disabled": disabled }))).await?;
    terminal::say(if disabled {
        format!(
            "{name} is disabled; every session and token is refused. Undo it with: kibali user enable {name}"
        )
    } else {
        format!("{name} can sign in again")
    });
    Ok(())
}

async fn find(app: &App, name: &str) -> Result<String, Failure> {
    Ok(account(app, name).await?.uid.to_string())
}

async fn account(app: &App, name: &str) -> Result<Account, Failure> {
    let account = accounts::by_username(&mut app.store.reader().await?, name).await?;
    let missing = || Failure::Said(format!("there is no user {name}; see them with: kibali user list"));
    account.ok_or_else(missing)
}
