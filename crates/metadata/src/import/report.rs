//! What an import answers (web-api reference 2.2).

use serde::Serialize;

use super::fault::Fault;

/// How many objects met which fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs)]
pub struct Stats {
    pub created: usize,
    pub updated: usize,
    pub deleted: usize,
    pub ignored: usize,
    pub total: usize,
}

impl Stats {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.deleted += other.deleted;
        self.ignored += other.ignored;
        self.total += other.total;
    }

    /// The same objects, none of which was touched.
    #[must_use]
    pub const fn all_ignored(self) -> Self {
        Self { created: 0, updated: 0, deleted: 0, ignored: self.total, total: self.total }
    }
}

/// How an import went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Everything was done.
    #[default]
    Ok,
    /// Some objects were left out.
    Warning,
    /// Nothing was done.
    Error,
}

/// One error of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ErrorReport {
    pub message: String,
    pub args: Vec<String>,
    pub main_klass: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_id: Option<String>,
    pub error_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_property: Option<String>,
    pub error_properties: Vec<String>,
}

impl ErrorReport {
    /// The report of `fault` on an object of class `klass`.
    #[must_use]
    pub fn new(fault: &Fault, klass: &'static str, uid: Option<&str>) -> Self {
        Self {
            message: fault.message(),
            args: fault.args.clone(),
            main_klass: klass,
            main_id: uid.map(str::to_owned),
            error_code: fault.code.as_str(),
            error_property: fault.property.clone(),
            error_properties: fault.property.iter().cloned().collect(),
        }
    }
}

/// What happened to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ObjectReport {
    pub klass: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    pub uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    pub error_reports: Vec<ErrorReport>,
}

/// What happened to the objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct TypeReport {
    pub klass: &'static str,
    pub stats: Stats,
    pub object_reports: Vec<ObjectReport>,
}

/// A collection of the payload that DHIS2 may know and Kibali does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Warning {
    pub collection: String,
    pub count: usize,
    pub message: String,
}

impl Warning {
    /// A collection that was left out whole.
    #[must_use]
    pub fn unknown_collection(collection: &str, count: usize) -> Self {
        Self {
            collection: collection.to_owned(),
            count,
            message: format!("{count} objects of `{collection}` were left out: the collection is not known"),
        }
    }

    /// A collection of a known kind that came as something else than a list.
    #[must_use]
    pub fn no_list(collection: &str) -> Self {
        Self {
            collection: collection.to_owned(),
            count: 1,
            message: format!("`{collection}` was left out: it is not a list of objects"),
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ImportReport {
    pub status: Status,
    pub stats: Stats,
    pub type_reports: Vec<TypeReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl ImportReport {
    /// Every error of every object.
    pub fn errors(&self) -> impl Iterator<Item = &ErrorReport> {
        self.type_reports.iter().flat_map(|kind| &kind.object_reports).flat_map(|one| &one.error_reports)
    }

    /// The first report of an object, for requests about one.
    #[must_use]
    pub fn first_object(&self) -> Option<&ObjectReport> {
        self.type_reports.iter().flat_map(|kind| &kind.object_reports).next()
    }
}
