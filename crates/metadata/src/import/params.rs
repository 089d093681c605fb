//! How an import is to be done (web-api reference 5.3).

/// The parameters of an import. Values are case-sensitive and an unknown one leaves the default, as in
/// DHIS2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportParams {
    /// `importMode`.
    pub mode: ImportMode,
    /// `identifier`.
    pub identifier: Identifier,
    /// `importStrategy`.
    pub strategy: ImportStrategy,
    /// `atomicMode`.
    pub atomic: AtomicMode,
    /// `mergeMode`.
    pub merge: MergeMode,
    /// `importReportMode`.
    pub report: ReportMode,
    /// `skipSharing`: sharing in the payload is not looked at.
    pub skip_sharing: bool,
    /// `skipTranslation`: translations in the payload are not looked at.
    pub skip_translation: bool,
    /// How long a client secret works on that is replaced, in seconds. No parameter of a request sets it.
    pub old_secret_seconds: i64,
    /// A user name may change: its user accepts an invitation that left the choice. No parameter of a request
    /// sets it.
    pub may_rename: bool,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// `COMMIT`.
    #[default]
    Commit,
    /// `VALIDATE`: the report only.
    Validate,
}

/// By what objects and references are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identifier {
    /// `UID`.
    #[default]
    Uid,
    /// `CODE`.
    Code,
}

/// What may happen to objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportStrategy {
    /// `CREATE`, `NEW`: an object that exists is E5000.
    Create,
    /// `UPDATE`, `UPDATES`: an object that does not is E5001.
    Update,
    /// `CREATE_AND_UPDATE`, `NEW_AND_UPDATES`, `SYNC`.
    #[default]
    CreateAndUpdate,
    /// `DELETE`, `DELETES`.
    Delete,
}

/// What an error does to the rest of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtomicMode {
    /// `ALL`: one error and nothing is written.
    #[default]
    All,
    /// `NONE`: objects with errors are left out, and references to them dropped.
    None,
}

/// What an update does to properties that the payload does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MergeMode {
    /// `REPLACE`: they are cleared.
    #[default]
    Replace,
    /// `MERGE`: they stay, and collections are united.
    Merge,
}

/// Which objects a report names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportMode {
    /// `FULL`, `DEBUG`: all of them.
    Full,
    /// `ERRORS`: those with errors.
    #[default]
    Errors,
    /// `ERRORS_NOT_OWNER`: those with errors, and a property the object does not own is one (E5006).
    ErrorsNotOwner,
}

impl ImportParams {
    /// Reads the parameters out of a query string's pairs. Unknown names are not looked at.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut params = Self::default();
        for (name, value) in pairs {
            params.set(name, value);
        }
        params
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "importMode" => self.mode = ImportMode::named(value).unwrap_or_default(),
            // Not DHIS2's, but what people try (web-api reference 5.3).
            "dryRun" if value == "true" => self.mode = ImportMode::Validate,
            "identifier" => self.identifier = Identifier::named(value).unwrap_or_default(),
            "importStrategy" | "strategy" => {
                self.strategy = ImportStrategy::named(value).unwrap_or_default();
            }
            "atomicMode" => self.atomic = AtomicMode::named(value).unwrap_or_default(),
            "mergeMode" => self.merge = MergeMode::named(value).unwrap_or_default(),
            "importReportMode" => self.report = ReportMode::named(value).unwrap_or_default(),
            "skipSharing" => self.skip_sharing = value == "true",
            "skipTranslation" => self.skip_translation = value == "true",
            _ => {}
        }
    }
}

macro_rules! named {
    ($ty:ty { $($($name:literal)|+ => $variant:ident),+ $(,)? }) => {
        impl $ty {
            /// The value with this name on the wire.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($($name)|+ => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

named!(ImportMode { "COMMIT" => Commit, "VALIDATE" => Validate });
named!(Identifier { "UID" => Uid, "CODE" => Code });
named!(ImportStrategy {
    "CREATE" | "NEW" => Create,
    "UPDATE" | "UPDATES" => Update,
    "CREATE_AND_UPDATE" | "NEW_AND_UPDATES" | "SYNC" => CreateAndUpdate,
    "DELETE" | "DELETES" => Delete,
});
named!(AtomicMode { "ALL" => All, "NONE" => None });
named!(MergeMode { "REPLACE" => Replace, "MERGE" => Merge });
named!(ReportMode {
    "FULL" | "DEBUG" => Full,
    "ERRORS" => Errors,
    "ERRORS_NOT_OWNER" => ErrorsNotOwner,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_read_and_nonsense_leaves_the_default() {
        let params = ImportParams::from_pairs([
            ("importStrategy", "NEW_AND_UPDATES"),
            ("atomicMode", "none"),
            ("dryRun", "true"),
            ("identifier", "CODE"),
            ("mergeMode", "MERGE"),
            ("skipSharing", "true"),
            ("importReportMode", "ERRORS_NOT_OWNER"),
            ("preheatMode", "ALL"),
        ]);
        assert_eq!(params.strategy, ImportStrategy::CreateAndUpdate);
        assert_eq!(params.atomic, AtomicMode::All, "names are case-sensitive");
        assert_eq!(params.mode, ImportMode::Validate);
        assert_eq!(params.identifier, Identifier::Code);
        assert_eq!(params.merge, MergeMode::Merge);
        assert!(params.skip_sharing && !params.skip_translation);
        assert_eq!(params.report, ReportMode::ErrorsNotOwner);
        for (alias, strategy) in [("NEW", ImportStrategy::Create), ("DELETES", ImportStrategy::Delete)] {
            assert_eq!(ImportParams::from_pairs([("importStrategy", alias)]).strategy, strategy);
        }
    }
}
