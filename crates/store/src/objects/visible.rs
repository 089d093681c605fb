//! Which objects a caller may read (web-api reference 3.6), as SQL.
//!
//! A list is *public ∪ owned ∪ granted*, each branch driven by its own index, never a probe per object of
//! the kind. What a reference leads to is probed by primary key, one object each: there are only as many as
//! the answer emits.

use kibali_metadata::Registry;
use kibali_metadata::kind::{AccessRule, Kind};
use kibali_model::{Credential, Principal};

use super::compose::{Alias, Sql};

/// Whose eyes a read looks through. There is no read without one.
#[derive(Debug, Clone, Copy)]
pub struct Visibility<'p>(Eyes<'p>);

#[derive(Debug, Clone, Copy)]
enum Eyes<'p> {
    Caller(&'p Principal),
    Exporter(&'p Principal),
    All,
}

/// The proof that a read of everything was meant. Nobody makes one up:
///
/// ```compile_fail
/// let proof = kibali_store::objects::Administrative(());
/// ```
///
/// and nothing is read without one or a caller:
///
/// ```compile_fail
/// let everything = kibali_store::objects::everything();
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Administrative(());

impl Administrative {
    /// For a caller who holds `ALL`, or for Kibali's own work.
    #[must_use]
    pub fn prove(principal: &Principal) -> Option<Self> {
        (principal.is_superuser() || principal.credential == Credential::System).then_some(Self(()))
    }
}

/// What `principal` may read.
#[must_use]
pub const fn visible_to(principal: &Principal) -> Visibility<'_> {
    Visibility(Eyes::Caller(principal))
}

/// What `principal` may export: as [`visible_to`], and `F_METADATA_EXPORT` opens every kind (web-api
/// reference 5.5). Sharing holds all the same.
#[must_use]
pub fn exportable_by(principal: &Principal) -> Visibility<'_> {
    let opens = principal.authorities.has("F_METADATA_EXPORT");
    Visibility(if opens { Eyes::Exporter(principal) } else { Eyes::Caller(principal) })
}

/// Everything, for who has the proof.
#[must_use]
pub const fn everything(_: Administrative) -> Visibility<'static> {
    Visibility(Eyes::All)
}

/// One source of a list's objects. The branches of a kind share no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// All of the kind.
    Whole,
    /// What everybody may read.
    Public,
    /// Private objects of the caller.
    Owned,
    /// Private objects of others, given to the caller or to a group.
    Granted,
    /// All of the kind but those that reference something unreadable.
    AllOf(&'static str),
}

impl Visibility<'static> {
    /// For questions about uids alone, which every reference shows.
    pub(super) const fn of_uids() -> Self {
        Self(Eyes::All)
    }
}

impl<'p> Visibility<'p> {
    /// May objects of this kind be read at all?
    #[must_use]
    pub fn may_read_kind(self, kind: &Kind) -> bool {
        match self.0 {
            Eyes::All | Eyes::Exporter(_) => true,
            Eyes::Caller(caller) => caller.authorities.has_any(kind.authorities.read),
        }
    }

