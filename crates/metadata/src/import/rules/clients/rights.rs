//! Nobody grows by editing a client (rules of the door 4).

use std::collections::BTreeSet;

use kibali_model::{GrantType, ObjectId};

use super::super::users;
use super::named;
use crate::client::{Registration, refused};
use crate::import::facts::Needs;
use crate::import::plan::Work;
use crate::import::{Code, Fault};
use crate::kind::{ClientColumn, EdgeNumber, Property};

/// The property that names the user a client acts as.
const ACTS_AS: &str = "actsAs";
/// Grants by which a client gets tokens that no person asked for at that moment.
const ALONE: [GrantType; 3] = [GrantType::ClientCredentials, GrantType::DeviceCode, GrantType::TokenExchange];

/// Whom a client acts as, as stored and as it will be.
struct Binding {
    at: usize,
    before: Option<ObjectId>,
    after: Option<ObjectId>,
}

/// Writes down who binds a client to a user, and refuses whoever lacks an authority for it.
pub(super) fn check(work: &mut Work<'_>, writing: &[usize]) -> Result<(), Box<Needs>> {
    let Some(edge) = acts_as(work) else { return Ok(()) };
    let bindings = bindings(work, edge, writing)?;
    for binding in &bindings {
        bind(work, binding);
        alone(work, binding);
    }
    if work.context.caller.is_superuser() {
        return Ok(());
    }
    let users: BTreeSet<ObjectId> =
        bindings.iter().flat_map(|binding| [binding.before, binding.after]).flatten().collect();
    let greater = greater_than_caller(work, &users)?;
    for binding in &bindings {
        for user in
            [binding.before, binding.after].into_iter().flatten().filter(|user| greater.contains(user))
        {
            let uid = uid_of(work, user);
            work.fail(binding.at, Fault::new(Code::E3020, [&work.context.caller.username, &uid]).at(ACTS_AS));
        }
    }
    work.ask.settled()
}

fn acts_as(work: &Work<'_>) -> Option<EdgeNumber> {
    let kind = work.context.registry.kind("oAuth2Client")?;
    kind.property(ACTS_AS).and_then(Property::edge).map(|(edge, _)| edge)
}

fn bindings(work: &Work<'_>, edge: EdgeNumber, writing: &[usize]) -> Result<Vec<Binding>, Box<Needs>> {
    let drafts = writing.iter().filter_map(|at| work.drafts.get(*at).map(|draft| (*at, draft)));
    let mut bindings = Vec::new();
    for (at, draft) in drafts {
        let stored = if draft.is_new() { None } else { work.ask.targets((edge, draft.id)) };
        let before = stored.into_iter().flatten().next().map(|row| row.target);
        let after = match draft.item.edits.contains_key(ACTS_AS) {
            true => work.rows.targets(edge, draft.id).first().copied(),
            false => before,
        };
        bindings.push(Binding { at, before, after });
    }
    work.ask.settled()?;
    Ok(bindings)
}

fn client<'w>(work: &'w mut Work<'_>, at: usize) -> Option<&'w mut Registration> {
    work.drafts.get_mut(at)?.next.client.as_mut()
}

/// Whoever binds it answers for it at each token. Kibali's own hand, and that of whoever runs it, is nobody's.
fn bind(work: &mut Work<'_>, binding: &Binding) {
    let by = Some(work.context.caller.user).filter(|user| *user != ObjectId(0));
    if binding.before != binding.after
        && let Some(client) = client(work, binding.at)
    {
        client.bound_by = binding.after.and(by);
    }
}

/// What a client may get alone: only somebody with `ALL` allows it, and only as somebody.
fn alone(work: &mut Work<'_>, binding: &Binding) {
    let superuser = work.context.caller.is_superuser();
    let Some(draft) = work.drafts.get(binding.at) else { return };
    let before = draft.detail.and_then(|detail| detail.client.as_ref());
    let Some(next) = &draft.next.client else { return };
    let new_secret = draft.next.secret.is_some();
    let is_new = |grant| next.grants(grant) && !before.is_some_and(|before| before.grants(grant));
    let mut faults = Vec::new();
    let (grants, settings) = (named(work, ClientColumn::GrantTypes), named(work, ClientColumn::Settings));
    for grant in ALONE.into_iter().filter(|grant| !superuser && is_new(*grant)) {
        let why =
            format!("Only somebody with the authority ALL may allow a client the grant {}", grant.as_str());
        faults.push(refused(grants, &why));
    }
    let more = |client: &String| !before.is_some_and(|before| before.exchanges_for.contains(client));
    if !superuser && next.exchanges_for.iter().any(more) {
        let why = "Only somebody with the authority ALL may let a client exchange the tokens of others";
        faults.push(refused("exchangesFor", why));
    }
    let asked = before.is_none_or(|before| before.settings.require_consent);
    if !superuser && asked && !next.settings.require_consent {
        let why = "Only somebody with the authority ALL may let a client go without the consent of people \
                   (settings.client.require-authorization-consent)";
        faults.push(refused(settings, why));
    }
    let unasked = before.is_some_and(|before| !before.settings.require_consent);
    let reaches = before.is_some_and(|before| next.may_be_taken_over_from(before)) || new_secret;
    if !superuser && unasked && !next.settings.require_consent && reaches {
        let why = "This client goes without the consent of people; only somebody with the authority ALL may change \
                   where it sends them, what it asks for or how it proves itself, or let it ask them again first";
        faults.push(refused(settings, why));
    }
    if is_new(GrantType::ClientCredentials) && binding.after.is_none() {
        let why = "A client that uses client_credentials acts as a user: name one in `actsAs`";
        faults.push(refused(ACTS_AS, why));
    }
    for fault in faults {
        work.fail(binding.at, fault);
    }
}

/// Those of these users who have an authority that the caller has not.
fn greater_than_caller(
    work: &Work<'_>,
    users: &BTreeSet<ObjectId>,
) -> Result<BTreeSet<ObjectId>, Box<Needs>> {
    let Some(roles) = users::edge(work, users::ROLES) else { return Ok(BTreeSet::new()) };
    // All at once: a question for each would be a round for each.
    let held: Vec<_> = users.iter().map(|user| work.ask.targets((roles, *user))).collect();
    work.ask.settled()?;
    for row in held.into_iter().flatten().flatten() {
        work.ask.details(row.target);
    }
    work.ask.settled()?;
    let mut greater = BTreeSet::new();
    for user in users {
        let stored = users::stored_authorities(work, roles, *user)?;
        let mut theirs: Vec<String> = stored.iter().map(str::to_owned).collect();
        for role in work.rows.targets(roles, *user) {
            theirs.extend(users::role_authorities(work, role)?);
        }
        if !work.context.caller.authorities.includes(&theirs.into_iter().collect()) {
            greater.insert(*user);
        }
    }
    Ok(greater)
}

fn uid_of(work: &Work<'_>, user: ObjectId) -> String {
    match work.by_id.get(&user).and_then(|at| work.drafts.get(*at)) {
        Some(draft) => draft.uid.to_string(),
        None => {
            work.ask.heads(user).and_then(Option::as_ref).map(|head| head.uid.to_string()).unwrap_or_default()
        }
    }
}
