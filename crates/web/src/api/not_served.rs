//! What DHIS2 2.41 has below `/api` and Kibali does not serve yet: 501, so that a client can tell it from
//! a mistyped path.

use http::Method;
use kibali_metadata::Registry;

use crate::Refusal;

/// Resources that are no metadata kinds, by path below `/api`, with their name for people. A path stands
/// for everything below it.
const PATHS: &[(&str, &str)] = &[
    ("/account", "linked accounts and the rest of the old account forms"),
    ("/aggregateDataExchanges", "aggregate data exchanges"),
    ("/analytics", "analytics"),
    ("/analyticsTableHooks", "analytics table hooks"),
    ("/appHub", "the app hub"),
    ("/apps", "installable apps"),
    ("/audits", "data audits"),
    ("/auth/impersonate", "impersonation"),
    ("/auth/impersonateExit", "impersonation"),
    ("/cacheStatistics", "cache statistics"),
    ("/completeDataSetRegistrations", "completion of data sets"),
    ("/customForms", "custom forms"),
    ("/dashboard", "dashboards"),
    ("/dataAnalysis", "data analysis"),
    ("/dataApprovals", "data approval"),
    ("/dataElementOperands", "data element operands"),
    ("/dataEntry", "the data entry app's bundle"),
    ("/dataIntegrity", "data integrity checks"),
    ("/dataItems", "data items"),
    ("/dataStatistics", "data statistics"),
    ("/dataStore", "the data store"),
    ("/dataSummary", "the data summary"),
    ("/dataValueSets", "data value sets"),
    ("/dataValues", "data values"),
    ("/deletedObjects", "deleted objects"),
    ("/dimensions", "dimensions"),
    ("/email", "e-mail"),
    ("/enrollments", "enrollments"),
    ("/events", "events"),
    ("/expressions", "expressions"),
    ("/fileResources", "file resources"),
    ("/filledOrganisationUnitLevels", "filled organisation unit levels"),
    ("/geoFeatures", "geographic features"),
    ("/gateways", "SMS gateways"),
    ("/icons", "icons"),
    ("/identifiableObjects", "identifiable objects"),
    ("/inbox", "the inbox"),
    ("/interpretations", "interpretations"),
    ("/jobConfigurations", "jobs"),
    ("/leaderboard", "the leader board"),
    ("/lockExceptions", "lock exceptions"),
    ("/maintenance", "maintenance"),
    ("/me/avatar", "avatars"),
    ("/me/dataApprovalLevels", "data approval"),
    ("/me/dataApprovalWorkflows", "data approval"),
    ("/messageConversations", "messages"),
    ("/metadata/dependencies", "metadata dependencies"),
    ("/metadata/gist", "the gist API"),
    ("/metadata/proposals", "metadata proposals"),
    ("/metadata/version", "metadata versions"),
    ("/metadataAudits", "metadata audits"),
    ("/min-max", "minimum and maximum values"),
    ("/minMaxDataElements", "minimum and maximum values"),
    ("/outlierDetection", "outlier detection"),
    ("/programDataElements", "program data elements"),
    ("/locales/countries", "the list of countries"),
    ("/publicKeys", "public keys"),
    ("/pushAnalysis", "push analysis"),
    ("/query", "query aliases"),
    ("/relationships", "relationships"),
    ("/resourceTables", "resource tables"),
    ("/routes", "routes"),
    ("/scheduling", "scheduling"),
    ("/sms", "SMS"),
    ("/staticContent", "static content"),
    ("/synchronization", "synchronization"),
    ("/system/taskSummaries", "background tasks"),
    ("/system/tasks", "background tasks"),
    ("/token", "tokens of a Google service account"),
    ("/trackedEntityInstances", "tracked entities"),
    ("/tracker", "tracker"),
    ("/userDataStore", "the user data store"),
    ("/userLookup", "user look-up"),
    ("/validation", "validation"),
];

