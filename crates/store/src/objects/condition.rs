//! Conditions and sort keys as SQL.

use kibali_metadata::Registry;
use kibali_metadata::kind::{End, Kind};
use kibali_metadata::read::{
    Comparison, How, IntKey, Predicate, Scalar, SortKey, SortTerm, Step, Test, TextKey,
};

use super::Visibility;
use super::compose::{Alias, ColumnOf, Sql};

/// What conditions need to know beside themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) registry: &'a Registry,
    pub(super) visibility: Visibility<'a>,
    pub(super) locale: Option<&'a str>,
}

/// Where a key's column stands: in the object's own row, or in a side table.
enum Stands {
    Own(&'static str),
    Side(&'static str, &'static str),
    Position(i64),
}

const fn text_column(key: TextKey) -> Stands {
    match key {
        TextKey::Uid => Stands::Own("uid"),
        TextKey::Code => Stands::Own("code"),
        TextKey::Name => Stands::Own("name"),
        TextKey::CreatedBy => Stands::Own("created_by"),
        TextKey::UpdatedBy => Stands::Own("updated_by"),
        TextKey::Username => Stands::Side("account", "username"),
        TextKey::TwoFactorType => Stands::Side("account", "two_factor_type"),
        TextKey::ClientId => Stands::Side("client", "client_id"),
        TextKey::Path => Stands::Side("tree", "path"),
    }
}

const fn folded_column(key: TextKey) -> Stands {
    match key {
        TextKey::Code => Stands::Own("code_key"),
        TextKey::Name => Stands::Own("name_key"),
        // Nothing else is kept folded; such tests are residual and never come here.
        other => text_column(other),
    }
}

const fn int_column(key: IntKey) -> Stands {
    match key {
        IntKey::Created => Stands::Own("created"),
        IntKey::Updated => Stands::Own("updated"),
        IntKey::Disabled => Stands::Side("account", "disabled"),
        IntKey::Expiry => Stands::Side("account", "expiry"),
        IntKey::ExternalAuth => Stands::Side("account", "external_auth"),
        IntKey::TwoFactor => Stands::Side("account", "two_factor"),
        IntKey::LastLogin => Stands::Side("account", "last_login"),
        IntKey::PasswordUpdated => Stands::Side("account", "password_updated"),
        IntKey::Level => Stands::Side("tree", "level"),
        IntKey::Position(edge) => Stands::Position(edge.0),
    }
}

/// Appends the value of a text column of `alias`.
pub(super) fn text_value(sql: &mut Sql, key: TextKey, alias: Alias) {
    value(sql, &text_column(key), alias);
}

/// Appends the value of a number column of `alias`.
pub(super) fn int_value(sql: &mut Sql, key: IntKey, alias: Alias) {
    value(sql, &int_column(key), alias);
}

fn value(sql: &mut Sql, stands: &Stands, alias: Alias) {
    match *stands {
        Stands::Own(column) => {
            sql.column(ColumnOf(alias, column));
        }
        Stands::Side(table, column) => {
            sql.push("(select t.").push(column).push(" from ").push(table).push(" t where t.object = ");
            sql.table(alias).push(".id)");
        }
        Stands::Position(edge) => {
            sql.push("(select min(r.position) from reference r where r.target = ").table(alias);
            sql.push(".id and r.edge = ").bind(edge).push(")");
        }
    }
}

/// Appends a condition on the object `alias` of `kind`. Residual conditions have become row numbers
/// before; one left over holds for nothing.
pub(super) fn condition(
    sql: &mut Sql,
    context: Context<'_>,
    kind: &Kind,
    predicate: &Predicate<'_>,
    alias: Alias,
) {
    match predicate {
        Predicate::All(all) => joined(sql, context, kind, all, alias, " and ", "1 = 1"),
        Predicate::Any(any) => joined(sql, context, kind, any, alias, " or ", "1 = 0"),
        Predicate::Text(key, test) => {
            let stands = if test.ignores_case() { folded_column(*key) } else { text_column(*key) };
            on_column(sql, &stands, alias, test);
        }
        Predicate::Int(key, test) => on_column(sql, &int_column(*key), alias, test),
        Predicate::Display(key, property, test) => match context.locale {
            None => condition(sql, context, kind, &Predicate::Text(*key, test.clone()), alias),
            Some(locale) => display(sql, locale, *key, property, test, alias),
        },
        Predicate::Attribute(uid, test) => attribute(sql, uid, test, alias),
        Predicate::Count(step, comparison, size) => counted(sql, *step, *comparison, *size, alias),
        Predicate::Through(step, target, inner) => {
            let (here, there) = ends(step.end);
            let other = sql.alias();
            sql.table(alias).push(".id in (select r.").push(here).push(" from object ").table(other);
            sql.push(" join reference r on r.")
                .push(there)
                .push(" = ")
                .table(other)
                .push(".id and r.edge = ");
            sql.bind(step.edge.0).push(" where ");
            targets(sql, context, target, inner, other);
            sql.push(")");
        }
        Predicate::NoneAt(step, ids) => {
            let (here, there) = ends(step.end);
            sql.push("not exists (select 1 from reference r where r.").push(here).push(" = ").table(alias);
            sql.push(".id and r.edge = ").bind(step.edge.0).push(" and r.").push(there).push(" in ");
            sql.ids(ids.iter().copied()).push(")");
        }
        Predicate::Person(key, target, inner) => {
            let other = sql.alias();
            text_value(sql, *key, alias);
            sql.push(" in (select ").table(other).push(".uid from object ").table(other).push(" where ");
            targets(sql, context, target, inner, other);
            sql.push(")");
        }
        Predicate::Subtree(uid) => {
            // Uids have one length, so everything from a path up to the path followed by the character
            // after the slash lies below it.
            sql.table(alias).push(".id in (select t.object from object y join tree p on p.object = y.id ");
            sql.push("join tree t on t.path >= p.path and t.path < p.path || '0' where y.kind = ");
            sql.bind(kind.singular).push(" and y.uid = ").bind(uid.as_str()).push(")");
        }
        Predicate::Ids(ids) => {
            sql.table(alias).push(".id in ").ids(ids.iter().copied());
        }
        Predicate::Residual(_) => {
            sql.push("1 = 0");
        }
    }
}

fn joined(
    sql: &mut Sql,
    context: Context<'_>,
    kind: &Kind,
    parts: &[Predicate<'_>],
    alias: Alias,
    by: &'static str,
    empty: &'static str,
) {
    sql.push("(");
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            sql.push(by);
        }
        condition(sql, context, kind, part, alias);
    }
    if parts.is_empty() {
        sql.push(empty);
    }
    sql.push(")");
}

