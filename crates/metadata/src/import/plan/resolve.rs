//! What identifiers lead to, and whether the caller may know of it.

use kibali_model::ObjectId;

use super::{Action, Work};
use crate::acl::{self, Shared};
use crate::import::facts::Reference;
use crate::import::item::Ident;
use crate::import::params::{AtomicMode, Identifier};
use crate::import::{Code, Fault};
use crate::kind::{AccessRule, Property};

/// What an identifier in a payload leads to.
enum Found {
    Object(ObjectId),
    Nothing,
    /// An item of the payload that is left out because of its errors.
    LeftOut,
}

impl Work<'_> {
    /// The row numbers behind identifiers. Those that lead nowhere become faults of the draft.
    pub(super) fn resolve_all(
        &mut self,
        at: usize,
        property: &Property,
        idents: &[Ident],
        stored: &[Reference],
    ) -> Vec<ObjectId> {
        let Some(kind) = property.target() else { return Vec::new() };
        let mut found = Vec::with_capacity(idents.len());
        for ident in idents {
            let Some(object) = self.resolve_for(at, kind, ident, property.name) else { continue };
            if found.contains(&object) && property.ordered {
                let name = shown(ident);
                self.fail(at, Fault::new(Code::E5007, [&name, property.name]).at(property.name));
            } else if !found.contains(&object) {
                self.check_readable(at, property, object, ident, stored);
                found.push(object);
            }
        }
        found
    }

    pub(super) fn resolve_for(
        &mut self,
        at: usize,
        kind: &'static str,
        ident: &Ident,
        property: &str,
    ) -> Option<ObjectId> {
        match self.resolve(kind, ident)? {
            Found::Object(object) => Some(object),
            Found::LeftOut => None,
            Found::Nothing if self.context.params.atomic == AtomicMode::None => None,
            Found::Nothing => {
                let draft = self.drafts.get_mut(at)?;
                let name = format!("{} ({})", shown(ident), capital(kind));
                let holder = draft.uid.to_string();
                draft.fail(Fault::new(Code::E5002, [&name, &holder, property]).at(property));
                None
            }
        }
    }

    /// What an identifier leads to, by the chosen identifier only; `None` where that is not known yet.
    fn resolve(&self, kind: &'static str, ident: &Ident) -> Option<Found> {
        let draft = match self.context.params.identifier {
            Identifier::Uid => {
                let Some(uid) = ident.id.as_deref().and_then(|id| id.parse().ok()) else {
                    return Some(Found::Nothing);
                };
                match self.by_uid.get(&(kind, uid)) {
                    Some(at) => *at,
                    None => return self.ask.objects((kind, uid)).map(found),
                }
            }
            Identifier::Code => {
                let Some(code) = ident.code.clone() else {
                    // Descriptions name the system defaults by uid, and so may everybody.
                    let uid = ident.id.as_deref().filter(|id| {
                        self.context.registry.kind(kind).is_some_and(|kind| kind.is_default(id))
                    });
                    return match uid.and_then(|id| id.parse().ok()) {
                        Some(uid) => self.ask.objects((kind, uid)).map(found),
                        None => Some(Found::Nothing),
                    };
                };
                match self.by_code.get(&(kind, code.clone())) {
                    Some(at) => *at,
                    None => return self.ask.codes((kind, code)).map(found),
                }
            }
        };
        Some(match self.drafts.get(draft) {
            Some(new) if new.action == Action::Create && self.left_out.contains_key(&draft) => Found::LeftOut,
            Some(draft) => Found::Object(draft.id),
            None => Found::Nothing,
        })
    }

    /// E5008: what is referenced anew must be readable, where sharing decides that.
    pub(super) fn check_readable(
        &mut self,
        at: usize,
        property: &Property,
        object: ObjectId,
        ident: &Ident,
        stored: &[Reference],
    ) {
        let known = stored.iter().any(|row| row.target == object || row.source == object);
        if !known && !self.is_readable(property, object) {
            let (user, name) = (&self.context.caller.username, shown(ident));
            let fault = Fault::new(Code::E5008, [user, &name, property.name]).at(property.name);
            self.fail(at, fault);
        }
    }

    pub(super) fn is_readable(&self, property: &Property, object: ObjectId) -> bool {
        let caller = self.context.caller;
        if caller.is_superuser()
            || self
                .by_id
                .get(&object)
                .is_some_and(|at| self.drafts.get(*at).is_some_and(super::Draft::is_new))
        {
            return true;
        }
        let Some(kind) = property.target().and_then(|kind| self.context.registry.kind(kind)) else {
            return true;
        };
        if kind.access != AccessRule::Sharing {
            return true;
        }
        match self.ask.heads(object) {
            Some(Some(head)) => {
                let shared =
                    Shared { owner: head.owner.as_deref(), public: head.public, granted: head.granted };
                acl::may_read(kind, caller, shared)
            }
            _ => true,
        }
    }
}

fn found(id: &Option<ObjectId>) -> Found {
    id.map_or(Found::Nothing, Found::Object)
}

pub(super) fn shown(ident: &Ident) -> String {
    ident.id.clone().or_else(|| ident.code.clone()).unwrap_or_default()
}

fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
