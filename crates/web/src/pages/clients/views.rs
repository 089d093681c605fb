//! The pages of *Settings > OAuth2 Clients*.

use askama::Template;

use super::super::frame::Frame;
use super::super::parts::{Choice, Copy, Field};
use super::chart::Chart;
use super::connect::Connect;
use super::fields::{ClientForm, Grant};

/// The list.
#[derive(Template)]
#[template(path = "clients.html")]
pub(super) struct List {
    pub(super) frame: Frame,
    /// What has just been done.
    pub(super) notice: Option<&'static str>,
    /// To those who may make initial access tokens, the page of them is named.
    pub(super) may_invite: bool,
    /// What is searched for, and whether anything is.
    pub(super) find: Field,
    pub(super) is_search: bool,
    /// These are the ones that registered themselves; and how many those are.
    pub(super) is_registered: bool,
    pub(super) registered: i64,
    pub(super) rows: Vec<Row>,
    pub(super) page: i64,
    pub(super) pages: i64,
    /// The queries of the pages beside this one.
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// One client of the list.
pub(super) struct Row {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) grants: Vec<Grant>,
    /// The day it was used last.
    pub(super) last_used: Option<String>,
    /// How many of its access tokens work.
    pub(super) live_tokens: String,
    /// The query of the page that shows whose they are, to those who may see it.
    pub(super) signed_in: Option<String>,
}

/// *Add*.
#[derive(Template)]
#[template(path = "client_new.html")]
pub(super) struct New<'a> {
    pub(super) frame: &'a Frame,
    pub(super) form: ClientForm<'a>,
}

/// *Edit*, with everything else that can be done with a client.
#[derive(Template)]
#[template(path = "client_edit.html")]
pub(super) struct Edit<'a> {
    pub(super) frame: &'a Frame,
    pub(super) uid: &'a str,
    pub(super) heading: &'a str,
    pub(super) form: ClientForm<'a>,
    pub(super) overlaps: Vec<Choice>,
    pub(super) has_secret: bool,
    pub(super) chart: Chart,
    pub(super) connect: Connect,
}

/// The one page that shows a secret.
#[derive(Template)]
#[template(path = "client_secret.html")]
pub(super) struct Secret {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) notice: &'static str,
    pub(super) client_id: Copy,
    pub(super) secret: Copy,
    /// Until when the old one works.
    pub(super) old_secret: Option<&'static str>,
    pub(super) connect: Connect,
}

/// *Delete*, asked once more.
#[derive(Template)]
#[template(path = "client_delete.html")]
pub(super) struct Delete<'a> {
    pub(super) frame: &'a Frame,
    pub(super) uid: &'a str,
    pub(super) name: &'a str,
    pub(super) client_id: &'a str,
}
