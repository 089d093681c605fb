//! The pages of *Settings > Initial access tokens*.

use askama::Template;
use kibali_store::door::registrations::InitialAccess;

use crate::pages::frame::Frame;
use crate::pages::parts::{Copy, Field, Moment, Problem, Problems};
use crate::registration::{Invitation, LONGEST, MOST};

/// Seconds.
const HOUR: i64 = 3600;

/// The list, and the form that makes one.
#[derive(Template)]
#[template(path = "invitations.html")]
pub(super) struct List {
    pub(super) frame: Frame,
    /// What has just been done.
    pub(super) notice: Option<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) problems: Problems,
    /// The fields of the form.
    pub(super) fields: [Field; 4],
}

/// One token of the list.
pub(super) struct Row {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) uses: i64,
    pub(super) redirect_url: Option<String>,
    pub(super) expires: Moment,
}

impl Row {
    pub(super) fn of(token: &InitialAccess) -> Self {
        Self {
            uid: token.uid.to_string(),
            name: name(token),
            uses: token.uses_left,
            redirect_url: token.redirect_url.clone(),
            expires: Moment(token.expires),
        }
    }
}

/// What a token is called.
pub(super) fn name(token: &InitialAccess) -> String {
    token.name.clone().unwrap_or_else(|| format!("Token {}", token.uid))
}

/// The one page that shows a token.
#[derive(Template)]
#[template(path = "invitation_made.html")]
pub(super) struct Made {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) token: Copy,
    pub(super) curl: Copy,
    pub(super) uses: i64,
    pub(super) expires: Moment,
}

/// What was typed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) uses: String,
    pub(super) hours: String,
    pub(super) redirect_url: String,
}

impl Default for Typed {
    fn default() -> Self {
        let text = str::to_owned;
        Self { name: text(""), uses: text("1"), hours: text("24"), redirect_url: text("") }
    }
}

impl Typed {
    /// What is asked for, or which numbers are none that may be.
    pub(super) fn invitation(&self) -> Result<Invitation, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut number = |field, text: &str, most: i64| {
            let number = text.parse().ok().filter(|number| (1..=most).contains(number));
            if number.is_none() {
                problems.push(Problem { field, text: format!("Enter a number from 1 to {most}.") });
            }
            number
        };
        let (uses, hours) = (number("uses", &self.uses, MOST), number("hours", &self.hours, LONGEST / HOUR));
        let (Some(uses), Some(hours)) = (uses, hours) else { return Err(problems) };
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let (name, redirect_url) = (some(&self.name), some(&self.redirect_url));
        Ok(Invitation { name, uses, seconds: hours * HOUR, redirect_url })
    }

    /// The form as it was typed, and what is wrong with it.
    pub(super) fn fields(&self, problems: Vec<Problem>) -> (Problems, [Field; 4]) {
        let problems = Problems::new(problems);
        let field = |id: &'static str, label, hint: &'static str, value: &str| Field {
            hint: hint.into(),
            autocomplete: "off",
            ..problems.field(id, label, value)
        };
        let fields = [
            field("name", "Name", "Who it is for. Only you see it.", &self.name),
            field("uses", "Clients that it lets register", "", &self.uses),
            field("hours", "Hours that it works", "2160 at most, which is 90 days.", &self.hours),
            field(
                "redirectUrl",
                "Redirect URI",
                "The one address that codes of these clients may go to. Empty: any.",
                &self.redirect_url,
            ),
        ];
        (problems, fields)
    }
}
