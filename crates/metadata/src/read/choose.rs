//! Which items of a `fields` block name which properties (web-api reference 1.7).

use kibali_model::Uid;

use crate::kind::{Property, Storage};
use crate::language::{FieldItem, Fields, Preset, Transformer};

const IDENTIFIABLE: &[&str] = &["id", "name", "code", "created", "lastUpdated", "lastUpdatedBy"];
const NAMEABLE: &[&str] = &["id", "name", "shortName", "description", "code", "created", "lastUpdated"];

fn in_preset(property: &Property, preset: Preset) -> bool {
    match preset {
        Preset::All => true,
        Preset::Owner => property.owner,
        Preset::Persisted => property.persisted,
        Preset::Identifiable => IDENTIFIABLE.contains(&property.name),
        Preset::Nameable => NAMEABLE.contains(&property.name),
        Preset::Simple => property.is_simple(),
    }
}

fn may_show(property: &Property) -> bool {
    property.readable && property.storage != Storage::Secret
}

/// One name of a block, gathered from all items that say it.
pub(super) struct Choice<'r> {
    pub(super) named: Named<'r>,
    pub(super) transformers: Vec<Transformer>,
    pub(super) inner: Option<Fields>,
    /// Brought by a preset: an item of its own says more.
    preset: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Named<'r> {
    Property(usize, &'r Property),
    Attribute(Uid),
}

impl Named<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Property(_, property) => property.name,
            Self::Attribute(uid) => uid.as_str(),
        }
    }

    /// Properties come in the schema's order, attributes after them.
    const fn place(&self) -> usize {
        match self {
            Self::Property(place, _) => *place,
            Self::Attribute(_) => usize::MAX,
        }
    }
}

/// Which items of a block name which properties, presets spread out, excludes applied.
pub(super) fn choose<'r>(properties: &'r [Property], fields: &Fields) -> Vec<Choice<'r>> {
    let mut choices: Vec<Choice<'r>> = Vec::new();
    let only_excludes = fields.0.iter().all(|item| matches!(item, FieldItem::Exclude(_)));
    let everything = [FieldItem::Preset(Preset::All)];
    let implied: &[FieldItem] = if only_excludes { &everything } else { &[] };
    for item in fields.0.iter().chain(implied) {
        match item {
            FieldItem::Preset(preset) => {
                for (place, property) in properties.iter().enumerate() {
                    let named = Named::Property(place, property);
                    if may_show(property)
                        && in_preset(property, *preset)
                        && !choices
                            .iter()
                            .any(|choice| choice.named == named && choice.transformers.is_empty())
                    {
                        choices.push(Choice { named, transformers: Vec::new(), inner: None, preset: true });
                    }
                }
            }
            FieldItem::Field { name, transformers, inner } => {
                let Some(named) = find(properties, name) else { continue };
                merge(&mut choices, named, transformers, inner.as_ref());
            }
            FieldItem::Exclude(_) => {}
        }
    }
    for item in &fields.0 {
        let FieldItem::Exclude(path) = item else { continue };
        match path.split_first() {
            Some((first, [])) => choices.retain(|choice| choice.named.name() != first),
            Some((first, rest)) => {
                for choice in choices.iter_mut().filter(|choice| choice.named.name() == first) {
                    choice.inner.get_or_insert_default().0.push(FieldItem::Exclude(rest.to_vec()));
                }
            }
            None => {}
        }
    }
    choices.sort_by_key(|choice| choice.named.place());
    choices
}

fn find<'r>(properties: &'r [Property], name: &str) -> Option<Named<'r>> {
    let by_name = properties
        .iter()
        .enumerate()
        .find(|(_, property)| property.name == name && may_show(property))
        .map(|(place, property)| Named::Property(place, property));
    let takes_attributes = || properties.iter().any(|property| property.storage == Storage::AttributeValues);
    by_name.or_else(|| name.parse().ok().filter(|_| takes_attributes()).map(Named::Attribute))
}

fn merge<'r>(
    choices: &mut Vec<Choice<'r>>,
    named: Named<'r>,
    transformers: &[Transformer],
    inner: Option<&Fields>,
) {
    let same = choices
        .iter_mut()
        .find(|choice| choice.named == named && (choice.preset || choice.transformers == transformers));
    match same {
        Some(choice) if choice.preset => {
            choice.transformers = transformers.to_vec();
            choice.inner = inner.cloned();
            choice.preset = false;
        }
        Some(choice) => {
            if let Some(inner) = inner {
                choice.inner.get_or_insert_default().0.extend(inner.0.iter().cloned());
            }
        }
        None => choices.push(Choice {
            named,
            transformers: transformers.to_vec(),
            inner: inner.cloned(),
            preset: false,
        }),
    }
}