/// Appends the condition on what a reference leads to: only what the caller may read, unless nothing but
/// its uid is asked, which every reference shows.
fn targets(sql: &mut Sql, context: Context<'_>, target: &Kind, inner: &Predicate<'_>, other: Alias) {
    sql.table(other).push(".kind = ").bind(target.singular).push(" and ");
    condition(sql, context, target, inner, other);
    if !inner.only_uid() {
        sql.push(" and ");
        context.visibility.readable(sql, context.registry, target, other);
    }
}

fn on_column(sql: &mut Sql, stands: &Stands, alias: Alias, test: &Test) {
    match *stands {
        Stands::Own(column) => tested(sql, ColumnOf(alias, column), test),
        Stands::Side(table, column) => {
            let side = sql.alias();
            sql.table(alias).push(".id in (select ").table(side).push(".object from ").push(table).push(" ");
            sql.table(side).push(" where ");
            tested(sql, ColumnOf(side, column), test);
            sql.push(")");
        }
        Stands::Position(edge) => {
            let side = sql.alias();
            let not = if *test == Test::Null { " not in" } else { " in" };
            sql.table(alias)
                .push(".id")
                .push(not)
                .push(" (select ")
                .table(side)
                .push(".target from reference ");
            sql.table(side).push(" where ").table(side).push(".edge = ").bind(edge);
            if !matches!(test, Test::Null | Test::NotNull) {
                sql.push(" and ");
                tested(sql, ColumnOf(side, "position"), test);
            }
            sql.push(")");
        }
    }
}

fn display(sql: &mut Sql, locale: &str, key: TextKey, property: &str, test: &Test, alias: Alias) {
    let side = sql.alias();
    let column = if test.ignores_case() { "value_key" } else { "value" };
    sql.push("(").table(alias).push(".id in (select ").table(side).push(".object from translation ");
    sql.table(side).push(" where ").table(side).push(".locale = ").bind(locale).push(" and ").table(side);
    sql.push(".property = ").bind(property).push(" and ");
    tested(sql, ColumnOf(side, column), test);
    sql.push(") or (not exists (select 1 from translation t where t.object = ").table(alias);
    sql.push(".id and t.locale = ").bind(locale).push(" and t.property = ").bind(property).push(") and ");
    let stands = if test.ignores_case() { folded_column(key) } else { text_column(key) };
    on_column(sql, &stands, alias, test);
    sql.push("))");
}

