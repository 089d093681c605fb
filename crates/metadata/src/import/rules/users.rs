//! Users: names, passwords, the roles one may give, and whom one may manage (web-api reference 3.2).

use std::collections::BTreeSet;

use kibali_model::{Authorities, Lately, ObjectId, Unproved, is_username};
use serde_json::{Map, Value};

use crate::fold;
use crate::import::facts::{AccountFacts, Needs};
use crate::import::plan::{Action, Draft, Work};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, Property};

pub(super) const ROLES: &str = "userRoles";
const GROUPS: &str = "userGroups";
const ADD: &str = "F_USER_ADD";
const DELETE: &str = "F_USER_DELETE";
/// Values of a user that lead to its account, besides the password.
const WAYS_IN: [&str; 3] = ["email", "openId", "ldapId"];

/// Holds every user of the batch, and every role given or taken, against the rules.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let Some(roles) = edge(work, ROLES) else { return Ok(()) };
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at) else { continue };
        if draft.action != Action::Delete {
            check_name(work, at);
            check_password(work, at);
            check_own_way_in(work, at);
            check_mailed_codes(work, at);
            check_roles_left(work, at, roles)?;
        }
        check_managed(work, at, roles)?;
    }
    check_granted(work, roles)
}

pub(super) fn edge(work: &Work<'_>, property: &str) -> Option<EdgeNumber> {
    let kind = work.context.registry.kind("user")?;
    kind.property(property).and_then(Property::edge).map(|(edge, _)| edge)
}

fn check_name(work: &mut Work<'_>, at: usize) {
    let Some(draft) = work.drafts.get(at).filter(|draft| draft.is_new()) else { return };
    let invited = draft.next.doc.get("invitation").and_then(Value::as_bool).unwrap_or_default();
    let username = draft.next.account.as_ref().map(|account| account.username.clone()).unwrap_or_default();
    if !username.is_empty() && !invited && !is_username(&username) {
        work.fail(at, Fault::new(Code::E4049, [&username]).at("username"));
    }
}

fn check_password(work: &mut Work<'_>, at: usize) {
    let Some(draft) = work.drafts.get(at) else { return };
    let (Some(secret), Some(account)) = (&draft.next.secret, &draft.next.account) else { return };
    let email = draft.next.doc.get("email").and_then(Value::as_str);
    // Kibali itself seeds the passwords that DHIS2's documentation uses.
    let trusted = work.context.caller.credential == kibali_model::Credential::System;
    if let Err(fault) = work.context.passwords.check(secret.expose(), &account.username, email)
        && !trusted
    {
        work.fail(at, Fault::new(Code::E4005, ["password", &fault.to_string()]).at("password"));
    }
}

/// What was given to a program changes nothing by which its user signs in: neither the password and the names
/// by which others vouch for the user, nor the address that a link to a new password is sent to. A person changes it
/// who proved a moment ago who they are, and not whoever finds their browser open.
fn check_own_way_in(work: &mut Work<'_>, at: usize) {
    let caller = work.context.caller;
    let Some(draft) = work.drafts.get(at).filter(|draft| draft.head.is_some()) else { return };
    if draft.id != caller.user {
        return;
    }
    let protected = stored_account(draft).is_some_and(|account| account.protected);
    let Some(unproved) = Lately::WAYS_IN.missing(&caller.credential, protected, work.context.now) else {
        return;
    };
    let Some(property) = changed_way_in(draft) else { return };
    let why = match unproved {
        _ if caller.credential.is_token() => {
            "a token changes nothing by which its user signs in or recovers the account; sign in to do that"
        }
        Unproved::Factor => "your second factor was not proved within five minutes; sign in again",
        Unproved::Password => "you did not sign in within five minutes; sign in again",
    };
    work.fail(at, Fault::new(Code::E4030, ["changed", why]).at(property));
}

