//! The decided drafts as rows to write and a report to answer.

use std::collections::{BTreeSet, HashSet};

use kibali_model::{ClientAuthentication, ObjectId};
use serde_json::Value;

use super::{Action, Draft, Outcome, Plan, Work};
use crate::import::changes::{AccountRow, Changes, ClientRow, Keeping, ObjectRow, SecretWork, Topic};
use crate::import::params::{AtomicMode, ImportMode, ReportMode};
use crate::import::report::{ErrorReport, ImportReport, ObjectReport, Stats, Status, TypeReport, Warning};

/// Which changes of a kind's objects other nodes must hear of.
const TOPICS: [(&str, Topic); 6] = [
    ("user", Topic::User),
    ("userRole", Topic::Role),
    ("userGroup", Topic::Group),
    ("oAuth2Client", Topic::Client),
    ("organisationUnit", Topic::Unit),
    ("dataSet", Topic::DataSet),
];

/// Above this many users whose memberships change, everybody's are forgotten at once.
const NOTICES: usize = 1000;

fn topic_of(kind: &str) -> Option<Topic> {
    TOPICS.iter().find(|(name, _)| *name == kind).map(|(_, topic)| *topic)
}

impl Work<'_> {
    /// Ends the planning.
    pub(super) fn emit(mut self, warnings: &[Warning]) -> Plan {
        let failed = self.drafts.iter().any(|draft| !draft.faults.is_empty());
        let atomic = self.context.params.atomic == AtomicMode::All;
        let stopped = failed && atomic;
        let report = self.report(stopped, warnings);
        let outcomes = self.drafts.iter().map(outcome).collect();
        let writes = !stopped && self.context.params.mode == ImportMode::Commit;
        let changes = if writes { self.changes() } else { Changes::default() };
        Plan { report, changes, outcomes }
    }

    fn report(&self, stopped: bool, warnings: &[Warning]) -> ImportReport {
        let mut report = ImportReport { warnings: warnings.to_vec(), ..ImportReport::default() };
        for kind in self.context.registry.kinds() {
            let drafts: Vec<&Draft<'_>> =
                self.drafts.iter().filter(|draft| draft.item.kind.singular == kind.singular).collect();
            if drafts.is_empty() {
                continue;
            }
            let mut stats = Stats::default();
            for draft in &drafts {
                stats.add(fate(draft));
            }
            if stopped {
                stats = stats.all_ignored();
            }
            report.stats.add(stats);
            let full = self.context.params.report == ReportMode::Full;
            let objects = drafts.iter().filter(|draft| full || !draft.faults.is_empty());
            report.type_reports.push(TypeReport {
                klass: kind.klass,
                stats,
                object_reports: objects.map(|draft| object_report(draft)).collect(),
            });
        }
        let failed = self.drafts.iter().any(|draft| !draft.faults.is_empty());
        report.status = match (failed, stopped) {
            (false, _) => Status::Ok,
            (true, true) => Status::Error,
            (true, false) => Status::Warning,
        };
        report
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes { by: self.context.caller.uid.to_string(), ..Changes::default() };
        let mut notices: BTreeSet<(Topic, Option<ObjectId>)> = BTreeSet::new();
        let mut secrets = std::mem::take(&mut self.secrets);
        for draft in self.live().map(|(_, draft)| draft) {
            notices.extend(topic_of(draft.item.kind.singular).map(|topic| (topic, Some(draft.id))));
            if let Some(head) = draft.head {
                changes.expected.push((head.id, head.version));
            }
            if draft.action == Action::Delete {
                continue;
            }
            let row = object_row(draft, self.context);
            if draft.is_new() {
                changes.created.push(row)
            } else {
                changes.updated.push(row)
            }
            side_rows(draft, &mut changes, &mut secrets);
        }
        changes.secrets = secrets;
        self.made.add_to(&mut changes, self.context);
        changes.deleted.extend(self.removal.objects.iter().copied());
        changes.unlinked = std::mem::take(&mut self.removal.unlinked);
        changes.keys_freed = std::mem::take(&mut self.keys_freed);
        changes.keys_taken = std::mem::take(&mut self.keys_taken);
        changes.planted = std::mem::take(&mut self.planted);
        changes.moved = std::mem::take(&mut self.moved);
        for (id, doc) in std::mem::take(&mut self.removal.documents) {
            if let (Some(Some(head)), Some(Some(detail))) = (self.ask.heads(id), self.ask.details(id)) {
                changes.expected.push((head.id, head.version));
                changes.updated.push(ObjectRow {
                    id,
                    kind: head.kind,
                    uid: head.uid,
                    code: head.code.clone(),
                    name: head.name.clone(),
                    created: detail.created.unwrap_or(self.context.now),
                    created_by: detail.created_by.clone(),
                    doc,
                    sharing: None,
                    translations: None,
                    attributes: None,
                });
            }
        }
        self.emit_references(&mut changes, &mut notices);
        changes.notices = notices.into_iter().collect();
        changes
    }

    fn emit_references(&self, changes: &mut Changes, notices: &mut BTreeSet<(Topic, Option<ObjectId>)>) {
        let (gone, come) = self.rows.difference();
        let new: HashSet<ObjectId> = changes.created.iter().map(|row| row.id).collect();
        let mut users = BTreeSet::new();
        for row in gone.iter().chain(&come) {
            let Some(edge) = self.context.registry.edge(row.edge) else { continue };
            for (kind, object) in [(edge.source.kind, row.source), (edge.target.kind, row.target)] {
                if topic_of(kind) == Some(Topic::User) {
                    users.insert(object);
                }
            }
        }
        if users.len() > NOTICES {
            notices.insert((Topic::User, None));
        } else {
            notices.extend(users.into_iter().map(|user| (Topic::User, Some(user))));
        }
        let referenced: BTreeSet<ObjectId> = come
            .iter()
            .flat_map(|row| [row.source, row.target])
            .filter(|object| !new.contains(object))
            .collect();
        changes.referenced = referenced.into_iter().collect();
        changes.unlinks = gone;
        changes.links = come;
    }
}