    /// The caller, unless everything is seen anyway.
    fn restricted(self) -> Option<&'p Principal> {
        match self.0 {
            Eyes::Caller(caller) | Eyes::Exporter(caller) if !caller.is_superuser() => Some(caller),
            _ => None,
        }
    }

    /// The caller.
    pub(super) const fn caller(self) -> Option<&'p Principal> {
        match self.0 {
            Eyes::Caller(caller) | Eyes::Exporter(caller) => Some(caller),
            Eyes::All => None,
        }
    }

    /// Where the list of a kind comes from; nowhere when the kind may not be read.
    pub(super) fn branches(self, kind: &Kind) -> Vec<Branch> {
        if !self.may_read_kind(kind) {
            return Vec::new();
        }
        match (self.restricted(), kind.access) {
            (None, _) | (Some(_), AccessRule::None) => vec![Branch::Whole],
            (Some(_), AccessRule::Sharing) => vec![Branch::Public, Branch::Owned, Branch::Granted],
            (Some(_), AccessRule::AllOf(property)) => vec![Branch::AllOf(property)],
        }
    }

    /// Appends `from … where …` of a branch; the objects are `o`.
    pub(super) fn from(self, sql: &mut Sql, registry: &Registry, kind: &'static str, branch: Branch) {
        let Some(caller) = self.restricted() else {
            sql.push("from object o where o.kind = ").bind(kind);
            return;
        };
        let me = caller.uid.as_str();
        match branch {
            Branch::Whole => {
                sql.push("from object o where o.kind = ").bind(kind);
            }
            Branch::Public => {
                sql.push("from object o where o.kind = ").bind(kind).push(" and o.public_read = 1");
            }
            Branch::Owned => {
                // The function keeps the engines off the index of public objects.
                sql.push("from object o where o.kind = ").bind(kind).push(" and o.owner_uid = ").bind(me);
                sql.push(" and coalesce(o.public_read, 0) = 0");
            }
            Branch::Granted => {
                // A cross join keeps SQLite from starting at the objects.
                sql.push("from (");
                granted(sql, caller);
                sql.push(") g cross join object o where o.id = g.object and o.kind = ").bind(kind);
                sql.push(" and coalesce(o.public_read, 0) = 0 and (o.owner_uid is null or o.owner_uid <> ");
                sql.bind(me).push(")");
            }
            Branch::AllOf(property) => {
                sql.push("from object o where o.kind = ").bind(kind);
                let edge = registry
                    .kind(kind)
                    .and_then(|kind| kind.property(property).map(|property| (kind, property)))
                    .and_then(|(kind, property)| {
                        let target = registry.kind(property.target()?)?;
                        Some((kind, property.edge()?.0, target))
                    });
                let Some((kind, edge, target)) = edge else { return };
                let other = sql.alias();
                sql.push(" and (o.uid in ").texts(kind.defaults.iter().map(|default| default.uid));
                sql.push(" or o.id not in (select r.source from object ").table(other);
                sql.push(" join reference r on r.target = ").table(other).push(".id and r.edge = ");
                sql.bind(edge.0).push(" where ").table(other).push(".kind = ").bind(target.singular);
                sql.push(" and ").table(other).push(".public_read = 0 and not ");
                self.readable(sql, registry, target, other);
                sql.push("))");
            }
        }
    }

    /// Appends a condition: may the object `alias` of this kind be read?
    pub(super) fn readable(self, sql: &mut Sql, registry: &Registry, kind: &Kind, alias: Alias) {
        if !self.may_read_kind(kind) {
            sql.push("(1 = 0)");
            return;
        }
        match (self.restricted(), kind.access) {
            (None, _) | (Some(_), AccessRule::None) => {
                sql.push("(1 = 1)");
            }
            (Some(caller), AccessRule::Sharing) => {
                sql.push("(").table(alias).push(".public_read = 1 or ").table(alias).push(".owner_uid = ");
                sql.bind(caller.uid).push(" or exists (select 1 from sharing s where s.object = ");
                sql.table(alias).push(".id and s.bits & 1 = 1 and ((s.grantee_kind = 0 and s.grantee_uid = ");
                sql.bind(caller.uid).push(") or (s.grantee_kind = 1 and s.grantee_uid in ");
                sql.texts(caller.groups.iter().map(kibali_model::Uid::as_str)).push("))))");
            }
            (Some(_), AccessRule::AllOf(property)) => {
                let edge = kind
                    .property(property)
                    .and_then(|property| Some((property.edge()?.0, registry.kind(property.target()?)?)));
                let Some((edge, target)) = edge else {
                    sql.push("(1 = 0)");
                    return;
                };
                let other = sql.alias();
                sql.push("(").table(alias).push(".uid in ");
                sql.texts(kind.defaults.iter().map(|default| default.uid));
                sql.push(" or not exists (select 1 from reference r join object ").table(other);
                sql.push(" on ").table(other).push(".id = r.target where r.source = ").table(alias);
                sql.push(".id and r.edge = ").bind(edge.0).push(" and not ");
                self.readable(sql, registry, target, other);
                sql.push("))");
            }
        }
    }
}

/// Appends the row numbers of what was given to the caller, by name or by group.
fn granted(sql: &mut Sql, caller: &Principal) {
    sql.push("select object from sharing where grantee_kind = 0 and grantee_uid = ").bind(caller.uid);
    sql.push(" and bits & 1 = 1 union select object from sharing where grantee_kind = 1 and grantee_uid in ");
    sql.texts(caller.groups.iter().map(kibali_model::Uid::as_str)).push(" and bits & 1 = 1");
}
