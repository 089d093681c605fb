//! The parameters of lists of users and of user roles (web-api reference 3.2, 3.3). Each narrows the list.

use kibali_metadata::Kind;
use kibali_metadata::kind::End;
use kibali_metadata::kinds::edges;
use kibali_metadata::language::{Filter, Junction, Operator};
use kibali_metadata::read::{Comparison, IntKey, Predicate, Scalar, Step, Test, TextKey, resolve_filters};
use kibali_model::{Principal, Timestamp, Uid};
use kibali_store::door::links;
use kibali_store::objects::roles;

use super::parameter::{date, named, number, one, truth};
use crate::system_settings::Stored;
use crate::{App, Refusal};

type Pairs = [(String, String)];

/// The users or roles that the parameters leave; everything for other kinds.
pub(super) async fn of_list<'k>(
    app: &'k App,
    kind: &'k Kind,
    caller: &Principal,
    pairs: &Pairs,
) -> Result<Predicate<'k>, Refusal> {
    Ok(Predicate::All(match kind.singular {
        "user" => users(app, kind, caller, pairs).await?,
        "userRole" => user_roles(app, caller, pairs).await?,
        _ => Vec::new(),
    }))
}

/// `canIssue`: the roles that the caller may give to others.
async fn user_roles(
    app: &App,
    caller: &Principal,
    pairs: &Pairs,
) -> Result<Vec<Predicate<'static>>, Refusal> {
    if !truth(pairs, "canIssue")? || caller.is_superuser() {
        return Ok(Vec::new());
    }
    let mut reader = app.store.reader().await?;
    let may_grant_own = Stored::read(&mut reader).await?.may_grant_own_roles();
    let issuable = roles::all(&mut reader).await?.into_iter().filter(|role| {
        caller.authorities.includes(&role.authorities) && (may_grant_own || !caller.roles.contains(&role.uid))
    });
    Ok(vec![Predicate::Ids(issuable.map(|role| role.id).collect())])
}

async fn users<'k>(
    app: &'k App,
    kind: &'k Kind,
    caller: &Principal,
    pairs: &Pairs,
) -> Result<Vec<Predicate<'k>>, Refusal> {
    let mut all = Vec::new();
    let filter = |path: &str, operator, values: Vec<String>| {
        let path = path.split('.').map(str::to_owned).collect();
        resolve_filters(&app.registry, kind, &[Filter { path, operator, values }], Junction::And)
    };
    if let Some(text) = one(pairs, "phoneNumber")? {
        all.push(filter("phoneNumber", Operator::Eq, vec![text.to_owned()])?);
    }
    if truth(pairs, "selfRegistered")? {
        all.push(filter("selfRegistered", Operator::Eq, vec!["true".to_owned()])?);
    }
    match named(pairs, "invitationStatus", INVITATION)? {
        Some(Invited::All) => all.push(filter("invitation", Operator::Eq, vec!["true".to_owned()])?),
        Some(Invited::Expired) => {
            let open = links::invited(&mut app.store.reader().await?, app.now()).await?;
            let values = open.iter().map(|uid| Scalar::Text(uid.to_string())).collect();
            all.push(filter("invitation", Operator::Eq, vec!["true".to_owned()])?);
            all.push(Predicate::Text(TextKey::Uid, Test::In { values, negated: true }));
        }
        Some(Invited::None) | None => {}
    }
    if let Some(since) = date(pairs, "lastLogin")? {
        all.push(last_login(Comparison::GreaterOrEqual, since));
    }
    if let Some(since) = date(pairs, "inactiveSince")? {
        all.push(last_login(Comparison::Less, since));
    }
    if let Some(months) = number(pairs, "inactiveMonths")? {
        all.push(last_login(Comparison::Less, app.now().minus_months(months)));
    }
    let can_manage = truth(pairs, "canManage")? | truth(pairs, "manage")?;
    if can_manage && !caller.is_superuser() {
        let mine: Vec<String> = caller.groups.iter().map(Uid::to_string).collect();
        all.push(match mine.is_empty() {
            true => Predicate::Any(Vec::new()),
            false => filter("userGroups.managedByGroups.id", Operator::In, mine)?,
        });
    }
    if truth(pairs, "authSubset")? && !caller.is_superuser() {
        let roles = roles::all(&mut app.store.reader().await?).await?.into_iter();
        let beyond = roles.filter(|role| !caller.authorities.includes(&role.authorities));
        let step = Step { edge: edges::USER_ROLES, end: End::Source };
        all.push(Predicate::NoneAt(step, beyond.map(|role| role.id).collect()));
    }
    all.extend(in_units(app, caller, pairs)?);
    Ok(all)
}

/// Does the list change as time goes by, though nothing is written?
pub(super) fn rests_on_time(kind: &Kind, pairs: &Pairs) -> bool {
    kind.singular == "user" && pairs.iter().any(|(name, _)| name == "inactiveMonths")
}

/// `invitationStatus`.
#[derive(Debug, Clone, Copy)]
enum Invited {
    None,
    All,
    Expired,
}

const INVITATION: &[(&str, Invited)] =
    &[("none", Invited::None), ("all", Invited::All), ("expired", Invited::Expired)];

/// `orgUnitBoundary`: which of a user's sets of units is meant.
const BOUNDARIES: &[(&str, Step)] = &[
    ("data_capture", Step { edge: edges::USER_UNITS, end: End::Source }),
    ("data_output", Step { edge: edges::USER_DATA_VIEW_UNITS, end: End::Source }),
    ("tei_search", Step { edge: edges::USER_SEARCH_UNITS, end: End::Source }),
];

/// `ou` and `userOrgUnits`: users of these units, with `includeChildren` of all units below them too.
fn in_units<'k>(app: &'k App, caller: &Principal, pairs: &Pairs) -> Result<Vec<Predicate<'k>>, Refusal> {
    let below = truth(pairs, "includeChildren")? | truth(pairs, "includeDescendants")?;
    let boundary = named(pairs, "orgUnitBoundary", BOUNDARIES)?;
    let step = boundary.unwrap_or(Step { edge: edges::USER_UNITS, end: End::Source });
    let mut sets: Vec<Vec<String>> = Vec::new();
    if let Some(unit) = one(pairs, "ou")? {
        sets.push(vec![unit.to_owned()]);
    }
    if truth(pairs, "userOrgUnits")? {
        sets.push(caller.org_units.capture.iter().map(Uid::to_string).collect());
    }
    let unit = app.registry.kind("organisationUnit").ok_or(Refusal::NotFound)?;
    Ok(sets
        .into_iter()
        .map(|units| {
            let inner = match below {
                true => Predicate::Any(units.into_iter().map(Predicate::Subtree).collect()),
                false => {
                    let values = units.into_iter().map(Scalar::Text).collect();
                    Predicate::Text(TextKey::Uid, Test::In { values, negated: false })
                }
            };
            Predicate::Through(step, unit, Box::new(inner))
        })
        .collect())
}

fn last_login(comparison: Comparison, since: Timestamp) -> Predicate<'static> {
    Predicate::Int(IntKey::LastLogin, Test::Compare(comparison, Scalar::Int(since.millis())))
}