fn outcome(draft: &Draft<'_>) -> Outcome {
    Outcome {
        kind: draft.item.kind.singular,
        uid: draft.uid,
        id: draft.id,
        action: draft.action,
        faults: draft.faults.clone(),
        members_added: draft.members_added,
        members_removed: draft.members_removed,
    }
}

fn fate(draft: &Draft<'_>) -> Stats {
    let mut stats = Stats { total: 1, ..Stats::default() };
    match (draft.faults.is_empty(), draft.action) {
        (false, _) => stats.ignored = 1,
        (true, Action::Create) => stats.created = 1,
        (true, Action::Update) => stats.updated = 1,
        (true, Action::Delete) => stats.deleted = 1,
    }
    stats
}

/// The report of one object, named as the payload named it.
fn object_report(draft: &Draft<'_>) -> ObjectReport {
    let klass = draft.item.kind.klass;
    let uid = draft.item.id.clone().unwrap_or_else(|| draft.uid.to_string());
    ObjectReport {
        klass,
        index: Some(draft.item.index),
        error_reports: draft.faults.iter().map(|fault| ErrorReport::new(fault, klass, Some(&uid))).collect(),
        uid,
        display_name: draft.next.name.clone(),
    }
}

fn object_row(draft: &Draft<'_>, context: &super::Context<'_>) -> ObjectRow {
    let creator = || Some(context.caller.uid.to_string());
    ObjectRow {
        id: draft.id,
        kind: draft.item.kind.singular,
        uid: draft.uid,
        code: draft.next.code.clone(),
        name: draft.next.name.clone(),
        created: draft.next.created.unwrap_or(context.now),
        created_by: draft.detail.map_or_else(creator, |detail| detail.created_by.clone()),
        doc: draft.next.doc.clone(),
        sharing: draft.next.sharing.clone(),
        translations: draft.next.translations.clone(),
        attributes: draft.next.attributes.clone().map(|values| values.into_iter().collect()),
    }
}

fn side_rows(draft: &Draft<'_>, changes: &mut Changes, secrets: &mut Vec<SecretWork>) {
    if let Some(account) = &draft.next.account {
        changes.accounts.push(AccountRow {
            object: draft.id,
            username: account.username.clone(),
            disabled: account.disabled,
            expiry: account.expiry,
            external_auth: account.external_auth,
            email: draft.next.doc.get("email").and_then(Value::as_str).map(str::to_owned),
        });
    }
    if let Some(client) = &draft.next.client {
        let before = draft.detail.and_then(|detail| detail.client.as_ref());
        changes.clients.push(ClientRow {
            object: draft.id,
            client: client.clone(),
            forget_consents: before.is_some_and(|before| client.reaches_further_than(before)),
        });
        let keeping = match client.proves_by(ClientAuthentication::SecretJwt) {
            true => Keeping::Sealed,
            false => Keeping::Verifier,
        };
        match &draft.next.secret {
            Some(secret) => secrets.push(SecretWork::ClientSecret(draft.id, secret.clone(), keeping)),
            None if draft.is_new() && client.has_secret() => {
                secrets.push(SecretWork::NewClientSecret(draft.id, keeping));
            }
            None => {}
        }
    } else if let Some(password) = &draft.next.secret {
        secrets.push(SecretWork::Password(draft.id, password.clone()));
    }
}