fn attribute(sql: &mut Sql, uid: &str, test: &Test, alias: Alias) {
    let side = sql.alias();
    let column = if test.ignores_case() { "value_key" } else { "value" };
    let not = if *test == Test::Null { " not in" } else { " in" };
    sql.table(alias).push(".id").push(not).push(" (select ").table(side).push(".object from object y ");
    sql.push("join attribute_value ").table(side).push(" on ").table(side).push(".attribute = y.id ");
    sql.push("where y.kind = 'attribute' and y.uid = ").bind(uid);
    if !matches!(test, Test::Null | Test::NotNull) {
        sql.push(" and ");
        tested(sql, ColumnOf(side, column), test);
    }
    sql.push(")");
}

const fn ends(end: End) -> (&'static str, &'static str) {
    match end {
        End::Source => ("source", "target"),
        End::Target => ("target", "source"),
    }
}

fn counted(sql: &mut Sql, step: Step, comparison: Comparison, size: i64, alias: Alias) {
    let (here, _) = ends(step.end);
    let existence = match (comparison, size) {
        (Comparison::Equal, 0) => Some("not exists (select 1"),
        (Comparison::Greater, 0) => Some("exists (select 1"),
        _ => None,
    };
    sql.push(existence.unwrap_or("(select count(*)")).push(" from reference r where r.").push(here);
    sql.push(" = ").table(alias).push(".id and r.edge = ").bind(step.edge.0).push(")");
    if existence.is_none() {
        sql.push(sign(comparison)).bind(size);
    }
}

const fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}

/// Appends the test of a column. As in Rust, no test but *null* holds for null.
fn tested(sql: &mut Sql, column: ColumnOf, test: &Test) {
    match test {
        Test::Null => {
            sql.column(column).push(" is null");
        }
        Test::NotNull => {
            sql.column(column).push(" is not null");
        }
        Test::Compare(comparison, value) => {
            sql.column(column).push(sign(*comparison));
            match value {
                Scalar::Int(value) => sql.bind(*value),
                Scalar::Text(value) => sql.bind(value.as_str()),
                // No column holds fractions.
                Scalar::Float(_) => sql.push("null"),
            };
        }
        Test::In { values, negated } => {
            sql.column(column).push(if *negated { " not in " } else { " in " });
            let numbers = values.iter().filter_map(|value| match value {
                Scalar::Int(number) => Some(*number),
                _ => None,
            });
            let texts = values.iter().filter_map(|value| match value {
                Scalar::Text(text) => Some(text.as_str()),
                _ => None,
            });
            match values.first() {
                Some(Scalar::Int(_)) => sql.numbers(numbers),
                _ => sql.texts(texts),
            };
        }
        Test::Match { how, value, negated, .. } => {
            sql.push(if *negated { "not (" } else { "(" });
            match how {
                How::Contains => {
                    sql.find(column, value).push(" > 0");
                }
                How::Starts => {
                    sql.push("substr(").column(column).push(", 1, length(").bind(value.as_str());
                    let place = sql.last();
                    sql.push(")) = ").again(place);
                }
                How::Ends => {
                    sql.push("length(").column(column).push(") >= length(").bind(value.as_str());
                    let place = sql.last();
                    sql.push(") and substr(").column(column).push(", length(").column(column);
                    sql.push(") - length(").again(place).push(") + 1) = ").again(place);
                }
                // Words are always residual.
                How::Whole | How::Words => {
                    sql.column(column).push(" = ").bind(value.as_str());
                }
            }
            sql.push(")");
        }
    }
}

/// Appends the value a list is sorted by.
pub(super) fn sort_value(sql: &mut Sql, context: Context<'_>, term: &SortTerm<'_>, alias: Alias) {
    match term {
        SortTerm::Text(key) => text_value(sql, *key, alias),
        SortTerm::Folded(key) => value(sql, &folded_column(*key), alias),
        SortTerm::Int(key) => int_value(sql, *key, alias),
        SortTerm::Display(key, property, fold) => {
            let base = if *fold { folded_column(*key) } else { text_column(*key) };
            let Some(locale) = context.locale else { return value(sql, &base, alias) };
            let column = if *fold { "value_key" } else { "value" };
            sql.push("coalesce((select t.").push(column).push(" from translation t where t.object = ");
            sql.table(alias).push(".id and t.locale = ").bind(locale).push(" and t.property = ");
            sql.bind(*property).push("), ");
            value(sql, &base, alias);
            sql.push(")");
        }
        SortTerm::Residual(..) => {
            sql.push("null");
        }
    }
}

/// The direction of a key: absent values last when rising, first when falling.
pub(super) fn direction(key: &SortKey<'_>) -> &'static str {
    match (&key.term, key.descending) {
        // Never absent; saying so would keep the index out.
        (SortTerm::Text(TextKey::Uid), false) => "",
        (SortTerm::Text(TextKey::Uid), true) => " desc",
        (_, false) => " nulls last",
        (_, true) => " desc nulls first",
    }
}
