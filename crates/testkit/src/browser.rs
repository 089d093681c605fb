//! A person with a browser: cookies, redirects, forms.

use std::collections::BTreeMap;

use kibali_web::{Rooms, Settings};

use crate::request::encode_form;
use crate::{Answer, Form, Request};

/// Redirects followed for one click.
const REDIRECTS: usize = 10;

/// Keeps cookies, follows redirects within the site, and says what a browser says about itself.
pub struct Browser {
    rooms: Rooms,
    origin: String,
    context: String,
    /// The cookies, by name.
    pub cookies: BTreeMap<String, String>,
}

/// Where a browser has arrived.
#[derive(Debug, Clone)]
pub struct Page {
    /// The path and query that answered. When the last answer redirects away from the site, see
    /// [`Answer::location`].
    pub path: String,
    /// What it answered.
    pub answer: Answer,
}

impl Page {
    /// The form whose action contains `action`.
    ///
    /// # Panics
    /// There is none; the message shows the page.
    #[must_use]
    pub fn form(&self, action: &str) -> Form {
        let forms = Form::all(&self.answer.text());
        let found = forms.into_iter().find(|form| form.action.contains(action));
        found.unwrap_or_else(|| panic!("no form {action} at {}: {}", self.path, self.answer.text()))
    }
}

impl Browser {
    pub(crate) fn new(rooms: Rooms, settings: &Settings) -> Self {
        Self {
            rooms,
            origin: settings.base_url.origin().ascii_serialization(),
            context: settings.context_path().to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens a page and follows redirects.
    pub async fn open(&mut self, path: &str) -> Page {
        let answer = self.send(self.request("GET", path)).await;
        self.follow(path.to_owned(), answer).await
    }

    /// Opens a page and stops at the first answer.
    pub async fn open_once(&mut self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// Submits a form of `page` and follows redirects.
    pub async fn submit(&mut self, page: &Page, form: &Form) -> Page {
        let (path, request) = self.submission(page, form);
        let answer = self.send(request).await;
        self.follow(path, answer).await
    }

    /// What submits a form of `page`, to be changed before [`Browser::send`]; and where it goes.
    ///
    /// # Panics
    /// The form leaves the site.
    #[must_use]
    pub fn submission(&self, page: &Page, form: &Form) -> (String, Request) {
        let action = if form.action.is_empty() { page.path.clone() } else { form.action.clone() };
        let path = self.local(&action).unwrap_or_else(|| panic!("the form leaves the site: {action}"));
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if form.method == "get" {
            let path = format!("{path}?{}", encode_form(&fields));
            let request = self.request("GET", &path);
            return (path, request);
        }
        let request = self.request("POST", &path).header("origin", &self.origin).form(&fields);
        (path, request)
    }

    /// A request with this browser's cookies, to be changed before [`Browser::send`].
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(self.rooms.clone(), method, path)
            .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
            .header("sec-fetch-site", "same-origin");
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header("cookie", &cookies.join("; ")) }
    }

    /// Sends a request and keeps the cookies it is given.
    pub async fn send(&mut self, request: Request) -> Answer {
        let answer = request.send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie is ASCII");
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if value.is_empty() || attributes.to_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn follow(&mut self, mut path: String, mut answer: Answer) -> Page {
        for _ in 0..REDIRECTS {
            let next = answer.location().and_then(|location| self.local(location));
            let Some(next) = next.filter(|_| (300..400).contains(&answer.status)) else { break };
            path = next;
            answer = self.send(self.request("GET", &path)).await;
        }
        Page { path, answer }
    }

    /// The path of an address of this site.
    fn local(&self, address: &str) -> Option<String> {
        let path = address.strip_prefix(&self.origin).unwrap_or(address);
        (path.starts_with('/') && path.starts_with(&self.context)).then(|| path.to_owned())
    }
}
