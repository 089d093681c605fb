//! The form of a new token: what was typed, what is wrong with it, and how it is shown again.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::{LimitFault, TOKEN_METHODS, Timestamp, TokenLimit, TokenLimits};

use crate::Refusal;
use crate::api::api_tokens::{CODE_LENGTH, Change};
use crate::pages::body::Form;
use crate::pages::frame::Frame;
use crate::pages::parts::{Choice, Field, Problem, Problems};

/// How long a token may live: the value on the wire in days, and what it is called. The usual choice is the second.
const LIFETIMES: [(&str, i64, &str); 4] =
    [("7", 7, "7 days"), ("30", 30, "30 days"), ("90", 90, "90 days"), ("365", 365, "One year")];
const USUAL: &str = "30";
const DAY: i64 = 86_400;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    name: String,
    lifetime: String,
    addresses: String,
    methods: Vec<String>,
    referrers: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            name: String::new(),
            lifetime: USUAL.to_owned(),
            addresses: String::new(),
            methods: Vec::new(),
            referrers: String::new(),
        }
    }
}

impl Typed {
    /// Reads the form.
    pub(super) fn read(form: &Form) -> Self {
        Self {
            name: form.text("code").trim().to_owned(),
            lifetime: form.text("lifetime").to_owned(),
            addresses: form.text("allowedIps").to_owned(),
            methods: form.all("allowedMethods").map(str::to_owned).collect(),
            referrers: form.text("allowedReferrers").to_owned(),
        }
    }

    /// One that says something in every field.
    #[cfg(test)]
    pub(super) fn sample(text: &str) -> Self {
        Self {
            name: text.to_owned(),
            lifetime: "7".to_owned(),
            addresses: text.to_owned(),
            methods: vec!["GET".to_owned()],
            referrers: text.to_owned(),
        }
    }