/// What a draft changes of the ways to the account.
fn changed_way_in(draft: &Draft<'_>) -> Option<&'static str> {
    let (stored, next) = (draft.detail, &draft.next);
    let doc = stored.map(|stored| &stored.doc);
    let external = |account: Option<&AccountFacts>| account.is_some_and(|account| account.external_auth);
    if next.secret.is_some() {
        return Some("password");
    }
    if external(next.account.as_ref()) != external(stored_account(draft)) {
        return Some("externalAuth");
    }
    WAYS_IN.into_iter().find(|name| next.doc.get(*name) != doc.and_then(|doc| doc.get(*name)))
}

fn stored_account<'a>(draft: &Draft<'a>) -> Option<&'a AccountFacts> {
    draft.detail.and_then(|stored| stored.account.as_ref())
}

/// An address that codes are mailed to stays while they are.
fn check_mailed_codes(work: &mut Work<'_>, at: usize) {
    let Some(draft) = work.drafts.get(at) else { return };
    let Some(stored) =
        draft.detail.filter(|_| stored_account(draft).is_some_and(|account| account.mailed_codes))
    else {
        return;
    };
    let email = |doc: &Map<String, Value>| doc.get("email").and_then(Value::as_str).map(fold);
    let next = email(&draft.next.doc);
    if next.is_some() && next != email(&stored.doc) {
        work.fail(at, Fault::new(Code::E3052, []).at("email"));
    }
}

/// A user keeps at least one role; what was a missing property is E4055.
fn check_roles_left(work: &mut Work<'_>, at: usize, roles: EdgeNumber) -> Result<(), Box<Needs>> {
    let Some(draft) = work.drafts.get_mut(at) else { return Ok(()) };
    let missing = |fault: &Fault| fault.code == Code::E4000 && fault.property.as_deref() == Some(ROLES);
    let told = draft.faults.iter().any(missing);
    draft.faults.retain(|fault| !missing(fault));
    let (id, is_new) = (draft.id, draft.is_new());
    let edited = draft.item.edits.contains_key(ROLES);
    let other_fault = draft.faults.iter().any(|fault| fault.property.as_deref() == Some(ROLES));
    if !is_new && edited {
        tell_stored(work, roles, id)?;
    }
    let none_left = edited && !other_fault && work.rows.targets(roles, id).is_empty();
    if told || none_left {
        work.fail(at, Fault::new(Code::E4055, []).at(ROLES));
    }
    Ok(())
}

/// Makes all stored rows of a source known, those that edits of members did not load.
pub(super) fn tell_stored(work: &mut Work<'_>, edge: EdgeNumber, source: ObjectId) -> Result<(), Box<Needs>> {
    if work.rows.is_whole(edge, source) {
        return Ok(());
    }
    let stored = work.ask.targets((edge, source));
    work.ask.settled()?;
    for row in stored.into_iter().flatten() {
        work.rows.stored(*row);
    }
    work.rows.told_whole(edge, source);
    Ok(())
}

/// The authorities a user has as stored.
pub(super) fn stored_authorities(
    work: &Work<'_>,
    roles: EdgeNumber,
    user: ObjectId,
) -> Result<Authorities, Box<Needs>> {
    let rows = work.ask.targets((roles, user));
    work.ask.settled()?;
    // All at once: a question for each would be a round for each.
    for row in rows.into_iter().flatten() {
        work.ask.details(row.target);
    }
    let mut names = BTreeSet::new();
    for row in rows.into_iter().flatten() {
        names.extend(role_authorities(work, row.target)?);
    }
    Ok(names.into_iter().collect())
}

