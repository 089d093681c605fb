//! `/api/authorities`: every authority there is, with a name for people (web-api reference 3.5).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::named_lists;
use crate::Registry;
use crate::kind::Kind;

/// Authorities that belong to no kind, and those of kinds whose action does not name them well.
const NAMED: &[(&str, &str)] = &[
    ("ALL", "Everything"),
    ("F_ACCEPT_DATA_LOWER_LEVELS", "Accept data at lower levels"),
    ("F_APPROVE_DATA", "Approve data"),
    ("F_APPROVE_DATA_LOWER_LEVELS", "Approve data at lower levels"),
    ("F_CAPTURE_DATASTORE_UPDATE", "Update the capture data store"),
    ("F_DATAVALUE_ADD", "Add/update data value"),
    ("F_EDIT_EXPIRED", "Edit expired periods"),
    ("F_ENROLLMENT_CASCADE_DELETE", "Delete enrollment with its events"),
    ("F_EXPORT_DATA", "Export data"),
    ("F_GENERATE_MIN_MAX_VALUES", "Generate min-max values"),
    ("F_IGNORE_TRACKER_REQUIRED_VALUE_VALIDATION", "Leave required tracker values out"),
    ("F_IMPERSONATE_USER", "Impersonate user"),
    ("F_INDICATOR_MERGE", "Merge indicators"),
    ("F_INDICATOR_TYPE_MERGE", "Merge indicator types"),
    ("F_INSERT_CUSTOM_JS_CSS", "Insert custom JavaScript and CSS"),
    ("F_LOCALE_ADD", "Add locale"),
    ("F_METADATA_EXPORT", "Export metadata"),
    ("F_METADATA_IMPORT", "Import metadata"),
    ("F_METADATA_MANAGE", "Manage metadata"),
    ("F_OAUTH2_CLIENT_MANAGE", "Manage OAuth2 clients"),
    ("F_ORGANISATIONUNITLEVEL_UPDATE", "Update organisation unit levels"),
    ("F_ORGANISATIONUNIT_MOVE", "Move organisation unit"),
    ("F_ORGANISATION_UNIT_MERGE", "Merge organisation units"),
    ("F_ORGANISATION_UNIT_SPLIT", "Split organisation unit"),
    ("F_ORG_UNIT_PROFILE_ADD", "Add organisation unit profile"),
    ("F_PERFORM_ANALYTICS_EXPLAIN", "Explain analytics queries"),
    ("F_PERFORM_MAINTENANCE", "Perform maintenance"),
    ("F_PREDICTOR_RUN", "Run predictors"),
    ("F_PREVIOUS_IMPERSONATOR_AUTHORITY", "Return from impersonation"),
    ("F_REPLICATE_USER", "Replicate user"),
    ("F_RUN_VALIDATION", "Run validation"),
    ("F_SEND_EMAIL", "Send email"),
    ("F_SKIP_DATA_IMPORT_AUDIT", "Import data without audit"),
    ("F_SYSTEM_SETTING", "Change system settings"),
    ("F_TEI_CASCADE_DELETE", "Delete tracked entity with its enrollments"),
    ("F_TRACKED_ENTITY_INSTANCE_SEARCH_IN_ALL_ORGUNITS", "Search tracked entities in all organisation units"),
    ("F_TRACKED_ENTITY_MERGE", "Merge tracked entities"),
    ("F_UNCOMPLETE_EVENT", "Reopen completed event"),
    ("F_USER_ADD", "Add/update user"),
    ("F_USER_ADD_WITHIN_MANAGED_GROUP", "Add/update user within managed groups"),
    ("F_USER_DELETE", "Delete user"),
    ("F_USER_DELETE_WITHIN_MANAGED_GROUP", "Delete user within managed groups"),
    ("F_USER_GROUPS_READ_ONLY_ADD_MEMBERS", "Add members to groups that may only be read"),
    ("F_USER_VIEW", "View users"),
    ("F_VIEW_EVENT_ANALYTICS", "View event analytics"),
    ("F_VIEW_SERVER_INFO", "View server information"),
    ("F_VIEW_UNAPPROVED_DATA", "View unapproved data"),
];

/// `GET /api/authorities`: `systemAuthorities`, sorted by name.
#[must_use]
pub fn authorities(registry: &Registry) -> Value {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for kind in registry.kinds() {
        for (action, list) in named_lists(&kind.authorities) {
            for id in list {
                names.entry(id).or_insert_with(|| name_of(kind, action));
            }
        }
    }
    names.extend(NAMED.iter().map(|(id, name)| (*id, (*name).to_owned())));
    let mut sorted: Vec<_> = names.into_iter().collect();
    sorted.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
    let listed: Vec<Value> = sorted.into_iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    json!({ "systemAuthorities": listed })
}

/// `Add/update public data element`.
fn name_of(kind: &Kind, action: &str) -> String {
    let verb = match action {
        "CREATE_PUBLIC" => "Add/update public",
        "CREATE_PRIVATE" => "Add/update private",
        "READ" => "View",
        "DELETE" => "Delete",
        _ => "Add/update",
    };
    format!("{verb} {}", kind.display_name.to_lowercase())
}
