//! What pages are put together from: fields, lists of problems, text to copy.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::Timestamp;

/// Something wrong with what was typed, told at its field and in the summary above the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The `id` of the field, empty when it concerns the whole form.
    pub(super) field: &'static str,
    /// What is wrong and what to do about it.
    pub(super) text: String,
}

/// The summary above a form.
#[derive(Debug, Default, Template)]
#[template(path = "problems.html")]
pub(super) struct Problems {
    heading: &'static str,
    list: Vec<Problem>,
}

impl Problems {
    /// These are wrong; the summary says nothing when the list is empty.
    pub(super) fn new(list: Vec<Problem>) -> Self {
        let heading = if list.len() == 1 { "There is a problem" } else { "There are problems" };
        Self { heading, list }
    }

    /// Is nothing wrong?
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is wrong with `field`.
    pub(super) fn of(&self, field: &str) -> Option<String> {
        self.list.iter().find(|problem| problem.field == field).map(|problem| problem.text.clone())
    }

    /// A field as it was typed, and what is wrong with it.
    pub(super) fn field(&self, id: &'static str, label: &'static str, value: &str) -> Field {
        Field { id, label, value: value.to_owned(), error: self.of(id), ..Field::default() }
    }
}

/// One of several, to be ticked or picked.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
    pub(super) on: bool,
}

/// One labelled field of a form.
#[derive(Debug, Default, Template)]
#[template(path = "field.html")]
pub(super) struct Field {
    /// `id` and `name` of the control.
    pub(super) id: &'static str,
    /// What it is called, above the control.
    pub(super) label: &'static str,
    /// One line below the control.
    pub(super) hint: Cow<'static, str>,
    /// What was typed. A secret is never sent back.
    pub(super) value: String,
    /// Values that are offered; others may be typed all the same.
    pub(super) offered: Vec<String>,
    /// What is wrong with it.
    pub(super) error: Option<String>,
    /// `autocomplete` of HTML: what a password manager fills in.
    pub(super) autocomplete: &'static str,
    /// It must be filled in.
    pub(super) required: bool,
    /// Characters, at most.
    pub(super) max_length: Option<usize>,
    /// The page begins here.
    pub(super) autofocus: bool,
    /// Dots instead of characters.
    pub(super) secret: bool,
    /// Several lines.
    pub(super) multiline: bool,
    /// The list of the Web API in which the value must be new.
    pub(super) unique_in: Option<String>,
    /// The value it has now, which is no conflict.
    pub(super) own: String,
}

impl Field {
    /// The `id`s of what explains the control, for those who do not see the page.
    fn described_by(&self) -> Option<String> {
        let parts = [
            ("hint", !self.hint.is_empty()),
            ("error", self.error.is_some()),
            ("taken", self.unique_in.is_some()),
        ];
        let ids: Vec<_> =
            parts.iter().filter(|(_, there)| *there).map(|(part, _)| format!("{}-{part}", self.id)).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// A labelled list of choices, of which one is picked.
#[derive(Debug, Template)]
#[template(path = "select.html")]
pub(super) struct Select {
    /// `id` and `name` of the control.
    pub(super) id: &'static str,
    /// What it is called, above the control.
    pub(super) label: &'static str,
    pub(super) choices: Vec<Choice>,
    /// What is wrong with what was picked.
    pub(super) error: Option<String>,
}

/// Text to copy, with a button where JavaScript runs.
#[derive(Debug, Template)]
#[template(path = "copy.html")]
pub(super) struct Copy {
    /// `id` of the text.
    pub(super) id: &'static str,
    /// What it is, for those who do not see the page.
    pub(super) label: &'static str,
    /// The text.
    pub(super) text: String,
    /// It is shown this once.
    pub(super) secret: bool,
}

impl Copy {
    /// Text that may be shown again.
    pub(super) fn new(id: &'static str, label: &'static str, text: String) -> Self {
        Self { id, label, text, secret: false }
    }

    /// Text that is shown this once.
    pub(super) fn secret(id: &'static str, label: &'static str, text: String) -> Self {
        Self { id, label, text, secret: true }
    }
}

/// A point in time, to the minute.
pub(super) struct Moment(pub(super) Timestamp);

impl Moment {
    /// For machines.
    pub(super) fn exact(&self) -> String {
        format!("{}Z", self.0.to_dhis2())
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_dhis2();
        let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
        write!(f, "{date} {} UTC", clock.get(..5).unwrap_or_default())
    }
}

// These parts are templates themselves: what they hold is escaped where they are rendered.
impl HtmlSafe for Problems {}
impl HtmlSafe for Field {}
impl HtmlSafe for Select {}
impl HtmlSafe for Copy {}