/// Metadata collections of DHIS2 2.41. One that is described in the registry is served; the others are
/// known by name only.
const COLLECTIONS: &[&str] = &[
    "attributes",
    "categories",
    "categoryCombos",
    "categoryOptionCombos",
    "categoryOptionGroupSets",
    "categoryOptionGroups",
    "categoryOptions",
    "constants",
    "dashboardItems",
    "dashboards",
    "dataApprovalLevels",
    "dataApprovalWorkflows",
    "dataElementGroupSets",
    "dataElementGroups",
    "dataElements",
    "dataEntryForms",
    "dataSetNotificationTemplates",
    "dataSets",
    "documents",
    "eventCharts",
    "eventFilters",
    "eventReports",
    "eventVisualizations",
    "expressionDimensionItems",
    "externalMapLayers",
    "indicatorGroupSets",
    "indicatorGroups",
    "indicatorTypes",
    "indicators",
    "legendSets",
    "mapViews",
    "maps",
    "oAuth2Clients",
    "optionGroupSets",
    "optionGroups",
    "optionSets",
    "options",
    "organisationUnitGroupSets",
    "organisationUnitGroups",
    "organisationUnitLevels",
    "organisationUnits",
    "predictorGroups",
    "predictors",
    "programIndicatorGroups",
    "programIndicators",
    "programNotificationTemplates",
    "programRuleActions",
    "programRuleVariables",
    "programRules",
    "programSections",
    "programStageSections",
    "programStageWorkingLists",
    "programStages",
    "programs",
    "relationshipTypes",
    "reports",
    "sections",
    "sqlViews",
    "trackedEntityAttributes",
    "trackedEntityInstanceFilters",
    "trackedEntityTypes",
    "userGroups",
    "userRoles",
    "users",
    "validationNotificationTemplates",
    "validationResults",
    "validationRuleGroups",
    "validationRules",
    "visualizations",
];

/// What comes after an object or a collection, and is served for none.
const LAST_SEGMENTS: &[(&str, &str)] = &[
    ("gist", "the gist API"),
    ("dataEntryForm", "data entry forms"),
    ("favorite", "favorites"),
    ("form", "data entry forms"),
    ("merge", "merging"),
    ("split", "splitting"),
    ("subscriber", "subscriptions"),
];

/// The refusal for a path that routing or the engine did not find, or not for this method: 501 where
/// DHIS2 serves it. `path` begins after `/api`.
pub(super) fn explain(path: &str, found: &Refusal, registry: &Registry) -> Option<Refusal> {
    let unknown = match found {
        Refusal::NotFound | Refusal::ObjectNotFound { .. } => true,
        Refusal::MethodNotAllowed { method, .. } => *method != Method::OPTIONS,
        _ => false,
    };
    if unknown { what_dhis2_has(path, registry).map(Refusal::NotServed) } else { None }
}

fn what_dhis2_has(path: &str, registry: &Registry) -> Option<&'static str> {
    let below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some((_, name)) = PATHS.iter().find(|(prefix, _)| below(prefix)) {
        return Some(name);
    }
    let mut segments = path.trim_start_matches('/').split('/');
    let collection = segments.next()?;
    let known = COLLECTIONS.iter().find(|name| **name == collection)?;
    if registry.kind(collection).is_none() {
        return Some(known);
    }
    let last = segments.next_back()?;
    LAST_SEGMENTS.iter().find(|(segment, _)| *segment == last).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    // Tests may fail loudly.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    #[test]
    fn what_dhis2_has_is_told_from_what_nobody_has() {
        let registry = kibali_metadata::kinds::registry().unwrap();
        for (path, served) in [
            ("/dataStore/ns/key", Some("the data store")),
            ("/dataStores", None),
            ("/visualizations", Some("visualizations")),
            ("/optionSets/gist", Some("the gist API")),
            ("/optionSets/xxxxxxxxxxx", None),
            ("/analytics/dataValueSet", Some("analytics")),
            ("/nonsense", None),
            ("", None),
        ] {
            let expected = served.map(Refusal::NotServed);
            assert_eq!(explain(path, &Refusal::NotFound, &registry), expected, "{path}");
        }
        assert_eq!(explain("/dataStore", &Refusal::AccessDenied, &registry), None);
    }
}
