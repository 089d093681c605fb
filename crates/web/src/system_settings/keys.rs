//! The settings Kibali knows, by DHIS2's names (web-api reference 4.2, 4.4).

use serde_json::Value;

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ty {
    Text,
    Flag,
    Whole,
    Decimal,
    /// One of these.
    One(&'static [&'static str]),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) ty: Ty,
    /// As text; none: null until it is set.
    pub(crate) default: Option<&'static str>,
    pub(crate) translatable: bool,
    /// Kept sealed, never shown.
    pub(crate) confidential: bool,
    /// It has a part in who gets into which account: only whoever may do everything changes it.
    pub(crate) opens_accounts: bool,
    /// The secret that is forgotten where this changes: it was given for another.
    pub(crate) forgets: Option<&'static str>,
}

const fn key(name: &'static str, ty: Ty, default: Option<&'static str>) -> Key {
    Key { name, ty, default, translatable: false, confidential: false, opens_accounts: false, forgets: None }
}

const fn text(name: &'static str, default: &'static str) -> Key {
    key(name, Ty::Text, Some(default))
}

const fn unset(name: &'static str) -> Key {
    key(name, Ty::Text, None)
}

const fn on(name: &'static str) -> Key {
    key(name, Ty::Flag, Some("true"))
}

const fn off(name: &'static str) -> Key {
    key(name, Ty::Flag, Some("false"))
}

const fn whole(name: &'static str, default: &'static str) -> Key {
    key(name, Ty::Whole, Some(default))
}

impl Key {
    const fn translated(mut self) -> Self {
        self.translatable = true;
        self
    }

    const fn secret(mut self) -> Self {
        self.confidential = true;
        self
    }

    const fn opens_accounts(mut self) -> Self {
        self.opens_accounts = true;
        self
    }

    const fn forgets(mut self, secret: &'static str) -> Self {
        self.forgets = Some(secret);
        self
    }

    /// The value behind a stored text, or behind the default.
    pub(crate) fn value(&self, stored: Option<&str>) -> Value {
        match stored.or(self.default) {
            Some(text) => self.ty.read(text).unwrap_or(Value::Null),
            None => Value::Null,
        }
    }
}

impl Ty {
    /// The value a text stands for; none where it stands for none of this type.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::from(text)),
            Self::Flag => text.parse::<bool>().ok().map(Value::from),
            Self::Whole => text.parse::<i64>().ok().map(Value::from),
            Self::Decimal => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::One(names) => names.iter().find(|name| **name == text).map(|name| Value::from(*name)),
        }
    }

    /// What to write instead.
    pub(crate) fn hint(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole => "a whole number".to_owned(),
            Self::Decimal => "a number".to_owned(),
            Self::One(names) => format!("one of {}", names.join(", ")),
        }
    }
}

const DISPLAY: Ty = Ty::One(&["name", "shortName"]);

/// The setting with this name.
pub(crate) fn system(name: &str) -> Option<&'static Key> {
    SYSTEM.iter().find(|key| key.name == name)
}

/// The user's setting with this name.
pub(crate) fn user(name: &str) -> Option<&'static Key> {
    USER.iter().find(|key| key.name == name)
}

/// A user's settings. Where the user has none, the system's setting of the same name stands in.
pub(crate) const USER: &[Key] = &[
    text("keyStyle", "light_blue/light_blue.css"),
    key("keyMessageEmailNotification", Ty::Flag, None),
    key("keyMessageSmsNotification", Ty::Flag, None),
    text("keyUiLocale", "en"),
    unset("keyDbLocale"),
    key("keyAnalysisDisplayProperty", DISPLAY, Some("name")),
    unset("keyTrackerDashboardLayout"),
];

