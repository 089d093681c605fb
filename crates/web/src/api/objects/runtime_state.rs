//! What OAuth2 keeps while it runs is no metadata: an import that holds any of it is refused whole (E6023,
//! modern reference 2.8).

use kibali_metadata::import::{
    Code, ErrorReport, Fault, ImportReport, ObjectReport, Stats, Status, TypeReport,
};
use serde_json::{Map, Value};

use crate::api::authorizations::{AUTHORIZATIONS, CONSENTS};

/// The collections, by the Java types that DHIS2 names.
const KINDS: [(&str, &str); 2] = [
    (AUTHORIZATIONS, "org.hisp.dhis.security.oauth2.authorization.Dhis2OAuth2Authorization"),
    (CONSENTS, "org.hisp.dhis.security.oauth2.consent.Dhis2OAuth2AuthorizationConsent"),
];

/// Why a payload is refused, where it holds such objects.
pub(super) fn refused(payload: &Map<String, Value>) -> Option<ImportReport> {
    let mut report = ImportReport { status: Status::Error, ..ImportReport::default() };
    for (plural, klass) in KINDS {
        let Some(Value::Array(objects)) = payload.get(plural) else { continue };
        let one = |(index, object): (usize, &Value)| {
            let uid = object.get("id").and_then(Value::as_str);
            let fault = Fault::new(Code::E6023, [klass]);
            ObjectReport {
                klass,
                index: Some(index),
                uid: uid.unwrap_or_default().to_owned(),
                display_name: None,
                error_reports: vec![ErrorReport::new(&fault, klass, uid)],
            }
        };
        if !objects.is_empty() {
            let stats = Stats { ignored: objects.len(), total: objects.len(), ..Stats::default() };
            let object_reports = objects.iter().enumerate().map(one).collect();
            report.type_reports.push(TypeReport { klass, stats, object_reports });
        }
    }
    if report.type_reports.is_empty() {
        return None;
    }
    let all = payload.values().filter_map(Value::as_array).map(Vec::len).sum();
    report.stats = Stats { total: all, ..Stats::default() }.all_ignored();
    Some(report)
}
