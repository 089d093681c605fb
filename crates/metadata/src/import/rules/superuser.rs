//! Somebody who can sign in holds `ALL` after every change: without, nobody could ever undo it.

use std::collections::BTreeSet;

use kibali_model::{Authorities, Closed, ObjectId, Timestamp};
use serde_json::{Map, Value};

use super::users::{self, texts};
use crate::import::facts::{AccountFacts, Needs};
use crate::import::plan::{Action, Draft, Work};
use crate::import::{Code, Fault};
use crate::kind::EdgeNumber;

/// How many users are looked at before the next are asked for: nearly always one of the first stays.
const LOOKED_AT: usize = 500;

/// What of a draft may take `ALL` from somebody.
enum Loss {
    /// The user is deleted, disabled or expired, as this word says.
    User(ObjectId, &'static str),
    /// The role gives `ALL` no more.
    Role(ObjectId),
    /// The user holds the role no more.
    Held(ObjectId, ObjectId),
}

impl Loss {
    /// What was tried, and why it may not be.
    const fn told(&self) -> [&'static str; 2] {
        match self {
            Self::User(_, tried) => [tried, "it is the last user with authority ALL"],
            Self::Role(_) => ["changed", "the last user with authority ALL has it from here"],
            Self::Held(..) => ["changed", "it would take it from the last user with authority ALL"],
        }
    }
}

/// Refuses what takes away the last enabled, unexpired user with `ALL`: a delete, an account closed or
/// ended, a role taken, a role emptied. Where there was none before, nothing is lost.
pub(super) fn keep_one(work: &mut Work<'_>) -> Result<(), Box<Needs>> {
    let Some(roles) = users::edge(work, users::ROLES) else { return Ok(()) };
    let losses = losses(work, roles);
    if losses.is_empty() {
        return Ok(());
    }
    let all_roles = work.ask.all_of("userRole");
    work.ask.settled()?;
    for role in all_roles.into_iter().flatten() {
        work.ask.details(*role);
    }
    work.ask.settled()?;
    let stored = all_roles.into_iter().flatten().copied().filter(|role| {
        work.ask.details(*role).and_then(Option::as_ref).is_some_and(|detail| gives_all(&detail.doc))
    });
    let before: BTreeSet<ObjectId> = stored.collect();
    let held: BTreeSet<(ObjectId, ObjectId)> = before
        .iter()
        .flat_map(|role| work.ask.sources((roles, *role)).into_iter().flatten())
        .map(|row| (row.source, row.target))
        .collect();
    work.ask.settled()?;
    // Who is told, should nobody be left: those whose change takes `ALL` from somebody who has it.
    let mut blamed = Vec::new();
    for (at, loss) in losses {
        let told = loss.told();
        let touched = held.iter().filter(|(user, role)| match loss {
            Loss::User(lost, _) => *user == lost,
            Loss::Role(lost) => *role == lost,
            Loss::Held(of, lost) => (*user, *role) == (of, lost),
        });
        let users: BTreeSet<ObjectId> = touched.map(|(user, _)| *user).collect();
        if first_open(work, users.into_iter(), stored_account)?.is_some() {
            blamed.push((at, told));
        }
    }
    if blamed.is_empty() || somebody_stays(work, roles, &before, held)? {
        return Ok(());
    }
    for (at, told) in blamed {
        work.fail(at, Fault::new(Code::E4030, told));
    }
    Ok(())
}

/// What the drafts may take away, each with its draft.
fn losses(work: &Work<'_>, roles: EdgeNumber) -> Vec<(usize, Loss)> {
    let now = work.context.now;
    let mut losses = Vec::new();
    for (at, draft) in work.live().filter(|(_, draft)| draft.head.is_some()) {
        let stored = draft.detail;
        match (draft.kind().singular, draft.action) {
            ("user", Action::Delete) => losses.push((at, Loss::User(draft.id, "deleted"))),
            ("user", _) => match closed(draft.next.account.as_ref(), now) {
                Some(Closed::Disabled) => losses.push((at, Loss::User(draft.id, "disabled"))),
                Some(Closed::Expired(_)) => losses.push((at, Loss::User(draft.id, "expired"))),
                None => {}
            },
            // A role that somebody holds is not deleted at all.
            ("userRole", Action::Update)
                if stored.is_some_and(|stored| gives_all(&stored.doc)) && !gives_all(&draft.next.doc) =>
            {
                losses.push((at, Loss::Role(draft.id)));
            }
            _ => {}
        }
    }
    let (gone, come) = work.rows.difference();
    let moved = |user, role| come.iter().any(|row| (row.edge, row.source, row.target) == (roles, user, role));
    for row in gone.iter().filter(|row| row.edge == roles && !moved(row.source, row.target)) {
        if let Some(at) = work.by_id.get(&row.source).or_else(|| work.by_id.get(&row.target)) {
            losses.push((*at, Loss::Held(row.source, row.target)));
        }
    }
    losses
}

/// Does an open account hold `ALL` afterwards? What that rests on must still be so when it is written, or
/// two superusers could put each other out at the same moment.
fn somebody_stays(
    work: &mut Work<'_>,
    roles: EdgeNumber,
    before: &BTreeSet<ObjectId>,
    mut held: BTreeSet<(ObjectId, ObjectId)>,
) -> Result<bool, Box<Needs>> {
    let (gone, come) = work.rows.difference();
    for row in gone.iter().filter(|row| row.edge == roles) {
        held.remove(&(row.source, row.target));
    }
    let mut after = before.clone();
    for (_, draft) in work.live().filter(|(_, draft)| draft.kind().singular == "userRole") {
        if draft.action != Action::Delete && gives_all(&draft.next.doc) {
            after.insert(draft.id);
            // Those who held it all along hold `ALL` with it now.
            let holders = work.ask.sources((roles, draft.id)).into_iter().flatten();
            held.extend(holders.filter(|row| !gone.contains(row)).map(|row| (row.source, row.target)));
        } else {
            after.remove(&draft.id);
        }
    }
    work.ask.settled()?;
    held.extend(come.iter().filter(|row| row.edge == roles).map(|row| (row.source, row.target)));
    held.retain(|(_, role)| after.contains(role));
    let users: BTreeSet<ObjectId> = held.iter().map(|(user, _)| *user).collect();
    let Some(stays) = first_open(work, users.into_iter(), next_account)? else { return Ok(false) };
    let role = held.iter().find(|(user, _)| *user == stays).map(|(_, role)| *role);
    let rests_on = [Some(stays), role].into_iter().flatten().filter(|object| live(work, *object).is_none());
    let heads: Vec<_> = rests_on.map(|object| work.ask.heads(object)).collect();
    work.ask.settled()?;
    work.made.expected.extend(heads.into_iter().flatten().flatten().map(|head| (head.id, head.version)));
    Ok(true)
}

/// The first of these users whose account is open.
fn first_open(
    work: &Work<'_>,
    mut users: impl Iterator<Item = ObjectId>,
    account: for<'w> fn(&'w Work<'_>, ObjectId) -> Option<&'w AccountFacts>,
) -> Result<Option<ObjectId>, Box<Needs>> {
    loop {
        let some: Vec<ObjectId> = users.by_ref().take(LOOKED_AT).collect();
        if some.is_empty() {
            return Ok(None);
        }
        for user in &some {
            account(work, *user);
        }
        work.ask.settled()?;
        let open = some.into_iter().find(|user| closed(account(work, *user), work.context.now).is_none());
        if open.is_some() {
            return Ok(open);
        }
    }
}

fn stored_account<'w>(work: &'w Work<'_>, user: ObjectId) -> Option<&'w AccountFacts> {
    work.ask.details(user)?.as_ref()?.account.as_ref()
}

fn next_account<'w>(work: &'w Work<'_>, user: ObjectId) -> Option<&'w AccountFacts> {
    match live(work, user) {
        Some(draft) if draft.action == Action::Delete => None,
        Some(draft) => draft.next.account.as_ref(),
        None => stored_account(work, user),
    }
}

fn live<'w, 'a>(work: &'w Work<'a>, object: ObjectId) -> Option<&'w Draft<'a>> {
    let at = work.by_id.get(&object).filter(|at| !work.left_out.contains_key(at))?;
    work.drafts.get(*at)
}

/// Why nobody can sign in with this account now; one that is not there is as one that is disabled.
fn closed(account: Option<&AccountFacts>, now: Timestamp) -> Option<Closed> {
    account.map_or(Some(Closed::Disabled), |account| Closed::at(now, account.disabled, account.expiry))
}

fn gives_all(doc: &Map<String, Value>) -> bool {
    texts(doc.get("authorities")).iter().any(|name| name == Authorities::ALL)
}