/// The installation's settings.
pub(crate) const SYSTEM: &[Key] = &[
    text("applicationTitle", "DHIS 2").translated(),
    unset("keyApplicationIntro").translated(),
    unset("keyApplicationNotification").translated(),
    unset("keyApplicationFooter").translated(),
    unset("keyApplicationRightFooter").translated(),
    unset("loginPopup").translated(),
    text("keyFlag", "dhis2"),
    text("startModule", "dhis-web-dashboard"),
    off("startModuleEnableLightweight"),
    text("keyUiLocale", "en"),
    unset("keyDbLocale"),
    key("keyAnalysisDisplayProperty", DISPLAY, Some("name")),
    key("keyAnalysisDigitGroupSeparator", Ty::One(&["COMMA", "SPACE", "NONE"]), Some("SPACE")),
    text("keyAnalysisRelativePeriod", "LAST_12_MONTHS"),
    key("analyticsFinancialYearStart", FINANCIAL_YEARS, Some("FINANCIAL_YEAR_OCTOBER")),
    text("keyStyle", "light_blue/light_blue.css"),
    text("keyCalendar", "iso8601"),
    text("keyDateFormat", "yyyy-MM-dd"),
    text("keyCacheStrategy", "CACHE_1_MINUTE"),
    key("keyCacheability", Ty::One(&["PUBLIC", "PRIVATE"]), Some("PUBLIC")),
    whole("minPasswordLength", "8").opens_accounts(),
    whole("maxPasswordLength", "72"),
    whole("credentialsExpires", "0").opens_accounts(),
    off("credentialsExpiryAlert"),
    whole("accountExpiresInDays", "7"),
    off("accountExpiryAlert"),
    text("deviceEnrollmentRedirectAllowlist", "dhis2oauth://oauth").opens_accounts(),
    text("deviceEnrollmentAllowedUserGroups", "").opens_accounts(),
    whole("deviceEnrollmentIATTtlSeconds", "60").opens_accounts(),
    off("keyAccountRecovery").opens_accounts(),
    off("keyLockMultipleFailedLogins").opens_accounts(),
    off("keyCanGrantOwnUserAuthorityGroups"),
    off("keySelfRegistrationNoRecaptcha").opens_accounts(),
    unset("recaptchaSecret").secret(),
    unset("recaptchaSite").secret(),
    unset("keyEmailHostName").opens_accounts().forgets("keyEmailPassword"),
    whole("keyEmailPort", "587").opens_accounts().forgets("keyEmailPassword"),
    unset("keyEmailUsername").opens_accounts(),
    on("keyEmailTls").opens_accounts(),
    unset("keyEmailSender").opens_accounts(),
    unset("keyEmailPassword").secret().opens_accounts(),
    whole("keyAnalyticsMaxLimit", "100000"),
    key("factorDeviation", Ty::Decimal, Some("2.0")),
    off("multiOrganisationUnitForms"),
    off("keyRequireAddToView"),
    off("keyAllowObjectAssignment"),
    off("keyUseCustomLogoFront"),
    off("keyUseCustomLogoBanner"),
    unset("keyRemoteInstanceUrl"),
    unset("keyRemoteInstanceUsername"),
    unset("keyRemoteInstancePassword").secret(),
    unset("keyGoogleMapsApiKey"),
    unset("keyBingMapsApiKey"),
    unset("keyAzureMapsApiKey"),
    unset("keyDefaultBaseMap"),
    off("keyDataImportStrictPeriods"),
    off("keyDataImportStrictDataElements"),
    off("keyDataImportStrictCategoryOptionCombos"),
    off("keyDataImportStrictOrganisationUnits"),
    off("keyDataImportStrictAttributeOptionCombos"),
    off("keyDataImportRequireCategoryOptionCombo"),
    off("keyDataImportRequireAttributeOptionCombo"),
    on("keyDataImportStrictDataSetApproval"),
    on("keyDataImportStrictDataSetLocking"),
    on("keyDataImportStrictDataSetInputPeriods"),
    off("keyHideDailyPeriods"),
    off("keyHideWeeklyPeriods"),
    off("keyHideBiWeeklyPeriods"),
    off("keyHideMonthlyPeriods"),
    off("keyHideBiMonthlyPeriods"),
    unset("phoneNumberAreaCode"),
    text("helpPageLink", "https://dhis2.github.io/dhis2-docs/master/en/user/html/dhis2_user_manual_en.html"),
    key("keyFileResourceRetentionStrategy", RETENTION, Some("NONE")),
    key("loginPageLayout", Ty::One(&["DEFAULT", "SIDEBAR", "CUSTOM"]), Some("DEFAULT")),
    unset("loginPageTemplate"),
    text("globalShellAppName", "global-app-shell"),
    unset("keyCustomJs"),
    unset("keyCustomCss"),
];

const RETENTION: Ty = Ty::One(&["NONE", "THREE_MONTHS", "ONE_YEAR", "FOREVER"]);
const FINANCIAL_YEARS: Ty = Ty::One(&[
    "FINANCIAL_YEAR_APRIL",
    "FINANCIAL_YEAR_JULY",
    "FINANCIAL_YEAR_SEPTEMBER",
    "FINANCIAL_YEAR_OCTOBER",
    "FINANCIAL_YEAR_NOVEMBER",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_of_its_type_and_every_name_stands_once() {
        for table in [SYSTEM, USER] {
            for (position, key) in table.iter().enumerate() {
                assert!(key.default.is_none_or(|text| key.ty.read(text).is_some()), "{}", key.name);
                assert!(table.iter().skip(position + 1).all(|other| other.name != key.name), "{}", key.name);
                assert!(!(key.translatable && key.confidential), "{}", key.name);
                let forgotten =
                    key.forgets.map(|name| system(name).is_some_and(|secret| secret.confidential));
                assert!(forgotten != Some(false), "{}", key.name);
            }
        }
    }

    #[test]
    fn texts_that_are_not_of_the_type_are_told() {
        assert_eq!(Ty::Flag.read("yes"), None);
        assert_eq!(Ty::Whole.read("1.5"), None);
        assert_eq!(Ty::Decimal.read("NaN"), None);
        assert_eq!(DISPLAY.read("NAME"), None);
        assert_eq!(Ty::Flag.read("true"), Some(Value::from(true)));
    }
}
