//! Which part of a list is answered, and how the answer says so (web-api reference 1.4).

use serde_json::{Value, json};

use crate::language::Paging;

/// What the answer says of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pager {
    page: u64,
    size: u64,
    total: u64,
}

impl Pager {
    /// Page `page`, from 1, of a list of `total` objects, `size` to a page.
    #[must_use]
    pub const fn new(page: u64, size: u64, total: u64) -> Self {
        Self { page, size, total }
    }

    /// The `pager` object. `address` is the list's absolute address without parameters, `parameters` what
    /// the caller sent, decoded.
    #[must_use]
    pub fn to_json(self, address: &str, parameters: &[(String, String)]) -> Value {
        let size = self.size.max(1);
        // An empty list is one empty page: what is told is held to `[1, pageCount]`.
        let count = self.total.div_ceil(size).max(1);
        // The slice is taken at the page asked for; what is told is clamped, as DHIS2 does.
        let page = self.page.min(count);
        let mut pager = json!({ "page": page, "total": self.total, "pageSize": size, "pageCount": count });
        let link = |page| Value::String(self.link(address, parameters, page));
        if let Some(pager) = pager.as_object_mut() {
            if page < count {
                pager.insert("nextPage".to_owned(), link(page + 1));
            }
            if page > 1 {
                pager.insert("prevPage".to_owned(), link(page - 1));
            }
        }
        pager
    }

    fn link(self, address: &str, parameters: &[(String, String)], page: u64) -> String {
        let mut pairs = Vec::new();
        if page > 1 {
            pairs.push(format!("page={page}"));
        }
        for (name, value) in parameters {
            if name != "page" && name != "pageSize" {
                pairs.push(format!("{}={}", encode(name), encode(value)));
            }
        }
        if self.size != Paging::DEFAULT_SIZE {
            pairs.push(format!("pageSize={}", self.size));
        }
        if pairs.is_empty() { address.to_owned() } else { format!("{address}?{}", pairs.join("&")) }
    }
}

/// Percent-encodes everything but what RFC 3986 section 2.3 calls unreserved.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Vec<(String, String)> {
        [("fields", "id,name[x]"), ("page", "2")].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
    }

    #[test]
    fn a_middle_page_links_both_ways_and_the_first_page_has_no_number() {
        let pager = Pager::new(2, 50, 1332).to_json("https://h/api/x", &parameters());
        assert_eq!(
            pager,
            json!({ "page": 2, "total": 1332, "pageSize": 50, "pageCount": 27,
                "nextPage": "https://h/api/x?page=3&fields=id%2Cname%5Bx%5D",
                "prevPage": "https://h/api/x?fields=id%2Cname%5Bx%5D" })
        );
    }

    #[test]
    fn a_page_past_the_end_is_told_as_the_last() {
        let pager = Pager::new(9, 2, 3).to_json("/api/x", &[]);
        assert_eq!(
            pager,
            json!({ "page": 2, "total": 3, "pageSize": 2, "pageCount": 2, "prevPage": "/api/x?pageSize=2" })
        );
    }

    #[test]
    fn an_empty_list_is_one_empty_page() {
        let pager = Pager::new(1, 50, 0).to_json("/api/x", &[]);
        assert_eq!(pager, json!({ "page": 1, "total": 0, "pageSize": 50, "pageCount": 1 }));
    }
}