/// What a role gives: as this import leaves it, or as stored.
pub(super) fn role_authorities(work: &Work<'_>, role: ObjectId) -> Result<Vec<String>, Box<Needs>> {
    let draft = work.by_id.get(&role).and_then(|at| work.drafts.get(*at));
    let mut names = draft.map(|draft| texts(draft.next.doc.get("authorities"))).unwrap_or_default();
    if !draft.is_some_and(crate::import::plan::Draft::is_new) {
        let detail = work.ask.details(role);
        work.ask.settled()?;
        if let Some(Some(detail)) = detail {
            names.extend(texts(detail.doc.get("authorities")));
        }
    }
    Ok(names)
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// Whoever is managed has no authority that the manager lacks, and is in a group the manager's groups
/// manage where that is all the manager may.
fn check_managed(work: &mut Work<'_>, at: usize, roles: EdgeNumber) -> Result<(), Box<Needs>> {
    let caller = work.context.caller;
    let Some(draft) = work.drafts.get(at) else { return Ok(()) };
    if caller.is_superuser() {
        return Ok(());
    }
    let (id, is_new, uid, action) = (draft.id, draft.is_new(), draft.uid, draft.action);
    if !is_new && draft.head.is_some() {
        let theirs = stored_authorities(work, roles, id)?;
        if !caller.authorities.includes(&theirs) {
            work.fail(at, Fault::new(Code::E3020, [&caller.username, uid.as_str()]));
            return Ok(());
        }
    }
    let unlimited = if action == Action::Delete { DELETE } else { ADD };
    if !caller.authorities.has(unlimited) && !is_in_managed_group(work, id, is_new)? {
        work.fail(at, Fault::new(Code::E3020, [&caller.username, uid.as_str()]));
    }
    Ok(())
}

fn is_in_managed_group(work: &Work<'_>, user: ObjectId, is_new: bool) -> Result<bool, Box<Needs>> {
    let (Some(groups), Some(managed)) = (edge(work, GROUPS), managed_edge(work)) else { return Ok(false) };
    let mut mine = Vec::new();
    for group in &work.context.caller.groups {
        mine.push(work.ask.objects(("userGroup", *group)).copied().flatten());
    }
    let theirs: Vec<ObjectId> = if is_new {
        work.rows.sources(groups, user)
    } else {
        work.ask.sources((groups, user)).into_iter().flatten().map(|row| row.source).collect()
    };
    work.ask.settled()?;
    let mut managing = Vec::new();
    for group in mine.into_iter().flatten() {
        managing.extend(work.ask.targets((managed, group)).into_iter().flatten().map(|row| row.target));
    }
    work.ask.settled()?;
    Ok(theirs.iter().any(|group| managing.contains(group)))
}

fn managed_edge(work: &Work<'_>) -> Option<EdgeNumber> {
    let kind = work.context.registry.kind("userGroup")?;
    kind.property("managedGroups").and_then(Property::edge).map(|(edge, _)| edge)
}

/// Every role given, from whichever end: the caller has all its authorities and does not hold it itself.
fn check_granted(work: &mut Work<'_>, roles: EdgeNumber) -> Result<(), Box<Needs>> {
    let caller = work.context.caller;
    if caller.is_superuser() {
        return Ok(());
    }
    let (gone, come) = work.rows.difference();
    let given = come.iter().map(|row| (row, true));
    let taken = gone.iter().map(|row| (row, false));
    for (row, is_given) in given.chain(taken).filter(|(row, _)| row.edge == roles) {
        let Some(at) = work.by_id.get(&row.source).or_else(|| work.by_id.get(&row.target)).copied() else {
            continue;
        };
        // Through the role's end the user itself is no draft, and must be one the caller may manage.
        if !work.by_id.contains_key(&row.source) {
            let theirs = stored_authorities(work, roles, row.source)?;
            if !caller.authorities.includes(&theirs) || !caller.authorities.has(ADD) {
                work.fail(at, Fault::new(Code::E3020, [&caller.username, "in this role"]));
            }
        }
        if !is_given {
            continue;
        }
        let authorities: Authorities = role_authorities(work, row.target)?.into_iter().collect();
        let uid = match work.by_id.get(&row.target).and_then(|at| work.drafts.get(*at)) {
            Some(draft) => Some(draft.uid),
            None => {
                let head = work.ask.heads(row.target);
                work.ask.settled()?;
                head.and_then(Option::as_ref).map(|head| head.uid)
            }
        };
        let Some(uid) = uid else { continue };
        let own = caller.roles.contains(&uid) && !work.context.may_grant_own_roles;
        if own || !caller.authorities.includes(&authorities) {
            work.fail(at, Fault::new(Code::E3003, [&caller.username, uid.as_str()]).at(ROLES));
        }
    }
    Ok(())
}