    /// What this asks for, or everything that is wrong with it.
    pub(super) fn change(&self, now: Timestamp) -> Result<Change, Vec<Problem>> {
        let mut problems = Vec::new();
        let length = self.name.chars().count();
        if length == 0 {
            problems.push(problem("code", "Enter a name.".to_owned()));
        } else if length > CODE_LENGTH {
            let text = format!("The name must have {CODE_LENGTH} characters or fewer; it has {length}.");
            problems.push(problem("code", text));
        }
        let days = LIFETIMES.iter().find(|(value, ..)| *value == self.lifetime).map(|(_, days, _)| *days);
        if days.is_none() {
            problems.push(problem("lifetime", "Choose how long the token works.".to_owned()));
        }
        let limits = [
            ("allowedIps", TokenLimit::IpAllowedList { allowed: lines(&self.addresses) }),
            ("allowedMethods", TokenLimit::MethodAllowedList { allowed: self.methods.clone() }),
            ("allowedReferrers", TokenLimit::RefererAllowedList { allowed: lines(&self.referrers) }),
        ];
        let mut kept = Vec::new();
        for (field, limit) in limits.into_iter().filter(|(_, limit)| !limit.allowed().is_empty()) {
            match TokenLimits(vec![limit.clone()]).checked() {
                Ok(_) => kept.push(limit),
                Err(fault) => problems.push(problem(field, told(&fault))),
            }
        }
        let expires = days.map(|days| now.plus_seconds(days * DAY));
        if problems.is_empty() {
            Ok(Change { code: Some(Some(self.name.clone())), expires, limits: Some(TokenLimits(kept)) })
        } else {
            Err(problems)
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn problem(field: &'static str, text: String) -> Problem {
    Problem { field, text }
}

fn told(fault: &LimitFault) -> String {
    match fault {
        LimitFault::Address(value) => format!("{value} is no IP address."),
        LimitFault::Method(value) => format!("{value} is none of these methods."),
        LimitFault::Referrer(value) => format!("{value} is no address of a page: write https:// and a host."),
        LimitFault::TooMany => "Write 100 lines or fewer.".to_owned(),
        LimitFault::Form(_) => "This cannot be read.".to_owned(),
    }
}

/// What a refusal says about the form; others are passed on.
pub(super) fn refused(refusal: Refusal) -> Result<Problem, Refusal> {
    match refusal {
        Refusal::Conflict { code: Some("E5003"), .. } => {
            Ok(problem("code", "Another token of yours already has this name.".to_owned()))
        }
        Refusal::Conflict { message, .. } | Refusal::Forbidden { message, .. } => {
            Ok(problem("", format!("{message}.")))
        }
        other => Err(other),
    }
}

/// The form.
#[derive(Template)]
#[template(path = "token_fields.html")]
pub(super) struct TokenForm<'a> {
    frame: &'a Frame,
    problems: Problems,
    name: Field,
    lifetimes: Vec<Choice>,
    lifetime_error: Option<String>,
    addresses: Field,
    methods: Vec<Choice>,
    method_error: Option<String>,
    referrers: Field,
    /// The part with the limits is unfolded.
    open: bool,
}

impl HtmlSafe for TokenForm<'_> {}

impl<'a> TokenForm<'a> {
    pub(super) fn new(frame: &'a Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        let problems = Problems::new(problems);
        let limits = ["allowedIps", "allowedMethods", "allowedReferrers"];
        let open = limits.iter().any(|field| problems.of(field).is_some())
            || !(typed.addresses.trim().is_empty()
                && typed.methods.is_empty()
                && typed.referrers.trim().is_empty());
        let several = |id, label, hint: &'static str, value: &str| Field {
            hint: hint.into(),
            multiline: true,
            ..problems.field(id, label, value)
        };
        Self {
            frame,
            name: Field {
                id: "code",
                label: "Name",
                hint: "What it is for, so that you know it again.".into(),
                value: typed.name.clone(),
                error: problems.of("code"),
                autocomplete: "off",
                required: true,
                max_length: Some(CODE_LENGTH),
                autofocus: problems.is_empty(),
                ..Field::default()
            },
            lifetimes: LIFETIMES
                .iter()
                .map(|(value, _, label)| Choice { value, label, on: *value == typed.lifetime })
                .collect(),
            lifetime_error: problems.of("lifetime"),
            addresses: several(
                "allowedIps",
                "Allowed IP addresses",
                "One a line. Empty: it works from everywhere.",
                &typed.addresses,
            ),
            methods: TOKEN_METHODS
                .iter()
                .map(|method| Choice {
                    value: method,
                    label: method,
                    on: typed.methods.iter().any(|one| one == method),
                })
                .collect(),
            method_error: problems.of("allowedMethods"),
            referrers: several(
                "allowedReferrers",
                "Allowed referrers",
                "The pages that may use it, one a line, like https://app.example.org. Empty: every page.",
                &typed.referrers,
            ),
            open,
            problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_told_at_its_field() {
        let typed = Typed {
            name: "x".repeat(51),
            lifetime: "1000".to_owned(),
            addresses: "192.0.2.1\n192.0.2".to_owned(),
            methods: vec!["TRACE".to_owned()],
            referrers: "app.example.org".to_owned(),
        };
        let problems = typed.change(Timestamp::from_millis(0)).err().unwrap_or_default();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["code", "lifetime", "allowedIps", "allowedMethods", "allowedReferrers"]);
        assert!(problems.iter().any(|problem| problem.text == "192.0.2 is no IP address."), "{problems:?}");
    }

    #[test]
    fn nothing_limited_is_no_limit() {
        let typed = Typed { name: "nightly".to_owned(), ..Typed::default() };
        let change = typed.change(Timestamp::from_millis(0)).unwrap_or_default();
        assert_eq!(change.limits, Some(TokenLimits::default()));
        assert_eq!(change.expires, Some(Timestamp::from_millis(30 * DAY * 1000)));
    }
}
