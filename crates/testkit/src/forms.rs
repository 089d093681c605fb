//! The forms of a page, as a browser sees them.

/// A form: where it goes and what it sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// `get` or `post`.
    pub method: String,
    /// Its action; empty: the page itself.
    pub action: String,
    /// Names and values, hidden ones and ticked boxes included; the values as filled in by the server.
    pub fields: Vec<(String, String)>,
    /// Names and values of its buttons; only the one pressed is sent.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    /// Every form of an HTML page, in order.
    #[must_use]
    pub fn all(html: &str) -> Vec<Self> {
        let mut forms: Vec<Self> = Vec::new();
        let mut inside = false;
        let mut select: Option<(String, Option<String>)> = None;
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            let end = tag_end(&rest[at..]);
            let tag = Tag::read(&rest[at..at + end]);
            rest = &rest[at + end..];
            if tag.name == "form" {
                forms.push(Self {
                    method: tag.value("method").unwrap_or_else(|| "get".into()).to_lowercase(),
                    action: tag.value("action").unwrap_or_default(),
                    ..Self::default()
                });
            }
            inside = (inside || tag.name == "form") && tag.name != "/form";
            let Some(form) = forms.last_mut().filter(|_| inside) else { continue };
            let name = tag.value("name");
            match (tag.name.as_str(), name) {
                ("input", Some(name)) => form.add_input(name, &tag),
                ("button", name) => {
                    form.buttons.push((name.unwrap_or_default(), tag.value("value").unwrap_or_default()));
                }
                ("textarea", Some(name)) => {
                    let text = rest.split("</textarea").next().unwrap_or_default();
                    let text = text.strip_prefix("\r\n").or(text.strip_prefix('\n')).unwrap_or(text);
                    form.fields.push((name, unescape(text)));
                }
                ("select", Some(name)) => select = Some((name, None)),
                ("option", _) => {
                    let value = tag.value("value").unwrap_or_default();
                    if let Some((_, chosen)) = &mut select
                        && (chosen.is_none() || tag.has("selected"))
                    {
                        *chosen = Some(value);
                    }
                }
                ("/select", _) => {
                    if let Some((name, Some(value))) = select.take() {
                        form.fields.push((name, value));
                    }
                }
                _ => {}
            }
        }
        forms
    }

    fn add_input(&mut self, name: String, tag: &Tag) {
        let value = tag.value("value");
        match tag.value("type").as_deref() {
            Some("submit" | "image") => self.buttons.push((name, value.unwrap_or_default())),
            Some("button" | "reset" | "file") => {}
            Some("checkbox" | "radio") if !tag.has("checked") => {}
            Some("checkbox" | "radio") => self.fields.push((name, value.unwrap_or_else(|| "on".into()))),
            _ => self.fields.push((name, value.unwrap_or_default())),
        }
    }

    /// The value it holds under a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Fills in a field, taking the place of what it held.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Presses a button: its name and value are sent too.
    #[must_use]
    pub fn press(mut self, name: &str, value: &str) -> Self {
        let button = (name.to_owned(), value.to_owned());
        assert!(self.buttons.contains(&button), "no such button: {button:?} in {:?}", self.buttons);
        self.fields.push(button);
        self
    }
}

/// Where the tag at the start of `text` ends, quotes respected.
fn tag_end(text: &str) -> usize {
    if text.starts_with("<!--") {
        return text.find("-->").map_or(text.len(), |at| at + 3);
    }
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    text.len()
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn read(text: &str) -> Self {
        let text = text.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
        let (name, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let (value, after) = match after.strip_prefix('=') {
                None => ("", after),
                Some(after) => match after.chars().next() {
                    Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
                },
            };
            attributes.push((key.to_lowercase(), unescape(value)));
            rest = after;
        }
        Self { name: name.to_lowercase(), attributes }
    }

    fn value(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(key, _)| key == name)
    }
}

/// The entities a server writes.
fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#x22;", "\"")];
    let quotes =
        [("&#39;", "'"), ("&#x27;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")];
    named.iter().chain(&quotes).fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_buttons_are_read() {
        let html = r#"<p>a<b</p><form method=POST action="/x?a=1&amp;b"><input type="hidden" name="csrf" value="a&quot;b">
            <input name=user><input type=checkbox name=yes checked><input type=checkbox name=no>
            <textarea name="uris">
one
two</textarea><select name=s><option value=1>one<option value=2 selected>two</select>
            <button name="go" value="allow">Allow</button></form><form><input name="q"></form>"#;
        let forms = Form::all(html);
        assert_eq!(forms.len(), 2);
        assert_eq!((forms[0].method.as_str(), forms[0].action.as_str()), ("post", "/x?a=1&b"));
        let fields: Vec<_> = forms[0].fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let wanted = [("csrf", "a\"b"), ("user", ""), ("yes", "on"), ("uris", "one\ntwo"), ("s", "2")];
        assert_eq!(fields, wanted);
        assert_eq!(forms[0].buttons, [("go".to_owned(), "allow".to_owned())]);
        assert_eq!(forms[1].fields, [("q".to_owned(), String::new())]);
    }
}
