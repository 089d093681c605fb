//! The one XML writer: lists, single objects, web messages, and OAuth's flat errors and tokens.
//!
//! Handlers answer JSON; where XML is wanted the same value is written here, with the namespace of DHIS2
//! and wrapper names from the schema (web-api reference 1.14).

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// DHIS2's namespace.
pub const NAMESPACE: &str = "http://dhis2.org/schema/dxf/2.0";

/// Names that DHIS2 writes as attributes of the object they belong to, when their value is plain.
const ATTRIBUTES: &[&str] = &[
    "code",
    "created",
    "href",
    "httpStatus",
    "httpStatusCode",
    "id",
    "index",
    "klass",
    "lastUpdated",
    "name",
    "responseType",
    "status",
    "uid",
];

/// A flat document: a root and elements that hold text.
pub(crate) struct Elements {
    root: &'static str,
    xml: String,
}

impl Elements {
    /// A document with this root and no namespace.
    pub(crate) fn new(root: &'static str) -> Self {
        Self { root, xml: format!("<{root}>") }
    }

    /// Adds an element.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        element(&mut self.xml, name, value);
    }

    /// The document.
    pub(crate) fn finish(mut self) -> String {
        close(&mut self.xml, self.root);
        self.xml
    }
}

/// Writes `value` below `root`. `item` says what one member of a collection is called: `dataElement` for
/// `dataElements`; the collection's own name is repeated where it says nothing.
pub fn document(root: &str, value: &Value, item: &dyn Fn(&str) -> Option<Cow<'static, str>>) -> String {
    let mut writer = Writer { xml: String::new(), item };
    writer.xml.push_str("<?xml version='1.0' encoding='UTF-8'?>");
    writer.value(root, value, Some(NAMESPACE));
    writer.xml
}

struct Writer<'a> {
    xml: String,
    item: &'a dyn Fn(&str) -> Option<Cow<'static, str>>,
}

impl Writer<'_> {
    fn value(&mut self, name: &str, value: &Value, namespace: Option<&str>) {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                self.open(name, namespace);
                let attribute = |key: &str, value: &Value| {
                    !value.is_null()
                        && !value.is_object()
                        && !value.is_array()
                        && (name == "stats" || ATTRIBUTES.contains(&key))
                };
                for (key, value) in members.iter().filter(|(key, value)| attribute(key, value)) {
                    let _ = write!(self.xml, " {}=\"{}\"", safe_name(key), escaped(&plain(value)));
                }
                self.xml.push('>');
                for (key, value) in members.iter().filter(|(key, value)| !attribute(key, value)) {
                    self.value(key, value, None);
                }
                close(&mut self.xml, name);
            }
            Value::Array(items) => {
                self.open(name, namespace);
                self.xml.push('>');
                let item = (self.item)(name).unwrap_or_else(|| Cow::Owned(name.to_owned()));
                for value in items {
                    self.value(&item, value, None);
                }
                close(&mut self.xml, name);
            }
            plain_value => element(&mut self.xml, name, &plain(plain_value)),
        }
    }

    fn open(&mut self, name: &str, namespace: Option<&str>) {
        self.xml.push('<');
        self.xml.push_str(&safe_name(name));
        if let Some(namespace) = namespace {
            let _ = write!(self.xml, " xmlns=\"{namespace}\"");
        }
    }
}

fn element(xml: &mut String, name: &str, text: &str) {
    let _ = write!(xml, "<{}>{}", safe_name(name), escaped(text));
    close(xml, name);
}

fn close(xml: &mut String, name: &str) {
    let _ = write!(xml, "</{}>", safe_name(name));
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A JSON key as an element name: what XML does not allow becomes `_`.
fn safe_name(key: &str) -> String {
    let mut name: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}

/// Text for an element or an attribute. Characters that XML 1.0 cannot hold at all become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    // Tests may fail loudly.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_list_has_wrappers_and_attributes() {
        let value = json!({
            "pager": { "page": 1, "total": 1 },
            "dataElements": [{ "id": "fbfJHSPpUQD", "displayName": "A & B", "aggregationType": null, "levels": [1, 2] }]
        });
        let item = |name: &str| (name == "dataElements").then_some(Cow::Borrowed("dataElement"));
        assert_eq!(
            document("metadata", &value, &item),
            "<?xml version='1.0' encoding='UTF-8'?><metadata xmlns=\"http://dhis2.org/schema/dxf/2.0\">\
             <pager><page>1</page><total>1</total></pager><dataElements><dataElement id=\"fbfJHSPpUQD\">\
             <displayName>A &amp; B</displayName><levels><levels>1</levels><levels>2</levels></levels>\
             </dataElement></dataElements></metadata>"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_well_formed(key in "\\PC{0,12}", text in "[\\x00-\\x{10ffff}]{0,40}") {
            let value = json!({ key.clone(): text.clone(), "id": text, "list": [key] });
            let xml = document("root", &value, &|_| None);
            let mut reader = quick_xml::Reader::from_str(&xml);
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Start(tag) => {
                        for attribute in tag.attributes() {
                            prop_assert!(attribute.is_ok() || key == "id");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
